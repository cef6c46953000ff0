"""Announces a file when vision has told its last seconds.

Vision speaks of a second one or two seconds after it ended, when the file that held it is closed
already. The file's seal can't be changed then, its row can still wait: a second that is unknown
only because the row was written early would count as one in which anything may have happened.
"""

import threading
from dataclasses import dataclass, replace

from its_camera_ai.core.activity import SegmentActivity
from its_camera_ai.core.segments import Segment
from its_camera_ai.core.time import NS_PER_S, Clock
from its_camera_ai.recorder.files.segment_index import SegmentIndex
from its_camera_ai.recorder.writing.activity_book import ActivityBook

WAIT_S = 4.0


@dataclass(frozen=True, slots=True)
class _Waiting:
    segment: Segment
    until_ns: int  # of the clock that never steps


class PatientIndex:
    """Holds a row back for up to four seconds, if vision speaks of its camera at all.

    Rows that wait when the process is killed are found again from their files, with the activity
    that their seals hold. ``add`` and ``tick`` never block.
    """

    def __init__(self, index: SegmentIndex, book: ActivityBook, clock: Clock) -> None:
        self._index = index
        self._book = book
        self._clock = clock
        self._lock = threading.Lock()
        self._waiting: list[_Waiting] = []
        self._closed = False

    def add(self, segment: Segment) -> None:
        with self._lock:
            if (
                not self._closed
                and not _is_whole(segment.activity)
                and self._book.knows(segment.camera_id, segment.end_wall_ns)
            ):
                until_ns = self._clock.monotonic_ns() + round(WAIT_S * NS_PER_S)
                self._waiting.append(_Waiting(segment, until_ns))
                return
        self._index.add(segment)

    def tick(self) -> None:
        """Announce what is complete or has waited long enough; called about once a second."""
        now_ns = self._clock.monotonic_ns()
        with self._lock:
            ready, self._waiting = self._sorted_out(now_ns)
        for segment in ready:
            self._index.add(segment)

    def _sorted_out(self, now_ns: int) -> tuple[list[Segment], list[_Waiting]]:
        ready: list[Segment] = []
        waiting: list[_Waiting] = []
        for entry in self._waiting:
            segment = self._completed(entry.segment)
            if _is_whole(segment.activity) or now_ns >= entry.until_ns:
                ready.append(segment)
            else:
                waiting.append(entry)
        return ready, waiting

    def _completed(self, segment: Segment) -> Segment:
        told = self._book.of(segment.camera_id, segment.start_wall_ns, segment.end_wall_ns)
        before = segment.activity
        more = told is not None and (before is None or told.known_s > before.known_s)
        return replace(segment, activity=told) if more else segment

    def close(self) -> None:
        """Announce all that waits, and from now on everything at once."""
        with self._lock:
            self._closed = True
            waiting, self._waiting = self._waiting, []
        for entry in waiting:
            self._index.add(self._completed(entry.segment))


def _is_whole(activity: SegmentActivity | None) -> bool:
    return activity is not None and activity.known_s == activity.seconds
