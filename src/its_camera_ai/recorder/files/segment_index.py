"""Where closed recordings are announced: the port between files and their index."""

from typing import Protocol

from its_camera_ai.core.segments import Segment


class SegmentIndex(Protocol):
    """Where closed segments are announced. Must never block or raise."""

    def add(self, segment: Segment) -> None: ...
