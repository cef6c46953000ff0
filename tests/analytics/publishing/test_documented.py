"""Every column has its place in the documentation."""

import re
from pathlib import Path

import pytest

from its_camera_ai.analytics.publishing.export import FILE_KINDS, FORMATS, Format, Subject
from its_camera_ai.analytics.publishing.incidents import INCIDENT_COLUMNS
from its_camera_ai.analytics.publishing.intervals import INTERVAL_COLUMNS
from its_camera_ai.analytics.publishing.ntcip import RECORD_COLUMNS
from its_camera_ai.analytics.publishing.vehicles import VEHICLE_COLUMNS

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "traffic-exports.md").read_text()
_SERIES = re.compile(r"_(\d+)_")


@pytest.mark.parametrize(
    "name",
    [
        column.name
        for columns in (INTERVAL_COLUMNS, VEHICLE_COLUMNS, INCIDENT_COLUMNS, RECORD_COLUMNS)
        for column in columns
        if not (found := _SERIES.search(column.name)) or found.group(1) == "1"
    ],
)
def test_a_column_is_documented(name: str) -> None:
    assert f"`{name}`" in PAGE


def test_subjects_and_formats_are_documented() -> None:
    for subject in Subject:
        (line,) = [row for row in PAGE.splitlines() if row.startswith(f"| `{subject}` |")]
        assert set(re.findall(r"`([a-z0-9-]+)`", line.split("|")[2])) == set(FORMATS[subject])


def test_every_format_has_a_kind_of_file() -> None:
    assert set(FILE_KINDS) == set(Format)
    assert {form for forms in FORMATS.values() for form in forms} == set(Format)
