"""``itscam status``: what the running site is doing."""

import time
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.table import Table

from its_camera_ai.bus.local import LocalBus
from its_camera_ai.bus.messages import RoleStatus, StreamStatus, VisionStatus
from its_camera_ai.cli.console import out
from its_camera_ai.core.errors import ConfigInvalid
from its_camera_ai.ops.settings import Settings, load_settings

STATUS_WAIT_S = 2.5


def status(
    data_dir: Annotated[
        Path | None,
        typer.Option("--data-dir", help="Folder of the site.", show_default=False),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Tell what the running site is doing, from the heartbeats of its processes."""
    settings = load_settings(data_dir=data_dir)
    heard = _listen(settings)
    if not heard:
        raise ConfigInvalid(
            f"Nothing runs in {settings.data_dir.absolute()}; start it with 'itscam up', or name "
            "the folder of the running site with --data-dir."
        )
    if as_json:
        out.print_json(msgspec.json.encode(list(heard.values())).decode())
        return
    out.print(_roles_table(heard))
    out.print(_cameras_table(heard))


def _listen(settings: Settings) -> dict[tuple[str, int], RoleStatus]:
    if not settings.run.is_dir():
        return {}
    bus = LocalBus(settings.run)
    receiver = bus.status_receiver()
    heard: dict[tuple[str, int], RoleStatus] = {}
    deadline_s = time.monotonic() + STATUS_WAIT_S
    while (left_s := deadline_s - time.monotonic()) > 0:
        message = receiver.receive(left_s)
        if message is None:
            break
        if (message.role, message.index) in heard:
            break  # everyone speaks once a second: the round is complete
        heard[message.role, message.index] = message
    receiver.close()
    bus.close()
    return heard


def _roles_table(heard: dict[tuple[str, int], RoleStatus]) -> Table:
    table = Table("process", "pid", "up", "memory", "CPU", "problems")
    for status in heard.values():
        up_s = (status.wall_ns - status.started_wall_ns) / 1e9
        table.add_row(
            f"{status.role}/{status.index}",
            str(status.pid),
            f"{up_s:.0f} s",
            f"{status.rss_bytes / 2**20:.0f} MiB",
            f"{status.cpu_s / max(up_s, 1):.0%}",
            "; ".join(status.problems) or "none",
        )
    return table


def _cameras_table(heard: dict[tuple[str, int], RoleStatus]) -> Table:
    looks: dict[str, VisionStatus] = {v.camera_id: v for s in heard.values() for v in s.vision}
    streams: list[StreamStatus] = [st for s in heard.values() for st in s.streams]
    table = Table(
        "camera", "stream", "state", "picture", "fps", "recorded", "lost", "looks/s", "note"
    )
    for stream in sorted(streams, key=lambda s: (s.camera_id, s.role)):
        seen = looks.get(stream.camera_id)
        table.add_row(
            stream.camera_id,
            str(stream.role),
            str(stream.state),
            f"{stream.codec} {stream.width}x{stream.height}" if stream.codec else "–",
            f"{stream.fps:.1f}",
            str(stream.recorded_packets) if stream.recording else "–",
            str(stream.unrecorded_packets),
            f"{seen.looks_per_s:.1f}" if seen else "–",
            stream.error or stream.recording_problem or _picture_faults(seen) or _mode(stream),
        )
    return table


def _mode(stream: StreamStatus) -> str:
    """The recording mode where it is not the usual one, and why it records now."""
    if stream.recording_mode in ("", "continuous"):
        return ""
    cause = stream.recording_cause.replace("_", " ")
    return f"mode {stream.recording_mode}" + (f": {cause}" if cause else "")


def _picture_faults(seen: VisionStatus | None) -> str:
    if seen is None or not seen.faults:
        return ""
    return f"bad picture: {', '.join(seen.faults)}"
