"""A four-arm junction's lines and movements, and crossings written by hand."""

from its_camera_ai.core.picture_points import Unit
from its_camera_ai.core.road import Direction, LineSide, Movement, Turn
from its_camera_ai.core.road_users import Passage, VehicleFacts
from its_camera_ai.core.scene import Line, Scene

S = 1_000_000_000
WALL_NS = 1_700_000_000 * S
CAR, TRUCK = VehicleFacts("car", 0.9), VehicleFacts("truck", 0.8)
ARMS = ("north", "east", "south", "west")
_TURNS = (Turn.U_TURN, Turn.LEFT, Turn.THROUGH, Turn.RIGHT)


def side(text: str) -> LineSide:
    return LineSide.parse(text)


def movement(arm: str, turn: Turn) -> Movement:
    leave = ARMS[(ARMS.index(arm) + _TURNS.index(turn)) % 4]
    ends = (LineSide(arm, Direction.IN), LineSide(leave, Direction.OUT))
    return Movement(f"{arm}-{turn}", *ends, turn, arm)


LINES = tuple(
    Line(arm, ends, Unit.PX)
    for arm, ends in zip(
        ARMS,
        (
            ((220, 100), (420, 100)),
            ((500, 140), (500, 340)),
            ((420, 380), (220, 380)),
            ((140, 340), (140, 140)),
        ),
        strict=True,
    )
)
"""Whoever goes towards the middle crosses ``in``."""
JUNCTION = Scene(
    LINES,
    movements=tuple(
        movement(arm, turn) for arm in ARMS for turn in (Turn.LEFT, Turn.THROUGH, Turn.RIGHT)
    ),
)
"""Twelve movements; U-turns have no name."""


def passage(text: str, at_s: float, track_id: int = 1, vehicle: VehicleFacts = CAR) -> Passage:
    where, pts_ns = side(text), round(at_s * S)
    return Passage("cam", where.line, where.direction, pts_ns, pts_ns + WALL_NS, track_id, vehicle)
