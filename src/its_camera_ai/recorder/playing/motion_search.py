"""When something moved in a part of the picture, from what vision saw then: nothing is decoded."""

import math
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field

import msgspec
import numpy as np
import numpy.typing as npt

from its_camera_ai.core.activity import CELLS_BYTES, ROW_BYTES, SegmentActivity, cells_touched
from its_camera_ai.core.detections import ObjectClass
from its_camera_ai.core.errors import ConfigInvalid, StateInvalid
from its_camera_ai.core.time import NS_PER_S
from its_camera_ai.store.activity_rows import ActivityRow, ActivityRows

Area = tuple[tuple[float, float], ...]
CORNERS_MAX = 100
SPANS_MAX = 1000
UNKNOWN_MAX = 1000
SEGMENTS_MAX = 300_000
"""Files gone through by one search: two months of one camera; a further page goes on from there."""
JOIN_S = 2
"""Movements with no more than so many quiet seconds between them are one span."""
_EVERYWHERE: Area = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))


@dataclass(frozen=True, slots=True)
class MotionQuery:
    """What is looked for.

    Attributes:
        area: corners, normalised; empty is the whole picture.
        since_wall_ns, until_wall_ns: the span that is searched.
        classes: labels such as ``person``: only in files in which one of these was seen.
        min_s: shorter spans are passed over.
        newest_first: the order of the answer.
        limit: spans of the answer, 1–1000.
    """

    camera_id: str
    since_wall_ns: int
    until_wall_ns: int
    area: Area = ()
    classes: tuple[str, ...] = ()
    min_s: float = 0.0
    newest_first: bool = True
    limit: int = 100

    def __post_init__(self) -> None:
        if not 1 <= self.limit <= SPANS_MAX:
            raise ConfigInvalid(f"limit: must be from 1 to {SPANS_MAX}.")
        if not (math.isfinite(self.min_s) and self.min_s >= 0):
            raise ConfigInvalid("min_s: must be seconds, 0 or more.")
        labels = [c.label for c in ObjectClass]
        for label in self.classes:
            if label not in labels:
                raise ConfigInvalid(f"class: there is only {', '.join(labels)}.")
        if self.area:
            check_area(self.area)


@dataclass(frozen=True, slots=True)
class MovedSpan:
    """Something moved. Whole seconds, wall ns.

    Attributes:
        moving_s: of them, with movement.
    """

    since_wall_ns: int
    until_wall_ns: int
    moving_s: int


@dataclass(frozen=True, slots=True)
class MotionFound:
    """One page of an answer.

    Attributes:
        spans: in the wanted order.
        unknown: recorded, but nobody saw it: what is not among ``spans`` there may have moved all
            the same; in order of time, at most 1000 of them.
        unknown_s: how long they all are.
        next_wall_ns: where the next page begins: its ``until`` if newest first, else its ``since``;
            None if this is all.
        segments: files gone through.
    """

    spans: tuple[MovedSpan, ...]
    unknown: tuple[tuple[int, int], ...]
    unknown_s: float
    next_wall_ns: int | None
    segments: int


def parse_area(text: str) -> Area:
    """Corners from ``x,y x,y x,y``, normalised.

    Raises:
        ConfigInvalid: no polygon in the picture.

    >>> parse_area("0,0 1,0 0.5,1")
    ((0.0, 0.0), (1.0, 0.0), (0.5, 1.0))
    """
    corners = []
    for part in text.split():
        x, comma, y = part.partition(",")
        try:
            corners.append((float(x), float(y)))
        except ValueError:
            comma = ""
        if not comma:
            raise ConfigInvalid(_BAD_AREA)
    area = tuple(corners)
    check_area(area)
    return area


_BAD_AREA = (
    "area: write the corners of a polygon as fractions of the picture's width and height, such as "
    "'0.1,0.2 0.5,0.2 0.5,0.8' (3 to 100 corners, each number from 0 to 1)."
)


