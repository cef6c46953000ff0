"""Trying out a calibration before it is kept."""

import math
from typing import Annotated

import numpy as np
from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from its_camera_ai.analytics.calibration.line_scales import line_scales
from its_camera_ai.analytics.calibration.solution import ErrorSummary, Solution
from its_camera_ai.analytics.calibration.solving import solve
from its_camera_ai.api.guards import allow
from its_camera_ai.api.policies import Policy
from its_camera_ai.core.ground import Floats, GroundPlane
from its_camera_ai.core.scene import Scene
from its_camera_ai.store.documents.scene_fields import CalibrationFields, Lanes, Lines
from its_camera_ai.store.documents.scene_parts import calibration_of, lane_of, line_of

router = APIRouter(prefix="/api/v1/analytics", tags=["analytics"])

SIDE_MAX_PX = 16_384
GRID_LINES_MAX = 40
GRID_STEPS_M = (1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0)
_STEPS = 24

Side = Annotated[int, Field(ge=16, le=SIDE_MAX_PX)]
Share = tuple[float, float]


class CalibrationTrial(BaseModel):
    """A calibration, and what is to be measured with it."""

    model_config = ConfigDict(extra="forbid")

    width: Side = Field(description="of the picture, pixels")
    height: Side = Field(description="of the picture, pixels")
    calibration: CalibrationFields
    lines: Lines = Field(default_factory=list)
    lanes: Lanes = Field(default_factory=list)


class ErrorView(BaseModel):
    """Distances between where the fit puts places of the road and where they are, metres."""

    pairs: int
    mean_m: float
    p95_m: float
    max_m: float


class PairView(BaseModel):
    """One point pair after the fit."""

    index: int
    name: str
    residual_m: float | None = Field(description="null beyond the horizon")
    hold_out_m: float | None = Field(
        description="error where this pair was left out of the fit; null where the others alone "
        "determine nothing"
    )
    bad: str = Field(description="why it was left out of the fit; empty if it was not")


class LaneErrorView(BaseModel):
    """How well places in a lane are known."""

    lane: str
    measured: ErrorView | None
    expected_sd_m: float | None
    inside: float = Field(description="share of the lane in which measuring is allowed, 0–1")


class LineScaleView(BaseModel):
    """How large a pixel is at a line."""

    line: str
    metres_per_px: float | None = Field(
        description="worst direction, median over the part where measuring is allowed; null if none"
    )
    speed_sd_kmh: float | None = Field(
        description="expected standard deviation of one spot speed from the jitter of boxes"
    )
    is_valid: bool = Field(description="a part of it lies where measuring is allowed")


class CalibrationView(BaseModel):
    """What a calibration gives."""

    pairs: list[PairView]
    hold_out: ErrorView | None = Field(description="null with four pairs: nothing is left to check")
    lanes: list[LaneErrorView]
    lines: list[LineScaleView]
    scale_sd: float = Field(description="relative standard deviation of lengths and so of speeds")
    warnings: list[str]
    valid: list[Share] = Field(description="where measuring is allowed, fractions of the picture")
    grid_m: float = Field(description="distance of the grid's lines on the road")
    grid: list[list[Share]] = Field(description="a grid on the road as it looks in the picture")


@router.post("/calibration", dependencies=[allow(Policy.OPERATOR)])
def try_calibration(trial: CalibrationTrial) -> CalibrationView:
    """Solve a calibration and tell its errors; nothing is kept. A calibration that can't be true is
    refused with the reason."""
    size_wh = (trial.width, trial.height)
    lines = tuple(line_of(line) for line in trial.lines)
    scene = Scene(lines=lines, lanes=tuple(lane_of(lane) for lane in trial.lanes))
    solution = solve(calibration_of(trial.calibration), size_wh, lanes=scene.lanes)
    plane = solution.plane
    step_m, grid = ground_grid(plane)
    return CalibrationView(
        pairs=[
            PairView(
                index=pair.index,
                name=pair.name,
                residual_m=_finite(pair.residual_m),
                hold_out_m=_finite(pair.hold_out_m),
                bad=pair.bad,
            )
            for pair in solution.pairs
        ],
        hold_out=_error_view(solution.hold_out),
        lanes=_lane_views(solution),
        lines=_line_views(plane, scene),
        scale_sd=plane.scale_sd,
        warnings=list(solution.warnings),
        valid=_shares(plane, plane.valid_px),
        grid_m=step_m,
        grid=[_shares(plane, line) for line in grid],
    )


def _lane_views(solution: Solution) -> list[LaneErrorView]:
    return [
        LaneErrorView(
            lane=error.lane,
            measured=_error_view(error.measured),
            expected_sd_m=_finite(error.expected_sd_m),
            inside=error.inside,
        )
        for error in solution.by_lane.values()
    ]


def _line_views(plane: GroundPlane, scene: Scene) -> list[LineScaleView]:
    return [
        LineScaleView(
            line=scale.line,
            metres_per_px=_finite(scale.metres_per_px),
            speed_sd_kmh=_finite(scale.speed_sd_kmh),
            is_valid=scale.inside > 0,
        )
        for scale in line_scales(plane, scene).values()
    ]


def _error_view(error: ErrorSummary | None) -> ErrorView | None:
    if error is None:
        return None
    return ErrorView(pairs=error.pairs, mean_m=error.mean_m, p95_m=error.p95_m, max_m=error.max_m)


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def _shares(plane: GroundPlane, px: Floats) -> list[Share]:
    width, height = plane.size_wh
    return [(round(float(u) / width, 4), round(float(v) / height, 4)) for u, v in px]


def ground_grid(plane: GroundPlane) -> tuple[float, list[Floats]]:
    """Lines of equal x and of equal y over the valid area, as they look in the picture.

    Returns:
        Their distance in metres, and each line as (K, 2) pixels within the valid area.
    """
    corners = plane.to_world(plane.valid_px)
    low, high = np.nanmin(corners, axis=0), np.nanmax(corners, axis=0)
    wide = float((high - low).max())
    step = next((s for s in GRID_STEPS_M if wide / s <= GRID_LINES_MAX / 2), GRID_STEPS_M[-1])
    found = []
    for axis in (0, 1):
        at = np.arange(math.ceil(low[axis] / step), math.floor(high[axis] / step) + 1) * step
        for value in at[:GRID_LINES_MAX]:
            line = np.empty((_STEPS + 1, 2))
            line[:, axis] = value
            line[:, 1 - axis] = np.linspace(low[1 - axis], high[1 - axis], _STEPS + 1)
            seen = plane.to_image(line)
            seen = seen[np.isfinite(seen).all(axis=1)]
            inside = seen[plane.is_valid(seen)] if len(seen) else seen
            if len(inside) > 1:
                found.append(inside)
    return step, found
