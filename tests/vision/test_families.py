import pytest

from its_camera_ai.core.detections import ObjectClass
from its_camera_ai.core.errors import ModelInvalid
from its_camera_ai.vision.families import COCO, class_map, columns, family_named


@pytest.mark.parametrize(
    ("coco", "ours"),
    [
        (0, ObjectClass.PERSON),
        (1, ObjectClass.BICYCLE),
        (2, ObjectClass.CAR),
        (3, ObjectClass.MOTORCYCLE),
        (4, None),  # airplane
        (5, ObjectClass.BUS),
        (6, ObjectClass.OTHER),  # train
        (7, ObjectClass.TRUCK),
        (9, None),  # traffic light
        (14, ObjectClass.ANIMAL),  # bird
        (16, ObjectClass.ANIMAL),  # dog
        (23, ObjectClass.ANIMAL),  # giraffe
        (24, None),  # backpack
        (79, None),
    ],
)
def test_coco_classes(coco: int, ours: ObjectClass | None) -> None:
    assert len(COCO) == 80
    assert COCO[coco] is ours


def test_own_classes_in_order_with_gaps() -> None:
    classes = class_map(["-", "person", "car"])
    assert classes == (None, ObjectClass.PERSON, ObjectClass.CAR)
    index, ids = columns(classes)
    assert index.tolist() == [1, 2]
    assert ids.tolist() == [ObjectClass.PERSON, ObjectClass.CAR]


@pytest.mark.parametrize("names", [[], ["person", "Person"], ["lorry"]])
def test_unknown_class_names_are_refused(names: list[str]) -> None:
    with pytest.raises(ModelInvalid, match="truck"):
        class_map(names)


def test_unknown_family_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ModelInvalid, match="use one of yolox, yolov8, nanodet"):
        family_named("yolov5")
