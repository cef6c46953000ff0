"""``itscam clip``: ask for exports and see how they do. The running site makes them."""

import getpass
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from its_camera_ai.bootstrap.exports import export_desk
from its_camera_ai.bootstrap.site import open_site
from its_camera_ai.cli.console import out
from its_camera_ai.core.errors import ConfigInvalid
from its_camera_ai.core.exports import (
    Damaged,
    ExportRequest,
    MaskStyle,
    MaskZone,
    Sought,
)
from its_camera_ai.core.time import iso_utc, parse_iso_utc
from its_camera_ai.ops.settings import load_settings

app = typer.Typer(no_args_is_help=True, help="Export recordings as clips and evidence.")


@app.command()
def create(
    camera: Annotated[list[str], typer.Option(help="Camera id; may be given several times.")],
    since: Annotated[str, typer.Option(help="RFC 3339, such as 2026-03-01T12:00:00Z.")],
    until: Annotated[str, typer.Option(help="RFC 3339.")],
    exact: Annotated[bool, typer.Option(help="First and last picture exactly as asked.")] = False,
    speed: Annotated[int | None, typer.Option(help="Time-lapse, 2 to 10000 times.")] = None,
    width: Annotated[int | None, typer.Option(help="Scale the longer side down, pixels.")] = None,
    burn_in: Annotated[bool, typer.Option(help="Write camera and time into pictures.")] = False,
    time_zone: Annotated[str, typer.Option(help="For --burn-in, such as Europe/Berlin.")] = "UTC",
    zone: Annotated[
        list[str] | None,
        typer.Option(
            help="Hide this part: corners as shares of width and height, such as "
            "'0.1,0.1 0.4,0.1 0.4,0.5'; may be given several times."
        ),
    ] = None,
    faces: Annotated[bool, typer.Option(help="Find and hide faces.")] = False,
    persons: Annotated[bool, typer.Option(help="Find and hide persons.")] = False,
    black: Annotated[bool, typer.Option(help="Hide behind black instead of a mosaic.")] = False,
    sound: Annotated[
        bool | None, typer.Option(help="Default: kept, unless something is hidden.")
    ] = None,
    reason: Annotated[str, typer.Option(help="Why; stands in the manifest.")] = "",
    case: Annotated[str, typer.Option(help="Case number; stands in the manifest.")] = "",
    strict: Annotated[bool, typer.Option(help="Fail if a recording is damaged.")] = False,
    lock: Annotated[bool, typer.Option(help="Also hold the recordings of the span.")] = False,
) -> None:
    """Ask for an export; its folder is ready when 'itscam clip list' says done."""
    sought = [Sought.FACES] * faces + [Sought.PERSONS] * persons
    request = ExportRequest(
        cameras=tuple(camera),
        since_wall_ns=_time("--since", since),
        until_wall_ns=_time("--until", until),
        exact=exact,
        speed=speed,
        width=width,
        burn_in=burn_in,
        time_zone=time_zone,
        zones=tuple(MaskZone(_polygon(text)) for text in zone or []),
        sought=tuple(sought),
        mask_style=MaskStyle.BLACK if black else MaskStyle.MOSAIC,
        keep_sound=sound,
        reason=reason,
        case_number=case,
        damaged=Damaged.FAIL if strict else Damaged.EXCLUDE,
        lock=lock,
    )
    site = open_site(load_settings())
    try:
        export = export_desk(site).ask(request, _author())
    finally:
        site.close()
    out.print(export.id)


@app.command("list")
def list_command(
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many, newest first.")] = 20,
) -> None:
    """List the exports, newest first."""
    settings = load_settings()
    site = open_site(settings)
    try:
        found = export_desk(site).exports.find(limit=limit)
    finally:
        site.close()
    table = Table("id", "state", "done", "cameras", "since", "until", "MB", "problem")
    for export in found:
        request = export.request
        table.add_row(
            export.id,
            export.state,
            f"{export.progress:.0%}",
            escape(", ".join(request.cameras)),
            iso_utc(request.since_wall_ns),
            iso_utc(request.until_wall_ns),
            f"{export.size_bytes / 1e6:.1f}",
            escape(export.problem),
        )
    out.print(table)
    out.print(f"folders: {escape(str(settings.exports))}", soft_wrap=True)


@app.command()
def cancel(export_id: Annotated[str, typer.Argument(help="Id of an export.")]) -> None:
    """Stop an export that waits or is being made."""
    site = open_site(load_settings())
    try:
        found = export_desk(site).cancel(export_id, _author())
    finally:
        site.close()
    if found is None:
        raise ConfigInvalid(f"There is no export {export_id}; 'itscam clip list' shows them.")
    out.print(f"{found.id}: {'being cancelled' if not found.state.is_over else found.state}")


def _author() -> str:
    """Whoever sits at this machine; not one of the dashboard's accounts."""
    try:
        return f"{getpass.getuser()} (command line)"
    except (KeyError, OSError):
        return "command line"


def _time(name: str, text: str) -> int:
    try:
        return parse_iso_utc(text)
    except ValueError:
        raise ConfigInvalid(
            f"{name}: not a time as RFC 3339 writes it; write for example 2026-03-01T12:00:00Z."
        ) from None


def _polygon(text: str) -> tuple[tuple[float, float], ...]:
    try:
        corners = [tuple(map(float, corner.split(","))) for corner in text.split()]
        return tuple((x, y) for x, y in corners)
    except ValueError:
        raise ConfigInvalid(
            "--zone: write corners as shares of width and height, such as "
            "'0.1,0.1 0.4,0.1 0.4,0.5'."
        ) from None
