"""Level of service A–F after the Highway Capacity Manual (HCM), in both unit systems.

The bounds are HCM's as secondary sources agree on them. A value on a bound belongs to the better
level, as HCM's "≤" has it; of a pedestrian's space, which is better when larger, to the worse one.
"""

from bisect import bisect_left
from enum import StrEnum

from its_camera_ai.analytics.measures.plausible import checked_one

KM_PER_MILE = 1.609344
M2_PER_FT2 = 0.3048**2


class LevelOfService(StrEnum):
    A = "A"
    B = "B"
    C = "C"
    D = "D"
    E = "E"
    F = "F"


class Facility(StrEnum):
    """What kind of place it is; decides which measure gives its level of service."""

    FREEWAY = "freeway"
    """A basic segment of a freeway or multilane highway: density."""
    MERGE_DIVERGE = "merge_diverge"
    """The influence area of a ramp: density."""
    SIGNALISED = "signalised"
    """An approach, lane or movement at a signal: control delay."""
    UNSIGNALISED = "unsignalised"
    """The same at a stop or give-way sign, or a roundabout: control delay."""
    PEDESTRIAN = "pedestrian"
    """A walkway or crossing: space for each pedestrian."""


class Units(StrEnum):
    """Which of HCM's rounded bounds hold: those per mile and square foot, or per km and m²."""

    US = "us"
    METRIC = "metric"


DENSITY_BOUNDS = {
    (Facility.FREEWAY, Units.US): (11.0, 18.0, 26.0, 35.0, 45.0),
    (Facility.FREEWAY, Units.METRIC): (6.8, 11.2, 16.2, 21.7, 28.0),
    (Facility.MERGE_DIVERGE, Units.US): (10.0, 20.0, 28.0, 35.0),
    (Facility.MERGE_DIVERGE, Units.METRIC): (6.2, 12.4, 17.4, 21.7),
}
"""pc/mi/ln and pc/km/ln. Merge and diverge have no density for F: E lasts until demand exceeds
capacity; their metric bounds are the American ones, converted and rounded as HCM does for
freeways."""

DELAY_BOUNDS_S = {
    Facility.SIGNALISED: (10.0, 20.0, 35.0, 55.0, 80.0),
    Facility.UNSIGNALISED: (10.0, 15.0, 25.0, 35.0, 50.0),
}
"""Mean control delay, s/veh."""

SPACE_BOUNDS = {Units.US: (60.0, 40.0, 24.0, 15.0, 8.0), Units.METRIC: (5.6, 3.7, 2.2, 1.4, 0.75)}
"""ft² and m² for each pedestrian; A has more than the first."""

_LEVELS = tuple(LevelOfService)


def by_density(
    density_pc_km: float,
    facility: Facility = Facility.FREEWAY,
    *,
    units: Units = Units.METRIC,
    over_capacity: bool = False,
) -> LevelOfService:
    """From the density of a lane in passenger cars per km.

    Args:
        facility: ``FREEWAY`` or ``MERGE_DIVERGE``.
        units: with ``US`` the density is converted and judged by the bounds per mile.
        over_capacity: demand exceeds capacity: F whatever the density.

    Raises:
        MeasureInvalid: a negative density.
    """
    density = checked_one(density_pc_km, "density (pc/km)")
    if (facility, units) not in DENSITY_BOUNDS:
        raise ValueError(
            f"Density gives no level of service for '{facility}'; use its own measure."
        )
    if over_capacity:
        return LevelOfService.F
    if units is Units.US:
        density *= KM_PER_MILE
    return _LEVELS[bisect_left(DENSITY_BOUNDS[facility, units], density)]


def by_delay(
    control_delay_s: float, facility: Facility, *, over_capacity: bool = False
) -> LevelOfService:
    """From the mean control delay in s/veh.

    Args:
        facility: ``SIGNALISED`` or ``UNSIGNALISED``.
        over_capacity: volume exceeds capacity: F whatever the delay.

    Raises:
        MeasureInvalid: a negative delay.
    """
    delay_s = checked_one(control_delay_s, "control delay (s)")
    if facility not in DELAY_BOUNDS_S:
        raise ValueError(f"Delay gives no level of service for '{facility}'; use its own measure.")
    if over_capacity:
        return LevelOfService.F
    return _LEVELS[bisect_left(DELAY_BOUNDS_S[facility], delay_s)]


def by_pedestrian_space(space_m2: float, *, units: Units = Units.METRIC) -> LevelOfService:
    """From the space for each pedestrian in m².

    Args:
        units: with ``US`` the space is converted and judged by the bounds in square feet.

    Raises:
        MeasureInvalid: a negative space.
    """
    space = checked_one(space_m2, "space (m²)")
    if units is Units.US:
        space /= M2_PER_FT2
    return _LEVELS[sum(space <= bound for bound in SPACE_BOUNDS[units])]
