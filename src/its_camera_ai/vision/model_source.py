"""Which model looks at which camera; it may change while cameras run."""

from dataclasses import dataclass
from typing import Protocol

from its_camera_ai.bus.messages import ModelStatus
from its_camera_ai.core.detections import Detections
from its_camera_ai.vision.detector import DetectorModel


@dataclass(frozen=True, slots=True, eq=False)
class LookOutcome:
    """How one look went, for those who judge a model by it.

    Attributes:
        camera_id: whose frame.
        model: that looked.
        seconds: of wall time that the inference took.
        found: None if the detector failed.
    """

    camera_id: str
    model: DetectorModel
    seconds: float
    found: Detections | None


class ModelSource(Protocol):
    """Asked before every look, told after it. Both are quick and safe from any thread."""

    def model_of(self, camera_id: str) -> DetectorModel:
        """The model that looks at this camera now. Stays loaded while it is the answer."""
        ...

    def looked(self, outcome: LookOutcome) -> None: ...

    def statuses(self) -> list[ModelStatus]:
        """For the heartbeat: every model in memory."""
        ...

    def close(self) -> None: ...
