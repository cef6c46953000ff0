"""What solving a calibration gave: the ground plane, and every error that can be known of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from its_camera_ai.core.ground import GroundPlane
from its_camera_ai.core.picture_points import Point

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class PairError:
    """One point pair after the fit.

    Attributes:
        index: its place in ``Calibration.pairs``, from 0. name: its own, else ``pair 3``.
        image_px: as the camera shows it. world_m: in the plane's axes.
        residual_m, residual_px: distance from the fit, on the road and in the picture; NaN beyond
            the horizon.
        hold_out_m: distance from the fit **without** this pair; for a ``check`` pair this is its
            residual. None where the others alone determine nothing.
        bad: why it was left out of the fit, in words; empty if it was not.
    """

    index: int
    name: str
    image_px: Point
    world_m: Point
    check: bool
    residual_m: float
    residual_px: float
    hold_out_m: float | None
    bad: str = ""


@dataclass(frozen=True, slots=True)
class ErrorSummary:
    """Hold-out errors in metres over some pairs.

    Attributes:
        p95_m: 95th percentile, linear between samples.
    """

    pairs: int
    mean_m: float
    p95_m: float
    max_m: float

    @classmethod
    def of(cls, errors_m: list[float]) -> "ErrorSummary | None":
        """None without any.

        >>> ErrorSummary.of([0.1, 0.3]).mean_m
        0.2
        """
        if not errors_m:
            return None
        e = np.asarray(errors_m)
        return cls(len(e), float(e.mean()), float(np.percentile(e, 95)), float(e.max()))


@dataclass(frozen=True, slots=True)
class LaneError:
    """How well places in one lane are known.

    Attributes:
        measured: over the pairs in the lane or at its edge; None if there are none.
        expected_sd_m: one standard deviation in the lane's middle, propagated from the fit; it
            can't know of a wrong tape or an uneven road.
        inside: share of the lane's area inside the validity polygon, 0–1.
    """

    lane: str
    measured: ErrorSummary | None
    expected_sd_m: float
    inside: float


@dataclass(frozen=True, slots=True, eq=False)
class Solution:
    """A solved calibration.

    Attributes:
        plane: for everybody who measures.
        pairs: one for each of ``Calibration.pairs``, in their order.
        leave_one_out: each fitted pair against a fit without it; None with four pairs.
        checks: over the ``check`` pairs; None without any.
        by_lane: lane id → its error.
        sd_px: of one coordinate of a pair in the picture, from the residuals.
        warnings: what a person should know, in words.
    """

    plane: GroundPlane
    pairs: tuple[PairError, ...]
    leave_one_out: ErrorSummary | None
    checks: ErrorSummary | None
    by_lane: Mapping[str, LaneError]
    sd_px: float
    warnings: tuple[str, ...] = field(default=())

    @property
    def bad(self) -> tuple[PairError, ...]:
        """The pairs that were left out of the fit because they contradict the others."""
        return tuple(pair for pair in self.pairs if pair.bad)

    @property
    def hold_out(self) -> ErrorSummary | None:
        """The check pairs where there are at least three, else leave-one-out."""
        if self.checks is not None and self.checks.pairs >= 3:
            return self.checks
        return self.leave_one_out or self.checks
