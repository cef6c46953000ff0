"""Exports: evidence to hand out, made in the background."""

import re
from collections.abc import Iterator
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response, StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from its_camera_ai.api.deps import ApiDeps, Deps
from its_camera_ai.api.guards import allow, principal_of
from its_camera_ai.api.media import MediaFile, planned
from its_camera_ai.api.policies import Policy
from its_camera_ai.api.problems import NotFound, RangeUnsatisfiable
from its_camera_ai.api.times import wall_time
from its_camera_ai.core.errors import ConfigInvalid
from its_camera_ai.core.exports import (
    CAMERAS_MAX,
    CORNERS_MAX,
    SPEED_MAX,
    SPEED_MIN,
    TEXT_MAX,
    WIDTH_MAX_PX,
    WIDTH_MIN_PX,
    ZONES_MAX,
    Damaged,
    Export,
    ExportRequest,
    ExportState,
    MaskStyle,
    MaskZone,
    Sought,
)
from its_camera_ai.core.time import iso_utc

router = APIRouter(prefix="/api/v1/exports", tags=["exports"])

LIMIT_MAX = 1000
_CURSOR = re.compile(r"[0-9a-f-]{36}", re.ASCII)
_Time = Annotated[str, Field(max_length=40)]
_Share = Annotated[float, Field(ge=0, le=1)]


class ZoneDocument(BaseModel):
    """A part of the picture to be hidden."""

    model_config = ConfigDict(extra="forbid")

    polygon: list[tuple[_Share, _Share]] = Field(
        min_length=3, max_length=CORNERS_MAX, description="corners, shares of width and height"
    )
    camera: str | None = Field(None, max_length=64, description="left out: every camera")
    since: _Time | None = None
    until: _Time | None = None


class ExportDocument(BaseModel):
    """What is to be exported; see ``docs/evidence.md``."""

    model_config = ConfigDict(extra="forbid")

    cameras: list[Annotated[str, Field(max_length=64)]] = Field(
        min_length=1, max_length=CAMERAS_MAX
    )
    since: _Time = Field(description="RFC 3339")
    until: _Time = Field(description="RFC 3339")
    exact: bool = Field(False, description="first and last picture exactly as asked")
    speed: int | None = Field(None, ge=SPEED_MIN, le=SPEED_MAX, description="time-lapse")
    width: int | None = Field(
        None, ge=WIDTH_MIN_PX, le=WIDTH_MAX_PX, description="scale the longer side down to"
    )
    burn_in: bool = Field(False, description="write camera and time into the picture")
    time_zone: str = Field("UTC", max_length=64, description="IANA name, for burn_in")
    zones: list[ZoneDocument] = Field(default_factory=list, max_length=ZONES_MAX)
    sought: list[Sought] = Field(
        default_factory=list, max_length=len(Sought), description="found in pictures and hidden"
    )
    mask_style: MaskStyle = MaskStyle.MOSAIC
    keep_sound: bool | None = Field(None, description="left out: kept, unless something is hidden")
    reason: str = Field("", max_length=TEXT_MAX)
    case_number: str = Field("", max_length=TEXT_MAX)
    damaged: Damaged = Field(Damaged.EXCLUDE, description="what to do about damaged recordings")
    lock: bool = Field(False, description="also hold the recordings of the span")


class ExportFileView(BaseModel):
    """A file that can be fetched."""

    name: str
    size_bytes: int
    url: str


class ExportView(BaseModel):
    """One export."""

    id: str
    state: ExportState
    progress: float = Field(description="0 to 1")
    size_bytes: int
    problem: str = Field(description="why it waits or failed, and what to do")
    author: str
    created: str
    finished: str | None
    since: str
    until: str
    cameras: list[str]
    request: dict[str, Any] = Field(description="all that was asked for")
    manifest_hash: str = Field(description="SHA-256 of manifest.json; empty until it is done")
    files: list[ExportFileView]
    zip_url: str | None = Field(description="all files as one ZIP")


class Exports(BaseModel):
    """Exports, newest first."""

    items: list[ExportView]
    next_cursor: str | None = Field(description="asks for the rest; null at the end")


@router.post("", status_code=202, dependencies=[allow(Policy.OPERATOR)])
def ask(document: ExportDocument, request: Request, deps: Deps) -> ExportView:
    """Ask for an export; it is made in the background."""
    wanted = _request(document)
    return _view(deps, deps.exports.ask(wanted, principal_of(request).username))


@router.get("", dependencies=[allow(Policy.OPERATOR)])
def exports(
    deps: Deps,
    cursor: Annotated[str | None, Query(max_length=64)] = None,
    limit: Annotated[int, Query(ge=1, le=LIMIT_MAX)] = 100,
) -> Exports:
    """The exports and how far they are."""
    if cursor is not None and not _CURSOR.fullmatch(cursor):
        raise ConfigInvalid("cursor: not one that this list gave; leave it out to begin anew.")
    found = deps.exports.exports.find(limit=limit + 1, before_id=cursor)
    shown = found[:limit]
    more = shown[-1].id if len(found) > limit else None
    return Exports(items=[_view(deps, export) for export in shown], next_cursor=more)


@router.get("/{export_id}", dependencies=[allow(Policy.OPERATOR)])
def export(export_id: str, deps: Deps) -> ExportView:
    """One export."""
    return _view(deps, _export(deps, export_id))


