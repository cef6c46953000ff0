"""What is remembered of each track: one slot per track, one array per fact."""

from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Slots = npt.NDArray[np.intp]
Bools = npt.NDArray[np.bool_]

SAMPLES = 48
"""Sightings kept of each track for fits."""
POINTS = 128
"""Points kept of each trajectory; when they are full, every second one goes."""
_FIRST = 32


class Roster:
    """Columns over slots; a slot is used again once its track has ended, so memory is bounded by
    the most that were in the picture at once.

    Attributes (all over slots):
        track_id: −1 where free. class_id: of the last sighting. votes: (…, 8) scores by class.
        class_share: 0–1. born_ns: first sighting. unseen_s: looked-at time since the last.
        xyxy: last box, px. moving: whether the filter runs (a ground point was measured).
        state_ns: time of the filter's state. xy_m, velocity_mps, place, cross, speed: see
        ``motion.Motion``.
        heading_rad: NaN before any motion. turn_rps: rad/s by the latest fit, fading.
        dims_m, dims_sd_m: length, width, height by the latest fit, else by class. prior_m,
        prior_sd_m: what that fit began with; fitted_class: of which class. fit_since_ns,
        fit_until_ns: the sightings that it used. fit_due_ns: when the next one is due.
        fit_every_s: and after it the one after that.
        lane: settled index, −1 none. lane_next, lane_since_ns: a change that is not settled.
        sample_n, sample_ns, sample_xyxy, sample_cut, sample_ok, sample_lane: ring of sightings;
            number n lies at n % SAMPLES. ``cut`` (…, 4) by edge, ``ok`` may be measured on.
        point_n, point_ns, point_xy_m, point_speed_mps, point_lane, point_heading_rad,
        point_every: the thinned trajectory.
    """

    track_id: Ints
    class_id: npt.NDArray[np.int8]
    votes: Floats
    class_share: Floats
    born_ns: Ints
    unseen_s: Floats
    xyxy: Floats
    moving: Bools
    state_ns: Ints
    xy_m: Floats
    velocity_mps: Floats
    place: Floats
    cross: Floats
    speed: Floats
    heading_rad: Floats
    turn_rps: Floats
    dims_m: Floats
    dims_sd_m: Floats
    prior_m: Floats
    prior_sd_m: Floats
    fitted_class: npt.NDArray[np.int8]
    fit_since_ns: Ints
    fit_until_ns: Ints
    fit_due_ns: Ints
    fit_every_s: Floats
    lane: npt.NDArray[np.int16]
    lane_next: npt.NDArray[np.int16]
    lane_since_ns: Ints
    sample_n: Ints
    sample_ns: Ints
    sample_xyxy: Floats
    sample_cut: Bools
    sample_ok: Bools
    sample_lane: npt.NDArray[np.int16]
    point_n: Ints
    point_ns: Ints
    point_xy_m: Floats
    point_speed_mps: Floats
    point_lane: npt.NDArray[np.int16]
    point_heading_rad: Floats
    point_every: Ints

    _COLUMNS: tuple[tuple[str, type, tuple[int, ...], float], ...] = (
        ("track_id", np.int64, (), -1),
        ("class_id", np.int8, (), 0),
        ("votes", np.float64, (8,), 0),
        ("class_share", np.float64, (), 0),
        ("born_ns", np.int64, (), 0),
        ("unseen_s", np.float64, (), 0),
        ("xyxy", np.float64, (4,), 0),
        ("moving", np.bool_, (), False),
        ("state_ns", np.int64, (), 0),
        ("xy_m", np.float64, (2,), np.nan),
        ("velocity_mps", np.float64, (2,), np.nan),
        ("place", np.float64, (2, 2), np.nan),
        ("cross", np.float64, (2, 2), np.nan),
        ("speed", np.float64, (2, 2), np.nan),
        ("heading_rad", np.float64, (), np.nan),
        ("turn_rps", np.float64, (), 0.0),
        ("dims_m", np.float64, (3,), np.nan),
        ("dims_sd_m", np.float64, (3,), np.nan),
        ("prior_m", np.float64, (3,), np.nan),
        ("prior_sd_m", np.float64, (3,), np.nan),
        ("fitted_class", np.int8, (), -1),
        ("fit_since_ns", np.int64, (), 0),
        ("fit_until_ns", np.int64, (), 0),
        ("fit_due_ns", np.int64, (), 0),
        ("fit_every_s", np.float64, (), 0),
        ("lane", np.int16, (), -1),
        ("lane_next", np.int16, (), -1),
        ("lane_since_ns", np.int64, (), 0),
        ("sample_n", np.int64, (), 0),
        ("sample_ns", np.int64, (SAMPLES,), 0),
        ("sample_xyxy", np.float64, (SAMPLES, 4), 0),
        ("sample_cut", np.bool_, (SAMPLES, 4), False),
        ("sample_ok", np.bool_, (SAMPLES,), False),
        ("sample_lane", np.int16, (SAMPLES,), -1),
        ("point_n", np.int64, (), 0),
        ("point_ns", np.int64, (POINTS,), 0),
        ("point_xy_m", np.float64, (POINTS, 2), np.nan),
        ("point_speed_mps", np.float64, (POINTS,), np.nan),
        ("point_lane", np.int16, (POINTS,), -1),
        ("point_heading_rad", np.float64, (), np.nan),
        ("point_every", np.int64, (), 1),
    )

    def __init__(self) -> None:
        self._slot_of: dict[int, int] = {}
        self._free: list[int] = list(range(_FIRST - 1, -1, -1))
        for name, dtype, shape, empty in self._COLUMNS:
            setattr(self, name, np.full((_FIRST, *shape), empty, dtype))

    def __len__(self) -> int:
        return len(self._slot_of)

    def slot(self, track_id: int) -> int | None:
        return self._slot_of.get(track_id)

    def slots(self, track_ids: Ints) -> Slots:
        """(N,) slot of each id, −1 where it is not known."""
        get = self._slot_of.get
        return np.array([get(i, -1) for i in track_ids.tolist()], np.intp)

    def used(self) -> Slots:
        """All slots that hold a track."""
        return np.flatnonzero(self.track_id >= 0)

    def admit(self, track_ids: Ints) -> Slots:
        """Fresh slots for ids that have none."""
        while len(self._free) < len(track_ids):
            self._grow()
        slots = np.array([self._free.pop() for _ in range(len(track_ids))], np.intp)
        for name, _, _, empty in self._COLUMNS:
            getattr(self, name)[slots] = empty
        self.track_id[slots] = track_ids
        self._slot_of.update(zip(track_ids.tolist(), slots.tolist(), strict=True))
        return slots

    def release(self, slots: Slots) -> None:
        """Forget these tracks."""
        for slot in slots.tolist():
            del self._slot_of[int(self.track_id[slot])]
            self._free.append(slot)
        self.track_id[slots] = -1

    def _grow(self) -> None:
        size = len(self.track_id)
        self._free = [*range(2 * size - 1, size - 1, -1), *self._free]
        for name, dtype, shape, empty in self._COLUMNS:
            more: npt.NDArray[Any] = np.full((size, *shape), empty, dtype)
            setattr(self, name, np.concatenate([getattr(self, name), more]))
