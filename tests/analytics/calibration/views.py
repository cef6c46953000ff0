"""A camera over a road with exact truth, for the calibration tests."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from its_camera_ai.core.calibration import Calibration, PointPair
from its_camera_ai.core.ground import RadialLens
from its_camera_ai.core.picture_points import Unit
from its_camera_ai.sim.camera import PinholeCamera, Viewpoint

Floats = npt.NDArray[np.float64]

SIZE_WH = (1280, 720)
CAMERA = PinholeCamera(Viewpoint(2, -3, 8, 10, 22, 60), SIZE_WH)
MARKS = np.array([[x, y] for x in (-5.0, 0, 5, 9) for y in (14.0, 25, 45)])
"""Twelve marks on a road of three lanes, 17 to 48 m away."""


def seen(world: Floats, camera: PinholeCamera = CAMERA) -> Floats:
    """(N, 2) metres on the street → (N, 2) pixels."""
    return camera.project(np.column_stack([world, np.zeros(len(world))]))[:, :2]


def pairs_of(
    world: Floats, px: Floats, *, checks: Sequence[int] = (), names: Sequence[str] = ()
) -> tuple[PointPair, ...]:
    return tuple(
        PointPair(
            (float(p[0]), float(p[1])),
            (float(w[0]), float(w[1])),
            names[k] if names else "",
            check=k in checks,
        )
        for k, (w, p) in enumerate(zip(world, px, strict=True))
    )


def calibrated(
    world: Floats = MARKS,
    *,
    noise_px: float = 0.0,
    seed: int = 1,
    lens: RadialLens | None = None,
    **also: object,
) -> Calibration:
    """What somebody with a steady hand would write down."""
    px = seen(world) if lens is None else lens.bent(seen(world))
    px = px + noise_px * np.random.default_rng(seed).normal(size=px.shape)
    return Calibration(pairs_of(world, px), unit=Unit.PX, **also)  # type: ignore[arg-type] # as given


def road_grid() -> Floats:
    """(N, 2) places all over the road between the marks."""
    return np.array([[x, y] for x in np.linspace(-5, 9, 8) for y in np.linspace(14, 45, 8)])
