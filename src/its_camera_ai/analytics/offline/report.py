"""``report.html``: one file that explains itself, without scripts and without a network."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

from its_camera_ai import __version__
from its_camera_ai.analytics.counting.counts import Counts, Tally
from its_camera_ai.analytics.offline.report_plots import (
    Series,
    cumulative,
    presence,
    track_lengths,
    trajectories,
)
from its_camera_ai.analytics.offline.track_memory import TrackMemory
from its_camera_ai.analytics.offline.window import Window
from its_camera_ai.core.events import Event, EventKind
from its_camera_ai.core.scene import Scene
from its_camera_ai.core.time import NS_PER_S
from its_camera_ai.vision.detector import ModelInfo

_STYLE = """
:root{color-scheme:light}
body{font:15px/1.5 system-ui,sans-serif;color:#1b1f24;background:#fff;margin:2rem auto;
max-width:56rem;padding:0 1rem}
h1{font-size:1.5rem;margin:0 0 .2rem;overflow-wrap:anywhere}
h2{font-size:1.1rem;margin:2rem 0 .5rem;border-bottom:1px solid #d5dae0;padding-bottom:.2rem}
table{border-collapse:collapse;margin:.5rem 0}
th,td{padding:.25rem .8rem;border-bottom:1px solid #e3e7eb;text-align:left;overflow-wrap:anywhere}
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}
svg{width:100%;height:auto;font:11px system-ui,sans-serif;fill:#3b424a}
svg.key{width:.8em;height:.8em}
.grid{stroke:#e3e7eb}.axis{stroke:#8a939c}.band{fill:#0072b2;fill-opacity:.15}
.bar{fill:#0072b2}.unknown{fill:#999;fill-opacity:.35}
.zone{fill:#e69f00;fill-opacity:.15;stroke:#e69f00;stroke-width:2}
.line{stroke:#ffdd33;stroke-width:3}
.tag{font-weight:600;fill:#fff;stroke:#000;stroke-width:3;paint-order:stroke}
.legend span{margin-right:1rem;white-space:nowrap}.warn{background:#fff4d6;padding:.5rem 1rem;
border-left:4px solid #e69f00}.quiet{color:#59636e}
@media print{body{margin:0;max-width:none;font-size:11pt}h2{break-after:avoid}
svg,table{break-inside:avoid}}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportFacts:
    """Everything that a report tells.

    Attributes:
        file: the video's name. size_wh: its last picture size. codec: of the video.
        frames: as in ``counts.json``.
        events: in order of stream time.
        still_jpeg: a picture of the scene; may be empty.
        unfinished, warnings: sentences.
        made: when and by what.
    """

    file: str
    size_wh: tuple[int, int]
    codec: str
    model: ModelInfo
    window: Window
    frames: dict[str, int]
    scene: Scene
    counts: Counts
    events: Sequence[Event]
    memory: TrackMemory
    still_jpeg: bytes
    unfinished: tuple[str, ...]
    warnings: tuple[str, ...]
    made: str


def report_html(facts: ReportFacts) -> str:
    """The whole page."""
    title = f"Analysis of {facts.file}"
    parts = [
        f"<h1>{escape(title)}</h1>",
        f'<p class="quiet">{escape(facts.made)}</p>' if facts.made else "",
        *(f'<p class="warn">Not complete: {escape(text)}.</p>' for text in facts.unfinished),
        *(f'<p class="warn">{escape(text)}</p>' for text in facts.warnings),
        "<h2>Summary</h2>" + _summary(facts),
        "<h2>Lines</h2>" + _lines(facts),
        "<h2>Zones</h2>" + _zones(facts),
        "<h2>Objects in the picture</h2>" + presence(facts.memory),
        '<p class="quiet">Line: mean; light area: most at once; grey: not looked at.</p>',
        "<h2>Track lengths</h2>" + track_lengths(facts.memory.lives.values()),
        "<h2>Trajectories</h2>"
        + trajectories(
            list(facts.memory.lives.values()), facts.scene, facts.size_wh, facts.still_jpeg
        ),
        "<h2>Settings</h2>" + _settings(facts),
        "<h2>How to read this</h2>" + _HOW_TO,
    ]
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
        "img-src data:; style-src 'unsafe-inline'\">"
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body>\n"
        + "\n".join(part for part in parts if part)
        + "\n</body></html>\n"
    )


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Text is escaped; numbers stand right."""

    def cells(row: Sequence[object], tag: str) -> str:
        return "".join(
            f'<{tag} class="n">{v}</{tag}>'
            if isinstance(v, int)
            else f"<{tag}>{escape(str(v))}</{tag}>"
            for v in row
        )

    header = f"<thead><tr>{cells(head, 'th')}</tr></thead>" if head else ""
    body = "".join(f"<tr>{cells(row, 'td')}</tr>" for row in rows)
    return f"<table>{header}<tbody>{body}</tbody></table>"


def _summary(facts: ReportFacts) -> str:
    times = facts.memory.times_ns
    rows: list[tuple[str, object]] = [
        ("Analysed time", f"{times[0] / NS_PER_S:.2f} s to {times[-1] / NS_PER_S:.2f} s"),
        ("Pictures read", facts.frames["read"]),
        ("Pictures analysed", facts.frames["analysed"]),
        ("Pictures unknown", facts.frames["unknown"]),
        ("Tracks", len(facts.memory.lives)),
        ("Events", len(facts.events)),
    ]
    return _table((), rows)


def _lines(facts: ReportFacts) -> str:
    if not facts.scene.lines:
        return "<p>No line was given; name a scene file with <code>-c</code> to count.</p>"
    rows = []
    for line in facts.scene.lines:
        counts = facts.counts.lines[line.id]
        for direction, tally in (("in", counts.inward), ("out", counts.outward)):
            rows.append((_named(line.id, line.name), direction, tally.total, _classes(tally)))
    crossings = [e for e in facts.events if e.kind is EventKind.LINE_CROSSED]
    series = [
        Series(
            f"{line.id} {direction}",
            [
                e.pts_ns / NS_PER_S
                for e in crossings
                if (e.detail["line"], e.detail["direction"]) == (line.id, direction)
            ],
        )
        for line in facts.scene.lines
        for direction in ("in", "out")
    ]
    times = facts.memory.times_ns
    plot = cumulative(series, times[0] / NS_PER_S, times[-1] / NS_PER_S)
    return _table(("line", "direction", "total", "by class"), rows) + plot


def _zones(facts: ReportFacts) -> str:
    if not facts.scene.zones:
        return "<p>No zone was given.</p>"
    rows = []
    for zone in facts.scene.zones:
        counts = facts.counts.zones[zone.id]
        dwell = [
            value
            for e in facts.events
            if e.kind is EventKind.ZONE_LEFT and e.detail["zone"] == zone.id
            for value in [e.detail["dwell_s"]]
            if isinstance(value, float)
        ]
        mean = f"{sum(dwell) / len(dwell):.1f} s" if dwell else "–"
        entered, left = counts.entered, counts.left
        rows.append(
            (
                _named(zone.id, zone.name),
                entered.total,
                _classes(entered),
                left.total,
                counts.occupancy,
                mean,
            )
        )
    head = ("zone", "entered", "by class", "left", "inside at the end", "mean stay")
    return _table(head, rows)


def _named(item_id: str, name: str) -> str:
    return f"{name} ({item_id})" if name else item_id


def _classes(tally: Tally) -> str:
    return ", ".join(f"{label} {n}" for label, n in sorted(tally.by_class.items())) or "–"


def _settings(facts: ReportFacts) -> str:
    model, window = facts.model, facts.window
    width, height = model.input_wh
    end = "the end" if window.end_s is None else f"{window.end_s:g} s"
    rows = [
        ("File", facts.file),
        ("Video", f"{facts.codec}, {facts.size_wh[0]}×{facts.size_wh[1]} pixels"),
        ("Window", f"{window.start_s:g} s to {end}"),
        ("Pictures", "all" if window.fps is None else f"about {window.fps:g} per second"),
        ("Detector", f"{model.name} ({model.family}), input {width}×{height}"),
        ("Licence of the detector", model.licence or "not stated"),
        ("SHA-256 of the detector", model.sha256 or "comes with the program"),
        ("Program", f"ITS Camera AI {__version__}, Apache-2.0"),
    ]
    return _table((), rows)


_HOW_TO = """
<p>A crossing is counted once per object, when its reference point has clearly passed from one side
of the line to the other between the line's ends. Looking from the line's first point to its
second, <b>in</b> is from left to right. A zone visit begins when an object has been inside for a
moment and ends when it has been outside for a moment or has vanished. Classes are a vote over the
whole life of a track. Times are the file's own, counted from its first picture.</p>
<p>Unknown pictures are those that could not be read; they are not taken as empty, and what
happened in them is not counted. Beside this page lie <code>counts.json</code>,
<code>events.jsonl</code> and <code>tracks.txt</code> with every number it is made of.</p>
"""
