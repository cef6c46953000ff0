"""Road users in world units: what one frame shows of them, and what each of them did."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from its_camera_ai.core.road import Direction, LineSide
from its_camera_ai.core.tracks import Unknown

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class RoadFrame:
    """All road users of one camera at one frame, on the ground. Rows are those with a ground point
    in the picture; N may be 0.

    Attributes:
        pts_ns, wall_ns: stream time and UTC of the frame.
        unknown: None if the frame was looked at; then nothing here may end, clear or lower
            anything.
        looks_per_s: granted rate of looks.
        track_id: (N,) int64.
        class_id: (N,) int8, by vote.
        class_share: (N,) how much of the vote the class has, 0–1.
        observed: (N,) False for a prediction.
        valid: (N,) False outside the validity polygon, or while the calibration is in doubt; then
            no measure may use the row.
        xyxy: (N, 4) float32, pixels.
        xy_m: (N, 2) smoothed ground point under the middle of the body's footprint, metres.
        velocity_mps: (N, 2).
        position_sd_m: (N,) one axis. speed_sd_mps: (N,) along the way of travel.
        heading_rad: (N,) counter-clockwise from x; kept while standing; NaN before any motion.
        length_m, width_m: (N,) of the body on the ground, NaN while unknown.
        lane: (N,) int16 index into ``Scene.lanes``, −1 for none.
        along_m: (N,) metres from the lane's upstream end to the body's front, NaN without lane.
        seen_s: (N,) stream time since the track was first seen.
        size_wh: of the picture, pixels; None where the source of the frame does not know.
    """

    camera_id: str
    pts_ns: int
    wall_ns: int
    unknown: Unknown | None
    looks_per_s: float
    track_id: npt.NDArray[np.int64]
    class_id: npt.NDArray[np.int8]
    class_share: Floats
    observed: Bools
    valid: Bools
    xyxy: npt.NDArray[np.float32]
    xy_m: Floats
    velocity_mps: Floats
    position_sd_m: Floats
    speed_sd_mps: Floats
    heading_rad: Floats
    length_m: Floats
    width_m: Floats
    lane: npt.NDArray[np.int16]
    along_m: Floats
    seen_s: Floats
    size_wh: tuple[int, int] | None = None

    def __len__(self) -> int:
        return len(self.track_id)

    @property
    def speed_mps(self) -> Floats:
        """(N,) ≥ 0."""
        return np.hypot(self.velocity_mps[:, 0], self.velocity_mps[:, 1])


class LengthClass(StrEnum):
    """Classes by world length; the bounds are configurable."""

    MOTORCYCLE = "motorcycle"
    SHORT = "short"
    MEDIUM = "medium"
    LONG = "long"
    VERY_LONG = "very_long"


@dataclass(frozen=True, slots=True)
class SpeedEstimate:
    """A spot speed with its 95 % confidence interval, km/h."""

    kmh: float
    low_kmh: float
    high_kmh: float


@dataclass(frozen=True, slots=True)
class VehicleFacts:
    """What is known of one road user by its track.

    Attributes:
        label: class by vote, as ``ObjectClass.label``. share: its part of the vote, 0–1.
        length_m: median over the track, None while unknown. length_sd_m: of that median.
        length_class: None for people and bicycles, and without a length.
        fhwa: FHWA-13 group → probability, summing to 1; empty where the scheme does not apply.
    """

    label: str
    share: float
    length_m: float | None = None
    length_sd_m: float | None = None
    length_class: LengthClass | None = None
    fhwa: Mapping[int, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Passage:
    """One road user over one line: the per-vehicle record of traffic counting.

    Attributes:
        pts_ns, wall_ns: the interpolated moment.
        lane: id of the lane in which it passed, empty for none.
        speed: None without a valid calibration there, or too short a track.
        speed_problem: why there is no speed, in words; empty if there is one.
        headway_s: front to front behind the one before in this lane, None for the first.
        gap_s: rear of the one before to this front, None where length or speed is unknown.
        decided_after_s: how much later it was certain.
    """

    camera_id: str
    line: str
    direction: Direction
    pts_ns: int
    wall_ns: int
    track_id: int
    vehicle: VehicleFacts
    lane: str = ""
    speed: SpeedEstimate | None = None
    speed_problem: str = ""
    headway_s: float | None = None
    gap_s: float | None = None
    decided_after_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Trip:
    """One road user's way through the picture: at most one for each.

    Attributes:
        entry, exit: None where it was first or last seen between the lines.
        entered_wall_ns: of the entry; without one, of the first crossing that is known.
        left_wall_ns: of the exit; without one, when it was last seen.
        movement: id of the ``core.road.Movement``; empty for a pair of crossings that has none.
        problem: why entry or exit is missing, empty if both are there.
        more: crossings of entry and exit lines beyond these two, such as of one that came back.
    """

    camera_id: str
    track_id: int
    vehicle: VehicleFacts
    entry: LineSide | None
    exit: LineSide | None
    entered_wall_ns: int
    left_wall_ns: int
    movement: str = ""
    problem: str = ""
    more: tuple[LineSide, ...] = ()

    @property
    def travel_s(self) -> float | None:
        """From entry to exit; None if either is missing."""
        if self.entry is None or self.exit is None:
            return None
        return (self.left_wall_ns - self.entered_wall_ns) / 1e9


@dataclass(frozen=True, slots=True)
class GateRun:
    """One road user through a ``core.road.Gate``: over its first line, later over its second.

    Attributes:
        gate: id. track_id: at the second line.
        entered_wall_ns, left_wall_ns: the interpolated moments at the two lines.
        travel_s: between them, in stream time.
        speed: over the gate's length; None where that is not known.
        speed_problem: why there is no speed, in words; empty if there is one.
    """

    camera_id: str
    gate: str
    track_id: int
    vehicle: VehicleFacts
    entered_wall_ns: int
    left_wall_ns: int
    travel_s: float
    speed: SpeedEstimate | None = None
    speed_problem: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Trajectory:
    """One road user's path on the ground, thinned out.

    Attributes:
        pts_ns, wall_ns: (K,) int64. xy_m: (K, 2). speed_mps: (K,).
        lanes: ids of the lanes that it was in, in order.
    """

    camera_id: str
    track_id: int
    vehicle: VehicleFacts
    wall_ns: npt.NDArray[np.int64]
    xy_m: Floats
    speed_mps: Floats
    lanes: tuple[str, ...] = ()
