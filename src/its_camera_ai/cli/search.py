"""``itscam search``: find a moment in the recordings without looking at them."""

import json
from datetime import datetime
from typing import Annotated

import typer
from rich.table import Table

from its_camera_ai.bootstrap.site import open_site
from its_camera_ai.cli.console import err, out
from its_camera_ai.core.errors import ConfigInvalid
from its_camera_ai.core.time import NS_PER_S, iso_utc
from its_camera_ai.ops.settings import load_settings
from its_camera_ai.recorder.playing.motion_search import (
    MotionFound,
    MotionQuery,
    MotionSearch,
    parse_area,
)
from its_camera_ai.store.activity_rows import ActivityRows

app = typer.Typer(no_args_is_help=True, help="Find a moment in the recordings.")


@app.callback()
def _group() -> None:
    """Find a moment in the recordings."""


@app.command("motion")
def motion(
    camera: Annotated[str, typer.Option(help="Id of the camera.")],
    area: Annotated[
        str,
        typer.Option(
            help="Corners of a polygon as fractions of the picture: 'x,y x,y x,y'. Without it the "
            "whole picture.",
            show_default=False,
        ),
    ] = "",
    since: Annotated[
        str | None,
        typer.Option(
            help="From then on: 2026-03-01T12:00 (local), or with a zone.", show_default=False
        ),
    ] = None,
    until: Annotated[str | None, typer.Option(help="Until then.", show_default=False)] = None,
    min_s: Annotated[float, typer.Option(help="Leave out shorter spans.")] = 0.0,
    classes: Annotated[
        list[str] | None,
        typer.Option(
            "--class",
            help="Only in files in which one was seen: person, car, … May be repeated.",
            show_default=False,
        ),
    ] = None,
    oldest: Annotated[bool, typer.Option("--oldest", help="Oldest first.")] = False,
    limit: Annotated[int, typer.Option(help="At most so many spans, 1–1000.")] = 100,
    last: Annotated[bool, typer.Option("--last", help="Only when it last changed.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Tell when something moved in a part of the picture. Reads what vision saw when it was
    recorded; decodes nothing."""
    if last and oldest:
        raise ConfigInvalid("--last and --oldest exclude each other; leave one out.")
    site = open_site(load_settings())
    try:
        query = MotionQuery(
            camera,
            0 if since is None else _moment("--since", since),
            int(site.clock.wall_ns()) if until is None else _moment("--until", until),
            parse_area(area) if area.strip() else (),
            tuple(classes or ()),
            min_s,
            not oldest,
            1 if last else limit,
        )
        if query.until_wall_ns < query.since_wall_ns:
            raise ConfigInvalid("--until lies before --since; exchange the two.")
        found = MotionSearch(ActivityRows(site.database)).find(query)
        if not found.segments and site.cameras.get(camera) is None:
            raise ConfigInvalid(f"There is no camera '{camera}' and none of its recordings.")
    finally:
        site.close()
    if as_json:
        out.print_json(json.dumps(_document(found)))
    else:
        _print(found, last=last)


def _moment(option: str, text: str) -> int:
    try:
        return round(datetime.fromisoformat(text).astimezone().timestamp() * 1_000_000) * 1000
    except (ValueError, OverflowError):
        raise ConfigInvalid(f"{option}: write a time such as 2026-03-01T12:00.") from None


def _local(wall_ns: int) -> str:
    moment = datetime.fromtimestamp(wall_ns / NS_PER_S).astimezone()
    return f"{moment:%Y-%m-%d %H:%M:%S %z}"


def _print(found: MotionFound, *, last: bool) -> None:
    table = Table("from", "until", "lasted", "moving", box=None, pad_edge=False)
    for span in found.spans:
        length_s = (span.until_wall_ns - span.since_wall_ns) / NS_PER_S
        table.add_row(
            _local(span.since_wall_ns), _local(span.until_wall_ns), f"{length_s:.0f} s",
            f"{span.moving_s} s",
        )  # fmt: skip
    out.print(table if found.spans else "nothing moved there")
    if found.unknown_s:
        err.print(f"not known for {found.unknown_s:.0f} s: recorded, but not seen:", style="dim")
        for begin, end in found.unknown[:10]:
            err.print(f"  {_local(begin)} – {_local(end)}", style="dim")
    if found.next_wall_ns is not None and not last:
        err.print(f"there may be more: go on from {_local(found.next_wall_ns)}", style="dim")


def _document(found: MotionFound) -> dict[str, object]:
    return {
        "items": [
            {
                "since": iso_utc(span.since_wall_ns),
                "until": iso_utc(span.until_wall_ns),
                "moving_s": span.moving_s,
            }
            for span in found.spans
        ],
        "unknown": [{"since": iso_utc(a), "until": iso_utc(b)} for a, b in found.unknown],
        "unknown_s": found.unknown_s,
        "next": None if found.next_wall_ns is None else iso_utc(found.next_wall_ns),
        "segments": found.segments,
    }
