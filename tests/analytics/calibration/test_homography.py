"""The fit and its covariance against exact and repeated measurements."""

import numpy as np
import pytest

from its_camera_ai.analytics.calibration.homography import fit_homography, matrix_of
from tests.analytics.calibration.views import MARKS, seen

PLACES = np.array([[2.0, 20.0], [2.0, 40.0], [8.0, 14.0]])


def test_covariance_foretells_the_scatter_of_places() -> None:
    px, rng = seen(MARKS), np.random.default_rng(5)
    found, said = [], []
    for _ in range(150):
        fit = fit_homography(MARKS, px + rng.normal(0, 2, px.shape))
        found.append(fit.world_of(seen(PLACES)))
        said.append(fit.position_sd_m(PLACES))
    scatter = np.array(found) - PLACES
    worse_axis = np.sqrt([np.linalg.eigvalsh(np.cov(scatter[:, k].T))[-1] for k in range(3)])
    assert np.median(said, axis=0) == pytest.approx(worse_axis, rel=0.3)


def test_refinement_lowers_the_error_in_the_picture() -> None:
    px = seen(MARKS) + np.random.default_rng(2).normal(0, 3, MARKS.shape)
    fit = fit_homography(MARKS, px)

    def cost(matrix: np.ndarray) -> float:
        h = np.column_stack([MARKS, np.ones(len(MARKS))]) @ matrix.T
        return float(((h[:, :2] / h[:, 2:] - px) ** 2).sum())

    rng = np.random.default_rng(3)
    for _ in range(20):  # no small change of the matrix is better
        nudge = 1 + 1e-5 * rng.normal(size=(3, 3))
        assert cost(fit.to_px * nudge) >= cost(fit.to_px) - 1e-9


def test_the_sign_puts_the_road_before_the_camera() -> None:
    fit = fit_homography(MARKS, seen(MARKS))
    assert np.isnan(fit.px_of(np.array([[2.0, -30.0]]))).all()
    assert np.isfinite(fit.px_of(MARKS)).all()
    assert np.allclose(matrix_of(MARKS, seen(MARKS)), fit.to_px)


def test_length_sd_is_along_the_axis_it_says() -> None:
    """Looking along y from far away, lengths along y are known worse than those across."""
    fit = fit_homography(MARKS, seen(MARKS))
    along_x, along_y = fit.length_sd(np.array([[2.0, 40.0]]), 1.0)[0]
    assert along_y > 1.5 * along_x
