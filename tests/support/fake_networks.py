"""Networks that see what a test wants, without any weights."""

from collections.abc import Callable, Sequence

import numpy as np

from its_camera_ai.core.detections import Detections
from its_camera_ai.vision.detector import AreaLook, Detector, ModelInfo

Boxes = Sequence[Sequence[float]]


class AreaNetwork:
    """Sees ``boxes`` of the frame, as far as they reach into an area, and remembers its looks.

    Args:
        sizes: inputs it fits; None takes any.
        before: called with the looks before anything is found; may raise or wait.
    """

    def __init__(
        self,
        boxes: Boxes = (),
        *,
        name: str = "area-network",
        batch_max: int = 1,
        sizes: set[tuple[int, int]] | None = None,
        before: Callable[[Sequence[AreaLook]], None] = lambda _looks: None,
    ) -> None:
        self.info = ModelInfo(name, "test", "Apache-2.0", (640, 384), ())
        self.boxes: Boxes = boxes
        self.batch_max = batch_max
        self.calls: list[list[AreaLook]] = []
        self.opened: list[str] = []
        self.closed = False
        self.fails = False
        self._sizes = sizes
        self._before = before

    @property
    def areas(self) -> "AreaNetwork":
        return self

    def open(self, camera_id: str) -> Detector:
        self.opened.append(camera_id)
        return self

    def close(self) -> None:
        self.closed = True

    def fits(self, input_wh: tuple[int, int]) -> bool:
        return self._sizes is None or input_wh in self._sizes

    def detect(self, frame_bgr: np.ndarray, pts_ns: int) -> Detections:
        height, width = frame_bgr.shape[:2]
        return self.detect_areas([AreaLook(frame_bgr, (0, 0, width, height), (640, 384))])[0]

    def detect_areas(self, looks: Sequence[AreaLook]) -> list[Detections]:
        self.calls.append(list(looks))
        self._before(looks)
        if self.fails:
            raise RuntimeError("the network broke")
        return [self._seen(look) for look in looks]

    def _seen(self, look: AreaLook) -> Detections:
        left, top, right, bottom = look.area
        found = []
        for box in self.boxes:
            low = max(box[0], left), max(box[1], top)
            high = min(box[2], right), min(box[3], bottom)
            if low[0] < high[0] and low[1] < high[1]:
                found.append([*low, *high])
        return Detections.of(found, [0.9] * len(found))
