"""``itscam analyze``: one video file from pictures to counts, without a site or a server."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from its_camera_ai import __version__
from its_camera_ai.analytics.offline import files
from its_camera_ai.analytics.offline.analysis import Analysed, Job, analyse_video
from its_camera_ai.analytics.offline.window import Window
from its_camera_ai.cli.console import err, out
from its_camera_ai.cli.watching import (
    asked_detector,
    cores,
    input_size,
    interruptible,
    progress_bar,
)
from its_camera_ai.core.scene import Scene
from its_camera_ai.ops.settings import load_settings
from its_camera_ai.store.documents.scene import load_scene
from its_camera_ai.video.files import open_video

PARTLY_DONE = 4


def analyze(
    video: Annotated[Path, typer.Argument(help="The video file.", show_default=False)],
    out_dir: Annotated[
        Path, typer.Option("--out", help="Folder for the results; made if missing.")
    ],
    scene_file: Annotated[
        Path | None,
        typer.Option("--scene", "-c", help="Lines and zones to count (YAML).", show_default=False),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(
            help="Detector: a name that 'itscam models list' shows, an ONNX file, or auto.",
            show_default="auto",
        ),
    ] = None,
    model_input: Annotated[
        str | None,
        typer.Option("--input", help="Input size of the detector, WxH.", show_default=False),
    ] = None,
    fps: Annotated[
        float | None,
        typer.Option(help="Analyse about so many pictures per second.", show_default="all"),
    ] = None,
    start: Annotated[float, typer.Option(help="Begin at this second of the file.")] = 0.0,
    end: Annotated[
        float | None, typer.Option(help="Stop before this second.", show_default="the end")
    ] = None,
    models_dir: Annotated[
        Path | None, typer.Option(help="Folder of the model files.", show_default=False)
    ] = None,
    no_video: Annotated[
        bool, typer.Option("--no-video", help="Do not write annotated.mp4.")
    ] = False,
) -> None:
    """Detect, track and count in a video file; write tracks, events, counts, a video, a report.

    Exit codes: 0 done; 2 wrong use, scene or model; 3 the file can't be read as video; 4 partly
    done (file cut off or damaged, or interrupted): everything up to there is kept.
    """
    settings = load_settings(models_dir=models_dir, model=model)
    input_wh = input_size(model_input if model_input is not None else settings.model_input)
    window = Window(start_s=start, end_s=end, fps=fps)
    scene = Scene() if scene_file is None else load_scene(scene_file)
    with open_video(video) as file:  # a wrong file is told before a model is loaded
        length_s = file.duration_s
    detector = asked_detector(settings, input_wh)
    try:
        with interruptible() as stop, progress_bar(video.name, window, length_s) as progress:
            done = analyse_video(
                video,
                out_dir,
                detector,
                Job(
                    window=window,
                    scene=scene,
                    with_video=not no_video,
                    workers=cores(),
                    stop=stop,
                    progress=progress,
                    made=_made(),
                ),
            )
    finally:
        detector.close()
    _tell(video, out_dir, done, no_video=no_video)


def _made() -> str:
    now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    return f"Made on {now} with ITS Camera AI {__version__}"


def _tell(video: Path, folder: Path, done: Analysed, *, no_video: bool) -> None:
    for text in done.warnings:
        err.print(f"[yellow]warning:[/] {escape(text)}", soft_wrap=True)
    if no_video and (folder / files.VIDEO).exists():
        err.print(
            f"[yellow]warning:[/] {escape(str(folder / files.VIDEO))} is from an earlier run.",
            soft_wrap=True,
        )
    frames = done.frames
    out.print(
        f"{frames.analysed} of {frames.read} pictures analysed, {done.tracks} tracks, "
        f"{done.events} events: {escape(str(folder))}",
        soft_wrap=True,
    )
    if done.unfinished:
        what = "; ".join(done.unfinished)
        err.print(
            f"[bold yellow]partly done:[/] {escape(str(video))}: {escape(what)}. Everything else "
            f"is kept in {escape(str(folder))}.",
            soft_wrap=True,
        )
        raise typer.Exit(PARTLY_DONE)
