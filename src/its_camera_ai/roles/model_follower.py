"""Keeps one vision process's models as the registry wants them, and tells it what it refused."""

from collections.abc import Collection

import structlog

from its_camera_ai.core.errors import RetryableError
from its_camera_ai.core.models import CONFIGURED, ModelRef
from its_camera_ai.store.model_registry import ModelLife, ModelRegistry
from its_camera_ai.vision.model_pool import ModelPool, Wanted
from its_camera_ai.vision.rollout import share_of

log = structlog.get_logger(__name__)


class ModelFollower:
    """Polled once a second by one thread.

    A database that goes away changes nothing: the models that look go on looking.

    Args:
        process: whose models these are, ``vision/0``. If it ended unexpectedly while it carried a
            model on trial, the trial has failed: a network may take its whole process down.
    """

    def __init__(self, registry: ModelRegistry, process: str) -> None:
        self._registry = registry
        self._process = process
        self._pool: ModelPool | None = None
        self._camera_ids: frozenset[str] = frozenset()
        self._followed: tuple[int, frozenset[str]] | None = None
        self._carried: int | None = None
        self._problem = ""
        self._after_a_crash()

    def candidates(self, configured: str) -> tuple[ModelRef, ...]:
        """The models to begin with, the best first.

        Args:
            configured: the model that the settings name, in words.
        """
        if self._registry.configure(configured):
            log.warning("the settings name another model than before; it is champion again")
        champion = self._registry.life().champion
        return (CONFIGURED,) if champion == CONFIGURED else (champion, CONFIGURED)

    def follow(self, pool: ModelPool) -> None:
        """From now on, tell this pool what to serve."""
        self._pool = pool

    def watch(self, camera_ids: Collection[str]) -> None:
        """All cameras of the site that are looked at, by whichever process."""
        self._camera_ids = frozenset(camera_ids)

    def poll(self) -> None:
        """Bring the pool up to date."""
        if self._pool is None:
            return
        try:
            self._tell(self._pool)
            now = (self._registry.revision(), self._camera_ids)
            if now != self._followed:
                life = self._registry.life()
                self._carry(life)
                self._pool.want(_wanted(life, self._camera_ids))
                self._followed = now
            self._problem = ""
        except RetryableError as error:
            if str(error) != self._problem:
                self._problem = str(error)
                log.warning("the model registry can't be reached", problem=self._problem)
        self._pool.poll()

    def close(self) -> None:
        """An orderly end: whatever was carried is no reason to end its trial."""
        try:
            self._registry.put_down(self._process)
        except RetryableError as error:
            log.warning("the model registry can't be reached", problem=str(error))

    def _after_a_crash(self) -> None:
        carried = self._registry.carried(self._process)
        if carried is None:
            return
        model, attempt = carried
        reason = f"the process {self._process} ended unexpectedly while it carried {model}"
        if self._registry.fail(attempt, reason):
            log.error("a model on trial is given up", problem=reason)
        self._registry.put_down(self._process)

    def _carry(self, life: ModelLife) -> None:
        """Noted before the model is loaded: loading may be what takes the process down."""
        on_trial = life.challenger is not None and life.rollout.is_running
        attempt = life.rollout.attempt if on_trial else None
        if attempt == self._carried:
            return
        if life.challenger is not None and attempt is not None:
            self._registry.carry(self._process, life.challenger, attempt)
        else:
            self._registry.put_down(self._process)
        self._carried = attempt

    def _tell(self, pool: ModelPool) -> None:
        for refusal in pool.refusals:
            if refusal.as_champion:
                self._registry.refuse_champion(
                    refusal.attempt, f"{refusal.model}: {refusal.reason}"
                )
            else:
                self._registry.fail(refusal.attempt, refusal.reason)
            pool.told(refusal)


def _wanted(life: ModelLife, camera_ids: frozenset[str]) -> Wanted:
    trial = life.rollout
    return Wanted(
        life.champion,
        life.champion_attempt,
        life.challenger if trial.is_running else None,
        trial.attempt,
        share_of(camera_ids, trial.percent) if trial.is_running else frozenset(),
        trial.percent if trial.is_running else 0,
        trial.latency_ratio_max,
    )
