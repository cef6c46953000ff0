"""The live WebSocket over a real server: what a browser gets, and when it is sent away."""

import asyncio
import io
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import av
import numpy as np
import pytest
import websockets
from msgspec.structs import replace as with_fields
from websockets.asyncio.client import ClientConnection

from its_camera_ai.api import live_session
from its_camera_ai.bus.messages import CameraState, RoleStatus, StreamStatus, TracksMessage
from its_camera_ai.core.media import Packet, StreamRole, TrackInfo
from its_camera_ai.core.picture_points import Unit
from its_camera_ai.core.scene import Line, Scene
from its_camera_ai.core.time import NS_PER_S
from its_camera_ai.core.tracks import FrameTracks, Unknown
from its_camera_ai.video.fragments import children, read_runs
from tests.api.support import PASSWORD, Site, camera, clip_packets, plain_packets, served
from tests.support.clips import ClipSpec, luma
from tests.support.pattern import read_number

SCENE = Scene(lines=(Line("gate", ((16, 120), (160, 120)), Unit.PX),))


@pytest.fixture
async def address(site: Site) -> AsyncIterator[str]:
    site.deps.cameras.put(camera(scene=SCENE))
    async with served(site.app()) as address:
        yield address


@asynccontextmanager
async def connected(
    site: Site, address: str, *, origin: str | None = "", camera_id: str = "gate"
) -> AsyncIterator[ClientConnection]:
    """A socket of the account ``viewer``; ``origin`` "" stands for the server's own."""
    token = site.deps.accounts.sign_in("viewer", PASSWORD, "10.0.0.1").token
    headers = {"Cookie": f"itscam_session={token}"}
    if origin is not None:
        headers["Origin"] = origin or f"http://{address}"
    async with websockets.connect(
        f"ws://{address}/api/v1/cameras/{camera_id}/live",
        additional_headers=headers,
        max_size=32 * 1024 * 1024,
    ) as socket:
        yield socket


async def until(condition: Callable[[], Any], what: str) -> None:
    try:
        async with asyncio.timeout(20):
            while not condition():
                await asyncio.sleep(0.01)
    except TimeoutError:
        raise AssertionError(f"waited in vain for {what}") from None


async def publish(site: Site, packets: list[Packet]) -> None:
    """Send packets as soon as somebody is subscribed."""
    await until(lambda: site.bus.subscribed, "a subscription")
    site.bus.publish(packets)


async def text_of(socket: ClientConnection, kind: str) -> dict[str, Any]:
    """The next text message of a kind; skips everything else."""
    async with asyncio.timeout(20):
        while True:
            message = await socket.recv()
            if isinstance(message, str):
                parsed: dict[str, Any] = json.loads(message)
                if parsed["type"] == kind:
                    return parsed


async def media_of(
    socket: ClientConnection, bytes_min: int, texts: list[dict[str, Any]] | None = None
) -> bytes:
    """Binary messages, joined, until they hold so many bytes; ``texts`` takes the others."""
    media = b""
    async with asyncio.timeout(20):
        while len(media) < bytes_min:
            message = await socket.recv()
            if isinstance(message, bytes):
                media += message
            elif texts is not None:
                texts.append(json.loads(message))
    return media


async def film_of(
    socket: ClientConnection, pictures: int, texts: list[dict[str, Any]] | None = None
) -> bytes:
    """Binary messages, joined, until their fragments hold so many pictures."""
    media = b""
    while pictures > 0:
        part = await media_of(socket, 1, texts)
        media += part
        for kind, start, end in children(part, 0, len(part)):
            if kind == b"moof":
                pictures -= sum(len(run.samples) for run in read_runs(part[start - 8 : end], {}))
    return media


async def media_or_text(socket: ClientConnection, texts: list[dict[str, Any]]) -> None:
    """Take one message; keep it if it is text."""
    async with asyncio.timeout(20):
        message = await socket.recv()
    if isinstance(message, str):
        texts.append(json.loads(message))


