"""The small network of ``moving-objects``: from a picture and what is known of its view to boxes.

Trained by ``bench/train_moving_network.py``; the card beside the weights says on what, when, and
with which figures. It reads seven planes: the picture, the empty scene, and what moved just now.
Every cell of 4×4 pixels tells whether the middle of a road user lies there, of which kind it is,
and how far its edges are. docs/models.md has the measured figures.
"""

from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

import cv2
import msgspec
import numpy as np
import numpy.typing as npt

from its_camera_ai.core.detections import Detections, ObjectClass
from its_camera_ai.vision.background import Memory
from its_camera_ai.vision.detector import ByteArray
from its_camera_ai.vision.nms import suppress
from its_camera_ai.vision.runtime import Device, RuntimeChoice, RuntimeInfo
from its_camera_ai.vision.runtime_onnxruntime import OnnxRuntime

PLANES = 7
SIDE_STEP_PX = 32
"""Sides of the network's input are multiples of this."""

CELL_PX = 4
KINDS = (
    ObjectClass.PERSON,
    ObjectClass.BICYCLE,
    ObjectClass.CAR,
    ObjectClass.BUS,
    ObjectClass.TRUCK,
)
"""What it tells apart, in the order of its outputs; two-wheelers with a motor are ``BICYCLE`` too,
it can't tell them."""

_EDGE_UNIT_PX = 8.0  # edges are told as the logarithm of their distance in this unit
_EDGE_LOG_MAX = 4.5
_NMS_IOU_MAX = 0.5
_PART_SHARE = 0.6  # of the smaller box
_PEAK = np.ones((3, 3), np.uint8)  # a middle is the best of its neighbours
_GROUP = np.array([0, 1, 2, 2, 2])  # a lorry that may be a bus is surely a vehicle


class MovingCard(msgspec.Struct, frozen=True, kw_only=True):
    """What stands beside the weights: how they came about.

    Attributes:
        sha256: of the weights.
        trained_on, held_out: clips; simulated scenes as ``sim://…``.
        licences: of what was trained on, by clip or family of clips.
        figures: measured by the script that made the weights.
    """

    sha256: str
    made_by: str
    made_on: str
    seed: int
    trained_on: list[str]
    held_out: list[str]
    licences: Mapping[str, str]
    figures: Mapping[str, float]


class MovingNetwork:
    """The weights that come with the package, or others of the same shape. Thread safe.

    Raises:
        ModelInvalid: the file is none that ONNX Runtime can read.
    """

    def __init__(self, path: Path | None = None) -> None:
        choice = RuntimeChoice(device=Device.CPU)
        if path is not None:
            self._runtime = OnnxRuntime(path, choice)
            return
        with resources.as_file(_assets() / "moving_network.onnx") as shipped:
            self._runtime = OnnxRuntime(shipped, choice)

    @property
    def runtime(self) -> RuntimeInfo:
        """What it runs on."""
        return self._runtime.info

    def find(self, picture: ByteArray, memory: Memory, score_min: float) -> Detections:
        """Road users in a picture (H, W, 3) BGR; boxes in its pixels, inside it, best first."""
        feeds = {self._runtime.inputs[0].name: planes(picture, memory)}
        (cells,) = self._runtime.run(feeds).values()
        return read(cells[0], (picture.shape[1], picture.shape[0]), score_min)


def shipped_card() -> MovingCard:
    """The card of the weights that come with the package."""
    return msgspec.json.decode((_assets() / "moving_network.json").read_bytes(), type=MovingCard)


def planes(picture: ByteArray, memory: Memory) -> ByteArray:
    """The network's input (1, 7, H', W') uint8, filled up with zeros to whole steps."""
    height, width = picture.shape[:2]
    size = (-(-height // SIDE_STEP_PX) * SIDE_STEP_PX, -(-width // SIDE_STEP_PX) * SIDE_STEP_PX)
    batch = np.zeros((1, PLANES, *size), np.uint8)
    known = batch[0, :, :height, :width]
    for plane, values in enumerate((*cv2.split(picture), *cv2.split(memory.empty), memory.moved)):
        known[plane] = values
    return batch


def read(cells: npt.NDArray[Any], picture_wh: tuple[int, int], score_min: float) -> Detections:
    """What the network says (10, H'/4, W'/4) as detections.

    Planes: whether a middle lies in the cell (logit), four edges, left, top, right, bottom, and a
    logit for each of ``KINDS``. A score is the probability of the middle times that of the kind,
    car, bus and truck taken as one.
    """
    middle = 1 / (1 + np.exp(-cells[0]))
    rows, columns = np.nonzero((middle >= score_min) & (middle >= cv2.dilate(middle, _PEAK)))
    if not len(rows):
        return Detections.empty()
    there = cells[:, rows, columns].T.astype(np.float32)
    edges = np.exp(np.minimum(there[:, 1:5], _EDGE_LOG_MAX)) * _EDGE_UNIT_PX
    centre = (np.stack((columns, rows), axis=1) + 0.5) * CELL_PX
    xyxy = np.concatenate((centre - edges[:, :2], centre + edges[:, 2:]), axis=1)
    xyxy = np.clip(xyxy, 0, np.tile(np.array(picture_wh), 2)).astype(np.float32)
    raised = np.exp(there[:, 5:] - there[:, 5:].max(axis=1, keepdims=True))
    share = raised / raised.sum(axis=1, keepdims=True)
    kind = share.argmax(axis=1)
    sure = (share * (_GROUP[None, :] == _GROUP[kind][:, None])).sum(axis=1)
    score = (middle[rows, columns] * sure).astype(np.float32)
    kept = (score >= score_min) & (xyxy[:, 2] > xyxy[:, 0]) & (xyxy[:, 3] > xyxy[:, 1])
    class_id = np.array(KINDS, np.int8)[kind]
    found = Detections(xyxy[kept], score[kept], class_id[kept])
    return _without_parts(suppress(found, _NMS_IOU_MAX))


def _without_parts(found: Detections) -> Detections:
    """The findings, best first, without those that mostly lie on a better one of their group: what
    is larger than the network overlooks at once it finds in parts as well.
    """
    low = np.maximum(found.xyxy[:, None, :2], found.xyxy[None, :, :2])
    high = np.minimum(found.xyxy[:, None, 2:], found.xyxy[None, :, 2:])
    shared = np.clip(high - low, 0, None).prod(axis=2)
    area = (found.xyxy[:, 2:] - found.xyxy[:, :2]).prod(axis=1)
    person = found.class_id == ObjectClass.PERSON
    rival = (shared > _PART_SHARE * np.minimum(area[:, None], area[None, :])) & (
        person[:, None] == person[None, :]
    )
    alive = np.ones(len(found), np.bool_)
    for row in np.flatnonzero(np.triu(rival, 1).any(axis=1)):
        if alive[row]:
            alive[row + 1 :] &= ~rival[row, row + 1 :]
    return found.take(np.flatnonzero(alive))


def _assets() -> Any:
    return resources.files("its_camera_ai.vision") / "assets"
