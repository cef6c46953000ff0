"""What is known of traffic lights, from whoever tells it."""

import threading
from collections.abc import Mapping

from its_camera_ai.core.signals import SignalReading


class SignalBoard:
    """The newest state of every signal head, by camera; told from one thread, read from another.

    A reading that is older than the known one changes nothing.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[str, dict[str, SignalReading]] = {}

    def tell(self, camera_id: str, reading: SignalReading) -> None:
        with self._lock:
            heads = self._known.setdefault(camera_id, {})
            known = heads.get(reading.head)
            if known is None or reading.wall_ns >= known.wall_ns:
                heads[reading.head] = reading

    def of(self, camera_id: str) -> Mapping[str, SignalReading]:
        """Head id → its newest reading."""
        with self._lock:
            return dict(self._known.get(camera_id, {}))
