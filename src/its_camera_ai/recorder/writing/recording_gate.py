"""Before the recorder: hands on what the camera's mode wants recorded, and keeps the rest for as
long as somebody may still ask for it.

Promises, cited by number in the tests:

1. Whatever is told within ``ALLOWANCE_S`` is recorded from a key frame at or before the wanted
   moment less the pre-roll until the wanted end and the post-roll. This is by keeping the packets.
2. Nothing but key frames separate two files of one stay in a mode: a file ends at the key frame
   that the ring then begins with, so between two files lies only what was passed over on purpose.
3. Unknown is not empty: where nobody says for a few seconds whether something happened, it is
   recorded, from the last moment on that somebody spoke for. So are the last seconds before a
   camera goes away.
4. A ring that can't hold what it must is recorded, not cut short.
5. Off is off at once: nothing of that time is recorded, also as pre-roll of what follows. What is
   told late of the time before is recorded as far as it lies before.
6. What is told counts by the mode of the moment that it is about, not of the one when it is heard.
"""

import threading
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Protocol

from its_camera_ai.core.activity import SecondOfActivity
from its_camera_ai.core.media import MediaKind, Packet
from its_camera_ai.core.recording import RecordingMode, RecordingPlan
from its_camera_ai.core.time import NS_PER_S
from its_camera_ai.recorder.writing.packet_ring import PacketRing
from its_camera_ai.recorder.writing.recording_schedule import RecordingSchedule

ALLOWANCE_S = 10.0
"""So late something may be told and still have its whole pre-roll."""
SILENT_S = 5.0
"""Nobody spoke for so long: what happens is unknown."""
UNSEEN_S = 8.0
"""The same for objects: a camera where nothing moves is only looked at every two seconds."""
LINGER_S = 2.0
"""A file goes on so long after the last word, which comes once a second."""
STEP_S = 5.0
"""Wall time that goes back by more is a clock that was set; by less it is the order of pictures."""
RING_BYTES_MAX = 32 * 1024 * 1024
"""Half of the recorder's queue, which has to take all of it at once."""
AHEAD_S_MAX = 600.0
_ALLOWANCE_NS = round(ALLOWANCE_S * NS_PER_S)
_STEP_NS = round(STEP_S * NS_PER_S)


class RecordingCause(StrEnum):
    """Why a camera records now."""

    NONE = ""
    CONTINUOUS = "continuous"
    MOTION = "motion"
    OBJECTS = "objects"
    EVENT = "event"
    VISION_SILENT = "vision_silent"
    SERVER_SILENT = "server_silent"
    CAMERA_LOST = "camera_lost"
    CLOCK_SET = "clock_set"
    MODE_CHANGED = "mode_changed"
    RING_FULL = "ring_full"


class PacketSink(Protocol):
    """The recorder, as the gate uses it."""

    def put(self, packet: Packet) -> None: ...

    def end_connection(self) -> None: ...


@dataclass(slots=True)
class GateFigures:
    """Read by the status thread.

    Attributes:
        skipped_packets: passed over on purpose, since the start.
    """

    mode: RecordingMode = RecordingMode.OFF
    cause: RecordingCause = RecordingCause.NONE
    skipped_packets: int = 0


@dataclass(frozen=True, slots=True)
class _Reign:
    """A mode, the plan that it is of, and from when on it holds."""

    mode: RecordingMode
    plan: RecordingPlan
    since_ns: int


