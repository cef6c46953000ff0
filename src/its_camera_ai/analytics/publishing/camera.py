"""A camera as exports and reports see it: its scene on the ground, its places and their names."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from its_camera_ai.analytics.calibration.solution import Solution
from its_camera_ai.analytics.calibration.solving import solve
from its_camera_ai.analytics.measures.places import PlaceFacts, facts_of
from its_camera_ai.core.errors import CalibrationInvalid
from its_camera_ai.core.ground import GroundPlane
from its_camera_ai.core.intervals import Place, PlaceKind
from its_camera_ai.core.road import Gate, Lane, Movement
from its_camera_ai.core.scene import Line, Scene, Zone

ANY_SIZE_WH = (1920, 1080)
"""Stands for a picture whose size nobody has told; normalised points don't depend on it."""


@dataclass(frozen=True, slots=True, eq=False)
class PublishedCamera:
    """What has to be known of a camera to publish what it measured.

    Attributes:
        name: for people; empty where nobody gave one.
        scene: as it is now; empty for a camera that is no longer there.
        zone: the site's.
        size_wh: of its pictures, pixels.
        solution: None without a calibration that can be solved; ``problem`` says why.
    """

    id: str
    name: str
    scene: Scene
    zone: ZoneInfo
    size_wh: tuple[int, int] = ANY_SIZE_WH
    solution: Solution | None = None
    problem: str = ""
    _facts: dict[Place, PlaceFacts] = field(default_factory=dict, repr=False)

    @classmethod
    def of(
        cls,
        camera_id: str,
        scene: Scene,
        zone: ZoneInfo,
        *,
        name: str = "",
        size_wh: tuple[int, int] | None = None,
    ) -> "PublishedCamera":
        """With its calibration solved, if it has one."""
        size_wh = size_wh or ANY_SIZE_WH
        if scene.calibration is None:
            return cls(camera_id, name, scene, zone, size_wh, None, "it has no calibration")
        try:
            solution = solve(scene.calibration, size_wh, lanes=scene.lanes)
        except CalibrationInvalid as error:
            return cls(camera_id, name, scene, zone, size_wh, None, str(error))
        return cls(camera_id, name, scene, zone, size_wh, solution)

    @property
    def plane(self) -> GroundPlane | None:
        return None if self.solution is None else self.solution.plane

    @property
    def title(self) -> str:
        """The name and the id."""
        return f"{self.name} ({self.id})" if self.name else self.id

    def facts(self, place: Place) -> PlaceFacts:
        """What the scene says of a place."""
        if place not in self._facts:
            self._facts[place] = facts_of(self.scene, place, self.plane)
        return self._facts[place]

    def place_name(self, place: Place) -> str:
        """As people named it; empty where nobody did."""
        parts: Mapping[PlaceKind, Sequence[Line | Zone | Lane | Gate | Movement]] = {
            PlaceKind.LINE: self.scene.lines,
            PlaceKind.LANE: self.scene.lanes,
            PlaceKind.ZONE: self.scene.zones,
            PlaceKind.GATE: self.scene.gates,
            PlaceKind.MOVEMENT: self.scene.movements,
        }
        return next((part.name for part in parts[place.kind] if part.id == place.id), "")


def place_key(place: Place) -> tuple[str, str, str, str]:
    """By which places are sorted in files."""
    return (str(place.kind), place.id, str(place.direction or ""), place.lane)


def place_code(place: Place) -> str:
    """One word for a place that is the same in every file: ``line:gate:in``, ``line:gate:in:left``
    (a lane at a line), ``lane:left``."""
    parts = [str(place.kind), place.id, str(place.direction or ""), place.lane]
    return ":".join(part for part in parts if part)
