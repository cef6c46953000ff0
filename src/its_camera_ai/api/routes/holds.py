"""Holds: spans of recordings that nothing deletes, moves to an archive or compresses."""

import re
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from its_camera_ai.api.deps import ApiDeps, Deps
from its_camera_ai.api.guards import allow, principal_of
from its_camera_ai.api.policies import Policy, Role
from its_camera_ai.api.problems import Forbidden, NotFound
from its_camera_ai.api.recorded import exact
from its_camera_ai.api.times import check_span, wall_time
from its_camera_ai.core.errors import ConfigInvalid
from its_camera_ai.core.holds import Hold, HoldKind
from its_camera_ai.core.ids import new_id
from its_camera_ai.core.media import StreamRole
from its_camera_ai.core.time import NS_PER_S

router = APIRouter(prefix="/api/v1/holds", tags=["storage"])

LIMIT_MAX = 1000
SPAN_DAYS_MAX = 3660
REASON_CHARS_MAX = 500
_DAY_NS = 86_400 * NS_PER_S
_CURSOR = re.compile(r"[0-9a-f-]{36}", re.ASCII)


class HoldView(BaseModel):
    """One hold."""

    id: str
    kind: HoldKind
    camera: str | None = Field(description="null holds every camera")
    since: str = Field(description="RFC 3339, UTC")
    until: str = Field(description="RFC 3339, UTC; not included")
    reason: str
    author: str
    created: str
    released: str | None = Field(description="null while it holds")
    released_by: str


class HoldWithCover(HoldView):
    """One hold, and what it covers now; what is recorded within its span later is covered too."""

    files: int = Field(description="recordings that share a moment with it")
    size_bytes: int


class Holds(BaseModel):
    """Holds, newest first."""

    items: list[HoldView]
    next_cursor: str | None = Field(description="asks for the rest; null at the end")


