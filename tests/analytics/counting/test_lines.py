"""The torture set: what a line counter must survive, and what must hold for any path."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from its_camera_ai.core.detections import ObjectClass
from its_camera_ai.core.picture_points import Unit
from its_camera_ai.core.scene import Anchor, Line
from its_camera_ai.core.tracks import Unknown
from tests.analytics.playback import (
    GATE,
    STEP_NS,
    WALL_NS,
    Spot,
    analytics,
    directions,
    frame,
    in_out,
    play,
    straight,
)

DOWN = straight((300, 180), (300, 300), 24)
UP = DOWN[::-1]
JITTER: list[Spot] = [(300, 240 + 3 * (-1) ** k) for k in range(40)]
SLIDING: list[Spot] = [(300 + k, 240 + 3 * (-1) ** k) for k in range(40)]
NEAR = straight((300, 180), (300, 237), 12)

TORTURE: dict[str, tuple[dict[int, list[Spot]], tuple[int, int]]] = {
    "straight down": ({1: DOWN}, (1, 0)),
    "straight up": ({1: UP}, (0, 1)),
    "huge step": ({1: [(300, 100), (300, 400)]}, (1, 0)),
    "slow, a pixel at a time": ({1: straight((300, 215), (300, 265), 50)}, (1, 0)),
    "around the end": (
        {1: straight((480, 200), (540, 240), 10) + straight((540, 240), (480, 280), 10)},
        (0, 0),
    ),
    "around the end in one step": ({1: [(560, 200), (560, 280)]}, (0, 0)),
    "around the end and back over the line": (
        {
            1: straight((480, 200), (540, 240), 10)
            + straight((540, 240), (480, 280), 10)
            + straight((480, 280), (480, 200), 16)
        },
        (0, 1),
    ),
    "over the line and back around the end": (
        {
            1: straight((480, 200), (480, 280), 16)
            + straight((480, 280), (540, 240), 10)
            + straight((540, 240), (480, 200), 10)
        },
        (1, 0),
    ),
    "diagonal that ends beyond the segment": ({1: straight((380, 150), (620, 350), 20)}, (1, 0)),
    "diagonal in one step": ({1: [(380, 150), (620, 350)]}, (1, 0)),
    "diagonal that misses the segment": ({1: straight((450, 150), (690, 350), 20)}, (0, 0)),
    "just inside the left end": ({1: straight((101, 200), (101, 280), 16)}, (1, 0)),
    "just inside the right end": ({1: straight((499, 200), (499, 280), 16)}, (1, 0)),
    "just outside the right end": ({1: straight((501, 200), (501, 280), 16)}, (0, 0)),
    "half a box from the end": ({1: straight((485, 200), (485, 280), 16)}, (1, 0)),
    "jitter on the line": ({1: JITTER}, (0, 0)),
    "jitter along the line": ({1: SLIDING}, (0, 0)),
    "arrives, jitters, goes back": ({1: [*NEAR, *JITTER, *NEAR[::-1]]}, (0, 0)),
    "arrives, jitters, goes on": (
        {1: [*NEAR, *JITTER, *straight((300, 243), (300, 300), 12)]},
        (1, 0),
    ),
    "arrives, jitters, ends": ({1: [*NEAR, *JITTER]}, (0, 0)),
    "goes over with jitter": (
        {1: [(300, 200 + 2 * k + 3 * (-1) ** k) for k in range(40)]},
        (1, 0),
    ),
    "U-turn after a clear crossing": ({1: DOWN + UP}, (1, 1)),
    "U-turn before the line": ({1: NEAR + NEAR[::-1]}, (0, 0)),
    "U-turn that was never clearly over": (
        {1: straight((300, 180), (300, 243), 12) + straight((300, 243), (300, 180), 12)},
        (0, 0),
    ),
    "lost while straddling, found behind": (
        {
            1: [
                *straight((300, 180), (300, 238), 10),
                *[None] * 12,
                *straight((300, 270), (300, 300), 6),
            ]
        },
        (1, 0),
    ),
    "lost while straddling, found in front": (
        {
            1: [
                *straight((300, 180), (300, 238), 10),
                *[None] * 12,
                *straight((300, 230), (300, 180), 6),
            ]
        },
        (0, 0),
    ),
    "lost just over the line, moving on": ({1: straight((300, 180), (300, 243), 10)}, (1, 0)),
    "lost just before the line, moving on": ({1: straight((300, 180), (300, 237), 10)}, (1, 0)),
    "lost just before the line, beyond its end": (
        {1: straight((520, 180), (520, 237), 10)},
        (0, 0),
    ),
    "lost well before the line": ({1: straight((300, 160), (300, 215), 10)}, (0, 0)),
    "parked on the line from the beginning": ({1: [(300, 241)] * 100}, (0, 0)),
    "parks on the line and vanishes": (
        {1: [*straight((300, 180), (300, 242), 12), *[(300.0, 242.0)] * 60]},
        (0, 0),
    ),
    "unknown id": ({-1: DOWN, 0: UP}, (0, 0)),
    "gap in observation spans the line": (
        {
            1: [
                *straight((300, 180), (300, 200), 5),
                *[None] * 20,
                *straight((300, 280), (300, 300), 5),
            ]
        },
        (1, 0),
    ),
    "id switch at the line": (
        {
            1: straight((300, 180), (300, 235), 11),
            2: [*[None] * 12, *straight((300, 245), (300, 300), 11)],
        },
        (1, 0),
    ),
    "id switch at the line, upward": (
        {
            1: straight((300, 300), (300, 245), 11),
            2: [*[None] * 12, *straight((300, 235), (300, 180), 11)],
        },
        (0, 1),
    ),
    "id switch with a gap": (
        {
            1: straight((300, 180), (300, 228), 12),
            2: [*[None] * 18, *straight((300, 256), (300, 300), 11)],
        },
        (1, 0),
    ),
    "id switch before the line": (
        {
            1: straight((300, 150), (300, 200), 10),
            2: [*[None] * 11, *straight((300, 205), (300, 300), 19)],
        },
        (1, 0),
    ),
    "id switch after the line": (
        {
            1: straight((300, 180), (300, 270), 18),
            2: [*[None] * 19, *straight((300, 275), (300, 330), 11)],
        },
        (1, 0),
    ),
    "one ends before the line, another comes the other way": (
        {
            1: straight((300, 180), (300, 228), 12),
            2: [*[None] * 14, *straight((300, 290), (300, 250), 8)],
        },
        (0, 0),
    ),
    "one ends before the line, another is born far behind": (
        {
            1: straight((150, 160), (150, 215), 11),
            2: [*[None] * 13, *straight((400, 260), (400, 320), 12)],
        },
        (0, 0),
    ),
    "standing one ends, standing one appears": (
        {1: [(300.0, 225.0)] * 20, 2: [*[None] * 22, *[(300.0, 255.0)] * 20]},
        (0, 0),
    ),
    "begins on the line, moving over it": ({1: straight((300, 238), (300, 300), 12)}, (1, 0)),
    "begins just over the line": ({1: straight((300, 242), (300, 300), 12)}, (0, 0)),
    "begins on the line, stands, drives off": (
        {1: [*[(300.0, 238.0)] * 30, *straight((300, 238), (300, 300), 12)]},
        (0, 0),
    ),
    "begins on the line with jitter, drives off": (
        {1: [*JITTER[:20], *straight((300, 240), (300, 300), 12)]},
        (0, 0),
    ),
    "two at once, opposite ways": (
        {1: DOWN, 2: straight((200, 300), (200, 180), 24)},
        (1, 1),
    ),
    "one behind the other": ({1: DOWN, 2: [*[None] * 20, *DOWN]}, (2, 0)),
    "side by side": ({1: DOWN, 2: straight((345, 180), (345, 300), 24)}, (2, 0)),
}


@pytest.mark.parametrize(
    ("paths", "expected"), list(TORTURE.values()), ids=[name.replace(" ", "-") for name in TORTURE]
)
def test_torture(paths: dict[int, list[Spot]], expected: tuple[int, int]) -> None:
    scene = analytics(GATE)
    events = play(scene, paths)
    assert in_out(scene) == expected
    assert (directions(events).count("in"), directions(events).count("out")) == expected


@pytest.mark.parametrize(
    ("paths", "expected"), list(TORTURE.values()), ids=[name.replace(" ", "-") for name in TORTURE]
)
def test_torture_mirrored(paths: dict[int, list[Spot]], expected: tuple[int, int]) -> None:
    """The line the other way round swaps in and out and changes nothing else."""
    scene = analytics(Line("gate", GATE.points[::-1], Unit.PX))
    play(scene, paths)
    assert in_out(scene) == expected[::-1]


@pytest.mark.parametrize(
    ("paths", "expected"), list(TORTURE.values()), ids=[name.replace(" ", "-") for name in TORTURE]
)
def test_torture_upright(paths: dict[int, list[Spot]], expected: tuple[int, int]) -> None:
    """The same with x and y exchanged, which is a reflection and so swaps in and out."""
    (ax, ay), (bx, by) = GATE.points
    scene = analytics(Line("gate", ((ay, ax), (by, bx)), Unit.PX))
    play(scene, {i: [s and (s[1], s[0]) for s in path] for i, path in paths.items()})
    assert in_out(scene) == expected[::-1]


def leap(*spots: Spot) -> list[Spot]:
    """Sightings 0.4 s apart."""
    return [spot for seen in spots for spot in (seen, *[None] * 9)]


ONE_WAY = {k: [*[None] * 30 * k, *DOWN] for k in range(1, 5)}
"""Four that go down, one after the other."""


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (leap((300, 200), (300, 280)), (1, 0)),
        (leap((300, 200), (300, 280), (300, 330)), (1, 0)),
        (leap((300, 200), (300, 280), (300, 282), (300, 279)), (1, 0)),
        (leap((300, 200), (300, 280), (300, 210)), (0, 0)),
        (leap((300, 200), (300, 330), (300, 270)), (0, 0)),
        (leap((300, 140), (300, 200), (300, 280), (300, 210)), (1, 1)),
    ],
    ids=["at the end", "goes on", "stays", "goes back over", "steps back", "supported before"],
)
def test_a_leap_counts_unless_the_next_sighting_contradicts(
    path: list[Spot], expected: tuple[int, int]
) -> None:
    scene = analytics(GATE)
    play(scene, {1: path})
    assert in_out(scene) == expected


@pytest.mark.parametrize(
    ("path", "x", "expected"),
    [
        (leap((300, 300), (300, 200)), 0, (4, 0)),
        (leap((300, 300), (300, 260), (300, 210)), 0, (4, 0)),
        (leap((300, 300), (300, 270), (300, 230), (300, 200)), 0, (4, 1)),
        (leap((300, 300), (300, 200)), -180, (4, 1)),
        (UP, 0, (4, 1)),
    ],
    ids=["leap", "two steps", "three steps", "elsewhere on the line", "many looks"],
)
def test_against_what_is_usual_needs_a_longer_way(
    path: list[Spot], x: float, expected: tuple[int, int]
) -> None:
    scene = analytics(GATE)
    shifted = [None if spot is None else (spot[0] + x, spot[1]) for spot in path]
    play(scene, {**ONE_WAY, 9: [*[None] * 200, *shifted]})
    assert in_out(scene) == expected


def test_slow_one_that_turns_round_is_followed() -> None:
    """Steps far below the margin add up to a turn, also after standing for long."""
    scene = analytics(GATE)
    back = straight((300, 200), (300, 235), 70)
    path = [*back[::-1], *[(300.0, 200.0)] * 50, *straight((300, 200), (300, 290), 180)]
    play(scene, {1: path})
    assert in_out(scene) == (1, 0)


@pytest.mark.parametrize("apart", [2, 6, 12, 30])
def test_two_lines_close_together_count_once_each(apart: float) -> None:
    second = Line("second", ((100, 240 + apart), (500, 240 + apart)), Unit.PX)
    scene = analytics(GATE, second)
    events = play(scene, {1: DOWN})
    assert (in_out(scene), in_out(scene, "second")) == ((1, 0), (1, 0))
    times = {e.detail["line"]: e.pts_ns for e in events}
    assert times["gate"] < times["second"]


def test_event_tells_the_moment_and_the_body() -> None:
    scene = analytics(GATE)
    spots = [(300.0, 200.0), (300.0, 230.0), (300.0, 270.0), (300.0, 300.0)]
    (event,) = play(scene, {7: list(spots)}, class_id=ObjectClass.TRUCK)
    assert event.pts_ns == STEP_NS + STEP_NS // 4
    assert event.wall_ns == event.pts_ns + WALL_NS
    assert (event.kind, event.camera_id, event.track_id) == ("line_crossed", "cam", 7)
    assert event.detail == {
        "line": "gate",
        "direction": "in",
        "class": "truck",
        "score": 0.8,
        "xyxy": [280.0, 210.0, 320.0, 270.0],
        "decided_after_s": 0.03,  # the picture after the crossing, three quarters of a step later
    }
    assert scene.counts().to_json() == {
        "lines": {"gate": {"in": {"total": 1, "truck": 1}, "out": {"total": 0}}},
        "zones": {},
    }


def test_predictions_never_count() -> None:
    scene = analytics(GATE)
    for k, spot in enumerate(DOWN):
        assert scene.update(frame([(1, spot)], k * STEP_NS, predicted=k >= 10)) == []
    assert in_out(scene) == (0, 0)


def test_unknown_frames_neither_age_nor_count() -> None:
    """Seen before the line, ten minutes of overload, seen behind the line: one crossing."""
    scene = analytics(GATE)
    play(scene, {1: DOWN[:8]}, finish=False)
    for k in range(8, 15_008):
        assert scene.update(frame([], k * STEP_NS, unknown=Unknown.OVERLOAD)) == []
    events = play(scene, {1: DOWN[-8:]}, start_ns=15_008 * STEP_NS)
    assert directions(events) == ["in"]


def test_same_id_twice_in_a_frame_counts_once() -> None:
    scene = analytics(GATE)
    for k, spot in enumerate(DOWN):
        scene.update(frame([(1, spot), (1, spot)], k * STEP_NS))
    assert in_out(scene) == (1, 0)


def test_repeated_and_late_frames_are_ignored() -> None:
    scene = analytics(GATE)
    events = []
    for k, spot in enumerate(DOWN):
        events += scene.update(frame([(1, spot)], k * STEP_NS))
        events += scene.update(frame([(1, UP[k])], k * STEP_NS))
        events += scene.update(frame([(1, UP[k])], (k - 2) * STEP_NS))
    assert directions(events) == ["in"]


def test_stream_that_begins_again_goes_on_counting() -> None:
    scene = analytics(GATE)
    play(scene, {1: DOWN}, start_ns=100 * 1_000_000_000)
    play(scene, {2: [(300, 180)] * 30 + DOWN})
    assert in_out(scene) == (2, 0)


def test_two_boxes_on_one_lorry_count_once() -> None:
    scene = analytics(GATE)
    whole, cab = straight((300, 180), (300, 300), 24), straight((305, 178), (305, 298), 24)
    for k in range(25):
        both = frame([(1, whole[k]), (2, cab[k])], k * STEP_NS, box_wh=(60, 90))
        both.xyxy[1] += [15, 40, -15, 0]
        scene.update(both)
    scene.finish()
    assert in_out(scene) == (1, 0)


def test_memory_forgets_ended_tracks() -> None:
    scene = analytics(GATE)
    for n in range(300):
        scene.update(frame([(n + 1, (300, 180 + n % 100))], n * STEP_NS * 25))
    assert len(scene._paths) <= 5
    assert len(scene._lines._side) == len(scene._zones._open) == len(scene._paths)


@pytest.mark.parametrize("anchor", list(Anchor), ids=str)
def test_anchor_decides_the_moment(anchor: Anchor) -> None:
    """A box of 60 px going down 5 px a frame: its top crosses 12 frames after its bottom."""
    scene = analytics(Line("gate", GATE.points, Unit.PX, anchor))
    (event,) = play(scene, {1: straight((300, 180), (300, 360), 36)})
    lag = {Anchor.BOTTOM_CENTRE: 0, Anchor.CENTRE: 6, Anchor.TOP_CENTRE: 12}[anchor]
    assert event.pts_ns == (12 + lag) * STEP_NS


coordinate = st.floats(0, 1).map(lambda v: round(v, 3))
point = st.tuples(coordinate.map(lambda v: 640 * v), coordinate.map(lambda v: 480 * v))


def _sides(a: Spot, b: Spot, p: tuple[Spot, Spot]) -> np.ndarray:
    (ax, ay), (bx, by) = a, b
    s = np.array([(bx - ax) * (y - ay) - (by - ay) * (x - ax) for x, y in p])
    return s / np.hypot(bx - ax, by - ay)


@settings(max_examples=150, deadline=None)
@given(a=point, b=point, p=point, q=point, steps=st.integers(1, 40), data=st.data())
def test_straight_paths_agree_with_exact_intersection(a, b, p, q, steps, data) -> None:
    if np.hypot(b[0] - a[0], b[1] - a[1]) < 20:
        return
    s = _sides(a, b, (p, q))
    t = _sides(p, q, (a, b)) if p != q else np.array([1.0, 1.0])
    if np.abs(s).min() < 7 or np.abs(t).min() < 0.01:
        return  # ends within the margin, or through the very end point: decided otherwise
    expected = (0, 0)
    if s[0] * s[1] < 0 and t[0] * t[1] < 0:
        expected = (1, 0) if s[1] > 0 else (0, 1)
    path = straight(p, q, steps)
    keep = [k for k in range(len(path)) if k in (0, steps) or data.draw(st.booleans())]
    step_ns = data.draw(st.sampled_from([1_000_000, 40_000_000, 400_000_000, 1_000_000_000]))

    def counted(line: Line, spots: list[int], step_ns: int = STEP_NS) -> tuple[int, int]:
        scene = analytics(line)
        for k in spots:
            scene.update(frame([(1, path[k])], k * step_ns, box_wh=(30, 60)))
        scene.finish()
        return in_out(scene)

    line = Line("gate", (a, b), Unit.PX)
    everything = list(range(len(path)))
    assert counted(line, everything) == expected
    assert counted(Line("gate", (b, a), Unit.PX), everything) == expected[::-1]
    assert counted(line, keep) == expected, "frames dropped"
    assert counted(line, everything, step_ns) == expected, "time stretched"
