import numpy as np
import pytest

from its_camera_ai.core.time import NS_PER_S
from its_camera_ai.core.tracks import FrameTracks
from its_camera_ai.vision.attention import PLACES_MAX, Attention
from its_camera_ai.vision.motion import Motion
from its_camera_ai.vision.regions import REGION_SIZES_WH, LookPlan, RegionPlanner

SIZE_WH = (640, 360)
PLANNER = RegionPlanner(SIZE_WH, (640, 384), REGION_SIZES_WH, object_min_px=16)
CAR = [300.0, 200.0, 340.0, 230.0]


def motion(*boxes: list[float], relit: bool = False) -> Motion:
    return Motion(bool(boxes), np.array(boxes, np.float32).reshape(-1, 4), 0.01, relit)


def tracks(at_s: float, boxes: dict[int, list[float]], *, observed: bool = True) -> FrameTracks:
    n = len(boxes)
    return FrameTracks(
        ns(at_s),
        ns(at_s),
        SIZE_WH,
        np.array(list(boxes), np.int64),
        np.array(list(boxes.values()), np.float32).reshape(n, 4),
        np.ones(n, np.float32),
        np.zeros(n, np.int8),
        np.full(n, observed),
    )


def ns(at_s: float) -> int:
    return round(at_s * NS_PER_S)


def covers(plan: LookPlan, box: list[float]) -> bool:
    areas = plan.looked_xyxy()
    inside = (areas[:, :2] <= np.array(box[:2])).all(axis=1)
    return bool((inside & (areas[:, 2:] >= np.array(box[2:])).all(axis=1)).any())


def started() -> Attention:
    """After the whole-frame look at 0 s."""
    attention = Attention()
    assert attention.take(PLANNER, 0).is_full, "rule 1: the first look"
    return attention


def test_motion_since_the_last_look_is_covered_though_it_ended() -> None:
    attention = started()
    attention.saw(motion(CAR), ns(0.04))
    attention.saw(motion(), ns(0.08))
    attention.saw(motion([20, 20, 50, 50]), ns(0.12))
    plan = attention.take(PLANNER, ns(0.2))
    assert not plan.is_full
    assert covers(plan, CAR)
    assert covers(plan, [20, 20, 50, 50])


def test_what_moved_on_is_looked_at_where_it_is() -> None:
    attention = started()
    for step in range(20):
        box = [20.0 + 20 * step, 200, 60 + 20 * step, 230]
        attention.saw(motion(box), ns(0.04 * (step + 1)))
    plan = attention.take(PLANNER, ns(0.84))
    assert covers(plan, box)
    assert not covers(plan, [20, 200, 60, 230])
    assert len(plan.areas) == 1


def test_pieces_of_one_thing_seen_in_turn_are_one_place() -> None:
    attention = started()
    attention.saw(motion([300, 100, 340, 200]), ns(0.04))
    attention.saw(motion([302, 100, 342, 150]), ns(0.08))
    plan = attention.take(PLANNER, ns(0.1))
    assert covers(plan, [300, 100, 340, 200]), "the lower half was not seen in the newest frame"


def test_the_whole_frame_is_looked_at_every_two_seconds() -> None:
    attention = started()
    full = []
    for tenth in range(1, 61):
        attention.saw(motion(CAR), ns(tenth / 10))
        if attention.take(PLANNER, ns(tenth / 10)).is_full:
            full.append(tenth / 10)
    assert full == [2.0, 4.0, 6.0]


def test_an_interval_of_nothing_looks_at_whole_frames_only() -> None:
    attention = Attention(full_look_s=0)
    for tenth in range(5):
        attention.saw(motion(CAR), ns(tenth / 10))
        assert attention.take(PLANNER, ns(tenth / 10)).is_full


@pytest.mark.parametrize("reason", ["reset", "demand_full"])
def test_breaks_demand_a_whole_frame(reason: str) -> None:
    attention = started()
    getattr(attention, reason)()
    attention.saw(motion(CAR), ns(0.1))
    assert attention.take(PLANNER, ns(0.1)).is_full


def test_a_jump_of_the_light_demands_a_whole_frame() -> None:
    attention = started()
    attention.saw(motion(relit=True), ns(0.1))
    attention.saw(motion(CAR), ns(0.2))
    assert attention.take(PLANNER, ns(0.2)).is_full


def test_time_that_goes_back_demands_a_whole_frame() -> None:
    attention = Attention()
    attention.take(PLANNER, ns(100))
    attention.saw(motion(CAR), ns(5))
    assert attention.take(PLANNER, ns(5)).is_full


def test_without_anything_to_cover_the_whole_frame_is_looked_at() -> None:
    assert started().take(PLANNER, ns(0.2)).is_full


def test_a_moving_track_is_looked_at_where_it_will_be() -> None:
    attention = started()
    for step in range(5):
        x = 100.0 + 20 * step
        attention.follow(tracks(step / 5, {7: [x, 200, x + 40, 230]}))
    assert attention.follows
    plan = attention.take(PLANNER, ns(1.2))
    assert not plan.is_full
    assert covers(plan, [220, 200, 260, 230]), "two steps of a fifth of a second further"
    assert attention.tracks_at(ns(1.2)).tolist() == [pytest.approx([220, 200, 260, 230], abs=1)]


def test_a_track_seen_once_is_looked_at_again() -> None:
    attention = started()
    attention.follow(tracks(0.0, {1: CAR}))
    assert attention.follows
    assert covers(attention.take(PLANNER, ns(0.2)), CAR)


def test_what_stands_costs_nothing_and_is_known_all_the_same() -> None:
    attention = started()
    wobble = np.random.default_rng(3)
    for step in range(10):
        box = (np.array(CAR) + wobble.normal(0, 0.3, 4)).tolist()
        attention.follow(tracks(step / 5, {1: box}))
    assert not attention.follows
    attention.saw(motion([20, 20, 50, 50]), ns(1.9))
    assert not covers(attention.take(PLANNER, ns(1.95)), CAR)
    assert len(attention.tracks_at(ns(1.95))) == 1


def test_a_prediction_says_nothing_new_of_the_speed() -> None:
    attention = started()
    attention.follow(tracks(0.0, {1: CAR}))
    attention.follow(tracks(0.2, {1: CAR}))
    assert not attention.follows
    attention.follow(tracks(0.4, {1: [400, 200, 440, 230]}, observed=False))
    assert not attention.follows


def test_ended_tracks_are_forgotten() -> None:
    attention = started()
    attention.follow(tracks(0.0, {1: CAR}))
    attention.follow(tracks(0.2, {}))
    assert not attention.follows
    assert attention.tracks_at(ns(0.2)).shape == (0, 4)


def test_places_are_bounded_and_none_is_lost() -> None:
    attention = started()
    for k in range(3 * PLACES_MAX):
        x, y = 10.0 * (k % 60), 20.0 * (k // 60)
        attention.saw(motion([x, y, x + 4, y + 4]), ns(0.001 * k))
    plan = attention.take(PLANNER, ns(1))
    assert len(plan.areas) == 1
    assert covers(plan, [0, 0, x + 4, y + 4])
