"""What a road world knows for certain."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from its_camera_ai.core.detections import ObjectClass
from its_camera_ai.core.incidents import IncidentKind
from its_camera_ai.core.road import Direction
from its_camera_ai.core.signals import SignalState

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class RoadTruth:
    """Everyone on the road at the end of a tick; during the tick all moved evenly.

    Attributes:
        pts_ns, wall_ns: stream time and UTC.
        id: (N,) int64, never used twice.
        kind: (N,) index into ``sim.road.kinds.KINDS``.
        class_id: (N,) int8, values of ``ObjectClass``.
        xy_m: (N, 2) middle of the body on the ground.
        heading_rad: (N,) counter-clockwise from x, where the front points.
        velocity_mps: (N, 2) of the middle, over the tick that ends here.
        dims_m: (N, 3) length, width, height.
        lane: (N,) index into the layout's lanes, and so into ``Scene.lanes``; −1 for none.
        along_m: (N,) from the lane's upstream end to the front; NaN without lane.
        way: (N,) index into the network's ways, −1 for people and what else goes freely.
        xyxy: (N, 4) pixels, cut to the picture; NaN where it is not in it or without a camera.
        visible: (N,) share of the whole box that is in the picture and not behind nearer boxes.
        signals: what each head shows, by id.
    """

    pts_ns: int
    wall_ns: int
    id: Ints
    kind: Ints
    class_id: npt.NDArray[np.int8]
    xy_m: Floats
    heading_rad: Floats
    velocity_mps: Floats
    dims_m: Floats
    lane: Ints
    along_m: Floats
    way: Ints
    xyxy: Floats
    visible: Floats
    signals: Mapping[str, SignalState]

    def __len__(self) -> int:
        return len(self.id)

    @property
    def in_picture(self) -> npt.NDArray[np.bool_]:
        """(N,)."""
        return ~np.isnan(self.xyxy[:, 0])

    @property
    def speed_mps(self) -> Floats:
        """(N,) ≥ 0."""
        return np.hypot(self.velocity_mps[:, 0], self.velocity_mps[:, 1])


@dataclass(frozen=True, slots=True)
class TruePassage:
    """One body over one line, told when its rear has passed.

    Attributes:
        pts_ns: when the middle of the body passed. front_pts_ns, rear_pts_ns: its front and rear.
        anchor_pts_ns: when the bottom centre of its box passed the line in the picture; None
            without a camera, or where the box was not in the picture then.
        speed_kmh: of the middle at ``pts_ns``.
        lane: id, empty for none.
        headway_s: front to front behind the one before in this lane and direction.
        gap_s: from the rear of the one before to this front.
        signal: what the head of this line and lane showed when the front passed, and since when
            it did.
        delay_s: what it took longer, from the edge of the world to here, than alone on the road
            with every light green; to a tick. None for people and what else goes freely.
    """

    line: str
    direction: Direction
    object_id: int
    class_id: ObjectClass
    kind: str
    length_m: float
    pts_ns: int
    front_pts_ns: int
    rear_pts_ns: int
    speed_kmh: float
    lane: str = ""
    anchor_pts_ns: int | None = None
    headway_s: float | None = None
    gap_s: float | None = None
    signal: SignalState | None = None
    signal_since_s: float | None = None
    delay_s: float | None = None


@dataclass(frozen=True, slots=True)
class TrueTrip:
    """One vehicle's way from the line where it came in to the one where it left.

    Attributes:
        movement: id as in the scene, such as ``south-L``; empty for a pair without a name.
        entry, exit: ids of lines, crossed inwards and outwards.
        entered_pts_ns, left_pts_ns: when the middle of the body passed them.
        delay_s: up to the exit, see ``TruePassage``.
    """

    object_id: int
    class_id: ObjectClass
    kind: str
    movement: str
    entry: str
    exit: str
    entered_pts_ns: int
    left_pts_ns: int
    delay_s: float


@dataclass(frozen=True, slots=True)
class TrueQueue:
    """A queue before a stop line at the end of a tick.

    Attributes:
        vehicles: how many stand in it. length_m: from the lane's downstream end to the rear of
            the last.
    """

    lane: str
    vehicles: int
    length_m: float


@dataclass(slots=True)
class TrueIncident:
    """Something that a script let happen, or a queue longer than its lane can hold.

    Attributes:
        place: id of the lane, area or line; empty where there is none.
        object_ids: who takes part, the main one first.
        began_pts_ns: when the condition began, to a tick; of a near miss the moment of its
            smallest time to collision, or when the second body enters the conflict area.
        ended_pts_ns: None while it lasts.
        facts: such as ``{"pet_s": 0.8}``.
    """

    kind: IncidentKind
    place: str
    object_ids: tuple[int, ...]
    began_pts_ns: int
    ended_pts_ns: int | None = None
    facts: Mapping[str, float] = field(default_factory=dict)
