"""All measures of one interval row."""

from collections import Counter
from dataclasses import fields
from pathlib import Path

import pytest

from its_camera_ai.analytics.measures import speeds
from its_camera_ai.analytics.measures.derived import Measures, measures_of
from its_camera_ai.analytics.measures.level_of_service import Facility, Units
from its_camera_ai.analytics.measures.places import PlaceFacts
from its_camera_ai.core.intervals import IntervalRow, Place, PlaceKind, Tally
from its_camera_ai.core.road import Direction

LINE = Place(PlaceKind.LINE, "stop", Direction.IN)
LANE = Place(PlaceKind.LANE, "left")


def row(
    tally: Tally, place: Place = LINE, length_s: int = 60, length_m: float = 0.0
) -> IntervalRow:
    return IntervalRow("cam", place, 0, length_s, tally, length_m)


def at_a_line() -> Tally:
    return Tally(
        volume=Counter(car=18, truck=2, person=1),
        speed=speeds.moments_of([40.0, 60.0]),
        speed_bins=Counter({40: 1, 60: 1}),
        speed_invalid=2,
        headway=speeds.moments_of([2.0, 4.0]),
        gap=speeds.moments_of([1.5]),
        present_s=9.0,
        looked_s=45.0,
        rate_s=360.0,
        wanted_s=450.0,
    )


def test_a_line() -> None:
    found = measures_of(row(at_a_line()), PlaceFacts(lanes=2, free_flow_kmh=60.0))
    assert found.volume == 21
    assert found.by_class == {"car": 18, "truck": 2, "person": 1}
    assert found.flow_vph == pytest.approx(21 * 80, rel=1e-12)
    assert found.flow_whole_vph == pytest.approx(21 * 60, rel=1e-12)
    assert found.volume_pc == 22.0
    assert found.flow_pcph == pytest.approx(22 * 80, rel=1e-12)
    assert found.heavy_share == pytest.approx(0.1, rel=1e-12)
    assert found.time_mean_kmh == 50.0
    assert found.space_mean_kmh == pytest.approx(48.0, rel=1e-12)
    assert found.speed_ratio == pytest.approx(0.8, rel=1e-12)
    assert found.v85_kmh == pytest.approx(60.7, rel=1e-12)
    assert found.v85_interval is None
    assert (found.speed_n, found.speed_share) == (2, 0.5)
    assert found.density_vpkm == pytest.approx(21 * 80 / 48 / 2, rel=1e-12)
    assert found.spacing_m == pytest.approx(1000 / 17.5, rel=1e-12)
    assert found.occupancy_pct == pytest.approx(20.0, rel=1e-12)
    assert (found.headway_s, found.gap_s) == (3.0, 1.5)
    assert (found.missing_share, found.granted_share) == (0.25, 0.8)
    assert found.confidence == pytest.approx(0.6, rel=1e-12)
    assert found.queue_m is None
    assert found.level_of_service is None


def test_a_line_has_a_density_only_where_its_lanes_are_known() -> None:
    assert measures_of(row(at_a_line())).density_vpkm is None
    one_lane = Place(PlaceKind.LINE, "stop", Direction.IN, "left")
    assert measures_of(row(at_a_line(), one_lane)).density_vpkm == pytest.approx(35.0, rel=1e-12)


def test_a_lane_by_edie() -> None:
    tally = Tally(
        vehicle_s=120.0,
        vehicle_m=1200.0,
        present_s=30.0,
        looked_s=60.0,
        queue_m_s=600.0,
        queue_max_m=25.0,
        queued_s=15.0,
    )
    found = measures_of(row(tally, LANE, length_m=100.0), PlaceFacts(Facility.FREEWAY))
    assert found.density_vpkm == pytest.approx(20.0, rel=1e-12)
    assert found.edie_flow_vph == pytest.approx(720.0, rel=1e-12)
    assert found.space_mean_kmh == pytest.approx(36.0, rel=1e-12)
    assert found.occupancy_pct == 50.0
    assert found.mean_present == 2.0
    assert (found.queue_m, found.queue_max_m, found.queued_share) == (10.0, 25.0, 0.25)
    assert found.level_of_service == "D"
    assert found.time_mean_kmh is None
    assert found.confidence == 1.0  # no looks were wanted, and all of the time is known


def test_heavy_vehicles_weigh_in_the_level_of_service() -> None:
    tally = Tally(volume=Counter(car=1, truck=1), vehicle_s=60.0, vehicle_m=600.0, looked_s=60.0)
    of = row(tally, LANE, length_m=100.0)
    assert measures_of(of, PlaceFacts(Facility.FREEWAY)).level_of_service == "C"
    assert measures_of(of).density_vpkm == pytest.approx(10.0)


