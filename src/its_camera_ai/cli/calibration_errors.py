"""What is known of a solved calibration, as text for people."""

from collections.abc import Iterator
from math import isfinite, nan

import numpy as np
from rich.markup import escape
from rich.table import Table

from its_camera_ai.analytics.calibration.line_scales import line_scales
from its_camera_ai.analytics.calibration.pose import camera_pose
from its_camera_ai.analytics.calibration.solution import ErrorSummary, PairError, Solution
from its_camera_ai.cli.console import out
from its_camera_ai.core.ground import GroundPlane
from its_camera_ai.core.scene import Scene

_Z95 = 1.96


def print_errors(solution: Solution, scene: Scene, kmh: float) -> None:
    """Everything but the warnings, on standard output.

    Args:
        kmh: the speed for which the errors at the lines are told.
    """
    out.print(_pairs(solution))
    out.print()
    for line in summary(solution):
        out.print(line, markup=False, soft_wrap=True)
    if solution.by_lane:
        out.print()
        out.print(_lanes(solution))
    if scene.lines:
        out.print()
        out.print(_lines(solution.plane, scene, kmh))


def summary(solution: Solution) -> Iterator[str]:
    """Hold-out, scale and camera, a line each."""
    hold_out = solution.hold_out
    kind = "check pairs" if hold_out is solution.checks else "each pair left out in turn"
    yield (
        f"hold-out error ({kind}): {_summary(hold_out)}"
        if hold_out
        else ("hold-out error: unknown; nothing is left to check by")
    )
    yield scale_text(solution.plane.scale_sd)
    pose = camera_pose(solution.plane)
    if pose is not None:
        half = solution.plane.size_wh[0] / 2 / pose.focal_px
        hfov_deg = float(np.degrees(2 * np.arctan(half)))
        yield (
            f"camera: {pose.height_m:.1f} m above the road, horizontal field of view "
            f"{hfov_deg:.0f}°; compare with what you know of it"
        )


def scale_text(scale_sd: float) -> str:
    """
    >>> scale_text(0.01)
    'lengths and speeds: standard deviation 1.0%, so within 2.0% in 95 of 100 cases'
    """
    within = f"within {_Z95 * scale_sd:.1%} in 95 of 100 cases"
    return f"lengths and speeds: standard deviation {scale_sd:.1%}, so {within}"


def _summary(error: ErrorSummary) -> str:
    return (
        f"mean {error.mean_m:.2f} m, 95 % {error.p95_m:.2f} m, worst {error.max_m:.2f} m "
        f"({error.pairs} pairs)"
    )


def _pairs(solution: Solution) -> Table:
    table = Table("pair", box=None, pad_edge=False)
    for name in ("residual", "in the picture", "hold-out"):
        table.add_column(name, justify="right")
    table.add_column("")
    for pair in solution.pairs:
        table.add_row(
            escape(pair.name),
            _number(pair.residual_m, "{:.2f} m"),
            _number(pair.residual_px, "{:.1f} px"),
            _number(pair.hold_out_m, "{:.2f} m"),
            escape(_remark(pair)),
        )
    return table


def _remark(pair: PairError) -> str:
    if pair.bad:
        return f"BAD, left out: {pair.bad}"
    return "check" if pair.check else ""


def _lanes(solution: Solution) -> Table:
    table = Table("lane", box=None, pad_edge=False)
    for name in ("hold-out mean", "95 %", "pairs", "expected sd", "inside"):
        table.add_column(name, justify="right")
    for lane in solution.by_lane.values():
        measured = lane.measured
        table.add_row(
            escape(lane.lane),
            _number(measured.mean_m if measured else None, "{:.2f} m"),
            _number(measured.p95_m if measured else None, "{:.2f} m"),
            str(measured.pairs if measured else 0),
            _number(lane.expected_sd_m, "{:.2f} m"),
            f"{lane.inside:.0%}",
        )
    return table


def _lines(plane: GroundPlane, scene: Scene, kmh: float) -> Table:
    table = Table("line", box=None, pad_edge=False)
    for name in ("m/px", "worst", "inside", f"speed error at {kmh:g} km/h"):
        table.add_column(name, justify="right")
    for scale in line_scales(plane, scene).values():
        table.add_row(
            escape(scale.line),
            _number(scale.metres_per_px, "{:.3f}"),
            _number(scale.metres_per_px_worst, "{:.3f}"),
            f"{scale.inside:.0%}",
            _number(scale.speed_error_kmh(kmh), "± {:.1f} km/h"),
        )
    return table


def _number(value: float | None, form: str) -> str:
    value = nan if value is None else value
    return form.format(value) if isfinite(value) else "–"
