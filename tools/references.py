"""Writes the reference pages that are made from the program itself.

``python tools/references.py`` renews them; a test says when one is stale.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer
from typer.main import get_command

from its_camera_ai.api.metrics import METRICS
from its_camera_ai.cli.main import COMMANDS, app
from its_camera_ai.core.events import EventKind
from its_camera_ai.ops.settings import Settings

FOLDER = Path(__file__).parents[1] / "docs" / "reference"

EVENT_DETAILS = {
    EventKind.LINE_CROSSED: "`line`, `direction` (in, out), `class`, `score`, `xyxy`, "
    "`decided_after_s` (until the picture that made it certain), `class_share`; where known "
    "`lane`, `speed_kmh` with `speed_95` (its 95 % interval) or else `speed_problem` (why there "
    "is none), `length_m`, `length_class`, `fhwa` (group → probability), `headway_s`, `gap_s` "
    "(docs/road-users.md)",
    EventKind.ZONE_ENTERED: "`zone`, `class`, `score`, `xyxy`",
    EventKind.ZONE_LEFT: "`zone`, `class`, `dwell_s`, `score`, `xyxy`",
    EventKind.CAMERA_CONNECTED: "`stream`",
    EventKind.CAMERA_LOST: "`stream`, `error`",
    EventKind.STREAM_CHANGED: "`stream`, `codec`, `width`, `height`",
    EventKind.RECORDING_FAILED: "`error`",
    EventKind.RECORDING_RESUMED: "none",
    EventKind.PICTURE_FAULT_BEGAN: "`fault` (docs/camera-health.md)",
    EventKind.PICTURE_FAULT_ENDED: "`fault`",
    EventKind.STORAGE_LOW: "`reason` and `priority`; `level`: `level_percent`, `free_bytes`, "
    "`total_bytes`; `policy`: `keeps_days`, `policy_days`, `full_in_h`; `nothing_to_remove`: "
    "`error`, `free_bytes`, `total_bytes`. `camera_id` is empty",
    EventKind.STORAGE_RECOVERED: "`reason`, as it was. `camera_id` is empty",
    EventKind.STORAGE_EVICTED: "`files`, `bytes`, `until` (the newest moment that was removed); at "
    "once, then once an hour. `camera_id` is empty",
    EventKind.INCIDENT_OPENED: "`incident` (id), `kind`, `severity`, `place`, `explanation`, "
    "`xyxy`; at the moment when it was one for certain (docs/incidents.md)",
    EventKind.INCIDENT_CLOSED: "the same",
    EventKind.CALIBRATION_DOUBTED: "`reason`: why nothing is measured in metres from then on "
    "(docs/calibration.md)",
    EventKind.CALIBRATION_TRUSTED: "none",
}


def settings_page() -> str:
    """docs/reference/settings.md"""
    lines = [
        "# Settings",
        "",
        "Read from the environment by every process. Anything unknown that begins with `ITSCAM_`",
        "is refused at the start. Cameras, lines and zones are not settings: they stand in the",
        "[site file](site-file.md).",
        "",
    ]
    for name, field in Settings.model_fields.items():
        default = "none" if field.default in (None, "", ()) else f"`{field.default}`"
        lines += [f"## ITSCAM_{name.upper()}", "", f"{field.description} Default: {default}.", ""]
    return "\n".join(lines).rstrip() + "\n"


def commands_page() -> str:
    """docs/reference/commands.md"""
    lines = [
        "# Commands",
        "",
        "Results go to standard output, everything else to standard error. Exit codes: 0 done,",
        "1 the system failed, 2 wrong use or configuration, 3 input can't be read, 4 partly done",
        "(what was done is kept and said).",
        "",
    ]
    root: Any = get_command(app)
    context = typer.Context(root, info_name="itscam")
    for name in COMMANDS:
        command: Any = root.get_command(context, name)
        children: dict[str, Any] = getattr(command, "commands", {})
        for child, part in children.items() or [("", command)]:
            lines += _command(f"itscam {name} {child}".strip(), part)
    return "\n".join(lines).rstrip() + "\n"


def _command(title: str, command: Any) -> Iterator[str]:
    yield from (f"## {title}", "", " ".join((command.help or "").split()), "")
    rows = [
        (
            ", ".join(f"`{o}`" for o in parameter.opts)
            if parameter.param_type_name == "option"
            else f"`{parameter.name.upper()}`",
            (getattr(parameter, "help", "") or "").replace("|", "\\|"),
        )
        for parameter in command.params
        if parameter.name != "help"
    ]
    if rows:
        yield from ("| argument or option | meaning |", "|---|---|")
        yield from (f"| {name} | {text} |" for name, text in rows)
        yield ""


def metrics_page() -> str:
    """docs/reference/metrics.md"""
    lines = [
        "# Metrics",
        "",
        "Served at `/metrics` as Prometheus text, to a bearer token (`ITSCAM_METRICS_TOKEN`)",
        "or a signed-in user. Counters run since the start of the process that reports them.",
        "",
        "| metric | labels | meaning |",
        "|---|---|---|",
    ]
    for metric in METRICS:
        total = "_total" if "Counter" in metric.kind.__name__ else ""
        labels = ", ".join(metric.labels) or "none"
        lines.append(f"| `{metric.name}{total}` | {labels} | {metric.help} |")
    return "\n".join(lines) + "\n"


def events_page() -> str:
    """docs/reference/events.md"""
    lines = [
        "# Events",
        "",
        "Facts in the past tense, stored with an outbox row in the same transaction. Each has an",
        "id (UUIDv7), its kind, the camera, the stream time `pts_ns`, the wall time, and details.",
        "",
        "| kind | details |",
        "|---|---|",
        *(f"| `{kind.value}` | {EVENT_DETAILS[kind]} |" for kind in EventKind),
    ]
    return "\n".join(lines) + "\n"


PAGES = {
    "settings.md": settings_page,
    "commands.md": commands_page,
    "metrics.md": metrics_page,
    "events.md": events_page,
}

if __name__ == "__main__":
    for page, make in PAGES.items():
        (FOLDER / page).write_text(make(), encoding="utf-8")
