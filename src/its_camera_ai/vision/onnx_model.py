"""Detector networks through ONNX Runtime on the CPU."""

import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnxruntime as ort
from onnxruntime.capi.onnxruntime_pybind11_state import (
    Fail,
    InvalidArgument,
    InvalidGraph,
    InvalidProtobuf,
    NoSuchFile,
    RuntimeException,
)
from onnxruntime.capi.onnxruntime_pybind11_state import NotImplemented as NotImplementedByRuntime

from its_camera_ai.core.detections import Detections
from its_camera_ai.core.errors import ModelInvalid
from its_camera_ai.vision.detector import AreaLook, ByteArray, FloatArray, ModelInfo, Outputs
from its_camera_ai.vision.families import COCO, ClassMap, Family, columns
from its_camera_ai.vision.letterbox import Letterbox, Placement
from its_camera_ai.vision.nms import suppress

SCORE_MIN = 0.2
NMS_IOU_MAX = 0.45
BATCH_MAX = 64
"""Pictures in one run; bounds the buffers of a thread."""

_DYNAMIC_WH = (640, 384)  # a 16:9 picture with the least padding at an affordable cost

_ORT_ERRORS = (
    Fail,
    InvalidArgument,
    InvalidGraph,
    InvalidProtobuf,
    NoSuchFile,
    NotImplementedByRuntime,
    RuntimeException,
)


class OnnxDetectorModel:
    """One network, loaded once; every detector it opens shares the session, from any thread.

    One thread per session without spinning: two spinning threads starve the decoder when the
    other core is busy, and batching buys nothing on a CPU (docs/models.md).

    Args:
        path: the ONNX file.
        name, licence, sha256: for ``info``.
        family: how the network is fed and read.
        classes: what its class columns mean.
        input_wh: the size to run at; None takes the file's fixed size, or 640×384 of a dynamic
            one. Multiples of the family's stride.
        threads: intra-op threads of this session.
        score_min: weaker findings are not reported.

    Raises:
        ModelInvalid: the file is missing, is no ONNX file, or its shapes don't fit.
    """

    def __init__(
        self,
        path: Path,
        *,
        name: str,
        family: Family,
        classes: ClassMap = COCO,
        licence: str = "",
        sha256: str = "",
        input_wh: tuple[int, int] | None = None,
        threads: int = 1,
        score_min: float = SCORE_MIN,
    ) -> None:
        self._family = family
        self._score_min = score_min
        self._class_count = len(classes)
        self._columns, self._class_ids = columns(classes)
        self._session = _session(path, name, threads)
        self._input_name, self._input_wh = _input(self._session, name, family, input_wh)
        shape = self._session.get_inputs()[0].shape
        self._any_batch = not isinstance(shape[0], int)
        self._any_size = not any(isinstance(side, int) for side in shape[2:])
        self._output_names = [o.name for o in self._session.get_outputs()]
        self._local = threading.local()
        reported = tuple(dict.fromkeys(c for c in classes if c is not None))
        self._info = ModelInfo(name, family.name, licence, self._input_wh, reported, sha256)
        # A wrong family or class list must fail here, not at the first frame of the night.
        self.detect(np.zeros((self._input_wh[1], self._input_wh[0], 3), np.uint8), 0)

    @property
    def info(self) -> ModelInfo:
        return self._info

    def open(self, camera_id: str) -> "OnnxDetectorModel":
        """The network remembers nothing, so all cameras share this object; thread safe."""
        return self

    @property
    def areas(self) -> "OnnxDetectorModel":
        return self

    @property
    def batch_max(self) -> int:
        return BATCH_MAX if self._any_batch else 1

    def fits(self, input_wh: tuple[int, int]) -> bool:
        if not self._any_size:
            return input_wh == self._input_wh
        stride = self._family.stride
        return min(input_wh) > 0 and not (input_wh[0] % stride or input_wh[1] % stride)

    def detect(self, frame_bgr: ByteArray, pts_ns: int) -> Detections:
        height, width = frame_bgr.shape[:2]
        return self._look([AreaLook(frame_bgr, (0, 0, width, height), self._input_wh)])[0]

    def detect_areas(self, looks: Sequence[AreaLook]) -> list[Detections]:
        found = [Detections.empty()] * len(looks)
        by_size: dict[tuple[int, int], list[int]] = {}
        for i, look in enumerate(looks):
            by_size.setdefault(look.input_wh, []).append(i)
        for same in by_size.values():
            for first in range(0, len(same), self.batch_max):
                batch = same[first : first + self.batch_max]
                for i, seen in zip(batch, self._look([looks[i] for i in batch]), strict=True):
                    found[i] = seen
        return found

    def _look(self, looks: Sequence[AreaLook]) -> list[Detections]:
        """One run of the network over looks of one input size, no more than ``batch_max``."""
        input_wh = looks[0].input_wh
        letterbox = self._letterbox(input_wh)
        letterbox.batch(len(looks))
        places = [letterbox.put(look.frame_bgr, look.area, i) for i, look in enumerate(looks)]
        outputs = self._run(letterbox.batch(len(looks)))
        return [
            self._read({name: v[i : i + 1] for name, v in outputs.items()}, input_wh, place)
            for i, place in enumerate(places)
        ]

    def _read(
        self, outputs: Outputs, input_wh: tuple[int, int], placement: Placement
    ) -> Detections:
        """One picture's outputs → detections in the frame."""
        xyxy, scores = self._family.decode(outputs, input_wh, self._class_count, self._score_min)
        scores = scores[:, self._columns]
        best = scores.argmax(axis=1)
        score = scores[np.arange(len(best)), best]
        keep = score >= self._score_min
        found = Detections(
            placement.to_frame(xyxy[keep]),
            score[keep].astype(np.float32),
            self._class_ids[best[keep]],
        )
        left, top, right, bottom = found.xyxy.T
        has_area = (right > left) & (bottom > top)  # what lies outside was clipped to nothing
        return suppress(found.take(has_area), NMS_IOU_MAX)

    def close(self) -> None:
        """Nothing to stop: the session goes with its last user."""

    def _letterbox(self, input_wh: tuple[int, int]) -> Letterbox:
        """The calling thread's own buffers for this input size."""
        letterboxes: dict[tuple[int, int], Letterbox] | None
        letterboxes = getattr(self._local, "letterboxes", None)
        if letterboxes is None:
            letterboxes = self._local.letterboxes = {}
        if input_wh not in letterboxes:
            letterboxes[input_wh] = Letterbox(input_wh, self._family.normalisation)
        return letterboxes[input_wh]

    def _run(self, batch: FloatArray) -> Outputs:
        try:
            values = self._session.run(self._output_names, {self._input_name: batch})
        except _ORT_ERRORS as error:
            raise ModelInvalid(
                f"The model '{self._info.name}' can't run at {_by(batch.shape[:1:-1])}: "
                f"{_first_line(error)}. Choose another input size or another model."
            ) from error
        return dict(zip(self._output_names, values, strict=True))