def check_area(area: Sequence[tuple[float, float]]) -> None:
    """
    Raises:
        ConfigInvalid: no polygon in the picture.
    """
    inside = all(0 <= value <= 1 for corner in area for value in corner)  # False for nan
    if not 3 <= len(area) <= CORNERS_MAX or not inside or not cells_touched(area).any():
        raise ConfigInvalid(_BAD_AREA)


class MotionSearch:
    """Searches the index; reads no recording."""

    def __init__(self, rows: ActivityRows) -> None:
        self._rows = rows

    def find(self, query: MotionQuery) -> MotionFound:
        """One page of the answer."""
        asked = _Asked(query)
        gathered = _Gathered(query)
        segments, at_ns = 0, None
        pages = self._rows.pages(
            query.camera_id,
            query.since_wall_ns,
            query.until_wall_ns,
            newest_first=query.newest_first,
        )
        with closing(pages):
            for page in pages:
                gathered.add(asked.look(page))
                segments += len(page)
                if gathered.is_full:
                    break
                if segments >= SEGMENTS_MAX:
                    start_ns, end_ns, _ = page[-1]
                    at_ns = start_ns if query.newest_first else end_ns
                    break
        return gathered.answer(at_ns, segments)


@dataclass(slots=True)
class _Seen:
    """One page of rows. Seconds since the epoch, sorted, each once."""

    moved: npt.NDArray[np.int64]
    unknown: list[tuple[int, int]] = field(default_factory=list)  # wall ns


