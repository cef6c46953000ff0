"""Plots as inline SVG text. Everything that comes from outside is escaped here."""

import base64
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

from its_camera_ai.analytics.offline.palette import class_hex
from its_camera_ai.analytics.offline.track_memory import TrackLife, TrackMemory
from its_camera_ai.core.detections import ObjectClass
from its_camera_ai.core.scene import Scene
from its_camera_ai.core.time import NS_PER_S

_WIDTH, _HEIGHT = 720, 220
_LEFT, _RIGHT, _TOP, _BOTTOM = 46, 12, 12, 34
_COLUMNS = 360
_PATHS_MAX = 600
_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#6e5028", "#333333")


@dataclass(frozen=True, slots=True)
class Series:
    """A step curve: it rises by one at each of ``times_s``."""

    name: str
    times_s: Sequence[float]


@dataclass(frozen=True, slots=True)
class _Axes:
    """Plain linear axes with the origin at the bottom left."""

    x_from: float
    x_to: float
    y_to: float

    def x(self, value: float) -> float:
        span = max(self.x_to - self.x_from, 1e-9)
        return _LEFT + (value - self.x_from) / span * (_WIDTH - _LEFT - _RIGHT)

    def y(self, value: float) -> float:
        return _HEIGHT - _BOTTOM - value / self.y_to * (_HEIGHT - _TOP - _BOTTOM)

    def frame(self, x_label: str) -> str:
        parts = []
        right = _WIDTH - _RIGHT
        for value in ticks(0, self.y_to):
            y = self.y(value)
            parts.append(
                f'<line class="grid" x1="{_LEFT}" y1="{y:.1f}" x2="{right}" y2="{y:.1f}"/>'
                f'<text x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{value:g}</text>'
            )
        for value in ticks(self.x_from, self.x_to):
            x = self.x(value)
            parts.append(
                f'<line class="axis" x1="{x:.1f}" y1="{_HEIGHT - _BOTTOM}" x2="{x:.1f}" '
                f'y2="{_HEIGHT - _BOTTOM + 4}"/><text x="{x:.1f}" y="{_HEIGHT - _BOTTOM + 16}" '
                f'text-anchor="middle">{value:g}</text>'
            )
        parts.append(
            f'<line class="axis" x1="{_LEFT}" y1="{_HEIGHT - _BOTTOM}" x2="{right}" '
            f'y2="{_HEIGHT - _BOTTOM}"/>'
            f'<text x="{(_LEFT + right) / 2:.0f}" y="{_HEIGHT - 3}" '
            f'text-anchor="middle">{escape(x_label)}</text>'
        )
        return "".join(parts)


def ticks(start: float, end: float, wanted: int = 7) -> list[float]:
    """Round numbers within a range, about as many as wanted.

    >>> ticks(0, 10)
    [0.0, 2.0, 4.0, 6.0, 8.0, 10.0]
    """
    span = max(end - start, 1e-9)
    rough = span / wanted
    power: float = 10.0 ** math.floor(math.log10(rough))
    step = next(s * power for s in (1, 2, 5, 10) if s * power >= rough)
    first = math.ceil(start / step - 1e-9)
    return [round(k * step, 10) for k in range(first, math.floor(end / step + 1e-9) + 1)]


def _svg(body: str, title: str, width: int = _WIDTH, height: int = _HEIGHT) -> str:
    return (
        f'<svg viewBox="0 0 {width} {height}" role="img" aria-label="{escape(title)}" '
        f'xmlns="http://www.w3.org/2000/svg"><title>{escape(title)}</title>{body}</svg>'
    )


def cumulative(series: Sequence[Series], x_from: float, x_to: float) -> str:
    """Running totals over stream time, one step curve per series."""
    most = max((len(s.times_s) for s in series), default=0)
    axes = _Axes(x_from, x_to, max(1, most) * 1.05)
    body = axes.frame("stream time, s")
    for k, one in enumerate(series):
        points = [(x_from, 0)]
        for count, moment in enumerate(one.times_s, start=1):
            points += [(moment, count - 1), (moment, count)]
        points.append((x_to, len(one.times_s)))
        body += _polyline(axes, points, _COLOURS[k % len(_COLOURS)], dashed=k >= len(_COLOURS))
    return _svg(body, "Cumulative counts over time") + legend(
        (one.name, _COLOURS[k % len(_COLOURS)]) for k, one in enumerate(series)
    )


def _polyline(
    axes: _Axes, points: Iterable[tuple[float, float]], colour: str, *, dashed: bool = False
) -> str:
    text = " ".join(f"{axes.x(x):.1f},{axes.y(y):.1f}" for x, y in points)
    dash = ' stroke-dasharray="5 3"' if dashed else ""
    return f'<polyline points="{text}" fill="none" stroke="{colour}" stroke-width="1.8"{dash}/>'


def legend(entries: Iterable[tuple[str, str]]) -> str:
    return (
        '<p class="legend">'
        + " ".join(
            f'<span><svg viewBox="0 0 10 10" class="key"><rect width="10" height="10" '
            f'fill="{colour}"/></svg> {escape(name)}</span>'
            for name, colour in entries
        )
        + "</p>"
    )


