"""Networks through ONNX Runtime: on the CPU, and on NVIDIA GPUs where its GPU build is there."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy.typing as npt
import onnxruntime as ort
from onnxruntime.capi.onnxruntime_pybind11_state import (
    EPFail,
    Fail,
    InvalidArgument,
    InvalidGraph,
    InvalidProtobuf,
    NoSuchFile,
    RuntimeException,
)
from onnxruntime.capi.onnxruntime_pybind11_state import NotImplemented as NotImplementedByRuntime

from its_camera_ai.core.errors import ConfigInvalid, ModelInvalid
from its_camera_ai.vision.onnx_file import onnx_facts
from its_camera_ai.vision.runtime import (
    Device,
    Outputs,
    RuntimeChoice,
    RuntimeInfo,
    RuntimeName,
    TensorSpec,
)

_ERRORS = (
    EPFail,
    Fail,
    InvalidArgument,
    InvalidGraph,
    InvalidProtobuf,
    NoSuchFile,
    NotImplementedByRuntime,
    RuntimeException,
    MemoryError,
)
_PROVIDERS = {
    Device.CPU: "CPUExecutionProvider",
    Device.CUDA: "CUDAExecutionProvider",
    Device.TENSORRT: "TensorrtExecutionProvider",
}
_FALLBACK = {
    Device.CPU: (Device.CPU,),
    Device.CUDA: (Device.CUDA, Device.CPU),
    Device.TENSORRT: (Device.TENSORRT, Device.CUDA, Device.CPU),
}
_ERRORS_ONLY = 3  # log severity; warnings about unused initialisers help nobody


def device_for(wanted: Device, available: Sequence[str]) -> Device:
    """The device to run on, of those whose execution providers are built in.

    ``auto`` takes CUDA before the CPU; TensorRT, which builds an engine for minutes, only by name.

    Args:
        available: as ``onnxruntime.get_available_providers()`` tells.

    Raises:
        ConfigInvalid: the wanted device isn't available.
    """
    if wanted is Device.AUTO:
        return Device.CUDA if _PROVIDERS[Device.CUDA] in available else Device.CPU
    if _PROVIDERS[wanted] not in available:
        raise ConfigInvalid(
            f"This ONNX Runtime can't use the device '{wanted}' (it has {', '.join(available)}); "
            "set ITSCAM_INFERENCE_DEVICE=auto, or install its GPU build: "
            "pip uninstall onnxruntime && pip install onnxruntime-gpu"
        )
    return wanted


def providers_for(device: Device, available: Sequence[str]) -> list[str]:
    """The execution providers for a device, in order; what one can't run falls to the next."""
    return [_PROVIDERS[d] for d in _FALLBACK[device] if _PROVIDERS[d] in available]


class OnnxRuntime:
    """One session, shared by all callers.

    Few threads without spinning: two spinning threads starve the decoder as soon as the other
    core is busy (docs/models.md).

    Args:
        available: execution providers of this build; None asks the library.

    Raises:
        ConfigInvalid: the device isn't available.
        ModelInvalid: the file can't be read, or holds something that this version can't run.
    """

    def __init__(
        self, path: Path, choice: RuntimeChoice, *, available: Sequence[str] | None = None
    ) -> None:
        facts = onnx_facts(path)
        has = ort.get_available_providers() if available is None else available
        device = device_for(choice.device, has)
        self._session = _session(path, choice.threads, providers_for(device, has))
        used = self._session.get_providers()
        if _PROVIDERS[device] not in used:  # its libraries are missing; it falls back unasked
            if choice.device is not Device.AUTO:
                raise ConfigInvalid(
                    f"ONNX Runtime could not start on the device '{device}'; check the driver, "
                    "CUDA and cuDNN, or set ITSCAM_INFERENCE_DEVICE=auto"
                )
            device = Device.CPU
        self._info = RuntimeInfo(
            RuntimeName.ONNXRUNTIME.value,
            ort.__version__,
            device.value,
            choice.threads,
            facts.precision,
        )
        self._inputs = tuple(_spec(node) for node in self._session.get_inputs())
        self._output_names = tuple(o.name for o in self._session.get_outputs())

    @property
    def info(self) -> RuntimeInfo:
        return self._info

    @property
    def inputs(self) -> tuple[TensorSpec, ...]:
        return self._inputs

    @property
    def output_names(self) -> tuple[str, ...]:
        return self._output_names

    def run(self, feeds: Mapping[str, npt.NDArray[Any]]) -> Outputs:
        try:
            values = self._session.run(self._output_names, dict(feeds))
        except _ERRORS as error:
            raise ModelInvalid(
                f"ONNX Runtime broke off: {_first_line(error)}. Choose another input size or "
                "another model."
            ) from error
        return dict(zip(self._output_names, values, strict=True))

    def close(self) -> None:
        """Nothing to stop: the session goes with its last user."""


def _session(path: Path, threads: int, providers: list[str]) -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.execution_mode = ort.ExecutionMode.ORT_SEQUENTIAL
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry("session.inter_op.allow_spinning", "0")
    options.log_severity_level = _ERRORS_ONLY
    try:
        return ort.InferenceSession(str(path), options, providers=providers)
    except _ERRORS as error:
        raise ModelInvalid(
            f"{path} can't be read as an ONNX model ({_first_line(error)}); fetch or export it "
            "again, and check it with: itscam models verify"
        ) from error


def _spec(node: Any) -> TensorSpec:
    """Free sides are text or None in ONNX Runtime."""
    kind = node.type.removeprefix("tensor(").removesuffix(")")
    dtype = {"float": "float32", "double": "float64"}.get(kind, kind)
    shape = tuple(side if isinstance(side, int) and side > 0 else None for side in node.shape)
    return TensorSpec(node.name, shape, dtype)


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or ["no reason given"])[0].rstrip(".")[:300]
