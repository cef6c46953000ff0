"""Makes an 8-bit model of a 32-bit one with pictures of the site, and refuses a worse one.

Static quantisation after training, in the QDQ form that ONNX Runtime and OpenVINO both read:
unsigned 8-bit activations, signed 8-bit weights with a scale per channel.
"""

import logging
import platform
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from its_camera_ai.core.errors import ConfigInvalid, ModelInvalid
from its_camera_ai.vision.calibration import SitePicture
from its_camera_ai.vision.detector import DetectorModel
from its_camera_ai.vision.families import class_map, family_named
from its_camera_ai.vision.network import NetworkDetectorModel
from its_camera_ai.vision.own_models import OwnModel, own_network
from its_camera_ai.vision.quantization_layout import (
    LAYOUTS,
    LEADING_CONVS,
    Layout,
    kept_in_32_bits,
    prepared,
)
from its_camera_ai.vision.runtime import (
    Outputs,
    Runtime,
    RuntimeChoice,
    RuntimeInfo,
    RuntimeName,
    TensorSpec,
)
from its_camera_ai.vision.runtimes import open_runtime

JUDGED_SCORE_MIN = 0.01
"""Both models report down to this while they are judged, so that the whole curve is there."""

Feeds = Mapping[str, npt.NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Verdict:
    """How much worse the 8-bit model is.

    Attributes:
        measure: what was compared, for the description: ``agreement`` or ``labels``.
        drop: the loss of AP50 that decides, 0–1.
        ap50: by class; the 32-bit and the 8-bit model's, 0–1.
    """

    measure: str
    drop: float
    ap50: Mapping[str, tuple[float, float]]

    def __str__(self) -> str:
        return ", ".join(f"{name} {a:.3f} → {b:.3f}" for name, (a, b) in self.ap50.items())


Judge = Callable[[DetectorModel, DetectorModel], Verdict]
"""Compares the 32-bit model with the 8-bit one; both report down to ``JUDGED_SCORE_MIN``."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One way to do it.

    Attributes:
        leading: so many of the first convolutions stay in 32 bits.
        reduced: weights have 7 bits, so that sums of a CPU without 8-bit instructions hold.
    """

    leading: int
    reduced: bool


@dataclass(frozen=True, slots=True)
class Quantized:
    """An 8-bit model that holds.

    Attributes:
        model: the file's bytes.
        attempt: how it was made. input_wh: at which input size, pixels.
        verdict: how good it is.
    """

    model: bytes
    attempt: Attempt
    input_wh: tuple[int, int]
    verdict: Verdict


def quantize(
    path: Path,
    own: OwnModel,
    pictures: Sequence[SitePicture],
    judge: Judge,
    *,
    ap_drop_max: float,
    made_for: RuntimeName,
    input_wh: tuple[int, int] | None = None,
    attempts: Sequence[Attempt] | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> Quantized:
    """Make an 8-bit model; try more careful ways where the first is not good enough.

    Args:
        path: the 32-bit ONNX file. own: how it is fed and read.
        pictures: to find the range of every value with.
        ap_drop_max: the most that AP50 of any class may lose, 0–1.
        made_for: which runtime's favourite parts go to 8 bits.
        input_wh: the size to calibrate and judge at; None is the model's own.
        attempts: None takes what suits this CPU.
        progress: is told what is being done.

    Raises:
        ConfigInvalid: the extra ``quantize`` is not installed.
        ModelInvalid: the model can't be quantised, or loses more; nothing is kept then.
    """
    onnx = load_extra("onnx")
    layout = LAYOUTS[made_for]
    tried: list[Verdict] = []
    with tempfile.TemporaryDirectory(prefix="itscam-int8-") as scratch, _quiet():
        ready = Path(scratch) / "fp32.onnx"
        try:
            graph = prepared(onnx.load(str(path)))
            onnx.save(graph, str(ready))
            progress(f"measuring ranges on {len(pictures)} pictures")
            ranges = _ranges(ready, own, pictures, layout, input_wh)
        except (ValueError, RuntimeError, TypeError) as error:
            raise ModelInvalid(
                f"The model '{own.name}' can't be quantised ({_reason(error)}); export it again "
                "with a newer opset, or stay with 32 bits."
            ) from error
        for attempt in attempts or attempts_for_cpu():
            progress(f"quantising, the first {attempt.leading} convolutions in 32 bits")
            target = Path(scratch) / "int8.onnx"
            target.write_bytes(_quantized(graph, ranges, layout, attempt))
            progress("comparing with the 32-bit model")
            used_wh, verdict = _judged(path, target, own, judge, made_for, input_wh)
            tried.append(verdict)
            if verdict.drop <= ap_drop_max:
                return Quantized(target.read_bytes(), attempt, used_wh, verdict)
    best = min(tried, key=lambda verdict: verdict.drop)
    raise ModelInvalid(
        f"The 8-bit model of '{own.name}' is refused: AP50 {best}, a loss of {best.drop:.3f} where "
        f"{ap_drop_max:.3f} is allowed; nothing was kept. Calibrate with more and busier pictures "
        "(--frames, --video), or stay with 32 bits."
    )


def attempts_for_cpu(cpu_flags: frozenset[str] | None = None) -> tuple[Attempt, ...]:
    """The ways to try on this CPU, the fastest first.

    x86 CPUs without VNNI add pairs of 8-bit products in 16 bits, which overflows; weights of 7
    bits do not. ARM's instructions, and VNNI's and AMX's, add in 32 bits.

    Args:
        cpu_flags: as ``/proc/cpuinfo`` has them; None asks.

    >>> attempts_for_cpu(frozenset({"avx2"}))[0].reduced
    True
    """
    flags = _cpu_flags() if cpu_flags is None else cpu_flags
    x86 = "avx2" in flags or platform.machine() in ("x86_64", "AMD64")
    reduced = x86 and not any(f.endswith("vnni") or f == "amx_int8" for f in flags)
    return tuple(Attempt(leading, reduced) for leading in LEADING_CONVS)


def load_extra(module: str) -> Any:
    """Import a package of the extra ``quantize``.

    Raises:
        ConfigInvalid: it is not installed.
    """
    try:
        return import_module(module)
    except ImportError as error:
        raise ConfigInvalid(
            f"Quantising needs the package {module.partition('.')[0]} ({error}); install it with: "
            "pip install 'its-camera-ai[quantize]'"
        ) from None


class _Recorder:
    """A runtime that keeps what it was last fed with, to learn how pictures reach the network."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self.feeds: dict[str, npt.NDArray[Any]] = {}

    @property
    def info(self) -> RuntimeInfo:
        return self._runtime.info

    @property
    def inputs(self) -> tuple[TensorSpec, ...]:
        return self._runtime.inputs

    @property
    def output_names(self) -> tuple[str, ...]:
        return self._runtime.output_names

    def run(self, feeds: Feeds) -> Outputs:
        self.feeds = {name: np.array(value) for name, value in feeds.items()}
        return self._runtime.run(feeds)

    def close(self) -> None:
        self._runtime.close()


def _feeds(
    path: Path, own: OwnModel, pictures: Sequence[SitePicture], input_wh: tuple[int, int] | None
) -> Iterator[Feeds]:
    """What the network is fed with for each picture, made by the detector's own path."""
    recorder = _Recorder(open_runtime(path, own.name, RuntimeChoice(RuntimeName.ONNXRUNTIME)))
    model = NetworkDetectorModel(
        recorder,
        name=own.name,
        family=family_named(own.family),
        classes=class_map(own.classes),
        input_wh=input_wh,
        normalisation=own.normalisation,
    )
    for picture in pictures:
        model.detect(picture.bgr, 0)
        yield recorder.feeds
    model.close()


def _ranges(
    ready: Path,
    own: OwnModel,
    pictures: Sequence[SitePicture],
    layout: Layout,
    input_wh: tuple[int, int] | None,
) -> Any:
    """Least and greatest value of every tensor that may become 8-bit."""
    calibrate = import_module("onnxruntime.quantization.calibrate")

    feeds = _feeds(ready, own, pictures, input_wh)

    class Reader(calibrate.CalibrationDataReader):  # type: ignore[misc,name-defined]  # no types
        def get_next(self) -> Feeds | None:
            return next(feeds, None)

    calibrator = calibrate.create_calibrator(
        str(ready),
        list(layout.op_types),
        augmented_model_path=str(ready.with_name("augmented.onnx")),
    )
    calibrator.collect_data(Reader())
    return calibrator.compute_data()


def _quantized(graph: Any, ranges: Any, layout: Layout, attempt: Attempt) -> bytes:
    quant = import_module("onnxruntime.quantization")
    quantizer = import_module("onnxruntime.quantization.qdq_quantizer")
    copy = type(graph)()
    copy.CopyFrom(graph)
    options = (
        {}
        if layout.whole_chain
        else {
            "OpTypesToExcludeOutputQuantization": list(layout.op_types),
            "QuantizeBias": False,
        }
    )
    made = quantizer.QDQQuantizer(
        copy,
        True,  # a scale per channel
        attempt.reduced,
        quant.QuantType.QInt8,
        quant.QuantType.QUInt8,
        ranges,
        [],
        kept_in_32_bits(graph, layout, attempt.leading),
        list(layout.op_types),
        options,
    )
    made.quantize_model()
    data: bytes = made.model.model.SerializeToString()
    return data


def _judged(
    path: Path,
    target: Path,
    own: OwnModel,
    judge: Judge,
    made_for: RuntimeName,
    input_wh: tuple[int, int] | None,
) -> tuple[tuple[int, int], Verdict]:
    """Both models on the runtime that the new one is made for; the input size, and the verdict."""
    choice = RuntimeChoice(made_for)
    before = own_network(path, own, choice, input_wh=input_wh, score_min=JUDGED_SCORE_MIN)
    try:
        after = own_network(target, own, choice, input_wh=input_wh, score_min=JUDGED_SCORE_MIN)
    except ModelInvalid as error:
        raise ModelInvalid(
            f"The 8-bit model of '{own.name}' can't be run ({_reason(error)}); make it for the "
            "other runtime (--runtime), or stay with 32 bits."
        ) from error
    try:
        return before.info.input_wh, judge(before, after)
    finally:
        before.close()
        after.close()


@contextmanager
def _quiet() -> Iterator[None]:
    """The quantiser advises developers through the root logger; that is nothing for a user."""
    root = logging.getLogger()
    before = root.level
    root.setLevel(logging.ERROR)
    try:
        yield
    finally:
        root.setLevel(before)


def _cpu_flags() -> frozenset[str]:
    """Instruction sets as Linux lists them; empty elsewhere."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return frozenset()
    line = re.search(r"^(?:flags|Features)\s*:(.*)$", text, re.MULTILINE)
    return frozenset(line.group(1).split()) if line else frozenset()


def _reason(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")[:200]
