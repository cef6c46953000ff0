"""When tracks are fitted, and what is taken from the fits."""

import numpy as np

from its_camera_ai.analytics.road_users import history
from its_camera_ai.analytics.road_users.bodies import IS_LONG, USUAL_M, USUAL_SD_M
from its_camera_ai.analytics.road_users.config import RoadUsersConfig
from its_camera_ai.analytics.road_users.footprint import bottom_centres
from its_camera_ai.analytics.road_users.path_fit import (
    DIMS,
    HEADING,
    SPEED,
    TURN,
    PathFit,
    Sightings,
    fit_paths,
)
from its_camera_ai.analytics.road_users.roster import Bools, Floats, Ints, Roster, Slots
from its_camera_ai.analytics.road_users.view import View
from its_camera_ai.core.ground import GroundPlane
from its_camera_ai.core.time import NS_PER_S

_ROUND_S = 0.25
"""Fits are made for all that are due at once, as one costs little more than none."""
_FIT_EVERY_S_MAX = 1.0
_MOVING_MPS = 1.0
_SLOW_MPS, _SLOW_HEADING_SD_RAD, _HEADING_SD_RAD = 3.0, 0.2, 1.0
"""Below this speed a heading that is known says more than the motion."""
_MISFIT_MAX = 5.0
"""Residuals of so many times the stated noise tell nothing of a body's size."""
_REFIT_MOST, _SPOT_MOST = 10, 32
_REFIT_ROUNDS, _SPOT_ROUNDS = 3, 5


