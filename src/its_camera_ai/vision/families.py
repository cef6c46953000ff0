"""The detector families that we can read: one frozen description each."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from its_camera_ai.core.detections import ObjectClass
from its_camera_ai.core.errors import ModelInvalid
from its_camera_ai.vision import decoders
from its_camera_ai.vision.detector import FloatArray, Outputs
from its_camera_ai.vision.letterbox import Normalisation

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


@dataclass(frozen=True, slots=True)
class Family:
    """How one kind of network is fed and read.

    Attributes:
        name: as it stands in the catalogue and in sidecar files.
        normalisation: pixels in.
        decode: ``(outputs, input_wh, class_count, score_min)`` → boxes in input pixels, the score
            of every class per box; raises ``ModelInvalid`` if the outputs are not of this family.
        stride: sides of the input must be multiples of this, pixels.
    """

    name: str
    normalisation: Normalisation
    decode: Callable[[Outputs, tuple[int, int], int, float], tuple[FloatArray, FloatArray]]
    stride: int = 32


FAMILIES: dict[str, Family] = {
    family.name: family
    for family in (
        Family("yolox", Normalisation(fill=114), decoders.decode_yolox),
        Family(
            "nanodet",
            Normalisation(
                fill=0,
                mean=(103.53, 116.28, 123.675),
                scale=(1 / 57.375, 1 / 57.12, 1 / 58.395),
            ),
            decoders.decode_nanodet,
        ),
        Family(
            "fastestdet",
            Normalisation(scale=(1 / 255,) * 3, keep_aspect=False),
            decoders.decode_fastestdet,
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

    Raises:
        ModelInvalid: a name is none of ours.
    """
    known = {c.label: c for c in ObjectClass}
    unknown = [n for n in names if n != "-" and n not in known]
    if unknown or not names:
        raise ModelInvalid(
            f"Unknown classes {', '.join(unknown) or '(none given)'}: name each output class of "
            f"the model in order, as one of {', '.join(known)}, or - for one to leave out."
        )
    return tuple(known.get(n) for n in names)


def columns(classes: ClassMap) -> tuple[np.ndarray, np.ndarray]:
    """Which of the network's class columns count, and what they mean: (K,) index, (K,) int8."""
    kept = [(i, c) for i, c in enumerate(classes) if c is not None]
    return np.array([i for i, _ in kept], np.intp), np.array([c for _, c in kept], np.int8)
