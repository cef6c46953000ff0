"""Models: which one looks at what, how well, and the trial of a new one."""

from collections.abc import Mapping
from typing import Literal

from anyio import to_thread
from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from its_camera_ai.api.deps import ApiDeps, App, Deps
from its_camera_ai.api.guards import allow, principal_of
from its_camera_ai.api.model_views import LookTestView, ModelsView, look_test_view, models_view
from its_camera_ai.api.policies import Policy
from its_camera_ai.api.problems import LookFailed, VisionSilent
from its_camera_ai.bus.messages import CallFailed, LookTest
from its_camera_ai.core.errors import CallUnanswered, ConfigInvalid

router = APIRouter(prefix="/api/v1", tags=["models"])

ANSWER_S = 5.0
"""So long all vision processes together have for a test look."""


class RolloutStart(BaseModel):
    """A trial to begin, or to change. What is left out is as usual in a new trial (10 %, by hand,
    300 s, twice), and stays as it is in a running one."""

    model_config = ConfigDict(extra="forbid")

    model: str = Field(description="NAME, NAME:NUMBER or an alias")
    percent: int | None = Field(None, ge=1, le=100, description="share of the cameras")
    auto: bool | None = Field(
        None, description="go on by itself through 10, 50 and 100 % to be champion at last"
    )
    hold_s: float | None = Field(
        None, ge=0, le=86_400, description="each stage must go well for this"
    )
    latency_ratio_max: float | None = Field(
        None, ge=1, le=100, description="its p95 over the champion's, at the most"
    )


class Promotion(BaseModel):
    """The model to make champion; the one on trial if none is named."""

    model_config = ConfigDict(extra="forbid")

    model: str | None = None


class Rollback(BaseModel):
    """Why, for the log."""

    model_config = ConfigDict(extra="forbid")

    reason: str = Field("", max_length=500)


@router.get("/model/status", dependencies=[allow(Policy.VIEWER)])
def model_status(deps: Deps) -> ModelsView:
    """Registered models, who serves, how the trial goes, and what each vision process does."""
    return _view(deps)


@router.post("/model/rollout", dependencies=[allow(Policy.ADMIN)])
def rollout(wanted: RolloutStart, request: Request, deps: Deps) -> ModelsView:
    """Try a registered model at a share of the cameras, or change the share of the running trial.
    It is withdrawn by itself if it does badly."""
    version = deps.models.find(wanted.model)
    deps.models.start(
        version.ref,
        percent=wanted.percent,
        auto=wanted.auto,
        hold_s=wanted.hold_s,
        latency_ratio_max=wanted.latency_ratio_max,
    )
    detail = wanted.model_dump(exclude={"model"}, exclude_none=True)
    _note(deps, request, "model_trial", str(version.ref), detail)
    return _view(deps)


@router.post("/model/promote", dependencies=[allow(Policy.ADMIN)])
def promote(wanted: Promotion, request: Request, deps: Deps) -> ModelsView:
    """Make the model on trial champion now, or a registered one without a trial."""
    ref = None if wanted.model is None else deps.models.find(wanted.model).ref
    life = deps.models.promote(ref)
    _note(deps, request, "model_promoted", str(life.champion), {})
    return _view(deps)


@router.post("/model/rollback", dependencies=[allow(Policy.ADMIN)])
def rollback(why: Rollback, request: Request, deps: Deps) -> ModelsView:
    """End the trial; without one, make the previous champion champion again. The vision processes
    follow within two seconds."""
    before = deps.models.life()
    name = principal_of(request).username
    life = deps.models.roll_back(why.reason or f"rolled back by {name}")
    given_up = before.challenger or before.champion
    detail = {"reason": why.reason, "champion": str(life.champion)}
    _note(deps, request, "model_rolled_back", str(given_up), detail)
    return _view(deps)


@router.post(
    "/inference/test",
    dependencies=[allow(Policy.OPERATOR)],
    openapi_extra={
        "requestBody": {
            "description": "A JPEG picture of at most 10 MiB; without one, a golden picture",
            "required": False,
            "content": {"image/jpeg": {"schema": {"type": "string", "format": "binary"}}},
        }
    },
)
async def inference_test(
    request: Request,
    app: App,
    alias: Literal["champion", "challenger"] = "champion",
) -> LookTestView:
    """Let the model that serves look at one picture, in a vision process, beside its cameras."""
    jpeg = await request.body() or None
    wanted = LookTest(alias, jpeg)
    return await to_thread.run_sync(_looked, app.deps, wanted, limiter=app.calls)


def _looked(deps: ApiDeps, wanted: LookTest) -> LookTestView:
    """Ask one vision process after the other until one answers."""
    heard = [b for b in deps.state.heartbeats() if b.value.role == "vision" and not b.stale]
    failure = ""
    for beat in sorted(heard, key=lambda b: b.value.index):
        process = beat.value.index
        try:
            reply = deps.caller.call("vision", process, wanted, ANSWER_S / len(heard))
        except CallUnanswered:
            continue
        if not isinstance(reply, CallFailed):
            return look_test_view(reply, process)
        if reply.bad_input:
            raise ConfigInvalid(reply.reason)
        failure = reply.reason
    if failure:
        raise LookFailed(failure)
    raise VisionSilent(
        f"No vision process answered within {ANSWER_S:g} s. Look at /api/v1/system/roles: it may "
        "be starting, overloaded or down."
    )


def _view(deps: ApiDeps) -> ModelsView:
    return models_view(deps.models.life(), deps.models.versions(), deps.state.heartbeats())


def _note(
    deps: ApiDeps, request: Request, action: str, model: str, detail: Mapping[str, object]
) -> None:
    deps.audit.append(
        actor=principal_of(request).username,
        action=action,
        object=f"model/{model}",
        detail=detail,
        wall_ns=deps.clock.wall_ns(),
    )