class Fitter:
    """Fits the paths and sizes of a roster's tracks on one ground plane."""

    def __init__(
        self, roster: Roster, plane: GroundPlane, view: View, config: RoadUsersConfig
    ) -> None:
        self._roster = roster
        self._plane = plane
        self._view = view
        self._config = config
        self._round_due_ns = 0

    def refit(self, slots: Slots, now_ns: int) -> None:
        """Fit those of these slots that are due: bodies whose length is measured, moving, at
        growing intervals. Their filter goes on from the fit."""
        roster = self._roster
        if now_ns < self._round_due_ns:
            return
        self._round_due_ns = now_ns + int(_ROUND_S * NS_PER_S)
        ready = roster.sample_n[slots] >= self._config.sightings_min
        ready &= IS_LONG[roster.class_id[slots]] & (roster.fit_due_ns[slots] <= now_ns)
        due = slots[ready]
        if not len(due):
            return
        window_ns = int(self._config.window_s * NS_PER_S)
        seen, first, last = history.gather(
            roster, due, now_ns - window_ns, now_ns, now_ns, _REFIT_MOST
        )
        enough = self._enough(seen, first, last) & (last == now_ns)
        start = self._start(due, seen)
        moving = enough & (start[:, SPEED] > _MOVING_MPS)
        roster.fit_every_s[due] = np.where(
            moving,
            np.minimum(np.maximum(roster.fit_every_s[due] * 2, 2 * _ROUND_S), _FIT_EVERY_S_MAX),
            _ROUND_S * enough,
        )
        roster.fit_due_ns[due] = now_ns + (roster.fit_every_s[due] * NS_PER_S).astype(np.int64)
        if not moving.any():
            return
        due, start = due[moving], start[moving]
        seen = Sightings(seen.since_s[moving], seen.xyxy[moving], seen.weight[moving])
        fit = self._fit(due, seen, start, first[moving], _REFIT_ROUNDS)
        good = self._take_bodies(due, fit, first[moving], last[moving])
        self._take_motion(due[good], fit, np.flatnonzero(good), now_ns)

    def at(self, slot: int, at_ns: int) -> PathFit | str:
        """The path of one track round a moment, or in words why there is none."""
        slots = np.array([slot])
        window_ns = int(self._config.window_s * NS_PER_S)
        seen, first, last = history.gather(
            self._roster, slots, at_ns - window_ns, at_ns + window_ns, at_ns, _SPOT_MOST
        )
        if not self._enough(seen, first, last)[0]:
            number = int(seen.weight.any(axis=2).sum())
            span_s = float(last[0] - first[0]) / NS_PER_S
            return f"track too short: {number} sightings in {span_s:.2f} s"
        fit = self._fit(slots, seen, self._start(slots, seen), first, _SPOT_ROUNDS)
        if last[0] > self._roster.fit_until_ns[slot]:
            self._take_bodies(slots, fit, first, last)
        return fit

    def _enough(self, seen: Sightings, first: Ints, last: Ints) -> Bools:
        number = seen.weight.any(axis=2).sum(axis=1)
        enough: Bools = (number >= self._config.sightings_min) & (
            last - first >= self._config.span_s_min * NS_PER_S
        )
        return enough

    def _start(self, slots: Slots, seen: Sightings) -> Floats:
        """(T, 9) first guess: a straight line through the middles of the boxes' lower edges."""
        roster, shape = self._roster, seen.since_s.shape
        xy = self._plane.to_world(bottom_centres(seen.xyxy.reshape(-1, 4))).reshape(*shape, 2)
        used = seen.weight[..., 3] > 0
        # with the lower edge cut off a rough guess must do
        used = np.where(used.sum(axis=1, keepdims=True) >= 2, used, seen.weight.any(axis=2))
        used = used & np.isfinite(xy).all(axis=2)
        n = np.maximum(used.sum(axis=1), 1)[:, None]
        t = np.where(used, seen.since_s, 0.0)
        xy = np.where(used[..., None], xy, 0.0)
        mean_t, mean_xy = t.sum(axis=1, keepdims=True) / n, xy.sum(axis=1) / n
        off = np.where(used, t - mean_t, 0.0)
        speed = np.einsum("tk,tkc->tc", off, xy) / np.maximum((off**2).sum(axis=1), 1e-6)[:, None]
        here = mean_xy - speed * mean_t
        mps = np.hypot(speed[:, 0], speed[:, 1])
        heading = np.arctan2(speed[:, 1], speed[:, 0])
        known = roster.heading_rad[slots]
        heading = np.where((mps < _SLOW_MPS) & np.isfinite(known), known, heading)
        rest = np.zeros((len(slots), 2))
        return np.concatenate(
            [here, heading[:, None], mps[:, None], rest, roster.dims_m[slots]], axis=1
        )

    def _fit(
        self, slots: Slots, seen: Sightings, start: Floats, first: Ints, rounds: int
    ) -> PathFit:
        """The size known beforehand is that of sightings before these, else that of the class."""
        roster = self._roster
        newer = first > roster.fit_until_ns[slots]
        moved = slots[newer & (roster.fit_until_ns[slots] > 0)]
        roster.prior_m[moved] = roster.dims_m[moved]
        roster.prior_sd_m[moved] = roster.dims_sd_m[moved]
        slow = (start[:, SPEED] < _SLOW_MPS) & np.isfinite(roster.heading_rad[slots])
        return fit_paths(
            self._view,
            seen,
            start,
            np.where(slow, _SLOW_HEADING_SD_RAD, _HEADING_SD_RAD),
            roster.prior_m[slots],
            roster.prior_sd_m[slots],
            self._plane.position_sd_px,
            rounds,
        )

    def _take_bodies(self, slots: Slots, fit: PathFit, first: Ints, last: Ints) -> Bools:
        """Remember sizes of long bodies; returns which fits were good."""
        roster = self._roster
        finite = np.isfinite(fit.state).all(axis=1) & np.isfinite(fit.covariance).all(axis=(1, 2))
        good: Bools = finite & (fit.scale < _MISFIT_MAX) & IS_LONG[roster.class_id[slots]]
        rows = slots[good]
        roster.dims_m[rows] = fit.state[good, DIMS]
        variance = np.diagonal(fit.covariance, axis1=1, axis2=2)[good, DIMS]
        roster.dims_sd_m[rows] = np.sqrt(np.maximum(variance, 0.0))
        roster.fit_since_ns[rows] = first[good]
        roster.fit_until_ns[rows] = last[good]
        return good

    def _take_motion(self, slots: Slots, fit: PathFit, rows: Slots, now_ns: int) -> None:
        """Let the filter go on from the fits ``rows``, which are of this moment."""
        roster = self._roster
        state, covariance = fit.state[rows], fit.covariance[rows]
        heading, mps = state[:, HEADING], state[:, SPEED]
        cos, sin = np.cos(heading), np.sin(heading)
        turn = np.zeros((len(rows), 4, 4))
        turn[:, 0, 0] = turn[:, 1, 1] = 1
        turn[:, 2, 2], turn[:, 2, 3] = -mps * sin, cos
        turn[:, 3, 2], turn[:, 3, 3] = mps * cos, sin
        joint = turn @ covariance[:, :4, :4] @ np.swapaxes(turn, 1, 2)
        roster.xy_m[slots] = state[:, :2]
        roster.velocity_mps[slots] = np.stack([mps * cos, mps * sin], axis=1)
        roster.place[slots] = joint[:, :2, :2]
        roster.cross[slots] = joint[:, :2, 2:]
        roster.speed[slots] = joint[:, 2:, 2:]
        roster.state_ns[slots] = now_ns
        roster.turn_rps[slots] = state[:, TURN]
        roster.heading_rad[slots] = (heading + np.pi) % (2 * np.pi) - np.pi


def begin_bodies(roster: Roster, slots: Slots) -> None:
    """Take the size usual for the class where the class is new, and fit afresh."""
    new = slots[roster.fitted_class[slots] != roster.class_id[slots]]
    if not len(new):
        return
    kind = roster.class_id[new]
    roster.fitted_class[new] = kind
    for name, usual in (("dims", USUAL_M), ("prior", USUAL_M)):
        getattr(roster, f"{name}_m")[new] = usual[kind]
        getattr(roster, f"{name}_sd_m")[new] = USUAL_SD_M[kind]
    roster.fit_since_ns[new] = roster.fit_until_ns[new] = 0
    roster.fit_due_ns[new] = 0
    roster.fit_every_s[new] = 0.0
