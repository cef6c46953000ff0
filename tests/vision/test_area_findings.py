import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from its_camera_ai.core.detections import Detections, ObjectClass
from its_camera_ai.vision.area_findings import combine

FRAME_WH = (640, 360)
LEFT = (100, 100, 300, 300)
RIGHT = (250, 100, 450, 300)
CAR, BUS, PERSON = ObjectClass.CAR, ObjectClass.BUS, ObjectClass.PERSON


def one(box: list[float], score: float = 0.9, kind: ObjectClass = CAR) -> Detections:
    return Detections.of([box], [score], [kind])


def test_what_two_areas_see_is_told_once() -> None:
    found = combine(
        [one([260, 150, 290, 180], 0.8), one([261, 150, 291, 181])], [LEFT, RIGHT], FRAME_WH
    )
    assert found.score.tolist() == pytest.approx([0.9])


@pytest.mark.parametrize(
    ("whole_kind", "left"),
    [
        pytest.param(CAR, 1, id="same kind"),
        pytest.param(BUS, 1, id="a vehicle all the same"),
        pytest.param(PERSON, 2, id="another kind"),
    ],
)
def test_a_cut_box_gives_way_to_the_whole_one(whole_kind: ObjectClass, left: int) -> None:
    cut, whole = one([260, 150, 300, 200], 0.95), one([260, 150, 360, 200], 0.5, whole_kind)
    found = combine([cut, whole], [LEFT, RIGHT], FRAME_WH)
    assert len(found) == left
    assert [260, 150, 360, 200] in found.xyxy.tolist(), "the whole one stays, though less sure"


def test_of_two_cut_boxes_the_larger_stays() -> None:
    small, large = one([285, 150, 300, 200]), one([250, 150, 340, 200], 0.4)
    found = combine([small, large], [LEFT, RIGHT], FRAME_WH)
    assert found.xyxy.tolist() == [[250, 150, 340, 200]]


def test_a_cut_box_without_a_counterpart_is_kept() -> None:
    assert len(combine([one([100, 150, 140, 200])], [LEFT], FRAME_WH)) == 1


def test_a_box_at_the_frame_s_own_border_is_not_cut_by_an_area() -> None:
    corner = (0, 0, 200, 200)
    found = combine(
        [one([0, 50, 60, 90]), one([0, 50, 90, 90], 0.5)], [corner, (0, 0, 640, 360)], FRAME_WH
    )
    assert found.xyxy.tolist() == [[0, 50, 60, 90]], "the surer of two whole ones"


@pytest.mark.parametrize(
    ("known", "left"),
    [
        pytest.param([260, 150, 400, 200], 0, id="the smaller part of what is known"),
        pytest.param([200, 150, 310, 200], 1, id="most of what is known"),
        pytest.param([400, 150, 500, 200], 1, id="something else is known"),
    ],
)
def test_the_smaller_part_of_what_is_followed_is_dropped(known: list[float], left: int) -> None:
    known_xyxy = np.array([known], np.float32)
    found = combine([one([262, 150, 300, 200])], [LEFT], FRAME_WH, known_xyxy)
    assert len(found) == left


def test_nothing_found_is_nothing() -> None:
    assert len(combine([Detections.empty(), Detections.empty()], [LEFT, RIGHT], FRAME_WH)) == 0
    assert len(combine([], [], FRAME_WH)) == 0


@given(
    boxes=st.lists(
        st.tuples(*[st.integers(105, 440)] * 2, st.integers(4, 60), st.integers(4, 60)), max_size=8
    )
)
def test_a_thing_that_lies_whole_in_an_area_is_never_lost(boxes: list[tuple[int, ...]]) -> None:
    things = [[x, y, x + w, y + h] for x, y, w, h in boxes]
    areas = [LEFT, RIGHT]
    found = []
    for left, top, right, bottom in areas:
        seen = [
            [max(x, left), max(y, top), min(r, right), min(b, bottom)]
            for x, y, r, b in things
            if min(r, right) > max(x, left) and min(b, bottom) > max(y, top)
        ]
        found.append(Detections.of(seen))
    together = combine(found, areas, FRAME_WH).xyxy
    for x, y, r, b in things:
        if any(p[0] + 4 < x and p[1] + 4 < y and r < p[2] - 4 and b < p[3] - 4 for p in areas):
            low = np.maximum(together[:, :2], [x, y])
            high = np.minimum(together[:, 2:], [r, b])
            shared = np.clip(high - low, 0, None).prod(axis=1)
            union = (r - x) * (b - y) + (together[:, 2:] - together[:, :2]).prod(axis=1) - shared
            assert (shared / union).max() > 0.45
