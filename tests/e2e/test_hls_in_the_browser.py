"""A playlist's segments in a real Chromium's media buffer: one range, every picture, in order."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from fastapi import FastAPI
from playwright.sync_api import Browser, Page

from its_camera_ai.core.time import NS_PER_S, iso_utc
from its_camera_ai.store.database import open_database
from its_camera_ai.store.migration import migrate
from tests.api.support import BASE_WALL_NS, PASSWORD, Site, camera, make_site, served
from tests.support.clips import ClipSpec
from tests.support.pattern import read_number
from tests.support.recordings import camera_packets, record

pytestmark = pytest.mark.browser

SPEC = ClipSpec(frames=150, gop=25, audio=True)
LATER_NS = BASE_WALL_NS + 60 * NS_PER_S
LOAD = """async ([address, mime]) => {
  const text = await (await fetch(address)).text();
  const video = document.createElement('video');
  video.id = 'v';
  video.muted = true;
  document.body.append(video);
  const source = new MediaSource();
  video.src = URL.createObjectURL(source);
  await new Promise(done => source.addEventListener('sourceopen', done, {once: true}));
  const buffer = source.addSourceBuffer(mime);
  const base = new URL(address, location.href);
  const append = async (name, shift) => {
    const answer = await fetch(new URL(name, base));
    if (!answer.ok) throw new Error(`${answer.status} for ${name}`);
    if (shift !== undefined) buffer.timestampOffset = shift;
    const data = await answer.arrayBuffer();
    await new Promise((done, failed) => {
      buffer.onupdateend = done;
      buffer.onerror = () => failed(new Error(`the browser refuses ${name}`));
      buffer.appendBuffer(data);
    });
  };
  const map = /EXT-X-MAP:URI="(.+)"/, date = 'EXT-X-PROGRAM-DATE-TIME:';
  let begin, at, shift;
  for (const line of text.split('\\n')) {
    if (line.includes(date)) {
      at = Date.parse(line.split(date)[1]) / 1000;
      begin = begin ?? at;
      shift = shift ?? -begin;  // stream time began as wall time: one shift for all of a stream
    } else if (map.test(line)) {
      await append(map.exec(line)[1]);
    } else if (line && !line.startsWith('#')) {
      await append(line, shift);
    }
  }
  source.endOfStream();
  const ranges = [];
  for (let i = 0; i < video.buffered.length; i++) {
    ranges.push([video.buffered.start(i), video.buffered.end(i)]);
  }
  return ranges;
}"""
SEEK_TO_ALL = """async times => {
  const video = document.getElementById('v');
  const canvas = new OffscreenCanvas(video.videoWidth, video.videoHeight);
  const context = canvas.getContext('2d', {willReadFrequently: true});
  const rows = [];
  const shown = time => new Promise((done, failed) => {  // the picture itself, not only the seek
    video.requestVideoFrameCallback(done);
    video.onerror = () => failed(new Error(video.error.message));
    video.currentTime = time;
  });
  await shown(times[times.length - 1]);
  for (const time of times) {
    await shown(time);
    context.drawImage(video, 0, 0);
    const pixels = context.getImageData(0, Math.floor(canvas.height / 20), canvas.width, 1).data;
    rows.push(Array.from(pixels.filter((_, at) => at % 4 === 1)));
  }
  return rows;
}"""
PLAY = """([time, rate]) => new Promise((done, failed) => {
  const video = document.getElementById('v');
  video.onended = () => done(video.currentTime);
  video.onerror = () => failed(new Error(video.error.message));
  video.currentTime = time;
  video.playbackRate = rate;
  video.play().catch(failed);
})"""


@contextmanager
def running(app: FastAPI) -> Iterator[str]:
    """The application on a real server, in a thread of its own; gives its address."""
    up, stop, address = threading.Event(), asyncio.Event(), []

    async def serve() -> None:
        async with served(app) as host:
            address.append(f"http://{host}")
            up.set()
            await stop.wait()

    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()), daemon=True)
    thread.start()
    assert up.wait(20)
    try:
        yield address[0]
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
        loop.close()


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Three files of 2 s with sound; the camera connected anew a minute later."""
    folder = tmp_path_factory.mktemp("site")
    database = open_database(f"sqlite:///{folder}/site.db")
    migrate(database)
    site = make_site(database, folder)
    site.add_user("viewer", "viewer")
    site.deps.cameras.put(camera())
    packets = camera_packets(SPEC, start_ns=BASE_WALL_NS)
    packets += camera_packets(SPEC, start_ns=LATER_NS, generation=2)
    site.deps.segments.put_many(record(Path(site.deps.media_root), packets))
    site.clock.turn(3600)
    yield site
    database.close()


