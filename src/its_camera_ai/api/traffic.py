"""What the routes of traffic analytics have in common: their data, and places as they are shown."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pydantic import BaseModel, Field

from its_camera_ai.analytics.calibration.solving import solve
from its_camera_ai.analytics.camera.signal_board import SignalBoard
from its_camera_ai.api.problems import NotFound
from its_camera_ai.core.errors import CalibrationInvalid, ConfigInvalid
from its_camera_ai.core.ground import GroundPlane
from its_camera_ai.core.interval_store import IntervalStore
from its_camera_ai.core.intervals import Place, PlaceKind
from its_camera_ai.core.road import Direction, Gate, Lane, Movement
from its_camera_ai.core.scene import Line, Scene, Zone
from its_camera_ai.store.incidents import IncidentRepository
from its_camera_ai.store.trajectories import TrajectoryRepository

ANY_SIZE_WH = (1920, 1080)
"""Stands for a picture whose size nobody has told yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrafficData:
    """Where what traffic analytics found is kept."""

    intervals: IntervalStore
    incidents: IncidentRepository
    trajectories: TrajectoryRepository
    signals: SignalBoard


class PlaceView(BaseModel):
    """Where something was measured."""

    kind: PlaceKind
    id: str
    direction: Direction | None = Field(description="of a line")
    lane: str = Field(description="id of the lane at a line; empty for all lanes together")
    name: str = Field(description="for people; empty where nobody gave one")


def place_view(place: Place, scene: Scene | None) -> PlaceView:
    return PlaceView(
        kind=place.kind,
        id=place.id,
        direction=place.direction,
        lane=place.lane,
        name="" if scene is None else _name(place, scene),
    )


def _name(place: Place, scene: Scene) -> str:
    parts: Mapping[PlaceKind, Sequence[Line | Zone | Lane | Gate | Movement]] = {
        PlaceKind.LINE: scene.lines,
        PlaceKind.LANE: scene.lanes,
        PlaceKind.ZONE: scene.zones,
        PlaceKind.GATE: scene.gates,
        PlaceKind.MOVEMENT: scene.movements,
    }
    return next((part.name for part in parts[place.kind] if part.id == place.id), "")


def known_place(
    store: IntervalStore,
    camera_id: str,
    kind: PlaceKind,
    place_id: str,
    direction: Direction | None,
    lane: str,
) -> Place:
    """
    Raises:
        ConfigInvalid: a line without a direction, or a direction of something else.
        NotFound: nothing was ever measured there.
    """
    if (kind is PlaceKind.LINE) != (direction is not None):
        raise ConfigInvalid("direction: a line needs in or out; nothing else has one.")
    place = Place(kind, place_id, direction, lane)
    if (camera_id, place) not in store.places(camera_id):
        raise NotFound(
            f"Nothing was measured at this {kind} of camera '{camera_id}' yet; "
            "/api/v1/analytics/places lists what there is."
        )
    return place


def plane_of(scene: Scene, size_wh: tuple[int, int] | None) -> GroundPlane | None:
    """None where the scene has no calibration, or one that can't be solved."""
    if scene.calibration is None:
        return None
    try:
        return solve(scene.calibration, size_wh or ANY_SIZE_WH).plane
    except CalibrationInvalid:
        return None
