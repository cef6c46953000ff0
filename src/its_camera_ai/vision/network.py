"""Detector networks: pictures into the runtime, its numbers into detections."""

import threading
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import structlog

from its_camera_ai.core.detections import Detections
from its_camera_ai.core.errors import ModelInvalid
from its_camera_ai.vision.detector import AreaLook, ByteArray, ModelInfo
from its_camera_ai.vision.families import COCO, ClassMap, Family, columns
from its_camera_ai.vision.letterbox import Letterbox, Normalisation, Placement, frame_size
from its_camera_ai.vision.network_input import by, network_input
from its_camera_ai.vision.nms import suppress
from its_camera_ai.vision.runtime import Device, Outputs, Runtime
from its_camera_ai.vision.thresholds import SCORE_MIN, ScoreMin, limits

log = structlog.get_logger(__name__)

BATCH_MAX = 64
"""Pictures in one run; bounds the buffers of a thread."""
GPU_BATCH = 16
SIZES_MAX = 16
"""Input sizes for which a thread keeps buffers."""


class NetworkDetectorModel:
    """One network, loaded once; every detector it opens shares it, from any thread.

    Args:
        runtime: the compiled network, which this object closes.
        name, licence, sha256: for ``info``.
        family: how the network is fed and read.
        classes: what its class columns mean.
        input_wh: the size to run at; None takes the file's fixed size, or 640×384 of a dynamic
            one. Free sides must be multiples of the family's stride.
        batch: most pictures worth one run; 0 is what suits the device. A file with a fixed batch
            keeps it.
        score_min: weaker findings are not reported; for all classes or class by class.
        normalisation: how pixels are fed, if not as the family is.

    Raises:
        ModelInvalid: the network's inputs or outputs don't fit the family and the classes.
    """

    def __init__(
        self,
        runtime: Runtime,
        *,
        name: str,
        family: Family,
        classes: ClassMap = COCO,
        licence: str = "",
        sha256: str = "",
        input_wh: tuple[int, int] | None = None,
        batch: int = 0,
        score_min: ScoreMin = SCORE_MIN,
        normalisation: Normalisation | None = None,
    ) -> None:
        self._runtime = runtime
        self._family = family
        self._normalisation = normalisation or family.normalisation
        self._class_count = len(classes)
        self._columns, self._class_ids = columns(classes)
        self._limits = limits(score_min, self._class_ids)
        self._score_min = float(self._limits.min())
        self._input = network_input(runtime.inputs, name, family)
        self._input_wh = self._input.size(input_wh, name, family.stride)
        self._local = threading.local()
        self._lock = threading.Lock()
        self._numbers_lost = 0
        reported = tuple(dict.fromkeys(c for c in classes if c is not None))
        self._info = ModelInfo(
            name, family.name, licence, self._input_wh, reported, sha256, runtime.info
        )
        self._batch_max = self._input.batch or 1
        # A wrong family or class list must fail here, not at the first frame of the night.
        self.detect(np.zeros((self._input_wh[1], self._input_wh[0], 3), np.uint8), 0)
        if self._input.batch is None:
            self._batch_max = self._batches(batch)

    @property
    def info(self) -> ModelInfo:
        return self._info

    @property
    def areas(self) -> "NetworkDetectorModel":
        return self

    @property
    def batch_max(self) -> int:
        return self._batch_max

    @property
    def numbers_lost(self) -> int:
        """Outputs so far that were no finite numbers; findings made of them were left out."""
        return self._numbers_lost

    def open(self, camera_id: str) -> "NetworkDetectorModel":
        """The network remembers nothing, so all cameras share this object; thread safe."""
        return self

    def fits(self, input_wh: tuple[int, int]) -> bool:
        return self._input.fits(input_wh, self._family.stride)

    def detect(self, frame_bgr: ByteArray, pts_ns: int) -> Detections:
        """What is in the frame.

        Raises:
            InputUnreadable: the frame is no picture.
            ModelInvalid: the network broke off, or answers nothing but NaN.
        """
        whole = (0, 0, *frame_size(frame_bgr))
        return self._look([AreaLook(frame_bgr, whole, self._input_wh)])[0]

    def detect_areas(self, looks: Sequence[AreaLook]) -> list[Detections]:
        found = [Detections.empty()] * len(looks)
        by_size: dict[tuple[int, int], list[int]] = {}
        for i, look in enumerate(looks):
            by_size.setdefault(look.input_wh, []).append(i)
        for same in by_size.values():
            for first in range(0, len(same), self._batch_max):
                batch = same[first : first + self._batch_max]
                for i, seen in zip(batch, self._look([looks[i] for i in batch]), strict=True):
                    found[i] = seen
        return found

    def close(self) -> None:
        self._runtime.close()

    def _batches(self, wanted: int) -> int:
        """What a file of free batch can really take: many fix it inside."""
        suits = 1 if self._info.runtime is None or self._on_cpu else GPU_BATCH
        batch_max = min(wanted or suits, BATCH_MAX)
        if batch_max > 1:
            blank = np.zeros((self._input_wh[1], self._input_wh[0], 3), np.uint8)
            look = AreaLook(blank, (0, 0, *self._input_wh), self._input_wh)
            try:
                self._look([look, look])
            except ModelInvalid:
                return 1
        return batch_max

    @property
    def _on_cpu(self) -> bool:
        return self._runtime.info.device == Device.CPU

    def _look(self, looks: Sequence[AreaLook]) -> list[Detections]:
        """One run of the network over looks of one input size, no more than ``batch_max``."""
        input_wh = looks[0].input_wh
        letterbox = self._letterbox(input_wh)
        size = self._input.batch or len(looks)
        letterbox.batch(size)
        places = [letterbox.put(look.frame_bgr, look.area, i) for i, look in enumerate(looks)]
        outputs = self._run(letterbox.batch(size))
        with np.errstate(over="ignore", invalid="ignore"):  # garbage in, nothing out
            return [
                self._read(self._family.picture_of(outputs, i, size), input_wh, place)
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
        keep = (score >= self._limits[best]) & np.isfinite(score) & np.isfinite(xyxy).all(axis=1)
        found = Detections(
            placement.to_frame(xyxy[keep]),
            np.minimum(score[keep], 1).astype(np.float32),
            self._class_ids[best[keep]],
        )
        left, top, right, bottom = found.xyxy.T
        has_area = (right > left) & (bottom > top)  # what lies outside was clipped to nothing
        return suppress(found.take(has_area), self._family.iou_max)

    def _run(self, batch: npt.NDArray[np.float32]) -> Outputs:
        try:
            outputs = self._runtime.run(self._input.feeds(batch))
        except ModelInvalid as error:
            raise ModelInvalid(
                f"The model '{self._info.name}' can't run at {by(batch.shape[:1:-1])}: {error}"
            ) from error
        self._check_numbers(outputs)
        return outputs

    def _check_numbers(self, outputs: Outputs) -> None:
        """Count what is no finite number; refuse an answer of nothing else."""
        floats = [v for v in outputs.values() if np.issubdtype(v.dtype, np.floating) and v.size]
        with np.errstate(over="ignore", invalid="ignore"):
            if all(np.isfinite(v.sum(dtype=np.float32)) for v in floats):
                return  # one NaN or infinity would have spoilt the sum
        lost = sum(int(v.size - np.isfinite(v).sum()) for v in floats)
        with self._lock:
            first = self._numbers_lost == 0 and lost > 0
            self._numbers_lost += lost
        if first:
            log.warning("the network answers NaN or infinity", model=self._info.name, values=lost)
        if lost == sum(v.size for v in floats):
            raise ModelInvalid(
                f"The model '{self._info.name}' answers no numbers (NaN or infinity throughout); "
                "export it again in 32 bits, or take another model."
            )

    def _letterbox(self, input_wh: tuple[int, int]) -> Letterbox:
        """The calling thread's own buffers for this input size."""
        letterboxes: dict[tuple[int, int], Letterbox] | None
        letterboxes = getattr(self._local, "letterboxes", None)
        if letterboxes is None:
            letterboxes = self._local.letterboxes = {}
        if input_wh not in letterboxes:
            if len(letterboxes) >= SIZES_MAX:
                letterboxes.clear()
            letterboxes[input_wh] = Letterbox(input_wh, self._normalisation)
        return letterboxes[input_wh]
