"""Travel time and speed between two lines."""

import numpy as np
import pytest

from its_camera_ai.analytics.trips.gates import GateBook, gate_length
from its_camera_ai.core.ground import GroundPlane
from its_camera_ai.core.picture_points import Unit
from its_camera_ai.core.road import Gate
from its_camera_ai.core.scene import Line, Scene
from tests.analytics.trips.junction import WALL_NS, S, passage, side

LINES = (
    Line("first", ((100, 100), (300, 100)), Unit.PX),
    Line("second", ((100, 300), (300, 300)), Unit.PX),
)
METRE_GATE = Gate("gate", side("first:in"), side("second:in"), 50.0)
OPEN_GATE = Gate("gate", side("first:in"), side("second:in"))


def plane(valid_until_y: float = 480.0, scale_sd: float = 0.0) -> GroundPlane:
    """A tenth of a metre per pixel, seen from straight above."""
    valid = np.array([(0, 0), (640, 0), (640, valid_until_y), (0, valid_until_y)], np.float64)
    return GroundPlane((640, 480), np.diag([0.1, 0.1, 1.0]), valid, scale_sd=scale_sd)


def book(gate: Gate = METRE_GATE, ground: GroundPlane | None = None, **kw: float) -> GateBook:
    return GateBook("cam", Scene(LINES, gates=(gate,)), ground, **kw)


def test_a_run_tells_time_and_speed() -> None:
    gates = book()
    assert gates.passage(passage("first:in", 10.0)) == []
    (run,) = gates.passage(passage("second:in", 12.5))
    assert (run.gate, run.track_id, run.travel_s) == ("gate", 1, 2.5)
    assert (run.entered_wall_ns, run.left_wall_ns) == (WALL_NS + 10 * S, WALL_NS + 12.5 * S)
    assert run.speed is not None
    assert run.speed.kmh == pytest.approx(72.0, abs=1e-9)
    assert run.speed_problem == ""


def test_interval_holds_timing_and_scale() -> None:
    gates = book(OPEN_GATE, plane(scale_sd=0.03), crossing_sd_s=0.02)
    gates.passage(passage("first:in", 0.0))
    (run,) = gates.passage(passage("second:in", 1.0))
    share = 1.959964 * (2 * 0.02**2 + 0.03**2) ** 0.5
    assert run.speed is not None
    assert run.speed.kmh == pytest.approx(72.0)
    assert run.speed.low_kmh == pytest.approx(72.0 * (1 - share))
    assert run.speed.high_kmh == pytest.approx(72.0 * (1 + share))


def test_interval_covers_the_truth_as_often_as_it_says() -> None:
    rng = np.random.default_rng(5)
    inside = 0
    for _ in range(2000):
        gates = book(crossing_sd_s=0.02)
        jitter = rng.normal(0, 0.02, 2)
        gates.passage(passage("first:in", 10.0 + jitter[0]))
        (run,) = gates.passage(passage("second:in", 12.0 + jitter[1]))
        assert run.speed is not None
        inside += run.speed.low_kmh <= 90.0 <= run.speed.high_kmh
    assert 0.93 <= inside / 2000 <= 0.97


@pytest.mark.parametrize(
    ("crossings", "travels_s"),
    [
        ([("second:in", 1.0)], []),
        ([("second:in", 1.0), ("first:in", 3.0)], []),
        ([("first:out", 1.0), ("second:in", 3.0)], []),
        ([("first:in", 1.0), ("first:out", 2.0), ("first:in", 5.0), ("second:in", 7.0)], [2.0]),
        ([("first:in", 1.0), ("second:in", 3.0), ("second:in", 9.0)], [2.0]),
        ([("first:in", 1.0), ("second:in", 3.0), ("first:in", 20.0), ("second:in", 23.0)], [2, 3]),
    ],
    ids=["no entry", "backwards", "wrong side", "came again", "twice over the end", "two rounds"],
)
def test_which_crossings_make_a_run(
    crossings: list[tuple[str, float]], travels_s: list[float]
) -> None:
    gates = book()
    runs = [run for text, at_s in crossings for run in gates.passage(passage(text, at_s))]
    assert [run.travel_s for run in runs] == travels_s


@pytest.mark.parametrize(
    ("gate", "ground", "travel_s", "problem"),
    [
        (OPEN_GATE, None, 2.0, "no length"),
        (OPEN_GATE, plane(valid_until_y=200), 2.0, "outside the calibrated area"),
        (METRE_GATE, None, 0.5, "impossible: 360 km/h"),
        (Gate("gate", side("first:in"), side("second:in"), 2.0), None, 0.1, "too short"),
    ],
    ids=["no length", "outside", "too fast", "too short"],
)
def test_no_speed_without_a_reason(
    gate: Gate, ground: GroundPlane | None, travel_s: float, problem: str
) -> None:
    gates = book(gate, ground)
    gates.passage(passage("first:in", 0.0))
    (run,) = gates.passage(passage("second:in", travel_s))
    assert run.travel_s == travel_s
    assert run.speed is None
    assert problem in run.speed_problem


def test_an_id_that_changes_between_the_lines() -> None:
    gates = book()
    gates.passage(passage("first:in", 1.0))
    gates.joined(1, 2)
    (run,) = gates.passage(passage("second:in", 3.0, track_id=2))
    assert (run.travel_s, run.track_id) == (2.0, 2)


def test_ended_ones_are_forgotten() -> None:
    gates = book()
    gates.passage(passage("first:in", 1.0))
    gates.ended(1)
    assert gates.passage(passage("second:in", 3.0)) == []
    assert not gates._entered


def test_length_is_its_own_or_that_between_the_middles() -> None:
    scene = Scene(LINES, gates=(OPEN_GATE,))
    assert gate_length(OPEN_GATE, scene, plane(scale_sd=0.02)) == (pytest.approx(20.0), 0.02, "")
    assert gate_length(METRE_GATE, scene, plane(scale_sd=0.02)) == (50.0, 0.0, "")
