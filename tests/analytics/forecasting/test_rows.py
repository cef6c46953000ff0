"""From interval rows to a history: what is missing is unknown, never 0."""

from collections import Counter

import numpy as np

from its_camera_ai.analytics.forecasting.history import Quantity
from its_camera_ai.analytics.forecasting.rows import history_of
from its_camera_ai.analytics.measures.speeds import moments_of
from its_camera_ai.core.intervals import IntervalRow, Place, PlaceKind, Tally

STEP_NS = 900 * 10**9
LINE = Place(PlaceKind.LINE, "gate")


def row(k: int, cars: int, looked_s: float = 900.0, length_s: int = 900) -> IntervalRow:
    speed = moments_of([40.0, 60.0]) if cars else moments_of([])
    tally = Tally(volume=Counter(car=cars), speed=speed, looked_s=looked_s)
    return IntervalRow("cam", LINE, k * STEP_NS, length_s, tally)


ROWS = [
    row(4, 50),
    row(2, 36, looked_s=810.0),
    row(3, 20, looked_s=700.0),
    row(5, 0),
    row(9, 99),
    row(1, 7, length_s=60),
    row(0, 5),
]


def test_volumes() -> None:
    """A tenth missing is made up for; more than a fifth, or no row at all, is unknown."""
    history = history_of(ROWS, STEP_NS, 7 * STEP_NS)
    np.testing.assert_allclose(history.values, [np.nan, 40, np.nan, 50, 0, np.nan], rtol=1e-12)
    assert (history.start_wall_ns, history.step_s) == (STEP_NS, 900)


def test_speeds_are_space_means() -> None:
    history = history_of(ROWS, STEP_NS, 7 * STEP_NS, quantity=Quantity.SPEED)
    expected = [np.nan, 48, np.nan, 48, np.nan, np.nan]
    np.testing.assert_allclose(history.values, expected, rtol=1e-12)
