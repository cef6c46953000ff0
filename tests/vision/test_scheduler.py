"""Simulated time: a worker that can afford a given number of looks per second."""

import math
from collections import Counter
from collections.abc import Callable, Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from its_camera_ai.vision.scheduler import BURST_SHARE, LookScheduler

FRAME_S = 0.04
FULL = {("net", (640, 384)): 1.0}
PART = {("net", (128, 128)): 1.0}


def run(
    scheduler: LookScheduler,
    cameras: Mapping[str, bool],
    look_s: float,
    duration_s: float,
    start_s: float = 0.0,
    on_tick: Callable[[float], None] | None = None,
    live: bool = False,
    areas: Mapping[tuple[str, tuple[int, int]], float] | None = None,
) -> dict[str, list[float]]:
    """Every camera brings a frame each 40 ms (True: with motion); a look takes ``look_s`` of the
    one worker, and consists of ``areas`` where costs are to be learned.

    Returns the times of looks per camera.
    """
    looks: dict[str, list[float]] = {c: [] for c in cameras}
    free_s = start_s
    for tick in range(round(duration_s / FRAME_S)):
        now_s = start_s + tick * FRAME_S
        if on_tick is not None:
            on_tick(now_s)
        for camera, motion in cameras.items():
            scheduler.offer(camera, now_s, motion=motion)
        free_s = max(free_s, now_s)
        while free_s < now_s + FRAME_S:
            picked = scheduler.pick(free_s)
            if picked is None:
                break
            looks[picked].append(free_s)
            free_s += look_s
            scheduler.looked(picked, free_s, live_tracks=live, areas=areas, seconds=look_s)
    return looks


def scheduler_with(wanted: Mapping[str, float], **options: float) -> LookScheduler:
    scheduler = LookScheduler(**options)
    for camera, rate in wanted.items():
        scheduler.add(camera, rate, 0.0)
    return scheduler


def rate(times: list[float], duration_s: float) -> float:
    return len(times) / duration_s


def test_with_time_to_spare_everyone_gets_what_was_wanted_and_not_more() -> None:
    wanted = {"a": 5.0, "b": 2.0, "c": 10.0}
    looks = run(scheduler_with(wanted), dict.fromkeys(wanted, True), look_s=0.01, duration_s=60)
    for camera, times in looks.items():
        assert rate(times, 60) == pytest.approx(wanted[camera], rel=0.03)


def test_overload_is_shared_evenly_among_equals() -> None:
    wanted = {str(i): 5.0 for i in range(8)}  # 40 wanted, 20 possible
    looks = run(scheduler_with(wanted), dict.fromkeys(wanted, True), look_s=0.05, duration_s=60)
    rates = [rate(times, 60) for times in looks.values()]
    assert sum(rates) == pytest.approx(20, rel=0.02)
    assert max(rates) - min(rates) <= 0.1


def test_overload_is_shared_by_the_wanted_rates() -> None:
    wanted = {"a": 12.0, "b": 6.0, "c": 6.0}  # 24 wanted, 12 possible
    looks = run(scheduler_with(wanted), dict.fromkeys(wanted, True), look_s=1 / 12, duration_s=60)
    assert rate(looks["a"], 60) == pytest.approx(6, rel=0.1)
    assert rate(looks["b"], 60) == pytest.approx(3, rel=0.1)
    assert rate(looks["c"], 60) == pytest.approx(3, rel=0.1)


def test_the_floor_holds_beside_greedy_neighbours() -> None:
    wanted = {"greedy": 100.0, "modest": 1.0}
    looks = run(scheduler_with(wanted), dict.fromkeys(wanted, True), look_s=0.1, duration_s=60)
    assert rate(looks["modest"], 60) == pytest.approx(1, abs=0.1)


def test_below_the_floor_for_all_the_looks_are_shared_evenly() -> None:
    wanted = {str(i): 5.0 + 5 * (i % 2) for i in range(20)}  # 10 looks/s for 20 cameras
    looks = run(scheduler_with(wanted), dict.fromkeys(wanted, True), look_s=0.1, duration_s=120)
    rates = [rate(times, 120) for times in looks.values()]
    assert min(rates) == pytest.approx(0.5, abs=0.06)
    assert max(rates) == pytest.approx(0.5, abs=0.06)


