"""Where the camera hangs, as far as its ground plane tells."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from its_camera_ai.core.ground import GroundPlane

Floats = npt.NDArray[np.float64]

SKEW_MAX = 0.2
"""How far the ground's axes may miss a right angle or equal lengths in the found camera."""
_FLAT = 0.03
"""Change of scale over a picture's width below which the focal length can't be told."""


@dataclass(frozen=True, slots=True, eq=False)
class CameraPose:
    """A pinhole camera over the plane, with its middle as principal point (or the lens's).

    Attributes:
        focal_px: focal length.
        position_m: (3,) x, y on the plane's axes and the height above the road.
        matrix: (3, 4) of homogeneous world metres to undistorted ``(u·d, v·d, d)``, d the depth in
            metres.
        skew: how badly the plane fits such a camera, relative; 0 is perfect.
    """

    focal_px: float
    position_m: Floats
    matrix: Floats
    skew: float

    @property
    def height_m(self) -> float:
        return float(self.position_m[2])


def camera_pose(plane: GroundPlane) -> CameraPose | None:
    """The camera that sees this plane, by the orthogonality of the rotation's columns.

    Zhang, *A flexible new technique for camera calibration*, 2000, section 3.1, for one view and a
    known principal point: the two conditions on the homography's columns give the focal length,
    and one is left over as a check.

    Returns:
        None where no camera with square pixels fits, or the view is so straight from above that
        the focal length and the height can't be separated.
    """
    if looks_straight_down(plane):
        return None
    to_px = np.linalg.inv(plane.homography)
    if plane.lens is not None:
        centre = np.asarray(plane.lens.centre_px)
    else:
        centre = np.asarray(plane.size_wh) / 2
    h = np.concatenate([to_px[:2] - centre[:, None] * to_px[2:], to_px[2:]])
    focal_px = _focal_px(h)
    if focal_px is None:
        return None
    columns = np.diag([1 / focal_px, 1 / focal_px, 1.0]) @ h
    lengths = np.linalg.norm(columns[:, :2], axis=0)
    skew = max(
        abs(float(columns[:, 0] @ columns[:, 1])) / float(lengths.prod()),
        abs(float(np.log(lengths[0] / lengths[1]))),
    )
    if skew > SKEW_MAX:
        return None
    columns = columns / np.sqrt(lengths.prod())
    x, y, t = columns.T
    # nearest rotation: the third column follows from the others
    u, _, vt = np.linalg.svd(np.column_stack([x, y, np.cross(x, y)]))
    rotation = u @ vt
    intrinsic = np.array([[focal_px, 0, centre[0]], [0, focal_px, centre[1]], [0, 0, 1]])
    return CameraPose(focal_px, -rotation.T @ t, intrinsic @ np.column_stack([rotation, t]), skew)


def looks_straight_down(plane: GroundPlane) -> bool:
    """True where the scale hardly changes over the picture: a road seen as on a map."""
    width, height = plane.size_wh
    a, b, c = plane.homography[2]
    middle = a * width / 2 + b * height / 2 + c
    return bool(np.hypot(a, b) * width < _FLAT * abs(middle))


def _focal_px(h: Floats) -> float | None:
    """Least squares over ``h1ᵀωh2 = 0``, ``h1ᵀωh1 = h2ᵀωh2`` with ω = diag(q, q, 1), q = 1/f²."""
    scale = float(np.linalg.norm(h[:2, :2]) / 2**0.5)
    of_q = np.array([h[:2, 0] @ h[:2, 1], (h[:2, 0] @ h[:2, 0] - h[:2, 1] @ h[:2, 1]) / 2])
    rest = np.array([h[2, 0] * h[2, 1], (h[2, 0] ** 2 - h[2, 1] ** 2) / 2])
    of_q = of_q / scale**2
    if not float(of_q @ of_q) > 0:
        return None
    q = -float(of_q @ rest) / float(of_q @ of_q)
    if not q > 0:
        return None
    focal_px = scale * q**-0.5
    return focal_px if np.isfinite(focal_px) else None