def _session(path: Path, name: str, threads: int) -> ort.InferenceSession:
    if not path.is_file():
        raise ModelInvalid(
            f"The model '{name}' is not on this machine ({path}); "
            f"fetch it with: itscam models pull {name}"
        )
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.execution_mode = ort.ExecutionMode.ORT_SEQUENTIAL
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry("session.inter_op.allow_spinning", "0")
    options.log_severity_level = 3  # errors only; warnings about unused initialisers help nobody
    try:
        return ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except _ORT_ERRORS as error:
        raise ModelInvalid(
            f"{path} can't be read as an ONNX model ({_first_line(error)}); fetch or export it "
            "again, and check it with: itscam models verify"
        ) from error


def _input(
    session: ort.InferenceSession, name: str, family: Family, wanted_wh: tuple[int, int] | None
) -> tuple[str, tuple[int, int]]:
    """Name of the only input and the size to run at."""
    inputs = session.get_inputs()
    found = ", ".join(f"{i.name} {i.shape} {i.type}" for i in inputs)
    shape = inputs[0].shape
    fits = len(inputs) == 1 and len(shape) == 4 and inputs[0].type == "tensor(float)"
    if not fits or shape[1] != 3 or (shape[0] not in (1, None) and not isinstance(shape[0], str)):
        raise ModelInvalid(
            f"The model '{name}' has the input {found}; expected one float input "
            "(1, 3, height, width). Export it again with that input."
        )
    # symbolic sides are text or None
    file_wh = tuple(side if isinstance(side, int) else None for side in (shape[3], shape[2]))
    default_wh = wanted_wh or _DYNAMIC_WH
    size_wh = (file_wh[0] or default_wh[0], file_wh[1] or default_wh[1])
    if wanted_wh is not None and size_wh != wanted_wh:
        raise ModelInvalid(
            f"The model '{name}' runs at {_by(size_wh)} only, but {_by(wanted_wh)} was asked for; "
            "leave the input size out or take a model of any size."
        )
    if size_wh[0] % family.stride or size_wh[1] % family.stride or min(size_wh) <= 0:
        raise ModelInvalid(
            f"The input size {_by(size_wh)} does not suit the model '{name}': both sides must be "
            f"multiples of {family.stride} pixels."
        )
    return inputs[0].name, size_wh


def _by(size_wh: Sequence[int]) -> str:
    return f"{size_wh[0]}×{size_wh[1]}"


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or ["no reason given"])[0].rstrip(".")
