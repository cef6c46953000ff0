"""Every derived measure of one row of an interval table.

A measure is None where the row does not allow it: nothing was looked at, nothing passed, or what it
needs (a length, an area, the number of lanes) is not known. None is never written as 0. Where a row
holds what can't be true, the measure is None too and the row says why.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from its_camera_ai.analytics.measures import density, flow, speeds
from its_camera_ai.analytics.measures.edie import Edie
from its_camera_ai.analytics.measures.level_of_service import (
    Facility,
    LevelOfService,
    by_delay,
    by_density,
    by_pedestrian_space,
)
from its_camera_ai.analytics.measures.places import NOTHING_MORE, PlaceFacts
from its_camera_ai.analytics.measures.plausible import MAX_SPEED_KMH, checked_one
from its_camera_ai.core.errors import MeasureInvalid
from its_camera_ai.core.intervals import IntervalRow, PlaceKind, Tally


@dataclass(frozen=True, slots=True)
class Measures:
    """The measures of a place in an interval.

    Attributes:
        volume: all that passed. by_class: the same by class label.
        flow_vph: hourly rate over the time that was looked at. flow_whole_vph: over the whole
            interval, as if nothing had passed unseen; the least that it was.
        volume_pc, flow_pcph: passenger cars; the rate is over the time that was looked at.
        heavy_share: buses and trucks among motor vehicles, 0–1.
        time_mean_kmh, space_mean_kmh: at a line from spot speeds (arithmetic, harmonic); at a lane
            only the space mean, by Edie; at a gate the space mean from travel times.
        speed_sd_kmh: of the sample. mean_interval: 95 % of the time mean.
        v15_kmh, v50_kmh, v85_kmh: percentiles from bins. v85_interval: 95 %, None for n < 23.
        speed_n: vehicles with a valid speed. speed_share: among all that passed with or without.
        speed_resolution_kmh: of the percentiles.
        speed_ratio: space mean over free flow.
        density_vpkm: veh/km for each lane. spacing_m: its inverse.
        edie_flow_vph: of a lane, over its length and the time looked at.
        occupancy_pct: 0–100. mean_present: road users there at the same time, on average.
        headway_s, gap_s, dwell_s, travel_s, delay_s: means.
        queue_m: mean over the time looked at. queue_max_m; queued_share: of the time, 0–1.
        level_of_service: by the facility's own measure.
        missing_share, granted_share: of the row.
        confidence: 0–1, known time × granted looks: the part of the looks that one wanted that
            were taken. It says nothing on the detector.
        problems: why measures are missing whose sums can't be true, in words.
    """

    volume: int
    by_class: Mapping[str, int]
    flow_vph: float | None
    flow_whole_vph: float
    volume_pc: float
    flow_pcph: float | None
    heavy_share: float | None
    time_mean_kmh: float | None
    space_mean_kmh: float | None
    speed_sd_kmh: float | None
    mean_interval: speeds.Interval | None
    v15_kmh: float | None
    v50_kmh: float | None
    v85_kmh: float | None
    v85_interval: speeds.Interval | None
    speed_n: int
    speed_share: float | None
    speed_ratio: float | None
    density_vpkm: float | None
    spacing_m: float | None
    edie_flow_vph: float | None
    occupancy_pct: float | None
    mean_present: float | None
    headway_s: float | None
    gap_s: float | None
    dwell_s: float | None
    travel_s: float | None
    delay_s: float | None
    queue_m: float | None
    queue_max_m: float | None
    queued_share: float | None
    level_of_service: LevelOfService | None
    missing_share: float
    granted_share: float
    confidence: float
    speed_resolution_kmh: float = speeds.BIN_KMH
    problems: tuple[str, ...] = ()


def measures_of(row: IntervalRow, place: PlaceFacts = NOTHING_MORE) -> Measures:
    """All measures of a row; never fails on what the row holds."""
    tally = row.tally
    kind = row.place.kind
    problems: list[str] = []
    along = _edie(row)
    space_mean = _tried(problems, lambda: _space_mean_kmh(row, along))
    crowding = _tried(problems, lambda: _density_vpkm(row, place, along, space_mean))
    occupied = None
    # vehicles that passed and covered nothing: presence is not measured there
    if kind in _PRESENCE and (tally.present_s > 0 or not tally.total):
        occupied = _tried(problems, lambda: flow.occupancy(tally.present_s, tally.looked_s))
    delay = speeds.mean_of(tally.delay)
    pc = place.equivalents.volume_pc(tally.volume)
    v15, v50, v85 = _tried(problems, lambda: _percentiles_kmh(tally)) or (None, None, None)
    queue_known = kind is PlaceKind.LANE and tally.looked_s > 0 and row.length_m > 0
    known = 1 - row.missing_share
    return Measures(
        volume=tally.total,
        by_class=dict(tally.volume),
        flow_vph=flow.flow_rate_vph(tally.total, tally.looked_s),
        flow_whole_vph=flow.HOUR_S * tally.total / row.length_s,
        volume_pc=pc,
        flow_pcph=flow.flow_rate_vph(pc, tally.looked_s),
        heavy_share=_heavy_share(tally),
        time_mean_kmh=speeds.mean_of(tally.speed),
        space_mean_kmh=space_mean,
        speed_sd_kmh=speeds.standard_deviation_of(tally.speed),
        mean_interval=speeds.mean_interval(tally.speed),
        v15_kmh=v15,
        v50_kmh=v50,
        v85_kmh=v85,
        v85_interval=None if v85 is None else speeds.percentile_interval_of_bins(tally.speed_bins),
        speed_n=tally.speed.n,
        speed_share=_ratio(tally.speed.n, tally.speed.n + tally.speed_invalid),
        speed_ratio=_ratio(space_mean, place.free_flow_kmh),
        density_vpkm=crowding,
        spacing_m=None if crowding is None else density.spacing_m(crowding),
        edie_flow_vph=None if along is None else along.flow_vph,
        occupancy_pct=None if occupied is None else 100 * occupied,
        mean_present=_ratio(tally.vehicle_s, tally.looked_s) if kind in _INSIDE else None,
        headway_s=speeds.mean_of(tally.headway),
        gap_s=speeds.mean_of(tally.gap),
        dwell_s=speeds.mean_of(tally.dwell),
        travel_s=speeds.mean_of(tally.travel),
        delay_s=delay,
        queue_m=tally.queue_m_s / tally.looked_s if queue_known else None,
        queue_max_m=tally.queue_max_m if queue_known else None,
        queued_share=min(1.0, tally.queued_s / tally.looked_s) if queue_known else None,
        level_of_service=_tried(problems, lambda: _level(tally, place, crowding, delay)),
        missing_share=row.missing_share,
        granted_share=row.granted_share,
        confidence=known * row.granted_share if tally.wanted_s > 0 else known,
        problems=tuple(problems),
    )


_PRESENCE = (PlaceKind.LINE, PlaceKind.LANE, PlaceKind.ZONE)
_INSIDE = (PlaceKind.LANE, PlaceKind.ZONE)


_T = TypeVar("_T")


def _tried(problems: list[str], measure: Callable[[], _T | None]) -> _T | None:
    """The measure, or None with the reason why the row can't be true."""
    try:
        return measure()
    except MeasureInvalid as error:
        problems.append(str(error))
        return None