@router.post("/{export_id}/cancel", dependencies=[allow(Policy.OPERATOR)])
def cancel(export_id: str, request: Request, deps: Deps) -> ExportView:
    """Stop an export; what was made of it is removed within a second or so. One that is over stays
    as it is."""
    _export(deps, export_id)
    found = deps.exports.cancel(export_id, principal_of(request).username)
    if found is None:
        raise _missing()
    return _view(deps, found)


@router.delete("/{export_id}", status_code=204, dependencies=[allow(Policy.OPERATOR)])
def remove(export_id: str, request: Request, deps: Deps) -> None:
    """Remove an export with its files. Its number in the chain is not given again."""
    if not deps.exports.remove(export_id, principal_of(request).username):
        raise _missing()


_FILE_RESPONSES: dict[int | str, dict[str, object]] = {
    200: {"description": "The whole file", "content": {"application/octet-stream": {}}},
    206: {"description": "The range asked for", "content": {"application/octet-stream": {}}},
    410: {"description": "The export has no such file, or not any more"},
    416: {"description": "Range outside the file"},
}


@router.get(
    "/{export_id}/files/{name}",
    dependencies=[allow(Policy.OPERATOR)],
    response_class=Response,
    responses=_FILE_RESPONSES,
)
def file(export_id: str, name: str, request: Request, deps: Deps) -> Response:
    """One file of an export, whole or by one byte range."""
    found = _export(deps, export_id)
    wanted = request.headers.get("range", "")
    first = not wanted or wanted.replace(" ", "").startswith("bytes=0-")
    actor = principal_of(request).username
    opened = MediaFile(deps.exports.open(found, name, actor, first=first))
    tag = f'"{found.id}-{opened.size_bytes}"'
    try:
        headers, part, status = planned(request.headers, opened, tag)
    except RangeUnsatisfiable:
        opened.close()
        raise
    headers["Content-Disposition"] = f'attachment; filename="{name}"'
    kind = "video/mp4" if name.endswith(".mp4") else "application/octet-stream"
    return StreamingResponse(opened.send(part), status, headers, media_type=kind)


@router.get(
    "/{export_id}/zip",
    dependencies=[allow(Policy.OPERATOR)],
    response_class=Response,
    responses={200: {"description": "All files", "content": {"application/zip": {}}}},
)
def archive(export_id: str, request: Request, deps: Deps) -> Response:
    """All files of an export as one ZIP."""
    found = _export(deps, export_id)
    pieces: Iterator[bytes] = deps.exports.zip(found, principal_of(request).username)
    headers = {"Content-Disposition": f'attachment; filename="{found.id}.zip"'}
    return StreamingResponse(pieces, 200, headers, media_type="application/zip")


def _export(deps: ApiDeps, export_id: str) -> Export:
    found = deps.exports.exports.get(export_id)
    if found is None:
        raise _missing()
    return found


def _missing() -> NotFound:
    return NotFound("There is no export with this id; GET /api/v1/exports lists them.")


def _request(document: ExportDocument) -> ExportRequest:
    zones = tuple(
        MaskZone(
            tuple(zone.polygon),
            zone.camera,
            wall_time(f"zones.{number}.since", zone.since),
            wall_time(f"zones.{number}.until", zone.until),
        )
        for number, zone in enumerate(document.zones)
    )
    same = document.model_dump(exclude={"cameras", "since", "until", "zones", "sought"})
    return ExportRequest(
        cameras=tuple(document.cameras),
        since_wall_ns=wall_time("since", document.since) or 0,
        until_wall_ns=wall_time("until", document.until) or 0,
        zones=zones,
        sought=tuple(dict.fromkeys(document.sought)),
        **same,
    )


def _view(deps: ApiDeps, export: Export) -> ExportView:
    base = f"/api/v1/exports/{export.id}"
    files = deps.exports.files(export)
    request = export.request
    since, until = iso_utc(request.since_wall_ns), iso_utc(request.until_wall_ns)
    return ExportView(
        id=export.id,
        state=export.state,
        progress=round(export.progress, 4),
        size_bytes=export.size_bytes,
        problem=export.problem,
        author=export.author,
        created=iso_utc(export.created_wall_ns),
        finished=None if export.finished_wall_ns is None else iso_utc(export.finished_wall_ns),
        since=since,
        until=until,
        cameras=list(request.cameras),
        request=_document(request) | {"since": since, "until": until},
        manifest_hash=export.manifest_hash,
        files=[
            ExportFileView(name=f.name, size_bytes=f.size_bytes, url=f"{base}/files/{f.name}")
            for f in files
        ],
        zip_url=f"{base}/zip" if files else None,
    )


def _document(request: ExportRequest) -> dict[str, Any]:
    """The request as it was asked, without times in nanoseconds."""
    names = "exact speed width burn_in time_zone mask_style keep_sound reason case_number"
    names += " damaged lock"
    document: dict[str, Any] = {name: getattr(request, name) for name in names.split()}
    document["cameras"] = list(request.cameras)
    document["sought"] = list(request.sought)
    document["zones"] = [
        {
            "polygon": [list(corner) for corner in zone.polygon],
            "camera": zone.camera,
            "since": None if zone.since_wall_ns is None else iso_utc(zone.since_wall_ns),
            "until": None if zone.until_wall_ns is None else iso_utc(zone.until_wall_ns),
        }
        for zone in request.zones
    ]
    return document
