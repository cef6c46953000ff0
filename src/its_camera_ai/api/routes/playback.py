"""Recordings as HLS: playlists of any span, and the bytes that they name."""

from collections.abc import Iterator
from contextlib import suppress
from enum import StrEnum
from typing import Annotated

import structlog
from fastapi import APIRouter, Query, Request
from fastapi.responses import Response, StreamingResponse

from its_camera_ai.api.deps import ApiDeps, Deps
from its_camera_ai.api.guards import allow
from its_camera_ai.api.policies import Policy
from its_camera_ai.api.problems import NotFound
from its_camera_ai.api.recorded import CACHE_FOREVER, gaps_told, span
from its_camera_ai.core.errors import RecordingDamaged, RecordingGone, RetryableError
from its_camera_ai.core.media import StreamRole
from its_camera_ai.core.segments import Segment
from its_camera_ai.recorder.playing.file_part import FilePart, Trim
from its_camera_ai.recorder.playing.played_file import PlayedFile
from its_camera_ai.recorder.playing.playlist import PlaylistWish, version_of

router = APIRouter(prefix="/api/v1", tags=["playback"])

PLAYLIST_TYPE = "application/vnd.apple.mpegurl"
_TICKS_MAX = 2**40
_log = structlog.get_logger(__name__)


class HlsName(StrEnum):
    """What a playlist names of a recording."""

    INIT = "init.mp4"
    MEDIA = "media.m4s"
    KEYS_INIT = "keys-init.mp4"
    KEYS = "keys.m4s"


@router.get(
    "/cameras/{camera_id}/playlist.m3u8",
    dependencies=[allow(Policy.VIEWER)],
    response_class=Response,
    responses={
        200: {"description": "The playlist", "content": {PLAYLIST_TYPE: {}}},
        404: {"description": "Nothing recorded; `before` and `after` are the nearest moments"},
    },
)
def hls_playlist(
    camera_id: str,
    deps: Deps,
    since: Annotated[str, Query(description="RFC 3339")],
    until: Annotated[str, Query(description="RFC 3339, at most 7 days later")],
    keys_only: Annotated[
        bool, Query(description="key frames alone, each shown until the next one")
    ] = False,
    role: StreamRole = StreamRole.MAIN,
) -> Response:
    """A camera's recordings of a span as one HLS playlist (fMP4, nothing is coded anew), from the
    key frame before ``since`` to the one after ``until``. It may be loaded again, with more in it,
    until a minute after ``until``."""
    since_ns, until_ns = span(since, until)
    wish = PlaylistWish(since_ns, until_ns, keys_only=keys_only)
    with gaps_told(deps, camera_id):
        text = deps.playback.playlist(camera_id, role, wish, now_ns=deps.clock.wall_ns())
    return Response(text, media_type=PLAYLIST_TYPE)


_RESPONSES: dict[int | str, dict[str, object]] = {
    200: {"description": "The bytes", "content": {"video/mp4": {}}},
    304: {"description": "Not changed"},
    409: {"description": "Damaged; or in an archive, and to be restored first"},
    410: {"description": "Not there any more, or its content is another now"},
}
_Version = Annotated[str, Query(alias="v", max_length=64, description="of the content")]
_Ticks = Annotated[int | None, Query(ge=0, le=_TICKS_MAX)]


@router.get(
    "/recordings/{recording_id}/hls/{name}",
    dependencies=[allow(Policy.VIEWER)],
    response_class=Response,
    responses=_RESPONSES,
)
def hls(
    recording_id: str,
    name: HlsName,
    request: Request,
    deps: Deps,
    version: _Version,
    since: Annotated[_Ticks, Query(alias="from")] = None,
    until: Annotated[_Ticks, Query(alias="to")] = None,
) -> Response:
    """What a playlist names: a recording's head, or its fragments in the stream's own time. The
    address changes with the content, so a browser may keep it."""
    trim = Trim(since, until)
    segment = _segment(deps, recording_id, version)
    headers = _headers(segment, name, trim)
    if headers["ETag"] in _tags(request):
        return Response(None, 304, headers)
    played = deps.playback.open(segment)
    if name in (HlsName.INIT, HlsName.KEYS_INIT):
        return Response(_init(played, name), 200, headers, media_type="video/mp4")
    part, size_bytes = _part(played, name, trim)
    headers["Content-Length"] = str(size_bytes)
    pieces = part.key_pieces() if name is HlsName.KEYS else part.pieces()
    return StreamingResponse(_sent(deps, played, pieces), 200, headers, media_type="video/mp4")


@router.head(
    "/recordings/{recording_id}/hls/{name}",
    dependencies=[allow(Policy.VIEWER)],
    response_class=Response,
    include_in_schema=False,
)
def hls_head(
    recording_id: str,
    name: HlsName,
    deps: Deps,
    version: _Version,
    since: Annotated[_Ticks, Query(alias="from")] = None,
    until: Annotated[_Ticks, Query(alias="to")] = None,
) -> Response:
    """The headers alone."""
    trim = Trim(since, until)
    segment = _segment(deps, recording_id, version)
    headers = _headers(segment, name, trim)
    played = deps.playback.open(segment)
    try:
        if name in (HlsName.INIT, HlsName.KEYS_INIT):
            size_bytes = len(_init(played, name))
        else:
            size_bytes = _part(played, name, trim)[1]
    finally:
        played.close()
    headers["Content-Length"] = str(size_bytes)
    return Response(None, 200, headers, media_type="video/mp4")


def _segment(deps: ApiDeps, recording_id: str, version: str) -> Segment:
    segment = deps.segments.get(recording_id)
    if segment is None:
        raise NotFound("There is no recording with this id; retention may have removed it.")
    if version != version_of(segment.content_hash, segment.size_bytes):
        raise RecordingGone(
            "The recording's content is another now (it was compressed or repaired); load the "
            "playlist again."
        )
    return segment


def _headers(segment: Segment, name: HlsName, trim: Trim) -> dict[str, str]:
    content = segment.content_hash or f"{segment.id}-{segment.size_bytes}"
    return {
        "ETag": f'"{content}-{name}-{trim.since}-{trim.until}"',
        "Cache-Control": CACHE_FOREVER,
        "Accept-Ranges": "none",
    }


def _tags(request: Request) -> set[str]:
    given = request.headers.get("if-none-match", "")
    return {tag.strip().removeprefix("W/") for tag in given.split(",")}


def _init(played: PlayedFile, name: HlsName) -> bytes:
    head = played.table.head
    return head.without_sound() if name is HlsName.KEYS_INIT else head.init


def _part(played: PlayedFile, name: HlsName, trim: Trim) -> tuple[FilePart, int]:
    try:
        part = played.part(trim)
    except RecordingGone:
        played.close()
        raise
    return part, part.key_size_bytes() if name is HlsName.KEYS else part.size_bytes


def _sent(deps: ApiDeps, played: PlayedFile, pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The pieces. Where the file turns out to be damaged the answer ends short of its length, so
    that the client gets an error and never a wrong picture; its content is verified next."""
    segment = played.segment
    try:
        yield from pieces
    except (RecordingDamaged, OSError) as error:
        _log.warning("recording_ended_early", recording=segment.id, error=type(error).__name__)
        with suppress(RetryableError):  # it is verified in its turn then
            deps.segments.judge([(segment, segment.state)], 0)
    finally:
        played.close()
