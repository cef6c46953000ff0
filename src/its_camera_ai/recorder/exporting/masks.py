"""Makes parts of pictures unrecognisable for good, as decoded and before any scaling."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from its_camera_ai.core.exports import MaskStyle, MaskZone

Planes = npt.NDArray[np.uint8]
"""A picture as planar YUV 4:2:0, (H × 3/2, W)."""
Boxes = npt.NDArray[np.float32]

CELLS_MAX = 8
"""A mosaic has at most so many cells along its longer side, and none smaller than this:"""
CELL_MIN_PX = 16
BOX_MARGIN = 0.3
"""A found box is widened by this share of its size on each side."""
_BLACK_YUV = (16, 128, 128)


@dataclass(frozen=True, slots=True, eq=False)
class _Shape:
    """A masked area: its frame of even edges, and which of the pixels within it belong."""

    left: int
    top: int
    mask: npt.NDArray[np.bool_]

    @property
    def size_wh(self) -> tuple[int, int]:
        return self.mask.shape[1], self.mask.shape[0]


class Masker:
    """Masks the zones of one camera in pictures of one size.

    Args:
        size_wh: of the pictures, even.
    """

    def __init__(
        self, zones: Sequence[MaskZone], style: MaskStyle, size_wh: tuple[int, int]
    ) -> None:
        self._style = style
        self._size_wh = size_wh
        self._zones = [(zone, _polygon(zone, size_wh)) for zone in zones]

    def apply(self, planes: Planes, wall_ns: int, boxes: Boxes) -> None:
        """Mask the zones that hold at this time, and boxes ``(N, 4)`` xyxy in pixels; in place."""
        for zone, shape in self._zones:
            since, until = zone.since_wall_ns, zone.until_wall_ns
            if (since is None or since <= wall_ns) and (until is None or wall_ns < until):
                self._hide(planes, shape)
        for box in boxes:
            shape_of_box = _rectangle(box, self._size_wh)
            if shape_of_box is not None:
                self._hide(planes, shape_of_box)

    def _hide(self, planes: Planes, shape: _Shape) -> None:
        width, height = self._size_wh
        w, h = shape.size_wh
        x, y = shape.left, shape.top
        luma = planes[:height]
        chroma = planes[height:].reshape(2, height // 2, width // 2)
        self._fill(luma[y : y + h, x : x + w], shape.mask, shape, _BLACK_YUV[0])
        small = shape.mask[::2, ::2]
        for plane, black in zip(chroma, _BLACK_YUV[1:], strict=True):
            part = plane[y // 2 : (y + h) // 2, x // 2 : (x + w) // 2]
            self._fill(part, small, shape, black)

    def _fill(self, part: Planes, mask: npt.NDArray[np.bool_], shape: _Shape, black: int) -> None:
        if self._style is MaskStyle.BLACK:
            part[mask] = black
            return
        cells_wh = _cells(shape.size_wh)
        coarse = cv2.resize(part, cells_wh, interpolation=cv2.INTER_AREA)
        size = (part.shape[1], part.shape[0])
        mosaic = cv2.resize(coarse, size, interpolation=cv2.INTER_NEAREST)
        part[mask] = mosaic[mask]


def _cells(size_wh: tuple[int, int]) -> tuple[int, int]:
    cell = max(CELL_MIN_PX, -(-max(size_wh) // CELLS_MAX))
    return max(1, size_wh[0] // cell), max(1, size_wh[1] // cell)


def _polygon(zone: MaskZone, size_wh: tuple[int, int]) -> _Shape:
    width, height = size_wh
    corners = np.array(zone.polygon, np.float64) * (width, height)
    whole = np.zeros((height, width), np.uint8)
    cv2.fillPoly(whole, [np.rint(corners).astype(np.int32)], 1)
    cv2.polylines(whole, [np.rint(corners).astype(np.int32)], True, 1, 3)
    return _shape(whole.astype(bool))


def _shape(whole: npt.NDArray[np.bool_]) -> _Shape:
    """Cut to the frame round it; colours belong to 2 × 2 pixels, so these stay together."""
    height, width = whole.shape
    fours = whole.reshape(height // 2, 2, width // 2, 2).max(axis=(1, 3))
    rows, columns = (np.flatnonzero(fours.max(axis=axis)) for axis in (1, 0))
    inner = fours[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    mask = inner.repeat(2, axis=0).repeat(2, axis=1)
    return _Shape(int(columns[0]) * 2, int(rows[0]) * 2, mask)


def _rectangle(box: npt.NDArray[np.float32], size_wh: tuple[int, int]) -> _Shape | None:
    """A found box with its margin; None if it lies outside the picture."""
    width, height = size_wh
    margin = BOX_MARGIN * np.array([box[2] - box[0], box[3] - box[1]])
    left, top = np.maximum(np.floor((box[:2] - margin) / 2) * 2, 0).astype(int)
    right, bottom = np.minimum(np.ceil((box[2:] + margin) / 2) * 2, (width, height)).astype(int)
    if right <= left or bottom <= top:
        return None
    return _Shape(int(left), int(top), np.ones((bottom - top, right - left), bool))
