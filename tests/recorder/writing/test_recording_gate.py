"""The gate: what is wanted is recorded with its pre-roll, whatever comes late or goes wrong.

Numbers in brackets are the promises in the gate's module.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pytest

from its_camera_ai.core.activity import CELLS_BYTES, SecondOfActivity
from its_camera_ai.core.media import MediaKind, Packet, StreamInfo, StreamRole, TrackInfo
from its_camera_ai.core.recording import (
    DayMoment,
    RecordingMode,
    RecordingPlan,
    RecordingRule,
)
from its_camera_ai.core.site_facts import SiteFacts
from its_camera_ai.core.time import NS_PER_MS, NS_PER_S
from its_camera_ai.recorder.writing.recorder import QUEUE_BYTES_MAX
from its_camera_ai.recorder.writing.recording_gate import (
    ALLOWANCE_S,
    RING_BYTES_MAX,
    RecordingCause,
    RecordingGate,
)
from its_camera_ai.recorder.writing.recording_schedule import RecordingSchedule

START_S = 1_772_366_400  # 2026-03-01 12:00 UTC
START_NS = START_S * NS_PER_S
UTC = SiteFacts("UTC")
CELL = b"\x80" + bytes(CELLS_BYTES - 1)
STILL = bytes(CELLS_BYTES)
_VIDEO = TrackInfo(MediaKind.VIDEO, "h264", b"", 640, 360)


def info(generation: int = 1) -> StreamInfo:
    return StreamInfo("gate", StreamRole.MAIN, generation, _VIDEO)


@dataclass
class Recorder:
    """Takes packets as the real one does: none before a file's first key frame."""

    files: list[list[Packet]] = field(default_factory=list)
    handed: int = 0
    _is_open: bool = False
    _generation: int = -1

    def put(self, packet: Packet) -> None:
        self.handed += 1
        key = packet.is_key and packet.kind is MediaKind.VIDEO
        if packet.info.generation != self._generation:
            self._is_open, self._generation = False, packet.info.generation
        if key and not self._is_open:
            self.files.append([])
            self._is_open = True
        if self._is_open:
            self.files[-1].append(packet)

    def end_connection(self) -> None:
        self._is_open = False

    @property
    def packets(self) -> list[Packet]:
        return [packet for file in self.files for packet in file]

    def covers(self, since_ns: int, until_ns: int, everything: Sequence[Packet]) -> bool:
        """Whether it has each packet of a span, from a key frame at or before it on."""
        keys = [p for p in everything if p.is_key and p.wall_ns <= since_ns]
        first = keys[-1].seq
        have = {packet.seq for packet in self.packets}
        return all(p.seq in have for p in everything if p.seq >= first and p.wall_ns < until_ns)


@dataclass
class Camera:
    """Makes packets: pictures in groups of the given lengths, perhaps with sound."""

    gop_s: Callable[[], float]
    fps: float = 10.0
    sound: bool = False
    wall_ns: int = START_NS
    generation: int = 1
    size_bytes: int = 100
    made: list[Packet] = field(default_factory=list)
    _key_at_ns: int = 0

    def until(self, wall_ns: int) -> list[Packet]:
        """The packets up to a moment."""
        since = len(self.made)
        while self.wall_ns < wall_ns:
            is_key = self.wall_ns >= self._key_at_ns
            if is_key:
                self._key_at_ns = self.wall_ns + round(self.gop_s() * NS_PER_S)
            self._make(MediaKind.VIDEO, is_key=is_key)
            if self.sound:
                self._make(MediaKind.AUDIO, is_key=True)
            self.wall_ns += round(NS_PER_S / self.fps)
        return self.made[since:]

    def _make(self, kind: MediaKind, *, is_key: bool) -> None:
        pts_ns = self.wall_ns - START_NS
        self.made.append(
            Packet(
                info(self.generation), kind, len(self.made), pts_ns, pts_ns,
                100 * NS_PER_MS, START_NS, is_key, bytes(self.size_bytes),
            )
        )  # fmt: skip


