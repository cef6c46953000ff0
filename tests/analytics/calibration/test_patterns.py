"""Known markings become pairs, and the pairs the plane."""

import numpy as np
import pytest

from its_camera_ai.analytics.calibration.patterns import (
    LANE_MARKINGS,
    Crosswalk,
    LaneMarking,
    MarkedLine,
    lane_pairs,
)
from its_camera_ai.analytics.calibration.solving import solve
from its_camera_ai.core.calibration import Calibration
from its_camera_ai.core.errors import CalibrationInvalid
from its_camera_ai.core.picture_points import Point, Unit
from tests.analytics.calibration.views import SIZE_WH, seen

ORIGIN = np.array([-3.0, 18.0])


def picture(*world: tuple[float, float]) -> list[Point | None]:
    """Where the camera shows places that are given from the pattern's own origin."""
    return [(float(u), float(v)) for u, v in seen(np.asarray(world) + ORIGIN)]


def off_m(pairs: tuple) -> float:
    plane = solve(Calibration(pairs, unit=Unit.PX), SIZE_WH).plane
    at = np.array([[1.5, 2.0], [3.0, 10.0]])
    return float(np.abs(plane.to_world(seen(at + ORIGIN)) - at).max())


def test_a_zebra_crossing_with_a_hidden_corner_gives_the_plane() -> None:
    xs = [0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5]
    near, far = picture(*((x, 0.0) for x in xs)), picture(*((x, 4.0) for x in xs))
    near[3] = None
    pairs = Crosswalk(0.5, 0.5, 4.0).pairs(near, far)
    assert len(pairs) == 15
    assert pairs[3].name == "bar 3, near left"
    assert pairs[3].world == (2.0, 0.0)
    assert off_m(pairs) < 1e-8


def test_broken_lines_give_the_plane() -> None:
    us = LANE_MARKINGS["us"]
    module = us.mark_m + us.gap_m
    ends = [y for k in range(3) for y in (k * module, k * module + us.mark_m)]
    left = picture(*((0.0, y) for y in ends))
    right = picture(*((3.6, y + 2.0) for y in ends))
    right[1] = None
    pairs = lane_pairs(us, [MarkedLine(left, 0.0), MarkedLine(right, 3.6, ahead_m=2.0)])
    assert len(pairs) == 11
    assert pairs[7].name == "line 2, beginning of mark 2"
    assert off_m(pairs) < 1e-8


def test_every_marking_of_the_table_names_its_source() -> None:
    for marking in LANE_MARKINGS.values():
        assert "mark" in marking.source or "segment" in marking.source
        assert 0 < marking.mark_m < marking.gap_m


TWO = [(10.0, 10.0), (20.0, 10.0)]


@pytest.mark.parametrize(
    ("make", "said"),
    [
        pytest.param(lambda: Crosswalk(0, 0.5, 4), "stripe_m", id="no stripe"),
        pytest.param(lambda: Crosswalk(0.5, 0.5, float("nan")), "length_m", id="no length"),
        pytest.param(lambda: LaneMarking(3, -1), "gap_m", id="negative gap"),
        pytest.param(
            lambda: Crosswalk(0.5, 0.5, 4).pairs(TWO, [None, TWO[0]]), "far edge", id="one corner"
        ),
        pytest.param(
            lambda: lane_pairs(LaneMarking(3, 6), [MarkedLine(TWO, 0)]), "two lines", id="one line"
        ),
        pytest.param(
            lambda: lane_pairs(LaneMarking(3, 6), [MarkedLine(TWO, 0), MarkedLine([None], 3)]),
            "line 2 needs",
            id="no mark",
        ),
    ],
)
def test_what_tells_nothing_is_refused(make, said: str) -> None:  # type: ignore[no-untyped-def] # table of calls
    with pytest.raises(CalibrationInvalid, match=said):
        make()
