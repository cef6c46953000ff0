"""Every family, through both runtimes: what a stored network answers, as boxes in the frame."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from its_camera_ai.core.detections import ObjectClass
from its_camera_ai.vision.families import FAMILIES, class_map
from its_camera_ai.vision.network import NetworkDetectorModel
from its_camera_ai.vision.runtime import RuntimeChoice, RuntimeName
from its_camera_ai.vision.runtimes import open_runtime
from tests.support.tiny_models import (
    constant_model,
    detr_with_frame_size,
    nanodet_outputs,
    nanodet_plus_output,
    yolox_output,
)

CAR, BUS, PERSON, BICYCLE = (
    ObjectClass.CAR,
    ObjectClass.BUS,
    ObjectClass.PERSON,
    ObjectClass.BICYCLE,
)
FRAME = np.full((128, 256, 3), 60, np.uint8)
"""In an input of 64×64: a quarter of its size, top left; or stretched by 4 and 2."""


@dataclass(frozen=True)
class Golden:
    """A network that is always right about the same things.

    ``found`` holds class, score, and left, top, right, bottom in the frame, best first.
    """

    family: str
    classes: str
    make: Callable[[Path], Path]
    found: list[tuple[ObjectClass, float, tuple[float, float, float, float]]]


def answering(**outputs: np.ndarray) -> Callable[[Path], Path]:
    return lambda path: constant_model(path, outputs)


def yolox() -> np.ndarray:
    raw = yolox_output(classes=2)
    raw[0, 19] = (1.0, 0.5, np.log(2), 0, 0.9, 0.1, 0.8)  # row 2, column 3: (24, 16, 40, 24)
    return raw


def sharp(*distances: int) -> np.ndarray:
    logits = np.full((4, 8), -50.0)
    logits[range(4), distances] = 50.0
    return logits.ravel()


def nanodet() -> dict[str, np.ndarray]:
    outputs = nanodet_outputs(classes=2)
    outputs["cls_pred_stride_16"][0, 5, 0] = 0.7  # column 1, row 1: middle (24, 24)
    outputs["dis_pred_stride_16"][0, 5] = sharp(1, 1, 1, 0)
    return outputs


def nanodet_plus() -> np.ndarray:
    raw = nanodet_plus_output(classes=2)
    raw[0, 64 + 5, 1] = 0.6  # column 1, row 1 of stride 16: corner (16, 16)
    raw[0, 64 + 5, 2:] = sharp(1, 1, 2, 1)
    return raw


def fastestdet() -> np.ndarray:
    raw = np.full((1, 7, 4, 4), -50.0, np.float32)
    raw[0, 0] = 0
    raw[0, :, 1, 2] = (1.0, 0, 0, 0, 0, 0, 0.25)  # middle (32, 16), half of the input
    return raw


def yolov8() -> np.ndarray:
    raw = np.zeros((1, 6, 84), np.float32)
    raw[0, :, 7] = (32, 16, 16, 8, 0.2, 0.75)
    raw[0, :, 8] = (33, 16, 16, 8, 0.0, 0.70)  # the same again
    return raw


def yolov8_end_to_end() -> np.ndarray:
    raw = np.zeros((1, 300, 6), np.float32)
    raw[0, 0] = (24, 12, 40, 20, 0.75, 1)
    raw[0, 1] = (0, 0, 8, 8, 0.1, 0)
    return raw


def ssd() -> np.ndarray:
    raw = np.zeros((1, 1, 4, 7), np.float32)
    raw[0, 0, 0] = (0, 1, 0.9, 0.25, 0.5, 0.5, 0.75)
    raw[0, 0, 1] = (0, 2, 0.4, 0, 0, 0.25, 0.25)
    raw[0, 0, 2, 0] = -1  # the list ends
    raw[0, 0, 3] = (-1, 1, 0.9, 0, 0, 1, 1)
    return raw


def boxes_scores() -> dict[str, np.ndarray]:
    boxes = np.array([[0.25, 0.5, 0.5, 0.75], [0.26, 0.5, 0.5, 0.75], [0, 0, 0.25, 0.25]])
    scores = np.array([[0.1, 0.9, 0, 0], [0.2, 0.8, 0, 0], [0.6, 0, 0, 0.4]])
    return {"boxes": boxes, "scores": scores}


def logits(*rows: tuple[float, ...]) -> np.ndarray:
    """Those whose sigmoid is the row."""
    p = np.array([rows], np.float64)
    return np.log(p / (1 - p))


SET_BOXES = np.array([[[0.375, 0.625, 0.25, 0.25], [0.125, 0.125, 0.25, 0.25]]])
SET_FOUND = [(CAR, 0.9, (64.0, 64.0, 128.0, 96.0)), (PERSON, 0.4, (0.0, 0.0, 64.0, 32.0))]

GOLDEN = [
    Golden("yolox", "person,car", answering(o=yolox()), [(CAR, 0.72, (96, 64, 160, 96))]),
    Golden("nanodet", "person,car", answering(**nanodet()), [(PERSON, 0.7, (32, 32, 160, 96))]),
    Golden(
        "nanodet-plus", "person,car", answering(o=nanodet_plus()), [(CAR, 0.6, (0, 0, 192, 64))]
    ),
    Golden(
        "fastestdet", "person,bus", answering(o=fastestdet()), [(BUS, 0.25**0.4, (64, 0, 192, 64))]
    ),
    Golden("yolov8", "person,car", answering(o=yolov8()), [(CAR, 0.75, (96, 48, 160, 80))]),
    Golden(
        "yolov8", "person,car", answering(o=yolov8_end_to_end()), [(CAR, 0.75, (96, 48, 160, 80))]
    ),
    Golden(
        "ssd",
        "-,car,bicycle",
        answering(o=ssd()),
        [(CAR, 0.9, (64, 64, 128, 96)), (BICYCLE, 0.4, (0, 0, 64, 32))],
    ),
    Golden(
        "boxes-scores",
        "-,car,person,bicycle",
        answering(**boxes_scores()),
        [(CAR, 0.9, (64, 64, 128, 96)), (BICYCLE, 0.4, (0, 0, 64, 32))],
    ),
    Golden(
        "detr",
        "person,car",
        answering(pred_boxes=SET_BOXES, pred_logits=logits((0.1, 0.9), (0.4, 0.2))),
        SET_FOUND,
    ),
    Golden(
        "detr",
        "person,car",
        answering(
            boxes=SET_BOXES,
            logits=np.log([[[0.05, 0.9, 0.05], [0.4, 0.1, 0.5]]]),  # the last is "nothing"
        ),
        SET_FOUND,
    ),
    Golden(
        "detr",
        "person,car",
        lambda path: detr_with_frame_size(
            path,
            [
                (1, 0.9, (0.25, 0.5, 0.5, 0.75)),
                (0, 0.4, (0, 0, 0.25, 0.25)),
                (0, 0.1, (0, 0, 1, 1)),
            ],
        ),
        SET_FOUND,
    ),
    Golden(
        "rf-detr",
        "-,person,car",
        answering(dets=SET_BOXES, labels=logits((0.5, 0.1, 0.9), (0.3, 0.4, 0.2))),
        SET_FOUND,
    ),
]


@pytest.mark.parametrize("runtime", [RuntimeName.ONNXRUNTIME, RuntimeName.OPENVINO], ids=str)
@pytest.mark.parametrize(
    "golden", GOLDEN, ids=[f"{i} {golden.family}" for i, golden in enumerate(GOLDEN)]
)
def test_golden_outputs(tmp_path: Path, golden: Golden, runtime: RuntimeName) -> None:
    path = golden.make(tmp_path / "m.onnx")
    model = NetworkDetectorModel(
        open_runtime(path, "tiny", RuntimeChoice(runtime)),
        name="tiny",
        family=FAMILIES[golden.family],
        classes=class_map(golden.classes.split(",")),
    )
    found = model.detect(FRAME, 0)
    assert [ObjectClass(c) for c in found.class_id] == [c for c, _, _ in golden.found]
    assert found.score == pytest.approx([s for _, s, _ in golden.found], abs=1e-5)
    assert found.xyxy == pytest.approx(np.array([box for _, _, box in golden.found]), abs=1e-3)
    assert model.info.runtime is not None
    assert model.info.runtime.runtime == runtime
    model.close()


def test_every_family_has_its_golden_output() -> None:
    assert {golden.family for golden in GOLDEN} == set(FAMILIES)