def tracks(generation: int, pts_ns: int, *, unknown: Unknown | None = None) -> TracksMessage:
    found = FrameTracks(
        pts_ns,
        0,
        (320, 240),
        np.array([12]),
        np.array([[10, 20, 30, 40.26]], np.float32),
        np.array([0.8312], np.float32),
        np.array([3], np.int8),
        np.array([True]),
        unknown,
        5.0,
    )
    return TracksMessage.of("gate", generation, found)


async def test_the_first_messages(site: Site, address: str) -> None:
    site.deps.state.on_counts("gate", {"lines": {"gate": {}}, "zones": {}})
    async with connected(site, address) as socket:
        first = [json.loads(await socket.recv()) for _ in range(3)]
    assert first == [
        {"type": "scene", "lines": [], "zones": []},
        {
            "type": "state",
            "state": "stale",
            "error": "No ingest process reports this camera; check that the system is running.",
            "faults": [],
        },
        {"type": "counts", "counts": {"lines": {"gate": {}}, "zones": {}}},
    ]


async def test_init_segment_and_fragments_make_a_film(site: Site, address: str) -> None:
    packets = [
        with_fields(p, pts_ns=p.pts_ns + 7 * NS_PER_S, dts_ns=p.dts_ns + 7 * NS_PER_S)
        for p in clip_packets(ClipSpec(frames=30, gop=10))
    ]
    async with connected(site, address) as socket:
        await publish(site, packets)
        init = await text_of(socket, "init")
        segment = await socket.recv()
        assert isinstance(segment, bytes)
        texts: list[dict[str, Any]] = []
        media = await film_of(socket, len(packets), texts)
        scenes = [text for text in texts if text["type"] == "scene"]
        scene = scenes[0] if scenes else await text_of(socket, "scene")
    assert init == {
        "type": "init",
        "mime": init["mime"],
        "generation": 1,
        "base_ns": str(packets[0].pts_ns),
        "width": 320,
        "height": 240,
    }
    assert init["mime"].startswith('video/mp4; codecs="avc1.')
    assert segment[4:8] == b"ftyp"
    with av.open(io.BytesIO(segment + media)) as film:
        frames = list(film.decode(video=0))
    assert [read_number(luma(frame)) for frame in frames] == list(range(30))
    assert [frame.time for frame in frames] == pytest.approx([i / 25 for i in range(30)], abs=1e-4)
    assert scene["lines"][0]["points"] == [[0.05, 0.5], [0.5, 0.5]], (
        "pixels, now that the size is known"
    )


async def test_media_time_never_begins_below_zero_with_b_frames(site: Site, address: str) -> None:
    packets = clip_packets(ClipSpec(frames=20, gop=10, b_frames=2))
    assert packets[0].dts_ns < packets[0].pts_ns
    async with connected(site, address) as socket:
        await publish(site, packets)
        init = await text_of(socket, "init")
        media = await film_of(socket, len(packets))
    base_ns = int(init["base_ns"])
    assert base_ns == packets[0].dts_ns
    with av.open(io.BytesIO(media)) as film:
        times = sorted(frame.time for frame in film.decode(video=0))
    expected = sorted((p.pts_ns - base_ns) / NS_PER_S for p in packets)
    assert times == pytest.approx(expected, abs=1e-4)


async def test_a_new_generation_begins_anew(site: Site, address: str) -> None:
    async with connected(site, address) as socket:
        await publish(site, clip_packets(ClipSpec(frames=10, gop=10)))
        assert (await text_of(socket, "init"))["generation"] == 1
        larger = [
            with_fields(p, pts_ns=p.pts_ns + NS_PER_S, dts_ns=p.dts_ns + NS_PER_S)
            for p in clip_packets(ClipSpec(frames=10, gop=10, size_wh=(640, 360)), generation=2)
        ]
        site.bus.publish(larger[3:])  # what follows a key frame that nobody saw
        site.bus.publish(larger)
        second = await text_of(socket, "init")
        segment = await socket.recv()
    assert (second["generation"], second["width"]) == (2, 640)
    assert second["base_ns"] == str(larger[0].pts_ns), "the first key frame, not what came before"
    assert isinstance(segment, bytes)
    assert segment[4:8] == b"ftyp"


