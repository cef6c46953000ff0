"""Bookmarks: moments and spans of recordings with a title and a note."""

import re
from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from its_camera_ai.api.deps import ApiDeps, Deps
from its_camera_ai.api.guards import allow, principal_of
from its_camera_ai.api.policies import Policy, Role
from its_camera_ai.api.problems import Forbidden, NotFound
from its_camera_ai.api.recorded import exact
from its_camera_ai.api.times import check_span, wall_time
from its_camera_ai.core.bookmarks import NOTE_CHARS_MAX, TITLE_CHARS_MAX, Bookmark
from its_camera_ai.core.errors import ConfigInvalid
from its_camera_ai.core.ids import new_id
from its_camera_ai.core.media import StreamRole

router = APIRouter(prefix="/api/v1/bookmarks", tags=["bookmarks"])

LIMIT_MAX = 1000
_CURSOR = re.compile(r"[0-9a-f-]{36}", re.ASCII)
_Title = Annotated[str, Field(min_length=1, max_length=TITLE_CHARS_MAX)]
_Note = Annotated[str, Field(max_length=NOTE_CHARS_MAX)]


class BookmarkView(BaseModel):
    """One bookmark."""

    id: str
    camera: str
    since: str = Field(description="RFC 3339, UTC")
    until: str = Field(description="the same as since for a moment")
    title: str
    note: str
    author: str
    created: str
    updated: str


class Bookmarks(BaseModel):
    """Bookmarks by their beginning."""

    items: list[BookmarkView]
    next_cursor: str | None = Field(description="asks for the rest; null at the end")


class NewBookmark(BaseModel):
    """A bookmark to be made."""

    model_config = ConfigDict(extra="forbid")

    camera: str = Field(max_length=64)
    since: str = Field(max_length=40, description="RFC 3339")
    until: str | None = Field(None, max_length=40, description="left out: a moment")
    title: _Title
    note: _Note = ""


class BookmarkChange(BaseModel):
    """What is to be another; what is left out stays."""

    model_config = ConfigDict(extra="forbid")

    since: str | None = Field(None, max_length=40)
    until: str | None = Field(None, max_length=40)
    title: _Title | None = None
    note: _Note | None = None


@router.get("", dependencies=[allow(Policy.VIEWER)])
def bookmarks(
    deps: Deps,
    camera: str | None = None,
    since: Annotated[str | None, Query(description="RFC 3339")] = None,
    until: Annotated[str | None, Query(description="RFC 3339")] = None,
    limit: Annotated[int, Query(ge=1, le=LIMIT_MAX)] = 100,
    cursor: Annotated[str | None, Query(max_length=64)] = None,
) -> Bookmarks:
    """Bookmarks that share a moment with the span, of one camera or of all."""
    since_ns, until_ns = wall_time("since", since), wall_time("until", until)
    check_span(since_ns, until_ns)
    after = None if cursor is None else _at_cursor(deps, cursor)
    found = deps.bookmarks.find(camera, since_ns, until_ns, limit=limit + 1, after=after)
    shown = found[:limit]
    more = shown[-1].id if len(found) > limit else None
    return Bookmarks(items=[_view(bookmark) for bookmark in shown], next_cursor=more)


def _at_cursor(deps: ApiDeps, cursor: str) -> Bookmark:
    known = deps.bookmarks.get(cursor) if _CURSOR.fullmatch(cursor) else None
    if known is None:
        raise ConfigInvalid("cursor: no page gave it, or its bookmark is gone; begin anew.")
    return known


