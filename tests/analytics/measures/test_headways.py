"""Headways and gaps."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from its_camera_ai.analytics.measures import flow, headways
from its_camera_ai.core.errors import MeasureInvalid


def test_hand_values() -> None:
    np.testing.assert_allclose(headways.headways_s([0, 2, 5.5]), [2, 3.5], rtol=1e-12)
    assert headways.headways_s([7.0]).size == 0
    assert headways.mean_headway_s(1800) == 2.0
    assert headways.mean_headway_s(0) is None
    assert headways.gap_s(2.0, 4.5, 90) == pytest.approx(2.0 - 0.18, rel=1e-12)
    assert headways.gap_s(2.0, 4.5, 0) is None


@given(st.lists(st.floats(0.1, 60), min_size=1, max_size=50))
def test_the_mean_headway_is_the_inverse_of_the_flow(steps: list[float]) -> None:
    passed = np.concatenate([[0.0], np.cumsum(steps)])
    rate = flow.flow_rate_vph(len(steps), float(passed[-1]))
    assert rate is not None
    mean_s = float(headways.headways_s(passed).mean())
    assert headways.mean_headway_s(rate) == pytest.approx(mean_s, rel=1e-9)


def test_impossible_values() -> None:
    with pytest.raises(MeasureInvalid, match="headway"):
        headways.headways_s([3, 2])
    with pytest.raises(MeasureInvalid, match="gap"):
        headways.gap_s(0.5, 18, 36)
    with pytest.raises(MeasureInvalid, match="length"):
        headways.gap_s(0.5, 80, 36)
