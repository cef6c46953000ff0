"""``itscam camera``: look at one camera."""

import json
from dataclasses import asdict
from typing import Annotated

import typer
from rich.table import Table

from its_camera_ai.cli.console import err, out
from its_camera_ai.core.camera_url import CameraUrl
from its_camera_ai.core.time import SystemClock
from its_camera_ai.video.probe import ProbeReport, probe

app = typer.Typer(no_args_is_help=True, help="Look at one camera.")


@app.callback()
def _group() -> None:
    """Look at one camera."""


@app.command("probe")
def probe_command(
    url: Annotated[str, typer.Argument(help="Address: rtsp://…, http://…, a file, sim://…")],
    transport: Annotated[str, typer.Option(help="RTSP over tcp or udp.")] = "tcp",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Tell what a camera offers, or exactly why it can't be reached and what to do."""
    if transport not in ("tcp", "udp"):
        raise typer.BadParameter("use tcp or udp", param_hint="--transport")
    address = CameraUrl.parse(url)
    err.print(f"asking {address} …", style="dim")
    report = probe(address, clock=SystemClock(), rtsp_transport=transport)
    if as_json:
        out.print_json(json.dumps(_facts(report)))
        return
    table = Table(show_header=False, box=None, pad_edge=False)
    for name, value in _rows(report):
        table.add_row(name, value)
    out.print(table)
    for note in report.notes:
        out.print(f"• {note}", soft_wrap=True)


def _facts(report: ProbeReport) -> dict[str, object]:
    facts = asdict(report)
    for part in ("video", "audio"):
        if facts[part] is not None:
            del facts[part]["extradata"]
    return facts


def _rows(report: ProbeReport) -> list[tuple[str, str]]:
    video, audio = report.video, report.audio
    sound = f"{audio.codec}, {audio.sample_rate} Hz, {audio.channels} ch" if audio else "none"
    interval = "unknown" if report.key_interval_s is None else f"{report.key_interval_s:.2f} s"
    clock = (
        "its own (a file)" if report.clock_rate is None else f"{report.clock_rate:.3f} of real time"
    )
    return [
        ("picture", f"{video.codec}, {video.width}x{video.height}"),
        ("frames", f"{report.fps:.2f} per second"),
        ("key frames", f"every {interval}"),
        ("bit rate", f"{report.bitrate_bps / 1e6:.2f} Mbit/s"),
        ("sound", sound),
        ("clock", clock),
        ("time stamps", f"on {report.stamped:.0%} of the packets"),
        ("first picture", f"after {report.open_s:.2f} s"),
    ]
