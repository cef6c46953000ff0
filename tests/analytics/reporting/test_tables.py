"""Tables say what was measured, and a dash where nothing was."""

from dataclasses import replace

import pytest

from its_camera_ai.analytics.publishing.camera import PublishedCamera
from its_camera_ai.analytics.publishing.export import TrafficSources
from its_camera_ai.analytics.reporting import tables
from its_camera_ai.analytics.reporting.data import CameraData, read
from its_camera_ai.core.intervals import PlaceKind
from its_camera_ai.core.scene import Scene
from tests.analytics.publishing.traffic import SPAN, ZONE, camera


def test_lines_hold_sample_size_intervals_and_unknown_share(data: CameraData) -> None:
    table = tables.lines(data)
    assert table is not None
    item = data.of(PlaceKind.LINE)[0]
    row = dict(zip(table.head, table.rows[0], strict=True))
    assert row["volume"] == str(item.total.volume)
    assert row["n"] == str(item.total.speed_n)
    assert row["unknown"] == "12.9 %"
    interval = item.total.mean_interval
    assert interval is not None
    assert f"({interval.low:.1f}–{interval.high:.1f})" in row["mean km/h (95\u00a0%)"]


def test_classes_add_up(data: CameraData) -> None:
    table = tables.classes(data)
    assert table is not None
    for row in table.rows:
        cells = dict(zip(table.head, row, strict=True))
        parts = [int(n) for name, n in cells.items() if name not in ("line", "all", "pc")]
        assert sum(parts) == int(cells["all"])


def test_movements_hold_those_without_a_name_too(data: CameraData) -> None:
    table = tables.movements(data)
    assert table is not None
    assert [row[2] for row in table.rows][-1] == "unassigned"
    assert len(table.rows) == 5


def test_incidents_by_kind_and_the_gravest_first(data: CameraData) -> None:
    counts, listed = tables.incident_counts(data), tables.incident_list(data)
    assert counts is not None
    assert listed is not None
    assert counts.rows == [("near miss", "0", "6", "6", "0", "12", "0")]
    assert [row[2] for row in listed.rows] == ["high"] * 6 + ["medium"] * 6


def test_gaps_stand_in_local_time(data: CameraData) -> None:
    table = tables.gaps(data)
    assert table is not None
    assert table.rows[0][:3] == ("2026-09-29 10:15", "2026-09-29 10:30", "15")


def test_what_can_not_be_true_is_told(data: CameraData) -> None:
    assert tables.invalid(data) is None
    place, item = next(iter(data.places.items()))
    wrong = replace(item.series[0], problems=("a speed of 412 km/h",))
    broken = replace(item, series=[wrong, wrong, *item.series[2:]])
    table = tables.invalid(replace(data, places={**data.places, place: broken}))
    assert table is not None
    assert [row[1:] for row in table.rows] == [("2", "a speed of 412 km/h")]


def test_a_camera_without_anything_has_no_tables(sources: TrafficSources) -> None:
    nothing = read(PublishedCamera.of("new", Scene(), ZONE), sources, SPAN)
    made = (tables.lines, tables.classes, tables.lanes, tables.zones, tables.movements)
    assert [table(nothing) for table in made] == [None] * 5
    assert tables.overview([nothing]).rows[0][1] == tables.NONE


@pytest.mark.parametrize(
    ("value", "text"),
    [
        pytest.param(None, "–", id="none"),
        pytest.param(0.0, "0.0 %", id="nothing"),
        pytest.param(1e-6, "<0.1 %", id="a little"),
        pytest.param(0.9999, ">99.9 %", id="almost all"),
        pytest.param(1.0, "100.0 %", id="all"),
    ],
)
def test_shares(value: float | None, text: str) -> None:
    assert tables.share(value) == text


def test_without_calibration_speeds_are_dashes(sources: TrafficSources) -> None:
    bare = read(camera(None), sources, SPAN)
    assert bare.camera.problem == "it has no calibration"
    assert tables.lines(bare) is not None
