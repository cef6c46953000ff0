"""Tables as CSV (RFC 4180, UTF-8), row by row."""

import csv
import io
from collections.abc import Callable, Iterable, Mapping
from typing import BinaryIO, TypeVar

from its_camera_ai.analytics.publishing.columns import Cell, CellKind, Columns
from its_camera_ai.analytics.publishing.spreadsheet_text import guarded
from its_camera_ai.core.time import iso_utc

T = TypeVar("T")


def write_csv(columns: Columns[T], rows: Iterable[T], out: BinaryIO) -> int:
    """A line of names, then one for each row; the same rows give the same bytes.

    Numbers are written so that reading them gives the same number again; what is not known is an
    empty field; flags are ``true`` and ``false``. Text that a spreadsheet would run as a formula
    has an apostrophe before it (``spreadsheet_text``).

    Returns:
        How many rows.
    """
    file = io.TextIOWrapper(out, "utf-8", newline="", write_through=True)
    writer = csv.writer(file, lineterminator="\r\n")
    writer.writerow([column.name for column in columns])
    made = [(column.of, _WRITTEN[column.kind]) for column in columns]
    count = 0
    for row in rows:
        cells = ((of(row), written) for of, written in made)
        writer.writerow(["" if value is None else written(value) for value, written in cells])
        count += 1
    file.detach()  # its owner closes the stream
    return count


def _number(value: Cell) -> str:
    return repr(float(value or 0.0))


def _flag(value: Cell) -> str:
    return "true" if value else "false"


def _moment(value: Cell) -> str:
    return iso_utc(int(value or 0))


def _text(value: Cell) -> str:
    return guarded(str(value))


_WRITTEN: Mapping[CellKind, Callable[[Cell], str]] = {
    CellKind.TEXT: _text,
    CellKind.LOCAL: str,
    CellKind.WHOLE: str,
    CellKind.NUMBER: _number,
    CellKind.FLAG: _flag,
    CellKind.MOMENT: _moment,
}
