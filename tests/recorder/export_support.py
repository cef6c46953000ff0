"""Recordings to export: real files of the recorder, with sound, gaps and damage on demand."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from msgspec import structs

from its_camera_ai.core.disk import Disk
from its_camera_ai.core.exports import Export, ExportRequest, ExportState, Sought, checked
from its_camera_ai.core.holds import Hold
from its_camera_ai.core.ids import new_id
from its_camera_ai.core.media import Packet
from its_camera_ai.core.segments import Segment, Tier
from its_camera_ai.core.time import NS_PER_S, SystemClock, WallTime
from its_camera_ai.recorder.exporting.clips import ClipPlan, plan_clip
from its_camera_ai.recorder.exporting.evidence_key import EvidenceKey
from its_camera_ai.recorder.exporting.exporter import ExportParts, ExportWorker
from its_camera_ai.recorder.exporting.finders import Finder
from its_camera_ai.recorder.exporting.folder import ExportFolder
from its_camera_ai.recorder.exporting.manifest import Manifest, read_manifest
from its_camera_ai.recorder.exporting.mp4 import Opener
from its_camera_ai.recorder.exporting.plan import Span
from its_camera_ai.recorder.exporting.source import read_source
from its_camera_ai.recorder.files.media import Media
from its_camera_ai.recorder.volumes.volume import Volume
from its_camera_ai.recorder.writing.recorder import Recorder
from its_camera_ai.store.audit import AuditLog
from its_camera_ai.store.database import open_database
from its_camera_ai.store.disk import RealDisk
from its_camera_ai.store.exports import ExportRepository
from its_camera_ai.store.folder_store import FolderStore
from its_camera_ai.store.migration import migrate
from its_camera_ai.store.segments import SegmentRepository
from tests.recorder.support import WALL_NS, RememberingIndex


def record(root: Path, packets: Sequence[Packet], *, segment_s: float = 2.0) -> list[Segment]:
    """Recordings of these packets, oldest first."""
    root.mkdir(exist_ok=True)
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
    sources = [read_source(media, segment, lambda: None) for segment in segments]
    plan = plan_clip(
        sources, openers(media, segments), asked, lambda: None, exact=exact, sound=sound
    )
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


class SteppingClock(SystemClock):
    """Each look at it finds ``step_s`` gone by: with a second, whatever happens twice a second
    happens each time. ``ahead_s`` moves wall time."""

    def __init__(self) -> None:
        self.ahead_s = 0.0
        self.step_s = 1.0
        self.seconds = 0.0

    def wall_ns(self) -> WallTime:
        return WallTime(super().wall_ns() + round(self.ahead_s * NS_PER_S))

    def monotonic_ns(self) -> int:
        self.seconds += self.step_s
        return round(self.seconds * NS_PER_S)


class ExportSite:
    """A database, recordings and a worker in one folder."""

    def __init__(self, folder: Path, *, disk: Disk | None = None, reserve_bytes: int = 0) -> None:
        self.folder = folder
        self.root = folder / "media"
        self.out = folder / "exports"
        self.disk = disk or RealDisk()
        self.reserve_bytes = reserve_bytes
        fresh = not (folder / "site.db").exists()
        self.database = open_database(f"sqlite:///{folder}/site.db")
        if fresh:
            migrate(self.database)
        self.exports = ExportRepository(self.database)
        self.segments = SegmentRepository(self.database)
        self.audit = AuditLog(self.database)
        self.clock = SteppingClock()
        self.holds: list[Hold] = []
        self.finders: dict[Sought, Finder] = {}

    def close(self) -> None:
        self.database.close()

    def record(
        self, packets: Sequence[Packet], *, segment_s: float = 2.0, camera: str = "cam"
    ) -> list[Segment]:
        """Record and index."""
        renamed = [structs.replace(p, info=replace(p.info, camera_id=camera)) for p in packets]
        made = record(self.root, renamed, segment_s=segment_s)
        for segment in made:
            self.segments.put(segment)
        return made

    def worker(self, **changes: object) -> ExportWorker:
        parts = ExportParts(
            exports=self.exports,
            segments=self.segments,
            media=media_of(self.root),
            folder=self.export_folder,
            key=lambda: EvidenceKey.open(self.folder),
            holds=lambda camera, since, until: self.holds,
            camera_name=lambda camera: f"Name of {camera}",
            finder=lambda kind, camera: self.finders[kind],
            audit=self.audit,
            clock=self.clock,
            site="Harbour",
            version="1.2.3",
        )
        return ExportWorker(replace(parts, **changes), pause=lambda seconds: None)  # type: ignore[arg-type]  # the caller names real fields

    def export_folder(self, export_id: str) -> ExportFolder:
        return ExportFolder(self.disk, self.out, export_id, lambda: self.reserve_bytes)

    def ask(self, since_s: float = 0, until_s: float = 6, **fields: object) -> str:
        """Queue an export; seconds after the first picture."""
        wanted = span(since_s, until_s)
        fields.setdefault("cameras", ("cam",))
        request = ExportRequest(
            since_wall_ns=wanted.since_ns,
            until_wall_ns=wanted.until_ns,
            **fields,  # type: ignore[arg-type]  # the caller names real fields
        )
        now = self.clock.wall_ns()
        export = Export(new_id(now), ExportState.QUEUED, checked(request), "ann", now, now)
        self.exports.create(export)
        return export.id

    def make(self, since_s: float = 0, until_s: float = 6, **fields: object) -> "Made":
        """Ask for an export and make it."""
        export_id = self.ask(since_s, until_s, **fields)
        assert self.worker().work_once(lambda: False)
        return self.made(export_id)

    def made(self, export_id: str) -> "Made":
        export = self.exports.get(export_id)
        assert export is not None
        return Made(export, self.out / export_id)


@dataclass(frozen=True)
class Made:
    """An export and its folder."""

    export: Export
    path: Path

    @property
    def manifest(self) -> Manifest:
        return read_manifest((self.path / "manifest.json").read_bytes())

    @property
    def videos(self) -> list[Path]:
        return sorted(self.path.glob("*.mp4"))
