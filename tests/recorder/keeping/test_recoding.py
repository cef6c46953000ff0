"""A recording encoded anew: the same pictures at the same times, smaller, sealed, provable."""

import io
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest

from its_camera_ai.core.media import MediaKind, StreamInfo, StreamRole, TrackInfo
from its_camera_ai.core.segments import Segment, Tier
from its_camera_ai.core.storage_policy import CompressionCodec, CompressionStep
from its_camera_ai.recorder.checking.check import read_closed
from its_camera_ai.recorder.exporting.coding import PictureDecoder, configuration
from its_camera_ai.recorder.exporting.source import Verification, read_source
from its_camera_ai.recorder.files.media import Media
from its_camera_ai.recorder.files.media_tree import belongs_to
from its_camera_ai.recorder.files.segment_reading import (
    content_hash,
    measure,
    read_description,
    read_seal,
)
from its_camera_ai.recorder.keeping.recoding import Recoded, Stopped, Unfit, recode
from its_camera_ai.store.disk import RealDisk
from its_camera_ai.store.folder_store import FolderStore
from its_camera_ai.video.decoder import VideoDecoder
from tests.support.clips import ClipSpec, luma
from tests.support.closed_segments import closed_segment
from tests.support.pattern import MovingPattern

AV1, H265 = CompressionCodec.AV1, CompressionCodec.H265
STEPS = {
    AV1: CompressionStep(7, AV1, crf=45, preset=12, min_saving=0.1),
    H265: CompressionStep(7, H265, crf=24, preset=9, min_saving=0.1),
}
PLAIN = ClipSpec(frames=50, noise=0.02, bitrate_bps=1_500_000)


def made(root: Path, spec: ClipSpec, codec: CompressionCodec = AV1) -> tuple[Segment, Recoded]:
    segment = closed_segment(root, spec)
    data = (root / segment.path).read_bytes()
    return segment, recode(data, segment, STEPS[codec], lambda: False)


def pts_of(data: bytes) -> list[int]:
    with av.open(io.BytesIO(data), "r", format="mp4") as file:
        return [frame.pts or 0 for frame in file.decode(video=0)]


@pytest.mark.parametrize(
    ("spec", "codec"),
    [
        pytest.param(PLAIN, AV1, id="AV1"),
        pytest.param(PLAIN, H265, id="H.265"),
        pytest.param(replace(PLAIN, audio=True, b_frames=2), AV1, id="AV1, sound and B pictures"),
        pytest.param(replace(PLAIN, audio=True, b_frames=2), H265, id="H.265, sound, B pictures"),
        pytest.param(replace(PLAIN, vfr=True, codec="hevc"), AV1, id="AV1, uneven times"),
    ],
)
def test_the_new_file_shows_the_same_and_proves_itself(
    tmp_path: Path, spec: ClipSpec, codec: CompressionCodec
) -> None:
    segment, found = made(tmp_path, spec, codec)
    new = found.segment
    assert 0.1 < found.saving(segment) < 1
    assert 0.8 < found.ssim_min <= 1
    assert new == replace(
        segment,
        codec=str("av1" if codec is AV1 else "hevc"),
        path=new.path,
        size_bytes=len(found.data),
        content_hash=new.content_hash,
        original_hash=segment.content_hash,
    )
    was, now = pts_of((tmp_path / segment.path).read_bytes()), pts_of(found.data)
    assert np.abs(np.diff(now) - np.diff(was)).max() <= 1

    (tmp_path / new.path).write_bytes(found.data)
    file = RealDisk().open(tmp_path / new.path)
    description, sealed, length = read_description(file), read_seal(file), measure(file)
    assert description is not None
    assert belongs_to(new.path, description)
    assert sealed is not None
    assert sealed[1] == content_hash(file) == new.content_hash
    assert sealed[0].previous_hash == segment.previous_hash
    assert length.frames == segment.frames
    assert abs(length.duration_ns - segment.duration_ns) <= 2 * 10**9 // spec.fps
    file.close()
    assert read_closed(RealDisk(), tmp_path, new.path)[0] == new
    source = read_source(Media({Tier.HOT: FolderStore(RealDisk(), tmp_path)}), new, lambda: None)
    assert source.verification is Verification.SOUND
    assert (source.audio is not None) is spec.audio


