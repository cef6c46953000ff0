"""What the simulator knows for certain about a frame."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from its_camera_ai.core.detections import ObjectClass
from its_camera_ai.core.road import Direction


@dataclass(frozen=True, slots=True)
class TruthObject:
    """One road user in one frame.

    Attributes:
        id: never used twice in a street.
        xyxy: left, top, right, bottom in pixels, cut to the picture; tight round the painted
            body, without its shadow.
        world_xy_m: the middle of the body on the street plane.
        speed_mps: along its path, ≥ 0.
        visible: share of its silhouette that is inside the picture and not hidden, 0–1.
    """

    id: int
    class_id: ObjectClass
    xyxy: tuple[float, float, float, float]
    world_xy_m: tuple[float, float]
    speed_mps: float
    visible: float


@dataclass(frozen=True, slots=True, eq=False)
class SimFrame:
    """One picture with everything that is true about it.

    Attributes:
        bgr: (H, W, 3) uint8, the caller's own.
    """

    index: int
    pts_ns: int
    bgr: npt.NDArray[np.uint8]
    truth: tuple[TruthObject, ...]


@dataclass(frozen=True, slots=True)
class TrueCrossing:
    """An object's anchor passed a line; the sign rule is that of ``core.scene.Line``."""

    line_id: str
    direction: Direction
    object_id: int
    class_id: ObjectClass
    pts_ns: int
