"""The models of one vision process: a new one is loaded beside the old and earns its place.

Whatever is wanted is loaded in a thread of its own, warmed up, and compared with its golden
pictures. Only then does it look at a camera. What fails on the way, or hangs, changes nothing for
the cameras: the model that looked goes on looking.
"""

import threading
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace

import structlog

from its_camera_ai.bus.messages import ModelStatus
from its_camera_ai.core.errors import ModelInvalid
from its_camera_ai.core.models import ModelRef
from its_camera_ai.core.time import NS_PER_S, Clock
from its_camera_ai.vision.detector import DetectorModel
from its_camera_ai.vision.model_entry import NOTHING_TO_COMPARE, Load, ModelEntry, Verify
from its_camera_ai.vision.model_source import LookOutcome
from its_camera_ai.vision.model_watch import ModelWatch
from its_camera_ai.vision.rollout import Figures, Health, Limits, Verdict, judge

log = structlog.get_logger(__name__)

LOAD_MAX_S = 300.0
"""A model that is not ready after this is given up."""
KEPT_S = 30.0
"""A model that lost its place stays loaded for so long: a look with it may be under way."""
BASELINE_S = 1800.0
"""What the champion saw at a camera longer ago says nothing about now: the scene has changed."""

Spawn = Callable[[Callable[[], None]], None]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the registry decided, as far as it concerns this process.

    Attributes:
        champion: looks at every camera that the challenger does not have.
        champion_attempt, attempt: numbers of the promotion and of the trial; a model that failed
            is tried again under another number only.
        challenger: on trial; None if nothing is.
        cameras: the challenger's, of all cameras of the site; ``percent`` of them.
        latency_ratio_max: the challenger's limit.
    """

    champion: ModelRef
    champion_attempt: int = 0
    challenger: ModelRef | None = None
    attempt: int = 0
    cameras: frozenset[str] = frozenset()
    percent: int = 0
    latency_ratio_max: float = Limits().latency_ratio_max


@dataclass(frozen=True, slots=True)
class Refusal:
    """A model that this process won't serve, to be told to the registry."""

    model: ModelRef
    attempt: int
    as_champion: bool
    reason: str


@dataclass(frozen=True, slots=True)
class _Serving:
    """Replaced as a whole, so that it is read without a lock."""

    champion: ModelEntry
    challenger: ModelEntry | None = None
    cameras: frozenset[str] = frozenset()
    by_model: dict[int, ModelRef] = field(default_factory=dict)


