"""Traffic conflicts: time to collision, post-encroachment time, and the type by angle.

The surrogate measures of FHWA-HRT-08-051 (SSAM). A body is an oriented rectangle on the ground.
"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

REAR_END_DEG, CROSSING_DEG = 30.0, 85.0
"""Below the first a rear-end conflict, above the second a crossing one (SSAM's defaults)."""
_PARALLEL_SIN = 1e-3


class ConflictType(StrEnum):
    """By the angle between the ways of travel (SSAM)."""

    REAR_END = "rear_end"
    LANE_CHANGE = "lane_change"
    CROSSING = "crossing"


@dataclass(frozen=True, slots=True, eq=False)
class Bodies:
    """N rectangles that keep speed and direction.

    Attributes:
        xy_m: (N, 2) middles. velocity_mps: (N, 2).
        heading_rad: (N,) of the long side, counter-clockwise from x; need not be the velocity's.
        length_m, width_m: (N,).
    """

    xy_m: Floats
    velocity_mps: Floats
    heading_rad: Floats
    length_m: Floats
    width_m: Floats

    def __len__(self) -> int:
        return len(self.xy_m)

    def take(self, index: npt.NDArray[np.intp]) -> "Bodies":
        """The rows that ``index`` chooses, in its order."""
        return Bodies(
            self.xy_m[index],
            self.velocity_mps[index],
            self.heading_rad[index],
            self.length_m[index],
            self.width_m[index],
        )


def times_to_collision(first: Bodies, second: Bodies) -> Floats:
    """Time until each pair touches if both keep their velocity (Hayward 1972; SSAM).

    Exact for rectangles that do not turn: two convex bodies touch once their projections overlap
    on all four edge normals, and on each normal the overlap is a span of time.

    Args:
        first, second: N rows each, paired.

    Returns:
        (N,) s: 0 where they overlap already, inf where they never meet.
    """
    apart = second.xy_m - first.xy_m
    closing = second.velocity_mps - first.velocity_mps
    axes_of = [_axes(first), _axes(second)]
    enters = np.full(len(apart), -np.inf)
    leaves = np.full(len(apart), np.inf)
    for along, across in axes_of:
        for axis in (along, across):
            reach = sum(
                _half_extent(axis, body, *own)
                for body, own in zip((first, second), axes_of, strict=True)
            )
            place = (apart * axis).sum(axis=1)
            speed = (closing * axis).sum(axis=1)
            with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
                one, other = (-reach - place) / speed, (reach - place) / speed
            still = speed == 0
            inside = np.abs(place) <= reach
            begin = np.where(still, np.where(inside, -np.inf, np.inf), np.minimum(one, other))
            end = np.where(still, np.where(inside, np.inf, -np.inf), np.maximum(one, other))
            enters, leaves = np.maximum(enters, begin), np.minimum(leaves, end)
    meets = (enters <= leaves) & (leaves >= 0)
    times: Floats = np.where(meets, np.maximum(enters, 0.0), np.inf)
    return times


def _axes(body: Bodies) -> tuple[Floats, Floats]:
    """Unit vectors along and across, (N, 2) each."""
    cos, sin = np.cos(body.heading_rad), np.sin(body.heading_rad)
    return np.stack([cos, sin], axis=1), np.stack([-sin, cos], axis=1)


def _half_extent(axis: Floats, body: Bodies, along: Floats, across: Floats) -> Floats:
    extent: Floats = (
        np.abs((axis * along).sum(axis=1)) * body.length_m
        + np.abs((axis * across).sum(axis=1)) * body.width_m
    ) / 2
    return extent


def meet_turning(
    first: Bodies,
    second: Bodies,
    first_turn_radps: Floats,
    second_turn_radps: Floats,
    within_s: float,
    step_s: float = 0.1,
) -> npt.NDArray[np.bool_]:
    """Whether each pair touches within a time if both keep their speed and their rate of turn.

    Looked at every ``step_s``; a pair that only brushes past between two looks is not found.

    Args:
        first, second: N rows each, paired.
        first_turn_radps, second_turn_radps: (N,), counter-clockwise.

    Returns:
        (N,).
    """
    meets = np.zeros(len(first), bool)
    for t_s in np.arange(0.0, within_s + step_s / 2, step_s):
        one, other = _turned(first, first_turn_radps, t_s), _turned(second, second_turn_radps, t_s)
        meets |= times_to_collision(one, other) == 0
    return meets


def _turned(body: Bodies, turn_radps: Floats, t_s: float) -> Bodies:
    """Where bodies on circles are after a time, standing."""
    angle = turn_radps * t_s
    # chord of the arc: speed·t·sinc(angle/2), half of the angle off the tangent
    reach = t_s * np.sinc(angle / (2 * np.pi))
    cos, sin = np.cos(angle / 2) * reach, np.sin(angle / 2) * reach
    vx, vy = body.velocity_mps[:, 0], body.velocity_mps[:, 1]
    moved = np.stack([vx * cos - vy * sin, vx * sin + vy * cos], axis=1)
    return Bodies(
        body.xy_m + moved,
        np.zeros_like(moved),
        body.heading_rad + angle,
        body.length_m,
        body.width_m,
    )


def needed_deceleration(first: Bodies, second: Bodies, ttc_s: Floats) -> Floats:
    """Deceleration rate to avoid the crash, m/s² (N,): Δv / (2·TTC); for one behind the other that
    is DRAC = Δv² / (2·gap) (Cooper & Ferguson 1976). inf where they touch, 0 where they never meet.
    """
    relative = second.velocity_mps - first.velocity_mps
    with np.errstate(divide="ignore", invalid="ignore"):
        rate: Floats = np.hypot(relative[:, 0], relative[:, 1]) / (2 * ttc_s)
    return np.where(np.isnan(rate), 0.0, rate)


def conflict_angle_deg(first_rad: npt.ArrayLike, second_rad: npt.ArrayLike) -> Floats:
    """Angle between two ways of travel, 0 (same) to 180 (head-on).

    >>> float(conflict_angle_deg(0.0, np.pi / 2))
    90.0
    """
    turn = np.asarray(second_rad, np.float64) - np.asarray(first_rad, np.float64)
    angle: Floats = np.degrees(np.abs((turn + np.pi) % (2 * np.pi) - np.pi))
    return angle


def conflict_type(angle_deg: float) -> ConflictType:
    """Rear-end below 30°, crossing above 85°, lane change between (SSAM).

    >>> conflict_type(90.0)
    <ConflictType.CROSSING: 'crossing'>
    """
    if angle_deg < REAR_END_DEG:
        return ConflictType.REAR_END
    return ConflictType.CROSSING if angle_deg > CROSSING_DEG else ConflictType.LANE_CHANGE


@dataclass(frozen=True, slots=True, eq=False)
class TimedPath:
    """Where one body's middle was, and how big it is.

    Attributes:
        t_s: (K,) ascending. xy_m: (K, 2).
    """

    t_s: Floats
    xy_m: Floats
    length_m: float
    width_m: float


@dataclass(frozen=True, slots=True)
class Encroachment:
    """One user into an area that another had just left.

    Attributes:
        left_s: when the first one's rear left the conflict area.
        entered_s: when the second one's front came into it.
        angle_deg: between the two ways.
        xy_m: middle of the area.
    """

    left_s: float
    entered_s: float
    angle_deg: float
    xy_m: tuple[float, float]

    @property
    def pet_s(self) -> float:
        """Negative if both were in the area at once."""
        return self.entered_s - self.left_s


def post_encroachment(
    first: TimedPath, second: TimedPath, *, ahead_m: float = 0.0, direction_m: float = 0.0
) -> Encroachment | None:
    """Post-encroachment time where two paths cross (Allen, Shin & Cooper 1978; SSAM).

    The conflict area is the parallelogram in which the strips that both bodies sweep overlap, taken
    straight near the crossing; along a path that meets the other at θ it reaches
    ``(w_other + w_own·|cos θ|) / (2·sin θ)`` from the middle. Times between samples are
    interpolated linearly, so for straight ways at constant speed it is exact.

    Args:
        first: who was there first. second: who came after.
        ahead_m: so far beyond its last place the second one's way is thought on, straight; the
            area that it has just entered lies there.
        direction_m: directions are taken over at least this length of each path, against noise.

    Returns:
        None if the ways do not cross, if the first has not left the area, if the second has not
        come into it, or if one of the two happened before its samples begin.
    """
    way = second.xy_m
    if ahead_m > 0 and len(way) >= 2:
        way = np.vstack([way, way[-1] + _direction(way, len(way) - 2, direction_m) * ahead_m])
    crossing = _crossing(first.xy_m, way, direction_m)
    if crossing is None:
        return None
    middle, one, two = crossing
    sine = abs(float(one[0] * two[1] - one[1] * two[0]))
    if not sine >= _PARALLEL_SIN:
        return None
    cosine = float(one @ two)
    out_m = (second.width_m + first.width_m * abs(cosine)) / (2 * sine) + first.length_m / 2
    in_m = (first.width_m + second.width_m * abs(cosine)) / (2 * sine) + second.length_m / 2
    left_s = _passes(first.t_s, (first.xy_m - middle) @ one, out_m, last=True)
    entered_s = _passes(second.t_s, (second.xy_m - middle) @ two, -in_m, last=False)
    if left_s is None or entered_s is None:
        return None
    angle = float(np.degrees(np.arccos(np.clip(cosine, -1, 1))))
    return Encroachment(left_s, entered_s, angle, (float(middle[0]), float(middle[1])))


def _crossing(
    first: Floats, second: Floats, direction_m: float
) -> tuple[Floats, Floats, Floats] | None:
    """Where polyline ``second`` first meets ``first``: the point and both unit directions there."""
    if len(first) < 2 or len(second) < 2:
        return None
    p, r = first[:-1, None], np.diff(first, axis=0)[:, None]
    q, s = second[None, :-1], np.diff(second, axis=0)[None]
    cross = r[..., 0] * s[..., 1] - r[..., 1] * s[..., 0]
    gap = q - p
    with np.errstate(divide="ignore", invalid="ignore"):
        on_first = (gap[..., 0] * s[..., 1] - gap[..., 1] * s[..., 0]) / cross
        on_second = (gap[..., 0] * r[..., 1] - gap[..., 1] * r[..., 0]) / cross
    hit = (on_first >= 0) & (on_first <= 1) & (on_second >= 0) & (on_second <= 1)
    if not hit.any():
        return None
    j = int(np.flatnonzero(hit.any(axis=0))[0])
    i = int(np.flatnonzero(hit[:, j])[-1])
    middle = first[i] + on_first[i, j] * r[i, 0]
    return middle, _direction(first, i, direction_m), _direction(second, j, direction_m)


def _direction(path: Floats, segment: int, over_m: float) -> Floats:
    """(2,) unit vector of the path round this segment; NaN where it does not move."""
    begin, end = segment, segment + 1
    while begin > 0 and np.hypot(*(path[begin] - path[segment])) < over_m / 2:
        begin -= 1
    while end < len(path) - 1 and np.hypot(*(path[end] - path[segment])) < over_m / 2:
        end += 1
    step = path[end] - path[begin]
    norm = float(np.hypot(step[0], step[1]))
    unit: Floats = step / norm if norm > 0 else np.full(2, np.nan)
    return unit


def _passes(t_s: Floats, along_m: Floats, level_m: float, *, last: bool) -> float | None:
    """When ``along_m`` comes up through the level, for the first or last time."""
    up = np.flatnonzero((along_m[:-1] < level_m) & (along_m[1:] >= level_m))
    if not len(up):
        return None
    k = int(up[-1] if last else up[0])
    share = (level_m - along_m[k]) / (along_m[k + 1] - along_m[k])
    return float(t_s[k] + share * (t_s[k + 1] - t_s[k]))
