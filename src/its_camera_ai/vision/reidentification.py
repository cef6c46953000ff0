"""What persons look like, as vectors that are near for the same person: for ``tracking``."""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from its_camera_ai.core.errors import ModelInvalid
from its_camera_ai.vision.runtime import Runtime

_BODY_PX_MIN = 24
"""A lower box tells nothing: its row stays zero."""
_PAD = 0.05
"""Share of a box added round it."""


@dataclass(frozen=True, slots=True)
class Feeding:
    """How a re-identification network is fed.

    Attributes:
        size_wh: of its input. channels_first: NCHW, else NHWC. rgb: else BGR.
        mean, deviation: (3,) by which 0–255 values are normalised, in its order of channels.
    """

    size_wh: tuple[int, int] = (128, 256)
    channels_first: bool = True
    rgb: bool = True
    mean: tuple[float, float, float] = (0.0, 0.0, 0.0)
    deviation: tuple[float, float, float] = (1.0, 1.0, 1.0)


OSNET = Feeding(mean=(123.675, 116.28, 103.53), deviation=(58.395, 57.12, 57.375))
"""OSNet of deep-person-reid: RGB, mean and deviation of ImageNet (Zhou et al., ICCV 2019)."""
RETAIL_0287 = Feeding(channels_first=False, rgb=False)
"""person-reidentification-retail-0287 of the Open Model Zoo: BGR as it is."""


class Reidentification:
    """The appearance port of the tracker by a network. Off unless someone asks for it.

    One run per person; a busy frame costs as many. ``features`` is safe from several threads.

    Args:
        runtime: the compiled network, one input, one output; the caller closes it.
        name: of the model, for messages.

    Raises:
        ModelInvalid: the network's input is of another kind than ``feeding`` says.
    """

    def __init__(self, runtime: Runtime, name: str, feeding: Feeding) -> None:
        width, height = feeding.size_wh
        wanted = (3, height, width) if feeding.channels_first else (height, width, 3)
        inputs = runtime.inputs
        if len(inputs) != 1 or inputs[0].shape[1:] != wanted or len(runtime.output_names) != 1:
            raise ModelInvalid(
                f"The model '{name}' has the inputs {[str(i) for i in inputs]}, but "
                f"re-identification needs one of (1, {', '.join(map(str, wanted))}) and one "
                "output; choose another model."
            )
        self._runtime = runtime
        self._input, self._output = inputs[0].name, runtime.output_names[0]
        self._feeding = feeding
        self._mean = np.array(feeding.mean, np.float32)
        self._deviation = np.array(feeding.deviation, np.float32)
        blank = np.zeros((height, width, 3), np.uint8)
        self._length = len(self._run(blank))

    def features(
        self, frame_bgr: npt.NDArray[np.uint8], xyxy: npt.NDArray[np.floating[Any]]
    ) -> npt.NDArray[np.float32]:
        """
        Args:
            frame_bgr: (H, W, 3). xyxy: (N, 4) px of that frame.

        Returns:
            (N, D) float32, rows of length 1, or zeros where the box is too small to tell.
        """
        found = np.zeros((len(xyxy), self._length), np.float32)
        height, width = frame_bgr.shape[:2]
        for row, box in enumerate(np.asarray(xyxy, np.float64)):
            pad = _PAD * (box[2:] - box[:2])
            left, top = np.maximum(box[:2] - pad, 0).astype(int)
            right, bottom = np.minimum(box[2:] + pad, (width, height)).astype(int)
            if bottom - top < _BODY_PX_MIN or right - left < _BODY_PX_MIN // 3:
                continue
            vector = self._run(frame_bgr[top:bottom, left:right])
            length = float(np.linalg.norm(vector))
            if np.isfinite(length) and length > 0:
                found[row] = vector / length
        return found

    def _run(self, body_bgr: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        feeding = self._feeding
        picture = cv2.resize(body_bgr, feeding.size_wh, interpolation=cv2.INTER_LINEAR)
        fed = (picture[..., ::-1] if feeding.rgb else picture).astype(np.float32)
        fed = (fed - self._mean) / self._deviation
        if feeding.channels_first:
            fed = fed.transpose(2, 0, 1)
        outputs = self._runtime.run({self._input: np.ascontiguousarray(fed[None])})
        vector: npt.NDArray[np.float32] = outputs[self._output].reshape(-1).astype(np.float32)
        return vector
