"""All tracks of one camera as two arrays: one row per track, one column per quantity."""

from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Index = npt.NDArray[np.intp] | npt.NDArray[np.bool_]

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
SCORE = UNSEEN_S + 1
BOX = slice(SCORE + 1, SCORE + 5)
FLOATS = SCORE + 5

ID, CLASS, SIGHTINGS, SEEN_NS = 0, 1, 2, 3
INTS = 4


class TrackTable:
    """Stacked state of N tracks.

    Attributes:
        real: (N, FLOATS) float64. Per coordinate (bottom-centre x and y in pixels, logarithms of
            width and height) position, velocity per second and the three entries of its 2×2
            covariance; class votes; seconds of looked-at time since the last sighting; score and
            box (xyxy) seen.
        whole: (N, INTS) int64: id, class by vote, number of sightings, stream time of the last.
    """

    __slots__ = ("real", "whole")

    def __init__(self, real: Floats | None = None, whole: Ints | None = None) -> None:
        self.real: Floats = np.empty((0, FLOATS)) if real is None else real
        self.whole: Ints = np.empty((0, INTS), np.int64) if whole is None else whole

    def __len__(self) -> int:
        return len(self.real)

    def keep(self, index: Index) -> None:
        """Drop every row that ``index`` does not choose."""
        self.real = self.real[index]
        self.whole = self.whole[index]

    def append(self, other: "TrackTable") -> None:
        self.real = np.concatenate([self.real, other.real])
        self.whole = np.concatenate([self.whole, other.whole])

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
