"""One body's short path and its size from the boxes of some sightings at once.

A bundle adjustment in small: a cuboid that drives along an arc is projected into the picture at
every sighting, and its nine numbers are moved until the boxes round it lie on those seen. So the
point under the middle of the body, its speed, its heading and its length come out together, each
with the uncertainty that the others leave it. All tracks are stacked.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from its_camera_ai.analytics.road_users.view import View

Floats = npt.NDArray[np.float64]

X, Y, HEADING, SPEED, ACCEL, TURN, LENGTH, WIDTH, HEIGHT = range(9)
DIMS = slice(LENGTH, HEIGHT + 1)
_N = 9
_STEPS: Floats = np.array([0.01, 0.01, 1e-3, 0.01, 0.01, 1e-3, 0.01, 0.01, 0.01])
_SPREAD: Floats = np.array([50.0, 50.0, np.nan, 40.0, 1.5, 0.15])
"""How far place, heading (told with each track), speed (m/s), acceleration (m/s²) and turning
(rad/s) may lie from where the search starts; the last two are centred on 0, as in usual driving."""
_HUBER = 3.0
_TRUSTED = 8.0
"""The stated noise of a box edge weighs as much as so many edges' residuals."""
_BODY_MIN_M = 0.2


@dataclass(frozen=True, slots=True, eq=False)
class Sightings:
    """Boxes of T tracks at up to K moments.

    Attributes:
        since_s: (T, K) seconds from the moment that the fit is for; negative before.
        xyxy: (T, K, 4) pixels.
        weight: (T, K, 4) 0 or 1 by edge: 0 for one cut by the picture's border, and for padding.
    """

    since_s: Floats
    xyxy: Floats
    weight: Floats


@dataclass(frozen=True, slots=True, eq=False)
class PathFit:
    """T fitted paths at their moment.

    Attributes:
        state: (T, 9) x, y in metres, heading in rad, speed ≥ 0 in m/s, acceleration in m/s²,
            turning in rad/s, length, width, height in metres; NaN where no fit was possible.
        covariance: (T, 9, 9) of ``state``, by the residuals that were found.
        freedom: (T,) degrees of freedom behind it.
        scale: (T,) residuals over the stated noise; about 1 where that is right.
    """

    state: Floats
    covariance: Floats
    freedom: Floats
    scale: Floats


def places(state: Floats, since_s: Floats) -> tuple[Floats, Floats]:
    """Along the arc: (…, 9) states and (…, K) seconds → (…, K, 2) metres and (…, K) headings.

    Exact for steady turning at steady speed, else to the second order of the turning.
    """
    turn = state[..., TURN, None] * since_s / 2
    way = (state[..., SPEED, None] + state[..., ACCEL, None] * since_s / 2) * since_s
    way = way * np.sinc(turn / np.pi)
    mean = state[..., HEADING, None] + turn
    xy = np.stack(
        [state[..., X, None] + way * np.cos(mean), state[..., Y, None] + way * np.sin(mean)],
        axis=-1,
    )
    return xy, mean + turn


def fit_paths(
    view: View,
    seen: Sightings,
    start: Floats,
    heading_sd_rad: Floats,
    body_m: Floats,
    body_sd_m: Floats,
    sd_px: float,
    rounds: int,
) -> PathFit:
    """Gauss–Newton with Huber's weights and Gaussian priors.

    The variance of the residuals is estimated together with the stated one (weight ``_TRUSTED``),
    so that intervals hold where boxes are steadier or shakier than was said.

    Args:
        view: of the camera.
        seen: what is fitted.
        start: (T, 9) where to begin; the first guess of speed and heading must be of the right
            kind (forward, within about 1 rad).
        heading_sd_rad: (T,) how far the heading may lie from the first guess.
        body_m, body_sd_m: (T, 3) length, width and height before looking.
        sd_px: stated standard deviation of a box edge.
        rounds: Gauss–Newton steps.
    """
    prior = np.concatenate([start[:, :ACCEL], np.zeros((len(start), 2)), body_m], axis=1)
    spread = np.repeat(_SPREAD[None], len(start), axis=0)
    spread[:, HEADING] = heading_sd_rad
    precision = np.concatenate([spread, body_sd_m], axis=1) ** -2.0
    used = seen.weight
    state, scale = start.copy(), np.ones(len(start))
    for k in range(rounds + 1):
        miss, slopes = _linearised(view, seen, state, sd_px)
        weight = used * (np.isfinite(miss) & np.isfinite(slopes).all(axis=3))
        miss = np.where(weight > 0, miss, 0.0)
        slopes = np.where(weight[..., None] > 0, slopes, 0.0)
        if k > 0:  # from the first guess everything is far off
            weight = weight * np.minimum(
                1.0, _HUBER * scale[:, None, None] / np.maximum(np.abs(miss), 1e-9)
            )
        flat, left = slopes.reshape(len(state), -1, _N), miss.reshape(len(state), -1)
        weighted = np.swapaxes(flat * weight.reshape(*left.shape, 1), 1, 2)
        variance = scale[:, None] ** 2
        told, pull = weighted @ flat, (weighted @ left[..., None])[..., 0]
        found = told / variance[..., None] + precision[:, :, None] * np.eye(_N)
        if k < rounds:
            pull = pull / variance - precision * (state - prior)
            step = np.linalg.solve(found, pull[..., None])[..., 0]
            state = _moved(state, step)
            left = left - (flat @ step[..., None])[..., 0]  # as far as straight slopes tell
        squares = (weight.reshape(left.shape) * left**2).sum(axis=1)
        parameters = np.trace(np.linalg.solve(found, told), axis1=1, axis2=2) / variance[:, 0]
        freedom = np.maximum((used > 0).sum(axis=(1, 2)) - parameters, 0.0) + _TRUSTED
        scale = np.sqrt((_TRUSTED + squares) / freedom)
    found = told / scale[:, None, None] ** 2 + precision[:, :, None] * np.eye(_N)
    covariance: Floats = np.linalg.inv(found).astype(np.float64)
    return PathFit(_forward(state), covariance, freedom, scale)


def _linearised(view: View, seen: Sightings, state: Floats, sd_px: float) -> tuple[Floats, Floats]:
    """(T, K, 4) residuals and (T, K, 4, 9) slopes of the boxes, both in standard deviations."""
    moved = np.repeat(state[:, None], _N + 1, axis=1)
    moved[:, np.arange(1, _N + 1), np.arange(_N)] += _STEPS
    xy, heading = places(moved, seen.since_s[:, None])
    boxes = view.boxes(xy, heading, moved[:, :, None, DIMS]) / sd_px
    slopes = (boxes[:, 1:] - boxes[:, :1]) / _STEPS[None, :, None, None]
    miss = seen.xyxy / sd_px - boxes[:, 0]
    return miss, np.moveaxis(slopes, 1, 3)


def _moved(state: Floats, step: Floats) -> Floats:
    step[:, HEADING] = np.clip(step[:, HEADING], -0.5, 0.5)
    step[:, DIMS] = np.clip(step[:, DIMS], -0.5 * state[:, DIMS], state[:, DIMS])
    state = state + step
    state[:, DIMS] = np.maximum(state[:, DIMS], _BODY_MIN_M)
    return state


def _forward(state: Floats) -> Floats:
    """Speeds ≥ 0: a body that goes backwards by its first guess is one that was turned round."""
    back = state[:, SPEED] < 0
    state[back, HEADING] += np.pi
    state[back, SPEED] *= -1
    state[back, ACCEL] *= -1
    return state
