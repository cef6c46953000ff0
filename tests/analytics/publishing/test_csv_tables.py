"""CSV as another program reads it."""

import csv
import io
import json

import pytest
from pyarrow import csv as arrow_csv

from its_camera_ai.analytics.publishing.csv_tables import write_csv
from its_camera_ai.analytics.publishing.export import TrafficSources
from its_camera_ai.analytics.publishing.incidents import INCIDENT_COLUMNS, incident_records
from its_camera_ai.analytics.publishing.intervals import (
    INTERVAL_COLUMNS,
    IntervalWish,
    interval_rows,
)
from its_camera_ai.analytics.publishing.vehicles import VEHICLE_COLUMNS, vehicle_records
from its_camera_ai.core.intervals import PlaceKind
from its_camera_ai.core.local_days import Span
from tests.analytics.publishing.traffic import BAD_NAME, BEGIN_NS, CAMERA, SPAN, ZONE, camera

WISH = IntervalWish(SPAN, 900)


def read(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode(), newline="")))


def intervals_csv(sources: TrafficSources, wish: IntervalWish = WISH) -> bytes:
    out = io.BytesIO()
    write_csv(INTERVAL_COLUMNS, interval_rows(sources.intervals, camera(), wish), out)
    return out.getvalue()


def test_every_number_comes_back_as_it_was(sources: TrafficSources) -> None:
    table = arrow_csv.read_csv(io.BytesIO(intervals_csv(sources))).to_pylist()
    published = list(interval_rows(sources.intervals, camera(), WISH))
    assert len(table) == len(published) == 8 * 13
    for line, row in zip(table, published, strict=True):
        for column in INTERVAL_COLUMNS:
            if column.kind in ("whole", "number"):
                assert line[column.name] == column.of(row), column.name


def test_the_same_rows_give_the_same_bytes(sources: TrafficSources) -> None:
    assert intervals_csv(sources) == intervals_csv(sources)


def test_what_is_not_known_is_empty_and_never_zero(sources: TrafficSources) -> None:
    unknown = [line for line in read(intervals_csv(sources)) if line["missing_share"] == "1.0"]
    assert {line["start_local"][11:16] for line in unknown} == {"10:15"}
    assert len(unknown) == 13
    assert {line["flow_vph"] for line in unknown} == {""}
    assert {line["v85_kmh"] for line in unknown} == {""}


def test_shares_of_a_minute_that_was_half_looked_at(sources: TrafficSources) -> None:
    minutes = IntervalWish(Span(BEGIN_NS, BEGIN_NS + 25 * 60 * 10**9), 60, (PlaceKind.LINE,))
    lines = [line for line in read(intervals_csv(sources, minutes)) if line["lane"]]
    assert [float(line["missing_share"]) for line in lines] == [0.0] * 20 + [0.5] + [0.0] * 4
    assert float(lines[20]["granted_share"]) == 0.5


def test_both_times_stand_in_each_row(sources: TrafficSources) -> None:
    first = read(intervals_csv(sources))[0]
    assert first["start_utc"] == "2026-09-29T07:00:00.000Z"
    assert first["start_local"] == "2026-09-29T09:00:00.000+02:00"


def test_a_name_is_no_formula(sources: TrafficSources) -> None:
    names = {line["place_name"] for line in read(intervals_csv(sources))}
    assert f"'{BAD_NAME}" in names
    assert "Süd <&>" in names


def test_vehicles_stand_oldest_first_with_what_is_known(sources: TrafficSources) -> None:
    out = io.BytesIO()
    records = vehicle_records(sources.events, CAMERA, SPAN, ZONE)
    assert write_csv(VEHICLE_COLUMNS, records, out) == 90
    lines = read(out.getvalue())
    assert [int(line["track"]) for line in lines] == list(range(90))
    assert lines[0]["speed_problem"] == "no calibration"
    assert lines[0]["speed_kmh"] == lines[0]["length_m"] == lines[0]["fhwa_2_probability"] == ""
    assert [lines[1][name] for name in ("speed_kmh", "speed_low_kmh", "speed_high_kmh")] == [
        "41.25",
        "39.5",
        "43.0",
    ]
    assert (lines[1]["fhwa_2_probability"], lines[1]["fhwa_5_probability"]) == ("0.75", "0.0")
    assert lines[1]["time_local"] == "2026-09-29T09:01:01.125+02:00"


def test_incidents_hold_their_facts_and_no_formula(sources: TrafficSources) -> None:
    out = io.BytesIO()
    write_csv(INCIDENT_COLUMNS, incident_records(sources.incidents, CAMERA, SPAN, ZONE), out)
    lines = read(out.getvalue())
    assert [line["id"] for line in lines] == [f"incident-{k:03d}" for k in range(12)]
    assert lines[0]["closed_utc"] == lines[0]["lasted_s"] == ""
    assert lines[1]["lasted_s"] == "4.0"
    assert json.loads(lines[1]["facts_json"]) == {"ttc_s": 1.1, "conflict": "crossing"}
    assert lines[1]["explanation"].startswith("'=")
    assert lines[1]["false_alarm"] == "false"


@pytest.mark.parametrize(
    "columns", [INTERVAL_COLUMNS, VEHICLE_COLUMNS, INCIDENT_COLUMNS], ids=["int", "veh", "inc"]
)
def test_no_two_columns_have_one_name(columns: tuple[object, ...]) -> None:
    names = [column.name for column in columns]  # type: ignore[attr-defined]  # columns of any row
    assert len(set(names)) == len(names)