def presence(memory: TrackMemory) -> str:
    """Objects in the picture over time: mean as a line, most as a band, unknown as grey."""
    times = np.asarray(memory.times_ns, np.float64) / NS_PER_S
    present = np.asarray(memory.present, np.float64)
    x_from, x_to = float(times.min()), float(times.max())
    axes = _Axes(x_from, x_to, max(1.0, float(present.max())) * 1.05)
    column = np.floor((times - x_from) / max(x_to - x_from, 1e-9) * (_COLUMNS - 1)).astype(int)
    width = (x_to - x_from) / _COLUMNS
    top, mean, body = [], [], ""
    for k in np.unique(column):
        here = present[column == k]
        moment = x_from + (k + 0.5) * width
        looked = here[here >= 0]
        if len(looked) < len(here):
            x = axes.x(moment - width / 2)
            body += (
                f'<rect class="unknown" x="{x:.1f}" y="{_TOP}" '
                f'width="{axes.x(moment + width / 2) - x:.1f}" '
                f'height="{_HEIGHT - _TOP - _BOTTOM}"/>'
            )
        if len(looked):
            top.append((moment, float(looked.max())))
            mean.append((moment, float(looked.mean())))
    if top:
        band = [(top[0][0], 0.0), *top, (top[-1][0], 0.0)]
        corners = " ".join(f"{axes.x(x):.1f},{axes.y(y):.1f}" for x, y in band)
        body += f'<polygon class="band" points="{corners}"/>'
        body += _polyline(axes, mean, _COLOURS[0])
    return _svg(axes.frame("stream time, s") + body, "Objects in the picture over time")


def track_lengths(lives: Iterable[TrackLife]) -> str:
    """Histogram of the time between first and last sighting."""
    lengths = np.array([life.length_s for life in lives])
    if not len(lengths):
        return "<p>No track.</p>"
    longest = max(float(lengths.max()), 0.5)
    marks = ticks(0, longest, 20)
    step = marks[1] - marks[0] if len(marks) > 1 else longest
    edges = np.arange(0, longest + step, step)
    numbers, edges = np.histogram(lengths, bins=edges)
    axes = _Axes(0, float(edges[-1]), max(1, int(numbers.max())) * 1.05)
    body = axes.frame("track length, s")
    for number, left, right in zip(numbers, edges, edges[1:], strict=False):
        x, y = axes.x(left), axes.y(number)
        body += (
            f'<rect class="bar" x="{x + 0.5:.1f}" y="{y:.1f}" '
            f'width="{max(axes.x(right) - x - 1, 0.5):.1f}" '
            f'height="{_HEIGHT - _BOTTOM - y:.1f}"/>'
        )
    return _svg(body, "Histogram of track lengths")


def trajectories(
    lives: Sequence[TrackLife], scene: Scene, size_wh: tuple[int, int], still_jpeg: bytes
) -> str:
    """Paths of the bottom centre over a still picture, coloured by class, with lines and zones."""
    height = round(_WIDTH * size_wh[1] / size_wh[0])
    body = f'<rect width="{_WIDTH}" height="{height}" fill="#e8e8e8"/>'
    if still_jpeg:
        data = base64.b64encode(still_jpeg).decode("ascii")
        body += (
            f'<image width="{_WIDTH}" height="{height}" preserveAspectRatio="none" '
            f'href="data:image/jpeg;base64,{data}"/>'
        )
    shown = sorted(lives, key=lambda life: -life.length_s)[:_PATHS_MAX]
    for life in shown:
        points = np.asarray(life.path).reshape(-1, 2) * (_WIDTH, height)
        if len(points) > 1:
            text = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
            body += (
                f'<polyline points="{text}" fill="none" stroke="{class_hex(life.class_id)}" '
                'stroke-width="1.6" stroke-opacity="0.8"/>'
            )
    body += _scene_shapes(scene, size_wh, height)
    present = sorted({life.class_id for life in shown})
    return _svg(body, "Map of trajectories", _WIDTH, height) + legend(
        (ObjectClass(class_id).label, class_hex(class_id)) for class_id in present
    )


def _scene_shapes(scene: Scene, size_wh: tuple[int, int], height: int) -> str:
    scale = np.array([_WIDTH, height]) / size_wh
    body = ""
    for zone in scene.zones:
        corners = zone.pixels(size_wh) * scale
        text = " ".join(f"{x:.1f},{y:.1f}" for x, y in corners)
        x, y = corners[corners[:, 1].argmin()]
        body += f'<polygon class="zone" points="{text}"/>' + _tag(zone.id, x, y)
    for line in scene.lines:
        (x1, y1), (x2, y2) = line.pixels(size_wh) * scale
        body += f'<line class="line" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'
        body += _tag(line.id, x1, y1)
    return body


def _tag(name: str, x: float, y: float) -> str:
    place = f'x="{min(max(x, 2), _WIDTH - 60):.1f}" y="{max(y - 5, 12):.1f}"'
    return f'<text class="tag" {place}>{escape(name)}</text>'
