"""The text format of MOTChallenge: one box per line, frame, id, left, top, width, height, …"""

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from its_camera_ai.core.errors import ConfigInvalid

_COLUMNS_MIN = 6


@dataclass(frozen=True, slots=True, eq=False)
class MotTable:
    """Boxes of a sequence, sorted by frame.

    Attributes:
        frame: (N,) int64, from 1. track_id: (N,) int64; −1 where the file has none.
        xyxy: (N, 4) pixels. score: (N,) the seventh column; 1 where there is none.
    """

    frame: npt.NDArray[np.int64]
    track_id: npt.NDArray[np.int64]
    xyxy: npt.NDArray[np.float64]
    score: npt.NDArray[np.float64]

    @property
    def last_frame(self) -> int:
        """0 for a table without boxes."""
        return int(self.frame[-1]) if len(self.frame) else 0

    def rows_of(self, frame: int) -> slice:
        """Where the boxes of a frame stand."""
        first, end = np.searchsorted(self.frame, [frame, frame + 1])
        return slice(int(first), int(end))

    def take(self, index: npt.NDArray[np.bool_]) -> "MotTable":
        return MotTable(
            self.frame[index], self.track_id[index], self.xyxy[index], self.score[index]
        )


def load_mot(path: Path, *, truth: bool = False) -> MotTable:
    """Read ``gt.txt``, ``det.txt`` or a result; columns after the seventh are not used.

    Args:
        truth: lines whose seventh column is 0 are left out, as MOTChallenge marks boxes that are
            not to be scored; ids must be above 0 and not stand twice in a frame.

    Raises:
        ConfigInvalid: not there, empty, or a line that can't be used, which is named.
    """
    try:
        lines = path.read_text(encoding="ascii").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigInvalid(f"{path} can't be read ({error}); correct the path.") from None
    rows = [_row(path, number, line) for number, line in enumerate(lines, 1) if line.strip()]
    if truth:
        rows = [row for row in rows if row[6] != 0]
        _check_ids(path, rows)
    if not rows:
        raise ConfigInvalid(f"{path} holds no box; see docs/evaluation.md for the format.")
    table = np.array(rows)
    table = table[np.argsort(table[:, 0], kind="stable")]
    xyxy = table[:, 2:6].copy()
    xyxy[:, 2:] += xyxy[:, :2]
    return MotTable(table[:, 0].astype(np.int64), table[:, 1].astype(np.int64), xyxy, table[:, 6])


def _row(path: Path, number: int, line: str) -> list[float]:
    cells = line.replace(",", " ").split()
    where = f"{path}, line {number}"
    if len(cells) < _COLUMNS_MIN:
        raise ConfigInvalid(
            f"{where} has {len(cells)} columns; frame, id, left, top, width, height are needed."
        )
    values = []
    for column, cell in enumerate(cells[:7], 1):
        try:
            values.append(float(cell))
        except ValueError:
            raise ConfigInvalid(
                f"{where}, column {column}: '{cell[:30]}' is no number; correct it."
            ) from None
    if len(values) == _COLUMNS_MIN:
        values.append(1.0)
    if not all(math.isfinite(v) for v in values):
        raise ConfigInvalid(f"{where} holds a value that is not finite; correct it.")
    if values[0] < 1 or values[0] != int(values[0]):
        raise ConfigInvalid(f"{where}: the frame is {values[0]:g}; frames are counted from 1.")
    if values[4] <= 0 or values[5] <= 0:
        raise ConfigInvalid(
            f"{where}: the box is {values[4]:g} × {values[5]:g} pixels; both must be above 0."
        )
    return values


def _check_ids(path: Path, rows: list[list[float]]) -> None:
    seen: set[tuple[float, float]] = set()
    for row in rows:
        key = (row[0], row[1])
        if row[1] < 1 or row[1] != int(row[1]):
            raise ConfigInvalid(
                f"{path}, frame {row[0]:g}: the id {row[1]:g} is none; truth needs ids from 1."
            )
        if key in seen:
            raise ConfigInvalid(
                f"{path}, frame {row[0]:g}: the id {row[1]:g} stands twice; keep one of them."
            )
        seen.add(key)