async def test_a_codec_that_mp4_does_not_carry(site: Site, address: str) -> None:
    packets = plain_packets(3, gop=1)
    info = replace(
        packets[0].info, video=TrackInfo(packets[0].kind, "mjpeg", b"", width=320, height=240)
    )
    async with connected(site, address) as socket:
        await publish(site, [with_fields(p, info=info) for p in packets])
        init = await text_of(socket, "init")
        assert init["mime"] == "video/mjpeg"
        assert await socket.recv() == b""
        site.deps.state.on_tracks("gate", tracks(1, packets[0].pts_ns))
        assert (await text_of(socket, "tracks"))["t"] == 0


async def test_tracks_come_in_the_viewers_own_time(site: Site, address: str) -> None:
    packets = clip_packets(ClipSpec(frames=10, gop=10))
    async with connected(site, address) as socket:
        await publish(site, packets)
        init = await text_of(socket, "init")
        site.deps.state.on_tracks("gate", tracks(0, packets[1].pts_ns))  # of a past generation
        site.deps.state.on_tracks("gate", tracks(1, packets[5].pts_ns))
        message = await text_of(socket, "tracks")
        site.deps.state.on_tracks("gate", tracks(1, packets[6].pts_ns, unknown=Unknown.OVERLOAD))
        unknown = await text_of(socket, "tracks")
    assert message == {
        "type": "tracks",
        "pts_ns": str(packets[5].pts_ns),
        "t": pytest.approx((packets[5].pts_ns - int(init["base_ns"])) / NS_PER_S),
        "size": [320, 240],
        "unknown": None,
        "looks_per_s": 5.0,
        "tracks": [
            {
                "id": 12,
                "class": "car",
                "score": 0.831,
                "xyxy": [10.0, 20.0, 30.0, 40.3],
                "observed": True,
            }
        ],
    }
    assert unknown["unknown"] == "overload"


async def test_counts_and_state_as_they_change(site: Site, address: str) -> None:
    async with connected(site, address) as socket:
        await text_of(socket, "counts")
        site.clock.turn(1)
        site.deps.state.on_counts("gate", {"lines": {"gate": {"in": 1}}, "zones": {}})
        counts = await text_of(socket, "counts")
        status = StreamStatus("gate", StreamRole.MAIN, CameraState.ONLINE, since_wall_ns=0)
        site.deps.state.on_status(RoleStatus("ingest", 0, 1, 0, 0, True, streams=[status]))
        site.clock.turn(1)
        state = await text_of(socket, "state")
    assert counts["counts"] == {"lines": {"gate": {"in": 1}}, "zones": {}}
    assert state == {"type": "state", "state": "online", "error": "", "faults": []}


async def test_counts_at_most_4_times_a_second(site: Site, address: str) -> None:
    packets = clip_packets(ClipSpec(frames=10, gop=10))
    async with connected(site, address) as socket:
        await text_of(socket, "counts")
        await publish(site, packets)
        await text_of(socket, "init")
        for number in range(3):
            site.deps.state.on_counts("gate", {"lines": {"gate": number}, "zones": {}})
            site.deps.state.on_tracks("gate", tracks(1, packets[number].pts_ns))
            texts: list[dict[str, Any]] = []
            while not texts or texts[-1]["type"] != "tracks":
                await media_or_text(socket, texts)
            assert "counts" not in {text["type"] for text in texts}, "counts would come first"
        site.clock.turn(0.25)
        assert (await text_of(socket, "counts"))["counts"]["lines"] == {"gate": 2}


async def test_a_changed_scene_is_told(
    site: Site, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_session, "REVIEW_S", 0.05)
    async with connected(site, address) as socket:
        await text_of(socket, "scene")
        changed = Scene(lines=(Line("new", ((0, 0.5), (1, 0.5))),))
        site.deps.cameras.put(camera(scene=changed))
        assert (await text_of(socket, "scene"))["lines"][0]["id"] == "new"