@pytest.mark.parametrize(
    ("facility", "level"), [(Facility.SIGNALISED, "C"), (Facility.UNSIGNALISED, "D")]
)
def test_a_movement_by_its_delay(facility: Facility, level: str) -> None:
    tally = Tally(delay=speeds.moments_of([10.0, 46.0]), travel=speeds.moments_of([20.0, 56.0]))
    place = Place(PlaceKind.MOVEMENT, "north-left")
    found = measures_of(row(tally, place), PlaceFacts(facility))
    assert (found.delay_s, found.travel_s, found.level_of_service) == (28.0, 38.0, level)


@pytest.mark.parametrize(("units", "level"), [(Units.METRIC, "B"), (Units.US, "B")])
def test_a_crossing_by_its_space(units: Units, level: str) -> None:
    place = Place(PlaceKind.ZONE, "zebra")
    tally = Tally(vehicle_s=120.0, looked_s=60.0)
    facts = PlaceFacts(Facility.PEDESTRIAN, area_m2=10.0, units=units)
    assert measures_of(row(tally, place), facts).level_of_service == level


def test_a_gate_by_travel_times() -> None:
    tally = Tally(travel=speeds.moments_of([10.0, 20.0]))
    found = measures_of(row(tally, Place(PlaceKind.GATE, "gate"), length_m=250.0))
    assert found.space_mean_kmh == pytest.approx(60.0, rel=1e-12)


def test_what_was_never_looked_at_is_unknown_not_zero() -> None:
    found = measures_of(row(Tally(), LANE, length_m=100.0), PlaceFacts(Facility.FREEWAY))
    known = {f.name for f in fields(Measures) if getattr(found, f.name) is not None}
    assert known == {
        "volume",
        "by_class",
        "flow_whole_vph",
        "volume_pc",
        "speed_n",
        "speed_resolution_kmh",
        "missing_share",
        "granted_share",
        "confidence",
        "problems",
    }
    assert (found.missing_share, found.confidence) == (1.0, 0.0)


def test_an_empty_minute_that_was_looked_at_has_a_flow_of_zero() -> None:
    found = measures_of(row(Tally(looked_s=60.0), LANE, length_m=100.0))
    assert (found.flow_vph, found.density_vpkm, found.occupancy_pct) == (0.0, 0.0, 0.0)
    assert found.space_mean_kmh is None
    assert found.spacing_m is None


@pytest.mark.parametrize(
    ("tally", "place", "missing", "word"),
    [
        (Tally(present_s=61.0, looked_s=60.0), LANE, "occupancy_pct", "presence"),
        (Tally(vehicle_s=10.0, vehicle_m=2e3, looked_s=60.0), LANE, "space_mean_kmh", "speed"),
        (Tally(vehicle_s=10.0, vehicle_m=-5.0, looked_s=60.0), LANE, "space_mean_kmh", "speed"),
        (Tally(speed_bins=Counter({301: 1})), LINE, "v85_kmh", "speed bin"),
        (Tally(speed=speeds.moments_of([400.0])), LINE, "space_mean_kmh", "speed"),
    ],
    ids=["presence", "too fast", "backwards", "a bin", "a spot speed"],
)
def test_what_cant_be_true_is_named_and_not_given(
    tally: Tally, place: Place, missing: str, word: str
) -> None:
    found = measures_of(row(tally, place, length_m=100.0))
    assert getattr(found, missing) is None
    assert len(found.problems) == 1
    assert word in found.problems[0]


def test_a_possible_row_has_no_problems() -> None:
    assert measures_of(row(at_a_line())).problems == ()


def test_an_hour_is_its_minutes() -> None:
    minutes = [at_a_line() for _ in range(60)]
    hour = Tally()
    for minute in minutes:
        hour.take(minute)
    one, sixty = measures_of(row(minutes[0])), measures_of(row(hour, length_s=3600))
    for name in ("flow_vph", "space_mean_kmh", "time_mean_kmh", "occupancy_pct", "confidence"):
        assert getattr(sixty, name) == pytest.approx(getattr(one, name), rel=1e-9)
    assert sixty.v85_interval is not None


@pytest.mark.parametrize("name", [field.name for field in fields(Measures)])
def test_every_measure_has_its_line_in_the_docs(name: str) -> None:
    page = Path(__file__).parents[3] / "docs" / "traffic-measures.md"
    assert f"`{name}`" in page.read_text(encoding="utf-8")


def test_no_occupancy_where_vehicles_passed_and_presence_is_not_measured() -> None:
    line = Place(PlaceKind.LINE, "gate", Direction.IN)
    passed = IntervalRow("cam", line, 0, 60, Tally(volume=Counter(car=3), looked_s=60.0))
    assert measures_of(passed).occupancy_pct is None
    empty = IntervalRow("cam", line, 0, 60, Tally(looked_s=60.0))
    assert measures_of(empty).occupancy_pct == 0.0
