"""The storage policy, and retention: what it would do, and doing it now."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from its_camera_ai.api.deps import ApiDeps, Deps
from its_camera_ai.api.guards import allow, principal_of
from its_camera_ai.api.policies import Policy
from its_camera_ai.core.retention import Action
from its_camera_ai.core.retention_matrix import MATRIX, DataClass
from its_camera_ai.core.time import NS_PER_S, iso_utc
from its_camera_ai.recorder.keeping.retention import RetentionReport
from its_camera_ai.store.documents.storage import policy_of
from its_camera_ai.store.documents.storage_fields import StorageFields
from its_camera_ai.store.plan import policy_changes
from its_camera_ai.store.storage_policy import policy_document

router = APIRouter(prefix="/api/v1/storage", tags=["storage"])

RUN_S_MAX = 20.0
"""A run that was asked for ends after this, with what it did; the nightly one does the rest."""


class HeldClassView(BaseModel):
    """One row of the retention matrix."""

    data_class: str
    title: str
    held: str = Field(description="what of it this site can store; empty: nothing")
    min_days: float


class StoragePolicyView(BaseModel):
    """The policy of the site."""

    revision: str = Field(description="another one after every change; 0 before the first")
    policy: dict[str, Any] = Field(description="every field; PUT takes the same")
    classes: list[HeldClassView] = Field(description="what the classes of data are")


class AmountView(BaseModel):
    """All of one class and camera to which the same happens for the same reason."""

    data_class: str
    action: str = Field(description="deleted, anonymised, archived, or kept though it is due")
    reason: str
    camera: str | None = Field(description="null for data that belongs to no camera")
    count: int = Field(description="files or rows")
    size_bytes: int = Field(description="0 for rows")


class RetentionView(BaseModel):
    """What a run of retention did or would do."""

    dry_run: bool
    time: str
    items: list[AmountView]
    deleted_count: int
    deleted_bytes: int
    problems: dict[str, str] = Field(description="by what failed, why")
    ended_early: bool = Field(description="there was more to do than fits into one request")


class RunRequest(BaseModel):
    """Which part of retention to run."""

    model_config = ConfigDict(extra="forbid")

    classes: list[DataClass] | None = Field(
        None, max_length=len(DataClass), description="left out: all of them"
    )


@router.get("/policy", dependencies=[allow(Policy.OPERATOR)])
def policy(deps: Deps) -> StoragePolicyView:
    """How long data is kept, quotas, tiers and compression."""
    return _view(deps)


@router.put("/policy", dependencies=[allow(Policy.ADMIN)])
def put_policy(document: StorageFields, request: Request, deps: Deps) -> StoragePolicyView:
    """Replace the policy; what is left out gets its default."""
    wanted, before = policy_of(document), deps.policies.get()
    if deps.policies.put(wanted):
        changes = {c.field: [c.before, c.after] for c in policy_changes(before, wanted)}
        _note(deps, request, "storage_policy_changed", changes)
    return _view(deps)


@router.get("/retention", dependencies=[allow(Policy.OPERATOR)])
def dry_run(
    deps: Deps,
    classes: Annotated[
        list[DataClass] | None,
        Query(alias="class", max_length=len(DataClass), description="only these classes"),
    ] = None,
) -> RetentionView:
    """What a run at this moment would do, counted in the same way as a run does it, for at most
    20 s."""
    report = deps.retention.carry_out(dry_run=True, classes=classes, stopped=_time_is_up(deps))
    return _report(report)


@router.post("/retention", dependencies=[allow(Policy.ADMIN)])
def run_now(request: Request, deps: Deps, body: RunRequest | None = None) -> RetentionView:
    """Run retention now, for at most 20 s; ask again, or wait for the night, for what is left."""
    classes = None if body is None else body.classes
    report = deps.retention.carry_out(classes=classes, stopped=_time_is_up(deps))
    _note(deps, request, "retention_run", {**report.tally.figures(), "problems": report.problems})
    return _report(report)


def _time_is_up(deps: ApiDeps) -> Callable[[], bool]:
    until_ns = deps.clock.monotonic_ns() + round(RUN_S_MAX * NS_PER_S)
    return lambda: deps.clock.monotonic_ns() >= until_ns


def _view(deps: ApiDeps) -> StoragePolicyView:
    return StoragePolicyView(
        revision=str(deps.policies.revision()),
        policy=policy_document(deps.policies.get()),
        classes=[
            HeldClassView(
                data_class=row.data_class, title=row.title, held=row.held, min_days=row.min_days
            )
            for row in MATRIX
        ],
    )


def _report(report: RetentionReport) -> RetentionView:
    deleted = report.tally.total(Action.DELETED)
    return RetentionView(
        dry_run=report.dry_run,
        time=iso_utc(report.now_wall_ns),
        items=[
            AmountView(
                data_class=subject.data_class,
                action=subject.action,
                reason=subject.reason,
                camera=subject.camera_id or None,
                count=amount.count,
                size_bytes=amount.size_bytes,
            )
            for subject, amount in report.tally.amounts.items()
        ],
        deleted_count=deleted.count,
        deleted_bytes=deleted.size_bytes,
        problems=report.problems,
        ended_early=report.ended_early,
    )


def _note(deps: ApiDeps, request: Request, action: str, detail: Mapping[str, object]) -> None:
    deps.audit.append(
        actor=principal_of(request).username,
        action=action,
        object="storage",
        detail=detail,
        wall_ns=deps.clock.wall_ns(),
    )
