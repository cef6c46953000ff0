"""The parameters of counting, in seconds and box heights."""

from dataclasses import dataclass, fields

from its_camera_ai.core.errors import ConfigInvalid


@dataclass(frozen=True, slots=True, kw_only=True)
class AnalyticsConfig:
    """When a crossing is a crossing and a visit a visit; nothing is counted in frames.

    Attributes:
        margin_h: distance from a line or zone edge, in box heights, from which an anchor is
            clearly on one side.
        margin_floor_px: the same for small boxes, pixels; above the usual jitter of ±3 px.
        forget_s: a track unseen for this long of looked-at time has ended. Longer than the
            tracker keeps a lost track, so that one found again continues.
        look_gap_s: a longer time without any look counts as unknown and ages nothing beyond it.
        trend_s: speed and direction are taken over at least this long where the track has it.
        leap_h: a single step over a line that is longer than this, in box heights, counts once the
            next sighting does not go back.
        contrary_steps: a crossing against what is usual at its place counts only of a track that
            went that way for so many steps in a row.
        extrapolate_s: how far ahead a track that ended on a line is thought on, and how far back
            one that began on it.
        born_s: a track that began on a line and stays there longer was standing on it.
        stitch_s: longest gap between the end of one track and the beginning of its continuation.
        stitch_h: how far from the expected place a continuation may begin, in box heights.
        stitch_log_size: largest absolute log height ratio of the two.
        twin_s: two tracks on one body cross a line within this time.
        twin_share: share of the smaller vehicle's box that lies in the other's on one body.
        enter_s: time inside a zone until the visit counts.
        leave_s: time outside until a visit is over.
        settle_s: time on one side of a zone's edge until it counts without a clear distance.
    """

    margin_h: float = 0.1
    margin_floor_px: float = 4.0
    forget_s: float = 3.0
    look_gap_s: float = 1.5
    trend_s: float = 0.5
    leap_h: float = 1.0
    contrary_steps: int = 3
    extrapolate_s: float = 0.5
    born_s: float = 1.0
    stitch_s: float = 0.8
    stitch_h: float = 0.6
    stitch_log_size: float = 0.4
    twin_s: float = 0.8
    twin_share: float = 0.75
    enter_s: float = 0.3
    leave_s: float = 0.5
    settle_s: float = 2.0

    def __post_init__(self) -> None:
        for field in fields(self):
            if not getattr(self, field.name) > 0:
                raise ConfigInvalid(f"Counting parameter {field.name} must be above 0; correct it.")
