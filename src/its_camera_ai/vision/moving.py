"""``moving-objects``: the detector that comes with the package and needs no download.

A small network that sees the picture beside what is known of its view: how it looks empty, and
what moved just now. What moves it finds on views it was never trained on; what stood there from
the start it must know by its looks alone, which is harder.
"""

import cv2
import numpy as np

from its_camera_ai.core.detections import Detections
from its_camera_ai.vision.background import Background
from its_camera_ai.vision.detector import ByteArray, ModelInfo
from its_camera_ai.vision.moving_network import KINDS, MovingNetwork

NAME = "moving-objects"
REDUCED_WH = (320, 180)
"""Pictures are fitted into this before anything else."""

SCORE_MIN = 0.3
"""What it reports if nobody says otherwise; chosen on simulated streets. Weaker findings of this
network are more often pieces of things than things.
"""

_SIDE_MIN_PX = 32
_KEPT_APART_SCORE = 0.2
"""What is found at this score is kept out of the empty scene, whatever is reported."""


class MovingObjectsModel:
    """Weights of the small network; each camera gets a detector with its own memory.

    Args:
        score_min: weaker findings are not reported, 0–1.
        network: None takes the one that comes with the package.
    """

    def __init__(
        self, *, score_min: float = SCORE_MIN, network: MovingNetwork | None = None
    ) -> None:
        self._score_min = score_min
        self._network = network or MovingNetwork()
        self._info = ModelInfo(
            NAME, "moving", "Apache-2.0", REDUCED_WH, KINDS, runtime=self._network.runtime
        )

    @property
    def info(self) -> ModelInfo:
        return self._info

    @property
    def areas(self) -> None:
        """It remembers whole frames."""
        return None

    def open(self, camera_id: str) -> "MovingObjectsDetector":
        return MovingObjectsDetector(self._network, self._score_min)

    def close(self) -> None:
        """Holds nothing outside memory."""


class MovingObjectsDetector:
    """One camera's memory. Frames in order; one thread at a time."""

    def __init__(self, network: MovingNetwork, score_min: float) -> None:
        self._network = network
        self._score_min = score_min
        self._background = Background()

    def detect(self, frame_bgr: ByteArray, pts_ns: int) -> Detections:
        """Road users in the frame; in the first look at a scene by their looks alone."""
        height, width = frame_bgr.shape[:2]
        picture = reduced(frame_bgr)
        memory = self._background.look(picture, pts_ns)
        found = self._network.find(picture, memory, min(self._score_min, _KEPT_APART_SCORE))
        self._background.learn(found.xyxy[found.score >= _KEPT_APART_SCORE])
        found = found.take(np.flatnonzero(found.score >= self._score_min))
        to_frame = np.array([width / picture.shape[1], height / picture.shape[0]] * 2, np.float32)
        return Detections(found.xyxy * to_frame, found.score, found.class_id)


def reduced(frame_bgr: ByteArray, fit_wh: tuple[int, int] = REDUCED_WH) -> ByteArray:
    """The frame fitted into so many pixels, small frames enlarged.

    Whole steps by averaging first, then the rest: a fifth of the cost of one odd step.
    """
    height, width = frame_bgr.shape[:2]
    scale = min(fit_wh[0] / width, fit_wh[1] / height)
    size_wh = (max(_SIDE_MIN_PX, round(width * scale)), max(_SIDE_MIN_PX, round(height * scale)))
    whole = int(min(width / size_wh[0], height / size_wh[1]))
    if whole > 1:
        step_wh = (width // whole, height // whole)
        frame_bgr = np.asarray(
            cv2.resize(frame_bgr, step_wh, interpolation=cv2.INTER_AREA), np.uint8
        )
    return np.asarray(cv2.resize(frame_bgr, size_wh, interpolation=cv2.INTER_LINEAR), np.uint8)
