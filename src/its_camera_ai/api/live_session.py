"""One browser on the live WebSocket: fragments, tracks, counts and state, as they come."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass

from starlette.websockets import WebSocket, WebSocketDisconnect

from its_camera_ai.api.live import LiveHub
from its_camera_ai.api.live_messages import (
    counts_message,
    init_message,
    needs_size,
    scene_message,
    state_message,
    tracks_message,
)
from its_camera_ai.api.state import SystemState
from its_camera_ai.api.viewer import Viewer
from its_camera_ai.bus.messages import TracksMessage
from its_camera_ai.core.cameras import Camera
from its_camera_ai.core.errors import CameraUnsupported
from its_camera_ai.core.media import Packet, StreamInfo
from its_camera_ai.core.time import NS_PER_S, Clock
from its_camera_ai.video.fmp4 import FragmentMuxer

REVIEW_S = 2.0
"""How often a running live picture asks whether it may still be shown."""
SEND_TIMEOUT_S = 20.0
"""A browser that takes nothing for so long is gone."""

_TICK_S = 0.25
_TRACKS_WAITING_MAX = 64
_TAKEN_PACKETS_MAX = 64
"""Taken at a time; the rest stays in the mailbox, whose bound counts."""
_BURST_BYTES_MAX = 1024 * 1024

CLOSE_SIGNED_OUT = 4401
CLOSE_CAMERA_GONE = 4404
CLOSE_TRY_LATER = 1013


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a review says: the camera as it is now, or the code to close with."""

    camera: Camera | None
    close_code: int = 0


Review = Callable[[], Awaitable[Verdict]]


class LiveSession:
    """Drives one accepted WebSocket until either side ends it.

    Args:
        review: asked every ``REVIEW_S`` whether session and camera still stand.
    """

    def __init__(
        self,
        websocket: WebSocket,
        camera: Camera,
        *,
        hub: LiveHub,
        state: SystemState,
        clock: Clock,
        review: Review,
    ) -> None:
        self._websocket = websocket
        self._camera = camera
        self._hub = hub
        self._state = state
        self._clock = clock
        self._review = review
        self._woken = asyncio.Event()
        self._tracks: deque[TracksMessage] = deque(maxlen=_TRACKS_WAITING_MAX)
        self._info: StreamInfo | None = None
        self._muxer: FragmentMuxer | None = None
        self._base_ns = 0
        self._counts_revision = -1
        self._changes_ns: int | None = None
        self._state_sent = ""
        self._scene_due = True

    async def run(self) -> int:
        """Serve; returns the close code (1000 when the browser left by itself).

        Raises:
            Busy: too many watch already.
        """
        loop = asyncio.get_running_loop()

        def wake() -> None:
            # from threads that serve others too: a loop that has just closed must not stop them
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(self._woken.set)

        def on_tracks(message: TracksMessage) -> None:
            self._tracks.append(message)
            wake()

        camera = self._camera
        with (
            self._hub.join(camera.id, camera.detect_role, wake) as viewer,
            self._state.listen(camera.id, on_tracks),
        ):
            tasks = [
                asyncio.create_task(part)
                for part in (self._sending(viewer), self._reviewing(), self._receiving())
            ]
            try:
                done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
            return next(iter(done)).result()

    async def _receiving(self) -> int:
        """Browsers have nothing to say here; this notices when one leaves."""
        while True:
            message = await self._websocket.receive()
            if message["type"] == "websocket.disconnect":
                return 1000

    async def _reviewing(self) -> int:
        while True:
            await asyncio.sleep(REVIEW_S)
            verdict = await self._review()
            if verdict.camera is None:
                return verdict.close_code
            if verdict.camera.detect_role is not self._camera.detect_role:
                return CLOSE_TRY_LATER  # another stream from now on: the browser joins again
            self._scene_due = self._scene_due or verdict.camera.scene != self._camera.scene
            self._camera = verdict.camera

    async def _sending(self, viewer: Viewer) -> int:
        try:
            while not viewer.closed:
                if self._scene_due:
                    await self._send_scene()
                await self._send_changes()
                while packets := viewer.take(_TAKEN_PACKETS_MAX):
                    await self._send_packets(packets)
                await self._send_tracks()
                await self._wait()
        except WebSocketDisconnect:
            return 1000  # the browser left while something was on its way to it
        except TimeoutError:
            return CLOSE_TRY_LATER
        return 1012

    async def _wait(self) -> None:
        try:
            async with asyncio.timeout(_TICK_S):
                await self._woken.wait()
        except TimeoutError:
            return
        self._woken.clear()

    async def _send_text(self, text: str) -> None:
        async with asyncio.timeout(SEND_TIMEOUT_S):
            await self._websocket.send_text(text)

    async def _send_bytes(self, data: bytes) -> None:
        async with asyncio.timeout(SEND_TIMEOUT_S):
            await self._websocket.send_bytes(data)

    async def _send_scene(self) -> None:
        self._scene_due = False
        size_wh = None
        if self._info is not None:
            size_wh = (self._info.video.width, self._info.video.height)
        await self._send_text(scene_message(self._camera.scene, size_wh))

    async def _send_changes(self) -> None:
        """State and counts where they changed, at most once per tick."""
        now_ns = self._clock.monotonic_ns()
        if self._changes_ns is not None and now_ns - self._changes_ns < _TICK_S * NS_PER_S:
            return
        self._changes_ns = now_ns
        state = state_message(self._state.camera_status(self._camera))
        if state != self._state_sent:
            self._state_sent = state
            await self._send_text(state)
        counts = self._state.counts(self._camera.id)
        if counts.revision != self._counts_revision:
            self._counts_revision = counts.revision
            await self._send_text(counts_message(counts.value))

    async def _send_packets(self, packets: list[Packet]) -> None:
        burst: list[Packet] = []
        burst_bytes = 0
        for packet in packets:
            changed = self._info is None or packet.info.generation != self._info.generation
            if changed and not packet.is_key:
                continue
            if changed or burst_bytes > _BURST_BYTES_MAX:
                await self._send_fragment(burst)
                burst, burst_bytes = [], 0
            if changed:
                await self._begin(packet)
            burst.append(packet)
            burst_bytes += len(packet.data)
        await self._send_fragment(burst)

    async def _begin(self, first: Packet) -> None:
        """Announce a generation with its first key frame."""
        self._scene_due = self._scene_due or needs_size(self._camera.scene)
        self._info = first.info
        # With B-frames decoding begins before the first picture shows; media time starts there,
        # because a fragment can't bear a negative decode time.
        self._base_ns = min(first.pts_ns, first.dts_ns)
        try:
            self._muxer = FragmentMuxer(first.info)
        except CameraUnsupported:
            self._muxer = None
        mime = f"video/{first.info.video.codec}" if self._muxer is None else self._muxer.mime
        await self._send_text(init_message(first.info, mime, self._base_ns))
        await self._send_bytes(b"" if self._muxer is None else self._muxer.init)

    async def _send_fragment(self, packets: list[Packet]) -> None:
        if packets and self._muxer is not None:
            await self._send_bytes(self._muxer.fragment(packets, self._base_ns))

    async def _send_tracks(self) -> None:
        while self._tracks:
            message = self._tracks.popleft()
            if self._info is not None and message.generation == self._info.generation:
                await self._send_text(tracks_message(message, self._base_ns))
