"""Tables as Parquet, a row group at a time; needs the extra ``reports``."""

from collections.abc import Iterable
from itertools import islice
from typing import Any, BinaryIO, TypeVar

from its_camera_ai import __version__
from its_camera_ai.analytics.publishing.columns import CellKind, Column, Columns
from its_camera_ai.analytics.publishing.extras import needed

T = TypeVar("T")
GROUP_ROWS = 50_000


def write_parquet(columns: Columns[T], rows: Iterable[T], out: BinaryIO) -> int:
    """The same columns as ``csv_tables``, typed: moments are UTC time stamps in microseconds.

    Each field carries its ``unit`` and ``description`` as metadata. Text is as it was given. The
    same rows give the same bytes.

    Returns:
        How many rows.

    Raises:
        ConfigInvalid: pyarrow is not installed.
    """
    pa = needed("pyarrow", "Parquet files")
    parquet = needed("pyarrow.parquet", "Parquet files")
    schema = pa.schema(
        [_field(pa, column) for column in columns],
        metadata={"producer": f"ITS Camera AI {__version__}"},
    )
    count, left = 0, iter(rows)
    with parquet.ParquetWriter(out, schema, compression="zstd") as writer:
        while batch := list(islice(left, GROUP_ROWS)):
            arrays = [
                pa.array([_value(column, row) for row in batch], field.type)
                for column, field in zip(columns, schema, strict=True)
            ]
            writer.write_table(pa.Table.from_arrays(arrays, schema=schema))
            count += len(batch)
    return count


def _field(pa: Any, column: Column[T]) -> Any:
    types = {
        CellKind.TEXT: pa.string(),
        CellKind.LOCAL: pa.string(),
        CellKind.WHOLE: pa.int64(),
        CellKind.NUMBER: pa.float64(),
        CellKind.FLAG: pa.bool_(),
        CellKind.MOMENT: pa.timestamp("us", tz="UTC"),
    }
    metadata = {"unit": column.unit, "description": column.meaning}
    return pa.field(column.name, types[column.kind], metadata=metadata)


def _value(column: Column[T], row: T) -> object:
    value = column.of(row)
    if column.kind is CellKind.MOMENT and isinstance(value, int):
        return value // 1000
    return value
