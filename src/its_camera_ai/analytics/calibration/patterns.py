"""Point pairs from markings whose sizes are known: a zebra crossing, or broken lane lines."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite

from its_camera_ai.core.calibration import PointPair
from its_camera_ai.core.errors import CalibrationInvalid
from its_camera_ai.core.picture_points import Point


def _check(what: str, **sizes_m: float) -> None:
    for name, size_m in sizes_m.items():
        if not (isfinite(size_m) and size_m > 0):
            raise CalibrationInvalid(f"{what}: {name} must be above 0 metres.")


@dataclass(frozen=True, slots=True)
class Crosswalk:
    """A crossing of bars that lie along the road, side by side across it.

    Its world has x along the crossing to the right and y across it, away from the camera.

    Attributes:
        stripe_m: width of a bar. gap_m: between two bars. length_m: of a bar, along the road.
    """

    stripe_m: float
    gap_m: float
    length_m: float

    def __post_init__(self) -> None:
        _check("Crosswalk", stripe_m=self.stripe_m, gap_m=self.gap_m, length_m=self.length_m)

    def pairs(
        self, near: Sequence[Point | None], far: Sequence[Point | None]
    ) -> tuple[PointPair, ...]:
        """
        Args:
            near: the bars' corners on the camera's side from left to right, two for each bar, in
                the picture; None where a corner is hidden or worn off.
            far: the same on the other side, beginning with the same bar.

        Raises:
            CalibrationInvalid: fewer than two corners on a side, or four in all.

        >>> crossing = Crosswalk(0.5, 0.5, 4.0)
        >>> [p.world for p in crossing.pairs([(10, 90), (20, 90)], [(12, 50), (21, 50)])]
        [(0.0, 0.0), (0.5, 0.0), (0.0, 4.0), (0.5, 4.0)]
        """
        pairs = []
        for side, corners, y_m in (("near", near, 0.0), ("far", far, self.length_m)):
            if sum(corner is not None for corner in corners) < 2:
                raise CalibrationInvalid(
                    f"Crosswalk: mark at least two corners of its {side} edge, from left to right."
                )
            for k, corner in enumerate(corners):
                if corner is not None:
                    bar, right = divmod(k, 2)
                    x_m = bar * (self.stripe_m + self.gap_m) + right * self.stripe_m
                    name = f"bar {bar + 1}, {side} {'right' if right else 'left'}"
                    pairs.append(PointPair(corner, (x_m, y_m), name))
        return tuple(pairs)


@dataclass(frozen=True, slots=True)
class LaneMarking:
    """A broken line between lanes.

    Attributes:
        mark_m: length of a mark. gap_m: from its end to the next one's beginning.
        source: where these sizes stand, for messages and reports.
    """

    mark_m: float
    gap_m: float
    source: str = ""

    def __post_init__(self) -> None:
        _check("Lane marking", mark_m=self.mark_m, gap_m=self.gap_m)


@dataclass(frozen=True, slots=True)
class MarkedLine:
    """One broken line in the picture.

    Attributes:
        ends: beginnings and ends of its marks in turn, away from the camera, starting with the
            beginning of a mark; None where one is hidden.
        across_m: metres to the right of the first line.
        ahead_m: how much farther away its first mark begins than that of the first line: 0 where
            the marks stand side by side.
    """

    ends: Sequence[Point | None]
    across_m: float
    ahead_m: float = 0.0


def lane_pairs(marking: LaneMarking, lines: Sequence[MarkedLine]) -> tuple[PointPair, ...]:
    """Pairs from the ends of the marks on two or more broken lines.

    Their world has x to the right across the road and y along it, away from the camera. Lane
    widths differ from road to road and are never assumed: measure one, or read the plan.

    Raises:
        CalibrationInvalid: fewer than two lines, or fewer than two ends on one.
    """
    if len(lines) < 2:
        raise CalibrationInvalid("Lane pattern: mark at least two lines, on both sides of a lane.")
    pairs = []
    for number, line in enumerate(lines, start=1):
        if sum(end is not None for end in line.ends) < 2:
            raise CalibrationInvalid(
                f"Lane pattern: line {number} needs the beginning and the end of at least one mark."
            )
        for k, end in enumerate(line.ends):
            if end is not None:
                mark, is_end = divmod(k, 2)
                y_m = line.ahead_m + mark * (marking.mark_m + marking.gap_m)
                name = f"line {number}, {'end' if is_end else 'beginning'} of mark {mark + 1}"
                world = (line.across_m, y_m + is_end * marking.mark_m)
                pairs.append(PointPair(end, world, name))
    return tuple(pairs)


_FOOT_M = 0.3048

LANE_MARKINGS: Mapping[str, LaneMarking] = {
    "de-motorway": LaneMarking(
        6.0, 12.0, "RMS (Germany), broken lane line on motorways: 6 m mark, 12 m gap"
    ),
    "de-urban": LaneMarking(
        3.0, 6.0, "RMS (Germany), broken lane line in towns: usually 3 m mark, 1 to 2 to the gap"
    ),
    "at-motorway": LaneMarking(
        6.0, 12.0, "Bodenmarkierungsverordnung (Austria), motorways: 6 m mark, 12 m gap"
    ),
    "us": LaneMarking(
        10 * _FOOT_M,
        30 * _FOOT_M,
        "MUTCD (USA), broken line: 10 ft segment, 30 ft gap, or similar in that ratio",
    ),
}
"""What the rules say, by place. What was really painted may differ by some per cent and more where
the rule allows it: measure one module on site if the speeds matter."""
