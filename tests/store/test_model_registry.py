"""The registry: numbers, aliases, trials, and what may not be done."""

from collections.abc import Callable

import pytest

from its_camera_ai.core.errors import ConfigInvalid
from its_camera_ai.core.models import CONFIGURED, ModelRef, RolloutState, parse_ref
from its_camera_ai.core.time import WallTime
from its_camera_ai.store.database import Database
from its_camera_ai.store.model_registry import ModelRegistry, ModelVersion

ONE, TWO = ModelRef("nano", 1), ModelRef("nano", 2)


class Hand:
    """A clock that a test sets."""

    now_ns = 1_000

    def wall_ns(self) -> WallTime:
        return WallTime(self.now_ns)

    def monotonic_ns(self) -> int:
        return self.now_ns


def version(sha256: str = "aa", name: str = "nano") -> ModelVersion:
    return ModelVersion(name, 0, "nano.onnx", sha256, "yolox", "MIT", (64, 64), [{"a": 1}], "", 0)


@pytest.fixture
def clock() -> Hand:
    return Hand()


@pytest.fixture
def registry(database: Database, clock: Hand) -> ModelRegistry:
    """Two versions of one model."""
    made = ModelRegistry(database, clock)
    assert made.add(version("aa")).ref == ONE
    assert made.add(version("bb")).ref == TWO
    return made


def test_versions_are_kept_as_they_were(registry: ModelRegistry) -> None:
    first, second = registry.versions()
    assert (first.ref, first.input_wh, first.golden) == (ONE, (64, 64), [{"a": 1}])
    assert (second.sha256, second.registered_ns) == ("bb", 1_000)
    assert registry.find("nano") == second
    assert registry.find("nano:1") == first


@pytest.mark.parametrize(
    ("wanted", "says"),
    [
        pytest.param(version("aa"), "registered already, as nano:1", id="the same again"),
        pytest.param(version(name="champion"), "no alias", id="an alias's name"),
        pytest.param(version(name="configured"), "no alias", id="the settings' own name"),
        pytest.param(version(name="nano:3"), "plain name", id="with a number"),
        pytest.param(version(name="../x"), "names no model", id="a path"),
    ],
)
def test_what_is_not_registered(registry: ModelRegistry, wanted: ModelVersion, says: str) -> None:
    with pytest.raises(ConfigInvalid, match=says):
        registry.add(wanted)
    assert len(registry.versions()) == 2


@pytest.mark.parametrize("text", ["", "nano:0", "nano:x", "a b", ":1", "n" * 65])
def test_what_is_no_name(text: str) -> None:
    with pytest.raises(ConfigInvalid, match="NAME"):
        parse_ref(text)


def test_nothing_registered_leaves_the_settings_in_charge(registry: ModelRegistry) -> None:
    life = registry.life()
    assert (life.champion, life.challenger, life.previous) == (CONFIGURED, None, None)
    assert life.rollout.state is RolloutState.NONE
    with pytest.raises(ConfigInvalid, match="nothing"):
        registry.roll_back("by hand")
    with pytest.raises(ConfigInvalid, match="No registered model"):
        registry.find("champion")


def test_a_trial_goes_up_is_promoted_and_taken_back(registry: ModelRegistry, clock: Hand) -> None:
    started = registry.start(ONE, percent=10)
    clock.now_ns = 5_000
    more = registry.start(ONE, percent=50)
    assert (more.rollout.percent, more.challenger) == (50, ONE)
    assert more.rollout.attempt == started.rollout.attempt
    assert (more.rollout.started_ns, more.rollout.stage_ns) == (1_000, 5_000)
    done = registry.promote()
    assert (done.champion, done.challenger, done.previous) == (ONE, None, CONFIGURED)
    assert done.rollout.state is RolloutState.PROMOTED
    assert registry.promote(TWO).previous == ONE
    back = registry.roll_back("worse at night")
    assert (back.champion, back.previous) == (ONE, None)
    assert (back.rollout.state, back.rollout.reason) == (
        RolloutState.ROLLED_BACK,
        "worse at night",
    )


