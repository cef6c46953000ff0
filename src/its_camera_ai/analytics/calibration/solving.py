"""From the point pairs of a camera to its ground plane."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from its_camera_ai.analytics.calibration.homography import (
    HomographyFit,
    fit_homography,
    inverse,
    matrix_of,
    projected,
)
from its_camera_ai.analytics.calibration.lanes import lane_errors
from its_camera_ai.analytics.calibration.outliers import Agreement, agreeing
from its_camera_ai.analytics.calibration.sanity import check_pairs, check_view, on_one_line
from its_camera_ai.analytics.calibration.solution import ErrorSummary, PairError, Solution
from its_camera_ai.analytics.calibration.validity import check_validity, default_validity
from its_camera_ai.analytics.calibration.warnings import warnings_of
from its_camera_ai.core import geodesy
from its_camera_ai.core.calibration import Calibration, WorldFrame
from its_camera_ai.core.errors import CalibrationInvalid
from its_camera_ai.core.ground import GroundPlane, RadialLens
from its_camera_ai.core.picture_points import Point, scaled_to_pixels
from its_camera_ai.core.road import Lane

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

_LENS_OFF_PX = 0.5
"""How far a point may be from its place after it was put straight and bent again."""


@dataclass(frozen=True, slots=True, eq=False)
class _Given:
    """The pairs as arrays: as shown, undistorted, on the road; and which may be fitted."""

    names: list[str]
    shown: Floats
    px: Floats
    world: Floats
    to_fit: Bools


def solve(
    calibration: Calibration, size_wh: tuple[int, int], *, lanes: Sequence[Lane] = ()
) -> Solution:
    """The ground plane of a camera and its errors in metres.

    Pairs that contradict a clear majority of at least five are left out and named. Everything is
    deterministic: the same pairs give the same plane.

    Args:
        size_wh: of the pictures that it is for, pixels.
        lanes: errors are told for each of them.

    Raises:
        CalibrationInvalid: duplicates, pairs on one line, behind the horizon or mirrored, a scale
            that no road camera has, or an impossible lens; the message names the pairs.
    """
    lens = _lens(calibration, size_wh)
    origin = _origin(calibration)
    given = _given(calibration, size_wh, lens, origin)
    names = [n for n, use in zip(given.names, given.to_fit, strict=True) if use]
    check_pairs(names, given.px[given.to_fit], given.world[given.to_fit])
    used, agreement = _used(given, size_wh)
    fit = fit_homography(given.world[used], given.px[used])
    check_view(
        [n for n, use in zip(given.names, used, strict=True) if use], fit.to_world, given.px[used]
    )
    if calibration.valid:
        valid_px = scaled_to_pixels(calibration.valid, calibration.unit, size_wh)
        check_validity(valid_px, fit.to_world, lens)
    else:
        valid_px = default_validity(given.px[used], fit.to_world, size_wh, lens)
    plane = GroundPlane(
        size_wh,
        fit.to_world,
        valid_px,
        calibration.position_sd_px,
        float(np.hypot(_scale_sd(fit, given.world[used]), calibration.scale_sd)),
        lens,
        origin,
    )
    pairs = _pair_errors(given, used, fit, agreement)
    suspects = _suspects(given, agreement)
    by_lane = {lane.id: lane_errors(lane, pairs, plane, fit) for lane in lanes}
    return Solution(
        plane,
        pairs,
        _summary(pairs, check=False),
        _summary(pairs, check=True),
        by_lane,
        fit.sd_px,
        warnings_of(
            plane,
            pairs,
            by_lane,
            fit.sd_px,
            contradiction=not agreement.found,
            suspects=suspects,
        ),
    )


def _lens(calibration: Calibration, size_wh: tuple[int, int]) -> RadialLens | None:
    lens = calibration.lens
    if lens is None:
        return None
    centre = (lens.centre[0] * size_wh[0], lens.centre[1] * size_wh[1])
    return RadialLens(lens.k1, lens.k2, lens.focal * size_wh[0], centre)


def _check_lens(lens: RadialLens, shown: Floats) -> None:
    """Refuse distortion that folds the picture over where the pairs are."""
    with np.errstate(over="ignore", invalid="ignore"):
        off_px = np.linalg.norm(lens.bent(lens.straight(shown)) - shown, axis=1)
    if not np.all(off_px < _LENS_OFF_PX):
        raise CalibrationInvalid(
            "Calibration: this lens bends so strongly that points near the edge can't be put "
            "straight; check k1, k2 and focal, or keep the pairs nearer to the middle."
        )


def _origin(calibration: Calibration) -> Point | None:
    """The middle of the pairs, to the seventh decimal (a centimetre), where there is one."""
    if calibration.frame is not WorldFrame.WGS84:
        return None
    lon, lat = np.mean([pair.world for pair in calibration.pairs], axis=0)
    return round(float(lon), 7), round(float(lat), 7)


def _given(
    calibration: Calibration,
    size_wh: tuple[int, int],
    lens: RadialLens | None,
    origin: Point | None,
) -> _Given:
    pairs = calibration.pairs
    shown = scaled_to_pixels(tuple(p.image for p in pairs), calibration.unit, size_wh)
    if lens is not None:
        _check_lens(lens, shown)
    world = np.asarray([p.world for p in pairs], np.float64)
    return _Given(
        [p.name or f"pair {k}" for k, p in enumerate(pairs, start=1)],
        shown,
        shown if lens is None else lens.straight(shown),
        world if origin is None else geodesy.to_metres(world, origin),
        np.array([not p.check for p in pairs]),
    )


def _used(given: _Given, size_wh: tuple[int, int]) -> tuple[Bools, Agreement]:
    """Which pairs the fit may use; the agreement speaks of those that are no check only."""
    agreement = agreeing(given.world[given.to_fit], given.px[given.to_fit], size_wh[0])
    used = given.to_fit.copy()
    used[given.to_fit] = agreement.used
    return used, agreement


def _scale_sd(fit: HomographyFit, world: Floats) -> float:
    """Relative standard deviation of short lengths over the pairs and their middle, both ways."""
    places = np.concatenate([world, (world + world.mean(axis=0)) / 2])
    step_m = 0.02 * float(np.linalg.norm(np.ptp(world, axis=0)))
    return float(np.sqrt(np.mean(fit.length_sd(places, step_m) ** 2)))


def _pair_errors(
    given: _Given, used: Bools, fit: HomographyFit, agreement: Agreement
) -> tuple[PairError, ...]:
    residual_m = np.linalg.norm(fit.world_of(given.px) - given.world, axis=1)
    residual_px = np.linalg.norm(fit.px_of(given.world) - given.px, axis=1)
    return tuple(
        PairError(
            k,
            name,
            (float(given.shown[k, 0]), float(given.shown[k, 1])),
            (float(given.world[k, 0]), float(given.world[k, 1])),
            check=not given.to_fit[k],
            residual_m=float(residual_m[k]),
            residual_px=float(residual_px[k]),
            hold_out_m=_hold_out_m(given, used, k, float(residual_m[k])),
            bad=_bad(given, k, float(residual_px[k]), agreement)
            if given.to_fit[k] and not used[k]
            else "",
        )
        for k, name in enumerate(given.names)
    )


def _bad(given: _Given, k: int, residual_px: float, agreement: Agreement) -> str:
    rivals = _suspects(given, agreement)
    if given.names[k] in rivals:
        others = " or ".join(name for name in rivals if name != given.names[k])
        return f"either it or {others} is wrong, and so few pairs can't tell which"
    if not np.isfinite(residual_px):
        return "it lies beyond the horizon that the other pairs agree on"
    return f"it lies {residual_px:.0f} px from where the other pairs put it"


def _suspects(given: _Given, agreement: Agreement) -> list[str]:
    names = [name for name, fitted in zip(given.names, given.to_fit, strict=True) if fitted]
    return [names[i] for i in agreement.alternatives]


def _hold_out_m(given: _Given, used: Bools, k: int, residual_m: float) -> float | None:
    """Error of the pair against a fit that does not know it; None where none is possible."""
    if not used[k]:
        return residual_m if np.isfinite(residual_m) else None
    others = used.copy()
    others[k] = False
    if others.sum() < 4 or on_one_line(given.px[others], given.world[others]):
        return None
    matrix = inverse(matrix_of(given.world[others], given.px[others]))
    found = projected(matrix, given.px[k : k + 1])
    error = float(np.linalg.norm(found[0] - given.world[k]))
    return error if np.isfinite(error) else None


def _summary(pairs: tuple[PairError, ...], *, check: bool) -> ErrorSummary | None:
    chosen = [p.hold_out_m for p in pairs if p.check is check and not p.bad]
    return ErrorSummary.of([e for e in chosen if e is not None])
