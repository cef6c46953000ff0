"""From the registry to the models of a process and back; what a crash means."""

from pathlib import Path

import numpy as np
import pytest

from its_camera_ai.core.detections import Detections
from its_camera_ai.core.errors import DatabaseUnavailable, ModelInvalid
from its_camera_ai.core.models import CONFIGURED, ModelRef, RolloutState
from its_camera_ai.core.time import SystemClock
from its_camera_ai.roles.model_follower import ModelFollower
from its_camera_ai.store.database import open_database
from its_camera_ai.store.migration import migrate
from its_camera_ai.store.model_registry import ModelRegistry, ModelVersion
from its_camera_ai.vision.detector import DetectorModel, ModelInfo
from its_camera_ai.vision.model_entry import NOTHING_TO_COMPARE
from its_camera_ai.vision.model_pool import ModelPool

NANO = ModelRef("nano", 1)
CAMERAS = [f"camera-{n}" for n in range(10)]


class FakeModel:
    areas = None

    def __init__(self, name: str) -> None:
        self.info = ModelInfo(name, "fake", "MIT", (64, 64), (), "00")

    def open(self, camera_id: str) -> "FakeModel":
        return self

    def detect(self, frame_bgr: np.ndarray, pts_ns: int) -> Detections:
        return Detections.empty()

    def close(self) -> None:
        """Nothing to free."""


class Process:
    """One vision process's models, without its cameras."""

    def __init__(self, registry: ModelRegistry, *, broken: bool = False) -> None:
        self.follower = ModelFollower(registry, "vision/0")
        self._broken = broken
        candidates = self.follower.candidates("auto")
        self.pool = ModelPool(
            candidates,
            load=self._load,
            verify=lambda _ref, _model: NOTHING_TO_COMPARE,
            cameras=lambda: CAMERAS,
            clock=SystemClock(),
            spawn=lambda work: work(),
        )
        self.follower.follow(self.pool)
        self.follower.watch(CAMERAS)

    def _load(self, ref: ModelRef) -> DetectorModel:
        if self._broken and ref != CONFIGURED:
            raise ModelInvalid("the file is damaged")
        return FakeModel(str(ref))

    def poll(self) -> int:
        """Poll until all is settled; how many cameras the new model looks at."""
        for _ in range(3):
            self.follower.poll()
        return sum(self.pool.model_of(c).info.name == str(NANO) for c in CAMERAS)


@pytest.fixture
def registry(tmp_path: Path):  # type: ignore[no-untyped-def]
    database = open_database(f"sqlite:///{tmp_path}/site.db")
    migrate(database)
    made = ModelRegistry(database, SystemClock())
    made.add(ModelVersion("nano", 0, "n", "ab", "yolox", "MIT", (64, 64), [], "", 0))
    yield made
    database.close()


def test_what_the_registry_says_is_done(registry: ModelRegistry) -> None:
    process = Process(registry)
    assert process.poll() == 0
    for percent, cameras in ((10, 1), (50, 5), (100, 10)):
        registry.start(NANO, percent=percent)
        assert process.poll() == cameras
    registry.roll_back("worse")
    assert process.poll() == 0
    registry.promote(NANO)
    assert process.poll() == 10
    assert Process(registry).pool.model_of("x").info.name == "nano:1", "also after a restart"


def test_more_cameras_more_of_them_on_trial(registry: ModelRegistry) -> None:
    process = Process(registry)
    registry.start(NANO, percent=50)
    process.poll()
    process.follower.watch(CAMERAS[:2])
    assert process.poll() <= 1


def test_a_model_that_can_t_be_loaded_ends_its_trial(registry: ModelRegistry) -> None:
    process = Process(registry, broken=True)
    registry.start(NANO, percent=100)
    assert process.poll() == 0
    rollout = registry.life().rollout
    assert (rollout.state, rollout.reason) == (RolloutState.FAILED, "the file is damaged")


def test_a_champion_that_can_t_be_loaded_loses_its_place(registry: ModelRegistry) -> None:
    process = Process(registry, broken=True)
    registry.promote(NANO)
    assert process.poll() == 0
    life = registry.life()
    assert life.champion == CONFIGURED
    assert life.rollout.reason == "nano:1: the file is damaged"


def test_a_process_that_dies_with_a_model_on_trial_ends_it(registry: ModelRegistry) -> None:
    registry.start(NANO, percent=100)
    assert Process(registry).poll() == 10
    after = Process(registry)
    assert registry.life().rollout.state is RolloutState.FAILED
    assert "vision/0 ended unexpectedly" in registry.life().rollout.reason
    assert after.poll() == 0
    registry.start(NANO, percent=100)
    assert after.poll() == 10, "it may be tried again"


def test_an_orderly_end_is_no_reason_to_end_a_trial(registry: ModelRegistry) -> None:
    registry.start(NANO, percent=100)
    process = Process(registry)
    process.poll()
    process.follower.close()
    assert Process(registry).poll() == 10
    assert registry.life().rollout.is_running


def test_a_process_that_dies_after_a_trial_is_no_matter(registry: ModelRegistry) -> None:
    registry.start(NANO, percent=100)
    process = Process(registry)
    process.poll()
    registry.promote()
    process.poll()
    assert Process(registry).poll() == 10
    assert registry.life().champion == NANO


def test_without_the_database_all_stays_as_it_is(
    registry: ModelRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry.start(NANO, percent=100)
    process = Process(registry)
    assert process.poll() == 10

    def gone(_: object) -> int:
        raise DatabaseUnavailable("gone")

    monkeypatch.setattr(ModelRegistry, "revision", gone)
    assert process.poll() == 10
    monkeypatch.undo()
    registry.roll_back("now")
    assert process.poll() == 0