class ModelPool:
    """A ``ModelSource`` whose models change while cameras run.

    ``want`` and ``poll`` are called by one thread, ``model_of`` and ``looked`` by any.

    Args:
        candidates: the model to begin with is the first of these that works.
        load: makes a model; slow, may raise or hang.
        verify: compares a loaded model with its golden pictures.
        cameras: the cameras that this process looks at now.
        spawn: runs something beside; a daemon thread if not given.

    Raises:
        ModelInvalid: none of the candidates works.
    """

    def __init__(
        self,
        candidates: Sequence[ModelRef],
        *,
        load: Load,
        verify: Verify,
        cameras: Callable[[], Collection[str]],
        clock: Clock,
        limits: Limits | None = None,
        spawn: Spawn | None = None,
    ) -> None:
        self._load = load
        self._verify = verify
        self._cameras = cameras
        self._clock = clock
        self._limits = limits or Limits()
        self._spawn = spawn or _spawn_daemon
        self._watch = ModelWatch()
        entry = self._first(candidates)
        self._entries = [entry]
        self._wanted = Wanted(entry.ref)
        self._serving = _Serving(entry, by_model={id(entry.model): entry.ref})
        self._verdict = Verdict(Health.WAITING)
        self._refused: dict[tuple[ModelRef, int], str] = {}
        self._untold: list[Refusal] = []

    def _first(self, candidates: Sequence[ModelRef]) -> ModelEntry:
        for ref in candidates:
            entry = ModelEntry(ref, 0, self._now_s())
            entry.bring_in(self._load, self._verify)
            if entry.model is not None:
                return entry
            log.error("a model can't serve", model=str(ref), problem=entry.reason)
        raise entry.error or ModelInvalid(f"The model '{entry.ref}' can't be used: {entry.reason}.")

    def model_of(self, camera_id: str) -> DetectorModel:
        """The challenger's model for its cameras, else the champion's."""
        serving = self._serving
        entry = serving.champion
        if serving.challenger is not None and camera_id in serving.cameras:
            entry = serving.challenger
        assert entry.model is not None, "what serves is loaded"  # noqa: S101  for the type checker
        return entry.model

    def looked(self, outcome: LookOutcome) -> None:
        ref = self._serving.by_model.get(id(outcome.model))
        if ref is not None:
            now_s = self._now_s()
            self._watch.add(ref, outcome.camera_id, outcome.seconds, outcome.found, now_s)

    def want(self, wanted: Wanted) -> None:
        """Serve this as soon as it can be served."""
        if wanted.attempt != self._wanted.attempt and wanted.challenger is not None:
            self._watch.forget(wanted.challenger)
            self._verdict = Verdict(Health.WAITING)
        self._wanted = wanted
        self.poll()

    def poll(self) -> None:
        """Once a second: take what has loaded, give up what hangs, judge the challenger."""
        for entry in self._entries:
            self._check(entry)
        for ref, attempt in self._wanted_now():
            if (ref, attempt) not in self._refused:
                self._ensure(ref, attempt)
        self._settle()
        self._judge()
        self._retire()

    @property
    def refusals(self) -> list[Refusal]:
        """What the registry has not been told yet; ``told`` takes it off the list."""
        return list(self._untold)

    def told(self, refusal: Refusal) -> None:
        self._untold.remove(refusal)

    def model_named(self, alias: str) -> tuple[DetectorModel, ModelRef, str] | None:
        """The model that serves as ``champion`` or ``challenger``, with what its golden pictures
        say; None where there is none."""
        serving = self._serving
        entry = serving.challenger if alias == "challenger" else serving.champion
        if entry is None or entry.model is None or alias not in ("champion", "challenger"):
            return None
        return entry.model, entry.ref, entry.golden

    def golden_now(self, model: DetectorModel, ref: ModelRef) -> str:
        """Compare once more: ``same``, ``differs`` or ``none``.

        Raises:
            ModelInvalid: the model fails.
        """
        said = self._verify(ref, model)
        if said == NOTHING_TO_COMPARE:
            return said
        return "differs" if said else "same"

    def statuses(self) -> list[ModelStatus]:
        """Every model in this process, the champion first."""
        serving, now_s = self._serving, self._now_s()
        return [
            self._status(entry, serving, now_s)
            for entry in sorted(self._entries, key=lambda e: e is not serving.champion)
        ]

    def close(self) -> None:
        for entry in self._entries:
            entry.given_up = True
            if entry.model is not None:
                entry.model.close()
        self._entries.clear()

    def _now_s(self) -> float:
        return self._clock.monotonic_ns() / NS_PER_S

    def _wanted_now(self) -> list[tuple[ModelRef, int]]:
        wanted = self._wanted
        both = [(wanted.champion, wanted.champion_attempt)]
        if wanted.challenger is not None:
            both.append((wanted.challenger, wanted.attempt))
        return both

    def _entry_of(self, ref: ModelRef | None) -> ModelEntry | None:
        return next((e for e in self._entries if e.ref == ref and not e.reason), None)

    def _ensure(self, ref: ModelRef, attempt: int) -> None:
        entry = self._entry_of(ref)
        if entry is not None:
            entry.attempt = attempt
            return
        self._entries = [e for e in self._entries if e.ref != ref]  # a failed try before this one
        entry = ModelEntry(ref, attempt, self._now_s())
        self._entries.append(entry)
        log.info("a model is being loaded", model=str(ref))
        self._spawn(lambda: entry.bring_in(self._load, self._verify))

    def _check(self, entry: ModelEntry) -> None:
        """Give up what loads for too long; tell of what failed."""
        if entry.state == "loading" and self._now_s() - entry.since_s > LOAD_MAX_S:
            entry.given_up = True
            entry.reason = f"it was not ready within {LOAD_MAX_S:g} s"
        if entry.state == "failed":
            self._refuse(entry.ref, entry.attempt, entry.reason)

    def _refuse(self, ref: ModelRef, attempt: int, reason: str) -> None:
        if (ref, attempt) in self._refused:
            return
        as_champion = (ref, attempt) == (self._wanted.champion, self._wanted.champion_attempt)
        self._refused[ref, attempt] = reason
        while len(self._refused) > 100:
            del self._refused[next(iter(self._refused))]
        self._untold.append(Refusal(ref, attempt, as_champion, reason))
        log.error("a model is refused", model=str(ref), problem=reason)

    def _settle(self) -> None:
        """Who serves which camera, of those that are ready."""
        wanted, serving = self._wanted, self._serving
        champion = self._ready(wanted.champion, wanted.champion_attempt) or serving.champion
        challenger = self._ready(wanted.challenger, wanted.attempt)
        cameras = wanted.cameras if challenger is not None else frozenset()
        if challenger is not None and serving.challenger is not challenger:
            log.info("a model is on trial", model=str(challenger.ref), cameras=sorted(cameras))
        if champion is not serving.champion:
            log.info("another model is champion", model=str(champion.ref))
        self._serving = _Serving(
            champion,
            challenger,
            cameras,
            {id(e.model): e.ref for e in self._entries if e.model is not None},
        )

    def _ready(self, ref: ModelRef | None, attempt: int) -> ModelEntry | None:
        entry = self._entry_of(ref)
        if entry is None or entry.model is None or (entry.ref, attempt) in self._refused:
            return None
        return entry

    def _judge(self) -> None:
        serving = self._serving
        if serving.challenger is None:
            return
        limits = replace(self._limits, latency_ratio_max=self._wanted.latency_ratio_max)
        families = {
            entry.model.info.family
            for entry in (serving.champion, serving.challenger)
            if entry.model is not None
        }
        if len(families) > 1:
            limits = limits.across_families()
        self._verdict = judge(
            self._watch.figures(serving.challenger.ref, serving.cameras),
            self._watch.figures(serving.champion.ref),
            self._before(serving),
            limits,
        )
        if self._verdict.health is Health.UNHEALTHY:
            self._refuse(serving.challenger.ref, self._wanted.attempt, self._verdict.reason)
            self._settle()

    def _before(self, serving: _Serving) -> Figures:
        """The champion's last looks at the challenger's cameras, if they are not too old."""
        since_s = self._now_s() - BASELINE_S
        return self._watch.figures(serving.champion.ref, serving.cameras, newer_than_s=since_s)

    def _retire(self) -> None:
        """Free what is not wanted any more, after a pause."""
        now_s, wanted = self._now_s(), {ref for ref, _ in self._wanted_now()}
        kept = []
        for entry in self._entries:
            serves = entry in (self._serving.champion, self._serving.challenger)
            refused = (entry.ref, entry.attempt) in self._refused
            if serves or (entry.ref in wanted and not (refused and entry.model is not None)):
                entry.idle_since_s = None
                kept.append(entry)
                continue
            if entry.idle_since_s is None:
                entry.idle_since_s = now_s
            if now_s - entry.idle_since_s < KEPT_S:
                kept.append(entry)
                continue
            entry.given_up = True
            if entry.model is not None:
                entry.model.close()
                log.info("a model was freed", model=str(entry.ref))
        self._entries = kept

    def _status(self, entry: ModelEntry, serving: _Serving, now_s: float) -> ModelStatus:
        mine = self._cameras()
        is_trial = entry is serving.challenger or (
            entry.ref == self._wanted.challenger and entry is not serving.champion
        )
        cameras = [
            camera_id
            for camera_id in mine
            if (camera_id in serving.cameras and entry is serving.challenger)
            or (camera_id not in serving.cameras and entry is serving.champion)
        ]
        figures = self._watch.figures(entry.ref, cameras or None)
        before = self._before(serving) if is_trial else Figures()
        looks, failures, inference_s, rate = self._watch.totals(entry.ref, now_s)
        refused = self._refused.get((entry.ref, entry.attempt), "")
        return ModelStatus(
            entry.ref.name,
            entry.ref.version,
            "champion" if entry is serving.champion else "challenger" if is_trial else "",
            "failed" if refused else entry.state,
            what="" if entry.model is None else _what(entry.model),
            reason=refused or entry.reason,
            golden=entry.golden,
            cameras=sorted(cameras),
            looks=looks,
            failures=failures,
            inference_s=inference_s,
            looks_per_s=rate,
            latency_ms_p50=figures.latency_p50_s * 1000,
            latency_ms_p95=figures.latency_p95_s * 1000,
            found_per_look=figures.found_per_look,
            score_mean=figures.score_mean,
            empty_share=figures.empty_share,
            baseline_found_per_look=before.found_per_look,
            baseline_score_mean=before.score_mean,
            baseline_empty_share=before.empty_share,
            verdict=self._verdict.health.value if is_trial else "",
            verdict_reason=self._verdict.reason if is_trial else "",
            percent=self._wanted.percent if is_trial else 0,
            attempt=self._wanted.attempt if is_trial else entry.attempt,
        )


def _what(model: DetectorModel) -> str:
    width, height = model.info.input_wh
    return f"{model.info.name} {width}×{height}"


def _spawn_daemon(work: Callable[[], None]) -> None:
    threading.Thread(target=work, name="model-loading", daemon=True).start()