class RecordingGate:
    """One stream's gate. ``put`` and ``end_connection`` are the capture thread's; ``follow``,
    ``saw`` and ``ask`` may come from any other.

    All moments are wall times of the stream, so that nothing depends on when a thread was woken.

    Args:
        ring_bytes_max: of packets kept back.
    """

    def __init__(
        self,
        recorder: PacketSink,
        schedule: RecordingSchedule,
        *,
        ring_bytes_max: int = RING_BYTES_MAX,
    ) -> None:
        self._recorder = recorder
        self._ring_bytes_max = ring_bytes_max
        self._lock = threading.Lock()
        self.figures = GateFigures()
        self._ring = PacketRing()
        self._schedule = schedule
        self._now = self._before = _Reign(RecordingMode.OFF, schedule.plan, 0)
        self._ask_again_ns = 0  # when the schedule may say something else
        # while the wall time of packets lies between these two, they pass without a look or lock
        self._through_since_ns = self._through_until_ns = 0
        self._open = False  # packets go to the recorder
        self._until_ns = 0  # wanted until then
        self._cause = RecordingCause.NONE
        self._newest_ns = 0
        self._spoken_for_ns = 0  # until then somebody said what happened
        self._is_new = True  # the next packet is the first of a connection

    def put(self, packet: Packet) -> None:
        """Take one packet."""
        if self._through_since_ns <= packet.wall_ns < self._through_until_ns:
            self._recorder.put(packet)
            return
        with self._lock:
            self._take(packet)

    def end_connection(self) -> None:
        """The camera is gone for now; what nobody has spoken for yet is recorded [3]."""
        with self._lock:
            if self._now.mode.waits and not self._open and len(self._ring):
                self._want(self._spoken_for_ns, self._newest_ns, RecordingCause.CAMERA_LOST)
            if self._open:
                self._recorder.end_connection()
            self._is_new = True

    def close(self) -> None:
        """Nobody will ask any more."""
        with self._lock:
            self._skip(self._ring.clear())

    def follow(self, schedule: RecordingSchedule) -> None:
        """Another plan holds from the next packet on."""
        with self._lock:
            self._schedule = schedule
            self._ask_again_ns = self._through_until_ns = 0

    def saw(self, second: SecondOfActivity) -> None:
        """Vision tells one second."""
        since_ns, until_ns = second.second_ns, second.second_ns + NS_PER_S
        with self._lock:
            for reign in dict.fromkeys((self._reign_at(since_ns), self._reign_at(until_ns - 1))):
                if reign.mode is RecordingMode.MOTION:
                    self._speak_for(until_ns)
                    if second.moving:
                        self._want(since_ns, until_ns, RecordingCause.MOTION)
                elif reign.mode is RecordingMode.OBJECTS and second.active is not None:
                    self._speak_for(until_ns)
                    if reign.plan.wants_objects(second.active):
                        self._want(since_ns, until_ns, RecordingCause.OBJECTS)

    def judged(self, until_wall_ns: int) -> None:
        """The server has judged what vision saw up to a moment, and asked for what it wants."""
        with self._lock:
            if self._reign_at(until_wall_ns).mode is RecordingMode.EVENTS:
                self._speak_for(until_wall_ns)

    def ask(self, since_wall_ns: int, until_wall_ns: int) -> None:
        """Something happened that is to be recorded if the mode is events."""
        with self._lock:
            if self._reign_at(since_wall_ns).mode is RecordingMode.EVENTS:
                self._want(since_wall_ns, until_wall_ns, RecordingCause.EVENT)

    def _reign_at(self, wall_ns: int) -> _Reign:
        return self._now if wall_ns >= self._now.since_ns else self._before  # [6]

    def _take(self, packet: Packet) -> None:
        wall_ns = packet.wall_ns
        went_back = wall_ns < self._newest_ns - _STEP_NS
        self._newest_ns = wall_ns
        if self._is_new:
            self._spoken_for_ns, self._is_new = wall_ns, False
        if went_back:
            self._start_over(wall_ns)
        if wall_ns >= self._ask_again_ns or went_back:
            self._enter_mode(wall_ns)
        match self._now.mode:
            case RecordingMode.OFF:
                self._skip(1)
                if wall_ns > self._now.since_ns + _ALLOWANCE_NS:
                    self._skip(self._ring.clear())
            case RecordingMode.CONTINUOUS:
                self._recorder.put(packet)
            case _:
                self._wait_with(packet)
        self.figures.cause = self._cause if self._open else RecordingCause.NONE

    def _start_over(self, wall_ns: int) -> None:
        """The clock was set back: nothing that is kept has a time that could be asked for."""
        self._now = self._before = replace(self._now, since_ns=wall_ns)
        self._spoken_for_ns = wall_ns
        if self._now.mode.waits:
            self._until_ns = wall_ns + round(self._now.plan.post_roll_s * NS_PER_S)
            self._cause = RecordingCause.CLOCK_SET
            if not self._open:
                self._let_out(0)

    def _enter_mode(self, wall_ns: int) -> None:
        span = self._schedule.span_at(wall_ns)
        self._ask_again_ns = span.until_wall_ns
        before = self._now
        if (before.mode, before.plan) != (span.mode, self._schedule.plan):
            self._before = before
            self._now = _Reign(span.mode, self._schedule.plan, wall_ns)
            self.figures.mode = span.mode
        if span.mode is RecordingMode.OFF:
            self._shut()
        elif span.mode is RecordingMode.CONTINUOUS:
            if not self._open:  # also what may still be asked for of the time before
                self._let_out(0)
            self._cause = RecordingCause.CONTINUOUS
            self._through_since_ns = wall_ns - _STEP_NS
            self._through_until_ns = span.until_wall_ns
        else:
            self._through_until_ns = 0
            if not before.mode.waits:
                self._spoken_for_ns = wall_ns
                self._skip(self._ring.clear())  # [5]
            if before.mode is RecordingMode.CONTINUOUS:
                self._cause = RecordingCause.MODE_CHANGED  # until the next key frame

    def _wait_with(self, packet: Packet) -> None:
        """In a mode that waits for something."""
        if self._is_unknown(packet.wall_ns):
            silent = self._now.mode is RecordingMode.EVENTS
            cause = RecordingCause.SERVER_SILENT if silent else RecordingCause.VISION_SILENT
            self._want(self._spoken_for_ns, packet.wall_ns, cause)
        if self._open:
            is_key = packet.kind is MediaKind.VIDEO and packet.is_key
            if not is_key or packet.wall_ns < self._until_ns:
                self._recorder.put(packet)
                return
            self._shut()  # [2]
        self._skip(not self._ring.put(packet))
        since_ns = packet.wall_ns - self._kept_ns()
        self._skip(self._ring.forget_before(since_ns))
        if self._ring.size_bytes > self._ring_bytes_max:  # [4]
            self._want(since_ns, packet.wall_ns, RecordingCause.RING_FULL)

    def _kept_ns(self) -> int:
        pre_roll_s = max(self._now.plan.pre_roll_s, self._before.plan.pre_roll_s)
        return round(pre_roll_s * NS_PER_S) + _ALLOWANCE_NS  # [1]

    def _is_unknown(self, wall_ns: int) -> bool:
        quiet_s = UNSEEN_S if self._now.mode is RecordingMode.OBJECTS else SILENT_S
        return wall_ns - self._spoken_for_ns > quiet_s * NS_PER_S  # [3]

    def _speak_for(self, until_wall_ns: int) -> None:
        self._spoken_for_ns = max(self._spoken_for_ns, min(until_wall_ns, self._newest_ns))

    def _want(self, since_ns: int, until_ns: int, cause: RecordingCause) -> None:
        """Record from a moment to another, with what belongs before and after [1]."""
        plan = self._reign_at(since_ns).plan
        until_ns = min(until_ns, self._newest_ns + round(AHEAD_S_MAX * NS_PER_S))
        end_ns = until_ns + round(plan.post_roll_s * NS_PER_S)
        held_ns = self._ring.since_wall_ns
        if not self._open and held_ns is not None and end_ns <= held_ns:
            return  # told too late, or all of it is in the file before
        if self._now.mode is RecordingMode.OFF and held_ns is None:
            return
        self._until_ns = max(self._until_ns, end_ns, self._newest_ns + round(LINGER_S * NS_PER_S))
        self._cause = self._cause if self._now.mode is RecordingMode.CONTINUOUS else cause
        if not self._open:
            # vision tells seconds in their order; an event may be told after a later one, and
            # what was passed over can't be put before what is written
            in_order = RecordingMode.EVENTS not in (self._now.mode, self._before.mode)
            self._let_out(since_ns - round(plan.pre_roll_s * NS_PER_S) if in_order else 0)
            if self._now.mode is RecordingMode.OFF:
                self._shut()  # [5]

    def _let_out(self, since_ns: int) -> None:
        packets, gone = self._ring.take_from(since_ns)
        self._skip(gone)
        self._open = True
        for packet in packets:
            self._recorder.put(packet)

    def _shut(self) -> None:
        if self._open:
            self._recorder.end_connection()
        self._open, self._cause = False, RecordingCause.NONE
        self._until_ns = 0

    def _skip(self, packets: int) -> None:
        self.figures.skipped_packets += packets
