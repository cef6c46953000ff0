"""``itscam calibrate``: from points, markings or passing cars to metres, and how sure that is."""

from collections.abc import Sequence
from dataclasses import replace
from math import atan, degrees
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from its_camera_ai.analytics.calibration.automatic import (
    AutomaticCalibration,
    calibrate_from_vehicles,
)
from its_camera_ai.analytics.calibration.patterns import (
    LANE_MARKINGS,
    Crosswalk,
    LaneMarking,
    MarkedLine,
    lane_pairs,
)
from its_camera_ai.analytics.calibration.solving import solve
from its_camera_ai.analytics.calibration.view_search import focal_share
from its_camera_ai.analytics.calibration.warnings import SCALE_SD_MAX
from its_camera_ai.analytics.offline.vehicles import Watch, WatchedVehicles, watch_vehicles
from its_camera_ai.analytics.offline.window import Window
from its_camera_ai.cli.calibration_errors import print_errors, scale_text, summary
from its_camera_ai.cli.console import err, out
from its_camera_ai.cli.traffic import written
from its_camera_ai.cli.watching import (
    asked_detector,
    cores,
    input_size,
    interruptible,
    progress_bar,
)
from its_camera_ai.core.calibration import Calibration, PointPair
from its_camera_ai.core.errors import ConfigInvalid
from its_camera_ai.core.picture_points import Point, Unit
from its_camera_ai.core.scene import Scene
from its_camera_ai.ops.settings import load_settings, parse_size
from its_camera_ai.store.documents.calibration import calibration_lines
from its_camera_ai.store.documents.markings import (
    CrosswalkFields,
    LaneLinesFields,
    load_marking,
)
from its_camera_ai.store.documents.scene import parse_scene
from its_camera_ai.store.documents.site import load_site
from its_camera_ai.store.documents.yaml_text import parse_yaml, read_text
from its_camera_ai.video.files import open_video

PARTLY_DONE = 4

app = typer.Typer(
    no_args_is_help=True, help="From the picture to metres: check a calibration, or make one."
)

SizeOption = Annotated[str, typer.Option("--size", help="Of the analysed pictures, WxH in pixels.")]
OutOption = Annotated[
    Path | None,
    typer.Option("--out", "-o", help="The file to write.", show_default="standard output"),
]


@app.command()
def check(
    file: Annotated[Path, typer.Argument(help="A scene file or a site file (YAML).")],
    size: SizeOption,
    camera: Annotated[
        str | None,
        typer.Option(help="Of a site file; needed if several are calibrated.", show_default=False),
    ] = None,
    kmh: Annotated[float, typer.Option(help="Tell errors at lines for this speed, km/h.")] = 50.0,
) -> None:
    """Solve a calibration; print its errors by pair, lane and line.

    Exit codes: 0 solved, perhaps with warnings; 2 it can't be solved, with the reason.
    """
    scene = _calibrated_scene(file, camera)
    if scene.calibration is None:
        raise ConfigInvalid(f"{file}: there is no calibration in it; see 'itscam calibrate'.")
    if not 0 < kmh < 1000:
        raise ConfigInvalid(f"--kmh {kmh:g} is no speed of traffic; write km/h.")
    solution = solve(scene.calibration, _size(size), lanes=scene.lanes)
    print_errors(solution, scene, kmh)
    for text in solution.warnings:
        _warn(text)


