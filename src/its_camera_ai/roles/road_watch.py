"""What of one camera's pictures only vision can see for the analytics: traffic lights, and whether
the camera still looks where it was calibrated."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import msgspec
import numpy as np
import numpy.typing as npt
import structlog

from its_camera_ai.analytics.calibration.doubt import CalibrationDoubt
from its_camera_ai.analytics.calibration.landmarks import LandmarkBook, suggested_landmarks
from its_camera_ai.core.calibration import Calibration, Landmark
from its_camera_ai.core.disk import Disk
from its_camera_ai.core.errors import CalibrationInvalid, StateInvalid, StorageUnavailable
from its_camera_ai.core.picture_points import Unit, scaled_to_pixels
from its_camera_ai.core.road import SignalHead, SignalSource
from its_camera_ai.core.scene import Scene
from its_camera_ai.core.signals import SignalReading
from its_camera_ai.core.time import NS_PER_S
from its_camera_ai.store.small_files import read_small, replace_small
from its_camera_ai.vision.signal_lamps import LampWatch, lamp_state

log = structlog.get_logger(__name__)

Picture = npt.NDArray[np.uint8]
LOOK_EVERY_S = 2.0
"""Between two looks at the landmarks."""
LANDMARKS_LEAST = 3
"""Fewer can't vote."""


class LandmarkShelf:
    """Keeps what the landmarks looked like when a calibration was first seen, over restarts."""

    def __init__(self, disk: Disk, folder: Path) -> None:
        self._disk = disk
        self._folder = folder

    def book(self, camera_id: str, calibration: Calibration, luma: Picture) -> LandmarkBook:
        """The kept one of this very calibration, else one that is cut from this picture and kept.

        Raises:
            CalibrationInvalid: a landmark that can't be one.
        """
        size_wh = (luma.shape[1], luma.shape[0])
        key = hashlib.sha256(msgspec.json.encode((calibration, size_wh))).hexdigest()[:16]
        path = self._folder / f"{camera_id}-{key}.landmarks"
        try:
            kept = read_small(self._disk, path)
            if kept is not None:
                return LandmarkBook.from_bytes(kept)
        except (StateInvalid, OSError) as error:
            log.warning("the landmarks are taken anew", camera=camera_id, problem=str(error))
        book = LandmarkBook.of(luma, with_landmarks(calibration, luma))
        try:
            replace_small(self._disk, path, book.to_bytes())
        except (OSError, StorageUnavailable) as error:  # they serve until the process ends
            log.warning("the landmarks were not kept", camera=camera_id, problem=str(error))
        return book


def with_landmarks(calibration: Calibration, luma: Picture) -> Calibration:
    """Where nobody marked landmarks, spots with detail beside the calibrated area are taken.

    Raises:
        CalibrationInvalid: the picture has too few.
    """
    if calibration.landmarks:
        return calibration
    height, width = luma.shape
    area = calibration.valid or tuple(pair.image for pair in calibration.pairs)
    corners = scaled_to_pixels(area, calibration.unit, (width, height)).astype(np.float32)
    hull = cv2.convexHull(corners)[:, 0].astype(np.float64)
    found = suggested_landmarks(luma, hull)
    if len(found) < LANDMARKS_LEAST:
        raise CalibrationInvalid(
            "There are too few spots with detail beside the road to notice a bumped camera; mark "
            "landmarks by hand."
        )
    scale = (width, height) if calibration.unit is Unit.NORMALISED else (1, 1)
    marks = tuple(Landmark((m.at[0] / scale[0], m.at[1] / scale[1]), m.name) for m in found)
    return replace(calibration, landmarks=marks)


class RoadWatch:
    """Told every picture of one camera; not for use from several threads at once."""

    def __init__(self, camera_id: str, scene: Scene, shelf: LandmarkShelf) -> None:
        self._camera_id = camera_id
        self._shelf = shelf
        heads = [h for h in scene.signals if h.source is SignalSource.PICTURE]
        self._heads: Sequence[tuple[SignalHead, LampWatch]] = [(h, LampWatch(h.id)) for h in heads]
        calibration = scene.calibration
        self._calibration = calibration
        self._book: LandmarkBook | None = None
        self._doubt = CalibrationDoubt()
        self._looked_ns: int | None = None
        self.signals: tuple[SignalReading, ...] = ()

    @property
    def reads_lamps(self) -> bool:
        return bool(self._heads)

    @property
    def calibration_doubt(self) -> str:
        """In words; empty while the camera looks where it was calibrated."""
        return self._doubt.reason if self._doubt.in_doubt else ""

    def saw_luma(self, luma: Picture, pts_ns: int) -> None:
        """(H, W) uint8; looks at the landmarks every now and then."""
        if self._calibration is None:
            return
        if self._looked_ns is not None and 0 <= pts_ns - self._looked_ns < LOOK_EVERY_S * NS_PER_S:
            return
        self._looked_ns = pts_ns
        try:
            if self._book is None:
                self._book = self._shelf.book(self._camera_id, self._calibration, luma)
        except CalibrationInvalid as error:
            log.warning("no landmarks", camera=self._camera_id, problem=str(error))
            self._calibration = None
            return
        change = self._doubt.update(self._book.shift(luma), pts_ns)
        if change is not None:
            log.warning(
                "the calibration is in doubt" if change.in_doubt else "the calibration holds again",
                camera=self._camera_id,
                reason=change.reason,
            )

    def saw_picture(self, bgr: Picture, pts_ns: int, wall_ns: int) -> None:
        """(H, W, 3) uint8; reads the lamps of every head that is read from the picture."""
        self.signals = tuple(
            watch.update(lamp_state(_crop(bgr, head)), pts_ns, wall_ns)
            for head, watch in self._heads
        )


def _crop(bgr: Picture, head: SignalHead) -> Picture:
    """The box round the marked lamps; empty where that lies beside the picture."""
    height, width = bgr.shape[:2]
    corners = head.lamp_pixels((width, height))
    left, top = np.clip(np.floor(corners.min(axis=0)).astype(int), 0, (width, height))
    right, bottom = np.clip(np.ceil(corners.max(axis=0)).astype(int), 0, (width, height))
    return bgr[top:bottom, left:right]
