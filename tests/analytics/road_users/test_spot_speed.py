"""Intervals and the reasons why there is no speed."""

import numpy as np
import pytest

from its_camera_ai.analytics.road_users.config import RoadUsersConfig
from its_camera_ai.analytics.road_users.path_fit import SPEED, PathFit
from its_camera_ai.analytics.road_users.spot_speed import spot_speed

CONFIG = RoadUsersConfig()


def fit(mps: float, sd_mps: float, freedom: float = 1e6) -> PathFit:
    state, covariance = np.zeros((1, 9)), np.zeros((1, 9, 9))
    state[0, SPEED], covariance[0, SPEED, SPEED] = mps, sd_mps**2
    return PathFit(state, covariance, np.array([freedom]), np.ones(1))


def test_the_interval_is_that_of_student() -> None:
    found = spot_speed(fit(20.0, 0.5, freedom=5.0), 0, 0.0, CONFIG).estimate
    assert found is not None
    assert found.kmh == pytest.approx(72)
    assert found.high_kmh - 72 == pytest.approx(2.570582 * 0.5 * 3.6, rel=1e-5)  # t table, 5 d.f.
    assert 72 - found.low_kmh == pytest.approx(found.high_kmh - 72)


def test_the_scale_is_added_in_quadrature() -> None:
    found = spot_speed(fit(20.0, 0.3), 0, 0.02, CONFIG).estimate
    assert found is not None
    assert found.high_kmh - 72 == pytest.approx(1.959964 * 0.5 * 3.6, rel=1e-4)


def test_a_speed_is_never_below_0() -> None:
    found = spot_speed(fit(0.5, 0.5), 0, 0.0, CONFIG).estimate
    assert found is not None
    assert found.low_kmh == 0


@pytest.mark.parametrize(
    ("mps", "sd_mps", "words"),
    [
        (90.0, 0.5, "impossible: 324 km/h is above 300 km/h"),
        (20.0, 4.0, "too uncertain: 72 ± 28 km/h"),
        (np.nan, 0.5, "no speed fits the sightings"),
        (20.0, np.nan, "no speed fits the sightings"),
    ],
    ids=["impossible", "uncertain", "no fit", "no spread"],
)
def test_why_there_is_none(mps: float, sd_mps: float, words: str) -> None:
    found = spot_speed(fit(mps, sd_mps), 0, 0.0, CONFIG)
    assert found.estimate is None
    assert found.problem == words
