"""What a person should know about a calibration that could be solved."""

from collections.abc import Mapping, Sequence

from its_camera_ai.analytics.calibration.pose import camera_pose, looks_straight_down
from its_camera_ai.analytics.calibration.solution import LaneError, PairError
from its_camera_ai.core.geometry import polygon_area
from its_camera_ai.core.ground import GroundPlane

SCALE_SD_MAX = 0.03
"""A speed can't be better than its scale: 3 % of 100 km/h are 3 km/h."""
SD_OF_WIDTH_MAX = 0.004
"""Clicks that scatter more than this share of the picture's width are no careful clicks."""
AREA_MIN = 0.03
LANE_INSIDE_MIN = 0.5


def warnings_of(
    plane: GroundPlane,
    pairs: Sequence[PairError],
    by_lane: Mapping[str, LaneError],
    sd_px: float,
    *,
    contradiction: bool,
    suspects: Sequence[str] = (),
) -> tuple[str, ...]:
    """In the order in which one would mend them."""
    fitted = sum(not pair.check and not pair.bad for pair in pairs)
    said = [
        f"{pair.name} was left out: {pair.bad}; correct or remove it." for pair in pairs if pair.bad
    ]
    if contradiction:
        said.append(
            f"The pairs contradict each other, and {_suspects(suspects)}; check the order of the "
            "points first, and add pairs."
        )
    said += _too_few(fitted)
    if not contradiction and fitted > 4 and sd_px > SD_OF_WIDTH_MAX * plane.size_wh[0]:
        said.append(
            f"The pairs scatter by {sd_px:.1f} px; click them again on a full-size picture, and "
            "undistort a wide lens first."
        )
    if plane.scale_sd > SCALE_SD_MAX:
        said.append(f"Lengths are known to {plane.scale_sd:.1%} only; measure points spread wide.")
    if abs(polygon_area(plane.valid_px)) < AREA_MIN * plane.size_wh[0] * plane.size_wh[1]:
        said.append("The pairs cover a small part of the picture; nothing is measured outside it.")
    said += _about_lanes(by_lane)
    if camera_pose(plane) is None and not looks_straight_down(plane):
        said.append(
            "No camera with square pixels could see the road like this; a pair is probably wrong, "
            "or the picture is cropped off-centre."
        )
    return tuple(said)


def _suspects(names: Sequence[str]) -> str:
    if not names:
        return "no majority agrees, so none can be named"
    return f"one of {', '.join(names)} is wrong, but so few can't tell which"


def _too_few(fitted: int) -> list[str]:
    if fitted == 4:
        return [
            "Four pairs fit whatever they are, so nobody knows their error; add pairs, or checks."
        ]
    if fitted == 5:
        return ["With five pairs a wrong one shows in the error, but can't be named; add one."]
    return []


def _about_lanes(by_lane: Mapping[str, LaneError]) -> list[str]:
    said = []
    for lane in by_lane.values():
        if lane.inside < LANE_INSIDE_MIN:
            said.append(
                f"Lane '{lane.lane}': {1 - lane.inside:.0%} of it lie outside the validity polygon "
                "and are not measured."
            )
        elif lane.measured is None:
            said.append(
                f"Lane '{lane.lane}' has no pair; its expected error is "
                f"{lane.expected_sd_m:.2f} m (one standard deviation)."
            )
    return said
