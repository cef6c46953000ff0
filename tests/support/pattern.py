"""A moving picture that carries its own frame number, readable by a machine after coding.

The top tenth of the picture holds 24 cells from left to right: a white and a black one to know the
code by, 16 bits of the number (most significant first) and 6 bits of a check sum. Cells are read at
their centres, so the number survives scaling and heavy compression.
"""

import numpy as np
import numpy.typing as npt

NUMBERS = 1 << 16
"""Frame numbers repeat after this many."""

_CELLS = 24
_BLACK, _WHITE = 16, 235  # the limits of limited-range luma
_SMALLEST_WH = (2 * _CELLS, 40)  # below this a cell is less than 2 × 4 pixels

Luma = npt.NDArray[np.uint8]


def _check_bits(number: int) -> int:
    return number % 61 + 2  # of a prime: every single wrong bit shows; never all zeros or ones


def _code(number: int) -> list[int]:
    value = (number % NUMBERS) << 6 | _check_bits(number % NUMBERS)
    return [1, 0, *((value >> shift) & 1 for shift in range(21, -1, -1))]


def _edges(length_px: int, parts: int) -> list[int]:
    return [round(length_px * i / parts) for i in range(parts + 1)]


def paint_number(luma: Luma, number: int) -> None:
    """Write ``number`` into the top tenth of a (H, W) luma plane, in place."""
    height, width = luma.shape
    x = _edges(width, _CELLS)
    for cell, bit in enumerate(_code(number)):
        luma[: height // 10, x[cell] : x[cell + 1]] = _WHITE if bit else _BLACK


def read_number(luma: Luma) -> int | None:
    """The frame number painted into a (H, W) luma plane; None where there is none to trust."""
    height, width = luma.shape
    x = _edges(width, _CELLS)
    band = luma[height // 40 : max(height // 40 + 1, height * 3 // 40)]
    bits = []
    for cell in range(_CELLS):
        quarter = (x[cell + 1] - x[cell]) // 4
        bits.append(int(band[:, x[cell] + quarter : x[cell + 1] - quarter].mean() > 125))
    if bits[:2] != [1, 0]:
        return None
    value = int("".join(map(str, bits[2:])), 2)
    number, check = value >> 6, value & 63
    return number if check == _check_bits(number) else None


class MovingPattern:
    """Deterministic pictures: a textured ground, two moving blocks, flicker, and the number.

    Args:
        size_wh: even width and height, at least 48 × 40 pixels.
        noise: share of the picture's height below the number that changes at random in each
            picture; it is what makes an encoder spend its bits.
    """

    def __init__(self, size_wh: tuple[int, int], noise: float = 0.25) -> None:
        width, height = size_wh
        if width < _SMALLEST_WH[0] or height < _SMALLEST_WH[1] or width % 2 or height % 2:
            raise ValueError(f"A pattern needs an even size of at least {_SMALLEST_WH}: {size_wh}.")
        self._size_wh = size_wh
        rng = np.random.default_rng(7)
        ground = np.linspace(60, 170, width, dtype=np.float32)[None, :]
        texture = rng.integers(-12, 12, (height, width)).astype(np.float32)
        self._ground = (ground + texture).astype(np.uint8)
        self._noise_rows = int(height * noise)
        self._noise = rng.integers(90, 150, (2 * self._noise_rows + 2, width), dtype=np.uint8)

    def yuv420(self, number: int) -> npt.NDArray[np.uint8]:
        """Picture ``number`` as planar YUV 4:2:0, (H × 3/2, W) uint8."""
        width, height = self._size_wh
        picture = np.full((height * 3 // 2, width), 128, np.uint8)
        luma = picture[:height]
        luma[:] = self._ground
        if self._noise_rows:
            top = number * 7919 % (self._noise_rows + 1)
            luma[height - self._noise_rows :] = self._noise[top : top + self._noise_rows]
        side = max(8, height // 6)
        x = number * 5 % (width - side)
        luma[height // 4 : height // 4 + side, x : x + side] = 210
        x = (width - side) - number * 3 % (width - side)
        luma[height // 2 : height // 2 + side, x : x + side] = 30
        paint_number(luma, number)
        return picture
