"""Finds what is to be masked: faces by YuNet, persons by the site's detector."""

from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np
import numpy.typing as npt

from its_camera_ai.core.detections import ObjectClass
from its_camera_ai.core.errors import ModelInvalid
from its_camera_ai.core.exports import Sought
from its_camera_ai.recorder.exporting.masks import Boxes
from its_camera_ai.vision.catalogue import MOVING_OBJECTS
from its_camera_ai.vision.detector import DetectorModel

FACE_MODEL = "yunet_n_dynamic.onnx"
_FACE_MODEL_SOURCE = "https://github.com/ShiqiYu/libfacedetection.train (folder onnx)"
_LONGER_SIDE_MAX_PX = 1280
_SCORE_MIN = 0.4
_MULTIPLE_PX = 32
_MOVING = "moving"


class Finder(Protocol):
    """Finds one kind of thing in pictures. It may miss some; whoever uses it has to say so."""

    def find(self, picture_bgr: npt.NDArray[np.uint8], pts_ns: int) -> Boxes:
        """Boxes (N, 4) xyxy in pixels of the (H, W, 3) picture."""
        ...


def check_available(kind: Sought, models_dir: Path, detector: str) -> None:
    """Refuse at once what would fail later.

    Args:
        detector: the source of the site's detector.

    Raises:
        ModelInvalid: there is nothing here that finds this.
    """
    if kind is Sought.FACES:
        _face_model(models_dir)
    elif detector == MOVING_OBJECTS:
        raise _moving_only(detector)


def _face_model(models_dir: Path) -> Path:
    path = models_dir / FACE_MODEL
    if not path.is_file():
        raise ModelInvalid(
            f"Faces can't be masked: the model {path} is not there. Get {FACE_MODEL} from "
            f"{_FACE_MODEL_SOURCE} and put it there, or draw zones instead."
        )
    return path


def _moving_only(name: str) -> ModelInvalid:
    return ModelInvalid(
        f"Persons can't be masked: the detector {name} does not see persons who stand still. "
        "Choose another one with ITSCAM_MODEL, or draw zones instead."
    )


class FaceFinder:
    """YuNet through OpenCV (Wu et al. 2023, doi 10.1007/s11633-023-1423-y).

    Args:
        models_dir: where its file lies; it is not shipped.

    Raises:
        ModelInvalid: the file is not there or can't be used.
    """

    def __init__(self, models_dir: Path) -> None:
        path = _face_model(models_dir)
        try:
            self._network = cv2.FaceDetectorYN.create(str(path), "", (320, 320), _SCORE_MIN)
        except cv2.error:
            raise ModelInvalid(
                f"Faces can't be masked: {path} is no YuNet model that this OpenCV can read. Get "
                f"{FACE_MODEL} from {_FACE_MODEL_SOURCE}, or draw zones instead."
            ) from None

    def find(self, picture_bgr: npt.NDArray[np.uint8], pts_ns: int) -> Boxes:
        """See ``Finder``; large pictures are looked at scaled down to 1280 pixels."""
        height, width = picture_bgr.shape[:2]
        scale = min(1.0, _LONGER_SIDE_MAX_PX / max(width, height))
        size = (
            max(_MULTIPLE_PX, round(width * scale / _MULTIPLE_PX) * _MULTIPLE_PX),
            max(_MULTIPLE_PX, round(height * scale / _MULTIPLE_PX) * _MULTIPLE_PX),
        )
        looked_at = cv2.resize(picture_bgr, size, interpolation=cv2.INTER_AREA)
        self._network.setInputSize(size)
        found: Any = self._network.detect(looked_at)[1]
        if found is None:
            return np.zeros((0, 4), np.float32)
        boxes: Boxes = np.asarray(found[:, :4], np.float32)
        boxes[:, 2:] += boxes[:, :2]
        boxes *= np.array([width / size[0], height / size[1]] * 2, np.float32)
        return boxes


class PersonFinder:
    """Persons by the site's detector.

    Raises:
        ModelInvalid: the detector only sees what moves, or no persons.
    """

    def __init__(self, model: DetectorModel, camera_id: str) -> None:
        info = model.info
        if info.family == _MOVING or ObjectClass.PERSON not in info.classes:
            raise _moving_only(info.name)
        self._detector = model.open(camera_id)

    def find(self, picture_bgr: npt.NDArray[np.uint8], pts_ns: int) -> Boxes:
        """See ``Finder``."""
        found = self._detector.detect(picture_bgr, pts_ns)
        persons: Boxes = found.xyxy[found.class_id == ObjectClass.PERSON.value]
        return persons
