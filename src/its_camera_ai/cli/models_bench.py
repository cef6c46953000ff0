"""``itscam models bench``: how a model runs best on this machine; the answer is kept."""

import os
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.table import Table

from its_camera_ai.cli.console import err, out
from its_camera_ai.cli.sizes import size_option
from its_camera_ai.core.errors import ConfigInvalid
from its_camera_ai.core.time import SystemClock, iso_utc
from its_camera_ai.ops.settings import load_settings
from its_camera_ai.vision.catalogue import Catalogue
from its_camera_ai.vision.own_models import OwnModel, own_models
from its_camera_ai.vision.quantized_files import network_file
from its_camera_ai.vision.runtime import RuntimeName
from its_camera_ai.vision.tuning import Measured, Tuned, keep_tuning, machine_fingerprint
from its_camera_ai.vision.tuning_run import (
    BATCH_GAIN_MIN,
    Setup,
    best_of,
    measure,
    setups,
    was_busy,
    worth,
)

_BATCH_MAX = 64


def bench_command(
    name: Annotated[
        str, typer.Argument(help="A name of 'itscam models list'; the recommended one if none.")
    ] = "",
    models_dir: Annotated[
        Path | None,
        typer.Option("--models-dir", help="Folder of the model files.", show_default=False),
    ] = None,
    seconds: Annotated[
        float, typer.Option(min=1.0, max=3600.0, help="How long to measure in all.")
    ] = 60.0,
    batch: Annotated[
        list[int] | None,
        typer.Option(
            help="Pictures per run; may be repeated. 1 and 4 if none.", show_default=False
        ),
    ] = None,
    input_size: Annotated[
        list[str] | None,
        typer.Option(
            "--input",
            help="Input size as WxH; may be repeated, the first decides. The model's own if none.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Measure how a model runs fastest here, and keep that for the next start.

    Its 8-bit model is measured with it, if there is one. Nothing else should run meanwhile.
    Interrupted, it keeps nothing.
    """
    settings, catalogue = load_settings(models_dir=models_dir), Catalogue.shipped()
    name = name or next(entry.name for entry in catalogue.entries() if entry.recommended)
    files = _files(name, settings.models, catalogue)
    batches = sorted({1, *(batch or (4,))})
    if batches[0] < 1 or batches[-1] > _BATCH_MAX:
        raise ConfigInvalid(f"--batch must be 1 to {_BATCH_MAX}.")
    sizes = [size_option(text) for text in input_size or ("",)]
    cores = len(os.sched_getaffinity(0))
    plan = setups(_runtimes(), cores, batches, sizes)
    share_s = seconds / (len(plan) * len(files))
    err.print(f"{len(plan) * len(files)} measurements of {share_s:.1f} s …", style="dim")
    results = {own.name: _measured(path, own, plan, share_s) for own, path in files}
    for own, _ in files:
        _print(own.name, results[own.name])
    if was_busy(m for measured in results.values() for m in measured):
        err.print(
            "Other programs took part of the machine, so processor time decides instead of images "
            "per second; measure again when it is calm.",
            style="yellow",
            soft_wrap=True,
        )
    tuned = _tuned(files, results)
    path = keep_tuning(settings.models, tuned, machine_fingerprint())
    for own, _ in files:
        best = tuned[own.sha256].best
        out.print(
            f"{own.name} runs best with {best.runtime}: {best.workers} runs at a time × "
            f"{best.threads} threads, batch {best.batch}: {best.images_per_s:.1f} images/s, "
            f"{best.cpu_ms:.1f} ms of processor time each",
            soft_wrap=True,
        )
    instead = tuned[files[0][0].sha256].instead
    if instead:
        out.print(f"{instead} is faster; ITSCAM_MODEL=auto takes it from the next start on.")
    err.print(f"kept in {path} for: {machine_fingerprint()}", style="dim", soft_wrap=True)


def _files(name: str, models_dir: Path, catalogue: Catalogue) -> list[tuple[OwnModel, Path]]:
    """The model, and the 8-bit ones made from it."""
    path, own = network_file(name, models_dir, catalogue)
    made = [
        other.name
        for other in own_models(models_dir)
        if other.quantization is not None and other.quantization.made_from == own.sha256
    ]
    quantized = [network_file(other, models_dir, catalogue) for other in made]
    return [(own, path), *((described, file) for file, described in quantized)]


def _runtimes() -> list[RuntimeName]:
    installed = find_spec("openvino") is not None
    return [RuntimeName.ONNXRUNTIME, *([RuntimeName.OPENVINO] if installed else [])]


def _measured(path: Path, own: OwnModel, plan: list[Setup], share_s: float) -> list[Measured]:
    found = []
    for setup in plan:
        err.print(f"{own.name}: {setup}", style="dim")
        one = measure(path, own, setup, share_s)
        if one is not None:
            found.append(one)
    return found


def _tuned(
    files: list[tuple[OwnModel, Path]], results: dict[str, list[Measured]]
) -> dict[str, Tuned]:
    """By SHA-256. What decides is measured at the first of the sizes."""
    date = iso_utc(SystemClock().wall_ns())[:10]
    tuned = {}
    for own, _ in files:
        all_of = results[own.name]
        best = best_of([m for m in all_of if m.input_wh == all_of[0].input_wh])
        tuned[own.sha256] = Tuned(date, best, all_of)
    source = files[0][0]
    every = [m for measured in results.values() for m in measured]
    worths = {own.name: worth(every)(tuned[own.sha256].best) for own, _ in files}
    fastest = max(worths, key=lambda one: worths[one])
    if fastest != source.name and worths[fastest] >= BATCH_GAIN_MIN * worths[source.name]:
        tuned[source.sha256] = msgspec.structs.replace(tuned[source.sha256], instead=fastest)
    return tuned


def _print(name: str, measured: list[Measured]) -> None:
    table = Table(
        *("runtime", "weights", "input", "runs × threads", "batch"),
        *("images/s", "p50 ms", "p95 ms", "CPU ms"),
        title=name,
    )
    best = best_of([m for m in measured if m.input_wh == measured[0].input_wh])
    for m in measured:
        table.add_row(
            *(m.runtime, m.precision, f"{m.input_wh[0]}x{m.input_wh[1]}"),
            *(f"{m.workers} × {m.threads}", str(m.batch), f"{m.images_per_s:.1f}"),
            *(f"{m.p50_ms:.1f}", f"{m.p95_ms:.1f}", f"{m.cpu_ms:.1f}"),
            style="bold" if m is best else None,
        )
    out.print(table)
