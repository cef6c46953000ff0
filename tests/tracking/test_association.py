"""Pairing: as cheap as it can be, and never a pair that is out of the question."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from its_camera_ai.core.detections import ObjectClass
from its_camera_ai.tracking.association import assign, costs
from its_camera_ai.tracking.config import TrackerConfig


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 4), st.integers(0, 4), st.integers(0, 10**6))
def test_assign_is_as_cheap_as_the_best_of_all_pairings(n: int, m: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    cost = rng.uniform(0, 1.6, (n, m))
    cost[rng.random((n, m)) < 0.2] = np.inf
    rows, columns = assign(cost)
    assert len(set(rows.tolist())) == len(rows)
    assert len(set(columns.tolist())) == len(columns)
    assert (cost[rows, columns] < 1).all()
    gain = float((1 - cost[rows, columns]).sum())
    best = 0.0
    for size in range(min(n, m) + 1):
        for some in itertools.combinations(range(n), size):
            for others in itertools.permutations(range(m), size):
                pairs = cost[list(some), list(others)]
                if (pairs < 1).all():
                    best = max(best, float((1 - pairs).sum()))
    assert gain == pytest.approx(best)


@pytest.mark.parametrize(
    ("first", "second", "possible"),
    [
        (ObjectClass.CAR, ObjectClass.TRUCK, True),
        (ObjectClass.PERSON, ObjectClass.BICYCLE, True),
        (ObjectClass.CAR, ObjectClass.OTHER, True),
        (ObjectClass.CAR, ObjectClass.PERSON, False),
        (ObjectClass.ANIMAL, ObjectClass.BUS, False),
    ],
)
def test_class_decides_what_can_be_one_body(
    first: ObjectClass, second: ObjectClass, possible: bool
) -> None:
    box = np.array([[10.0, 10.0, 50.0, 60.0]])
    cost = costs(
        box, np.array([first]), np.array([1.0]), box, np.array([second], np.int8), TrackerConfig()
    )
    assert bool(cost[0, 0] < 1) is possible


def test_pairs_out_of_reach_are_left_out_and_no_others() -> None:
    """A row of boxes: the gate of one box height and the overlap's weight reach so far."""
    config = TrackerConfig()
    lefts = np.arange(0, 400, 10.0)
    row = np.stack([lefts, np.zeros(40), lefts + 40, np.full(40, 50.0)], axis=1)
    cars = np.full(40, ObjectClass.CAR)
    cost = costs(row, cars, np.ones(40), row, cars.astype(np.int8), config)
    away_h = np.abs(lefts[:, None] - lefts) / 50
    assert (np.isfinite(cost) == (away_h < 1 + config.iou_weight)).all()
    np.testing.assert_allclose(np.diagonal(cost), 0)
    assert (cost == cost.T).all()


def test_cost_is_the_same_at_any_scale() -> None:
    track, found = np.array([[10.0, 10.0, 50.0, 60.0]]), np.array([[20.0, 15.0, 62.0, 68.0]])
    car, reach = np.array([ObjectClass.CAR]), np.array([1.0])
    small = costs(track, car, reach, found, car.astype(np.int8), TrackerConfig())
    large = costs(track * 8, car, reach, found * 8, car.astype(np.int8), TrackerConfig())
    np.testing.assert_allclose(small, large)
