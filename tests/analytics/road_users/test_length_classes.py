"""Length classes at their bounds."""

import pytest

from its_camera_ai.analytics.road_users.length_classes import LengthBounds, length_class
from its_camera_ai.core.detections import ObjectClass
from its_camera_ai.core.errors import ConfigInvalid
from its_camera_ai.core.road_users import LengthClass

CAR, TRUCK = ObjectClass.CAR, ObjectClass.TRUCK


@pytest.mark.parametrize(
    ("kind", "length_m", "expected"),
    [
        (CAR, 1.98, LengthClass.MOTORCYCLE),
        (CAR, 1.99, LengthClass.SHORT),
        (ObjectClass.MOTORCYCLE, 2.3, LengthClass.MOTORCYCLE),
        (CAR, 6.55, LengthClass.SHORT),
        (TRUCK, 6.56, LengthClass.MEDIUM),
        (TRUCK, 14.94, LengthClass.MEDIUM),
        (TRUCK, 14.95, LengthClass.LONG),
        (TRUCK, 24.08, LengthClass.LONG),
        (TRUCK, 24.09, LengthClass.VERY_LONG),
        (TRUCK, None, None),
        (ObjectClass.PERSON, 0.5, None),
        (ObjectClass.BICYCLE, 1.8, None),
    ],
)
def test_bounds(kind: ObjectClass, length_m: float | None, expected: LengthClass | None) -> None:
    assert length_class(kind, length_m, LengthBounds()) is expected


def test_bounds_of_an_agency() -> None:
    bounds = LengthBounds(motorcycle_m=1.5, short_m=5.2, medium_m=9.0, long_m=18.0)
    assert length_class(CAR, 5.5, bounds) is LengthClass.MEDIUM


def test_bounds_must_rise() -> None:
    with pytest.raises(ConfigInvalid, match="rise"):
        LengthBounds(short_m=1.0)
