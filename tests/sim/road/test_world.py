import numpy as np
import pytest

from its_camera_ai.sim.road.junction import junction
from its_camera_ai.sim.road.layout import Layout
from its_camera_ai.sim.road.straight import straight_road
from its_camera_ai.sim.road.world import RoadSpec, RoadWorld

LAYOUTS = pytest.mark.parametrize(
    "layout", [straight_road(), junction()], ids=["straight", "junction"]
)


@LAYOUTS
def test_the_same_seed_gives_the_same_truth(layout: Layout) -> None:
    def last(seed: int) -> np.ndarray:
        *_, truth = RoadWorld(RoadSpec(layout), seed).run(20.0)
        return np.column_stack([truth.id, truth.xy_m, truth.xyxy])

    assert np.array_equal(last(3), last(3), equal_nan=True)
    assert not np.array_equal(last(3), last(4), equal_nan=True)