class TestClosing:
    """Closed within one review of losing the right to watch; a review comes every 2 s."""

    def test_reviews_come_often_enough(self) -> None:
        assert live_session.REVIEW_S * 2 <= 5

    @pytest.fixture(autouse=True)
    def often(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(live_session, "REVIEW_S", 0.05)

    @pytest.mark.parametrize(
        ("revoke", "code"),
        [
            pytest.param(lambda site: site.sessions.delete_of("viewer"), 4401, id="signed out"),
            pytest.param(lambda site: site.users.delete("viewer"), 4401, id="account deleted"),
            pytest.param(
                lambda site: site.users.set_disabled("viewer", True), 4401, id="account disabled"
            ),
            pytest.param(
                lambda site: site.users.set_password("viewer", "x", must_change=True),
                4401,
                id="password reset",
            ),
            pytest.param(lambda site: site.clock.turn(8 * 86400), 4401, id="expired"),
            pytest.param(lambda site: site.deps.cameras.delete("gate"), 4404, id="camera removed"),
            pytest.param(
                lambda site: site.deps.cameras.put(camera(sub=camera("sub").main)),
                1013,
                id="another stream",
            ),
            pytest.param(lambda site: site.database.close(), 1013, id="database gone"),
        ],
    )
    async def test_code(
        self, site: Site, address: str, revoke: Callable[[Site], object], code: int
    ) -> None:
        async with connected(site, address) as socket:
            await text_of(socket, "counts")
            await asyncio.to_thread(revoke, site)
            async with asyncio.timeout(20):
                await socket.wait_closed()
            assert socket.close_code == code
        await until(lambda: not site.deps.hub.viewer_count, "the viewer to leave the hub")


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        pytest.param(None, 403, id="none"),
        pytest.param("https://evil.example", 403, id="foreign"),
        pytest.param("http://127.0.0.1:1", 403, id="another port"),
        pytest.param("null", 403, id="opaque"),
    ],
)
async def test_only_our_own_pages_may_connect(
    site: Site, address: str, origin: str | None, status: int
) -> None:
    with pytest.raises(websockets.InvalidStatus) as refused:
        async with connected(site, address, origin=origin):
            pass
    assert refused.value.response.status_code == status
    assert site.deps.hub.viewer_count == 0


async def test_one_too_many_is_told_to_try_later(site: Site, address: str) -> None:
    site.deps.hub._viewers_max = 1
    async with connected(site, address) as first, connected(site, address) as second:
        await text_of(first, "counts")
        with pytest.raises(websockets.ConnectionClosed):
            await second.recv()
        assert second.close_code == 1013


async def test_leaving_is_noticed(site: Site, address: str) -> None:
    async with connected(site, address) as socket:
        await text_of(socket, "counts")
        assert site.deps.hub.viewers_by_camera() == {"gate": 1}
    await until(lambda: not site.deps.hub.viewer_count, "the viewer to leave the hub")


async def test_a_browser_that_takes_nothing_slows_nobody(site: Site, address: str) -> None:
    """16 MiB wait for it at most, while another one gets every packet."""
    size_bytes, count = 512 * 1024, 120
    video = clip_packets(ClipSpec(frames=2, gop=1))[0]
    packets = [
        with_fields(p, info=video.info, data=len(p.data[4:]).to_bytes(4, "big") + p.data[4:])
        for p in plain_packets(count, gop=10, size_bytes=size_bytes, info=video.info)
    ]
    async with connected(site, address) as slow, connected(site, address) as fast:
        await text_of(slow, "counts")
        slow.transport.pause_reading()
        await until(lambda: site.bus.subscribed, "a subscription")
        taken = 0
        for packet in packets:
            site.bus.publish([packet])
            taken += len(await media_of(fast, size_bytes))
            waiting = [
                viewer.waiting_bytes
                for channel in site.deps.hub._channels.values()
                for viewer in channel.viewers
            ]
            assert max(waiting) <= 16 * 1024 * 1024
        assert taken >= count * size_bytes
        skipped = [v.skipped for c in site.deps.hub._channels.values() for v in c.viewers]
        assert sorted(skipped)[0] == 0
        assert sorted(skipped)[1] > 0
        slow.transport.abort()
