"""``itscam report``: what was measured, as a document."""

from datetime import date
from typing import Annotated

import typer

from its_camera_ai.analytics.reporting.report import (
    ReportFormat,
    daily_report,
    study_report,
    write_report,
)
from its_camera_ai.cli.console import out
from its_camera_ai.cli.traffic import (
    CameraOption,
    OutOption,
    SinceOption,
    UntilOption,
    measured_site,
    span_of,
    written,
)
from its_camera_ai.core.errors import ConfigInvalid

app = typer.Typer(no_args_is_help=True, help="Traffic reports as HTML or PDF.")

FormatOption = Annotated[ReportFormat, typer.Option("--format", help="HTML or PDF.")]


@app.command()
def daily(
    day: Annotated[str, typer.Option("--date", help="The day, as 2026-03-01, in the site's time.")],
    to: OutOption,
    camera: Annotated[
        list[str] | None,
        typer.Option("--camera", help="Only this camera; may be given several times."),
    ] = None,
    form: FormatOption = ReportFormat.HTML,
) -> None:
    """One day of all cameras, or of some."""
    with measured_site() as site:
        ids = camera or [known.id for known in site.cameras.all()]
        cameras = [site.camera(camera_id) for camera_id in ids]
        report = daily_report(cameras, site.sources, _day(day), site.clock.wall_ns())
        with written(to) as file:
            write_report(report, form, file)
    out.print(f"{to}: {report.title}", markup=False, soft_wrap=True)


@app.command()
def study(
    camera: CameraOption,
    since: SinceOption,
    until: UntilOption,
    to: OutOption,
    form: FormatOption = ReportFormat.HTML,
) -> None:
    """One camera over a span of up to 93 days, with every plot."""
    span = span_of(since, until)
    with measured_site() as site:
        report = study_report(site.camera(camera), site.sources, span, site.clock.wall_ns())
        with written(to) as file:
            write_report(report, form, file)
    out.print(f"{to}: {report.title}", markup=False, soft_wrap=True)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ConfigInvalid(f"--date: '{text}' is no day; write it as 2026-03-01.") from None