def test_idle_cameras_cost_a_forced_look_every_two_seconds() -> None:
    wanted = {"idle": 5.0, "busy": 5.0}
    looks = run(scheduler_with(wanted), {"idle": False, "busy": True}, look_s=0.01, duration_s=60)
    assert rate(looks["idle"], 60) == pytest.approx(0.5, rel=0.05)
    assert rate(looks["busy"], 60) == pytest.approx(5, rel=0.03)


def test_live_tracks_keep_a_camera_without_motion_awake() -> None:
    scheduler = scheduler_with({"cam": 5.0})
    scheduler.looked("cam", 0.0, live_tracks=True)
    looks = run(scheduler, {"cam": False}, look_s=0.01, duration_s=20, live=True)
    assert rate(looks["cam"], 20) == pytest.approx(5, rel=0.03)
    looks = run(scheduler, {"cam": False}, look_s=0.01, duration_s=20, start_s=20.0)
    assert rate(looks["cam"], 20) == pytest.approx(0.5, abs=0.06)


def test_motion_wakes_an_idle_camera_at_once() -> None:
    scheduler = scheduler_with({"cam": 5.0})
    scheduler.offer("cam", 0.0, motion=False)
    assert scheduler.pick(0.0) == "cam"
    scheduler.looked("cam", 0.02, live_tracks=False)
    scheduler.offer("cam", 0.5, motion=False)
    assert scheduler.pick(0.5) is None
    scheduler.offer("cam", 0.54, motion=True)
    assert scheduler.pick(0.54) == "cam"


def test_short_motion_between_two_looks_is_not_forgotten() -> None:
    scheduler = scheduler_with({"cam": 5.0})
    scheduler.offer("cam", 0.0, motion=True)
    assert scheduler.pick(0.0) == "cam"
    scheduler.offer("cam", 0.04, motion=True)
    scheduler.looked("cam", 0.06, live_tracks=False)
    scheduler.offer("cam", 0.08, motion=False)
    assert scheduler.pick(0.2) == "cam"


def test_a_frame_is_looked_at_once() -> None:
    scheduler = scheduler_with({"cam": 100.0})
    scheduler.offer("cam", 0.0, motion=True)
    assert scheduler.pick(0.0) == "cam"
    scheduler.looked("cam", 0.02, live_tracks=False)
    assert scheduler.pick(5.0) is None


def test_a_camera_is_not_picked_while_a_look_at_it_is_under_way() -> None:
    scheduler = scheduler_with({"cam": 100.0})
    scheduler.offer("cam", 0.0, motion=True)
    assert scheduler.pick(0.0) == "cam"
    scheduler.offer("cam", 0.04, motion=True)
    assert scheduler.pick(5.0) is None
    assert scheduler.wait_s(5.0) == math.inf
    scheduler.looked("cam", 5.0, live_tracks=False)
    assert scheduler.pick(5.0) == "cam"


def test_without_a_fresh_frame_nobody_is_picked() -> None:
    scheduler = scheduler_with({"cam": 5.0})
    assert scheduler.pick(1.0) is None
    scheduler.offer("cam", 1.0, motion=True)
    scheduler.withdraw("cam")
    assert scheduler.pick(1.0) is None


def test_a_silent_camera_does_not_hold_up_the_others() -> None:
    scheduler = scheduler_with({"silent": 5.0, "cam": 5.0})
    looks = run(scheduler, {"cam": True}, look_s=0.01, duration_s=20)
    assert rate(looks["cam"], 20) == pytest.approx(5, rel=0.03)


def test_cameras_come_and_go() -> None:
    scheduler = scheduler_with({"a": 10.0, "b": 10.0})
    both = run(scheduler, {"a": True, "b": True}, look_s=0.1, duration_s=20)
    assert rate(both["a"], 20) == pytest.approx(5, rel=0.1)
    scheduler.remove("b")
    scheduler.remove("b")
    alone = run(scheduler, {"a": True, "b": True}, look_s=0.1, duration_s=20, start_s=20.0)
    assert rate(alone["a"], 20) == pytest.approx(10, rel=0.05)
    assert alone["b"] == []
    assert scheduler.granted("b") == 0.0
    scheduler.add("b", 10.0, 40.0)
    again = run(scheduler, {"a": True, "b": True}, look_s=0.1, duration_s=20, start_s=40.0)
    assert rate(again["b"], 20) == pytest.approx(5, rel=0.1)


