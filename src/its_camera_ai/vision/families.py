"""The detector families that we can read: one frozen description each."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from its_camera_ai.core.detections import ObjectClass
from its_camera_ai.core.errors import ModelInvalid
from its_camera_ai.vision import decoders_grid, decoders_rows
from its_camera_ai.vision.detector import FloatArray
from its_camera_ai.vision.letterbox import Normalisation
from its_camera_ai.vision.runtime import Outputs

COCO_CLASS_COUNT = 80

_COCO: dict[int, ObjectClass] = {
    0: ObjectClass.PERSON,
    1: ObjectClass.BICYCLE,
    2: ObjectClass.CAR,
    3: ObjectClass.MOTORCYCLE,
    5: ObjectClass.BUS,
    6: ObjectClass.OTHER,  # train
    7: ObjectClass.TRUCK,
    8: ObjectClass.OTHER,  # boat
    **dict.fromkeys(range(14, 24), ObjectClass.ANIMAL),  # bird … giraffe
}

ClassMap = tuple[ObjectClass | None, ...]
"""One entry per class of the network; None is never reported (furniture, fruit …)."""

COCO: ClassMap = tuple(_COCO.get(i) for i in range(COCO_CLASS_COUNT))


_COCO_91: dict[int, ObjectClass] = {
    1: ObjectClass.PERSON,
    2: ObjectClass.BICYCLE,
    3: ObjectClass.CAR,
    4: ObjectClass.MOTORCYCLE,
    6: ObjectClass.BUS,
    7: ObjectClass.OTHER,  # train
    8: ObjectClass.TRUCK,
    9: ObjectClass.OTHER,  # boat
    **dict.fromkeys(range(16, 26), ObjectClass.ANIMAL),  # bird … giraffe
}

CLASS_LISTS: dict[str, ClassMap] = {
    "coco": COCO,
    "coco-91": tuple(_COCO_91.get(i) for i in range(91)),
}
"""Class lists that have a name: COCO's 80 in a row, and under its own ids, of which 0 is nobody."""

Decoder = Callable[[Outputs, tuple[int, int], int, float], tuple[FloatArray, FloatArray]]
PictureOf = Callable[[Outputs, int, int], Outputs]


def sliced(outputs: Outputs, index: int, batch: int) -> Outputs:
    """One picture's outputs where the first axis is the batch; all of them for a batch of one.

    Raises:
        ModelInvalid: the first axis is something else, so the network knows no batches.
    """
    if batch == 1:
        return outputs
    for name, value in outputs.items():
        if value.shape[:1] != (batch,):
            raise ModelInvalid(
                f"The model answers {batch} pictures with {name} {value.shape}; it can't be run in "
                "batches. Export it with a batch of one."
            )
    return {name: value[index : index + 1] for name, value in outputs.items()}


@dataclass(frozen=True, slots=True)
class Family:
    """How one kind of network is fed and read.

    Attributes:
        name: as it stands in the catalogue and in sidecar files.
        normalisation: pixels in.
        decode: ``(outputs, input_wh, class_count, score_min)`` → boxes in input pixels, the score
            of every class per box; raises ``ModelInvalid`` if the outputs are not of this family.
        stride: sides of an input of free size must be multiples of this, pixels.
        iou_max: what overlaps a better finding by more is the same object. Networks that answer
            with a set need it for lorries only, which are found as a car, too.
        picture_of: ``(outputs, index, batch)`` → the outputs of one picture.
        frame_input: the network has a second input that asks for the size of the frame.
    """

    name: str
    normalisation: Normalisation
    decode: Decoder
    stride: int = 32
    iou_max: float = 0.45
    picture_of: PictureOf = sliced
    frame_input: bool = False


_NANODET_PIXELS = Normalisation(
    fill=0, mean=(103.53, 116.28, 123.675), scale=(1 / 57.375, 1 / 57.12, 1 / 58.395)
)
_PLAIN = Normalisation(keep_aspect=False)
_RGB_UNIT = Normalisation(rgb=True, scale=(1 / 255,) * 3)
_IMAGENET = Normalisation(
    rgb=True,
    mean=(123.675, 116.28, 103.53),
    scale=(1 / 58.395, 1 / 57.12, 1 / 57.375),
    keep_aspect=False,
)
_SET_IOU_MAX = 0.8

FAMILIES: dict[str, Family] = {
    family.name: family
    for family in (
        Family("yolox", Normalisation(fill=114), decoders_grid.decode_yolox),
        Family("yolov8", _RGB_UNIT, decoders_grid.decode_yolov8),
        Family("nanodet", _NANODET_PIXELS, decoders_grid.decode_nanodet),
        Family(
            "nanodet-plus",
            replace(_NANODET_PIXELS, keep_aspect=False),
            decoders_grid.decode_nanodet_plus,
        ),
        Family(
            "fastestdet",
            Normalisation(scale=(1 / 255,) * 3, keep_aspect=False),
            decoders_grid.decode_fastestdet,
        ),
        Family("ssd", _PLAIN, decoders_rows.decode_ssd, picture_of=decoders_rows.ssd_picture),
        Family("boxes-scores", _PLAIN, decoders_rows.decode_boxes_scores),
        Family(
            "detr",
            replace(_RGB_UNIT, keep_aspect=False),
            decoders_rows.decode_detr,
            iou_max=_SET_IOU_MAX,
            frame_input=True,
        ),
        Family(
            "rf-detr", _IMAGENET, decoders_rows.decode_detr, iou_max=_SET_IOU_MAX, frame_input=True
        ),
    )
}


def family_named(name: str) -> Family:
    """Look a family up.

    Raises:
        ModelInvalid: there is no such family.
    """
    try:
        return FAMILIES[name]
    except KeyError:
        raise ModelInvalid(
            f"There is no detector family '{name}'; use one of {', '.join(FAMILIES)}."
        ) from None


def class_map(names: Sequence[str]) -> ClassMap:
    """The map for a network that reports ``names`` in this order; ``-`` skips one.

    One name of ``CLASS_LISTS`` stands for that list.

    Raises:
        ModelInvalid: a name is none of ours, or there is no class at all.
    """
    if len(names) == 1 and names[0] in CLASS_LISTS:
        return CLASS_LISTS[names[0]]
    known = {c.label: c for c in ObjectClass}
    unknown = [n for n in names if n != "-" and n not in known]
    if unknown or not any(n in known for n in names):
        raise ModelInvalid(
            f"Unknown classes {', '.join(unknown) or '(none given)'}: name each output class of "
            f"the model in order, as one of {', '.join(known)}, or - for one to leave out; or "
            f"give one of the lists {', '.join(CLASS_LISTS)}."
        )
    return tuple(known.get(n) for n in names)


def columns(classes: ClassMap) -> tuple[np.ndarray, np.ndarray]:
    """Which of the network's class columns count, and what they mean: (K,) index, (K,) int8."""
    kept = [(i, c) for i, c in enumerate(classes) if c is not None]
    return np.array([i for i, _ in kept], np.intp), np.array([c for _, c in kept], np.int8)