class Rig:
    """A gate in one mode, its camera, and whoever speaks about what it sees."""

    def __init__(self, plan: RecordingPlan, camera: Camera | None = None, **options: int) -> None:
        self.recorder = Recorder()
        self.gate = RecordingGate(self.recorder, RecordingSchedule(plan, UTC), **options)
        self.camera = camera or Camera(lambda: 1.0)
        self.now_s = 0.0

    def play(
        self,
        seconds: float,
        tell: Callable[[int], bool | None] = lambda _second: False,
        objects: Callable[[int], dict[str, int] | None] = lambda _second: {},
    ) -> None:
        """Let the camera run. ``tell`` says of each second, two seconds later, whether something
        moved; None says nothing."""
        end_s = self.now_s + seconds
        while self.now_s < end_s:
            for packet in self.camera.until(START_NS + round((self.now_s + 1) * NS_PER_S)):
                self.gate.put(packet)
            self.now_s += 1
            second = int(self.now_s) - 2
            moved = tell(second)
            if moved is not None and second >= 0:
                self.say(second, moving=moved, objects=objects(second))

    def say(self, second: int, *, moving: bool, objects: dict[str, int] | None = None) -> None:
        cells = CELL if moving else STILL
        self.gate.saw(SecondOfActivity((START_S + second) * NS_PER_S, 10, cells, objects, objects))

    def covers(self, since_s: float, until_s: float) -> bool:
        return self.recorder.covers(
            START_NS + round(since_s * NS_PER_S),
            START_NS + round(until_s * NS_PER_S),
            self.camera.made,
        )

    def spans_s(self) -> list[tuple[float, float]]:
        """Begin and end of each file, seconds from the start."""
        return [
            ((f[0].wall_ns - START_NS) / NS_PER_S, (f[-1].wall_ns - START_NS) / NS_PER_S)
            for f in self.recorder.files
        ]


def plan(mode: str, *rules: RecordingRule, **more: object) -> RecordingPlan:
    options = {"pre_roll_s": 5.0, "post_roll_s": 4.0, **more}
    return RecordingPlan(RecordingMode(mode), rules, **options)  # type: ignore[arg-type]  # real fields