def test_a_changed_rate_holds_from_now_on() -> None:
    scheduler = scheduler_with({"cam": 1.0})
    run(scheduler, {"cam": True}, look_s=0.01, duration_s=10)
    scheduler.add("cam", 10.0, 10.0)
    looks = run(scheduler, {"cam": True}, look_s=0.01, duration_s=10, start_s=10.0)
    assert rate(looks["cam"], 10) == pytest.approx(10, rel=0.05)


def test_a_wait_is_not_followed_by_a_burst() -> None:
    scheduler = scheduler_with({"cam": 5.0})
    run(scheduler, {"cam": True}, look_s=0.01, duration_s=5)
    looks = run(scheduler, {"cam": True}, look_s=0.01, duration_s=2, start_s=65.0)["cam"]
    assert len([t for t in looks if t < 65.5]) <= 4


@pytest.mark.parametrize("look_s", [0.01, 0.05, 0.2])
def test_the_granted_rate_is_the_real_one(look_s: float) -> None:
    wanted = {"a": 5.0, "b": 5.0}
    scheduler = scheduler_with(wanted)
    looks = run(scheduler, dict.fromkeys(wanted, True), look_s=look_s, duration_s=60)
    for camera, times in looks.items():
        assert scheduler.granted(camera) == pytest.approx(rate(times, 60), rel=0.15)


def test_the_granted_rate_of_a_young_camera_is_not_too_low() -> None:
    scheduler = scheduler_with({"cam": 5.0})
    run(scheduler, {"cam": True}, look_s=0.01, duration_s=2)
    assert scheduler.granted("cam") == pytest.approx(5, rel=0.25)


def test_the_granted_rate_falls_when_looks_end() -> None:
    scheduler = scheduler_with({"cam": 5.0, "other": 5.0})
    run(scheduler, {"cam": True}, look_s=0.01, duration_s=20)
    scheduler.withdraw("cam")
    run(scheduler, {"other": True}, look_s=0.01, duration_s=20, start_s=20.0)
    assert scheduler.granted("cam") < 0.2


def test_wait_tells_when_the_next_look_falls_due() -> None:
    scheduler = scheduler_with({"cam": 5.0})
    assert scheduler.wait_s(0.0) == math.inf
    scheduler.offer("cam", 0.0, motion=True)
    assert scheduler.wait_s(0.0) == 0
    scheduler.pick(0.0)
    scheduler.looked("cam", 0.02, live_tracks=False)
    scheduler.offer("cam", 0.04, motion=True)
    assert scheduler.wait_s(0.05) == pytest.approx(0.15)


def test_calls_for_a_camera_that_left_do_nothing() -> None:
    scheduler = LookScheduler()
    scheduler.offer("gone", 0.0, motion=True)
    scheduler.looked("gone", 0.0, live_tracks=True)
    scheduler.told("gone", 0.0)
    assert not scheduler.starved("gone", 100.0)
    scheduler.withdraw("gone")
    assert scheduler.pick(0.0) is None


@pytest.mark.parametrize("wanted", [0.0, -1.0])
def test_a_rate_of_nothing_is_a_mistake(wanted: float) -> None:
    with pytest.raises(ValueError, match="above 0"):
        LookScheduler().add("cam", wanted, 0.0)


@settings(deadline=None, max_examples=40)
@given(
    wanted=st.lists(st.floats(0.5, 30), min_size=1, max_size=8),
    motion=st.lists(st.booleans(), min_size=8, max_size=8),
    look_s=st.floats(0.005, 0.1),
)
def test_nobody_starves(wanted: list[float], motion: list[bool], look_s: float) -> None:
    names = [str(i) for i in range(len(wanted))]
    scheduler = scheduler_with(dict(zip(names, wanted, strict=True)))
    looks = run(scheduler, dict(zip(names, motion, strict=False)), look_s, duration_s=20)
    longest_s = max(2.0, 1 / min(wanted))
    for name, times in looks.items():
        gaps = [b - a for a, b in zip([0.0, *times], [*times, 20.0], strict=True)]
        assert max(gaps) <= longest_s + len(names) * look_s + 3 * FRAME_S, (name, Counter(gaps))


SIXTEEN = {f"cam-{i:02d}": 5.0 for i in range(16)}
ALL_MOVE = dict.fromkeys(SIXTEEN, True)


