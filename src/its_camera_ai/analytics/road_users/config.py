"""The parameters of road users, in seconds, metres and km/h."""

from dataclasses import dataclass, field, fields

from its_camera_ai.analytics.road_users.fhwa import FhwaMix
from its_camera_ai.analytics.road_users.length_classes import LengthBounds
from its_camera_ai.core.errors import ConfigInvalid


@dataclass(frozen=True, slots=True, kw_only=True)
class RoadUsersConfig:
    """How places become motion; nothing is counted in frames.

    Attributes:
        forget_s: a track unseen for this long of looked-at time has ended. Longer than counting
            waits for a track that ended on a line, so that its passage still finds it.
        look_gap_s: a longer time without any look is unknown; no headway is measured across it.
        sample_s: sightings are kept for fits no closer together than this.
        window_s: a fit uses sightings up to this long before and after its moment.
        sightings_min, span_s_min: fewer sightings, or over a shorter time, give no spot speed.
        speed_kmh_max: a spot speed above this is no speed but a mistake.
        interval_kmh_max, interval_share_max: a confidence interval whose half is wider than both
            (the second as a share of the speed) is told as no speed.
        wander, wander_on_foot: how far the speed of vehicles, and of people, strays by itself:
            variance of its change per second, m²/s³. People start and stop within a step.
        gate: innovations beyond this many standard deviations are taken as less certain.
        heading_sd_factor, heading_mps_min: a heading is taken from motion that is faster than so
            many of its standard deviations, and than this.
        turn_radius_m: no vehicle turns on a smaller circle.
        lane_s: so long in another lane, or in none, until the lane changes.
        lane_angle_deg: a lane is only driven along by what moves within this angle of its axis.
        thin_s: points of a trajectory are at least so far apart, but for turning points.
        turn_deg: a change of heading that makes a turning point.
        length_sd_share: a length is told when its standard deviation is below this share of it.
        length_gain: and below this share of what the class alone says.
        bounds: of the length classes. fhwa: the mix behind the FHWA-13 probabilities.
    """

    forget_s: float = 5.0
    look_gap_s: float = 1.5
    sample_s: float = 0.03
    window_s: float = 1.5
    sightings_min: int = 3
    span_s_min: float = 0.15
    speed_kmh_max: float = 300.0
    interval_kmh_max: float = 8.0
    interval_share_max: float = 0.2
    wander: float = 2.0
    wander_on_foot: float = 8.0
    gate: float = 3.0
    heading_sd_factor: float = 2.5
    heading_mps_min: float = 0.5
    turn_radius_m: float = 4.0
    lane_s: float = 0.3
    lane_angle_deg: float = 60.0
    thin_s: float = 0.5
    turn_deg: float = 15.0
    length_sd_share: float = 0.15
    length_gain: float = 0.7
    bounds: LengthBounds = field(default_factory=LengthBounds)
    fhwa: FhwaMix = field(default_factory=FhwaMix)

    def __post_init__(self) -> None:
        for item in fields(self):
            value = getattr(self, item.name)
            if isinstance(value, int | float) and not value > 0:
                raise ConfigInvalid(f"Road user parameter {item.name} must be above 0; correct it.")
