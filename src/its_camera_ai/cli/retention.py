"""``itscam storage retention``: what is due to go, and letting it go."""

from typing import Annotated

import typer
from rich.filesize import decimal
from rich.table import Table

from its_camera_ai.bootstrap.recordings import retention_of
from its_camera_ai.bootstrap.site import open_site
from its_camera_ai.cli.console import err, out
from its_camera_ai.core.retention import Action
from its_camera_ai.core.retention_matrix import DataClass
from its_camera_ai.ops.settings import load_settings
from its_camera_ai.recorder.keeping.retention import RetentionReport
from its_camera_ai.store.audit import AuditLog

PARTLY_DONE = 4


def retention(
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only print what would be done, with counts.")
    ] = False,
    classes: Annotated[
        list[DataClass] | None,
        typer.Option("--class", help="Only this class of data; may be given several times."),
    ] = None,
) -> None:
    """End what is due by the storage policy: recordings, events, logs, exports. What a hold covers
    stays."""
    site = open_site(load_settings())
    try:
        report = retention_of(site).nightly().carry_out(dry_run=dry_run, classes=classes)
        if not dry_run:
            AuditLog(site.database).append(
                actor="cli",
                action="retention_run",
                object="storage",
                detail={**report.tally.figures(), "problems": report.problems},
                wall_ns=site.clock.wall_ns(),
            )
    finally:
        site.close()
    _print(report)
    for name, problem in report.problems.items():
        err.print(f"{name}: {problem}", style="red", markup=False, soft_wrap=True)
    if report.problems:
        raise typer.Exit(PARTLY_DONE)


def _print(report: RetentionReport) -> None:
    table = Table("data", "camera", "what", "why", box=None)
    table.add_column("count", justify="right")
    table.add_column("size", justify="right")
    for subject, amount in report.tally.amounts.items():
        table.add_row(
            subject.data_class,
            subject.camera_id or "–",
            subject.action,
            subject.reason,
            str(amount.count),
            decimal(amount.size_bytes) if amount.size_bytes else "–",
        )
    if report.tally.amounts:
        out.print(table)
    ended = report.tally.total(Action.DELETED, Action.ANONYMISED, Action.ARCHIVED)
    verb = "would be ended" if report.dry_run else "ended"
    out.print(f"{ended.count} {verb}, {decimal(ended.size_bytes)}.", markup=False)
