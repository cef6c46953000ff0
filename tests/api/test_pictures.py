"""JPEG pictures out of the stream: snapshot and MJPEG, with boxes on their own frames."""

import asyncio
import threading
from collections.abc import AsyncIterator
from dataclasses import replace

import cv2
import httpx
import numpy as np
import pytest
from msgspec.structs import replace as with_fields

from its_camera_ai.api.pictures import DecodingSeats, PictureMaker, draw_tracks
from its_camera_ai.api.routes import live as live_routes
from its_camera_ai.api.viewer import Viewer
from its_camera_ai.bus.messages import TracksMessage
from its_camera_ai.core.errors import CameraUnsupported
from its_camera_ai.core.media import Packet, TrackInfo
from its_camera_ai.core.tracks import FrameTracks
from tests.api.support import PASSWORD, Site, camera, clip_packets, plain_packets, served
from tests.support.clips import ClipSpec
from tests.support.pattern import read_number

SPEC = ClipSpec(frames=50, gop=10)


def tracks_at(packet: Packet, box: tuple[float, float, float, float]) -> TracksMessage:
    found = FrameTracks(
        packet.pts_ns,
        0,
        (320, 240),
        np.array([1]),
        np.array([box], np.float32),
        np.array([0.9], np.float32),
        np.array([3], np.int8),
        np.array([True]),
    )
    return TracksMessage.of("gate", packet.info.generation, found)


def maker(**options: object) -> tuple[Viewer, PictureMaker]:
    came = threading.Event()
    viewer = Viewer(came.set)
    return viewer, PictureMaker(viewer, came, **options)  # type: ignore[arg-type]  # real options


def number_of(jpeg: bytes | None) -> int | None:
    assert jpeg is not None
    picture = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_GRAYSCALE)
    assert picture is not None
    return read_number(picture)


def has_box(jpeg: bytes, box: tuple[int, int, int, int]) -> bool:
    """The left edge of a car's box is there in its green."""
    picture = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    left, top, _, bottom = box
    blue, green, red = picture[top + 10 : bottom - 10, left].astype(float).mean(axis=0)
    return bool(green > blue + 40 and green > red + 40)


BOX = (100, 120, 200, 200)


class TestPictureMaker:
    def test_gives_the_newest_of_all_that_came(self) -> None:
        viewer, pictures = maker()
        viewer.offer(clip_packets(SPEC)[:20])
        assert number_of(pictures.next_jpeg(0)) == 19
        assert pictures.next_jpeg(0) is None

    def test_at_most_10_per_second_of_stream_time(self) -> None:
        viewer, pictures = maker()
        shown = []
        for packet in clip_packets(SPEC):
            viewer.offer((packet,))
            jpeg = pictures.next_jpeg(0)
            if jpeg is not None:
                shown.append(number_of(jpeg))
        assert shown == list(range(0, 50, 3)), "25 a second, every third is due"

    def test_a_box_is_drawn_on_the_frame_it_was_found_in(self) -> None:
        viewer, pictures = maker(boxes=True)
        packets = clip_packets(SPEC)
        viewer.offer(packets[:12])
        assert pictures.next_jpeg(0) is None, "no tracks yet"
        pictures.on_tracks(tracks_at(packets[7], BOX))
        jpeg = pictures.next_jpeg(0)
        assert number_of(jpeg) == 7
        assert jpeg is not None
        assert has_box(jpeg, BOX)
        pictures.on_tracks(tracks_at(packets[5], BOX))
        assert pictures.next_jpeg(0) is None, "older than what was shown"

    def test_without_tracks_a_frame_is_shown_after_a_second_unmarked(self) -> None:
        viewer, pictures = maker(boxes=True)
        viewer.offer(clip_packets(SPEC)[:30])
        jpeg = pictures.next_jpeg(0)
        assert number_of(jpeg) == 4, "29 − 25"
        assert jpeg is not None
        assert not has_box(jpeg, BOX)

    def test_tracks_of_another_generation_are_not_drawn(self) -> None:
        viewer, pictures = maker(boxes=True)
        packets = clip_packets(SPEC)
        viewer.offer(packets[:12])
        other = with_fields(packets[7], info=replace(packets[7].info, generation=9))
        pictures.on_tracks(tracks_at(other, BOX))
        assert pictures.next_jpeg(0) is None

    def test_a_new_generation_is_decoded_anew(self) -> None:
        viewer, pictures = maker()
        viewer.offer(clip_packets(SPEC)[:5])
        assert number_of(pictures.next_jpeg(0)) == 4
        second = clip_packets(replace(SPEC, first_number=200), generation=2)
        viewer.offer(second[1:3])  # behind a key frame that nobody saw
        assert pictures.next_jpeg(0) is None
        viewer.offer(second[:3])
        assert number_of(pictures.next_jpeg(0)) == 202

    def test_frames_waiting_for_tracks_are_bounded(self) -> None:
        viewer, pictures = maker(boxes=True)
        packets = clip_packets(SPEC)
        info = replace(
            packets[0].info, video=replace(packets[0].info.video, width=8000, height=2000)
        )
        viewer.offer([with_fields(p, info=info) for p in packets[:20]])
        pictures.next_jpeg(0)
        assert len(pictures._waiting) == 64 * 1024 * 1024 // (8000 * 2000 * 3 // 2)

    def test_an_unknown_codec_is_told(self) -> None:
        viewer, pictures = maker()
        packet = plain_packets(1)[0]
        track = TrackInfo(packet.kind, "nonsense", b"", width=320, height=240)
        viewer.offer([with_fields(packet, info=replace(packet.info, video=track))])
        with pytest.raises(CameraUnsupported, match=r"nonsense.*H\.264"):
            pictures.next_jpeg(0)


