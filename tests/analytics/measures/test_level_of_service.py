"""Levels of service: on, just below and just above every bound, in both unit systems."""

import pytest

from its_camera_ai.analytics.measures.level_of_service import (
    KM_PER_MILE,
    M2_PER_FT2,
    Facility,
    Units,
    by_delay,
    by_density,
    by_pedestrian_space,
)
from its_camera_ai.core.errors import MeasureInvalid

HAIR = 1e-6

DENSITIES = [
    (Facility.FREEWAY, Units.US, (11, 18, 26, 35, 45)),
    (Facility.FREEWAY, Units.METRIC, (6.8, 11.2, 16.2, 21.7, 28.0)),
    (Facility.MERGE_DIVERGE, Units.US, (10, 20, 28, 35)),
    (Facility.MERGE_DIVERGE, Units.METRIC, (6.2, 12.4, 17.4, 21.7)),
]


@pytest.mark.parametrize(
    ("facility", "units", "bound", "level"),
    [
        pytest.param(facility, units, bound, level, id=f"{facility} {units} {level}")
        for facility, units, bounds in DENSITIES
        for bound, level in zip(bounds, "ABCDE", strict=False)
    ],
)
def test_density(facility: Facility, units: Units, bound: float, level: str) -> None:
    per_km = bound / KM_PER_MILE if units is Units.US else bound
    following = chr(ord(level) + 1)
    assert by_density(per_km * (1 - HAIR), facility, units=units) == level
    assert by_density(per_km * (1 + HAIR), facility, units=units) == following
    if units is Units.METRIC:
        assert by_density(bound, facility, units=units) == level


@pytest.mark.parametrize(
    ("facility", "bound_s", "level"),
    [
        pytest.param(facility, bound, level, id=f"{facility} {level}")
        for facility, bounds in (
            (Facility.SIGNALISED, (10, 20, 35, 55, 80)),
            (Facility.UNSIGNALISED, (10, 15, 25, 35, 50)),
        )
        for bound, level in zip(bounds, "ABCDE", strict=True)
    ],
)
def test_delay(facility: Facility, bound_s: float, level: str) -> None:
    assert by_delay(bound_s, facility) == level
    assert by_delay(bound_s + HAIR, facility) == chr(ord(level) + 1)


@pytest.mark.parametrize(
    ("units", "bound", "level"),
    [
        pytest.param(units, bound, level, id=f"{units} {level}")
        for units, bounds in (
            (Units.US, (60, 40, 24, 15, 8)),
            (Units.METRIC, (5.6, 3.7, 2.2, 1.4, 0.75)),
        )
        for bound, level in zip(bounds, "ABCDE", strict=True)
    ],
)
def test_pedestrian_space(units: Units, bound: float, level: str) -> None:
    m2 = bound * M2_PER_FT2 if units is Units.US else bound
    assert by_pedestrian_space(m2 * (1 + HAIR), units=units) == level
    assert by_pedestrian_space(m2 * (1 - HAIR), units=units) == chr(ord(level) + 1)
    if units is Units.METRIC:
        assert by_pedestrian_space(bound) == chr(ord(level) + 1)


def test_demand_above_capacity_is_f() -> None:
    assert by_density(3, over_capacity=True) == "F"
    assert by_density(90, Facility.MERGE_DIVERGE) == "E"
    assert by_density(90, Facility.MERGE_DIVERGE, over_capacity=True) == "F"
    assert by_delay(3, Facility.SIGNALISED, over_capacity=True) == "F"


def test_a_facility_is_judged_by_its_own_measure() -> None:
    with pytest.raises(ValueError, match="its own measure"):
        by_density(10, Facility.SIGNALISED)
    with pytest.raises(ValueError, match="its own measure"):
        by_delay(10, Facility.FREEWAY)


def test_impossible_values() -> None:
    with pytest.raises(MeasureInvalid):
        by_density(-1)
    with pytest.raises(MeasureInvalid):
        by_delay(float("nan"), Facility.SIGNALISED)
    with pytest.raises(MeasureInvalid):
        by_pedestrian_space(-0.1)
