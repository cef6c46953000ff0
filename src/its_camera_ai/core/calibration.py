"""How a picture relates to the ground, as it was measured on site: data only, nothing solved."""

from dataclasses import dataclass, field
from enum import StrEnum
from math import isfinite

from its_camera_ai.core.errors import CalibrationInvalid
from its_camera_ai.core.picture_points import Point, Unit, check_points

PAIRS_MIN, PAIRS_MAX = 4, 100
LANDMARKS_MAX = 12


class WorldFrame(StrEnum):
    """What the world side of a pair is given in."""

    METRES = "metres"
    """x, y on a plane of one's own choice, right-handed seen from above (x to the east, y to the
    north, if it has a direction)."""
    WGS84 = "wgs84"
    """Longitude, latitude in degrees, in this order (RFC 7946)."""


@dataclass(frozen=True, slots=True)
class PointPair:
    """The same place on the road, in the picture and in the world.

    Attributes:
        image: x, y in the calibration's unit.
        world: metres, or longitude and latitude.
        name: what it is, for messages: ``kerb corner``.
        check: True keeps it out of the fit; it only measures the error there.
    """

    image: Point
    world: Point
    name: str = ""
    check: bool = False


@dataclass(frozen=True, slots=True)
class Lens:
    """Radial distortion by OpenCV's model, and its centre, as fractions of the picture.

    ``r_d = r·(1 + k1·r² + k2·r⁴)`` with r in focal lengths.

    Attributes:
        k1, k2: 0 for a lens that keeps lines straight; barrel distortion has k1 < 0.
        focal: focal length as a fraction of the picture's width.
        centre: principal point as fractions of width and height.
    """

    k1: float = 0.0
    k2: float = 0.0
    focal: float = 1.0
    centre: Point = (0.5, 0.5)

    def __post_init__(self) -> None:
        if not all(isfinite(v) for v in (self.k1, self.k2, self.focal, *self.centre)):
            raise CalibrationInvalid("Lens: a value is not a finite number; correct it.")
        if not self.focal > 0:
            raise CalibrationInvalid("Lens: focal must be above 0; it is a share of the width.")


@dataclass(frozen=True, slots=True)
class Landmark:
    """Something that never moves, by which a bumped camera is noticed.

    Attributes:
        at: its middle, in the calibration's unit.
        name: for messages.
    """

    at: Point
    name: str = ""


@dataclass(frozen=True, slots=True)
class Calibration:
    """Point pairs of one camera, and what else is known of its view.

    Attributes:
        pairs: at least four that are no ``check``.
        unit: of every image point here.
        frame: of every world point here.
        lens: None where the pictures come undistorted.
        valid: polygon in the picture outside which nothing is measured; empty for the hull of the
            pairs, widened a little.
        landmarks: checked against the picture at calibration time.
        position_sd_px: one standard deviation of a vehicle's ground point in the picture.
        scale_sd: relative standard deviation of the given lengths themselves (a tape that may be
            1 % off: 0.01), which no fit can see.
    """

    pairs: tuple[PointPair, ...]
    unit: Unit = Unit.NORMALISED
    frame: WorldFrame = WorldFrame.METRES
    lens: Lens | None = None
    valid: tuple[Point, ...] = ()
    landmarks: tuple[Landmark, ...] = field(default=())
    position_sd_px: float = 1.0
    scale_sd: float = 0.0

    def __post_init__(self) -> None:
        if len(self.pairs) > PAIRS_MAX:
            raise CalibrationInvalid(
                f"Calibration has {len(self.pairs)} point pairs; {PAIRS_MAX} are the most."
            )
        fitted = sum(not pair.check for pair in self.pairs)
        if fitted < PAIRS_MIN:
            raise CalibrationInvalid(
                f"Calibration has {fitted} point pairs to fit; it needs at least {PAIRS_MIN}, "
                "better 6 to 12 spread over the road."
            )
        check_points("Calibration", tuple(pair.image for pair in self.pairs), self.unit)
        check_points("Calibration: valid", self.valid, self.unit)
        check_points("Calibration: landmarks", tuple(m.at for m in self.landmarks), self.unit)
        for pair in self.pairs:
            self._check_world(pair)
        if not (isfinite(self.position_sd_px) and self.position_sd_px > 0):
            raise CalibrationInvalid("Calibration: position_sd_px must be above 0.")
        if not (isfinite(self.scale_sd) and 0 <= self.scale_sd < 1):
            raise CalibrationInvalid("Calibration: scale_sd is a share; it must lie from 0 to 1.")
        if len(self.landmarks) > LANDMARKS_MAX:
            raise CalibrationInvalid(f"Calibration: at most {LANDMARKS_MAX} landmarks.")

    def _check_world(self, pair: PointPair) -> None:
        x, y = pair.world
        if not (isfinite(x) and isfinite(y)):
            raise CalibrationInvalid(
                "Calibration: a world coordinate is not a finite number; correct the point."
            )
        if self.frame is WorldFrame.WGS84 and not (-180 <= x <= 180 and -85 <= y <= 85):
            raise CalibrationInvalid(
                f"Calibration: ({x}, {y}) is no longitude, latitude; write the longitude first, in "
                "degrees."
            )
