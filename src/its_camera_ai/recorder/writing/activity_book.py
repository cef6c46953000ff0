"""What vision told lately, second by second: ``ActivityOf`` for the recorders."""

import threading
from collections import OrderedDict

from its_camera_ai.core.activity import SECONDS_MAX, SecondOfActivity, SegmentActivity
from its_camera_ai.core.time import NS_PER_S

KEPT_S = 1200
"""Seconds kept per camera: two of the longest files."""
CAMERAS_MAX = 1000


class ActivityBook:
    """The last twenty minutes of every camera that vision speaks of; bounded. Thread safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seconds: dict[str, OrderedDict[int, SecondOfActivity]] = {}

    def hear(self, camera_id: str, second: SecondOfActivity) -> None:
        """Take one second down; one that was told before is replaced."""
        with self._lock:
            known = self._seconds.get(camera_id)
            if known is None:
                if len(self._seconds) >= CAMERAS_MAX:
                    return
                known = self._seconds[camera_id] = OrderedDict()
            known[second.second_ns // NS_PER_S] = second
            while len(known) > KEPT_S:
                known.popitem(last=False)

    def forget(self, camera_id: str) -> None:
        with self._lock:
            self._seconds.pop(camera_id, None)

    def knows(self, camera_id: str, wall_ns: int) -> bool:
        """Whether anything was told of the ten seconds before a moment, or of later."""
        with self._lock:
            known = self._seconds.get(camera_id)
            return known is not None and next(reversed(known)) >= wall_ns // NS_PER_S - 10

    def of(self, camera_id: str, since_wall_ns: int, until_wall_ns: int) -> SegmentActivity | None:
        """What was told of a span so far; None if nothing was. Never waits."""
        first_s, last_s = since_wall_ns // NS_PER_S, (until_wall_ns - 1) // NS_PER_S
        last_s = min(last_s, first_s + SECONDS_MAX - 1)
        with self._lock:
            known = self._seconds.get(camera_id, OrderedDict())
            told = [known.get(at_s) for at_s in range(first_s, last_s + 1)]
        return SegmentActivity.of(first_s * NS_PER_S, told)
