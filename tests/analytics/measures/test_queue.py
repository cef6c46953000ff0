"""Queues: who is in it, from where to where, and that it neither flickers nor tears."""

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from its_camera_ai.analytics.measures.queue import (
    VISSIM,
    QueueRule,
    Queues,
    queue_statistics,
    step,
    step_frame,
)
from its_camera_ai.core.errors import MeasureInvalid
from its_camera_ai.core.road_users import RoadFrame
from its_camera_ai.core.tracks import Unknown


@dataclass(frozen=True)
class Car:
    """On a lane of 100 m: front at ``along_m``."""

    id: int
    along_m: float
    kmh: float = 0.0
    length_m: float = 4.0
    lane: int = 0


def after(before: Queues, *cars: Car, rule: QueueRule = VISSIM) -> Queues:
    return step(
        before,
        track_id=np.array([c.id for c in cars], np.int64),
        lane=np.array([c.lane for c in cars], np.int16),
        along_m=np.array([c.along_m for c in cars], np.float64),
        length_m=np.array([c.length_m for c in cars], np.float64),
        speed_mps=np.array([c.kmh / 3.6 for c in cars], np.float64),
        rule=rule,
    )


NOBODY = Queues.none(1)
FIVE_AND_A_HALF_KMH = 5.5


@pytest.mark.parametrize(
    ("cars", "vehicles", "length_m"),
    [
        pytest.param((), 0, 0, id="nobody"),
        pytest.param((Car(1, 100),), 1, 4, id="one waits"),
        pytest.param((Car(1, 100), Car(2, 94), Car(3, 88)), 3, 16, id="three"),
        pytest.param((Car(3, 88), Car(1, 100), Car(2, 94)), 3, 16, id="in any order"),
        pytest.param((Car(1, 100), Car(2, 94, kmh=30), Car(3, 88)), 2, 16, id="one drives between"),
        pytest.param((Car(1, 100), Car(2, 76)), 2, 28, id="20 m apart: still one"),
        pytest.param((Car(1, 100), Car(2, 75.9)), 1, 4, id="more than 20 m: two queues"),
        pytest.param((Car(1, 100), Car(2, 40), Car(3, 34)), 2, 10, id="the longer one counts"),
        pytest.param((Car(1, 100), Car(2, 94, length_m=np.nan)), 2, 10.5, id="length unknown"),
        pytest.param((Car(1, 100, kmh=5.1),), 0, 0, id="too fast to join"),
        pytest.param((Car(1, 100, length_m=18), Car(2, 96)), 2, 18, id="a short one overlaps"),
    ],
)
def test_one_instant(cars: tuple[Car, ...], vehicles: int, length_m: float) -> None:
    found = after(NOBODY, *cars)
    assert found.vehicles[0] == vehicles
    assert found.length_m[0] == pytest.approx(length_m, abs=1e-9)


def test_of_two_equal_queues_the_one_downstream_counts() -> None:
    assert after(NOBODY, Car(2, 40), Car(1, 100)).head_m[0] == 100


def test_one_joins_below_5_and_leaves_above_10() -> None:
    """A creeping queue does not flicker: between the two speeds it stays what it was."""
    speeds_kmh = [12, 7, 4.9, 7, 9.9, 10, 10.1, 7, 4.9]
    queued = [0, 0, 1, 1, 1, 1, 0, 0, 1]
    state, found = NOBODY, []
    for kmh in speeds_kmh:
        state = after(state, Car(1, 100, kmh))
        found.append(int(state.vehicles[0]))
    assert found == queued


def test_lanes_do_not_mix() -> None:
    cars = (Car(1, 100), Car(2, 94, lane=2), Car(3, 88, lane=2), Car(4, 50, kmh=60, lane=1))
    found = after(Queues.none(4), *cars)
    assert found.vehicles.tolist() == [1, 0, 2, 0]
    np.testing.assert_allclose(found.length_m, [4, 0, 10, 0])
    np.testing.assert_array_equal(np.isnan(found.head_m), [False, True, False, True])
    assert found.queued.tolist() == [1, 2, 3]


