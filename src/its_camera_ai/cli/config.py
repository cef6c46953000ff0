"""``itscam apply``, ``export`` and ``diff``: the site as a file."""

from pathlib import Path
from typing import Annotated

import typer

from its_camera_ai.bootstrap.site import open_site
from its_camera_ai.cli.console import err, out
from its_camera_ai.ops.settings import load_settings
from its_camera_ai.store import plan as plans
from its_camera_ai.store.documents.site import export_site, load_site
from its_camera_ai.store.storage_policy import StoragePolicyRepository

SiteFile = Annotated[Path, typer.Argument(help="The site file (YAML).")]


def apply(
    file: SiteFile,
    dry_run: Annotated[bool, typer.Option(help="Only print what would change.")] = False,
) -> None:
    """Make the site what the file says. Running it twice changes nothing the second time."""
    wanted = load_site(file)
    site = open_site(load_settings())
    try:
        facts = site.cameras.site(), wanted.facts
        policies = StoragePolicyRepository(site.database, site.clock)
        plan = plans.plan(
            site.cameras.all(),
            wanted.cameras,
            facts=facts,
            storage=None if wanted.storage is None else (policies.get(), wanted.storage),
        )
        out.print(plan.render(), markup=False, soft_wrap=True)
        if not dry_run:
            plans.apply(plan, site.cameras, policies)
            err.print("nothing to do" if plan.is_empty else "applied", style="dim")
    finally:
        site.close()


def diff(file: SiteFile) -> None:
    """Print how the file differs from the running site; changes nothing."""
    apply(file, dry_run=True)


def export() -> None:
    """Print the running site as a file; passwords appear as ***, which 'apply' keeps."""
    site = open_site(load_settings())
    try:
        storage = StoragePolicyRepository(site.database, site.clock).get()
        text = export_site(site.cameras.all(), site.cameras.site(), storage)
        out.print(text, markup=False, end="", soft_wrap=True)
    finally:
        site.close()
