"""Networks through OpenVINO on the CPU; the extra ``openvino`` brings it."""

import importlib
import os
import queue
import threading
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from its_camera_ai.core.errors import ConfigInvalid, ModelInvalid
from its_camera_ai.vision.onnx_file import onnx_facts
from its_camera_ai.vision.openvino_file import is_packed, unpacked
from its_camera_ai.vision.runtime import (
    Device,
    Outputs,
    RuntimeChoice,
    RuntimeInfo,
    RuntimeName,
    TensorSpec,
)

SHAPES_MAX = 8
"""Input shapes compiled at the same time; the one unused longest makes room."""

_Shape = tuple[int, ...]


class OpenVinoRuntime:
    """One network, compiled anew for each shape of its input: faster than with free sides.

    Threads are not pinned: two models with one pinned thread each would land on one core. Sums
    are in 32 bits also where the CPU offers bfloat16, so that results are those of any machine.

    Args:
        path: an ONNX file, or one of OpenVINO's own format (``openvino_file``).

    Raises:
        ConfigInvalid: OpenVINO isn't installed, doesn't start, or can't use the device.
        ModelInvalid: the file can't be read.
    """

    def __init__(self, path: Path, choice: RuntimeChoice) -> None:
        if choice.device not in (Device.AUTO, Device.CPU):
            raise ConfigInvalid(
                f"OpenVINO runs on the CPU here, not on '{choice.device}'; set "
                "ITSCAM_INFERENCE_DEVICE=auto or ITSCAM_INFERENCE_RUNTIME=onnxruntime"
            )
        openvino = _openvino()
        streams = choice.streams or len(os.sched_getaffinity(0))
        self._properties = {
            "NUM_STREAMS": streams,
            "INFERENCE_NUM_THREADS": streams * choice.threads,
            "ENABLE_CPU_PINNING": False,
            "INFERENCE_PRECISION_HINT": "f32",
        }
        self._any_batch = choice.batch > 1
        own_format = is_packed(path)
        source = unpacked(path) if own_format else (str(path),)
        precision = "" if own_format else onnx_facts(path).precision
        try:
            self._core = openvino.Core()
            self._model = self._core.read_model(*source)
        except (RuntimeError, MemoryError) as error:
            raise ModelInvalid(
                f"{path} can't be read by OpenVINO ({_reason(error)}); fetch or export it again, "
                "and check it with: itscam models verify"
            ) from error
        self._info = RuntimeInfo(
            RuntimeName.OPENVINO.value,
            openvino.__version__.split("-")[0],
            Device.CPU.value,
            choice.threads,
            precision or _precision(self._model),
        )
        self._inputs = tuple(_spec(port) for port in self._model.inputs)
        self._output_names = tuple(port.get_any_name() for port in self._model.outputs)
        self._compiled: OrderedDict[tuple[_Shape, ...], _Compiled] = OrderedDict()
        self._lock = threading.Lock()

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
        ordered = [np.ascontiguousarray(feeds[spec.name]) for spec in self._inputs]
        try:
            values = self._compiled_for([v.shape for v in ordered]).run(ordered)
        except (RuntimeError, MemoryError) as error:
            raise ModelInvalid(
                f"OpenVINO broke off: {_reason(error)}. Choose another input size, another model, "
                "or ITSCAM_INFERENCE_RUNTIME=onnxruntime"
            ) from error
        return dict(zip(self._output_names, values, strict=True))

    def close(self) -> None:
        with self._lock:
            self._compiled.clear()

    def _compiled_for(self, shapes: list[_Shape]) -> "_Compiled":
        """The network for these inputs; whoever comes first with new ones waits for it."""
        wanted = [
            (-1 if self._any_batch and spec.shape[:1] == (None,) else shape[0], *shape[1:])
            for spec, shape in zip(self._inputs, shapes, strict=True)
        ]
        key = tuple(wanted)
        with self._lock:
            if key not in self._compiled:
                model = self._model.clone()
                if model.is_dynamic():
                    model.reshape(dict(enumerate(wanted)))
                compiled = self._core.compile_model(model, "CPU", self._properties)
                self._compiled[key] = _Compiled(compiled)
                if len(self._compiled) > SHAPES_MAX:
                    self._compiled.popitem(last=False)
            self._compiled.move_to_end(key)
            return self._compiled[key]


class _Compiled:
    """A compiled network and its idle requests; as many as ran at the same time."""

    def __init__(self, compiled: Any) -> None:
        self._compiled = compiled
        self._idle: queue.SimpleQueue[Any] = queue.SimpleQueue()

    def run(self, inputs: list[npt.NDArray[Any]]) -> list[npt.NDArray[Any]]:
        try:
            request = self._idle.get_nowait()
        except queue.Empty:
            request = self._compiled.create_infer_request()
        answer = request.infer(dict(enumerate(inputs)), share_inputs=True)
        values = [np.array(answer[port]) for port in self._compiled.outputs]
        self._idle.put(request)
        return values


def _openvino() -> Any:
    try:
        return importlib.import_module("openvino")
    except ImportError as error:
        if getattr(error, "name", None) == "openvino":
            raise ConfigInvalid(
                "OpenVINO is not installed; get it with: pip install 'its-camera-ai[openvino]', "
                "or set ITSCAM_INFERENCE_RUNTIME=onnxruntime"
            ) from error
        raise ConfigInvalid(
            f"OpenVINO is installed but does not start ({error}); install it again with: pip "
            "install --force-reinstall 'its-camera-ai[openvino]', or set "
            "ITSCAM_INFERENCE_RUNTIME=onnxruntime"
        ) from error


def _spec(port: Any) -> TensorSpec:
    shape = tuple(d.get_length() if d.is_static else None for d in port.partial_shape)
    dtype = np.dtype(port.element_type.to_dtype()).name
    return TensorSpec(port.get_any_name(), shape, dtype)


def _precision(model: Any) -> str:
    """Of a network in OpenVINO's own format."""
    kinds = [op.get_type_name() for op in model.get_ops()]
    if "FakeQuantize" in kinds:
        return "int8"
    constants = [op for op in model.get_ops() if op.get_type_name() == "Constant"]
    halves = sum(op.get_element_type().get_type_name() == "f16" for op in constants)
    return "fp16" if 2 * halves > len(constants) else "fp32"


def _reason(error: Exception) -> str:
    """OpenVINO prefixes each message with the C++ places that it passed."""
    lines = [line.strip() for line in str(error).splitlines()]
    told = [s for s in lines if s and not s.startswith(("Exception from", "Check '"))]
    return (told or ["no reason given"])[-1].rstrip(".")[:300]
