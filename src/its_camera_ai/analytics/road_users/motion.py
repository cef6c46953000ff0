"""A constant-velocity Kalman filter on the ground, for all tracks at once.

State per track: place (2,) in metres and velocity (2,) in m/s with full covariance; accelerations
are white noise (Bar-Shalom, Li, Kirubarajan, *Estimation with Applications to Tracking and
Navigation*, 2001, section 6.2.2). A measurement far off is taken as less certain, not as a leap.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

SPEED_SD_MPS = 20.0
"""Before any motion was seen."""
_EASED_MAX = 25.0


@dataclass(slots=True, eq=False)
class Motion:
    """N tracks.

    Attributes:
        xy_m, velocity_mps: (N, 2).
        place, cross, speed: (N, 2, 2) covariance blocks: of the place, of place with velocity, of
            the velocity.
    """

    xy_m: Floats
    velocity_mps: Floats
    place: Floats
    cross: Floats
    speed: Floats

    @classmethod
    def at(cls, xy_m: Floats, place: Floats) -> "Motion":
        """Tracks of unknown motion at (N, 2) with (N, 2, 2) covariance."""
        n = len(xy_m)
        speed = np.broadcast_to(np.eye(2) * SPEED_SD_MPS**2, (n, 2, 2)).copy()
        return cls(xy_m.copy(), np.zeros((n, 2)), place.copy(), np.zeros((n, 2, 2)), speed)

    def take(self, rows: npt.NDArray[np.intp]) -> "Motion":
        """The tracks that ``rows`` chooses, in its order."""
        return Motion(
            self.xy_m[rows],
            self.velocity_mps[rows],
            self.place[rows],
            self.cross[rows],
            self.speed[rows],
        )

    def after(self, step_s: Floats, wander: Floats) -> "Motion":
        """Where they are (N,) seconds later. ``wander``: (N,) m²/s³, the noise's density."""
        if not step_s.any():
            return self
        t = step_s[:, None, None]
        noise = wander[:, None, None] * t * np.eye(2)
        place = self.place + t * (self.cross + np.swapaxes(self.cross, 1, 2))
        place = place + t * t * self.speed + noise * t * t / 3
        return Motion(
            self.xy_m + self.velocity_mps * step_s[:, None],
            self.velocity_mps.copy(),
            place,
            self.cross + t * self.speed + noise * t / 2,
            self.speed + noise,
        )

    def seen(self, xy_m: Floats, noise: Floats, gate: float) -> "Motion":
        """Corrected by measurements (N, 2) with covariance (N, 2, 2).

        Beyond ``gate`` standard deviations the noise is taken to be larger by the square of the
        excess, up to 25 times.
        """
        off = xy_m - self.xy_m
        far = np.einsum("ni,nij,nj->n", off, inverse(self.place + noise), off)
        eased = np.clip(far / gate**2, 1.0, _EASED_MAX)
        weight = inverse(self.place + noise * eased[:, None, None])
        gain = self.place @ weight
        gain_speed = np.swapaxes(self.cross, 1, 2) @ weight
        return Motion(
            self.xy_m + (gain @ off[..., None])[..., 0],
            self.velocity_mps + (gain_speed @ off[..., None])[..., 0],
            _even(self.place - gain @ self.place),
            self.cross - gain @ self.cross,
            _even(self.speed - gain_speed @ self.cross),
        )

    def speed_sd(self, heading_rad: Floats) -> Floats:
        """(N,) m/s along the heading; along the worst direction where there is none."""
        along = np.stack([np.cos(heading_rad), np.sin(heading_rad)], axis=1)
        known = np.einsum("ni,nij,nj->n", along, self.speed, along)
        half = (self.speed[:, 0, 0] + self.speed[:, 1, 1]) / 2
        skew = (self.speed[:, 0, 0] - self.speed[:, 1, 1]) / 2
        worst = half + np.hypot(skew, self.speed[:, 0, 1])
        sd: Floats = np.sqrt(np.maximum(np.where(np.isnan(known), worst, known), 0.0))
        return sd


def inverse(matrix: Floats) -> Floats:
    """(N, 2, 2) → their inverses, in closed form."""
    det = matrix[:, 0, 0] * matrix[:, 1, 1] - matrix[:, 0, 1] * matrix[:, 1, 0]
    adjugate = np.empty_like(matrix)
    adjugate[:, 0, 0], adjugate[:, 1, 1] = matrix[:, 1, 1], matrix[:, 0, 0]
    adjugate[:, 0, 1], adjugate[:, 1, 0] = -matrix[:, 0, 1], -matrix[:, 1, 0]
    inverted: Floats = adjugate / det[:, None, None]
    return inverted


def _even(matrix: Floats) -> Floats:
    """Symmetric again after rounding."""
    even: Floats = (matrix + np.swapaxes(matrix, 1, 2)) / 2
    return even
