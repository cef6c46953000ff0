"""Records of the shape of NTCIP 1209."""

import csv
import io
import json

from its_camera_ai.analytics.publishing.export import TrafficSources
from its_camera_ai.analytics.publishing.intervals import IntervalWish, interval_rows
from its_camera_ai.analytics.publishing.ntcip import (
    RECORD_COLUMNS,
    write_json_lines,
    write_records_csv,
)
from tests.analytics.publishing.traffic import SPAN, camera


def lines(sources: TrafficSources, length_s: int = 900) -> list[dict[str, object]]:
    out = io.BytesIO()
    write_json_lines(interval_rows(sources.intervals, camera(), IntervalWish(SPAN, length_s)), out)
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_a_record_for_each_zone_and_period(sources: TrafficSources) -> None:
    found = lines(sources)
    assert len(found) == 8 * 8  # lines with directions and a lane, two lanes, a zone
    zones = {record["zone"]: record["zone_label"] for record in found}
    assert list(zones) == list(range(1, 9))
    assert zones[4] == "line:north:in:lane-0"
    assert found[0]["end_time"] == "2026-09-29T07:15:00.000Z"


def test_class_bins_add_up_to_the_volume(sources: TrafficSources) -> None:
    for record in lines(sources):
        if record["status"] != "no_data":
            bins = [record[f"class_{k}_volume"] for k in range(1, 9)]
            assert sum(n for n in bins if isinstance(n, int)) == record["volume"]


def test_a_period_without_pictures_has_no_data(sources: TrafficSources) -> None:
    unknown = [r for r in lines(sources) if r["status"] == "no_data"]
    assert {r["end_time"] for r in unknown} == {"2026-09-29T08:30:00.000Z"}
    assert {r["volume"] for r in unknown} == {r["class_4_volume"] for r in unknown} == {None}


def test_a_minute_half_looked_at_is_partial(sources: TrafficSources) -> None:
    partial = [r for r in lines(sources, 60) if r["status"] == "partial"]
    assert {r["end_time"] for r in partial} == {"2026-09-29T07:21:00.000Z"}


def test_csv_and_json_say_the_same(sources: TrafficSources) -> None:
    out = io.BytesIO()
    rows = interval_rows(sources.intervals, camera(), IntervalWish(SPAN, 900))
    write_records_csv(rows, out)
    table = list(csv.DictReader(io.StringIO(out.getvalue().decode(), newline="")))
    records = lines(sources)
    assert [c.name for c in RECORD_COLUMNS] == list(records[0])
    for line, record in zip(table, records, strict=True):
        for name, value in record.items():
            assert line[name] == ("" if value is None else str(value))
