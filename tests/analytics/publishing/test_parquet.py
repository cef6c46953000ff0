"""Parquet: the same as CSV, with types and units."""

import io

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from its_camera_ai.analytics.publishing import parquet
from its_camera_ai.analytics.publishing.export import TrafficSources
from its_camera_ai.analytics.publishing.intervals import (
    INTERVAL_COLUMNS,
    IntervalWish,
    interval_rows,
)
from its_camera_ai.analytics.publishing.parquet import write_parquet
from its_camera_ai.analytics.publishing.vehicles import VEHICLE_COLUMNS, vehicle_records
from tests.analytics.publishing.traffic import BAD_NAME, CAMERA, SPAN, ZONE, camera


def intervals(sources: TrafficSources) -> bytes:
    out = io.BytesIO()
    rows = interval_rows(sources.intervals, camera(), IntervalWish(SPAN, 900))
    write_parquet(INTERVAL_COLUMNS, rows, out)
    return out.getvalue()


def test_every_cell_comes_back(sources: TrafficSources) -> None:
    table = pq.read_table(io.BytesIO(intervals(sources))).to_pylist()
    published = list(interval_rows(sources.intervals, camera(), IntervalWish(SPAN, 900)))
    for line, row in zip(table, published, strict=True):
        for column in INTERVAL_COLUMNS:
            if column.kind == "moment":
                assert line[column.name].timestamp() * 1e9 == column.of(row)
            else:
                assert line[column.name] == column.of(row), column.name
    assert BAD_NAME in {line["place_name"] for line in table}


def test_fields_tell_their_units(sources: TrafficSources) -> None:
    schema = pq.read_schema(io.BytesIO(intervals(sources)))
    told = schema.field("v85_kmh").metadata or {}
    assert told[b"unit"] == b"km/h"
    assert b"85th percentile" in told[b"description"]
    assert schema.field("start_utc").type == pa.timestamp("us", tz="UTC")


def test_the_same_rows_give_the_same_bytes(sources: TrafficSources) -> None:
    assert intervals(sources) == intervals(sources)


def test_a_large_table_is_written_in_groups(
    sources: TrafficSources, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parquet, "GROUP_ROWS", 40)
    out = io.BytesIO()
    assert (
        write_parquet(VEHICLE_COLUMNS, vehicle_records(sources.events, CAMERA, SPAN, ZONE), out)
        == 90
    )
    file = pq.ParquetFile(io.BytesIO(out.getvalue()))
    assert file.num_row_groups == 3
    assert file.read()["track"].to_pylist() == list(range(90))


def test_no_row_is_a_table_too() -> None:
    out = io.BytesIO()
    assert write_parquet(VEHICLE_COLUMNS, [], out) == 0
    assert pq.read_table(io.BytesIO(out.getvalue())).num_rows == 0
