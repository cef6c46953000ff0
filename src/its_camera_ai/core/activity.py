"""What vision saw in a recording, second by second, kept with the recording itself.

A grid of 32 × 18 cells lies over the picture, row by row from the top left. A second's cells are
packed into 72 bytes, first cell in the highest bit (``numpy.packbits``).
"""

import zlib

import msgspec
import numpy as np
import numpy.typing as npt

from its_camera_ai.core.errors import StateInvalid

GRID_WH = (32, 18)
CELLS_BYTES = GRID_WH[0] * GRID_WH[1] // 8
SECONDS_MAX = 4096

CellArray = npt.NDArray[np.bool_]


class SecondOfActivity(msgspec.Struct, frozen=True, array_like=True):
    """One second of one camera as vision saw it.

    Attributes:
        second_ns: its beginning, wall ns, a whole second.
        frames: pictures that passed the motion gate.
        cells: 72 bytes, where something moved.
        objects: most objects of a class at once, by label; None if nobody looked.
    """

    second_ns: int
    frames: int
    cells: bytes
    objects: dict[str, int] | None = None

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
    """

    first_second_ns: int
    seconds: int
    known_s: int
    moving_s: int
    objects: dict[str, int]
    packed: bytes

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
        wanted = self.seconds * (1 + CELLS_BYTES)
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
        return np.frombuffer(raw, np.uint8).reshape(self.seconds, 1 + CELLS_BYTES)
