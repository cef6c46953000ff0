"""The best homography through point pairs, and how far it can be trusted."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import least_squares

Floats = npt.NDArray[np.float64]

CLICK_SD_PX = 1.0
"""A point that is clicked by hand is rarely better than this; what four pairs can't tell."""
PRIOR_WEIGHT = 2
"""So many coordinates' worth of belief in ``CLICK_SD_PX`` beside the residuals."""


@dataclass(frozen=True, slots=True, eq=False)
class HomographyFit:
    """A homography between metres on the road and undistorted pixels, with its covariance.

    Attributes:
        to_px: (3, 3) from ``(x, y, 1)`` metres to ``(u·g, v·g, g)``; g > 0 in front of the camera,
            1 on average over the pairs.
        to_world: its inverse, as in ``core.ground.GroundPlane.homography``.
        tangent: (9, 8) directions in which ``to_px`` (row by row) can err.
        covariance: (8, 8) along ``tangent``.
        sd_px: standard deviation of one coordinate of a point in the picture, as the residuals
            tell, held up by ``CLICK_SD_PX`` where there are few.
    """

    to_px: Floats
    to_world: Floats
    tangent: Floats
    covariance: Floats
    sd_px: float

    def px_of(self, world: Floats) -> Floats:
        """(N, 2) metres → (N, 2) undistorted pixels; NaN behind the camera."""
        return projected(self.to_px, world)

    def world_of(self, px: Floats) -> Floats:
        """(N, 2) undistorted pixels → (N, 2) metres; NaN on and beyond the horizon."""
        return projected(self.to_world, px)

    def error_rows(self, world: Floats) -> Floats:
        """(N, 2) metres → (N, 2, 8): how a place on the road moves with an error along ``tangent``.

        The pixel stays; by the implicit function theorem the place moves by
        ``−(∂px/∂world)⁻¹ · ∂px/∂G``.
        """
        by_matrix = _derivative(self.to_px, world) @ self.tangent
        px, g = _parts(self.to_px, world)
        by_place = (self.to_px[None, :2, :2] - px[:, :, None] * self.to_px[None, 2:, :2]) / (
            g[:, None, None]
        )
        return np.asarray(-np.linalg.solve(by_place, by_matrix), np.float64)

    def position_sd_m(self, world: Floats) -> Floats:
        """(N, 2) metres → (N,) standard deviation of the place from the fit alone, worse axis."""
        rows = self.error_rows(world)
        covariance = rows @ self.covariance @ rows.transpose(0, 2, 1)
        return np.asarray(np.sqrt(np.linalg.eigvalsh(covariance)[:, -1]), np.float64)

    def length_sd(self, world: Floats, step_m: float) -> Floats:
        """(N, 2) metres → (N, 2) relative standard deviation of a length of ``step_m`` there, along
        x and along y."""
        sds = []
        for axis in (0, 1):
            step = np.zeros(2)
            step[axis] = step_m / 2
            rows = self.error_rows(world + step) - self.error_rows(world - step)
            along = rows[:, axis]
            sds.append(np.sqrt(np.einsum("ni,ij,nj->n", along, self.covariance, along)) / step_m)
        return np.stack(sds, axis=1)


def projected(matrix: Floats, points: Floats) -> Floats:
    """(N, 2) through a (3, 3) homography → (N, 2); NaN where the third component is not above 0."""
    h = np.column_stack([points, np.ones(len(points))]) @ matrix.T
    w = np.where(h[:, 2] > 1e-12, h[:, 2], np.nan)
    flat: Floats = h[:, :2] / w[:, None]
    return flat


def inverse(matrix: Floats) -> Floats:
    """Of a (3, 3) homography."""
    return np.asarray(np.linalg.inv(matrix), np.float64)


def fit_homography(world: Floats, px: Floats) -> HomographyFit:
    """Normalised direct linear transform, then Levenberg–Marquardt on the reprojection error.

    Hartley & Zisserman, *Multiple View Geometry*, 2nd ed., algorithms 4.2 and 4.3 (with the error
    in the picture only, since that is where hands and detectors err); covariance by its 5.2.

    Args:
        world: (N, 2) metres, N ≥ 4, not all but one on a line. px: (N, 2) undistorted pixels.
    """
    return _with_covariance(matrix_of(world, px), world, px)


