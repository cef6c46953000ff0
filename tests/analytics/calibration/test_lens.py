"""A lens from straight kerbs."""

import numpy as np
import pytest

from its_camera_ai.analytics.calibration.lens import estimate_lens
from its_camera_ai.core.errors import CalibrationInvalid
from its_camera_ai.core.ground import RadialLens

SIZE_WH = (1280, 720)
MIDDLE = (640.0, 360.0)


def line(start: tuple[float, float], end: tuple[float, float], points: int = 12) -> np.ndarray:
    share = np.linspace(0, 1, points)[:, None]
    return np.asarray(start) + share * (np.asarray(end) - np.asarray(start))


KERBS = [
    line((60, 700), (500, 60)),
    line((1220, 700), (800, 60)),
    line((40, 120), (1240, 90)),
    line((30, 640), (1250, 670)),
]


@pytest.mark.parametrize(("k1", "k2"), [(-0.3, 0.08), (-0.15, 0.0), (0.1, 0.0)])
@pytest.mark.parametrize("focal", [0.7, 1.0])
def test_the_bend_is_found_whatever_the_focal_length(k1: float, k2: float, focal: float) -> None:
    true = RadialLens(k1, k2, 0.7 * SIZE_WH[0], MIDDLE)
    found = estimate_lens([true.bent(kerb) for kerb in KERBS], SIZE_WH, focal=focal)
    radial = RadialLens(found.k1, found.k2, focal * SIZE_WH[0], MIDDLE)
    for kerb in KERBS:
        straight = radial.straight(true.bent(kerb))
        way, away = straight[-1] - straight[0], straight - straight[0]
        off = np.abs(way[0] * away[:, 1] - way[1] * away[:, 0]) / np.linalg.norm(way)
        assert off.max() < 0.1
    if focal == 0.7:
        assert found.k1 == pytest.approx(k1, abs=2e-3)


def test_noise_costs_a_small_part_of_the_bend() -> None:
    true = RadialLens(-0.25, 0.0, 0.8 * SIZE_WH[0], MIDDLE)
    corner = np.array([[60.0, 60.0]])
    bend_px = float(np.linalg.norm(true.straight(corner) - corner))
    for seed in range(8):
        rng = np.random.default_rng(seed)
        noisy = [true.bent(kerb) + rng.normal(0, 0.7, kerb.shape) for kerb in KERBS]
        found = estimate_lens(noisy, SIZE_WH, focal=0.8)
        radial = RadialLens(found.k1, found.k2, 0.8 * SIZE_WH[0], MIDDLE)
        off_px = float(np.linalg.norm(radial.straight(corner) - true.straight(corner)))
        assert off_px < 0.1 * bend_px


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        pytest.param([KERBS[0][:2], KERBS[1]], "line 1 has fewer", id="two points"),
        pytest.param([KERBS[0][:4]], "at least two straight", id="one line"),
        pytest.param(
            [line((640, 100), (640, 620)), line((100, 360), (1180, 360))],
            "tell nothing",
            id="through the middle",
        ),
    ],
)
def test_lines_that_tell_nothing_are_refused(lines: list[np.ndarray], said: str) -> None:
    with pytest.raises(CalibrationInvalid, match=said):
        estimate_lens(lines, SIZE_WH)
