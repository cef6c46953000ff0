"""What a report reads is what the store holds."""

from datetime import date

import numpy as np
import pytest

from its_camera_ai.analytics.publishing.camera import PublishedCamera
from its_camera_ai.analytics.publishing.export import TrafficSources
from its_camera_ai.analytics.reporting import data as reading
from its_camera_ai.analytics.reporting.data import CameraData, read, series_length_s
from its_camera_ai.core.errors import ConfigInvalid
from its_camera_ai.core.intervals import PlaceKind
from its_camera_ai.core.local_days import Span, local_day
from its_camera_ai.core.scene import Scene
from tests.analytics.publishing.traffic import BEGIN_NS, CAMERA, HOUR_NS, SPAN, ZONE, camera

DAY_NS = 24 * HOUR_NS


def test_totals_are_the_sums_of_the_store(sources: TrafficSources, data: CameraData) -> None:
    for place, item in data.places.items():
        (total,) = sources.intervals.totals(CAMERA, place, [SPAN])
        assert item.tally.volume == total.tally.volume
        assert item.tally.looked_s == pytest.approx(total.tally.looked_s)
        assert item.total.volume == sum(m.volume for m in item.series)


def test_unknown_time_is_told_with_its_gap(data: CameraData) -> None:
    assert data.missing_share == pytest.approx(15.5 / 120)
    (gap,) = data.gaps
    assert gap.until_wall_ns - gap.since_wall_ns == HOUR_NS // 4


def test_lines_are_those_over_all_lanes(data: CameraData) -> None:
    assert [(i.place.id, str(i.place.direction)) for i in data.of(PlaceKind.LINE)] == [
        ("north", "in"),
        ("north", "out"),
        ("south", "in"),
        ("south", "out"),
    ]


def test_trajectories_are_of_the_busy_hour(data: CameraData) -> None:
    assert data.busy is not None
    assert data.busy.length_s == 3600
    assert len(data.trajectories) == 21


def test_an_hour_with_an_unknown_quarter_is_no_peak(data: CameraData) -> None:
    for item in data.of(PlaceKind.LINE):
        assert item.peak is not None
        assert item.peak.first in (0, 1)  # later hours hold the gap


def test_incidents_stand_oldest_first_and_are_bounded(
    sources: TrafficSources, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert [k.incident.id for k in read(camera(), sources, SPAN).incidents] == [
        f"incident-{k:03d}" for k in range(12)
    ]


def test_trajectories_are_bounded(sources: TrafficSources, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "TRAJECTORIES_MAX", 7)
    assert len(read(camera(), sources, SPAN).trajectories) == 7


@pytest.mark.parametrize(
    ("span", "length_s"),
    [
        pytest.param(SPAN, 900, id="two hours"),
        pytest.param(local_day(date(2026, 10, 25), ZONE), 900, id="a day of 25 hours"),
        pytest.param(Span(BEGIN_NS, BEGIN_NS + 30 * DAY_NS), 3600, id="a month"),
        pytest.param(
            Span(BEGIN_NS + HOUR_NS // 4, BEGIN_NS + 30 * DAY_NS), 900, id="a month off the hour"
        ),
    ],
)
def test_series_are_as_fine_as_the_span_allows(span: Span, length_s: int) -> None:
    assert series_length_s(span) == length_s


def test_a_month_is_read_by_hours_with_its_peak_by_quarters(sources: TrafficSources) -> None:
    begin = BEGIN_NS // DAY_NS * DAY_NS
    month = read(camera(), sources, Span(begin - 20 * DAY_NS, begin + 10 * DAY_NS))
    short = read(camera(), sources, SPAN)
    assert month.length_s == 3600
    assert month.turning is None
    for place, item in month.places.items():
        assert item.tally.volume == short.places[place].tally.volume
        assert item.total.missing_share > 0.99
    of_month, of_day = (d.of(PlaceKind.LINE)[0].peak for d in (month, short))
    assert of_month is not None
    assert of_day is not None
    assert (of_month.volume, of_month.factor) == (of_day.volume, of_day.factor)


def test_24_hours_without_data(sources: TrafficSources) -> None:
    empty = read(camera(), sources, Span(BEGIN_NS + 2 * DAY_NS, BEGIN_NS + 3 * DAY_NS))
    assert empty.missing_share == 1
    assert empty.busy is None
    assert not empty.trajectories
    assert all(item.total.flow_vph is None for item in empty.places.values())


def test_a_camera_that_measured_nothing(sources: TrafficSources) -> None:
    nothing = read(PublishedCamera.of("new", Scene(), ZONE), sources, SPAN)
    assert not nothing.places
    assert nothing.missing_share == 1


@pytest.mark.parametrize(
    "span",
    [
        pytest.param(Span(BEGIN_NS, BEGIN_NS), id="empty"),
        pytest.param(Span(BEGIN_NS + 60 * 10**9, BEGIN_NS + HOUR_NS), id="off the quarter"),
        pytest.param(Span(BEGIN_NS, BEGIN_NS + 94 * DAY_NS), id="too long"),
    ],
)
def test_spans_that_no_report_covers(sources: TrafficSources, span: Span) -> None:
    with pytest.raises(ConfigInvalid):
        read(camera(), sources, span)


def test_series_have_nothing_where_nothing_is_known(data: CameraData) -> None:
    flows = [m.flow_vph for m in data.of(PlaceKind.LINE)[0].series]
    assert [f is None for f in flows] == [False] * 5 + [True] + [False] * 2
    assert np.isfinite([f for f in flows if f is not None]).all()
