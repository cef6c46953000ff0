"""Heat maps keep every second."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from its_camera_ai.analytics.measures.heat_map import Grid, HeatMap
from its_camera_ai.core.errors import MeasureInvalid


def test_seconds_land_in_their_cells() -> None:
    heat = HeatMap(Grid((10.0, 0.0), 5.0, 3, 2))
    heat.add(np.array([[10.0, 0.0], [14.9, 4.9], [24.9, 9.9], [25.0, 0.0]]), 0.5)
    heat.add(np.array([[10.0, 5.0]]), [2.0])
    np.testing.assert_allclose(heat.seconds, [[1.0, 0, 0], [2.0, 0, 0.5]])
    assert heat.outside_s == 0.5


@given(arrays(np.float64, (20, 2), elements=st.floats(-50, 150)), st.floats(0, 3))
def test_no_second_is_lost(places: np.ndarray, time_s: float) -> None:
    heat = HeatMap(Grid.over((0.0, 0.0), (100.0, 60.0), 7.0))
    heat.add(places, time_s)
    assert heat.seconds.sum() + heat.outside_s == pytest.approx(20 * time_s, rel=1e-9)


def test_a_place_that_is_no_number_is_outside() -> None:
    heat = HeatMap(Grid((0.0, 0.0), 1.0, 1, 1))
    heat.add(np.array([[np.nan, 0.5]]), 1.0)
    assert (heat.seconds.sum(), heat.outside_s) == (0.0, 1.0)


def test_the_grid_covers_what_it_was_asked_to() -> None:
    grid = Grid.over((-5.0, 0.0), (5.0, 9.0), 4.0)
    assert (grid.columns, grid.rows) == (3, 3)
    with pytest.raises(ValueError, match="size above 0"):
        Grid((0.0, 0.0), 0.0, 1, 1)


def test_negative_time_is_refused() -> None:
    with pytest.raises(MeasureInvalid, match="time"):
        HeatMap(Grid((0.0, 0.0), 1.0, 1, 1)).add(np.zeros((1, 2)), -1.0)