def test_a_queue_grows_and_dissolves_from_the_front() -> None:
    state = after(NOBODY, Car(1, 100), Car(2, 94), Car(3, 80, kmh=30))
    state = after(state, Car(1, 100), Car(2, 94), Car(3, 88))
    assert state.length_m[0] == 16
    state = after(state, Car(1, 104, kmh=15), Car(2, 94), Car(3, 88))
    assert (state.head_m[0], state.tail_m[0]) == (94, 84)


ROWS = st.lists(
    st.builds(
        Car,
        st.integers(1, 12),
        st.floats(0, 300),
        st.floats(0, 15),
        st.floats(2, 20),
        st.integers(0, 2),
    ),
    unique_by=lambda car: car.id,
    max_size=12,
)


@given(ROWS, ROWS)
def test_what_must_hold_of_any_queue(first: list[Car], second: list[Car]) -> None:
    found = after(after(Queues.none(3), *first), *second)
    there = {car.id: car for car in second}
    assert set(found.queued.tolist()) <= set(there)
    assert {c.id for c in second if c.kmh < 5} <= set(found.queued.tolist())
    assert not {c.id for c in second if c.kmh > 10.001} & set(found.queued.tolist())
    for lane in range(3):
        here = [there[i] for i in found.queued.tolist() if there[i].lane == lane]
        assert found.vehicles[lane] <= len(here)
        assert (found.vehicles[lane] > 0) == bool(here)
        assert found.length_m[lane] >= max((0.0, *(c.length_m for c in here))) - 1e-9
        if here:
            assert found.head_m[lane] <= max(c.along_m for c in here)
            assert found.tail_m[lane] >= min(c.along_m - c.length_m for c in here)


def frame(unknown: Unknown | None = None, *, valid: bool = True, lane: int = 0) -> RoadFrame:
    """One car that stands at 100 m."""
    one = np.ones(1)
    return RoadFrame(
        camera_id="c",
        pts_ns=0,
        wall_ns=0,
        unknown=unknown,
        looks_per_s=10.0,
        track_id=np.array([1], np.int64),
        class_id=np.array([3], np.int8),
        class_share=one,
        observed=np.array([False]),
        valid=np.array([valid]),
        xyxy=np.zeros((1, 4), np.float32),
        xy_m=np.zeros((1, 2)),
        velocity_mps=np.zeros((1, 2)),
        position_sd_m=one,
        speed_sd_mps=one,
        heading_rad=one,
        length_m=np.array([np.nan]),
        width_m=one,
        lane=np.array([lane], np.int16),
        along_m=np.array([100.0]),
        seen_s=one,
    )


def test_a_frame_gives_its_rows_with_a_lane_and_a_valid_place() -> None:
    assert step_frame(NOBODY, frame()).length_m[0] == VISSIM.unknown_length_m
    assert step_frame(NOBODY, frame(valid=False)).vehicles[0] == 0
    assert step_frame(NOBODY, frame(lane=-1)).vehicles[0] == 0


def test_a_frame_that_was_not_looked_at_changes_nothing() -> None:
    queue = after(NOBODY, Car(7, 100), Car(8, 94))
    assert step_frame(queue, frame(unknown=next(iter(Unknown)))) is queue


def test_impossible_values_are_refused() -> None:
    with pytest.raises(MeasureInvalid, match="speed"):
        after(NOBODY, Car(1, 100, kmh=-3))
    with pytest.raises(MeasureInvalid, match="length"):
        after(NOBODY, Car(1, 100, length_m=-4))
    with pytest.raises(MeasureInvalid, match="along the lane"):
        after(NOBODY, Car(1, np.nan))


@pytest.mark.parametrize(
    "rule",
    [{"begin_kmh": 12.0}, {"begin_kmh": 0.0}, {"clearance_m": 0.0}, {"unknown_length_m": -1.0}],
    ids=lambda rule: next(iter(rule)),
)
def test_a_rule_must_make_sense(rule: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="A queue's"):
        QueueRule(**rule)


def test_statistics_are_over_time_not_over_looks() -> None:
    found = queue_statistics([0, 40, 10, 90], [50, 30, 16, 4])
    assert found is not None
    assert found.mean_m == pytest.approx(17.2, rel=1e-12)
    assert (found.max_m, found.p95_m) == (90, 40)
    assert queue_statistics([], []) is None
    assert queue_statistics([5], [0]) is None
