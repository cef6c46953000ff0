"""The exact crossings against what the boxes of the frames say."""

from collections import Counter

import numpy as np
import pytest

from its_camera_ai.core.detections import ObjectClass
from its_camera_ai.core.geometry import line_side
from its_camera_ai.core.scene import Line, anchor_points
from its_camera_ai.sim.scenes import SCENES
from its_camera_ai.sim.street import Street, open_street

FPS = 20.0
Crossing = tuple[str, str, int, float]


def _recomputed(street: Street, frames: int) -> tuple[list[Crossing], set[int]]:
    """Crossings by linear interpolation of the anchors between neighbouring frames, and who of
    the objects is a person.
    """
    people: set[int] = set()
    last: dict[int, np.ndarray] = {}
    found: list[Crossing] = []
    for index in range(frames):
        now: dict[int, np.ndarray] = {}
        for o in street.frame(index).truth:
            if o.class_id is ObjectClass.PERSON:
                people.add(o.id)
            box = np.array([o.xyxy], np.float32)
            for line in street.scene.lines:
                now[o.id] = anchor_points(box, line.anchor)[0]
                if o.id in last:
                    crossing = _between(line, street.size_wh, last[o.id], now[o.id])
                    if crossing is not None:
                        direction, share = crossing
                        found.append((line.id, direction, o.id, (index - 1 + share) / FPS))
        last = now
    return found, people


def _between(
    line: Line, size_wh: tuple[int, int], a: np.ndarray, b: np.ndarray
) -> tuple[str, float] | None:
    start, end = line.pixels(size_wh)
    before, after = line_side(np.stack([a, b]), start, end)
    if before * after >= 0:
        return None
    share = before / (before - after)
    place = a + share * (b - a)
    along = end - start
    if not 0 <= (place - start) @ along / (along @ along) <= 1:
        return None
    return ("in" if before < 0 else "out"), float(share)


@pytest.mark.parametrize("scene", SCENES)
def test_crossings_agree_with_the_boxes(scene: str) -> None:
    street = open_street(scene, fps=FPS)
    seen, people = _recomputed(street, round((50 if scene != "motorway" else 20) * FPS))
    true = [(c.line_id, c.direction.value, c.object_id, c.pts_ns / 1e9) for c in street.crossings]
    assert len(true) >= 4
    vehicles_true = Counter(row[:3] for row in true if row[2] not in people)
    assert vehicles_true == Counter(row[:3] for row in seen if row[2] not in people)
    assert _net(true) == _net(seen)
    times = {row[:3]: row[3] for row in seen}
    for line, direction, object_id, time_s in true:
        if vehicles_true[line, direction, object_id] == 1:
            assert times[line, direction, object_id] == pytest.approx(time_s, abs=1.2 / FPS)


def _net(crossings: list[Crossing]) -> dict[tuple[str, int], int]:
    """In less out, per line and object: legs that swing over a line and back count for nothing."""
    total: Counter[tuple[str, int]] = Counter()
    for line, direction, object_id, _ in crossings:
        total[line, object_id] += 1 if direction == "in" else -1
    return {key: count for key, count in total.items() if count}


@pytest.mark.parametrize("scene", SCENES)
def test_crossings_do_not_depend_on_size_and_rate(scene: str) -> None:
    """Sub-stream and main stream of one camera agree, to the rounding of the lines."""
    small = open_street(scene, size_wh=(320, 180), fps=5.0)
    large = open_street(scene, size_wh=(1280, 720), fps=15.0)
    small.frame(40 * 5)
    large.frame(40 * 15)
    keys = [[(c.line_id, c.direction, c.object_id) for c in s.crossings] for s in (small, large)]
    assert Counter(keys[0]) == Counter(keys[1])
    assert len(keys[0]) > 0


def test_crossings_rise_in_time_and_are_not_told_early() -> None:
    street = open_street("motorway", fps=15.0, size_wh=(320, 180))
    known = 0
    for index in range(300):
        frame = street.frame(index)
        times = [c.pts_ns for c in street.crossings]
        assert times == sorted(times)
        assert all(t <= frame.pts_ns for t in times)
        if len(times) > known:
            assert times[known] > frame.pts_ns - 70_000_000
        known = len(times)
    assert known > 10


def test_directions_of_the_motorway() -> None:
    street = open_street("motorway", size_wh=(320, 180), fps=5.0)
    street.frame(300)
    assert {c.direction.value for c in street.crossings} == {"in"}
    assert {c.line_id for c in street.crossings} == {"away", "towards"}
