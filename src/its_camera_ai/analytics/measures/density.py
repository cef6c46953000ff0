"""Density and spacing: how full a road is.

Sources: HCM; A. D. May, *Traffic Flow Fundamentals*, 1990; FHWA *Traffic Detector Handbook*.
"""

from its_camera_ai.analytics.measures.plausible import MAX_SPEED_KMH, checked_one


def density_vpkm(vehicles: float, length_m: float, lanes: int = 1) -> float:
    """Vehicles on a length of road at an instant: veh/km for each lane.

    Raises:
        MeasureInvalid: a negative number, or no length.
    """
    length_m = checked_one(length_m, "length (m)")
    if length_m == 0 or lanes < 1:
        raise ValueError("Density needs a length above 0 m and at least one lane.")
    return 1000 * checked_one(vehicles, "number of vehicles") / (length_m * lanes)


def density_from_flow_vpkm(flow_vph: float, space_mean: float, lanes: int = 1) -> float | None:
    """``k = q / v_s``, veh/km for each lane (fundamental relation; v_s must be the space mean).

    Returns:
        None for standing traffic, of which the flow tells nothing.
    """
    flow_vph = checked_one(flow_vph, "flow (veh/h)")
    space_mean = checked_one(space_mean, "space-mean speed (km/h)", high=MAX_SPEED_KMH)
    if lanes < 1:
        raise ValueError("Density needs at least one lane.")
    return flow_vph / (space_mean * lanes) if space_mean > 0 else None


def flow_from_density_vph(density: float, space_mean: float) -> float:
    """``q = k·v_s``, veh/h."""
    density = checked_one(density, "density (veh/km)")
    return density * checked_one(space_mean, "space-mean speed (km/h)", high=MAX_SPEED_KMH)


def spacing_m(density: float) -> float | None:
    """Mean distance from front to front, ``s = 1000/k`` (HCM); None for an empty road."""
    density = checked_one(density, "density (veh/km)")
    return 1000 / density if density > 0 else None


def density_from_occupancy_vpkm(occupied: float, vehicle_m: float, zone_m: float) -> float:
    """``k = o / (L_vehicle + L_zone)`` of one lane, veh/km (FHWA Traffic Detector Handbook).

    Args:
        occupied: 0–1. vehicle_m: mean length of the vehicles. zone_m: of the detection zone along
            the lane; 0 for a line.
    """
    occupied = checked_one(occupied, "occupancy", high=1.0)
    effective_m = checked_one(vehicle_m, "vehicle length (m)") + checked_one(zone_m, "zone (m)")
    if effective_m == 0:
        raise ValueError("Density from occupancy needs a vehicle length above 0 m.")
    return 1000 * occupied / effective_m
