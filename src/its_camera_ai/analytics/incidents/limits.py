"""The parameters of the incident rules, in seconds, metres and km/h."""

from dataclasses import dataclass, fields

from its_camera_ai.core.errors import ConfigInvalid

_MAY_BE_ZERO = frozenset({"speeding_over_kmh"})


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentLimits:
    """When something is an incident; nothing is counted in frames. Where a row has no place in
    metres, a metre is estimated from the size of its box (``view``).

    Attributes:
        stand_kmh: slower than this begins to stand. move_kmh: faster than this stands no more.
        stand_radius_m: farther from where it came to stand is not standing either.
        stopped_s: so long on the carriageway without a reason is a stopped vehicle.
        stopped_join_m: others that come to stand so near are part of the same incident.
        junction_s: the same outside the lanes of a scene with stop lines or signals, where
            turning vehicles wait for a gap.
        queue_gap_m: from the rear of a standing or creeping vehicle to the front of one that
            waits behind it.
        stop_reach_m: so near to its lane's downstream end a vehicle waits for the stop line.
        green_start_s: so long into green the first one may still stand.
        wait_s: longest wait at a stop line whose signal is not known, or at the end of the view
            with others behind.
        yield_m: people so near ahead are a reason to stand.
        slow_share: part of the lane's usual speed below which a vehicle is slow.
        slow_s: for so long. slow_usual_kmh: only where the usual speed is at least this.
        slow_free_m: only with so much free road ahead; also how far from a stop line.
        slow_after_stand_s: not so soon after it stood.
        slow_samples: vehicles from which a lane's usual speed is known without a limit.
        usual_s: of the last so many seconds.
        wrong_way_m: net way against the lane. wrong_way_s: and time for it.
        wrong_way_kmh: at least this fast. wrong_way_deg: at least this far off the heading.
        wrong_way_share: at least this much of the class vote on a vehicle.
        debris_s: so long a thing must lie. debris_from_m: who passed so near when it appeared is
            named as where it came from.
        on_road_s: so long on the carriageway outside a crossing. on_road_edge_m: so far inside.
        on_road_join_m: people so near to one another are one incident.
        spill_s: so long a queue must be longer than the lane's storage.
        congestion_s: so long a lane must be congested, and free again.
        congestion_window_s: time over which its speed and density are taken.
        speeding_over_kmh: the lower 95 % bound must exceed the limit by more than this.
        signal_late_s: how late a signal input's reading may arrive.
        lamps_late_s: the same for lamps read from the picture.
        ttc_s: a time to collision up to this is a near miss (SSAM's default) if avoiding it takes
            at least ``brake_mps2`` (3.35 m/s²: Archer 2005).
        ttc_looks_s: for so long, so that one noisy sighting is none.
        pet_s: a post-encroachment time up to this is a near miss if the second one came faster
            than ``pet_kmh``.
        pet_angle_deg: only of ways that cross at more than this.
        join_m: an incident goes on under another track id if that appears so near.
        update_s: at most one update of an incident in this time.
        clip_before_s, clip_after_s, clip_max_s: what of the recording is shown.
        look_gap_s: a longer time without any look counts as unknown.
        forget_s: tracks unseen for so long are forgotten.
    """

    stand_kmh: float = 5.0
    move_kmh: float = 10.0
    stand_radius_m: float = 3.0
    stopped_s: float = 10.0
    stopped_join_m: float = 40.0
    junction_s: float = 60.0
    queue_gap_m: float = 15.0
    stop_reach_m: float = 15.0
    green_start_s: float = 10.0
    wait_s: float = 120.0
    yield_m: float = 12.0
    slow_share: float = 0.5
    slow_s: float = 8.0
    slow_usual_kmh: float = 40.0
    slow_free_m: float = 60.0
    slow_after_stand_s: float = 20.0
    slow_samples: int = 8
    usual_s: float = 900.0
    wrong_way_m: float = 10.0
    wrong_way_s: float = 1.0
    wrong_way_kmh: float = 7.0
    wrong_way_deg: float = 120.0
    wrong_way_share: float = 0.5
    debris_s: float = 5.0
    debris_from_m: float = 4.0
    on_road_s: float = 1.0
    on_road_edge_m: float = 0.7
    on_road_join_m: float = 10.0
    spill_s: float = 5.0
    congestion_s: float = 60.0
    congestion_window_s: float = 60.0
    speeding_over_kmh: float = 0.0
    signal_late_s: float = 1.0
    lamps_late_s: float = 0.5
    ttc_s: float = 1.5
    brake_mps2: float = 3.35
    ttc_looks_s: float = 0.3
    pet_s: float = 1.0
    pet_kmh: float = 15.0
    pet_angle_deg: float = 30.0
    join_m: float = 4.0
    update_s: float = 5.0
    clip_before_s: float = 10.0
    clip_after_s: float = 10.0
    clip_max_s: float = 120.0
    look_gap_s: float = 1.5
    forget_s: float = 30.0

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if not (value > 0 or (value == 0 and field.name in _MAY_BE_ZERO)):
                raise ConfigInvalid(f"Incident limit {field.name} must be above 0; correct it.")
        if self.stand_kmh > self.move_kmh:
            raise ConfigInvalid("Incident limit stand_kmh must not be above move_kmh; swap them.")
        if self.slow_share >= 1:
            raise ConfigInvalid("Incident limit slow_share must be below 1; it is a share.")
        if not self.wrong_way_deg > 90:
            raise ConfigInvalid("Incident limit wrong_way_deg must be above 90 degrees.")
