"""The port for what road users look like."""

from typing import Any, Protocol

import numpy as np
import numpy.typing as npt


class Appearance(Protocol):
    """Describes boxes of a frame so that the same body gives near vectors.

    Whoever looks at frames calls it and hands the result to ``Tracker.update``.
    """

    def features(
        self, frame_bgr: npt.NDArray[np.uint8], xyxy: npt.NDArray[np.floating[Any]]
    ) -> npt.NDArray[np.float32]:
        """
        Args:
            frame_bgr: (H, W, 3). xyxy: (N, 4) px of that frame.

        Returns:
            (N, D) float32, each row of length 1, or all zeros where a box is too small to tell.
        """
        ...
