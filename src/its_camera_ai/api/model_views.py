"""What the API says about models."""

from typing import Literal

from pydantic import BaseModel, Field

from its_camera_ai.api.state import Heard
from its_camera_ai.bus.messages import LookTestResult, ModelStatus, RoleStatus
from its_camera_ai.core.models import CONFIGURED, ModelRef, Rollout
from its_camera_ai.core.time import iso_utc
from its_camera_ai.store.model_registry import (
    CHALLENGER,
    CHAMPION,
    PREVIOUS,
    ModelLife,
    ModelVersion,
)


class VersionView(BaseModel):
    """One registered model."""

    model: str = Field(description="NAME:NUMBER")
    name: str
    version: int
    aliases: list[str]
    source: str
    sha256: str = Field(description="of its file; empty for what comes with the package")
    family: str
    licence: str
    input_width: int
    input_height: int
    golden_pictures: int = Field(description="pictures in which it must find the same again")
    notes: str
    registered: str = Field(description="RFC 3339, UTC")


class RolloutView(BaseModel):
    """The newest trial of a model."""

    state: Literal["none", "running", "promoted", "rolled_back", "failed"]
    percent: int = Field(description="share of the cameras that the challenger is to look at")
    auto: bool = Field(description="goes from stage to stage by itself")
    hold_s: float = Field(description="how long each stage must go well")
    latency_ratio_max: float
    reason: str
    started: str | None = Field(description="RFC 3339, UTC")
    stage_since: str | None = Field(description="RFC 3339, UTC")


class ModelView(BaseModel):
    """One model in the memory of one vision process."""

    model: str = Field(description="NAME:NUMBER, or NAME of the one that the settings name")
    what: str = Field(description="the model's own name and input size")
    alias: str = Field(description="champion, challenger, or empty for one on its way in or out")
    state: str = Field(description="loading, ready or failed")
    reason: str
    golden: str = Field(description="same, differs, or none where nothing is to be compared")
    cameras: list[str]
    looks: int
    failures: int
    looks_per_s: float
    latency_ms_p50: float
    latency_ms_p95: float
    found_per_look: float
    score_mean: float
    empty_share: float = Field(description="share of its last looks that found nothing")
    baseline_found_per_look: float = Field(description="the champion's, on the same cameras before")
    baseline_score_mean: float
    baseline_empty_share: float
    verdict: str = Field(description="of a challenger: waiting, healthy or unhealthy")
    verdict_reason: str


class ProcessView(BaseModel):
    """The models of one vision process."""

    role: str
    index: int
    stale: bool = Field(description="silent for more than 5 s; these are its last words")
    age_s: float
    models: list[ModelView]


class ModelsView(BaseModel):
    """Registered models, who serves, how the trial goes, and what each vision process does."""

    champion: str = Field(description="NAME:NUMBER, or 'configured' for what the settings name")
    challenger: str | None
    previous: str | None = Field(description="what a rollback without a trial brings back")
    rollout: RolloutView
    versions: list[VersionView]
    processes: list[ProcessView]


class FindingView(BaseModel):
    """One thing found; the box is in pixels of the picture."""

    kind: str
    score: float
    xyxy: tuple[float, float, float, float]


class LookTestView(BaseModel):
    """One look of the model that serves."""

    ok: bool = Field(description="it looked, and finds in golden pictures what it should")
    model: str
    golden: str = Field(description="same, differs, or none where nothing is to be compared")
    process: int = Field(description="number of the vision process that answered")
    width: int
    height: int
    latency_ms: float
    findings: list[FindingView]


def models_view(
    life: ModelLife, versions: list[ModelVersion], heard: list[Heard[RoleStatus]]
) -> ModelsView:
    """The whole picture."""
    return ModelsView(
        champion=str(life.champion),
        challenger=None if life.challenger is None else str(life.challenger),
        previous=None if life.previous is None else str(life.previous),
        rollout=_rollout(life.rollout),
        versions=[_version(version, life) for version in versions],
        processes=[
            ProcessView(
                role=beat.value.role,
                index=beat.value.index,
                stale=beat.stale,
                age_s=round(beat.age_s, 1),
                models=[_model(model) for model in beat.value.models],
            )
            for beat in sorted(heard, key=lambda beat: beat.value.index)
            if beat.value.role == "vision"
        ],
    )


def look_test_view(result: LookTestResult, process: int) -> LookTestView:
    found = zip(result.class_names, result.scores, result.xyxy, strict=True)
    return LookTestView(
        ok=result.golden != "differs",
        model=result.model,
        golden=result.golden,
        process=process,
        width=result.size_wh[0],
        height=result.size_wh[1],
        latency_ms=round(result.seconds * 1000, 1),
        findings=[FindingView(kind=k, score=round(s, 3), xyxy=box) for k, s, box in found],
    )


def _rollout(rollout: Rollout) -> RolloutView:
    return RolloutView(
        state=rollout.state.value,
        percent=rollout.percent,
        auto=rollout.auto,
        hold_s=rollout.hold_s,
        latency_ratio_max=rollout.latency_ratio_max,
        reason=rollout.reason,
        started=iso_utc(rollout.started_ns) if rollout.started_ns else None,
        stage_since=iso_utc(rollout.stage_ns) if rollout.stage_ns else None,
    )


def _version(version: ModelVersion, life: ModelLife) -> VersionView:
    given = {CHAMPION: life.champion, CHALLENGER: life.challenger, PREVIOUS: life.previous}
    return VersionView(
        model=str(version.ref),
        name=version.name,
        version=version.version,
        aliases=[alias for alias, ref in given.items() if ref == version.ref],
        source=version.source,
        sha256=version.sha256,
        family=version.family,
        licence=version.licence,
        input_width=version.input_wh[0],
        input_height=version.input_wh[1],
        golden_pictures=len(version.golden),
        notes=version.notes,
        registered=iso_utc(version.registered_ns),
    )


def _model(status: ModelStatus) -> ModelView:
    ref = ModelRef(status.name, status.version)
    return ModelView(
        model=CONFIGURED.name if ref == CONFIGURED else str(ref),
        **{name: getattr(status, name) for name in ModelView.model_fields if name != "model"},
    )