@pytest.fixture(scope="module")
def page(chromium: Browser, recorded: Site) -> Iterator[Page]:
    """Signed in, on a page of the site."""
    with running(recorded.app()) as address:
        made = chromium.new_page()
        login = {"username": "viewer", "password": PASSWORD}
        assert made.request.post(f"{address}/api/v1/auth/login", data=login).ok
        made.goto(f"{address}/health")
        yield made
        made.close()


def playlist(since_s: float, until_s: float, **more: str) -> str:
    since, until = (iso_utc(BASE_WALL_NS + round(s * NS_PER_S)) for s in (since_s, until_s))
    query = "".join(f"&{name}={value}" for name, value in more.items())
    return f"/api/v1/cameras/gate/playlist.m3u8?since={since}&until={until}{query}"


def numbers(rows: list[list[int]]) -> list[int | None]:
    height = SPEC.size_wh[1]
    return [read_number(np.tile(np.array(row, np.uint8), (height, 1))) for row in rows]


BOTH = 'video/mp4; codecs="avc1.64000d, mp4a.40.2"'
ALONE = 'video/mp4; codecs="avc1.64000d"'


def test_three_files_are_one_range_with_every_picture(page: Page) -> None:
    page.reload()
    ((begin_s, end_s),) = page.evaluate(LOAD, [playlist(0, 10), BOTH])
    assert begin_s == pytest.approx(0, abs=0.05)
    assert end_s == pytest.approx(6, abs=0.1)
    times = [(n + 0.5) / SPEC.fps for n in range(SPEC.frames)]
    assert numbers(page.evaluate(SEEK_TO_ALL, times)) == list(range(SPEC.frames))
    ended_s = page.evaluate(PLAY, [1.5, 2])  # over two borders, without a stop
    assert ended_s == pytest.approx(6, abs=0.1)


def test_key_frames_alone_fill_the_same_time(page: Page) -> None:
    page.reload()
    ((begin_s, end_s),) = page.evaluate(LOAD, [playlist(0, 10, keys_only="1"), ALONE])
    assert begin_s == pytest.approx(0, abs=0.05)
    assert end_s == pytest.approx(6, abs=0.05)
    for share in (0.05, 0.95):
        times = [n + share for n in range(6)]
        assert numbers(page.evaluate(SEEK_TO_ALL, times)) == list(range(0, 150, 25))
    assert page.evaluate(PLAY, [0, 16]) == pytest.approx(6, abs=0.05)


def test_a_part_of_the_span(page: Page) -> None:
    page.reload()
    ((begin_s, end_s),) = page.evaluate(LOAD, [playlist(1.5, 4.2), BOTH])
    assert begin_s == pytest.approx(0, abs=0.05)
    assert end_s == pytest.approx(4, abs=0.1)
    times = [(n + 0.5) / SPEC.fps for n in range(100)]
    assert numbers(page.evaluate(SEEK_TO_ALL, times)) == list(range(25, 125))


def test_a_gap_in_the_recording_is_one_in_its_time(page: Page) -> None:
    page.reload()
    ranges = page.evaluate(LOAD, [playlist(0, 70), BOTH])
    assert [pytest.approx(r, abs=0.1) for r in ranges] == [[0, 6], [60, 66]]
