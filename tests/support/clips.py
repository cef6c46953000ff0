"""Test clips, encoded once per set of parameters and kept in the repository's ``.cache/clips``.

Every picture carries its number (see ``pattern``), so a test can prove which frames it got.
"""

import hashlib
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from tests.support.pattern import Luma, MovingPattern, read_number

CACHE = Path(__file__).resolve().parents[2] / ".cache" / "clips"
SAMPLE_RATE = 48_000
_FORMAT = 4  # part of every key: raise it when the pictures or the encoding change
_AAC_FRAME = 1024


@dataclass(frozen=True, slots=True)
class ClipSpec:
    """What a clip is made of; equal specs give the same file.

    Attributes:
        codec: ``h264`` or ``hevc``.
        size_wh: pixels, even.
        fps: pictures per second; ``vfr`` halves it for the second half of the clip.
        frames: how many pictures.
        gop: distance of key frames in pictures; fixed, no scene-cut key frames.
        b_frames: consecutive B pictures, 0 for the order of a camera.
        audio: adds a mono AAC tone of 440 Hz as long as the video.
        bitrate_bps: None for a constant quality.
        first_number: the number painted into the first picture.
        noise: see ``MovingPattern``.
        suffix: chooses the container.
    """

    codec: str = "h264"
    size_wh: tuple[int, int] = (320, 240)
    fps: int = 25
    frames: int = 75
    gop: int = 25
    b_frames: int = 0
    audio: bool = False
    bitrate_bps: int | None = None
    vfr: bool = False
    first_number: int = 0
    noise: float = 0.25
    suffix: str = ".mp4"

    @property
    def duration_s(self) -> float:
        return sum(self.frame_ticks()) / (self.fps * 2)

    def frame_ticks(self) -> list[int]:
        """How long each picture stands, in halves of the nominal distance."""
        slow = self.frames // 2 if self.vfr else self.frames
        return [2 if i < slow else 4 for i in range(self.frames)]

    @property
    def key(self) -> str:
        text = json.dumps([_FORMAT, asdict(self)], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


BENCH_MAIN = ClipSpec(
    size_wh=(1920, 1080), fps=30, frames=300, gop=60, bitrate_bps=4_000_000, noise=0.1
)
"""What a camera's main stream costs: 1080p30 at 4 Mb/s, a key frame every 2 s."""
BENCH_SUB = ClipSpec(size_wh=(640, 360), fps=30, frames=300, gop=60, bitrate_bps=800_000, noise=0.1)
"""The sub stream beside it."""


def cached(name: str, make: Callable[[Path], None]) -> Path:
    """The file ``name`` of the cache, made by ``make(path)`` where it is missing.

    Safe when several processes ask at once: each writes its own file and the last rename wins.
    """
    path = CACHE / name
    if not path.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(f"{os.getpid()}.part.{name}")
        try:
            make(partial)
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)
    return path


def make_clip(spec: ClipSpec | None = None) -> Path:
    """The clip of this description, from the cache where it is there."""
    wanted = spec or ClipSpec()
    return cached(
        f"{wanted.codec}-{wanted.key}{wanted.suffix}", lambda path: encode_pattern(wanted, path)
    )


def encode_pattern(spec: ClipSpec, path: Path) -> None:
    """Encode the numbered pattern into a new file."""
    pattern = MovingPattern(spec.size_wh, spec.noise)
    pictures = (pattern.yuv420(spec.first_number + i) for i in range(spec.frames))
    frames = (VideoFrame.from_ndarray(p, format="yuv420p") for p in pictures)
    encode(frames, spec, path)


def encode(frames: Iterator[VideoFrame], spec: ClipSpec, path: Path) -> None:
    """Encode pictures of ``spec.size_wh`` as ``spec`` says, with audio if it asks for it.

    The other users of this function bring their own pictures (the simulated street).
    """
    time_base = Fraction(1, spec.fps * 2)
    with av.open(str(path), "w") as container:
        encoder = {"h264": "libx264", "hevc": "libx265"}[spec.codec]
        video = cast(VideoStream, container.add_stream(encoder, rate=spec.fps))
        video.width, video.height = spec.size_wh
        video.pix_fmt = "yuv420p"
        video.time_base = video.codec_context.time_base = time_base
        video.codec_context.gop_size = spec.gop
        video.codec_context.max_b_frames = spec.b_frames
        video.codec_context.thread_count = 1  # more threads do not always give the same bits
        video.options = dict(_encoder_options(spec))
        if spec.bitrate_bps:
            video.bit_rate = spec.bitrate_bps
        tone = container.add_stream("aac", SAMPLE_RATE, layout="mono") if spec.audio else None
        ticks = 0
        for frame, tick in zip(frames, spec.frame_ticks(), strict=True):
            frame.pts, frame.time_base = ticks, time_base
            ticks += tick
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
        if tone is not None:
            for audio_frame in tone_frames(spec.duration_s):
                container.mux(tone.encode(audio_frame))
            container.mux(tone.encode(None))


def _encoder_options(spec: ClipSpec) -> dict[str, str]:
    options = {"preset": "veryfast", "g": str(spec.gop)}
    if spec.bitrate_bps:
        options |= {"maxrate": str(spec.bitrate_bps), "bufsize": str(spec.bitrate_bps)}
    else:
        options["crf"] = "26"
    if spec.codec == "h264":
        options["x264-params"] = f"scenecut=0:keyint={spec.gop}:min-keyint={spec.gop}"
    else:
        options["x265-params"] = (
            f"log-level=error:scenecut=0:open-gop=0:keyint={spec.gop}:min-keyint={spec.gop}"
            f":bframes={spec.b_frames}"
        )
    return options


def tone_frames(duration_s: float) -> Iterator[AudioFrame]:
    """A quiet 440 Hz tone in frames of 1024 samples, not shorter than asked."""
    for start in range(0, round(duration_s * SAMPLE_RATE), _AAC_FRAME):
        t = np.arange(start, start + _AAC_FRAME) / SAMPLE_RATE
        samples = (0.1 * np.sin(2 * np.pi * 440 * t)).astype(np.float32)[None, :]
        frame = AudioFrame.from_ndarray(samples, format="fltp", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = (
            SAMPLE_RATE,
            start,
            Fraction(1, SAMPLE_RATE),
        )
        yield frame


def luma(frame: VideoFrame) -> Luma:
    """The (H, W) luma plane of a decoded picture, without its padding."""
    plane = frame.planes[0]
    rows = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
    return rows[: frame.height, : frame.width]


def numbers_in(path: Path) -> list[int | None]:
    """The numbers painted into all pictures of a file, in the order they are shown."""
    with av.open(str(path)) as container:
        return [read_number(luma(frame)) for frame in container.decode(video=0)]
