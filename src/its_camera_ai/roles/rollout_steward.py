"""Moves a trial that goes by itself to its next stage, by what all vision processes report."""

import structlog

from its_camera_ai.api.state import SystemState
from its_camera_ai.bus.messages import ModelStatus
from its_camera_ai.core.errors import RetryableError
from its_camera_ai.core.time import NS_PER_S, Clock
from its_camera_ai.store.model_registry import CHALLENGER, ModelRegistry
from its_camera_ai.vision.rollout import Health, Report, StageWatch

log = structlog.get_logger(__name__)


class RolloutSteward:
    """Ticks once a second in the server process. Ending a trial is not its business: each vision
    process does that by itself, at once."""

    def __init__(self, registry: ModelRegistry, state: SystemState, clock: Clock) -> None:
        self._registry = registry
        self._state = state
        self._clock = clock
        self._stage_watch = StageWatch()

    def tick(self) -> None:
        try:
            trial = self._registry.life().rollout
            if not trial.is_running or not trial.auto:
                return
            now_s = self._clock.monotonic_ns() / NS_PER_S
            stage = (trial.attempt, trial.percent)
            over = self._stage_watch.is_over(stage, trial.hold_s, self._reports(), now_s)
            if over and self._registry.advance(*stage):
                log.info("a stage of a trial went well", percent=trial.percent)
        except RetryableError as error:
            log.warning("the model registry can't be reached", problem=str(error))

    def _reports(self) -> list[Report]:
        return [
            _report(model)
            for beat in self._state.heartbeats()
            if beat.value.role == "vision" and not beat.stale
            for model in beat.value.models
            if model.alias == CHALLENGER
        ]


def _report(model: ModelStatus) -> Report:
    if model.state != "ready":  # it has no camera yet, but it is waited for
        return Report(model.attempt, 1, Health.WAITING)
    return Report(model.attempt, len(model.cameras), Health(model.verdict))
