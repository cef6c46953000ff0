"""``itscam export``: the site as a file, and what was measured in the formats of others."""

from typing import Annotated

import typer

from its_camera_ai.analytics.publishing.datex2 import Publisher
from its_camera_ai.analytics.publishing.export import (
    ExportWish,
    Format,
    Subject,
    write_export,
)
from its_camera_ai.analytics.publishing.intervals import IntervalWish
from its_camera_ai.cli.config import export as export_site_file
from its_camera_ai.cli.console import out
from its_camera_ai.cli.traffic import (
    CameraOption,
    MeasuredSite,
    OutOption,
    SinceOption,
    UntilOption,
    measured_site,
    span_of,
    written,
)
from its_camera_ai.core.intervals import PlaceKind

app = typer.Typer(
    invoke_without_command=True,
    help="Print the running site as a file; or write what was measured, with a subcommand.",
)

CountryOption = Annotated[
    str, typer.Option(help="Of the publisher, two letters; DATEX II asks for it.")
]
PublisherOption = Annotated[
    str, typer.Option(help="Identifier to publish under; DATEX II asks for it.")
]
KindOption = Annotated[
    list[PlaceKind] | None,
    typer.Option("--kind", help="Only places of this kind; may be given several times."),
]
LengthOption = Annotated[int, typer.Option(help="Of the intervals: 60, 300, 900 or 3600 seconds.")]


@app.callback()
def site_file(context: typer.Context) -> None:
    """Print the running site as a file; passwords appear as ***, which 'apply' keeps. With a
    subcommand: write what was measured."""
    if context.invoked_subcommand is None:
        export_site_file()


@app.command()
def intervals(
    camera: CameraOption,
    since: SinceOption,
    until: UntilOption,
    to: OutOption,
    form: Annotated[
        Format, typer.Option("--format", help="csv, parquet, datex2, ntcip, ntcip-csv or xlsx.")
    ] = Format.CSV,
    length: LengthOption = 900,
    kind: KindOption = None,
    country: CountryOption = "",
    publisher: PublisherOption = "",
) -> None:
    """Interval tables. As xlsx: turning-movement counts by quarters of an hour."""
    wish = IntervalWish(span_of(since, until), length, None if kind is None else tuple(kind))
    _export(Subject.INTERVALS, form, camera, wish, country, publisher, to)


@app.command()
def vehicles(
    camera: CameraOption,
    since: SinceOption,
    until: UntilOption,
    to: OutOption,
    form: Annotated[Format, typer.Option("--format", help="csv or parquet.")] = Format.CSV,
) -> None:
    """One record for each vehicle at a line."""
    _export(Subject.VEHICLES, form, camera, IntervalWish(span_of(since, until)), "", "", to)


@app.command()
def incidents(
    camera: CameraOption,
    since: SinceOption,
    until: UntilOption,
    to: OutOption,
    form: Annotated[Format, typer.Option("--format", help="csv or parquet.")] = Format.CSV,
) -> None:
    """Incidents that began in the span, with what people said about them."""
    _export(Subject.INCIDENTS, form, camera, IntervalWish(span_of(since, until)), "", "", to)


@app.command()
def trajectories(
    camera: CameraOption,
    since: SinceOption,
    until: UntilOption,
    to: OutOption,
    form: Annotated[Format, typer.Option("--format", help="geojson.")] = Format.GEOJSON,
) -> None:
    """Paths of road users on the ground that ended in the span."""
    _export(Subject.TRAJECTORIES, form, camera, IntervalWish(span_of(since, until)), "", "", to)


@app.command()
def places(
    camera: CameraOption,
    since: SinceOption,
    until: UntilOption,
    to: OutOption,
    form: Annotated[Format, typer.Option("--format", help="geojson or datex2.")] = Format.GEOJSON,
    length: LengthOption = 900,
    country: CountryOption = "",
    publisher: PublisherOption = "",
) -> None:
    """Lines, lanes and zones with their measures. As datex2: the table of measurement sites."""
    wish = IntervalWish(span_of(since, until), length)
    _export(Subject.PLACES, form, camera, wish, country, publisher, to)


def _export(
    subject: Subject,
    form: Format,
    camera: str,
    intervals: IntervalWish,
    country: str,
    publisher: str,
    to: OutOption,
) -> None:
    with measured_site() as site:
        who = _publisher(site, form, country, publisher)
        wish = ExportWish(subject, form, intervals, who)
        published = site.camera(camera)
        with written(to) as file:
            count = write_export(wish, published, site.sources, file)
    out.print(f"{to}: {count} written", markup=False, soft_wrap=True)


def _publisher(site: MeasuredSite, form: Format, country: str, publisher: str) -> Publisher | None:
    if form is not Format.DATEX2 or not (country or publisher):
        return None
    return Publisher(country, publisher, site.clock.wall_ns())