@router.post("", status_code=201, dependencies=[allow(Policy.OPERATOR)])
def add_bookmark(wanted: NewBookmark, request: Request, deps: Deps) -> BookmarkView:
    """Make a bookmark."""
    since_ns = _wall_ns("since", wanted.since)
    until_ns = since_ns if wanted.until is None else _wall_ns("until", wanted.until)
    _check_camera(deps, wanted.camera)
    now_ns = deps.clock.wall_ns()
    made = Bookmark(
        id=new_id(now_ns),
        camera_id=wanted.camera,
        since_wall_ns=since_ns,
        until_wall_ns=until_ns,
        title=wanted.title.strip(),
        note=wanted.note,
        author=principal_of(request).username,
        created_wall_ns=now_ns,
        updated_wall_ns=now_ns,
    )
    deps.bookmarks.add(made)
    _note(deps, request, "bookmark_added", made)
    return _view(made)


@router.patch("/{bookmark_id}", dependencies=[allow(Policy.OPERATOR)])
def change_bookmark(
    bookmark_id: str, wanted: BookmarkChange, request: Request, deps: Deps
) -> BookmarkView:
    """Change a bookmark of one's own; an admin may change any."""
    known = _own(deps, request, bookmark_id)
    since_ns, until_ns = known.since_wall_ns, known.until_wall_ns
    if wanted.since is not None:
        since_ns = _wall_ns("since", wanted.since)
    if wanted.until is not None:
        until_ns = _wall_ns("until", wanted.until)
    elif known.since_wall_ns == known.until_wall_ns:
        until_ns = since_ns  # a moment stays one
    changed = replace(
        known,
        since_wall_ns=since_ns,
        until_wall_ns=until_ns,
        title=known.title if wanted.title is None else wanted.title.strip(),
        note=known.note if wanted.note is None else wanted.note,
        updated_wall_ns=deps.clock.wall_ns(),
    )
    if not deps.bookmarks.change(changed):
        raise _gone()
    _note(deps, request, "bookmark_changed", changed)
    return _view(changed)


@router.delete("/{bookmark_id}", status_code=204, dependencies=[allow(Policy.OPERATOR)])
def remove_bookmark(bookmark_id: str, request: Request, deps: Deps) -> None:
    """Remove a bookmark of one's own; an admin may remove any."""
    known = _own(deps, request, bookmark_id)
    if not deps.bookmarks.remove(bookmark_id):
        raise _gone()
    _note(deps, request, "bookmark_removed", known)


def _wall_ns(name: str, text: str) -> int:
    wall_ns = wall_time(name, text)
    assert wall_ns is not None  # noqa: S101  only a missing text gives None
    return wall_ns


def _check_camera(deps: ApiDeps, camera_id: str) -> None:
    known = deps.cameras.get(camera_id) is not None
    if not known and deps.segments.latest(camera_id, StreamRole.MAIN) is None:
        raise NotFound(f"There is no camera '{camera_id}' and none of its recordings.")


def _own(deps: ApiDeps, request: Request, bookmark_id: str) -> Bookmark:
    known = deps.bookmarks.get(bookmark_id)
    if known is None:
        raise _gone()
    who = principal_of(request)
    if who.role is not Role.ADMIN and who.username != known.author:
        raise Forbidden(f"This bookmark is {known.author}'s; ask them, or an admin.")
    return known


def _gone() -> NotFound:
    return NotFound("There is no bookmark with this id; it may have been removed already.")


def _view(bookmark: Bookmark) -> BookmarkView:
    return BookmarkView(
        id=bookmark.id,
        camera=bookmark.camera_id,
        since=exact(bookmark.since_wall_ns),
        until=exact(bookmark.until_wall_ns),
        title=bookmark.title,
        note=bookmark.note,
        author=bookmark.author,
        created=exact(bookmark.created_wall_ns),
        updated=exact(bookmark.updated_wall_ns),
    )


def _note(deps: ApiDeps, request: Request, action: str, bookmark: Bookmark) -> None:
    deps.audit.append(
        actor=principal_of(request).username,
        action=action,
        object=f"bookmark/{bookmark.id}",
        detail={"camera": bookmark.camera_id, "title": bookmark.title},
        wall_ns=deps.clock.wall_ns(),
    )
