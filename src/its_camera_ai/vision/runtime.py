"""The port to what computes: one network, compiled for this machine."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

import numpy.typing as npt

Outputs = Mapping[str, npt.NDArray[Any]]
"""A network's raw outputs by name."""


class RuntimeName(StrEnum):
    """What can run a network; ``auto`` takes ONNX Runtime, which is always there."""

    AUTO = "auto"
    ONNXRUNTIME = "onnxruntime"
    OPENVINO = "openvino"


class Device(StrEnum):
    """Where it may run; ``auto`` takes a GPU if the runtime has one, else the CPU."""

    AUTO = "auto"
    CPU = "cpu"
    CUDA = "cuda"
    TENSORRT = "tensorrt"


@dataclass(frozen=True, slots=True)
class RuntimeChoice:
    """How a network shall be run on this machine.

    Attributes:
        runtime, device: what, and where.
        threads: per run.
        streams: runs at the same time that the runtime should be ready for; 0 is one per core
            (OpenVINO shares its threads out; ONNX Runtime takes what comes).
        batch: most pictures worth one run; 0 is what suits the device: one on a CPU, where a
            batch gains nothing, 16 on a GPU.
    """

    runtime: RuntimeName = RuntimeName.AUTO
    device: Device = Device.AUTO
    threads: int = 1
    streams: int = 0
    batch: int = 0


@dataclass(frozen=True, slots=True)
class RuntimeInfo:
    """What a network runs on.

    Attributes:
        runtime, version: ``onnxruntime`` or ``openvino``.
        device: ``cpu``, ``cuda`` or ``tensorrt``; never ``auto``.
        threads: per run.
        precision: of the weights and sums: ``fp32``, ``fp16`` or ``int8``.
    """

    runtime: str
    version: str
    device: str
    threads: int
    precision: str

    def __str__(self) -> str:
        threads = "1 thread" if self.threads == 1 else f"{self.threads} threads"
        return f"{self.runtime} {self.version} {self.device} {self.precision}, {threads}"


@dataclass(frozen=True, slots=True)
class TensorSpec:
    """An input as the file declares it.

    Attributes:
        shape: None where a side is free.
        dtype: the name that NumPy gives the type: ``float32``, ``int64`` …
    """

    name: str
    shape: tuple[int | None, ...]
    dtype: str

    def __str__(self) -> str:
        sides = ", ".join("?" if side is None else str(side) for side in self.shape)
        return f"{self.name} ({sides}) {self.dtype}"


class Runtime(Protocol):
    """One compiled network. ``run`` is safe from several threads at once."""

    @property
    def info(self) -> RuntimeInfo: ...

    @property
    def inputs(self) -> tuple[TensorSpec, ...]: ...

    @property
    def output_names(self) -> tuple[str, ...]: ...

    def run(self, feeds: Mapping[str, npt.NDArray[Any]]) -> Outputs:
        """All outputs for these inputs, in the order of ``output_names``.

        The arrays returned are the caller's own; the feeds are not kept.

        Raises:
            ModelInvalid: the network can't take inputs of these shapes, or broke off.
        """
        ...

    def close(self) -> None:
        """Free the network; it is not run afterwards."""
        ...
