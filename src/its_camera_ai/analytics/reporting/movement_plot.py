"""The turning-movement diagram: arrows as wide as their traffic."""

from math import cos, pi, sin
from typing import Any

import numpy as np

from its_camera_ai.analytics.publishing.extras import needed
from its_camera_ai.analytics.publishing.turning_counts import TurningCounts
from its_camera_ai.analytics.reporting.document import Picture
from its_camera_ai.analytics.reporting.drawing import COLOURS, GREY
from its_camera_ai.core.road import Movement, Turn

_COMPASS = {"north": pi / 2, "east": 0.0, "south": -pi / 2, "west": pi}
_TURNED = {Turn.THROUGH: pi, Turn.LEFT: -pi / 2, Turn.RIGHT: pi / 2, Turn.U_TURN: 0.0}
"""From the arm that one comes by, how far round (counter-clockwise) the arm lies by which one goes:
to the left of somebody who drives inwards is a quarter turn clockwise of where he came from."""
_REACH, _HALF, _WIDEST_PT = 1.0, 0.4, 8.0
_TRACK = {Turn.U_TURN: 0.07, Turn.LEFT: 0.15, Turn.THROUGH: 0.23, Turn.RIGHT: 0.31}
"""How far beside the middle of its arm each turn is drawn."""


def movement_diagram(counts: TurningCounts) -> Picture:
    """Arms where the compass has them if approaches are named so, else evenly round; vehicles keep
    to the right."""
    volumes = counts.totals.sum(axis=0)
    arms = arm_angles(counts.movements)

    def draw(figure: Any) -> None:
        axes = figure.add_subplot()
        axes.axis("off")
        axes.set_aspect("equal")
        axes.set_xlim(-1.75, 1.75)
        axes.set_ylim(-1.75, 1.75)
        for name, angle in arms.items():
            _arm(axes, name, angle)
        most = max(1, int(volumes.max()))
        for k, movement in enumerate(counts.movements):
            _arrow(axes, movement, arms, int(volumes[k]), most)
        for name, angle in arms.items():
            told = [
                f"{movement.turn} {volumes[k]:,}".replace(",", " ")
                for k, movement in enumerate(counts.movements)
                if (movement.approach or movement.entry.line) == name
            ]
            u, side = _along_and_aside(angle)
            x, y = 1.2 * u + 0.66 * side
            axes.text(x, y, "\n".join(told), ha="center", va="center", fontsize=9)

    return Picture(
        draw,
        (5.2, 5.2),
        "Turning movements over the whole time; L left, T through, R right, U back.",
    )


def arm_angles(movements: tuple[Movement, ...]) -> dict[str, float]:
    """Approach → where its arm lies, radians counter-clockwise from east."""
    names = list(dict.fromkeys(m.approach or m.entry.line for m in movements))
    if all(name.lower() in _COMPASS for name in names):
        return {name: _COMPASS[name.lower()] for name in names}
    return {name: -pi / 2 + 2 * pi * k / len(names) for k, name in enumerate(names)}


def exit_angle(movement: Movement, arms: dict[str, float]) -> float:
    """Where one leaves: by the turn; the angle of an arm if one lies near that."""
    angle = arms[movement.approach or movement.entry.line] + _TURNED[movement.turn]
    near = min(arms.values(), key=lambda arm: abs(_between(arm, angle)))
    return near if abs(_between(near, angle)) < pi / 5 else angle


def _between(a: float, b: float) -> float:
    return (a - b + pi) % (2 * pi) - pi


def _arm(axes: Any, name: str, angle: float) -> None:
    u, side = _along_and_aside(angle)
    corners = [
        0.35 * u + _HALF * side,
        1.4 * u + _HALF * side,
        1.4 * u - _HALF * side,
        0.35 * u - _HALF * side,
    ]
    axes.fill(*np.transpose(corners), color="#eef1f4", zorder=0)
    axes.plot(*np.transpose([0.5 * u, 1.4 * u]), color="white", linewidth=2, dashes=(4, 4))
    axes.text(*(1.58 * u), name, ha="center", va="center", weight="bold", fontsize=10)


def _arrow(axes: Any, movement: Movement, arms: dict[str, float], volume: int, most: int) -> None:
    patches = needed("matplotlib.patches", "Reports")
    path = needed("matplotlib.path", "Reports").Path
    start = _at(arms[movement.approach or movement.entry.line], movement.turn, inwards=True)
    leaving = exit_angle(movement, arms)
    end = _at(leaving, movement.turn, inwards=False)
    pull = 0.45 if movement.turn is Turn.U_TURN else 0.2
    away, side = _along_and_aside(leaving)
    curve = path([start, pull * start, pull * end, end], [1, 4, 4, 4])
    colour = COLOURS[list(_TURNED).index(movement.turn)] if volume else GREY
    width_pt = 1.0 + _WIDEST_PT * volume / most
    look = {"color": colour, "alpha": 0.8, "zorder": 3 if volume else 2}
    style = {"linewidth": width_pt} if volume else {"linewidth": 0.8, "linestyle": ":"}
    axes.add_patch(patches.PathPatch(curve, fill=False, capstyle="butt", **look, **style))
    half = 0.025 + 0.008 * width_pt
    head = [end + half * side, end - half * side, end + 2 * half * away]
    axes.add_patch(patches.Polygon(head, linewidth=0, **look))


def _along_and_aside(angle: float) -> tuple[Any, Any]:
    """Outwards along an arm, and to the right of one who drives inwards."""
    u = np.array([cos(angle), sin(angle)])
    return u, np.array([-u[1], u[0]])


def _at(angle: float, turn: Turn, *, inwards: bool) -> Any:
    """A point on an arm, on the side on which one drives; each turn on its own track."""
    u, side = _along_and_aside(angle)
    return _REACH * u + (1 if inwards else -1) * _TRACK[turn] * side
