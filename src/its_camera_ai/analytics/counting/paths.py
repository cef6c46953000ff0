"""What is remembered of each track between looks: places, times and trend. One row per track."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from its_camera_ai.core.scene import Anchor, anchor_points
from its_camera_ai.core.time import NS_PER_S

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Rows = npt.NDArray[np.intp]

ANCHORS = (Anchor.BOTTOM_CENTRE, Anchor.CENTRE, Anchor.TOP_CENTRE)
"""Order of the anchors in every (…, 3, 2) array."""


@dataclass(frozen=True, slots=True, eq=False)
class Sightings:
    """K tracks as really seen in one frame.

    Attributes:
        pts_ns: the frame's stream time.
        track_id: (K,). class_id: (K,). score: (K,).
        xyxy: (K, 4) px.
        anchors: (K, 3, 2) px, in the order of ``ANCHORS``.
    """

    pts_ns: int
    track_id: Ints
    class_id: Ints
    score: Floats
    xyxy: Floats
    anchors: Floats

    @classmethod
    def of(
        cls,
        pts_ns: int,
        track_id: Ints,
        class_id: npt.NDArray[np.int8],
        score: npt.NDArray[np.float32],
        xyxy: npt.NDArray[np.float32],
    ) -> "Sightings":
        anchors = np.empty((len(xyxy), len(ANCHORS), 2))
        for i, anchor in enumerate(ANCHORS):
            anchors[:, i] = anchor_points(xyxy, anchor)
        return cls(
            pts_ns,
            track_id,
            class_id.astype(np.int64),
            score.astype(np.float64),
            xyxy.astype(np.float64),
            anchors,
        )

    def __len__(self) -> int:
        return len(self.track_id)

    def take(self, index: Rows | npt.NDArray[np.bool_]) -> "Sightings":
        return Sightings(
            self.pts_ns,
            self.track_id[index],
            self.class_id[index],
            self.score[index],
            self.xyxy[index],
            self.anchors[index],
        )

    @property
    def height(self) -> Floats:
        """(K,) px, at least 1."""
        height: Floats = np.maximum(self.xyxy[:, 3] - self.xyxy[:, 1], 1.0)
        return height


@dataclass(frozen=True, slots=True, eq=False)
class Moves:
    """One step of K tracks, from the sighting before to the present one.

    Attributes:
        rows: (K,) rows of ``Paths``.
        before, after: (K, 3, 2) px anchors.
        before_ns: (K,). after_ns: (K,). stream times.
        height: (K,) px of the present box.
        xyxy: (K, 4). score: (K,). of the present sighting.
    """

    rows: Rows
    before: Floats
    after: Floats
    before_ns: Ints
    after_ns: Ints
    height: Floats
    xyxy: Floats
    score: Floats


class Paths:
    """Columns of the tracks known now; row k of every column is the same track.

    Attributes:
        track_id: (N,), −1 for a row that was joined to another and waits to be dropped.
        class_id: (N,). score: (N,). of the last sighting.
        xyxy: (N, 4). anchors: (N, 3, 2). of the last sighting, px.
        seen_ns: (N,) its stream time. born_ns: (N,) that of the first.
        sightings: (N,) how many.
        unseen_s: (N,) looked-at time since.
        mark, mark_ns: (N, 2, 3, 2), (N, 2): the trend's two earlier reference sightings.
    """

    _COLUMNS = (
        "track_id",
        "class_id",
        "score",
        "xyxy",
        "anchors",
        "seen_ns",
        "born_ns",
        "sightings",
        "unseen_s",
        "mark",
        "mark_ns",
    )

    def __init__(self) -> None:
        self.track_id: Ints = np.empty(0, np.int64)
        self.class_id: Ints = np.empty(0, np.int64)
        self.score: Floats = np.empty(0)
        self.xyxy: Floats = np.empty((0, 4))
        self.anchors: Floats = np.empty((0, 3, 2))
        self.seen_ns: Ints = np.empty(0, np.int64)
        self.born_ns: Ints = np.empty(0, np.int64)
        self.sightings: Ints = np.empty(0, np.int64)
        self.unseen_s: Floats = np.empty(0)
        self.mark: Floats = np.empty((0, 2, 3, 2))
        self.mark_ns: Ints = np.empty((0, 2), np.int64)

    def __len__(self) -> int:
        return len(self.track_id)

    def rows_of(self, track_id: Ints) -> Rows:
        """(K,) row of each id, −1 where it is not known."""
        if not len(self.track_id):
            return np.full(len(track_id), -1, np.intp)
        order = np.argsort(self.track_id)
        place = np.searchsorted(self.track_id, track_id, sorter=order)
        rows = order[np.minimum(place, len(order) - 1)]
        rows[self.track_id[rows] != track_id] = -1
        return rows

    def moves(self, rows: Rows, seen: Sightings) -> Moves:
        """The step from what row ``rows[k]`` remembers to sighting k."""
        after_ns = np.full(len(rows), seen.pts_ns, np.int64)
        return Moves(
            rows,
            self.anchors[rows],
            seen.anchors,
            self.seen_ns[rows],
            after_ns,
            seen.height,
            seen.xyxy,
            seen.score,
        )

    def advance(self, rows: Rows, seen: Sightings, trend_s: float) -> None:
        """Remember ``seen`` as the last sighting of ``rows``."""
        due = seen.pts_ns - self.mark_ns[rows, 0] >= trend_s * NS_PER_S
        shift = rows[due]
        self.mark[shift, 1] = self.mark[shift, 0]
        self.mark_ns[shift, 1] = self.mark_ns[shift, 0]
        self.mark[shift, 0] = seen.anchors[due]
        self.mark_ns[shift, 0] = seen.pts_ns
        self.class_id[rows] = seen.class_id
        self.score[rows] = seen.score
        self.xyxy[rows] = seen.xyxy
        self.anchors[rows] = seen.anchors
        self.seen_ns[rows] = seen.pts_ns
        self.sightings[rows] += 1
        self.unseen_s[rows] = 0

    def append(self, seen: Sightings) -> None:
        """New rows for tracks seen for the first time."""
        n = len(seen)
        now = np.full(n, seen.pts_ns, np.int64)
        for name, value in (
            ("track_id", seen.track_id),
            ("class_id", seen.class_id),
            ("score", seen.score),
            ("xyxy", seen.xyxy),
            ("anchors", seen.anchors),
            ("seen_ns", now),
            ("born_ns", now),
            ("sightings", np.ones(n, np.int64)),
            ("unseen_s", np.zeros(n)),
            ("mark", np.repeat(seen.anchors[:, None], 2, axis=1)),
            ("mark_ns", np.repeat(now[:, None], 2, axis=1)),
        ):
            setattr(self, name, np.concatenate([getattr(self, name), value]))

    def keep(self, mask: npt.NDArray[np.bool_]) -> None:
        """Drop the rows where ``mask`` is False."""
        for name in self._COLUMNS:
            setattr(self, name, getattr(self, name)[mask])

    def trend(self, rows: Rows) -> tuple[Floats, Floats]:
        """How the tracks moved lately.

        Returns:
            (K, 3, 2) displacement in px since the older reference sighting, and (K,) seconds
            that it took; both 0 for a track seen once.
        """
        moved = self.anchors[rows] - self.mark[rows, 1]
        took_s = (self.seen_ns[rows] - self.mark_ns[rows, 1]) / NS_PER_S
        return moved, took_s

    @property
    def height(self) -> Floats:
        """(N,) px, at least 1."""
        height: Floats = np.maximum(self.xyxy[:, 3] - self.xyxy[:, 1], 1.0)
        return height
