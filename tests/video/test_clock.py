"""Stream time: continuous, strictly rising, true to real time whatever the camera's stamps do."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from its_camera_ai.core.time import NS_PER_MS, NS_PER_S
from its_camera_ai.video.clock import Arrival, Stamp, StreamClock

STEP_NS = 40 * NS_PER_MS
WALL_NS = 1_700_000_000 * NS_PER_S


def run(raw_steps_ns: list[int], delays_ns: list[int] | None = None) -> list[Stamp]:
    """Packets that arrive every 40 ms (plus a delay each) with these raw steps between them."""
    clock, raw, stamps = StreamClock(), 12345, []
    for i, step in enumerate(raw_steps_ns):
        raw += step
        at = arrival(raw, i * STEP_NS + (delays_ns[i] if delays_ns else 0))
        if i == 0:
            clock.begin([at])
        stamps.append(clock.stamp(raw, at))
    return stamps


def arrival(raw_ns: int, monotonic_ns: int) -> Arrival:
    return Arrival(raw_ns, WALL_NS + monotonic_ns, monotonic_ns)


def test_begins_at_the_wall_time_of_arrival_and_follows_the_stamps() -> None:
    stamps = run([0] + [STEP_NS] * 9)
    assert stamps[0].pts_ns == WALL_NS
    assert [s.pts_ns - WALL_NS for s in stamps] == [i * STEP_NS for i in range(10)]
    assert {s.wall_offset_ns for s in stamps} == {0}


def test_network_jitter_does_not_reach_stream_time() -> None:
    delays = [0, 300, 20, 900, 10, 0, 50] * 3
    stamps = run([0] + [STEP_NS] * 20, [d * NS_PER_MS for d in delays])
    assert [s.pts_ns - WALL_NS for s in stamps] == [i * STEP_NS for i in range(21)]


@pytest.mark.parametrize("jump_s", [100, -100, 3600 * 24, -5.5, 1e6])
def test_a_jump_of_the_stamps_is_bridged_by_the_time_that_passed(jump_s: float) -> None:
    steps = [0] + [STEP_NS] * 5 + [int(jump_s * NS_PER_S)] + [STEP_NS] * 5
    stamps = run(steps)
    gaps = [b.pts_ns - a.pts_ns for a, b in itertools.pairwise(stamps)]
    assert gaps == [STEP_NS] * 11


def test_a_new_connection_goes_on_where_real_time_is() -> None:
    clock = StreamClock()
    clock.begin([arrival(5, 0)])
    first = clock.stamp(5, arrival(5, 0))
    later_ns = 7 * NS_PER_S
    clock.begin([arrival(0, later_ns)])
    second = clock.stamp(0, arrival(0, later_ns))
    assert second.dts_ns - first.dts_ns == later_ns
    assert second.wall_offset_ns == 0


@given(st.lists(st.integers(-(10**10), 10**10), min_size=2, max_size=60))
def test_decoding_times_strictly_rise(steps: list[int]) -> None:
    stamps = run(steps)
    assert all(a.dts_ns < b.dts_ns for a, b in itertools.pairwise(stamps))
    assert all(s.pts_ns >= s.dts_ns for s in stamps)


def test_a_drifting_camera_clock_is_followed_in_the_mapping_only() -> None:
    drift = 1.001  # the camera's second lasts 1.001 real seconds
    clock, last = StreamClock(), None
    for i in range(3 * 60 * 25):
        at = arrival(i * STEP_NS, int(i * STEP_NS * drift))
        if i == 0:
            clock.begin([at])
        last = clock.stamp(i * STEP_NS, at)
    assert last is not None
    true_wall = WALL_NS + int((3 * 60 * 25 - 1) * STEP_NS * drift)
    assert abs(last.pts_ns + last.wall_offset_ns - true_wall) < 80 * NS_PER_MS
    assert last.pts_ns == WALL_NS + (3 * 60 * 25 - 1) * STEP_NS


def test_packets_that_lay_in_a_buffer_while_connecting_date_nothing_late() -> None:
    stamps = run([0] + [STEP_NS] * 60, [max(600 - 20 * i, 0) * NS_PER_MS for i in range(61)])
    late_ns = stamps[-1].pts_ns + stamps[-1].wall_offset_ns - (WALL_NS + 60 * STEP_NS)
    assert abs(late_ns) < 20 * NS_PER_MS


def test_the_promptest_of_the_first_packets_dates_them_all() -> None:
    late_ms = [600, 560, 520, 0, 30]
    first = [arrival(i * STEP_NS, i * STEP_NS + ms * NS_PER_MS) for i, ms in enumerate(late_ms)]
    clock = StreamClock()
    clock.begin(first)
    stamps = [clock.stamp(a.raw_dts_ns, a) for a in first]
    assert [s.pts_ns - WALL_NS for s in stamps] == [i * STEP_NS for i in range(5)]
    assert {s.wall_offset_ns for s in stamps} == {0}


def test_sound_and_picture_share_the_time_base() -> None:
    clock = StreamClock()
    clock.begin([arrival(0, 0)])
    video = clock.stamp(0, arrival(0, 0), kind="v")
    audio = clock.stamp(-10, arrival(-10, 1), kind="a")
    assert audio.dts_ns == video.dts_ns - 10


def test_the_mapping_changes_only_where_a_file_may_begin() -> None:
    clock, offsets = StreamClock(), []
    clock.begin([arrival(0, 0)])
    for i in range(6):
        early = arrival(i * STEP_NS, i * STEP_NS)
        if i >= 2:  # the machine's clock was set back by a second
            early = early._replace(wall_ns=early.wall_ns - NS_PER_S)
        offsets.append(clock.stamp(i * STEP_NS, early, may_turn=i in (0, 4)).wall_offset_ns)
    assert offsets == [0, 0, 0, 0, -NS_PER_S, -NS_PER_S]


def test_a_new_connection_has_its_own_mapping_at_once() -> None:
    clock = StreamClock()
    clock.begin([arrival(0, 0)])
    clock.stamp(0, arrival(0, 0), may_turn=True)
    stepped = arrival(0, NS_PER_S)._replace(wall_ns=WALL_NS + 9 * NS_PER_S)
    clock.begin([stepped])
    assert clock.stamp(0, stepped, may_turn=False).wall_offset_ns == 8 * NS_PER_S