def _percentiles_kmh(tally: Tally) -> tuple[float | None, ...]:
    return tuple(speeds.percentile_of_bins_kmh(tally.speed_bins, p) for p in (0.15, 0.50, 0.85))


def _ratio(part: float | None, whole: float | None) -> float | None:
    return part / whole if part is not None and whole else None


def _edie(row: IntervalRow) -> Edie | None:
    """Of a lane with a length that was looked at."""
    tally = row.tally
    if row.place.kind is not PlaceKind.LANE or row.length_m <= 0 or tally.looked_s <= 0:
        return None
    return Edie(tally.vehicle_m, tally.vehicle_s, row.length_m * tally.looked_s)


def _space_mean_kmh(row: IntervalRow, along: Edie | None) -> float | None:
    travel_s = speeds.mean_of(row.tally.travel)
    if along is not None:
        mean = along.speed_kmh
    elif row.place.kind is PlaceKind.GATE:
        mean = 3.6 * row.length_m / travel_s if travel_s and row.length_m > 0 else None
    else:
        mean = speeds.harmonic_mean_of(row.tally.speed)
    if mean is not None:
        checked_one(mean, "space-mean speed (km/h)", high=MAX_SPEED_KMH)
    return mean


def _density_vpkm(
    row: IntervalRow, place: PlaceFacts, along: Edie | None, space_mean: float | None
) -> float | None:
    """Of a lane by Edie; of a line by k = q/v, where the number of lanes is known."""
    if along is not None:
        return along.density_vpkm
    lanes = 1 if row.place.lane else place.lanes
    rate = flow.flow_rate_vph(row.tally.total, row.tally.looked_s)
    if row.place.kind is not PlaceKind.LINE or not lanes or rate is None or not space_mean:
        return None
    return density.density_from_flow_vpkm(rate, space_mean, lanes)


def _heavy_share(tally: Tally) -> float | None:
    motor = sum(tally.volume[label] for label in ("motorcycle", "car", "bus", "truck"))
    return _ratio(tally.volume["bus"] + tally.volume["truck"], motor)


def _level(
    tally: Tally, place: PlaceFacts, crowding: float | None, delay: float | None
) -> LevelOfService | None:
    match place.facility:
        case Facility.FREEWAY | Facility.MERGE_DIVERGE if crowding is not None:
            mix = place.equivalents.factor(tally.volume) or 1.0
            return by_density(crowding * mix, place.facility, units=place.units)
        case Facility.SIGNALISED | Facility.UNSIGNALISED if delay is not None:
            return by_delay(delay, place.facility)
        case Facility.PEDESTRIAN if place.area_m2 and tally.vehicle_s > 0 and tally.looked_s > 0:
            people = tally.vehicle_s / tally.looked_s
            return by_pedestrian_space(place.area_m2 / people, units=place.units)
        case _:
            return None
