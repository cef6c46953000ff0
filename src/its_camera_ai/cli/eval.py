"""``itscam eval``: how good detection, tracking and counting are, on data whose truth is known."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from its_camera_ai.bootstrap.models import chosen_model, runtime_choice
from its_camera_ai.cli.console import err, out
from its_camera_ai.core.errors import ConfigInvalid
from its_camera_ai.evaluation.baseline import compare, write_baseline
from its_camera_ai.evaluation.count_run import count_at_rates, count_on_street
from its_camera_ai.evaluation.detect_run import SCORE_MIN, detect_on_labels, detect_on_street
from its_camera_ai.evaluation.folder import EvalFolder
from its_camera_ai.evaluation.recording import Recording, record_video
from its_camera_ai.evaluation.result_tables import tables_of
from its_camera_ai.evaluation.results import Results
from its_camera_ai.evaluation.track_run import recording_of, track_on_street, track_on_table
from its_camera_ai.evaluation.truth_boxes import load_labelled_frames
from its_camera_ai.evaluation.truth_counts import load_counted_clips
from its_camera_ai.evaluation.truth_sim import (
    SimRecording,
    degraded_truth,
    record_street,
    seen_by,
)
from its_camera_ai.ops.settings import load_settings, parse_size
from its_camera_ai.sim.source import SimSpec, parse_sim_url
from its_camera_ai.vision.detector import DetectorModel
from its_camera_ai.vision.loading import load_model

app = typer.Typer(
    no_args_is_help=True,
    help="Score detection, tracking and counting against truth; see docs/evaluation.md.",
)

REGRESSED = 1
TRUTH = "truth"

Data = Annotated[
    Path | None,
    typer.Argument(help="Folder with labels and videos.", show_default=False),
]
Sim = Annotated[
    str | None,
    typer.Option(
        "--sim",
        help="Instead of a folder: a simulated street, such as intersection or "
        "'motorway?fps=25&size=1280x720'.",
        show_default=False,
    ),
]
Seconds = Annotated[float, typer.Option(min=1, max=3600, help="Length of the simulated street.")]
Seed = Annotated[int | None, typer.Option(min=0, help="Which traffic on it.", show_default="1")]
Model = Annotated[
    str | None,
    typer.Option(
        help="Detector: a name that 'itscam models list' shows, an ONNX file, or auto.",
        show_default="auto",
    ),
]
ModelOrTruth = Annotated[
    str | None,
    typer.Option(
        help="Detector, as in 'itscam analyze'; with --sim also 'truth': the exact boxes, one in "
        "ten missed and all of them blurred.",
        show_default="auto",
    ),
]
ModelsDir = Annotated[
    Path | None, typer.Option(help="Folder of the model files.", show_default=False)
]
Input = Annotated[
    str | None,
    typer.Option("--input", help="Input size of the detector, WxH.", show_default=False),
]
Rates = Annotated[
    str, typer.Option(help="Looks per second to try, separated by commas; one set of parameters.")
]
Json = Annotated[
    Path | None, typer.Option("--json", help="Also write the results here.", show_default=False)
]
BaselineFile = Annotated[
    Path | None,
    typer.Option(
        "--baseline",
        help="Compare with the figures in this file; a worse one ends with exit code 1.",
        show_default=False,
    ),
]
WriteBaseline = Annotated[
    bool, typer.Option("--write-baseline", help="Store the figures in the --baseline file.")
]


@app.command()
def detect(
    data: Data = None,
    sim: Sim = None,
    seconds: Seconds = 30.0,
    seed: Seed = None,
    model: Model = None,
    models_dir: ModelsDir = None,
    model_input: Input = None,
    json_file: Json = None,
    baseline: BaselineFile = None,
    write: WriteBaseline = False,
) -> None:
    """AP and AP50 per class on labelled pictures (boxes.json) or a simulated street."""
    _check_baseline(baseline, write=write)
    folder, spec = _where(data, sim, seed)
    truth = [] if folder is None else load_labelled_frames(folder.labels("boxes.json"))
    results = Results()
    with _detector(model, models_dir, model_input, score_min=SCORE_MIN) as detector:
        if spec is not None:
            results.detect += detect_on_street(detector, spec, seconds)
        elif folder is not None:
            results.detect += detect_on_labels(detector, folder, truth)
    _finish(results, json_file, baseline, write=write)


@app.command()
def track(
    data: Data = None,
    sim: Sim = None,
    seconds: Seconds = 60.0,
    seed: Seed = None,
    model: ModelOrTruth = None,
    models_dir: ModelsDir = None,
    model_input: Input = None,
    rates: Rates = "25,8.3,5",
    fps: Annotated[float, typer.Option(min=0.1, help="Of sequences without seqinfo.ini.")] = 25.0,
    size: Annotated[str, typer.Option(help="Of sequences without seqinfo.ini, WxH.")] = "640x480",
    partial: Annotated[
        bool,
        typer.Option(
            "--partial",
            help="In the clips only some objects are labelled; tracks that never lie on one of "
            "them don't count.",
        ),
    ] = False,
    json_file: Json = None,
    baseline: BaselineFile = None,
    write: WriteBaseline = False,
) -> None:
    """HOTA, MOTA, IDF1 and switches: MOT sequences by their own detections, labelled clips and
    simulated streets by a detector."""
    _check_baseline(baseline, write=write)
    wanted = _rates(rates)
    folder, spec = _where(data, sim, seed)
    results = Results()
    if spec is not None:
        street, source = _street(spec, seconds, model, models_dir, model_input)
        results.track += track_on_street(street, source, wanted)
    elif folder is not None:
        sequences, clips = folder.sequences(), folder.tracked_clips()
        if not sequences and not clips:
            raise ConfigInvalid(
                f"There is nothing to track in {folder.root}: no NAME/det.txt with NAME/gt.txt and "
                "no labels/mot/NAME.txt; see docs/evaluation.md."
            )
        for sequence in sequences:
            recording = recording_of(sequence, _size("--size", size) or (640, 480), fps)
            results.track += track_on_table(
                sequence.name, "public", recording, sequence.truth, wanted
            )
        if clips:
            with _detector(model, models_dir, model_input) as detector:
                for video, truth in clips:
                    recording = _record(video, detector)
                    results.track += track_on_table(
                        truth.stem,
                        _label(detector),
                        recording,
                        truth,
                        wanted,
                        partial=partial,
                    )
    _finish(results, json_file, baseline, write=write)


@app.command()
def count(
    data: Data = None,
    sim: Sim = None,
    seconds: Seconds = 120.0,
    seed: Seed = None,
    model: ModelOrTruth = None,
    models_dir: ModelsDir = None,
    model_input: Input = None,
    rates: Rates = "25,8.3,5",
    json_file: Json = None,
    baseline: BaselineFile = None,
    write: WriteBaseline = False,
) -> None:
    """Crossings per line and direction against counts by eye (counts.json), or against a simulated
    street with the effectiveness of its cumulative counts."""
    _check_baseline(baseline, write=write)
    wanted = _rates(rates)
    folder, spec = _where(data, sim, seed)
    results = Results()
    if spec is not None:
        street, source = _street(spec, seconds, model, models_dir, model_input)
        results.streets += count_on_street(street, source, wanted)
    elif folder is not None:
        clips = load_counted_clips(folder.labels("counts.json"))
        videos = {clip.file: folder.media(clip.file) for clip in clips}
        with _detector(model, models_dir, model_input) as detector:
            for file, video in videos.items():
                recording = _record(video, detector)
                for clip in clips:
                    if clip.file == file:
                        results.count += count_at_rates(clip, recording, detector.info, wanted)
    _finish(results, json_file, baseline, write=write)


def _where(
    data: Path | None, sim: str | None, seed: int | None
) -> tuple[EvalFolder | None, SimSpec | None]:
    """The folder or the street; exactly one of them."""
    if (data is None) == (sim is None):
        raise ConfigInvalid("Give either a folder with data or --sim with a street, not both.")
    if data is not None:
        return EvalFolder(data), None
    address = (sim or "").removeprefix("sim://")
    if seed is not None:
        address += ("&" if "?" in address else "?") + f"seed={seed}"
    return None, parse_sim_url(f"sim://{address}")


def _check_baseline(baseline: Path | None, *, write: bool) -> None:
    if write and baseline is None:
        raise ConfigInvalid("--write-baseline needs a file: name it with --baseline FILE.")


def _rates(text: str) -> list[float]:
    try:
        rates = [float(part) for part in text.split(",")]
    except ValueError:
        rates = []
    if not rates or not all(0.1 <= rate <= 240 for rate in rates):
        raise ConfigInvalid(
            f"--rates {text!r} must be numbers from 0.1 to 240 with commas, such as 25,8.3,5."
        )
    return rates


def _size(option: str, text: str) -> tuple[int, int] | None:
    try:
        return parse_size(text)
    except ValueError as error:
        raise ConfigInvalid(f"{option} {text!r} {error}.") from None


@contextmanager
def _detector(
    model: str | None,
    models_dir: Path | None,
    model_input: str | None,
    *,
    score_min: float | None = None,
) -> Iterator[DetectorModel]:
    if model == TRUTH:
        raise ConfigInvalid("--model truth is for --sim only; name a detector for real clips.")
    settings = load_settings(models_dir=models_dir, model=model)
    text = model_input if model_input is not None else settings.model_input
    detector = load_model(
        chosen_model(settings),
        models_dir=settings.models,
        input_wh=_size("--input", text),
        choice=runtime_choice(settings),
        score_min=score_min,
    )
    err.print(f"detector: {escape(_label(detector))}", soft_wrap=True)
    try:
        yield detector
    finally:
        detector.close()


def _label(model: DetectorModel) -> str:
    return f"{model.info.name} {'x'.join(str(side) for side in model.info.input_wh)}"


def _record(video: Path, detector: DetectorModel) -> Recording:
    with err.status(f"detecting in {escape(video.name)}"):
        return record_video(video, detector, workers=len(os.sched_getaffinity(0)))


def _street(
    spec: SimSpec,
    seconds: float,
    model: str | None,
    models_dir: Path | None,
    model_input: str | None,
) -> tuple[SimRecording, str]:
    """A street as a detector, or its own truth, sees it."""
    with err.status(f"playing the street {escape(spec.scene)}"):
        if model == TRUTH:
            return record_street(spec, seconds, degraded_truth(seed=spec.seed)), TRUTH
        with _detector(model, models_dir, model_input) as loaded:
            return record_street(spec, seconds, seen_by(loaded.open(spec.scene))), _label(loaded)


def _finish(
    results: Results, json_file: Path | None, baseline: Path | None, *, write: bool
) -> None:
    """Print, store, compare."""
    for head, rows in tables_of(results).values():
        table = Table(*head)
        for row in rows:
            table.add_row(*(escape(cell) for cell in row))
        out.print(table)
    if json_file is not None:
        results.save(json_file)
    if baseline is None:
        return
    figures = results.figures()
    if write:
        write_baseline(figures, baseline)
        out.print(f"Baseline written: {escape(str(baseline))}", soft_wrap=True)
        return
    compared = compare(figures, baseline)
    for change in compared.better:
        out.print(f"[green]better:[/] {escape(str(change))}", soft_wrap=True)
    for name in compared.unknown:
        out.print(f"[yellow]not in the baseline:[/] {escape(name)}", soft_wrap=True)
    for change in compared.worse:
        err.print(f"[bold red]worse:[/] {escape(str(change))}", soft_wrap=True)
    if not compared.holds:
        raise typer.Exit(REGRESSED)
    out.print("No figure is worse than the baseline.")
