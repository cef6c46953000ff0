"""Visits: when one begins, when it ends, and what must not end it."""

import pytest

from its_camera_ai.core.events import Event, EventKind
from its_camera_ai.core.picture_points import Unit
from its_camera_ai.core.scene import Zone
from its_camera_ai.core.tracks import Unknown
from tests.analytics.playback import (
    PLAZA,
    STEP_NS,
    Spot,
    analytics,
    frame,
    play,
    straight,
)

S = 1_000_000_000
INTO = straight((100, 200), (300, 200), 40)
OUT = straight((300, 200), (500, 200), 40)
STAY: list[Spot] = [(300.0, 200.0)] * 50
EDGE: list[Spot] = [(200 + 3 * (-1) ** k, 200) for k in range(60)]


def kinds(events: list[Event]) -> list[str]:
    return [e.kind.value.removeprefix("zone_") for e in events]


PATHS: dict[str, tuple[list[Spot], list[str], int]] = {
    "in and out": ([*INTO, *STAY, *OUT, *OUT[-1:] * 20], ["entered", "left"], 0),
    "in and staying": ([*INTO, *STAY], ["entered"], 1),
    "passing by": (straight((100, 60), (500, 60), 80), [], 0),
    "jitter on the edge": (EDGE, [], 0),
    "comes in with jitter": (
        [(150 + 2 * k + 3 * (-1) ** k, 200) for k in range(60)],
        ["entered"],
        1,
    ),
    "inside, jitter on the edge, back inside": (
        [
            *INTO,
            *straight((300, 200), (203, 200), 20),
            *EDGE,
            *straight((203, 200), (300, 200), 20),
        ],
        ["entered"],
        1,
    ),
    "steps out for a moment": (
        [*INTO, *STAY, (420, 200), (425, 200), (420, 200), *STAY],
        ["entered"],
        1,
    ),
    "born inside": (STAY, ["entered"], 1),
    "a glance inside": ([(100, 200), (202, 200), (100, 200), *[(100.0, 200.0)] * 30], [], 0),
    "waits just inside the edge": ([(202, 200)] * 60, ["entered"], 1),
    "waits just outside the edge": ([*INTO, *[(402.0, 200.0)] * 60], ["entered", "left"], 0),
}


@pytest.mark.parametrize(
    ("path", "expected", "occupancy"),
    list(PATHS.values()),
    ids=[name.replace(" ", "-") for name in PATHS],
)
def test_visits(path: list[Spot], expected: list[str], occupancy: int) -> None:
    scene = analytics(PLAZA)
    assert kinds(play(scene, {1: path})) == expected
    counts = scene.counts().zones["plaza"]
    assert (counts.entered.total, counts.left.total) == (
        expected.count("entered"),
        expected.count("left"),
    )
    assert counts.occupancy == occupancy


