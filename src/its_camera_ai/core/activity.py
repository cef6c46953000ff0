"""What vision saw in a recording, second by second, kept with the recording itself.

A grid of 32 × 18 cells lies over the picture, row by row from the top left. A second's cells are
packed into 72 bytes, first cell in the highest bit (``numpy.packbits``).
"""

import zlib
from collections.abc import Sequence

import msgspec
import numpy as np
import numpy.typing as npt

from its_camera_ai.core.errors import StateInvalid
from its_camera_ai.core.geometry import points_in_polygon

GRID_WH = (32, 18)
CELLS_BYTES = GRID_WH[0] * GRID_WH[1] // 8
SECONDS_MAX = 4096
ROW_BYTES = 1 + CELLS_BYTES
_UNKNOWN = bytes(ROW_BYTES)

CellArray = npt.NDArray[np.bool_]


class SecondOfActivity(msgspec.Struct, frozen=True, array_like=True):
    """One second of one camera as vision saw it.

    Attributes:
        second_ns: its beginning, wall ns, a whole second.
        frames: pictures that passed the motion gate.
        cells: 72 bytes, where something moved.
        objects: most objects of a class at once, by label; None if nobody looked.
        active: of them, those that came or moved lately; None if nobody looked.
    """

    second_ns: int
    frames: int
    cells: bytes
    objects: dict[str, int] | None = None
    active: dict[str, int] | None = None

    @property
    def moving(self) -> bool:
        return any(self.cells)


class SegmentActivity(msgspec.Struct, frozen=True):
    """The activity of one segment.

    Attributes:
        first_second_ns: wall ns of the first second that shares a moment with the segment.
        seconds: how many seconds that are.
        known_s: of them, seen by vision; the rest is unknown, not quiet.
        moving_s: of them, with motion somewhere.
        objects: most objects of a class at once, by label.
        packed: zlib of ``seconds`` × (1 byte known + 72 bytes of cells).
        anywhen: 72 bytes, where something moved at any time; empty where that was not kept.
        looked_s: seconds in which somebody looked for objects.
        unlooked_s: seconds with motion in which nobody did.
    """

    first_second_ns: int
    seconds: int
    known_s: int
    moving_s: int
    objects: dict[str, int]
    packed: bytes
    anywhen: bytes = b""
    looked_s: int = 0
    unlooked_s: int = 0

    @classmethod
    def of(
        cls, first_second_ns: int, told: Sequence[SecondOfActivity | None]
    ) -> "SegmentActivity | None":
        """From what was told of one second after the other; None if nothing was."""
        rows, objects = bytearray(), dict[str, int]()
        anywhen = known_s = moving_s = looked_s = unlooked_s = 0
        for second in told:
            if second is None:
                rows += _UNKNOWN
                continue
            rows += b"\1" + second.cells
            known_s += 1
            if second.moving:
                moving_s += 1
                unlooked_s += second.objects is None
                anywhen |= int.from_bytes(second.cells, "big")
            looked_s += second.objects is not None
            for label, count in (second.objects or {}).items():
                objects[label] = max(objects.get(label, 0), count)
        if known_s == 0:
            return None
        return cls(
            first_second_ns,
            len(told),
            known_s,
            moving_s,
            objects,
            zlib.compress(bytes(rows), 9),
            anywhen.to_bytes(CELLS_BYTES, "big"),
            looked_s,
            unlooked_s,
        )

    def cells(self) -> CellArray:
        """(seconds, 18, 32): where something moved.

        Raises:
            StateInvalid: the packed bytes are damaged.
        """
        rows = self._rows()[:, 1:]
        return np.unpackbits(rows, axis=1).reshape(-1, GRID_WH[1], GRID_WH[0]).astype(np.bool_)

    def known(self) -> CellArray:
        """(seconds,): whether vision saw that second."""
        return self._rows()[:, 0].astype(np.bool_)

    def _rows(self) -> npt.NDArray[np.uint8]:
        return np.frombuffer(self.unpacked(), np.uint8).reshape(self.seconds, ROW_BYTES)

    def unpacked(self) -> bytes:
        """``seconds`` × ``ROW_BYTES``: one byte that is 1 where the second is known, and its cells.

        Raises:
            StateInvalid: the packed bytes are damaged.
        """
        wanted = self.seconds * ROW_BYTES
        try:
            if not 0 < self.seconds <= SECONDS_MAX:
                raise ValueError
            inflater = zlib.decompressobj()
            raw = inflater.decompress(self.packed, wanted)
            if len(raw) != wanted:
                raise ValueError
        except (zlib.error, ValueError):
            raise StateInvalid(
                "The activity that is stored with a recording is damaged; the recording itself "
                "may be sound: check it with 'itscam storage verify'."
            ) from None
        return raw


def cells_touched(polygon: Sequence[tuple[float, float]]) -> CellArray:
    """(18, 32): the cells that share more than an edge with a polygon.

    A cell does if an edge of the polygon runs through its inside (Liang–Barsky clipping), or if it
    lies in the polygon as a whole.

    Args:
        polygon: corners in order, normalised to 0–1; three at the least.
    """
    corners = np.asarray(polygon, np.float64) * GRID_WH
    columns, rows = np.arange(GRID_WH[0]), np.arange(GRID_WH[1])
    x, y = np.meshgrid(columns, rows)
    left_top = np.stack([x.ravel(), y.ravel()], axis=1).astype(np.float64)
    touched = points_in_polygon(left_top + 0.5, corners)
    for start, end in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        touched |= _runs_through(start, end, left_top)
    grid: CellArray = touched.reshape(GRID_WH[1], GRID_WH[0])
    return grid


def _runs_through(
    start: npt.NDArray[np.float64], end: npt.NDArray[np.float64], left_top: npt.NDArray[np.float64]
) -> CellArray:
    """Which unit squares the segment has a part inside of."""
    way = end - start
    enter, leave = np.zeros(len(left_top)), np.ones(len(left_top))
    inside = np.ones(len(left_top), np.bool_)
    for axis in (0, 1):
        near, far = left_top[:, axis] - start[axis], left_top[:, axis] + 1 - start[axis]
        if way[axis] == 0:
            inside &= (near < 0) & (far > 0)
            continue
        first, last = near / way[axis], far / way[axis]
        enter = np.maximum(enter, np.minimum(first, last))
        leave = np.minimum(leave, np.maximum(first, last))
    through: CellArray = inside & (enter < leave)
    return through
