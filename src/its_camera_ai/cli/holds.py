"""``itscam storage holds`` and ``release``: what may not be deleted."""

from typing import Annotated

import typer
from rich.filesize import decimal
from rich.table import Table

from its_camera_ai.bootstrap.recordings import hold_repository
from its_camera_ai.bootstrap.site import open_site
from its_camera_ai.cli.console import out
from its_camera_ai.core.errors import ConfigInvalid
from its_camera_ai.core.time import iso_utc
from its_camera_ai.ops.settings import load_settings
from its_camera_ai.store.audit import AuditLog


def holds() -> None:
    """List what may not be deleted, and how much that is."""
    site = open_site(load_settings())
    try:
        repository = hold_repository(site.settings, site.database)
        table = Table("id", "kind", "camera", "since", "until", "author", "reason", box=None)
        table.add_column("size", justify="right")
        for hold in repository.active():
            _, size_bytes = repository.covered(hold)
            table.add_row(
                hold.id,
                hold.kind,
                hold.camera_id or "all",
                iso_utc(hold.since_wall_ns),
                iso_utc(hold.until_wall_ns),
                hold.author,
                hold.reason,
                decimal(size_bytes),
            )
    finally:
        site.close()
    out.print(table)


def release(
    hold_id: Annotated[str, typer.Argument(help="As 'itscam storage holds' prints it.")],
) -> None:
    """End a hold. Its recordings then go when the storage policy or a full disk wants it."""
    site = open_site(load_settings())
    try:
        repository = hold_repository(site.settings, site.database)
        known = repository.get(hold_id)
        if known is None:
            raise ConfigInvalid("There is no such hold; 'itscam storage holds' lists them.")
        now_ns = site.clock.wall_ns()
        repository.release(hold_id, by="cli", now_ns=now_ns)
        if known.released_wall_ns is None:
            AuditLog(site.database).append(
                actor="cli",
                action="hold_released",
                object=f"hold/{hold_id}",
                detail={"kind": known.kind, "camera": known.camera_id, "reason": known.reason},
                wall_ns=now_ns,
            )
    finally:
        site.close()
    out.print(f"hold {hold_id} has ended")
