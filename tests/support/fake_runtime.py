"""A runtime that answers what a test wants, and remembers what it was fed."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from its_camera_ai.vision.runtime import Outputs, RuntimeInfo, TensorSpec
from tests.support.tiny_models import SIDE

PICTURES = TensorSpec("images", (1, 3, SIDE, SIDE), "float32")


class FakeRuntime:
    """Answers ``answer`` of the feeds, or always the same outputs.

    ``fed`` is what the last run got.
    """

    def __init__(
        self,
        answer: Outputs | Callable[[Mapping[str, np.ndarray]], Outputs],
        *inputs: TensorSpec,
        device: str = "cpu",
    ) -> None:
        self._answer = answer if callable(answer) else lambda _: answer
        self.inputs = inputs or (PICTURES,)
        self.output_names = ("output",)
        self.info = RuntimeInfo("fake", "1", device, 1, "fp32")
        self.fed: dict[str, np.ndarray] = {}
        self.runs = 0
        self.closed = False

    def run(self, feeds: Mapping[str, Any]) -> Outputs:
        self.fed = {name: np.array(value) for name, value in feeds.items()}
        self.runs += 1
        return self._answer(feeds)

    def close(self) -> None:
        self.closed = True
