"""Exported clips in a real Chromium: every picture is the right one, over all changes of coder."""

import functools
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page

from tests.recorder.export_support import clip_plan, record, span, written
from tests.recorder.support import packets
from tests.support.clips import ClipSpec
from tests.support.pattern import read_number

pytestmark = pytest.mark.browser

SIZE_WH = (320, 240)
PAGE = "<!doctype html><video id=v muted></video>"
LOAD = """async () => {  // as a whole: the server of the test knows no byte ranges
  const video = document.getElementById('v');
  const blob = await (await fetch('clip.mp4')).blob();
  await new Promise((done, failed) => {
    video.onloadeddata = done;
    video.onerror = () => failed(new Error(video.error.message));
    video.src = URL.createObjectURL(blob);
  });
}"""
SEEK_TO_ALL = """async ([count, fps]) => {
  const video = document.getElementById('v');
  const canvas = new OffscreenCanvas(video.videoWidth, video.videoHeight);
  const context = canvas.getContext('2d', {willReadFrequently: true});
  const rows = [];
  for (let n = 0; n < count; n++) {
    const seeked = new Promise((done, failed) => {
      video.onseeked = done;
      video.onerror = () => failed(new Error(video.error.message));
    });
    const shown = new Promise(done => video.requestVideoFrameCallback(done));
    video.currentTime = (n + 0.5) / fps;
    await seeked;
    if (n > 0) await shown;  // the first picture stands there from the beginning
    context.drawImage(video, 0, 0);
    const pixels = context.getImageData(0, Math.floor(canvas.height / 20), canvas.width, 1).data;
    rows.push(Array.from(pixels.filter((_, at) => at % 4 === 1)));
  }
  return [video.duration, rows];
}"""
PLAY_ALL = """() => new Promise((done, failed) => {
  const video = document.getElementById('v');
  video.onended = () => done(video.getVideoPlaybackQuality().totalVideoFrames);
  video.onerror = () => failed(new Error(video.error.message));
  video.currentTime = 0;
  video.play().catch(failed);
})"""


class _Files(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *words: object) -> None:
        pass


@pytest.fixture(scope="module")
def page(chromium: Browser) -> Iterator[Page]:
    made = chromium.new_page()
    yield made
    made.close()


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A folder, and the address that serves it."""
    folder = tmp_path / "served"
    folder.mkdir()
    (folder / "index.html").write_text(PAGE)
    handler = functools.partial(_Files, directory=str(folder))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield folder, f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.parametrize(
    "spec",
    [
        pytest.param(ClipSpec(frames=75, gop=25, audio=True), id="with sound"),
        pytest.param(ClipSpec(frames=75, gop=25, b_frames=2), id="B-frames"),
    ],
)
def test_every_picture_of_an_exact_clip_is_the_right_one(
    spec: ClipSpec, tmp_path: Path, page: Page, served: tuple[Path, str]
) -> None:
    folder, address = served
    items = packets(spec)
    delay_s = (items[0].pts_ns - items[0].dts_ns) / 1e9
    asked = span(0.6 + delay_s, 2.6 + delay_s)
    segments = record(tmp_path / "m", items)
    clip_at = clip_plan(tmp_path / "m", segments, asked, exact=True)
    written(clip_at, folder / "clip.mp4")
    page.goto(address)
    page.evaluate(LOAD)
    duration_s, rows = page.evaluate(SEEK_TO_ALL, [clip_at.clip.frames, 25])
    seen = [read_number(np.tile(np.array(row, np.uint8), (SIZE_WH[1], 1))) for row in rows]
    assert seen == list(range(15, 15 + clip_at.clip.frames))
    assert seen[-1] >= 64
    assert duration_s == pytest.approx(clip_at.clip.frames / 25, abs=0.05)
    page.reload()
    page.evaluate(LOAD)
    assert page.evaluate(PLAY_ALL) >= clip_at.clip.frames - 1  # it counts what it showed, roughly
