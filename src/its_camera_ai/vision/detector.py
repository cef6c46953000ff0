"""The port for inference: a model makes one detector per camera, a detector looks at frames."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from its_camera_ai.core.detections import Detections, ObjectClass

FloatArray = npt.NDArray[np.float32]
ByteArray = npt.NDArray[np.uint8]
Outputs = Mapping[str, npt.NDArray[Any]]
"""A network's raw outputs by name."""


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """What a loaded model is.

    Attributes:
        name: the catalogue's name, or the file's own.
        family: which decoder reads it: ``yolox``, ``nanodet``, ``fastestdet``, ``moving``.
        licence: of the weights, as their publisher states it.
        input_wh: width and height of the network's input in pixels.
        classes: what it can report, in no particular order.
        sha256: of the file that runs; empty for what comes with the package.
    """

    name: str
    family: str
    licence: str
    input_wh: tuple[int, int]
    classes: tuple[ObjectClass, ...]
    sha256: str = ""


class Detector(Protocol):
    """Looks at the frames of one camera. Not shared between threads unless the model says so."""

    def detect(self, frame_bgr: ByteArray, pts_ns: int) -> Detections:
        """What is in the frame; boxes in pixels of ``frame_bgr`` (H, W, 3), inside its borders."""
        ...


class DetectorModel(Protocol):
    """A model in memory. ``open`` is cheap; the weights are shared by all detectors."""

    @property
    def info(self) -> ModelInfo: ...

    def open(self, camera_id: str) -> Detector:
        """The detector of one camera, with its memory where the model needs one."""
        ...

    def close(self) -> None:
        """Free the weights; no detector of this model may be used afterwards."""
        ...
