"""The torture set: what public line counters get wrong, at every stride and from both sides.

``test_lines`` holds the single rules; here the same few situations are played with jitter, with
sparse looks, with frames that nobody looked at, and through lines and zones that lie over each
other. No phantom, none missed.
"""

from collections.abc import Sequence

import numpy as np
import pytest

from its_camera_ai.analytics.counting.scene import SceneAnalytics
from its_camera_ai.core.picture_points import Unit
from its_camera_ai.core.scene import Line, Zone
from its_camera_ai.core.tracks import Unknown
from tests.analytics.playback import (
    GATE,
    STEP_NS,
    Spot,
    analytics,
    directions,
    frame,
    in_out,
    straight,
)

END = (500.0, 240.0)
"""The right end of ``GATE``."""
FAST = straight((300, 150), (300, 330), 36)
BACK = FAST[::-1]
STRIDES = [(stride, phase) for stride in (1, 2, 3, 4, 5) for phase in {0, stride - 1}]


def jittered(path: Sequence[Spot], seed: int, px: float = 3.0) -> list[Spot]:
    """Every sighting off by up to ±px in x and y."""
    off = np.random.default_rng(seed).uniform(-px, px, (len(path), 2))
    return [spot and (spot[0] + dx, spot[1] + dy) for spot, (dx, dy) in zip(path, off, strict=True)]


def standing(at: tuple[float, float], frames: int) -> list[Spot]:
    return [at] * frames


def counted(
    paths: dict[int, list[Spot]],
    *,
    stride: int = 1,
    phase: int = 0,
    lines: tuple[Line, ...] = (GATE,),
) -> SceneAnalytics:
    """Play every ``stride``-th frame and end the input."""
    scene = analytics(*lines)
    for k in range(phase, max(len(path) for path in paths.values()), stride):
        spots = [(i, path[k]) for i, path in paths.items() if k < len(path)]
        scene.update(frame(spots, k * STEP_NS))
    scene.finish()
    return scene


SITUATIONS: dict[str, tuple[dict[int, list[Spot]], tuple[int, int]]] = {
    "straight over": ({1: FAST}, (1, 0)),
    "straight over, the other way": ({1: BACK}, (0, 1)),
    "around the end": (
        {
            1: straight((500, 160), (580, 240), 16)
            + straight((580, 240), (500, 320), 16)
            + standing((500, 320), 10)
        },
        (0, 0),
    ),
    "diagonal": ({1: straight((380, 150), (620, 350), 40)}, (1, 0)),
    "diagonal that misses": ({1: straight((450, 150), (690, 350), 40)}, (0, 0)),
    "near the end, inside": ({1: straight((492, 150), (492, 330), 36)}, (1, 0)),
    "near the end, outside": ({1: straight((508, 150), (508, 330), 36)}, (0, 0)),
    "40 frames of jitter on the line": ({1: standing((300, 240), 40)}, (0, 0)),
    "40 frames of jitter on its end": ({1: standing(END, 40)}, (0, 0)),
    "slowly over": ({1: straight((300, 205), (300, 275), 140)}, (1, 0)),
    "stops on the line, goes on": (
        {
            1: straight((300, 180), (300, 240), 12)
            + standing((300, 240), 40)
            + straight((300, 240), (300, 300), 12)
        },
        (1, 0),
    ),
    "stops on the line, goes back": (
        {
            1: straight((300, 180), (300, 240), 12)
            + standing((300, 240), 40)
            + straight((300, 240), (300, 180), 12)
        },
        (0, 0),
    ),
    "lost while straddling": ({1: straight((300, 150), (300, 262), 22)}, (1, 0)),
    "lost while straddling, found behind": (
        {
            1: [
                *straight((300, 150), (300, 238), 18),
                *[None] * 40,
                *straight((300, 280), (300, 330), 10),
            ]
        },
        (1, 0),
    ),
    "unknown id": ({-1: FAST, 0: BACK}, (0, 0)),
    "U-turn beyond the line": ({1: FAST + standing((300, 330), 10) + BACK}, (1, 1)),
    "U-turn before the line": (
        {1: straight((300, 150), (300, 225), 15) + straight((300, 225), (300, 150), 15)},
        (0, 0),
    ),
    "two in opposite ways, side by side": (
        {1: FAST, 2: straight((380, 330), (380, 150), 36)},
        (1, 1),
    ),
}


@pytest.mark.parametrize(("stride", "phase"), STRIDES, ids=[f"{s}+{p}" for s, p in STRIDES])
@pytest.mark.parametrize(
    ("paths", "expected"),
    list(SITUATIONS.values()),
    ids=[name.replace(" ", "-") for name in SITUATIONS],
)
def test_nothing_too_many_and_none_missed(
    paths: dict[int, list[Spot]], expected: tuple[int, int], stride: int, phase: int
) -> None:
    noisy = {i: jittered(path, seed=stride) for i, path in paths.items()}
    assert in_out(counted(paths, stride=stride, phase=phase)) == expected
    assert in_out(counted(noisy, stride=stride, phase=phase)) == expected, "with ±3 px"


@pytest.mark.parametrize("seed", range(20))
def test_jitter_while_passing_at_any_angle_and_pace(seed: int) -> None:
    rng = np.random.default_rng(seed)
    angle, pace = rng.uniform(-1.1, 1.1), rng.choice([0.5, 1.0, 3.0, 8.0])
    way = np.array([np.sin(angle), np.cos(angle)]) * 45 / np.cos(angle)
    middle = np.array([rng.uniform(250, 350), 240])
    steps = max(40, round(2 * float(np.hypot(*way)) / pace))
    path = straight(tuple(middle - way), tuple(middle + way), steps)
    assert in_out(counted({1: jittered(path, seed)})) == (1, 0), (angle, pace)