def test_boxes_follow_the_scale_of_the_picture() -> None:
    picture = np.zeros((120, 160, 3), np.uint8)
    found = tracks_at(clip_packets(SPEC)[0], (100, 120, 200, 200)).tracks()
    draw_tracks(picture, found)
    marked = np.argwhere(picture[70:90].any(axis=2).all(axis=0)).ravel()
    assert {50, 100} <= set(marked.tolist())


def test_seats_are_counted_and_given_back() -> None:
    seats = DecodingSeats(2)
    assert [seats.take(), seats.take(), seats.take()] == [True, True, False]
    seats.give_back()
    assert seats.take()


@pytest.fixture
async def address(site: Site) -> AsyncIterator[str]:
    site.deps.cameras.put(camera())
    async with served(site.app(decoding_viewers_max=1)) as address:
        yield address


@pytest.fixture
async def browser(site: Site, address: str) -> AsyncIterator[httpx.AsyncClient]:
    token = site.deps.accounts.sign_in("viewer", PASSWORD, "10.0.0.1").token
    async with httpx.AsyncClient(
        base_url=f"http://{address}/api/v1/cameras/gate",
        cookies={"itscam_session": token},
        timeout=20,
    ) as client:
        yield client


async def feed(site: Site) -> None:
    """Play the clip round and round, a second of stream time further each time."""
    packets, offset_ns = clip_packets(SPEC), 0
    while True:
        for packet in packets:
            site.bus.publish(
                [
                    with_fields(
                        packet,
                        pts_ns=packet.pts_ns + offset_ns,
                        dts_ns=packet.dts_ns + offset_ns,
                    )
                ]
            )
            await asyncio.sleep(0.002)
        offset_ns += 2_000_000_000


@pytest.fixture
async def playing(site: Site) -> AsyncIterator[None]:
    task = asyncio.create_task(feed(site))
    yield
    task.cancel()


class Parts:
    """Reads a multipart stream of JPEGs."""

    def __init__(self, response: httpx.Response) -> None:
        self._chunks = response.aiter_raw()
        self._held = b""

    async def _until(self, size: int) -> None:
        while len(self._held) < size:
            self._held += await anext(self._chunks)

    async def drain(self) -> None:
        async for _ in self._chunks:
            self._held = b""

    async def next(self) -> bytes:
        while b"\r\n\r\n" not in self._held:
            self._held += await anext(self._chunks)
        head, _, self._held = self._held.partition(b"\r\n\r\n")
        fields = dict(line.split(b": ") for line in head.split(b"\r\n")[1:])
        assert head.startswith(b"--itscam-picture")
        assert fields[b"Content-Type"] == b"image/jpeg"
        length = int(fields[b"Content-Length"])
        await self._until(length + 2)
        jpeg, self._held = self._held[:length], self._held[length + 2 :]
        return jpeg


