"""The ports for inference: a model makes one detector per camera, a detector looks at frames."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from its_camera_ai.core.detections import Detections, ObjectClass
from its_camera_ai.vision.runtime import RuntimeInfo

FloatArray = npt.NDArray[np.float32]
ByteArray = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """What a loaded model is.

    Attributes:
        name: the catalogue's name, or the file's own.
        family: how it is fed and read (``vision.families``); ``moving`` for the embedded one.
        licence: of the weights, as their publisher states it.
        input_wh: width and height of the network's input in pixels.
        classes: what it can report, in no particular order.
        sha256: of the file that runs; empty for what comes with the package.
        runtime: what it runs on; None for what needs no runtime.
    """

    name: str
    family: str
    licence: str
    input_wh: tuple[int, int]
    classes: tuple[ObjectClass, ...]
    sha256: str = ""
    runtime: RuntimeInfo | None = None


@dataclass(frozen=True, slots=True, eq=False)
class AreaLook:
    """A part of a frame to look at.

    Attributes:
        frame_bgr: (H, W, 3) uint8, the whole frame.
        area: left, top, right, bottom in whole pixels, inside the frame and not empty.
        input_wh: size of the network's input to look with; the network must be able to run at it
            (``AreaDetector.fits``). The area is scaled into it, its sides' ratio kept where the
            family wants that.
    """

    frame_bgr: ByteArray
    area: tuple[int, int, int, int]
    input_wh: tuple[int, int]


class AreaDetector(Protocol):
    """A network without memory: looks at parts of frames, of several cameras in one batch.

    Safe to call from several threads at once.
    """

    @property
    def batch_max(self) -> int:
        """So many looks of one input size go through the network at once; 1 where it can't."""
        ...

    def fits(self, input_wh: tuple[int, int]) -> bool:
        """Whether the network can run at this input size."""
        ...

    def detect_areas(self, looks: Sequence[AreaLook]) -> list[Detections]:
        """What is in each area, in the order given; boxes in pixels of the whole frame.

        Looks of different input sizes run in batches of their own.
        """
        ...


class Detector(Protocol):
    """Looks at the frames of one camera. Not shared between threads unless the model says so."""

    def detect(self, frame_bgr: ByteArray, pts_ns: int) -> Detections:
        """What is in the frame; boxes in pixels of ``frame_bgr`` (H, W, 3), inside its borders."""
        ...


class DetectorModel(Protocol):
    """A model in memory. ``open`` is cheap; the weights are shared by all detectors."""

    @property
    def info(self) -> ModelInfo: ...

    @property
    def areas(self) -> AreaDetector | None:
        """For looking at parts of frames; None for a model with memory, which needs whole ones."""
        ...

    def open(self, camera_id: str) -> Detector:
        """The detector of one camera, with its memory where the model needs one."""
        ...

    def close(self) -> None:
        """Free the weights; no detector of this model may be used afterwards."""
        ...