@pytest.mark.parametrize("step_ns", [S // 25, S // 8, S // 5, S // 3], ids=["25", "8", "5", "3"])
def test_dwell_is_stream_time_whatever_the_rate(step_ns: int) -> None:
    """100 px/s through a zone 200 px wide: two seconds."""
    scene = analytics(PLAZA)
    steps = 6 * S // step_ns
    events = play(
        scene, {1: [(60 + 100 * k * step_ns / S, 200) for k in range(steps)]}, step_ns=step_ns
    )
    assert kinds(events) == ["entered", "left"]
    assert events[0].pts_ns / S == pytest.approx(1.4, abs=0.01)
    assert events[1].pts_ns / S == pytest.approx(3.4, abs=0.01)
    assert events[1].detail["dwell_s"] == pytest.approx(2.0, abs=0.01)


def test_visit_of_one_look_counts_where_its_time_is_proven() -> None:
    """Seen outside, inside, outside, half a second apart: inside for 0.5 s by interpolation."""
    scene = analytics(PLAZA)
    path: list[Spot] = [(100, 200), (300, 200), (500, 200), (500, 200), (500, 200)]
    assert kinds(play(scene, {1: path}, step_ns=S // 2)) == ["entered", "left"]


def test_unknown_frames_never_end_a_visit() -> None:
    scene = analytics(PLAZA)
    play(scene, {1: [*INTO, *STAY]}, finish=False)
    start = len(INTO) + len(STAY)
    for k in range(start, start + 5000):
        assert scene.update(frame([], k * STEP_NS, unknown=Unknown.DETECTOR_DOWN)) == []
    assert scene.counts().zones["plaza"].occupancy == 1
    events = play(scene, {1: [*OUT, *OUT[-1:] * 20]}, start_ns=(start + 5000) * STEP_NS)
    assert kinds(events) == ["left"]
    assert float(str(events[0].detail["dwell_s"])) > 200


def test_time_without_frames_ages_little() -> None:
    scene = analytics(PLAZA)
    play(scene, {1: [*INTO, *STAY]}, finish=False)
    assert scene.update(frame([(1, (300, 200))], 3600 * S)) == []
    assert scene.counts().zones["plaza"].occupancy == 1


def test_track_that_ends_inside_leaves_after_the_grace_time_at_its_last_sighting() -> None:
    scene = analytics(PLAZA)
    play(scene, {1: [*INTO, *STAY]}, finish=False)
    last = (len(INTO) + len(STAY) - 1) * STEP_NS
    events = []
    for k in range(1, 120):
        found = scene.update(frame([], last + k * STEP_NS))
        if found:
            assert k * STEP_NS >= 3 * S
        events += found
    assert kinds(events) == ["left"]
    assert events[0].pts_ns == last
    assert scene.counts().zones["plaza"].occupancy == 0


def test_found_again_in_time_continues_the_visit() -> None:
    scene = analytics(PLAZA)
    events = play(scene, {1: [*INTO, *STAY, *[None] * 60, *STAY, *OUT, *OUT[-1:] * 20]})
    assert kinds(events) == ["entered", "left"]


def test_broken_track_continues_the_visit() -> None:
    """Walking on under a new id is one visit."""
    scene = analytics(PLAZA)
    walk = straight((100, 200), (500, 200), 100)
    events = play(scene, {1: walk[:50], 2: [*[None] * 53, *walk[53:], *walk[-1:] * 20]})
    assert kinds(events) == ["entered", "left"]
    assert events[1].detail["dwell_s"] == pytest.approx(50 * STEP_NS / S, abs=0.02)


def test_two_zones_and_many_visitors() -> None:
    second = Zone("yard", ((450, 100), (600, 100), (600, 300), (450, 300)), Unit.PX)
    scene = analytics(PLAZA, second)
    paths = {n: straight((60, 120 + 20 * n), (560, 120 + 20 * n), 120) for n in range(1, 9)}
    events = play(scene, paths, class_id=0)
    assert scene.counts().to_json()["zones"] == {
        "plaza": {
            "occupancy": 0,
            "entered": {"total": 8, "person": 8},
            "left": {"total": 8, "person": 8},
        },
        "yard": {"occupancy": 8, "entered": {"total": 8, "person": 8}, "left": {"total": 0}},
    }
    assert sum(e.kind is EventKind.ZONE_ENTERED for e in events) == 16


def test_concave_zone_and_small_zone() -> None:
    """A notch is outside; in a zone of 12 px one can still be clearly inside."""
    notch = Zone(
        "u",
        (
            (100, 100),
            (300, 100),
            (300, 300),
            (230, 300),
            (230, 150),
            (170, 150),
            (170, 300),
            (100, 300),
        ),
        Unit.PX,
    )
    small = Zone("small", ((400, 194), (412, 194), (412, 206), (400, 206)), Unit.PX)
    scene = analytics(notch, small)
    play(scene, {1: [(200.0, 250.0)] * 60, 2: [(406.0, 200.0)] * 20})
    assert scene.counts().zones["u"].entered.total == 0
    assert scene.counts().zones["small"].entered.total == 1


def test_picture_of_another_size_closes_visits_and_goes_on() -> None:
    scene = analytics(Zone("all", ((0.1, 0.1), (0.9, 0.1), (0.9, 0.9), (0.1, 0.9))))
    play(scene, {1: STAY}, finish=False)
    other = frame([(2, (700, 500))], 100 * S)
    object.__setattr__(other, "size_wh", (1280, 960))
    assert kinds(scene.update(other)) == ["left"]
    assert scene.counts().zones["all"].occupancy == 0