class _Asked:
    """The query against rows."""

    def __init__(self, query: MotionQuery) -> None:
        self._query = query
        bits = np.packbits(cells_touched(query.area or _EVERYWHERE)).tobytes()
        self._cells = int.from_bytes(bits, "big")
        mask = np.frombuffer(bits, np.uint8)
        self._columns = np.flatnonzero(mask)
        self._mask = mask[self._columns]
        self._decoder = msgspec.msgpack.Decoder(SegmentActivity)

    def look(self, page: Sequence[ActivityRow]) -> _Seen:
        """One page of rows."""
        seen = _Seen(np.empty(0, np.int64))
        opened: list[bytes] = []
        firsts: list[int] = []
        counts_motion: list[bool] = []
        for start_ns, end_ns, packed in page:
            try:
                activity = self._decode(packed)
                if activity is None:
                    seen.unknown.append((start_ns, end_ns))
                    continue
                moved = activity.moving_s > 0 and self._moved(activity)
                if not moved and activity.known_s == activity.seconds:
                    continue
                opened.append(activity.unpacked())
            except (msgspec.DecodeError, StateInvalid):
                seen.unknown.append((start_ns, end_ns))
                continue
            firsts.append(activity.first_second_ns // NS_PER_S)
            counts_motion.append(moved)
        if opened:
            self._look_at(seen, opened, firsts, counts_motion)
        return seen

    def _decode(self, packed: bytes | None) -> SegmentActivity | None:
        """None for what can't answer the question."""
        activity = None if packed is None else self._decoder.decode(packed)
        if activity is not None and self._query.classes and not activity.looked_s:
            return None if activity.moving_s else activity
        return activity

    def _moved(self, activity: SegmentActivity) -> bool:
        """Whether something may have moved in the area at some time, and be what is looked for."""
        anywhen = activity.anywhen
        if len(anywhen) == CELLS_BYTES and not int.from_bytes(anywhen, "big") & self._cells:
            return False
        classes = self._query.classes
        return not classes or any(activity.objects.get(label) for label in classes)

    def _look_at(
        self,
        seen: _Seen,
        opened: list[bytes],
        firsts: list[int],
        counts_motion: list[bool],
    ) -> None:
        rows = np.frombuffer(b"".join(opened), np.uint8).reshape(-1, ROW_BYTES)
        lengths = np.array([len(unpacked) for unpacked in opened]) // ROW_BYTES
        begins = np.cumsum(lengths) - lengths
        seconds = np.arange(len(rows)) + np.repeat(np.array(firsts) - begins, lengths)
        known = rows[:, 0] != 0
        cells = rows[:, 1 + self._columns] & self._mask
        moved = cells.any(axis=1) & np.repeat(counts_motion, lengths)
        moments = np.sort(seconds[moved & known], kind="stable")
        seen.moved = moments[np.diff(moments, prepend=-1) > 0]
        if not known.all():
            # a second on the border of two files may be known to one of them
            unknown = np.sort(seconds[~known])
            unknown = unknown[~np.isin(unknown, seconds[known])]
            seen.unknown += [
                (first * NS_PER_S, (last + 1) * NS_PER_S) for first, last, _ in _runs(unknown, 0)
            ]


def _runs(seconds: npt.NDArray[np.int64], join_s: int) -> Iterator[tuple[int, int, int]]:
    """First, last and number of the seconds that follow each other with small gaps."""
    if not len(seconds):
        return
    breaks = np.flatnonzero(np.diff(seconds) > join_s + 1)
    begins = np.concatenate([[0], breaks + 1])
    ends = np.concatenate([breaks, [len(seconds) - 1]])
    yield from zip(
        seconds[begins].tolist(), seconds[ends].tolist(), (ends - begins + 1).tolist(), strict=True
    )


class _Gathered:
    """Spans over the borders of pages."""

    def __init__(self, query: MotionQuery) -> None:
        self._query = query
        self._spans: list[MovedSpan] = []
        self._growing: MovedSpan | None = None
        self._unknown: list[tuple[int, int]] = []

    @property
    def is_full(self) -> bool:
        return len(self._spans) >= self._query.limit

    def add(self, seen: _Seen) -> None:
        self._unknown += seen.unknown
        found = [
            MovedSpan(first * NS_PER_S, (last + 1) * NS_PER_S, count)
            for first, last, count in _runs(seen.moved, JOIN_S)
        ]
        for span in reversed(found) if self._query.newest_first else found:
            growing = self._growing
            if growing is not None and _gap_ns(growing, span) <= JOIN_S * NS_PER_S:
                self._growing = MovedSpan(
                    min(growing.since_wall_ns, span.since_wall_ns),
                    max(growing.until_wall_ns, span.until_wall_ns),
                    growing.moving_s + span.moving_s,
                )
            else:
                self._finish()
                self._growing = span

    def _finish(self) -> None:
        span, self._growing = self._growing, None
        if span is None or self.is_full:
            return
        since_ns = max(span.since_wall_ns, self._query.since_wall_ns)
        until_ns = min(span.until_wall_ns, self._query.until_wall_ns)
        if until_ns > since_ns and until_ns - since_ns >= self._query.min_s * NS_PER_S:
            self._spans.append(MovedSpan(since_ns, until_ns, span.moving_s))

    def answer(self, at_ns: int | None, segments: int) -> MotionFound:
        """``at_ns``: where the search stopped for its length; None if it did not."""
        query = self._query
        if not self.is_full:
            self._finish()
        if self.is_full:
            last = self._spans[-1]
            at_ns = last.since_wall_ns if query.newest_first else last.until_wall_ns
        since_ns, until_ns = query.since_wall_ns, query.until_wall_ns
        if at_ns is not None:
            since_ns, until_ns = (
                (max(at_ns, since_ns), until_ns)
                if query.newest_first
                else (since_ns, min(at_ns, until_ns))
            )
        unknown = _merged(self._unknown, since_ns, until_ns)
        return MotionFound(
            tuple(self._spans),
            tuple(unknown[:UNKNOWN_MAX]),
            sum(until - since for since, until in unknown) / NS_PER_S,
            at_ns,
            segments,
        )


def _gap_ns(one: MovedSpan, other: MovedSpan) -> int:
    return max(one.since_wall_ns, other.since_wall_ns) - min(one.until_wall_ns, other.until_wall_ns)


def _merged(spans: list[tuple[int, int]], since_ns: int, until_ns: int) -> list[tuple[int, int]]:
    """Spans within limits, joined where they touch."""
    joined: list[tuple[int, int]] = []
    for begin, end in sorted(spans):
        begin, end = max(begin, since_ns), min(end, until_ns)
        if begin >= end:
            continue
        if joined and begin - joined[-1][1] <= NS_PER_S // 10:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((begin, end))
    return joined