@pytest.mark.usefixtures("playing")
async def test_snapshot(browser: httpx.AsyncClient) -> None:
    response = await browser.get("/snapshot.jpg")
    assert response.status_code == 200
    assert response.headers["content-type"] == "image/jpeg"
    assert number_of(response.content) is not None


async def test_snapshot_without_a_picture(
    site: Site, browser: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_routes, "SNAPSHOT_WAIT_S", 0)
    response = await browser.get("/snapshot.jpg")
    assert response.status_code == 503
    assert response.json()["type"] == "urn:itscam:problem:no-picture"
    site.deps.cameras.put(camera(enabled=False))
    for path in ("/snapshot.jpg", "/live.mjpeg"):
        response = await browser.get(path)
        assert response.status_code == 503
        assert "switched off" in response.json()["detail"]


@pytest.mark.usefixtures("playing")
async def test_mjpeg(site: Site, browser: httpx.AsyncClient) -> None:
    async with browser.stream("GET", "/live.mjpeg") as response:
        assert response.status_code == 200
        assert (
            response.headers["content-type"] == "multipart/x-mixed-replace; boundary=itscam-picture"
        )
        parts = Parts(response)
        numbers = [number_of(await parts.next()) for _ in range(4)]
        assert None not in numbers
        assert len(set(numbers)) > 1
        second = await browser.get("/live.mjpeg")
        assert second.status_code == 503, "one seat only"
        assert second.json()["type"] == "urn:itscam:problem:busy"
        assert second.headers["retry-after"]
        assert site.deps.hub.viewer_count == 1
    async with asyncio.timeout(20):
        while site.deps.hub.viewer_count:
            await asyncio.sleep(0.01)
    assert (await browser.get("/snapshot.jpg")).status_code == 200, "the seat is free again"


@pytest.mark.usefixtures("playing")
async def test_mjpeg_with_boxes(site: Site, browser: httpx.AsyncClient) -> None:
    def look(packets: list[Packet]) -> None:
        published(packets)
        site.deps.state.on_tracks("gate", tracks_at(packets[0], BOX))

    published, site.bus.publish = site.bus.publish, look  # type: ignore[method-assign]  # vision's twin
    async with browser.stream("GET", "/live.mjpeg?boxes=1") as response:
        assert has_box(await Parts(response).next(), BOX)


@pytest.mark.usefixtures("playing")
async def test_mjpeg_ends_with_the_session(
    site: Site, browser: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_routes, "REVIEW_S", 0)
    async with browser.stream("GET", "/live.mjpeg") as response:
        parts = Parts(response)
        await parts.next()
        site.sessions.delete_of("viewer")
        async with asyncio.timeout(20):
            await parts.drain()


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"enabled": False}, id="switched off"),
        pytest.param({"sub": camera("sub").main}, id="another stream"),
    ],
)
@pytest.mark.usefixtures("playing")
async def test_mjpeg_ends_with_its_camera(
    site: Site,
    browser: httpx.AsyncClient,
    monkeypatch: pytest.MonkeyPatch,
    change: dict[str, object],
) -> None:
    monkeypatch.setattr(live_routes, "REVIEW_S", 0)
    async with browser.stream("GET", "/live.mjpeg") as response:
        parts = Parts(response)
        await parts.next()
        site.deps.cameras.put(camera(**change))
        async with asyncio.timeout(20):
            await parts.drain()


async def test_mjpeg_of_a_codec_that_nobody_decodes(site: Site, browser: httpx.AsyncClient) -> None:
    packet = plain_packets(1)[0]
    track = TrackInfo(packet.kind, "nonsense", b"", width=320, height=240)
    strange = with_fields(packet, info=replace(packet.info, video=track))
    async with browser.stream("GET", "/live.mjpeg") as response, asyncio.timeout(20):
        while not site.bus.subscribed:
            await asyncio.sleep(0.01)
        site.bus.publish([strange])
        await Parts(response).drain()