def test_every_change_raises_the_revision(registry: ModelRegistry) -> None:
    changes: list[Callable[[], object]] = [
        lambda: registry.start(ONE, percent=10, auto=True),
        lambda: registry.advance(registry.life().rollout.attempt, 10),
        lambda: registry.fail(registry.life().rollout.attempt, "slow"),
        lambda: registry.promote(TWO),
        lambda: registry.refuse_champion(registry.life().champion_attempt, "gone"),
    ]
    seen = [registry.revision()]
    for change in changes:
        change()
        seen.append(registry.revision())
    assert seen == sorted(set(seen))
    assert registry.life().champion == CONFIGURED


def test_a_trial_by_itself_passes_all_stages(registry: ModelRegistry) -> None:
    attempt = registry.start(ONE, percent=10, auto=True).rollout.attempt
    shares = []
    while registry.life().rollout.is_running:
        shares.append(registry.life().rollout.percent)
        assert registry.advance(attempt, shares[-1])
    assert shares == [10, 50, 100]
    assert registry.life().champion == ONE


@pytest.mark.parametrize(
    ("attempt_off", "percent"),
    [pytest.param(1, 10, id="another trial"), pytest.param(0, 50, id="another stage")],
)
def test_a_late_verdict_moves_nothing(
    registry: ModelRegistry, attempt_off: int, percent: int
) -> None:
    attempt = registry.start(ONE, percent=10, auto=True).rollout.attempt
    assert not registry.advance(attempt + attempt_off, percent)
    assert not registry.fail(attempt + 1, "late")
    assert registry.life().rollout.percent == 10


def test_a_trial_by_hand_is_not_advanced(registry: ModelRegistry) -> None:
    attempt = registry.start(ONE, percent=10).rollout.attempt
    assert not registry.advance(attempt, 10)


def test_what_is_not_tried(registry: ModelRegistry) -> None:
    with pytest.raises(ConfigInvalid, match="1 to 100"):
        registry.start(ONE, percent=0)
    with pytest.raises(ConfigInvalid, match="latency ratio"):
        registry.start(ONE, percent=10, latency_ratio_max=0.5)
    registry.start(ONE, percent=10)
    for other in (lambda: registry.start(TWO, percent=10), lambda: registry.promote(TWO)):
        with pytest.raises(ConfigInvalid, match="nano:1 is on trial"):
            other()
    registry.promote()
    with pytest.raises(ConfigInvalid, match="champion already"):
        registry.start(ONE, percent=10)
    with pytest.raises(ConfigInvalid, match="name the version"):
        registry.promote()


def test_a_failed_trial_may_be_tried_again_under_another_number(registry: ModelRegistry) -> None:
    first = registry.start(ONE, percent=10).rollout.attempt
    assert registry.fail(first, "found nothing")
    life = registry.life()
    assert (life.challenger, life.rollout.state) == (None, RolloutState.FAILED)
    assert life.rollout.reason == "found nothing"
    assert registry.start(ONE, percent=10).rollout.attempt != first


def test_other_settings_end_a_championship(registry: ModelRegistry) -> None:
    assert not registry.configure("auto")
    registry.promote(ONE)
    assert not registry.configure("auto")
    assert registry.life().champion == ONE
    assert registry.configure("other")
    assert registry.life().champion == CONFIGURED
    assert registry.life().previous is None


def test_what_a_process_carried_is_known_after_its_death(registry: ModelRegistry) -> None:
    assert registry.carried("vision/0") is None
    registry.carry("vision/0", ONE, 3)
    registry.carry("vision/0", TWO, 4)
    registry.carry("vision/1", ONE, 4)
    assert registry.carried("vision/0") == (TWO, 4)
    registry.put_down("vision/0")
    assert registry.carried("vision/0") is None
    assert registry.carried("vision/1") == (ONE, 4)
