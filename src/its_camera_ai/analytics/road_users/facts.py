"""What is known of a road user, from its row."""

import math

import numpy as np

from its_camera_ai.analytics.road_users.bodies import IS_LONG, USUAL_SD_M
from its_camera_ai.analytics.road_users.config import RoadUsersConfig
from its_camera_ai.analytics.road_users.fhwa import fhwa_groups
from its_camera_ai.analytics.road_users.length_classes import length_class
from its_camera_ai.analytics.road_users.roster import Bools, Roster, Slots
from its_camera_ai.core.detections import ObjectClass
from its_camera_ai.core.road_users import VehicleFacts

_SHAPE_SD = 0.02
"""No body is a cuboid: its box is a little smaller than that round one of its length."""

NOTHING_KNOWN = VehicleFacts(ObjectClass.OTHER.label, 0.0)


def measured(roster: Roster, slots: Slots, config: RoadUsersConfig) -> Bools:
    """(N,) whether the body's length was measured, not just taken from the class."""
    length, sd = roster.dims_m[slots, 0], roster.dims_sd_m[slots, 0]
    kind = roster.class_id[slots]
    told: Bools = IS_LONG[kind] & (roster.fit_until_ns[slots] > 0)
    told &= sd <= config.length_sd_share * length
    told &= sd <= config.length_gain * USUAL_SD_M[kind, 0]
    return told


def vehicle_facts(roster: Roster, slot: int, config: RoadUsersConfig) -> VehicleFacts:
    """Class, length and what follows from them."""
    kind = ObjectClass(int(roster.class_id[slot]))
    share = float(roster.class_share[slot])
    length_m = length_sd_m = None
    if measured(roster, np.array([slot]), config)[0]:
        length_m = float(roster.dims_m[slot, 0])
        length_sd_m = math.hypot(float(roster.dims_sd_m[slot, 0]), _SHAPE_SD * length_m)
    return VehicleFacts(
        kind.label,
        share,
        length_m,
        length_sd_m,
        length_class(kind, length_m, config.bounds),
        fhwa_groups(kind, share, length_m, length_sd_m, config.fhwa),
    )
