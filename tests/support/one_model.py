"""A source of models that never changes, for a vision role without a registry."""

from its_camera_ai.bus.messages import ModelStatus
from its_camera_ai.vision.detector import DetectorModel
from its_camera_ai.vision.model_source import LookOutcome


class OneModel:
    """The same model for every camera, for as long as the process runs."""

    def __init__(self, model: DetectorModel) -> None:
        self._model = model

    def model_of(self, camera_id: str) -> DetectorModel:
        return self._model

    def looked(self, outcome: LookOutcome) -> None:
        """Nothing to judge: there is no other model to go back to."""

    def statuses(self) -> list[ModelStatus]:
        return [ModelStatus(self._model.info.name, 0, "champion", "ready", self._model.info.name)]

    def close(self) -> None:
        self._model.close()