@app.command()
def vehicles(
    video: Annotated[Path, typer.Argument(help="A few minutes of moving traffic.")],
    to: OutOption = None,
    hfov: Annotated[
        float | None,
        typer.Option(
            help="Horizontal field of view in degrees, from the camera's data sheet; without it "
            "lengths are several times less certain.",
            show_default=False,
        ),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(help="Detector, as for 'itscam analyze'.", show_default="auto"),
    ] = None,
    model_input: Annotated[
        str | None,
        typer.Option("--input", help="Input size of the detector, WxH.", show_default=False),
    ] = None,
    fps: Annotated[
        float | None,
        typer.Option(help="Look at about so many pictures per second.", show_default="all"),
    ] = None,
    start: Annotated[float, typer.Option(help="Begin at this second of the file.")] = 0.0,
    end: Annotated[
        float | None, typer.Option(help="Stop before this second.", show_default="the end")
    ] = None,
    models_dir: Annotated[
        Path | None, typer.Option(help="Folder of the model files.", show_default=False)
    ] = None,
) -> None:
    """Calibrate from the sizes of passing cars; write a calibration section.

    Exit codes: 0 done; 2 it can't be done, with the reason; 3 the file can't be read as video; 4
    the file is cut off, or interrupted: done from what was seen up to there.
    """
    settings = load_settings(models_dir=models_dir, model=model)
    input_wh = input_size(model_input if model_input is not None else settings.model_input)
    window = Window(start_s=start, end_s=end, fps=fps)
    if hfov is not None:
        focal_share(hfov)  # a wrong one is told before the file is watched
    with open_video(video) as file:
        length_s = file.duration_s
    detector = asked_detector(settings, input_wh)
    try:
        with interruptible() as stop, progress_bar(video.name, window, length_s) as progress:
            watch = Watch(window=window, workers=cores(), stop=stop, progress=progress)
            watched = watch_vehicles(video, detector, watch)
    finally:
        detector.close()
    found = calibrate_from_vehicles(watched.seen, watched.size_wh, hfov_deg=hfov)
    calibration = _rounded(found.calibration)
    solve(calibration, watched.size_wh)  # what is written can be used
    _write(calibration, watched.size_wh, _about_vehicles(video, found, watched, hfov), to)
    if hfov is None:
        _warn(
            "Without --hfov the focal length is a guess from boxes, and lengths can be wrong by "
            "more than the figure above; give it, or measure points on the road."
        )
    elif found.scale_sd > SCALE_SD_MAX:
        _warn("That is too unsure for speeds; watch longer, or measure points on the road.")
    if watched.unfinished:
        err.print(
            f"[bold yellow]partly done:[/] {escape('; '.join(watched.unfinished))}.",
            soft_wrap=True,
        )
        raise typer.Exit(PARTLY_DONE)


@app.command()
def crosswalk(
    file: Annotated[Path, typer.Argument(help="Sizes and corners of a zebra crossing (YAML).")],
    size: SizeOption,
    to: OutOption = None,
) -> None:
    """Calibrate from a zebra crossing of known size; write a calibration section."""
    fields = load_marking(file, CrosswalkFields)
    crossing = Crosswalk(fields.stripe_m, fields.gap_m, fields.length_m)
    pairs = crossing.pairs(_corners(fields.near), _corners(fields.far))
    calibration = Calibration(pairs, Unit(fields.unit), scale_sd=fields.scale_sd)
    _deliver(calibration, size, (f"From the crossing in {file.name}.",), to)


@app.command()
def lanes(
    file: Annotated[Path, typer.Argument(help="Points of broken lane lines (YAML).")],
    size: SizeOption,
    to: OutOption = None,
) -> None:
    """Calibrate from broken lane lines of known size; write a calibration section."""
    fields = load_marking(file, LaneLinesFields)
    marking = _marking(file, fields)
    lines = [MarkedLine(_corners(f.ends), f.across_m, f.ahead_m) for f in fields.lines]
    pairs = lane_pairs(marking, lines)
    calibration = Calibration(pairs, Unit(fields.unit), scale_sd=fields.scale_sd)
    about = f"From the lane lines in {file.name}: {marking.mark_m:g} m marks, {marking.gap_m:g} m"
    _deliver(calibration, size, (f"{about} gaps.", marking.source), to)
    if marking.source and not fields.scale_sd:
        _warn(
            f"The sizes are a rule's ({marking.source}), not measured; measure one mark and gap, "
            "or write scale_sd."
        )


def _calibrated_scene(file: Path, camera: str | None) -> Scene:
    source = read_text(file)
    data = parse_yaml(source, str(file)).data
    if not (isinstance(data, dict) and "cameras" in data):
        if camera is not None:
            raise ConfigInvalid(f"{file} is a scene file of one camera; leave out --camera.")
        return parse_scene(source, name=str(file))
    cameras = load_site(source, name=str(file)).cameras
    able = [c for c in cameras if c.scene.calibration is not None]
    chosen = able if camera is None else [c for c in cameras if c.id == camera]
    if len(chosen) != 1:
        names = ", ".join(c.id for c in able) or "none"
        raise ConfigInvalid(f"{file}: choose a camera with --camera; calibrated are: {names}.")
    return chosen[0].scene


