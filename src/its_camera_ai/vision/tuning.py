"""How each model was measured to run best on this machine; kept in the models folder."""

import os
import platform
import re
from collections.abc import Mapping
from dataclasses import replace
from importlib import metadata
from pathlib import Path

import msgspec
import onnxruntime
import structlog

from its_camera_ai.vision.model_files import write_durably
from its_camera_ai.vision.own_models import own_file
from its_camera_ai.vision.runtime import Device, RuntimeChoice, RuntimeName

log = structlog.get_logger(__name__)

TUNING_FILE = "tuning.json"
_BYTES_MAX = 4 << 20
_GPU_PROVIDERS = ("CUDAExecutionProvider", "TensorrtExecutionProvider")


class Measured(msgspec.Struct, frozen=True):
    """One way to run a model, and how fast that is.

    Attributes:
        precision: of the weights, ``fp32`` or ``int8``.
        threads: per run. workers: runs at the same time. batch: pictures per run.
        input_wh: pixels.
        images_per_s: of all workers together, from frame to detections.
        p50_ms, p95_ms: of one run, which is ``batch`` pictures.
        cpu_ms: processor time per picture.
        others: share of the machine's processor time that other programs took meanwhile, 0–1.
    """

    runtime: RuntimeName
    precision: str
    threads: int
    workers: int
    batch: int
    input_wh: tuple[int, int]
    images_per_s: float
    p50_ms: float
    p95_ms: float
    cpu_ms: float
    others: float = 0.0


class Tuned(msgspec.Struct, frozen=True):
    """What was measured of one model file on one machine.

    Attributes:
        date: UTC, ``2026-11-23``.
        best: the way to run it.
        measured: all of them.
        instead: name of an 8-bit model made from it that is faster here; empty if there is none.
    """

    date: str
    best: Measured
    measured: list[Measured]
    instead: str = ""


Kept = dict[str, dict[str, Tuned]]
"""By machine, then by SHA-256 of the model file."""


def machine_fingerprint() -> str:
    """What a measurement depends on, as text: processor, cores, and versions of the runtimes."""
    parts = [_cpu_name(), f"{len(os.sched_getaffinity(0))} cores"]
    for package in ("onnxruntime", "openvino"):
        try:
            parts.append(f"{package} {metadata.version(package)}")
        except metadata.PackageNotFoundError:
            continue
    gpus = [p for p in onnxruntime.get_available_providers() if p in _GPU_PROVIDERS]
    return ", ".join(parts + gpus)


def kept_choice(
    models_dir: Path, sha256: str, fingerprint: str | None = None
) -> RuntimeChoice | None:
    """How that model was measured to run best here; None if it was not.

    A file that can't be used, or is another machine's, is told of in the log and passed over.

    Args:
        fingerprint: None asks the machine.
    """
    tuned = _tuned(models_dir, sha256, fingerprint)
    if tuned is None:
        return None
    best = tuned.best
    return RuntimeChoice(best.runtime, Device.AUTO, best.threads, best.workers, best.batch)


def kept_instead(models_dir: Path, sha256: str, fingerprint: str | None = None) -> str:
    """Name of the 8-bit model that was measured to be faster here and is still there, or ""."""
    tuned = _tuned(models_dir, sha256, fingerprint)
    if tuned is None or not tuned.instead:
        return ""
    path = own_file(models_dir, tuned.instead)
    return tuned.instead if path is not None and path.is_file() else ""


def as_measured(choice: RuntimeChoice, models_dir: Path, sha256: str) -> RuntimeChoice:
    """``choice``, completed by what was measured, where it leaves the runtime open.

    What the caller fixes (streams, batch) stays; threads are as many as leave each stream its own.
    """
    if choice.runtime is not RuntimeName.AUTO or choice.device not in (Device.AUTO, Device.CPU):
        return choice
    kept = kept_choice(models_dir, sha256)
    if kept is None:
        return choice
    streams = choice.streams or kept.streams
    share = max(1, len(os.sched_getaffinity(0)) // streams)
    return replace(
        choice,
        runtime=kept.runtime,
        threads=min(kept.threads, share),
        streams=streams,
        batch=choice.batch or kept.batch,
    )


def keep_tuning(models_dir: Path, tuned: Mapping[str, Tuned], fingerprint: str) -> Path:
    """Store measurements by the models' SHA-256, beside those of other machines and models.

    Raises:
        StorageUnavailable: the folder can't be written.
    """
    path = models_dir / TUNING_FILE
    kept = _read(path)
    kept.setdefault(fingerprint, {}).update(tuned)
    write_durably(path, [msgspec.json.format(msgspec.json.encode(kept), indent=1), b"\n"])
    return path


def _tuned(models_dir: Path, sha256: str, fingerprint: str | None) -> Tuned | None:
    kept = _read(models_dir / TUNING_FILE)
    here = fingerprint or machine_fingerprint()
    found = kept.get(here, {}).get(sha256)
    elsewhere = any(sha256 in models for models in kept.values())
    if found is None and elsewhere:
        log.warning(
            "the model was measured on another machine or with other versions of the runtimes; "
            "measure it again with: itscam models bench",
            file=str(models_dir / TUNING_FILE),
            this_machine=here,
        )
    return found


def _read(path: Path) -> Kept:
    """What the file holds; nothing, with a warning, if it can't be used."""
    try:
        if path.stat().st_size > _BYTES_MAX:
            raise ValueError("it is too large")
        kept = msgspec.json.decode(path.read_bytes(), type=Kept)
        if any(not _makes_sense(t.best) for models in kept.values() for t in models.values()):
            raise ValueError("a number of threads, workers or pictures is out of bounds")
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:  # msgspec's errors are ValueErrors
        log.warning(
            "the measurements can't be used and are passed over; measure again with: "
            "itscam models bench",
            file=str(path),
            problem=str(error),
        )
        return {}
    return kept


def _makes_sense(best: Measured) -> bool:
    return 1 <= best.threads <= 256 and 1 <= best.workers <= 256 and 1 <= best.batch <= 64


def _cpu_name() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        text = ""
    names = re.findall(r"^(?:model name|Model)\s*:\s*(.+)$", text, re.MULTILINE)
    return str(names[0]).strip() if names else platform.machine()