def from_second(second: int, mode: str) -> RecordingRule:
    """A mode that holds for a minute's worth of the day, from a whole minute on."""
    start = DayMoment(12 * 60 + second // 60)
    return RecordingRule(RecordingMode(mode), start=start, end=DayMoment(start.minutes + 1))


def test_a_thousand_events_have_their_pre_roll() -> None:
    """[1] Groups of pictures up to 10 s long, told up to 10 s late, close to one another."""
    events = kept = made = 0
    for seed in range(40):
        rng = random.Random(seed)
        pre_s, post_s = rng.choice([0.0, 1.0, 5.0, 20.0, 60.0]), rng.choice([0.0, 2.0, 10.0])
        longest_s = rng.choice([0.5, 2.0, 10.0])
        camera = Camera(
            lambda rng=rng, longest_s=longest_s: rng.uniform(0.2, longest_s),
            fps=rng.choice([4.0, 10.0]),
            sound=rng.random() < 0.3,
        )
        rig = Rig(plan("events", pre_roll_s=pre_s, post_roll_s=post_s), camera)
        moments_s = sorted(rng.uniform(80, 800) for _ in range(25))
        told = sorted((t + rng.uniform(0, ALLOWANCE_S), t) for t in moments_s)
        for second in range(840):
            for packet in camera.until(START_NS + second * NS_PER_S):
                rig.gate.put(packet)
            rig.gate.judged(START_NS + (second - 2) * NS_PER_S)
            while told and told[0][0] <= second + 1:
                told_s, at_s = told.pop(0)
                for packet in camera.until(START_NS + round(told_s * NS_PER_S)):
                    rig.gate.put(packet)
                at_ns = START_NS + round(at_s * NS_PER_S)
                rig.gate.ask(at_ns, at_ns)
        for at_s in moments_s:
            assert rig.covers(at_s - pre_s, at_s + post_s), f"seed {seed}, event at {at_s}"
        events += len(moments_s)
        kept += len(rig.recorder.packets)
        made += len(camera.made)
        assert rig.gate.figures.skipped_packets > 0
    assert events == 1000
    assert kept < 0.8 * made, "it does not simply record everything"


def test_each_packet_is_recorded_skipped_or_still_kept() -> None:
    rig = Rig(plan("motion"), Camera(lambda: 2.0, sound=True))
    rig.play(120, lambda second: second in (40, 41, 80))
    rig.gate.close()
    assert rig.recorder.handed + rig.gate.figures.skipped_packets == len(rig.camera.made)
    assert len(rig.recorder.files) == 2


def test_continuous_hands_everything_through() -> None:
    rig = Rig(plan("continuous"))
    rig.play(60, lambda _: None)
    assert rig.recorder.packets == rig.camera.made
    assert rig.gate.figures.cause is RecordingCause.CONTINUOUS
    assert rig.gate.figures.skipped_packets == 0


def test_off_records_nothing_and_counts_it() -> None:
    rig = Rig(plan("off"))
    rig.play(60, lambda _: True)
    assert not rig.recorder.files
    assert rig.gate.figures.skipped_packets == len(rig.camera.made)


def test_motion_is_recorded_with_time_before_and_after() -> None:
    rig = Rig(plan("motion"))
    rig.play(60, lambda second: 30 <= second < 33)
    ((since_s, until_s),) = rig.spans_s()
    assert since_s == pytest.approx(25, abs=1)
    assert until_s == pytest.approx(37, abs=1.1)
    assert rig.gate.figures.cause is RecordingCause.NONE
    assert rig.gate.figures.mode is RecordingMode.MOTION


def test_motion_that_goes_on_stays_in_one_file_also_without_post_roll() -> None:
    rig = Rig(plan("motion", post_roll_s=0.0), Camera(lambda: 0.5))
    rig.play(90, lambda second: 30 <= second < 60)
    assert len(rig.recorder.files) == 1
    assert rig.covers(25, 60)


def test_two_motions_whose_rolls_touch_leave_nothing_out_between_them() -> None:
    """[2] The second is told when the first one's file has ended already."""
    rig = Rig(plan("motion"))
    rig.play(80, lambda second: second in (30, 36))
    (_, first_s), (second_s, _) = rig.spans_s()
    assert second_s - first_s == pytest.approx(0.1)
    assert rig.covers(25, 41)


@pytest.mark.parametrize(
    ("wanted", "seen", "recorded"),
    [
        pytest.param((), {"car": 1}, True, id="any"),
        pytest.param(("person",), {"person": 2, "car": 1}, True, id="a wanted one"),
        pytest.param(("person",), {"car": 3}, False, id="another"),
        pytest.param((), {}, False, id="looked at and empty"),
    ],
)
def test_objects(wanted: tuple[str, ...], seen: dict[str, int], recorded: bool) -> None:
    rig = Rig(plan("objects", objects=wanted))
    rig.play(60, lambda _: True, lambda second: seen if second == 30 else {})
    assert bool(rig.recorder.files) is recorded
    assert not recorded or rig.covers(25, 35)


def test_who_was_not_looked_at_for_long_is_recorded_from_the_last_look_on() -> None:
    """[3] Motion is told all the time, but no look."""
    rig = Rig(plan("objects"))
    rig.play(60, lambda _: False, lambda second: {} if second < 20 or second > 40 else None)
    assert rig.covers(20, 40)
    assert len(rig.recorder.files) == 1


def test_looks_every_two_seconds_are_enough() -> None:
    rig = Rig(plan("objects"))
    rig.play(120, lambda _: False, lambda second: {} if second % 3 == 0 else None)
    assert not rig.recorder.files


def test_while_vision_is_silent_it_is_recorded_from_its_last_word_on() -> None:
    """[3]"""
    rig = Rig(plan("motion"))
    rig.play(90, lambda second: None if 30 <= second < 60 else False)
    ((since_s, until_s),) = rig.spans_s()
    assert rig.covers(30, 60)
    assert since_s >= 23, "with its pre-roll, no more"
    assert until_s < 70


def test_a_vision_that_never_comes_up_costs_nothing() -> None:
    rig = Rig(plan("motion"))
    rig.play(60, lambda _: None)
    assert rig.recorder.packets == rig.camera.made
    assert rig.gate.figures.cause is RecordingCause.VISION_SILENT


def test_a_silent_server_is_no_reason_to_record_nothing() -> None:
    rig = Rig(plan("events"))
    rig.play(30, lambda _: False)
    assert rig.recorder.packets == rig.camera.made, "vision's word is none about events"
    assert rig.gate.figures.cause is RecordingCause.SERVER_SILENT


def test_the_last_seconds_before_a_camera_goes_away_are_recorded() -> None:
    """[3] They may be of somebody who cut the cable."""
    rig = Rig(plan("motion"))
    rig.play(30)
    rig.gate.end_connection()
    assert rig.covers(28, 30)
    rig.camera.generation, rig.camera.wall_ns = 2, START_NS + 100 * NS_PER_S
    rig.now_s = 100
    rig.camera._key_at_ns = 0
    rig.play(60)
    assert rig.spans_s()[-1][1] < 31, "coming back is no reason to record"


def test_a_second_told_too_late_is_passed_over() -> None:
    rig = Rig(plan("motion"))
    rig.play(60)
    rig.say(5, moving=True)
    assert not rig.recorder.files


def test_what_was_seen_before_a_change_of_generation_is_recorded_after_it() -> None:
    rig = Rig(plan("motion"))
    rig.play(30)
    rig.camera.generation, rig.camera._key_at_ns = 2, 0
    rig.play(10, lambda second: second == 29)
    assert rig.covers(24, 33)
    assert [file[0].info.generation for file in rig.recorder.files] == [1, 2]


def test_a_stream_without_key_frames_is_recorded_as_soon_as_the_ring_is_full() -> None:
    """[4]"""
    rig = Rig(plan("motion"), Camera(lambda: 600.0), ring_bytes_max=20_000)
    rig.play(60)
    assert rig.recorder.packets == rig.camera.made
    assert rig.gate.figures.cause is RecordingCause.RING_FULL


def test_more_bytes_than_the_ring_holds_are_recorded_not_lost() -> None:
    """[4]"""
    rig = Rig(plan("motion", pre_roll_s=60.0), ring_bytes_max=20_000)
    rig.play(120)
    assert rig.recorder.packets == rig.camera.made[: len(rig.recorder.packets)]
    rig.play(20, lambda second: second == 121)
    assert rig.covers(61, 121)


def test_nothing_can_be_decoded_before_the_first_key_frame() -> None:
    camera = Camera(lambda: 5.0)
    camera._key_at_ns = START_NS + 3 * NS_PER_S
    rig = Rig(plan("motion"), camera)
    rig.play(60, lambda second: second == 4)
    assert rig.recorder.packets[0].is_key
    assert rig.covers(4, 9)


MINUTE = 60


def test_continuous_to_motion_and_back_leaves_no_gap() -> None:
    """[2][6] The change lies inside a group of pictures, and something moved just before it."""
    rig = Rig(plan("continuous", from_second(MINUTE, "motion")), Camera(lambda: 7.0, fps=5.0))
    rig.play(3 * MINUTE, lambda second: second == 2 * MINUTE - 1)
    assert rig.covers(0.1, MINUTE)
    assert rig.covers(2 * MINUTE - 6, 3 * MINUTE - 1)
    assert rig.gate.figures.skipped_packets > 0


def test_off_is_off_at_once_but_what_was_seen_before_is_kept() -> None:
    """[5][6]"""
    rig = Rig(plan("motion", from_second(MINUTE, "off")), Camera(lambda: 3.0))
    rig.play(2 * MINUTE - 1, lambda second: second == MINUTE - 1)
    assert rig.covers(MINUTE - 6, MINUTE - 0.2)
    assert rig.spans_s()[-1][1] < MINUTE


def test_nothing_of_the_time_off_is_recorded_as_pre_roll() -> None:
    """[5]"""
    rig = Rig(plan("motion", from_second(MINUTE, "off")), Camera(lambda: 3.0))
    rig.play(3 * MINUTE, lambda second: second == 2 * MINUTE + 4)
    ((since_s, _),) = rig.spans_s()
    assert 2 * MINUTE <= since_s <= 2 * MINUTE + 3


def test_a_changed_plan_holds_from_the_next_packet_on() -> None:
    rig = Rig(plan("motion"))
    rig.play(20)
    rig.gate.follow(RecordingSchedule(plan("continuous"), UTC))
    rig.play(20)
    rig.gate.follow(RecordingSchedule(plan("motion"), UTC))
    rig.play(40, lambda second: second == 60)
    assert rig.covers(20, 39.9)
    assert rig.covers(55, 65)
    assert rig.spans_s()[1][0] > 50


def test_a_clock_that_is_set_back_loses_nothing() -> None:
    rig = Rig(plan("motion"))
    rig.play(30)
    before = rig.camera.wall_ns
    rig.camera.wall_ns -= 3600 * NS_PER_S
    rig.camera._key_at_ns = 0
    for packet in rig.camera.until(before - 3570 * NS_PER_S):
        rig.gate.put(packet)
    rig.gate.saw(SecondOfActivity(rig.camera.wall_ns - 2 * NS_PER_S, 10, CELL))
    recorded = {packet.seq for packet in rig.recorder.packets}
    lately = [p.seq for p in rig.camera.made if p.seq >= 300 - 150]
    assert recorded.issuperset(lately)


def test_events_are_only_asked_for_in_their_mode() -> None:
    rig = Rig(plan("motion"))
    rig.play(20)
    rig.gate.ask(START_NS + 18 * NS_PER_S, START_NS + 18 * NS_PER_S)
    assert not rig.recorder.files


def test_a_request_far_into_the_future_ends_all_the_same() -> None:
    rig = Rig(plan("events"))

    def judge(second: int) -> None:
        rig.gate.judged(START_NS + second * NS_PER_S)

    for second in range(1000):
        rig.play(1, judge)  # type: ignore[arg-type]  # says None: vision is silent
        if second == 20:
            rig.gate.ask(START_NS + 20 * NS_PER_S, 2**62)
    assert rig.spans_s()[-1][1] == pytest.approx(620 + 4, abs=3)


def test_the_recorder_can_take_a_whole_ring_at_once() -> None:
    assert 2 * RING_BYTES_MAX <= QUEUE_BYTES_MAX