class NewHold(BaseModel):
    """A hold to be made."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["lock", "legal"] = Field("lock", description="a legal one only by an admin")
    camera: str | None = Field(max_length=64, description="null: every camera; only by an admin")
    since: str = Field(max_length=40, description="RFC 3339")
    until: str = Field(max_length=40, description="RFC 3339; may lie ahead")
    reason: str = Field(min_length=1, max_length=REASON_CHARS_MAX)


@router.get("", dependencies=[allow(Policy.OPERATOR)])
def holds(
    deps: Deps,
    camera: Annotated[str | None, Query(max_length=64)] = None,
    since: Annotated[str | None, Query(description="RFC 3339")] = None,
    until: Annotated[str | None, Query(description="RFC 3339")] = None,
    released: Annotated[bool, Query(description="also those that have ended")] = False,
    limit: Annotated[int, Query(ge=1, le=LIMIT_MAX)] = 100,
    cursor: Annotated[str | None, Query(max_length=64)] = None,
) -> Holds:
    """Holds that share a moment with the span; of a camera also those of every camera."""
    since_ns, until_ns = wall_time("since", since), wall_time("until", until)
    check_span(since_ns, until_ns)
    if cursor is not None and not _CURSOR.fullmatch(cursor):
        raise ConfigInvalid("cursor: no page gave it; begin anew.")
    found = deps.holds.find(
        camera, since_ns, until_ns, released_too=released, limit=limit + 1, before_id=cursor
    )
    more = found[limit - 1].id if len(found) > limit else None
    return Holds(items=[_view(hold) for hold in found[:limit]], next_cursor=more)


@router.get("/{hold_id}", dependencies=[allow(Policy.OPERATOR)])
def one_hold(hold_id: str, deps: Deps) -> HoldWithCover:
    """One hold, and what it covers now."""
    return _with_cover(deps, _known(deps, hold_id))


@router.post("", status_code=201, dependencies=[allow(Policy.OPERATOR)])
def add_hold(wanted: NewHold, request: Request, deps: Deps) -> HoldWithCover:
    """Hold a span of recordings. What is answered is safe, also if the database dies and the disk
    fills up."""
    who = principal_of(request)
    if who.role is not Role.ADMIN and (wanted.kind == "legal" or wanted.camera is None):
        raise Forbidden(
            "Only an admin may set a legal hold, or hold every camera; lock one camera instead, or "
            "ask an admin."
        )
    since_ns, until_ns = _span(wanted)
    reason = wanted.reason.strip()
    if not reason:
        raise ConfigInvalid("reason: is empty; say why the recordings must stay.")
    if wanted.camera is not None:
        _check_camera(deps, wanted.camera)
    now_ns = deps.clock.wall_ns()
    made = Hold(
        id=new_id(now_ns),
        kind=HoldKind(wanted.kind),
        camera_id=wanted.camera,
        since_wall_ns=since_ns,
        until_wall_ns=until_ns,
        reason=reason,
        author=who.username,
        created_wall_ns=now_ns,
    )
    deps.holds.add(made)
    _note(deps, request, "hold_set", made)
    return _with_cover(deps, made)


@router.delete("/{hold_id}", dependencies=[allow(Policy.OPERATOR)])
def release_hold(hold_id: str, request: Request, deps: Deps) -> HoldView:
    """End a hold; it stays in the list. A lock by an operator, any other only by an admin."""
    known = _known(deps, hold_id)
    if principal_of(request).role is not Role.ADMIN and known.kind is not HoldKind.LOCK:
        raise Forbidden(f"Only an admin may end a hold of kind '{known.kind}'; ask one.")
    ended = deps.holds.release(
        hold_id, by=principal_of(request).username, now_ns=deps.clock.wall_ns()
    )
    if ended is None:
        raise _missing()
    if known.released_wall_ns is None:
        _note(deps, request, "hold_released", ended)
    return _view(ended)


def _span(wanted: NewHold) -> tuple[int, int]:
    since_ns, until_ns = wall_time("since", wanted.since), wall_time("until", wanted.until)
    assert since_ns is not None  # noqa: S101  only a missing text gives None
    assert until_ns is not None  # noqa: S101  same
    if until_ns <= since_ns:
        raise ConfigInvalid("until: must lie after since; exchange the two, or hold longer.")
    if until_ns - since_ns > SPAN_DAYS_MAX * _DAY_NS:
        raise ConfigInvalid(f"until: a hold spans at most {SPAN_DAYS_MAX} days; set several.")
    return since_ns, until_ns


def _check_camera(deps: ApiDeps, camera_id: str) -> None:
    known = deps.cameras.get(camera_id) is not None
    if not known and deps.segments.latest(camera_id, StreamRole.MAIN) is None:
        raise NotFound(f"There is no camera '{camera_id}' and none of its recordings.")


def _known(deps: ApiDeps, hold_id: str) -> Hold:
    found = deps.holds.get(hold_id) if _CURSOR.fullmatch(hold_id) else None
    if found is None:
        raise _missing()
    return found


def _missing() -> NotFound:
    return NotFound("There is no hold with this id; GET /api/v1/holds?released=true lists all.")


def _with_cover(deps: ApiDeps, hold: Hold) -> HoldWithCover:
    files, size_bytes = deps.holds.covered(hold)
    return HoldWithCover(**dict(_view(hold)), files=files, size_bytes=size_bytes)


def _view(hold: Hold) -> HoldView:
    released_ns = hold.released_wall_ns
    return HoldView(
        id=hold.id,
        kind=hold.kind,
        camera=hold.camera_id,
        since=exact(hold.since_wall_ns),
        until=exact(hold.until_wall_ns),
        reason=hold.reason,
        author=hold.author,
        created=exact(hold.created_wall_ns),
        released=None if released_ns is None else exact(released_ns),
        released_by=hold.released_by,
    )


def _note(deps: ApiDeps, request: Request, action: str, hold: Hold) -> None:
    deps.audit.append(
        actor=principal_of(request).username,
        action=action,
        object=f"hold/{hold.id}",
        detail=_view(hold).model_dump(include={"kind", "camera", "since", "until", "reason"}),
        wall_ns=deps.clock.wall_ns(),
    )
