"""The live picture: WebSocket, JPEG and the multipart fall-back."""

import threading
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack
from typing import Annotated

import structlog
from anyio import to_thread
from fastapi import APIRouter, Query, Request, WebSocket
from fastapi.responses import Response, StreamingResponse
from starlette.requests import HTTPConnection
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocketState

from its_camera_ai.api.deps import App, Running
from its_camera_ai.api.guards import allow, check_policy, current_principal
from its_camera_ai.api.live_session import (
    CLOSE_CAMERA_GONE,
    CLOSE_SIGNED_OUT,
    CLOSE_TRY_LATER,
    REVIEW_S,
    LiveSession,
    Verdict,
)
from its_camera_ai.api.pictures import DecodingSeats, PictureMaker, newest_jpeg, seated
from its_camera_ai.api.policies import Policy
from its_camera_ai.api.problems import ApiError, Busy, NoPicture
from its_camera_ai.api.routes.cameras import camera_or_404
from its_camera_ai.core.cameras import Camera
from its_camera_ai.core.errors import ItscamError, RetryableError
from its_camera_ai.core.time import NS_PER_S

router = APIRouter(prefix="/api/v1/cameras", tags=["live"])

SNAPSHOT_WAIT_S = 5.0
_log = structlog.get_logger(__name__)
_BOUNDARY = "itscam-picture"
_PULL_WAIT_S = 0.5


def _review(connection: HTTPConnection, app: Running, camera_id: str) -> Verdict:
    """May this connection still show this camera?"""
    try:
        check_policy(Policy.VIEWER, current_principal(connection, app.deps))
        camera = app.deps.cameras.get(camera_id)
    except ApiError:
        return Verdict(None, CLOSE_SIGNED_OUT)
    except RetryableError:
        return Verdict(None, CLOSE_TRY_LATER)
    return Verdict(camera, CLOSE_CAMERA_GONE)


@router.websocket("/{camera_id}/live", dependencies=[allow(Policy.VIEWER)])
async def live(websocket: WebSocket, camera_id: str, app: App) -> None:
    """Fragmented MP4 with tracks, counts and state beside it."""
    camera = await to_thread.run_sync(camera_or_404, app.deps, camera_id)
    await websocket.accept()

    async def review() -> Verdict:
        return await to_thread.run_sync(_review, websocket, app, camera_id)

    deps = app.deps
    session = LiveSession(
        websocket, camera, hub=deps.hub, state=deps.state, clock=deps.clock, review=review
    )
    try:
        code = await session.run()
    except Busy:
        code = CLOSE_TRY_LATER
    if websocket.client_state is WebSocketState.CONNECTED:
        await websocket.close(code)


def _no_seat(seats: DecodingSeats) -> Busy:
    return Busy(
        f"This server decodes at most {seats.seats_max} pictures at a time; close a live picture "
        "that falls back to MJPEG, or try again in a moment."
    )


def _check_enabled(camera: Camera) -> None:
    if not camera.enabled:
        raise NoPicture("The camera is switched off; switch it on to see it.")


@router.get(
    "/{camera_id}/snapshot.jpg",
    dependencies=[allow(Policy.VIEWER)],
    response_class=Response,
    responses={200: {"description": "The newest picture", "content": {"image/jpeg": {}}}},
)
def snapshot(camera_id: str, app: App) -> Response:
    """One picture as new as the stream has it; 503 where none comes within 5 s."""
    camera = camera_or_404(app.deps, camera_id)
    _check_enabled(camera)
    came = threading.Event()
    with (
        seated(app.seats, lambda: _no_seat(app.seats)),
        app.deps.hub.join(camera.id, camera.detect_role, came.set) as viewer,
    ):
        jpeg = newest_jpeg(viewer, came, app.deps.clock, SNAPSHOT_WAIT_S)
    if jpeg is None:
        raise NoPicture("The camera sends no picture now; its status says why.")
    return Response(jpeg, media_type="image/jpeg")


@router.get(
    "/{camera_id}/live.mjpeg",
    dependencies=[allow(Policy.VIEWER)],
    response_class=Response,
    responses={
        200: {
            "description": "JPEG pictures, at most 10 per second, until the client leaves",
            "content": {"multipart/x-mixed-replace": {}},
        }
    },
)
def mjpeg(
    camera_id: str,
    request: Request,
    app: App,
    boxes: Annotated[bool, Query(description="burn in the tracks of each very frame")] = False,
) -> Response:
    """The live picture for browsers that can't play the stream's codec."""
    camera = camera_or_404(app.deps, camera_id)
    _check_enabled(camera)
    return MjpegResponse(request, app, camera, boxes=boxes)


class MjpegResponse(StreamingResponse):
    """Joins the stream when the answer begins and leaves it however the answer ends."""

    def __init__(self, request: Request, app: Running, camera: Camera, *, boxes: bool) -> None:
        super().__init__(iter(()), media_type=f"multipart/x-mixed-replace; boundary={_BOUNDARY}")
        self._request = request
        self._app = app
        self._camera = camera
        self._boxes = boxes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        deps, seats, camera = self._app.deps, self._app.seats, self._camera
        came = threading.Event()
        with ExitStack() as stack:
            stack.enter_context(seated(seats, lambda: _no_seat(seats)))
            viewer = stack.enter_context(deps.hub.join(camera.id, camera.detect_role, came.set))
            maker = PictureMaker(viewer, came, boxes=self._boxes)
            if self._boxes:
                stack.enter_context(deps.state.listen(camera.id, maker.on_tracks))
            self.body_iterator = self._parts(maker, viewer_closed=lambda: viewer.closed)
            await super().__call__(scope, receive, send)

    async def _parts(
        self, maker: PictureMaker, viewer_closed: Callable[[], bool]
    ) -> AsyncIterator[bytes]:
        clock = self._app.deps.clock
        reviewed_ns = clock.monotonic_ns()
        while not viewer_closed():
            try:
                jpeg = await to_thread.run_sync(maker.next_jpeg, _PULL_WAIT_S)
            except ItscamError as error:
                _log.warning("mjpeg_ended", camera=self._camera.id, text=str(error))
                return
            if jpeg is not None:
                yield _part(jpeg)
            if clock.monotonic_ns() - reviewed_ns >= REVIEW_S * NS_PER_S:
                reviewed_ns = clock.monotonic_ns()
                if not await to_thread.run_sync(self._may_go_on):
                    return

    def _may_go_on(self) -> bool:
        now = _review(self._request, self._app, self._camera.id).camera
        return now is not None and now.enabled and now.detect_role is self._camera.detect_role


def _part(jpeg: bytes) -> bytes:
    head = f"--{_BOUNDARY}\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n"
    return head.encode() + jpeg + b"\r\n"