@pytest.mark.parametrize("codec", [AV1, H265])
def test_it_can_be_decoded_like_any_recording(tmp_path: Path, codec: CompressionCodec) -> None:
    """By exports and by whoever wants a picture: both make their decoders from what the file
    says."""
    segment, found = made(tmp_path, PLAIN, codec)
    new = found.segment
    (tmp_path / new.path).write_bytes(found.data)
    media = Media({Tier.HOT: FolderStore(RealDisk(), tmp_path)})
    video = read_source(media, new, lambda: None).video
    samples = [
        found.data[at : at + size]
        for at, size in zip(video.samples.at, video.samples.size, strict=True)
    ]
    exporting = PictureDecoder(new.codec, video.entry)
    pictures = [
        picture
        for data, pts in zip(samples, video.samples.pts, strict=True)
        for picture in exporting.decode(data, int(pts))
    ]
    pictures += exporting.flush()
    assert (len(pictures), exporting.errors) == (segment.frames, 0)
    info = TrackInfo(MediaKind.VIDEO, new.codec, configuration(video.entry), 320, 240)
    showing = VideoDecoder(StreamInfo("cam", StreamRole.MAIN, 1, info))
    assert len(showing.decode_alone(samples[0], 0)) == 1


def test_sound_stays_as_it_was(tmp_path: Path) -> None:
    segment, found = made(tmp_path, replace(PLAIN, audio=True))

    def sound(data: bytes) -> tuple[list[bytes], float]:
        with av.open(io.BytesIO(data), "r", format="mp4") as file:
            first = next(iter(file.decode(video=0))).time or 0.0
        with av.open(io.BytesIO(data), "r", format="mp4") as file:
            packets = [p for p in file.demux(audio=0) if p.size]
            begin = float((packets[0].pts or 0) * packets[0].time_base)
            return [bytes(p) for p in packets], begin - float(first)

    (was, began), (now, begins) = sound((tmp_path / segment.path).read_bytes()), sound(found.data)
    assert now == was
    assert begins == pytest.approx(began, abs=0.0001)


def test_the_first_original_stays_known(tmp_path: Path) -> None:
    segment = replace(closed_segment(tmp_path, PLAIN), original_hash="ab" * 32)
    data = (tmp_path / segment.path).read_bytes()
    found = recode(data, segment, STEPS[AV1], lambda: False)
    assert found.segment.original_hash == "ab" * 32


def test_full_range_pictures_keep_their_brightness(tmp_path: Path) -> None:
    pattern, clip = MovingPattern((320, 240), 0.02), tmp_path / "full.mp4"
    with av.open(str(clip), "w") as file:
        video = file.add_stream("libx264", rate=25)
        video.width, video.height, video.pix_fmt = 320, 240, "yuvj420p"
        video.bit_rate = 1_500_000
        for number in range(30):
            frame = av.VideoFrame.from_ndarray(pattern.yuv420(number), format="yuvj420p")
            file.mux(video.encode(frame))
        file.mux(video.encode(None))
    segment = closed_segment(tmp_path, clip)
    data = (tmp_path / segment.path).read_bytes()
    found = recode(data, segment, STEPS[AV1], lambda: False)
    assert found.ssim_min > 0.8
    with av.open(io.BytesIO(found.data), "r", format="mp4") as file:
        new = next(iter(file.decode(video=0)))
    with av.open(io.BytesIO(data), "r", format="mp4") as file:
        old = next(iter(file.decode(video=0)))
    assert (old.color_range, new.color_range) == (2, 2)
    assert luma(new).mean() == pytest.approx(luma(old).mean(), abs=1.5)


@pytest.mark.parametrize(
    ("change", "found"),
    [
        pytest.param(lambda d: d[:5000] + b"\xff" + d[5001:], "not as sealed", id="bit rot"),
        pytest.param(lambda d: d[:9000], "not as sealed", id="cut off"),
        pytest.param(lambda d: b"", "not as sealed", id="empty"),
    ],
)
def test_what_is_damaged_is_left_alone(tmp_path: Path, change, found: str) -> None:  # type: ignore[no-untyped-def]
    segment = closed_segment(tmp_path, PLAIN)
    data = change((tmp_path / segment.path).read_bytes())
    with pytest.raises(Unfit, match=found):
        recode(data, segment, STEPS[AV1], lambda: False)


def test_a_row_that_promises_more_pictures_is_left_alone(tmp_path: Path) -> None:
    segment = closed_segment(tmp_path, PLAIN)
    data = (tmp_path / segment.path).read_bytes()
    with pytest.raises(Unfit, match="50 of 51 pictures"):
        recode(data, replace(segment, frames=51), STEPS[AV1], lambda: False)


def test_it_stops_when_it_is_told_to(tmp_path: Path) -> None:
    segment = closed_segment(tmp_path, PLAIN)
    data = (tmp_path / segment.path).read_bytes()
    with pytest.raises(Stopped):
        recode(data, segment, STEPS[AV1], lambda: True)
