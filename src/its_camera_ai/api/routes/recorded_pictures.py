"""Pictures out of recordings: the exact frame of a moment, key frames, strips of small pictures."""

import base64
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import Response
from pydantic import BaseModel, Field

from its_camera_ai.api.deps import App, Running
from its_camera_ai.api.guards import allow
from its_camera_ai.api.policies import Policy
from its_camera_ai.api.recorded import CACHE_FOREVER, decoded, exact, gaps_told, moment, span
from its_camera_ai.core.media import StreamRole
from its_camera_ai.core.segments import Segment
from its_camera_ai.recorder.playing.playback import readable
from its_camera_ai.recorder.playing.played_file import PlayedFile
from its_camera_ai.recorder.playing.strip import COUNT_MAX, WIDTH_PX_MAX, StripWish, make_strip
from its_camera_ai.recorder.playing.thumbnails import size_for
from its_camera_ai.video.jpeg import jpeg

router = APIRouter(prefix="/api/v1/cameras", tags=["playback"])

PICTURE_WIDTH_PX_MAX = 8192
THUMBNAIL_WIDTH_PX_MAX = 1280
PICTURE_QUALITY = 92
THUMBNAIL_QUALITY = 75
_JPEG = {
    200: {
        "description": "The picture; X-Frame-Time is its exact time, X-Previous-Time and "
        "X-Next-Time are moments at which the ones beside it are shown",
        "content": {"image/jpeg": {}},
    },
    404: {"description": "Nothing recorded; `before` and `after` are the nearest moments"},
}
_At = Annotated[str, Query(description="RFC 3339, to the microsecond")]


class StripTile(BaseModel):
    """One small picture."""

    at: str = Field(description="the instant that it stands for, RFC 3339")
    frame: str | None = Field(description="the time of the frame shown; null and black in a gap")


class StripView(BaseModel):
    """Small pictures in rows from the top left, all in one JPEG."""

    columns: int
    tile_width: int
    tile_height: int
    tiles: list[StripTile]
    image: str = Field(description="the JPEG as a data: address, for an image's src")


@router.get(
    "/{camera_id}/picture",
    dependencies=[allow(Policy.VIEWER)],
    response_class=Response,
    responses=_JPEG,  # type: ignore[arg-type]  # FastAPI's own type asks for invariant dicts
)
async def picture(
    camera_id: str,
    app: App,
    at: _At,
    width: Annotated[int | None, Query(ge=16, le=PICTURE_WIDTH_PX_MAX)] = None,
    role: StreamRole = StreamRole.MAIN,
) -> Response:
    """The very frame that was shown at a moment, in full resolution unless a smaller width is
    asked for."""
    wall_ns = moment(at)
    return await decoded(app, lambda: _picture(app, camera_id, role, wall_ns, width))


def _picture(
    app: Running, camera_id: str, role: StreamRole, wall_ns: int, width: int | None
) -> Response:
    with gaps_told(app.deps, camera_id):
        segment = app.deps.playback.file_at(camera_id, role, wall_ns)
    played = app.deps.playback.open(segment)
    try:
        with readable():
            place = played.frame_at(wall_ns)
            frame = played.picture(place)
            before_ns, after_ns = played.neighbours(place)
    finally:
        played.close()
    size_wh = frame.size_wh if width is None else size_for(width, frame.size_wh)
    data = jpeg(frame.bgr(size_wh), PICTURE_QUALITY)
    beside = _beside(app, segment, place.wall_ns, before_ns, after_ns)
    return _answer(data, place.wall_ns, beside)


@router.get(
    "/{camera_id}/thumbnail",
    dependencies=[allow(Policy.VIEWER)],
    response_class=Response,
    responses=_JPEG,  # type: ignore[arg-type]  # FastAPI's own type asks for invariant dicts
)
async def thumbnail(
    camera_id: str,
    app: App,
    at: _At,
    width: Annotated[int, Query(ge=16, le=THUMBNAIL_WIDTH_PX_MAX)] = 320,
    role: StreamRole = StreamRole.MAIN,
) -> Response:
    """The key frame nearest to a moment, small: one picture is decoded, whatever lies between."""
    wall_ns = moment(at)
    return await decoded(app, lambda: _thumbnail(app, camera_id, role, wall_ns, width))


