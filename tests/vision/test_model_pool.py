"""Models beside each other: what serves, what is refused, and that the old one always serves."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pytest

from its_camera_ai.core.detections import Detections
from its_camera_ai.core.errors import ModelInvalid
from its_camera_ai.core.models import CONFIGURED, ModelRef
from its_camera_ai.core.time import NS_PER_S, WallTime
from its_camera_ai.vision.detector import DetectorModel, ModelInfo
from its_camera_ai.vision.model_entry import NOTHING_TO_COMPARE
from its_camera_ai.vision.model_pool import KEPT_S, LOAD_MAX_S, ModelPool, Wanted
from its_camera_ai.vision.model_source import LookOutcome

NEW, OTHER = ModelRef("new", 1), ModelRef("other", 1)
CAMERAS = ("gate", "yard")
FOUND = Detections.of([[0, 0, 9, 9]] * 2, [0.8, 0.8])


class FakeModel:
    """Finds two cars in every picture, unless told otherwise."""

    areas = None

    def __init__(self, name: str, family: str = "fake") -> None:
        self.info = ModelInfo(name, family, "MIT", (64, 64), (), "00")
        self.closed = False
        self.fails = False
        self.warmed_up = 0

    def open(self, camera_id: str) -> "FakeModel":
        return self

    def detect(self, frame_bgr: np.ndarray, pts_ns: int) -> Detections:
        if self.fails:
            raise RuntimeError("the network broke")
        assert not self.closed
        self.warmed_up += 1
        return FOUND

    def close(self) -> None:
        self.closed = True


class Hand:
    now_s = 0.0

    def monotonic_ns(self) -> int:
        return round(self.now_s * NS_PER_S)

    def wall_ns(self) -> WallTime:
        return WallTime(self.monotonic_ns())


class Rig:
    """A pool whose loads happen when the test says so."""

    def __init__(self) -> None:
        self.clock = Hand()
        self.models: dict[ModelRef, FakeModel | Exception] = {
            ref: FakeModel(ref.name) for ref in (CONFIGURED, NEW, OTHER)
        }
        self.golden: dict[ModelRef, str | Exception] = {CONFIGURED: NOTHING_TO_COMPARE}
        self.loads: list[Callable[[], None]] = []
        self.loaded: list[ModelRef] = []
        self.pool = self.make(CONFIGURED)

    def make(self, *candidates: ModelRef) -> ModelPool:
        return ModelPool(
            candidates,
            load=self._load,
            verify=self._verify,
            cameras=lambda: CAMERAS,
            clock=self.clock,
            spawn=self.loads.append,
        )

    def _load(self, ref: ModelRef) -> DetectorModel:
        self.loaded.append(ref)
        made = self.models[ref]
        if isinstance(made, Exception):
            raise made
        return made

    def _verify(self, ref: ModelRef, model: DetectorModel) -> str:
        said = self.golden.get(ref, "")
        if isinstance(said, Exception):
            raise said
        return said

    def finish_loads(self) -> None:
        while self.loads:
            self.loads.pop(0)()
        self.pool.poll()

    def try_out(self, *cameras: str, attempt: int = 1) -> None:
        """Put NEW on trial at these cameras, loaded."""
        self.pool.want(trial(*cameras, attempt=attempt))
        self.finish_loads()

    def serving(self) -> dict[str, str]:
        return {c: self.pool.model_of(c).info.name for c in CAMERAS}

    def look(self, n: int, *, seconds: float = 0.02, found: Detections | None = FOUND) -> None:
        """``n`` looks at every camera; a look of a challenger goes as the arguments say."""
        for _ in range(n):
            for camera in CAMERAS:
                model = self.pool.model_of(camera)
                mine = model.info.name == "new"
                outcome = LookOutcome(
                    camera, model, seconds if mine else 0.02, found if mine else FOUND
                )
                self.pool.looked(outcome)

    def reasons(self) -> list[str]:
        return [refusal.reason for refusal in self.pool.refusals]


@pytest.fixture
def rig() -> Rig:
    return Rig()


def trial(*cameras: str, attempt: int = 1) -> Wanted:
    return Wanted(CONFIGURED, challenger=NEW, attempt=attempt, cameras=frozenset(cameras))


OLD = {"gate": "configured", "yard": "configured"}


def test_a_new_model_serves_only_when_it_is_loaded_warm_and_verified(rig: Rig) -> None:
    rig.pool.want(trial("gate"))
    assert rig.serving() == OLD
    assert [s.state for s in rig.pool.statuses()] == ["ready", "loading"]
    rig.finish_loads()
    new = rig.models[NEW]
    assert isinstance(new, FakeModel)
    assert new.warmed_up > 0
    assert rig.serving() == {"gate": "new", "yard": "configured"}
    rig.pool.want(trial(*CAMERAS))
    assert rig.serving() == {"gate": "new", "yard": "new"}
    assert rig.loaded.count(NEW) == 1
    champion, challenger = rig.pool.statuses()
    assert (champion.alias, champion.golden, champion.cameras) == ("champion", "none", [])
    assert (challenger.alias, challenger.golden) == ("challenger", "same")
    assert challenger.cameras == ["gate", "yard"]


@dataclass(frozen=True)
class Broken:
    """One way to be no good before the first camera."""

    load: Exception | None = None
    golden: str | Exception = ""
    fails: bool = False
    says: str = ""


@pytest.mark.parametrize(
    "broken",
    [
        pytest.param(Broken(load=ModelInvalid("it was altered"), says="altered"), id="corrupt"),
        pytest.param(
            Broken(load=ValueError("boom"), says="ValueError"), id="a runtime's own error"
        ),
        pytest.param(Broken(golden="25 of 25 differ", says="25 of 25"), id="wrong golden"),
        pytest.param(Broken(golden=ModelInvalid("no numbers"), says="no numbers"), id="NaN"),
        pytest.param(Broken(fails=True, says="first looks"), id="fails when it looks"),
    ],
)
def test_what_is_no_good_never_looks(rig: Rig, broken: Broken) -> None:
    model = rig.models[NEW]
    assert isinstance(model, FakeModel)
    model.fails = broken.fails
    if broken.load is not None:
        rig.models[NEW] = broken.load
    rig.golden[NEW] = broken.golden
    rig.try_out("gate")
    assert rig.serving() == OLD
    (refusal,) = rig.pool.refusals
    assert broken.says in refusal.reason
    assert (refusal.model, refusal.attempt, refusal.as_champion) == (NEW, 1, False)
    failed = rig.pool.statuses()[-1]
    assert (failed.state, failed.alias) == ("failed", "challenger")
    assert broken.says in failed.reason
    rig.pool.told(refusal)
    rig.finish_loads()
    assert rig.pool.refusals == []
    assert rig.loaded.count(NEW) == 1, "it is not tried again and again"
    rig.models[NEW], rig.golden[NEW] = FakeModel("new"), ""
    rig.try_out("gate", attempt=2)
    assert rig.serving()["gate"] == "new", "but in another trial it is"


def test_a_load_that_hangs_is_given_up_and_thrown_away_when_it_comes_back(rig: Rig) -> None:
    rig.pool.want(trial("gate"))
    rig.clock.now_s = LOAD_MAX_S + 1
    rig.pool.poll()
    assert rig.reasons() == ["it was not ready within 300 s"]
    rig.finish_loads()
    assert rig.serving() == OLD
    model = rig.models[NEW]
    assert isinstance(model, FakeModel)
    assert model.closed


@pytest.mark.parametrize(
    ("look", "says"),
    [
        pytest.param({"seconds": 0.2}, "takes 200 ms", id="ten-fold slower"),
        pytest.param({"found": Detections.empty()}, "find nothing", id="finds nothing"),
        pytest.param({"found": None}, "failed at", id="fails"),
    ],
)
def test_a_challenger_that_does_badly_is_withdrawn_at_once(rig: Rig, look, says: str) -> None:  # type: ignore[no-untyped-def]
    rig.look(60)
    rig.try_out("gate")
    rig.look(60, **look)
    rig.pool.poll()
    assert rig.serving() == OLD
    assert says in rig.reasons()[0]


def test_a_good_challenger_is_called_healthy_and_compared_with_its_cameras_past(rig: Rig) -> None:
    rig.look(60)
    rig.try_out("gate")
    rig.pool.poll()
    assert rig.pool.statuses()[-1].verdict == "waiting"
    rig.look(60)
    rig.pool.poll()
    status = rig.pool.statuses()[-1]
    assert (status.verdict, status.looks, status.failures) == ("healthy", 60, 0)
    assert status.found_per_look == status.baseline_found_per_look == 2
    assert status.latency_ms_p95 == pytest.approx(20)
    assert rig.reasons() == []


MANY = Detections.of([[0, 0, 9, 9]] * 8, [0.4] * 8)


@pytest.mark.parametrize(
    ("family", "withdrawn"), [("fake", True), ("other", False)], ids=["same family", "another"]
)
def test_a_model_of_another_family_may_find_more(rig: Rig, family: str, withdrawn: bool) -> None:
    rig.models[NEW] = FakeModel("new", family)
    rig.look(60)
    rig.try_out("gate")
    rig.look(60, found=MANY)
    rig.pool.poll()
    assert bool(rig.reasons()) == withdrawn


def test_an_old_baseline_is_none(rig: Rig) -> None:
    """At night less is found than in the evening, whoever looks."""
    rig.look(60)
    rig.try_out(*CAMERAS)
    rig.clock.now_s += 3600
    rig.look(60, found=Detections.empty())
    rig.pool.poll()
    assert rig.reasons() == []
    assert rig.pool.statuses()[-1].verdict == "waiting"


def test_a_roll_back_takes_effect_at_once_and_frees_the_model_later(rig: Rig) -> None:
    rig.try_out(*CAMERAS)
    model = rig.models[NEW]
    assert isinstance(model, FakeModel)
    rig.pool.want(Wanted(CONFIGURED))
    assert rig.serving() == OLD
    assert not model.closed, "a look with it may be under way"
    rig.clock.now_s += KEPT_S + 1
    rig.pool.poll()
    rig.pool.poll()
    assert model.closed
    assert [s.name for s in rig.pool.statuses()] == ["configured"]


def test_a_promotion_changes_no_camera_and_the_way_back_is_short(rig: Rig) -> None:
    rig.try_out(*CAMERAS)
    rig.pool.want(Wanted(NEW, champion_attempt=2))
    assert rig.serving() == {"gate": "new", "yard": "new"}
    assert rig.loaded.count(NEW) == 1
    rig.pool.want(Wanted(CONFIGURED))
    assert rig.serving() == OLD
    assert rig.loaded.count(CONFIGURED) == 1, "it was still in memory"


def test_a_champion_that_can_t_serve_leaves_the_old_one_in_place(rig: Rig) -> None:
    rig.golden[NEW] = "all differ"
    rig.pool.want(Wanted(NEW, champion_attempt=5))
    rig.finish_loads()
    assert rig.serving() == OLD
    (refusal,) = rig.pool.refusals
    assert (refusal.as_champion, refusal.attempt) == (True, 5)


def test_the_first_candidate_that_works_begins(rig: Rig) -> None:
    rig.models[NEW] = ModelInvalid("gone")
    pool = rig.make(NEW, CONFIGURED)
    assert pool.model_of("gate").info.name == "configured"
    rig.models[CONFIGURED] = ModelInvalid("there is no model at all")
    with pytest.raises(ModelInvalid, match="there is no model at all"):
        rig.make(NEW, CONFIGURED)


def test_models_are_found_by_alias(rig: Rig) -> None:
    assert rig.pool.model_named("challenger") is None
    assert rig.pool.model_named("anything") is None
    rig.try_out("gate")
    named = rig.pool.model_named("challenger")
    assert named is not None
    assert named[1:] == (NEW, "same")


def test_closing_frees_everything(rig: Rig) -> None:
    rig.try_out("gate")
    rig.pool.close()
    assert all(isinstance(m, FakeModel) and m.closed for m in (rig.models[NEW],))


def test_another_limit_of_latency_may_be_given(rig: Rig) -> None:
    rig.look(60)
    rig.pool.want(replace(trial("gate"), latency_ratio_max=20))
    rig.finish_loads()
    rig.look(60, seconds=0.2)
    rig.pool.poll()
    assert rig.reasons() == []
