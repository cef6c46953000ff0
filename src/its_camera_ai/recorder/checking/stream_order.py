"""How the segments of one stream follow each other: the chain of hashes [15], and time."""

from collections import deque
from collections.abc import Iterator

from its_camera_ai.core.time import NS_PER_MS
from its_camera_ai.recorder.checking.findings import Finding, FindingKind
from its_camera_ai.store.segment_walks import Link

TOLERANCE_NS = 100 * NS_PER_MS
"""A picture's length and the rounding of a camera's clock."""
_REMEMBERED = 4096


class StreamOrder:
    """Takes the segments of a stream by their start and tells what does not fit.

    A link that leads nowhere says nothing by itself: retention removes segments. But where one
    begins as another ends, nothing was removed in between, and the link must lead there; and no
    two segments have the same predecessor.
    """

    def __init__(self) -> None:
        self._last: Link | None = None
        self._order: deque[str] = deque(maxlen=_REMEMBERED)
        self._followed: dict[str, str] = {}

    def follow(self, link: Link) -> Iterator[Finding]:
        """What is wrong between this segment and those before it."""
        last, self._last = self._last, link
        if last is not None:
            gap_ns = link.start_wall_ns - last.end_wall_ns
            if gap_ns < -TOLERANCE_NS:
                yield _finding(FindingKind.OVERLAP, link, f"by {-gap_ns / 1e9:.1f} s: {last.path}")
                if last.end_wall_ns > link.end_wall_ns:
                    self._last = last
            elif gap_ns <= TOLERANCE_NS and not _continues(last, link):
                yield _finding(FindingKind.CHAIN_BROKEN, link, f"not the one after {last.path}")
        if not link.previous_hash:
            return
        other = self._followed.get(link.previous_hash)
        if other is not None:
            yield _finding(FindingKind.CHAIN_BROKEN, link, f"{other} says to follow the same one")
        if len(self._order) == _REMEMBERED:
            self._followed.pop(self._order[0], None)
        self._order.append(link.previous_hash)
        self._followed[link.previous_hash] = link.path


def _continues(last: Link, link: Link) -> bool:
    return not link.previous_hash or link.previous_hash in (last.content_hash, last.original_hash)


def _finding(kind: FindingKind, link: Link, detail: str) -> Finding:
    return Finding(kind, link.path, link.id, detail)