@pytest.mark.parametrize("apart", [2, 5, 9, 20])
@pytest.mark.parametrize("stride", [1, 3, 5])
def test_two_lines_close_together(apart: float, stride: int) -> None:
    second = Line("second", ((100, 240 + apart), (500, 240 + apart)), Unit.PX)
    for path, expected in (
        (FAST, (1, 0)),
        (FAST + BACK, (1, 1)),
        (standing((300, 240), 40), (0, 0)),
    ):
        scene = counted({1: jittered(path, stride)}, stride=stride, lines=(GATE, second))
        assert in_out(scene) == in_out(scene, "second") == expected


@pytest.mark.parametrize("since", [0, 6, 12, 16, 18, 24, 30])
@pytest.mark.parametrize("frames", [3, 12, 75])
def test_frames_that_nobody_looked_at(since: int, frames: int) -> None:
    """Looking fails for a while before, during or after the crossing; the vehicle waits or not."""
    path = jittered(FAST, since)
    scene = analytics(GATE)
    for k in range(len(path) + frames):
        unknown = since <= k < since + frames
        seen = path[k if k < since else max(since, k - frames)]
        shown = frame([(1, seen)], k * STEP_NS, unknown=Unknown.OVERLOAD if unknown else None)
        scene.update(shown)
    scene.finish()
    assert in_out(scene) == (1, 0)


@pytest.mark.parametrize(("stride", "phase"), STRIDES, ids=[f"{s}+{p}" for s, p in STRIDES])
def test_unknown_frames_that_hide_the_line(stride: int, phase: int) -> None:
    """Twelve frames round the crossing are lost and time runs on."""
    scene = analytics(GATE)
    for k in range(phase, len(FAST), stride):
        hidden = 12 <= k < 24
        scene.update(
            frame([(1, FAST[k])], k * STEP_NS, unknown=Unknown.PACKET_LOSS if hidden else None)
        )
    scene.finish()
    assert in_out(scene) == (1, 0)


@pytest.mark.parametrize("lost", [0.5, 0.8])
@pytest.mark.parametrize("seed", range(5))
def test_looks_lost_at_random(lost: float, seed: int) -> None:
    kept = np.random.default_rng(seed).random(120) >= lost
    path = jittered(straight((300, 120), (300, 360), 119), seed)
    scene = analytics(GATE)
    events = []
    for k in np.flatnonzero(kept):
        events += scene.update(frame([(1, path[k])], int(k) * STEP_NS))
    scene.finish()
    assert in_out(scene) == (1, 0)
    assert abs(events[0].pts_ns - 59.5 * STEP_NS) < 4 * STEP_NS, "the moment is that of all frames"


@pytest.mark.parametrize(
    "line",
    [
        Line("gate", ((0, 600), (640, 600)), Unit.PX),
        Line("gate", ((-300, 0), (-300, 480)), Unit.PX),
        Line("gate", ((700, -50), (900, 900)), Unit.PX),
    ],
    ids=["below", "left", "right"],
)
def test_a_line_outside_the_picture_counts_nobody(line: Line) -> None:
    down, across = straight((300, 150), (300, 475), 60), straight((20, 300), (620, 300), 60)
    assert in_out(counted({1: down, 2: across, 3: across[::-1]}, lines=(line,))) == (0, 0)


def test_a_line_that_sticks_out_of_the_picture_counts_in_it() -> None:
    line = Line("gate", ((-400, 240), (1200, 240)), Unit.PX)
    assert in_out(counted({1: FAST}, lines=(line,))) == (1, 0)


def test_lines_that_cross_each_other_count_apart() -> None:
    """Lanes that merge or overlap have lines that do: each sees who passes through it."""
    other = Line("other", ((200, 300), (400, 180)), Unit.PX)
    scene = counted({1: FAST, 2: straight((150, 150), (150, 330), 36)}, lines=(GATE, other))
    assert in_out(scene) == (2, 0)
    assert in_out(scene, "other") == (1, 0)


def test_zones_that_overlap_are_visited_apart() -> None:
    """Areas of two lanes that share a part: whoever is in that part is in both, once."""
    left = Zone("left", ((100, 150), (330, 150), (330, 400), (100, 400)), Unit.PX)
    right = Zone("right", ((270, 150), (500, 150), (500, 400), (270, 400)), Unit.PX)
    scene = analytics(left, right)
    path = jittered(straight((300, 60), (300, 470), 120), 1)
    for k, spot in enumerate([*path, *path[-1:] * 20]):
        scene.update(frame([(1, spot)], k * STEP_NS))
    zones = scene.counts().zones
    assert [(z.entered.total, z.left.total) for z in zones.values()] == [(1, 1), (1, 1)]


def test_one_after_the_other_through_jitter() -> None:
    """Twelve follow each other a second apart over two lines; nobody is missed or doubled."""
    second = Line("second", ((100, 250), (500, 250)), Unit.PX)
    paths = {i: [*[None] * 25 * i, *jittered(FAST, i)] for i in range(1, 13)}
    scene = counted(paths, lines=(GATE, second))
    assert in_out(scene) == in_out(scene, "second") == (12, 0)


def test_joined_tells_that_an_id_goes_on_as_another() -> None:
    scene = analytics(GATE)
    old = straight((300, 150), (300, 230), 16)
    new = straight((300, 240), (300, 330), 18)
    joined, events = [], []
    for k, spot in enumerate([*old, None, *new]):
        events += scene.update(frame([(1 if k < len(old) else 2, spot)], k * STEP_NS))
        joined += scene.joined()
    assert joined == [(1, 2)]
    assert directions(events) == ["in"]
    scene.update(frame([(2, new[-1])], 500 * STEP_NS))
    assert scene.joined() == []
