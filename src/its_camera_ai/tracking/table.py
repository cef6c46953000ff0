"""All tracks of one camera as arrays: one row per track, one column per quantity."""

from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Rows = npt.NDArray[np.intp]
Index = Rows | Bools

CLASSES = 8
"""Number of ``ObjectClass`` values."""

X, Y, LOG_W, LOG_H = 0, 1, 2, 3
POSITION = slice(0, 4)
VELOCITY = slice(4, 8)
P_POS = slice(8, 12)
P_CROSS = slice(12, 16)
P_VEL = slice(16, 20)
VOTES = slice(20, 20 + CLASSES)
UNSEEN_S = 20 + CLASSES
EVIDENCE = UNSEEN_S + 1
SCORE = EVIDENCE + 1
BOX = slice(SCORE + 1, SCORE + 5)
FIRST_SCORE = SCORE + 5
FIRST_BOX = slice(FIRST_SCORE + 1, FIRST_SCORE + 5)
FLOATS = FIRST_SCORE + 5

ID, CLASS, SIGHTINGS, SEEN_NS, FIRST_NS = 0, 1, 2, 3, 4
INTS = 5


class TrackTable:
    """Stacked state of N tracks.

    Attributes:
        real: (N, FLOATS) float64. Per coordinate (bottom-centre x and y in pixels, logarithms of
            width and height) position, velocity per second and the three entries of its 2×2
            covariance; class votes; seconds of looked-at time since the last sighting; evidence
            that the track is a body; score and box (xyxy) seen; those of the first sighting.
        whole: (N, INTS) int64: id (0 until the track is shown), class by vote, number of
            sightings, stream times of the last and the first.
        looks_like: (N, D) float32 unit vectors, zeros where the appearance is not known; D is 0
            until a detection comes with features.
    """

    __slots__ = ("looks_like", "real", "whole")

    def __init__(
        self,
        real: Floats | None = None,
        whole: Ints | None = None,
        looks_like: npt.NDArray[np.float32] | None = None,
    ) -> None:
        self.real: Floats = np.empty((0, FLOATS)) if real is None else real
        self.whole: Ints = np.empty((0, INTS), np.int64) if whole is None else whole
        self.looks_like: npt.NDArray[np.float32] = (
            np.empty((len(self.real), 0), np.float32) if looks_like is None else looks_like
        )

    def __len__(self) -> int:
        return len(self.real)

    def take(self, index: Index) -> "TrackTable":
        return TrackTable(self.real[index], self.whole[index], self.looks_like[index])

    def keep(self, index: Index) -> None:
        """Drop every row that ``index`` does not choose."""
        self.real = self.real[index]
        self.whole = self.whole[index]
        self.looks_like = self.looks_like[index]

    def append(self, other: "TrackTable") -> None:
        """Add rows; ``other`` has features of the same length."""
        self.real = np.concatenate([self.real, other.real])
        self.whole = np.concatenate([self.whole, other.whole])
        self.looks_like = np.concatenate([self.looks_like, other.looks_like])

    def use_features(self, length: int) -> None:
        """Make room for features of this length; others are forgotten."""
        if self.looks_like.shape[1] != length:
            self.looks_like = np.zeros((len(self), length), np.float32)

    def boxes(self) -> Floats:
        """(N, 4) xyxy pixels of the present state."""
        return boxes_of(self.real[:, POSITION])


def boxes_of(position: Floats) -> Floats:
    """Bottom-centre x, y, log width, log height (N, 4) → xyxy (N, 4)."""
    size = np.exp(position[:, 2:4])
    half = size[:, 0] / 2
    x, y = position[:, 0], position[:, 1]
    return np.stack([x - half, y - size[:, 1], x + half, y], axis=1)


def positions_of(xyxy: npt.NDArray[np.floating[Any]]) -> Floats:
    """xyxy (N, 4) → bottom-centre x, y, log width, log height (N, 4); sizes of at least 1 px."""
    boxes = xyxy.astype(np.float64)
    out: Floats = np.empty_like(boxes)
    out[:, 0] = (boxes[:, 0] + boxes[:, 2]) / 2
    out[:, 1] = boxes[:, 3]
    out[:, 2:] = np.log(np.maximum(boxes[:, 2:] - boxes[:, :2], 1.0))
    return out
