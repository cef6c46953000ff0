"""Recordings to export: real files of the recorder, with sound, gaps and damage on demand."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from its_camera_ai.core.media import Packet
from its_camera_ai.core.segments import Segment, Tier
from its_camera_ai.core.time import NS_PER_S
from its_camera_ai.recorder.clips import ClipPlan, plan_clip
from its_camera_ai.recorder.export_mp4 import Opener
from its_camera_ai.recorder.export_plan import Span
from its_camera_ai.recorder.export_source import read_source
from its_camera_ai.recorder.media import Media
from its_camera_ai.recorder.recorder import Recorder
from its_camera_ai.recorder.volume import Volume
from its_camera_ai.store.disk import RealDisk
from its_camera_ai.store.folder_store import FolderStore
from tests.recorder.support import WALL_NS, RememberingIndex


def record(root: Path, packets: Sequence[Packet], *, segment_s: float = 2.0) -> list[Segment]:
    """Recordings of these packets, oldest first."""
    index = RememberingIndex()
    recorder = Recorder(Volume(RealDisk(), root), index, segment_s=segment_s)
    for packet in packets:
        recorder.put(packet)
    recorder.close()
    return sorted(index.segments, key=lambda s: s.start_wall_ns)


def media_of(root: Path) -> Media:
    return Media({Tier.HOT: FolderStore(RealDisk(), root)})


def span(since_s: float, until_s: float) -> Span:
    """Seconds after the first picture."""
    return Span(WALL_NS + round(since_s * NS_PER_S), WALL_NS + round(until_s * NS_PER_S))


def clip_plan(
    root: Path, segments: Sequence[Segment], asked: Span, *, exact: bool = False, sound: bool = True
) -> ClipPlan:
    media = media_of(root)
    sources = [read_source(media, segment) for segment in segments]
    plan = plan_clip(sources, openers(media, segments), asked, exact=exact, sound=sound)
    assert plan is not None
    return plan


def openers(media: Media, segments: Sequence[Segment]) -> list[Opener]:
    return [lambda segment=segment: media.open(segment) for segment in segments]


def written(plan: ClipPlan, path: Path) -> Path:
    file = RealDisk().create(path)
    plan.write(file, lambda size: None)
    file.close()
    return path


@contextmanager
def flipped(path: Path, at: int, bit: int) -> Iterator[None]:
    """One bit of a file turned over while the block runs."""
    content = path.read_bytes()
    changed = bytearray(content)
    changed[at] ^= 1 << bit
    path.write_bytes(changed)
    yield
    path.write_bytes(content)