def matrix_of(world: Floats, px: Floats) -> Floats:
    """``HomographyFit.to_px`` alone, for where the covariance does not matter."""
    of_world, of_px = _normalising(world), _normalising(px)
    a, b = projected(of_world, world), projected(of_px, px)
    matrix = _linear(a, b)
    if len(a) > 4:  # four are fitted exactly already
        matrix = _refined(matrix, a, b)
    matrix = inverse(of_px) @ matrix @ of_world
    g = np.column_stack([world, np.ones(len(world))]) @ matrix[2]
    # the sign of most of the pairs; a pair behind the camera is found by the caller
    signed: Floats = matrix / (np.median(np.abs(g)) * (1.0 if np.median(g) > 0 else -1.0))
    return signed


def _with_covariance(matrix: Floats, world: Floats, px: Floats) -> HomographyFit:
    # the tangent is taken where all nine numbers are of one size, else it would be ill-conditioned
    tangent = _tangent(matrix)
    seen, _ = _parts(matrix, world)
    squares = float(np.sum((seen - px) ** 2))
    freedom = 2 * len(world) - 8
    variance = (squares + PRIOR_WEIGHT * CLICK_SD_PX**2) / (freedom + PRIOR_WEIGHT)
    slopes = (_derivative(matrix, world) @ tangent).reshape(-1, 8)
    scale = np.linalg.norm(slopes, axis=0)
    information = (slopes / scale).T @ (slopes / scale)
    covariance: Floats = variance * np.linalg.inv(information) / np.outer(scale, scale)
    return HomographyFit(matrix, inverse(matrix), tangent, covariance, float(variance**0.5))


def _normalising(points: Floats) -> Floats:
    """(3, 3) that puts the points' middle at 0 and their mean distance from it at √2."""
    middle = points.mean(axis=0)
    spread = max(float(np.linalg.norm(points - middle, axis=1).mean()), 1e-12)
    s = 2**0.5 / spread
    return np.array([[s, 0, -s * middle[0]], [0, s, -s * middle[1]], [0, 0, 1]])


def _linear(a: Floats, b: Floats) -> Floats:
    one = np.column_stack([a, np.ones(len(a))])
    none = np.zeros_like(one)
    rows = np.concatenate(
        [
            np.concatenate([one, none, -b[:, :1] * one], axis=1),
            np.concatenate([none, one, -b[:, 1:] * one], axis=1),
        ]
    )
    # only four pairs need the null space; the left vectors of many are large and never used
    matrix: Floats = np.linalg.svd(rows, full_matrices=len(a) == 4)[2][-1].reshape(3, 3)
    return matrix


def _refined(matrix: Floats, a: Floats, b: Floats) -> Floats:
    matrix = matrix / np.linalg.norm(matrix)
    tangent = _tangent(matrix)

    def at(step: Floats) -> Floats:
        return matrix + (tangent @ step).reshape(3, 3)

    def residuals(step: Floats) -> Floats:
        return (_parts(at(step), a)[0] - b).ravel()

    def slopes(step: Floats) -> Floats:
        return (_derivative(at(step), a) @ tangent).reshape(-1, 8)

    found: Any = least_squares(residuals, np.zeros(8), slopes, method="lm", max_nfev=100)
    return at(found.x)


def _tangent(matrix: Floats) -> Floats:
    """(9, 8) orthonormal directions that are not a mere change of the matrix's scale."""
    tangent: Floats = np.linalg.svd(matrix.reshape(1, 9))[2][1:].T
    return tangent


def _parts(matrix: Floats, points: Floats) -> tuple[Floats, Floats]:
    h = np.column_stack([points, np.ones(len(points))]) @ matrix.T
    g = np.where(np.abs(h[:, 2]) > 1e-12, h[:, 2], 1e-12)
    return h[:, :2] / g[:, None], g


def _derivative(matrix: Floats, points: Floats) -> Floats:
    """(N, 2, 9): of the projected point by the matrix's entries, row by row."""
    seen, g = _parts(matrix, points)
    over = np.column_stack([points, np.ones(len(points))]) / g[:, None]
    derivative = np.zeros((len(points), 2, 9))
    derivative[:, 0, 0:3] = over
    derivative[:, 1, 3:6] = over
    derivative[:, :, 6:9] = -seen[:, :, None] * over[:, None, :]
    return derivative
