"""What the scene tells of a place."""

import numpy as np
import pytest

from its_camera_ai.analytics.measures.level_of_service import Facility
from its_camera_ai.analytics.measures.places import PlaceFacts, facts_of
from its_camera_ai.core.ground import GroundPlane
from its_camera_ai.core.intervals import Place, PlaceKind
from its_camera_ai.core.picture_points import Point
from its_camera_ai.core.road import Direction, Lane, LineSide, Movement, SignalHead, Turn
from its_camera_ai.core.scene import Line, Scene, Zone, ZoneUse

SQUARE: tuple[Point, ...] = ((0.1, 0.1), (0.6, 0.1), (0.6, 0.6), (0.1, 0.6))
AHEAD: tuple[Point, Point] = ((0.2, 0.2), (0.2, 0.5))


def lane(lane_id: str, stop_line: str = "") -> Lane:
    return Lane(lane_id, SQUARE, AHEAD, stop_line=stop_line)


def side(line: str) -> LineSide:
    return LineSide(line, Direction.IN)


SCENE = Scene(
    lines=(Line("lit", AHEAD), Line("unlit", AHEAD), Line("plain", AHEAD)),
    zones=(Zone("zebra", SQUARE, use=ZoneUse.CROSSING), Zone("square", SQUARE)),
    lanes=(lane("one", "lit"), lane("two", "lit"), lane("three", "unlit"), lane("free")),
    movements=(
        Movement("a", side("lit"), side("plain"), Turn.LEFT),
        Movement("b", side("unlit"), side("plain"), Turn.LEFT),
    ),
    signals=(SignalHead("light", (side("lit"),)),),
)
PLANE = GroundPlane((100, 100), np.diag([0.1, 0.1, 1.0]), np.zeros((0, 2)))
SKY = GroundPlane((100, 100), np.array([[0.1, 0, 0], [0, 0.1, 0], [0, 1, -50.0]]), np.zeros((0, 2)))


@pytest.mark.parametrize(
    ("kind", "place", "facts"),
    [
        (PlaceKind.LANE, "one", PlaceFacts(Facility.SIGNALISED)),
        (PlaceKind.LANE, "three", PlaceFacts(Facility.UNSIGNALISED)),
        (PlaceKind.LANE, "free", PlaceFacts(Facility.FREEWAY)),
        (PlaceKind.LANE, "gone", PlaceFacts()),
        (PlaceKind.LINE, "lit", PlaceFacts(lanes=2)),
        (PlaceKind.LINE, "plain", PlaceFacts()),
        (PlaceKind.MOVEMENT, "a", PlaceFacts(Facility.SIGNALISED)),
        (PlaceKind.MOVEMENT, "b", PlaceFacts(Facility.UNSIGNALISED)),
        (PlaceKind.MOVEMENT, "unassigned", PlaceFacts()),
        (PlaceKind.ZONE, "zebra", PlaceFacts(Facility.PEDESTRIAN)),
        (PlaceKind.ZONE, "square", PlaceFacts()),
        (PlaceKind.GATE, "any", PlaceFacts()),
    ],
    ids=str,
)
def test_the_scene_tells(kind: PlaceKind, place: str, facts: PlaceFacts) -> None:
    assert facts_of(SCENE, Place(kind, place)) == facts


def test_a_crossings_area_is_that_on_the_ground() -> None:
    found = facts_of(SCENE, Place(PlaceKind.ZONE, "zebra"), PLANE)
    assert found.area_m2 == pytest.approx(25.0, rel=1e-9)


def test_a_crossing_that_reaches_into_the_sky_has_no_area() -> None:
    assert facts_of(SCENE, Place(PlaceKind.ZONE, "zebra"), SKY).area_m2 is None


def test_what_the_caller_knows_goes_along() -> None:
    assert facts_of(SCENE, Place(PlaceKind.LINE, "lit"), free_flow_kmh=50.0).free_flow_kmh == 50.0
