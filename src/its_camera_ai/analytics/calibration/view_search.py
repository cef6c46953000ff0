"""The search for the camera under which vehicles have their typical size."""

from dataclasses import dataclass, field, replace
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import least_squares

from its_camera_ai.analytics.calibration.vehicle_sightings import Sightings
from its_camera_ai.analytics.calibration.vehicle_sizes import FLAT_HULL, HULL, View
from its_camera_ai.core.errors import CalibrationInvalid

Floats = npt.NDArray[np.float64]

TRACKS_MIN = 15
"""Fewer vehicles say more about themselves than about the fleet."""
_UNUSUAL = 0.2
_FOCALS = (0.6, 0.9, 1.4, 2.2, 3.5)
_TILTS_DEG = (5, 10, 18, 30, 50)
_LEAST = (np.log(0.4), np.radians(1), np.log(2))
_MOST = (np.log(6), np.radians(88), np.log(60))
_BOOTSTRAPS = 10
_SEED = 20


def focal_share(hfov_deg: float) -> float:
    """Focal length as a share of the picture's width."""
    if not 1 <= hfov_deg <= 140:
        raise CalibrationInvalid("Calibration from vehicles: hfov_deg must lie from 1 to 140.")
    return float(0.5 / np.tan(np.radians(hfov_deg) / 2))


def log_misfit(view: View, s: Sightings, hull: Floats) -> Floats:
    """(M, 2) logarithm of typical over seen, of the boxes' width and height."""
    way = view.ground(s.after_px) - view.ground(s.before_px)
    heading = np.arctan2(way[:, 1], way[:, 0])
    foot = s.foot_px
    size = s.size_px
    for _ in range(3):  # the body stands where its box has its bottom centre where it was seen
        boxes = view.boxes(view.ground(foot), heading, s.dims_m, hull)
        size = boxes[:, 2:] - boxes[:, :2]
        off_x = s.foot_px[:, 0] - (boxes[:, 0] + boxes[:, 2]) / 2
        foot = foot + np.stack([off_x, s.foot_px[:, 1] - boxes[:, 3]], axis=1)
    misfit = np.log(np.maximum(size, 1e-3) / s.size_px)
    return np.asarray(np.where(np.isfinite(misfit), misfit, 3.0), np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class Search:
    """The view that fits some sightings best; parameters are log focal (share of the width, left
    out where it is known), tilt, log height."""

    sightings: Sightings
    size_wh: tuple[int, int]
    focal: float | None
    hull: Floats = field(default_factory=lambda: HULL)

    def view(self, params: Floats) -> View:
        focal = float(np.exp(params[0])) if self.focal is None else self.focal
        middle = (self.size_wh[0] / 2, self.size_wh[1] / 2)
        return View(focal * self.size_wh[0], float(params[-2]), float(np.exp(params[-1])), middle)

    def best(self) -> Floats:
        """From a grid of views, the best three refined."""
        starts = []
        focals = _FOCALS if self.focal is None else (self.focal,)
        for focal, tilt_deg in product(focals, _TILTS_DEG):
            params = np.array([np.log(focal), np.radians(tilt_deg), np.log(8.0)])
            params = params[self._free]
            for _ in range(3):  # sizes go with one over the height
                log = log_misfit(self.view(params), self.sightings, self.hull)
                params[-1] = np.clip(params[-1] + np.median(log), _LEAST[-1], _MOST[-1])
            starts.append((float(np.abs(log - np.median(log)).mean()), params))
        starts.sort(key=lambda start: start[0])
        fits = [self.refined(params) for _, params in starts[:3]]
        found: Floats = min(fits, key=lambda fit: float(fit.cost)).x
        return found

    def refined(self, params: Floats) -> Any:
        """SciPy's result from a start."""

        def residuals(at: Floats) -> Floats:
            misfit = log_misfit(self.view(at), self.sightings, self.hull)
            return (misfit * self.sightings.weight).ravel()

        least, most = np.array(_LEAST)[self._free], np.array(_MOST)[self._free]
        return least_squares(
            residuals,
            np.clip(params, least + 1e-6, most - 1e-6),
            bounds=(least, most),
            loss="soft_l1",
            diff_step=1e-4,
            max_nfev=60,
        )

    def at_bounds(self, params: Floats) -> bool:
        least, most = np.array(_LEAST)[self._free], np.array(_MOST)[self._free]
        return bool(np.any(params - least < 1e-3) or np.any(most - params < 1e-3))

    @property
    def _free(self) -> slice:
        return slice(0 if self.focal is None else 1, None)


def usual(search: Search, best: Floats) -> Sightings:
    """Without the vehicles that are clearly no usual ones of their class, such as vans among the
    cars."""
    s = search.sightings
    misfit = log_misfit(search.view(best), s, search.hull)
    kept = [
        rows
        for rows in (np.flatnonzero(s.track == i) for i in np.unique(s.track))
        if np.all(np.abs(np.median(misfit[rows], axis=0)) <= _UNUSUAL)
    ]
    return s.of(np.concatenate(kept)) if len(kept) >= TRACKS_MIN else s


def scatter(search: Search, best: Floats) -> float:
    """Relative standard deviation of lengths along the ways of travel, over resampled vehicles
    (the bootstrap; Efron, 1979)."""
    rng = np.random.default_rng(_SEED)
    s = search.sightings
    ids = np.unique(s.track)
    by_track = {int(i): np.flatnonzero(s.track == i) for i in ids}
    logs = []
    for _ in range(_BOOTSTRAPS):
        rows = np.concatenate([by_track[int(i)] for i in rng.choice(ids, len(ids))])
        logs.append(_log_ratio(search, replace(search, sightings=s.of(rows)), best))
    return float(np.std(logs, ddof=1))


def unlike(search: Search, best: Floats, size_sd: float) -> float:
    """What lengths change by where the fleet is longer, wider, higher or of another shape than
    typical, each by one standard deviation and independently."""
    changed = [replace(search, hull=FLAT_HULL)]
    for axis in range(3):
        dims = search.sightings.dims_m.copy()
        dims[:, axis] *= 1 + size_sd
        changed.append(replace(search, sightings=replace(search.sightings, dims_m=dims)))
    return float(np.linalg.norm([_log_ratio(search, other, best) for other in changed]))


def _log_ratio(search: Search, other: Search, best: Floats) -> float:
    """How much longer the ways are in another search's view, starting from this one's."""
    found = other.view(other.refined(best).x)
    s = search.sightings
    return float(np.nanmedian(np.log(lengths_m(found, s) / lengths_m(search.view(best), s))))


def lengths_m(view: View, s: Sightings) -> Floats:
    return np.asarray(
        np.linalg.norm(view.ground(s.after_px) - view.ground(s.before_px), axis=1), np.float64
    )
