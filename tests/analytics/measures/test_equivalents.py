"""Passenger-car equivalents."""

import pytest

from its_camera_ai.analytics.measures.equivalents import (
    HCM_LEVEL,
    HCM_ROLLING,
    TABLES,
    UK_URBAN,
    EquivalentTable,
)
from its_camera_ai.core.detections import ObjectClass
from its_camera_ai.core.errors import MeasureInvalid

MIX = {"car": 90, "truck": 8, "bus": 2, "bicycle": 5, "person": 40}


@pytest.mark.parametrize(
    ("table", "volume", "factor"),
    [
        pytest.param(HCM_LEVEL, 110.0, 1.1, id="level: bicycles are no motor traffic"),
        pytest.param(HCM_ROLLING, 120.0, 1.2, id="rolling"),
        pytest.param(UK_URBAN, 111.0, 111 / 105, id="UK"),
    ],
)
def test_a_mix(table: EquivalentTable, volume: float, factor: float) -> None:
    assert table.volume_pc(MIX) == pytest.approx(volume, rel=1e-12)
    assert table.factor(MIX) == pytest.approx(factor, rel=1e-12)


def test_without_vehicles_there_is_no_factor() -> None:
    assert HCM_LEVEL.factor({"person": 3}) is None


def test_the_classes_are_those_of_the_detections() -> None:
    labels = {kind.label for kind in ObjectClass}
    for table in TABLES.values():
        assert set(table.by_class) <= labels
        assert table.source


def test_impossible_equivalents() -> None:
    with pytest.raises(MeasureInvalid, match="equivalent"):
        EquivalentTable("wrong", "nobody", {"car": -1.0})
