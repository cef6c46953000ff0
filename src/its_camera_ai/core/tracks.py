"""Tracks: what the tracker says about one frame."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from its_camera_ai.core.signals import SignalReading


class Unknown(StrEnum):
    """Why a frame was not looked at. Unknown is not empty."""

    OVERLOAD = "overload"
    DETECTOR_DOWN = "detector_down"
    PACKET_LOSS = "packet_loss"
    DECODE_ERROR = "decode_error"


@dataclass(frozen=True, slots=True)
class FirstSighting:
    """Where a track was first seen, told once it is sure to be one.

    Attributes:
        pts_ns: stream time of that earlier frame. xyxy: pixels. score: 0–1.
    """

    track_id: int
    pts_ns: int
    xyxy: tuple[float, float, float, float]
    score: float


@dataclass(frozen=True, slots=True, eq=False)
class FrameTracks:
    """All live tracks of one camera at one frame.

    Attributes:
        pts_ns: stream time of the frame.
        wall_ns: the same moment in UTC.
        size_wh: width and height of the decoded frame, pixels.
        track_id: (N,) int64; unique for a camera, never used twice, also not after a restart.
        xyxy: (N, 4) float32, pixels.
        score: (N,) float32; 0 where the track was not seen in this frame.
        class_id: (N,) int8, the class by vote over the track's life.
        observed: (N,) bool; False means a prediction, drawn dashed and never counted on.
        unknown: None if the frame was looked at, else the reason why it was not.
        looks_per_s: the rate of looks that the scheduler grants this camera now.
        class_share: (N,) float32, 0–1, how much of the vote the class has; None where the source
            of the tracks does not know.
        firsts: of the tracks that appear in this frame though they were seen before: a track is
            shown only when it is sure to be one.
        signals: traffic lights read from this picture.
        calibration_doubt: why the calibration does not hold at this frame, such as a bumped camera;
            empty while nothing speaks against it.
    """

    pts_ns: int
    wall_ns: int
    size_wh: tuple[int, int]
    track_id: npt.NDArray[np.int64]
    xyxy: npt.NDArray[np.float32]
    score: npt.NDArray[np.float32]
    class_id: npt.NDArray[np.int8]
    observed: npt.NDArray[np.bool_]
    unknown: Unknown | None = None
    looks_per_s: float = 0.0
    class_share: npt.NDArray[np.float32] | None = None
    firsts: tuple[FirstSighting, ...] = ()
    signals: tuple[SignalReading, ...] = ()
    calibration_doubt: str = ""

    def __len__(self) -> int:
        return len(self.track_id)

    @classmethod
    def nothing(
        cls,
        pts_ns: int,
        wall_ns: int,
        size_wh: tuple[int, int],
        unknown: Unknown | None = None,
        looks_per_s: float = 0.0,
    ) -> "FrameTracks":
        """A frame without tracks: looked at and empty, or not looked at (``unknown``)."""
        return cls(
            pts_ns,
            wall_ns,
            size_wh,
            np.empty(0, np.int64),
            np.empty((0, 4), np.float32),
            np.empty(0, np.float32),
            np.empty(0, np.int8),
            np.empty(0, np.bool_),
            unknown,
            looks_per_s,
        )
