import numpy as np
import pytest

from its_camera_ai.core.detections import ObjectClass
from its_camera_ai.vision.vehicle_sizes import VehicleSizes

PICTURE_WH = (480, 270)


def vehicle(width: float, height: float, left: float = 100, bottom: float = 200) -> np.ndarray:
    return np.array([left, bottom - height, left + width, bottom], np.float32)


def used_to_cars() -> VehicleSizes:
    sizes = VehicleSizes()
    for _ in range(20):
        sizes.class_of(vehicle(40, 30), PICTURE_WH)
    return sizes


@pytest.mark.parametrize(
    ("width", "height", "expected"),
    [
        (40, 30, ObjectClass.CAR),
        (50, 40, ObjectClass.CAR),
        (70, 60, ObjectClass.TRUCK),
        (100, 80, ObjectClass.BUS),
    ],
)
def test_by_size_beside_the_usual(width: float, height: float, expected: ObjectClass) -> None:
    assert used_to_cars().class_of(vehicle(width, height), PICTURE_WH) is expected


def test_before_enough_were_seen_all_are_cars() -> None:
    sizes = VehicleSizes()
    sizes.class_of(vehicle(40, 30), PICTURE_WH)
    assert sizes.class_of(vehicle(200, 100), PICTURE_WH) is ObjectClass.CAR


def test_each_height_of_the_picture_has_its_own_usual_size() -> None:
    sizes = used_to_cars()
    for _ in range(20):
        sizes.class_of(vehicle(10, 8, bottom=60), PICTURE_WH)
    assert sizes.class_of(vehicle(20, 12, bottom=60), PICTURE_WH) is ObjectClass.TRUCK
    assert sizes.class_of(vehicle(20, 12, bottom=200), PICTURE_WH) is ObjectClass.CAR


def test_a_vehicle_cut_by_the_border_teaches_nothing() -> None:
    sizes = used_to_cars()
    for _ in range(100):
        sizes.class_of(vehicle(5, 30, left=0), PICTURE_WH)
    assert sizes.class_of(vehicle(40, 30), PICTURE_WH) is ObjectClass.CAR


def test_one_lorry_does_not_shift_the_usual() -> None:
    sizes = used_to_cars()
    for _ in range(5):
        assert sizes.class_of(vehicle(80, 60), PICTURE_WH) is ObjectClass.TRUCK
