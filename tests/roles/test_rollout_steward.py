"""A trial that goes by itself: stage after stage while all processes find it healthy."""

from pathlib import Path

import pytest

from its_camera_ai.api.state import SystemState
from its_camera_ai.bus.messages import ModelStatus, RoleStatus
from its_camera_ai.core.models import ModelRef, RolloutState
from its_camera_ai.roles.rollout_steward import RolloutSteward
from its_camera_ai.store.database import open_database
from its_camera_ai.store.migration import migrate
from its_camera_ai.store.model_registry import ModelRegistry, ModelVersion
from tests.api.support import TurnedClock

NANO = ModelRef("nano", 1)


class Rig:
    def __init__(self, folder: Path) -> None:
        self.clock = TurnedClock()
        self.database = open_database(f"sqlite:///{folder}/site.db")
        migrate(self.database)
        self.registry = ModelRegistry(self.database, self.clock)
        self.registry.add(ModelVersion("nano", 0, "n", "ab", "yolox", "MIT", (64, 64), [], "", 0))
        self.state = SystemState(self.clock)
        self.steward = RolloutSteward(self.registry, self.state, self.clock)

    def beat(self, index: int = 0, *, verdict: str = "healthy", state: str = "ready") -> None:
        attempt = self.registry.life().rollout.attempt
        model = ModelStatus(
            "nano", 1, "challenger", state, cameras=["gate"], verdict=verdict, attempt=attempt
        )
        self.state.on_status(RoleStatus("vision", index, 1, 0, 0, ready=True, models=[model]))

    def run(self, seconds: int, **beat: str) -> int:
        """The share after so many seconds of such heartbeats."""
        for _ in range(seconds):
            self.beat(**beat)  # type: ignore[arg-type]  # its keywords
            self.steward.tick()
            self.clock.turn(1)
        return self.registry.life().rollout.percent


@pytest.fixture
def rig(tmp_path: Path):  # type: ignore[no-untyped-def]
    rig = Rig(tmp_path)
    yield rig
    rig.database.close()


def test_stages_follow_each_other_to_the_end(rig: Rig) -> None:
    rig.registry.start(NANO, percent=10, auto=True, hold_s=60)
    assert rig.run(60) == 10
    assert rig.run(2) == 50
    assert rig.run(70) == 100
    rig.run(70)
    assert rig.registry.life().champion == NANO
    assert rig.registry.life().rollout.state is RolloutState.PROMOTED


@pytest.mark.parametrize(
    "beat",
    [
        pytest.param({"verdict": "waiting"}, id="too few looks"),
        pytest.param({"state": "loading", "verdict": "healthy"}, id="not loaded yet"),
    ],
)
def test_what_holds_a_stage(rig: Rig, beat: dict[str, str]) -> None:
    rig.registry.start(NANO, percent=10, auto=True, hold_s=5)
    assert rig.run(60, **beat) == 10


def test_every_process_has_a_say_while_it_is_heard(rig: Rig) -> None:
    rig.registry.start(NANO, percent=10, auto=True, hold_s=20)
    rig.beat(1, verdict="waiting")
    assert rig.run(25) == 10
    assert rig.run(10) == 50, "the other one has fallen silent"


def test_by_hand_it_stays_where_it_is(rig: Rig) -> None:
    rig.registry.start(NANO, percent=10, hold_s=1)
    assert rig.run(30) == 10
