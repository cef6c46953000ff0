"""Impossible values are refused with their reason."""

import pytest

from its_camera_ai.analytics.measures.plausible import checked, checked_one, speed_problem
from its_camera_ai.core.errors import MeasureInvalid


@pytest.mark.parametrize(
    ("kmh", "word"),
    [(-0.1, "negative"), (301, "above 300"), (float("nan"), "no number")],
    ids=["negative", "too fast", "nan"],
)
def test_why_a_speed_cant_be(kmh: float, word: str) -> None:
    assert word in speed_problem(kmh)


@pytest.mark.parametrize("kmh", [0.0, 50.0, 300.0])
def test_a_speed_that_can_be(kmh: float) -> None:
    assert speed_problem(kmh) == ""


def test_the_message_names_the_first_bad_value_and_the_bounds() -> None:
    with pytest.raises(MeasureInvalid, match=r"share of 1\.5 .* between 0 and 1"):
        checked([0.2, 1.5, 7.0], "share", high=1.0)
    with pytest.raises(MeasureInvalid, match=r"count of -2 .* at least 0"):
        checked_one(-2, "count")