def _thumbnail(
    app: Running, camera_id: str, role: StreamRole, wall_ns: int, width: int
) -> Response:
    with gaps_told(app.deps, camera_id):
        segment = app.deps.playback.file_at(camera_id, role, wall_ns)
    played = app.deps.playback.open(segment)
    try:
        number = played.key_near(wall_ns)
        size_wh = size_for(width, _full_size(played))
        shown = app.thumbnails.picture(played, number, size_wh)
        own_ns = played.key_wall_ns(number)
        before_ns, after_ns = played.keys_around(own_ns)
    finally:
        played.close()
    beside = _beside(app, segment, own_ns, before_ns, after_ns)
    return _answer(jpeg(shown, THUMBNAIL_QUALITY), own_ns, beside)


def _full_size(played: PlayedFile) -> tuple[int, int]:
    info = played.table.head.video.info
    return (16, 9) if info is None else (info.width, info.height)


def _beside(
    app: Running, segment: Segment, own_ns: int, before_ns: int | None, after_ns: int | None
) -> dict[str, str]:
    """Moments at which the pictures beside one are shown, over the borders of files too."""
    camera_id, role, playback = segment.camera_id, segment.role, app.deps.playback
    if before_ns is None:
        before_ns = playback.before(camera_id, role, segment.start_wall_ns)
    if after_ns is None:
        after_ns = playback.after(camera_id, role, own_ns)
    found = {"X-Previous-Time": before_ns, "X-Next-Time": after_ns}
    return {name: exact(wall_ns) for name, wall_ns in found.items() if wall_ns is not None}


def _answer(data: bytes, wall_ns: int, beside: dict[str, str]) -> Response:
    """Kept by browsers unless it is the newest picture, which may have a next one in a moment."""
    caching = CACHE_FOREVER if "X-Next-Time" in beside else "no-store"
    headers = {"X-Frame-Time": exact(wall_ns), "Cache-Control": caching, **beside}
    return Response(data, headers=headers, media_type="image/jpeg")


@router.get("/{camera_id}/strip", dependencies=[allow(Policy.VIEWER)])
async def strip(
    camera_id: str,
    app: App,
    since: Annotated[str, Query(description="RFC 3339")],
    until: Annotated[str, Query(description="RFC 3339, at most 7 days later")],
    count: Annotated[int, Query(ge=1, le=COUNT_MAX)] = 60,
    width: Annotated[int, Query(ge=16, le=WIDTH_PX_MAX, description="of one picture")] = 160,
    role: StreamRole = StreamRole.MAIN,
) -> StripView:
    """A span in ``count`` small pictures, evenly spread; only that many key frames are decoded."""
    wish = StripWish(*span(since, until), count, width)
    return await decoded(app, lambda: _strip(app, camera_id, role, wish))


def _strip(app: Running, camera_id: str, role: StreamRole, wish: StripWish) -> StripView:
    deps = app.deps
    with gaps_told(deps, camera_id):
        made = make_strip(deps.playback, app.thumbnails, deps.segments, camera_id, role, wish)
    data = base64.b64encode(jpeg(made.sprite, THUMBNAIL_QUALITY)).decode()
    return StripView(
        columns=made.columns,
        tile_width=made.tile_wh[0],
        tile_height=made.tile_wh[1],
        tiles=[
            StripTile(at=exact(at_ns), frame=None if frame_ns is None else exact(frame_ns))
            for at_ns, frame_ns in zip(made.instants_ns, made.frames_ns, strict=True)
        ],
        image=f"data:image/jpeg;base64,{data}",
    )