def _size(text: str) -> tuple[int, int]:
    try:
        size_wh = parse_size(text)
    except ValueError as error:
        raise ConfigInvalid(f"--size {text!r} {error}.") from None
    if size_wh is None:
        raise ConfigInvalid("--size must look like 1280x720 (width x height in pixels).")
    return size_wh


def _corners(points: Sequence[Sequence[float] | None]) -> list[Point | None]:
    return [None if p is None else (float(p[0]), float(p[1])) for p in points]


def _marking(file: Path, fields: LaneLinesFields) -> LaneMarking:
    rules = ", ".join(LANE_MARKINGS)
    if not fields.marking:
        if fields.mark_m is None or fields.gap_m is None:
            raise ConfigInvalid(f"{file}: write mark_m and gap_m, or marking: one of {rules}.")
        return LaneMarking(fields.mark_m, fields.gap_m)
    if fields.mark_m is not None or fields.gap_m is not None:
        raise ConfigInvalid(f"{file}: write either marking or mark_m and gap_m, not both.")
    if fields.marking not in LANE_MARKINGS:
        raise ConfigInvalid(f"{file}: marking must be one of {rules}; or write mark_m and gap_m.")
    return LANE_MARKINGS[fields.marking]


def _about_vehicles(
    video: Path, found: AutomaticCalibration, watched: WatchedVehicles, hfov: float | None
) -> list[str]:
    """No errors of pairs: they were made from the view and fit it by themselves."""
    view = found.view
    hfov_deg = degrees(2 * atan(watched.size_wh[0] / 2 / view.focal_px))
    how = "as given" if hfov is not None else "found, not given"
    seen = f"{found.tracks} cars in {watched.looks} pictures up to {watched.reached_s:.1f} s"
    return [
        f"From vehicles in {video.name}: {seen}.",
        f"Boxes miss the typical size by {found.misfit:.0%} (median).",
        f"Camera {view.height_m:.1f} m above the road, tilted down {degrees(view.tilt_rad):.1f}°.",
        f"Horizontal field of view {hfov_deg:.0f}° ({how}).",
        scale_text(found.scale_sd),
    ]


def _deliver(calibration: Calibration, size: str, about: Sequence[str], to: Path | None) -> None:
    """Solve it, write it, and tell its errors on standard error.

    Raises:
        CalibrationInvalid: it can't be solved; nothing is written.
    """
    size_wh = _size(size)
    calibration = _rounded(calibration)
    solution = solve(calibration, size_wh)
    _write(calibration, size_wh, [*filter(None, about), *summary(solution)], to)
    for text in solution.warnings:
        _warn(text)


def _write(
    calibration: Calibration, size_wh: tuple[int, int], about: Sequence[str], to: Path | None
) -> None:
    width, height = size_wh
    notes = (*about, f"Pictures of {width}x{height}; in a site file indent it by four spaces.")
    text = "\n".join(
        [*(f"# {' '.join(note.split())}" for note in notes), *calibration_lines(calibration), ""]
    )
    for line in about:
        err.print(line, markup=False, soft_wrap=True)
    if to is None:
        out.print(text, markup=False, end="", soft_wrap=True)
        return
    with written(to) as file:
        file.write(text.encode())
    out.print(f"{to}: written", markup=False, soft_wrap=True)


def _rounded(calibration: Calibration) -> Calibration:
    """To what anybody could mean: 1e-6 in the picture, 0.1 mm on the road."""
    return replace(
        calibration,
        pairs=tuple(
            PointPair(_to(p.image, 6), _to(p.world, 4), p.name, p.check) for p in calibration.pairs
        ),
        valid=tuple(_to(corner, 6) for corner in calibration.valid),
        scale_sd=round(calibration.scale_sd, 4),
    )


def _to(point: Point, digits: int) -> Point:
    return round(point[0], digits), round(point[1], digits)


def _warn(text: str) -> None:
    err.print(f"[yellow]warning:[/] {escape(text)}", soft_wrap=True)
