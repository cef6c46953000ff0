import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from its_camera_ai.vision.regions import (
    AREAS_MAX,
    INPUT_MIN_PX,
    MARGIN_PX,
    MARGIN_SHARE,
    REGION_SIZES_WH,
    RegionPlanner,
    region_sizes,
)
from its_camera_ai.vision.runtime_openvino import SHAPES_MAX
from tests.support.fake_networks import AreaNetwork

FULL_WH = (640, 384)


def planner(
    frame_wh: tuple[int, int] = (640, 360),
    full_wh: tuple[int, int] = FULL_WH,
    object_min_px: float = 16,
) -> RegionPlanner:
    return RegionPlanner(frame_wh, full_wh, REGION_SIZES_WH, object_min_px=object_min_px)


def test_one_small_thing_is_looked_at_with_the_smallest_input() -> None:
    plan = planner().plan([[300, 200, 340, 230]])
    assert not plan.is_full
    assert [a.input_wh for a in plan.areas] == [(128, 128)]
    assert plan.areas[0].area == (278, 172, 363, 257), "enlarged by half"


def test_two_things_side_by_side_share_a_look_and_two_far_apart_do_not() -> None:
    near = planner().plan([[300, 200, 320, 220], [330, 200, 350, 220]])
    assert len(near.areas) == 1
    far = planner().plan([[20, 20, 50, 50], [580, 300, 610, 330]])
    assert len(far.areas) == 2
    assert far.cost_px < planner().full.cost_px / 5


@pytest.mark.parametrize(
    "boxes",
    [
        pytest.param([[10, 10, 630, 350]], id="a thing as large as the frame"),
        pytest.param([], id="nothing to look at"),
        pytest.param([[700, 10, 800, 50]], id="outside the frame"),
        pytest.param([[np.nan, 10, 80, 50]], id="not a number"),
        pytest.param(
            [[x, y, x + 40, y + 40] for x in range(0, 640, 80) for y in range(0, 360, 80)],
            id="things everywhere",
        ),
    ],
)
def test_the_whole_frame_is_looked_at_where_parts_are_no_cheaper(boxes: list[list[float]]) -> None:
    assert planner().plan(boxes).is_full


def test_parts_are_finer_than_the_whole_frame_where_small_things_are_wanted() -> None:
    plan = planner((1280, 720), object_min_px=12).plan([[300, 200, 340, 230]])
    left, top, right, bottom = plan.areas[0].area
    assert (right - left, bottom - top) == (85, 85), "the whole frame is one to two"


def test_a_network_of_one_size_looks_at_whole_frames_only() -> None:
    fixed = RegionPlanner((640, 360), (416, 416), [(416, 416)], object_min_px=16)
    assert fixed.plan([[10, 10, 30, 30]]).is_full


def test_sizes_are_those_that_the_network_fits() -> None:
    assert region_sizes(AreaNetwork(sizes={(128, 128), (512, 320)})) == ((128, 128), (512, 320))


def test_a_runtime_that_compiles_for_each_size_can_keep_them_all() -> None:
    assert len(REGION_SIZES_WH) + 1 <= SHAPES_MAX, "and the whole frame"


@pytest.mark.parametrize(("frame_wh", "object_px"), [((0, 10), 16.0), ((10, 10), 0.0)])
def test_nonsense_is_refused(frame_wh: tuple[int, int], object_px: float) -> None:
    with pytest.raises(ValueError, match="at least one pixel"):
        planner(frame_wh, object_min_px=object_px)


@st.composite
def scenes(draw: st.DrawFn) -> tuple[tuple[int, int], np.ndarray]:
    width, height = draw(st.integers(1, 4000)), draw(st.integers(1, 2500))
    share = st.floats(0, 1)
    count = draw(st.integers(1, 24))
    rows = []
    for _ in range(count):
        size = draw(st.floats(0.002, 0.3))
        x, y = draw(share) * width, draw(share) * height
        rows.append((x, y, x + size * width, y + size * height))
    return (width, height), np.array(rows)


@given(scene=scenes(), object_min_px=st.floats(4, 64))
def test_rules_hold_for_any_scene(
    scene: tuple[tuple[int, int], np.ndarray], object_min_px: float
) -> None:
    (width, height), boxes = scene
    regions = planner((width, height), object_min_px=object_min_px)
    plan = regions.plan(boxes)
    assert plan.cost_px <= regions.full.cost_px, "rule 4"
    if plan.is_full:
        return
    assert len(plan.areas) <= AREAS_MAX, "rule 4"
    assert regions.scale >= INPUT_MIN_PX / object_min_px, "rule 2"
    areas = plan.looked_xyxy()
    for planned in plan.areas:
        left, top, right, bottom = planned.area
        assert 0 <= left < right <= width, "rule 2"
        assert 0 <= top < bottom <= height, "rule 2"
        reached = min(planned.input_wh[0] / (right - left), planned.input_wh[1] / (bottom - top))
        assert reached >= regions.scale, "rule 2"
    inside = np.clip(boxes, 0, [width, height, width, height])
    inside = inside[(inside[:, 2:] > inside[:, :2]).all(axis=1)]
    margin = np.maximum(
        MARGIN_SHARE * (inside[:, 2:] - inside[:, :2]).max(axis=1, initial=0),
        MARGIN_PX / regions.scale,
    )[:, None]
    low = np.clip(inside[:, :2] - margin, 0, None)[:, None]
    high = np.minimum(inside[:, 2:] + margin, [width, height])[:, None]
    covered = (low >= areas[:, :2] - 1e-3).all(axis=2) & (high <= areas[:, 2:] + 1e-3).all(axis=2)
    assert covered.any(axis=1).all(), "rule 1"