def test_sixteen_cameras_share_forty_looks_evenly() -> None:
    scheduler = scheduler_with(SIXTEEN)
    looks = run(scheduler, ALL_MOVE, look_s=0.9 / 40, duration_s=60, areas=FULL)
    rates = [rate([t for t in times if t > 10], 50) for times in looks.values()]
    assert sum(rates) == pytest.approx(40, rel=0.05)
    assert max(rates) - min(rates) <= 0.1
    assert scheduler.overload_s == pytest.approx(60, abs=3)
    assert scheduler.budget_use == pytest.approx(0.9, abs=0.05)


def test_a_tenfold_slower_detector_cuts_all_evenly_and_passes() -> None:
    scheduler = scheduler_with(SIXTEEN)
    before = run(scheduler, ALL_MOVE, look_s=0.009, duration_s=30, areas=FULL)
    assert min(rate(t, 30) for t in before.values()) >= 4.8
    assert scheduler.overload_s == 0

    unknown: Counter[str] = Counter()

    def ask(now_s: float) -> None:
        for camera in SIXTEEN:
            if scheduler.starved(camera, now_s):
                scheduler.told(camera, now_s)
                unknown[camera] += 1

    slow = run(scheduler, ALL_MOVE, 0.09, 30, start_s=30.0, areas=FULL, on_tick=ask)
    rates = [rate([t for t in times if t > 40], 20) for times in slow.values()]
    assert min(rates) == pytest.approx(10 / 16, rel=0.1), "as near the floor as time allows"
    assert max(rates) - min(rates) <= 0.1
    assert scheduler.overload_s == pytest.approx(30, abs=3)
    assert set(unknown) == set(SIXTEEN)

    run(scheduler, ALL_MOVE, look_s=0.009, duration_s=10, start_s=60.0, areas=FULL)
    after = run(scheduler, ALL_MOVE, look_s=0.009, duration_s=20, start_s=70.0, areas=FULL)
    assert min(rate(t, 20) for t in after.values()) >= 4.8
    assert scheduler.overload_s == pytest.approx(32, abs=5), "and no more"


def test_dear_looks_take_nothing_from_cheap_ones() -> None:
    cameras = ("dear", "a", "b", "c", "d")
    scheduler = scheduler_with(dict.fromkeys(cameras, 10.0))
    looks: Counter[str] = Counter()
    now_s = 0.0
    while now_s < 60:
        for camera in cameras:
            scheduler.offer(camera, now_s, motion=True)
        picked = scheduler.pick(now_s)
        if picked is None:
            now_s += 0.01
            continue
        looks[picked] += 1
        seconds, areas = (0.3, FULL) if picked == "dear" else (0.02, PART)
        now_s += seconds
        scheduler.looked(picked, now_s, live_tracks=True, areas=areas, seconds=seconds)
    assert looks["dear"] / 60 == pytest.approx(1, abs=0.15), "the floor"
    assert min(looks[c] for c in "abcd") / 60 > 4, "2.4 if all had the same number of looks"


def test_time_to_spare_is_used_where_something_happens() -> None:
    wanted = {"busy": 5.0, "idle": 5.0}
    scheduler = scheduler_with(wanted)
    looks = run(scheduler, {"busy": True, "idle": False}, look_s=0.005, duration_s=60, areas=FULL)
    assert rate([t for t in looks["busy"] if t > 10], 50) == pytest.approx(10, rel=0.05)
    assert rate(looks["idle"], 60) == pytest.approx(0.5, rel=0.1)


def test_more_than_wanted_is_given_from_half_the_budget_only() -> None:
    scheduler = scheduler_with({"cam": 5.0})
    looks = run(scheduler, {"cam": True}, look_s=0.08, duration_s=60, areas=FULL)
    assert rate([t for t in looks["cam"] if t > 10], 50) == pytest.approx(
        BURST_SHARE / 0.08, rel=0.05
    )


def test_an_idle_camera_is_not_starved_and_one_under_way_is() -> None:
    scheduler = scheduler_with({"cam": 5.0})
    scheduler.offer("cam", 0.0, motion=False)
    assert not scheduler.starved("cam", 100.0)
    assert scheduler.pick(100.0) == "cam"
    assert scheduler.starved("cam", 103.0)
    scheduler.told("cam", 103.0)
    assert not scheduler.starved("cam", 104.0)


@pytest.mark.parametrize(
    "options", [{"idle_look_s": 0}, {"floor_looks_per_s": 0}, {"workers": 0}, {"burst": 0.5}]
)
def test_options_without_sense_are_refused(options: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="above 0"):
        LookScheduler(**options)  # type: ignore[arg-type]  # a table of mixed kinds
