"""Records of the shape that NTCIP 1209 (Transportation Sensor Systems) gives a sample period.

For each zone and sample period: when it ended, volume, occupancy, speed, the same by class bins,
and a status. The shape only: values are in plain units instead of the standard's scaled integers,
there is no object identifier and no SNMP agent.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import BinaryIO

from its_camera_ai.analytics.publishing.camera import place_code
from its_camera_ai.analytics.publishing.columns import Column, Columns, number, text, whole
from its_camera_ai.analytics.publishing.csv_tables import write_csv
from its_camera_ai.analytics.publishing.intervals import PublishedRow
from its_camera_ai.core.detections import ObjectClass
from its_camera_ai.core.intervals import PlaceKind
from its_camera_ai.core.time import NS_PER_S, iso_utc

KINDS = (PlaceKind.LINE, PlaceKind.LANE, PlaceKind.ZONE)
"""What a detector's zone can be; gates and movements have no counterpart."""
PARTIAL_SHARE = 0.05
"""A period of which more than this was not looked at has the status ``partial``."""

Record = Mapping[str, str | int | float | None]


def records(rows: Iterable[PublishedRow]) -> Iterator[Record]:
    """One record for each zone and period; zones are numbered as they come, from 1."""
    zones: dict[str, int] = {}
    for published in rows:
        row, measures = published.row, published.measures
        if row.place.kind not in KINDS:
            continue
        code = place_code(row.place)
        known = row.tally.looked_s > 0
        record: dict[str, str | int | float | None] = {
            "sensor": row.camera_id,
            "zone": zones.setdefault(code, len(zones) + 1),
            "zone_label": code,
            "end_time": iso_utc(row.start_wall_ns + row.length_s * NS_PER_S),
            "sample_period_s": row.length_s,
            "volume": measures.volume if known else None,
            "occupancy_pct": measures.occupancy_pct,
            "speed_kmh": measures.space_mean_kmh,
            "status": _status(measures.missing_share, known=known),
        }
        for label in ObjectClass:
            count = row.tally.volume.get(label.label, 0)
            record[_class_key(label)] = count if known else None
        yield record


def write_json_lines(rows: Iterable[PublishedRow], out: BinaryIO) -> int:
    """One JSON object a line (UTF-8). Returns how many."""
    count = 0
    for record in records(rows):
        text = json.dumps(record, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        out.write(text.encode() + b"\n")
        count += 1
    return count


def write_records_csv(rows: Iterable[PublishedRow], out: BinaryIO) -> int:
    """The same as CSV. Returns how many."""
    return write_csv(RECORD_COLUMNS, records(rows), out)


def _status(missing_share: float, *, known: bool) -> str:
    if not known:
        return "no_data"
    return "partial" if missing_share > PARTIAL_SHARE else "ok"


def _text(record: Record, name: str) -> str:
    return str(record[name])


def _whole(record: Record, name: str) -> int | None:
    value = record[name]
    return int(value) if isinstance(value, int) else None


def _number(record: Record, name: str) -> float | None:
    value = record[name]
    return float(value) if isinstance(value, int | float) else None


def _class_volume(label: ObjectClass) -> Column[Record]:
    name = _class_key(label)
    return whole(name, f"class bin: {label.label}", lambda r: _whole(r, name))


def _class_key(label: ObjectClass) -> str:
    return f"class_{label.value + 1}_volume"


RECORD_COLUMNS: Columns[Record] = (
    text("sensor", "id of the camera", lambda r: _text(r, "sensor")),
    whole("zone", "number of the zone in this file", lambda r: _whole(r, "zone")),
    text("zone_label", "the place", lambda r: _text(r, "zone_label")),
    text("end_time", "UTC", lambda r: _text(r, "end_time")),
    whole("sample_period_s", "length", lambda r: _whole(r, "sample_period_s"), "s"),
    whole("volume", "all classes; none without data", lambda r: _whole(r, "volume")),
    number("occupancy_pct", "%", "time covered", lambda r: _number(r, "occupancy_pct")),
    number("speed_kmh", "km/h", "space mean", lambda r: _number(r, "speed_kmh")),
    text("status", "ok, partial or no_data", lambda r: _text(r, "status")),
    *(_class_volume(label) for label in ObjectClass),
)
"""The keys of a JSON record are the same."""
