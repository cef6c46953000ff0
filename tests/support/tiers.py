"""A site with tiers: sealed recordings in a hot folder, an index, a mover."""

import functools
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from its_camera_ai.core.media import StreamRole
from its_camera_ai.core.segments import Segment, Tier
from its_camera_ai.core.storage_policy import TierPolicy
from its_camera_ai.core.time import NS_PER_S
from its_camera_ai.recorder.files.media import Media
from its_camera_ai.recorder.keeping.garbage import Garbage, StoreFiles, VolumeFiles
from its_camera_ai.recorder.keeping.tier_mover import TierMover
from its_camera_ai.recorder.volumes.volume import Volume
from its_camera_ai.sim.clock import SimulatedClock
from its_camera_ai.store.database import Database
from its_camera_ai.store.disk import RealDisk
from its_camera_ai.store.folder_store import FolderStore
from its_camera_ai.store.garbage import GarbageRepository
from its_camera_ai.store.media_store import MediaStore
from its_camera_ai.store.moves import MoveRepository
from its_camera_ai.store.segments import SegmentRepository
from tests.support.sources import random_bytes

DAY_NS = 86_400 * NS_PER_S
NOW_NS = 20_000 * DAY_NS
FAST = TierPolicy(warm_after_days=7, cold_after_days=90, move_bytes_per_s=100_000_000_000)


@functools.cache
def sealed(size_bytes: int, seed: int) -> bytes:
    """Content as recordings have it: the last 32 bytes are the hash of those before."""
    body = random_bytes(size_bytes - 32, seed)
    return body + hashlib.sha256(body).digest()


@dataclass
class TieredSite:
    """All that the mover works with.

    Attributes:
        slower: the stores of the warm and cold tier that there are.
    """

    database: Database
    hot: Path
    slower: Mapping[Tier, MediaStore]
    clock: SimulatedClock = field(default_factory=lambda: SimulatedClock(NOW_NS))
    policy: TierPolicy = FAST

    def __post_init__(self) -> None:
        self.hot.mkdir(exist_ok=True)
        self.segments = SegmentRepository(self.database)
        self.moves = MoveRepository(self.database)
        self.garbage = GarbageRepository(self.database)
        hot = FolderStore(RealDisk(), self.hot)
        self.media = Media({Tier.HOT: hot, **self.slower})

    def mover(self, sleep: Callable[[float], None] | None = None) -> TierMover:
        return TierMover(
            self.media,
            self.moves,
            self.segments,
            lambda: self.policy,
            clock=self.clock,
            sleep=sleep or (lambda _s: None),
        )

    def collect(self) -> None:
        """Remove what is garbage."""
        removers = {tier: StoreFiles(store) for tier, store in self.slower.items()}
        hot = VolumeFiles(Volume(RealDisk(), self.hot), self.clock)
        done = Garbage(self.garbage, {Tier.HOT: hot, **removers}).collect()
        assert done.failed_files == 0

    def record(self, number: int, age_days: float, size_bytes: int = 2000) -> Segment:
        """A recording in the hot tier."""
        content = sealed(size_bytes, number)
        start_ns = NOW_NS - round(age_days * DAY_NS) - 10 * NS_PER_S
        made = Segment(
            id=f"{number:012d}",
            camera_id="gate",
            role=StreamRole.MAIN,
            path=f"gate/main/2024-09-{1 + number % 9:02d}/{number:012d}.mp4",
            start_wall_ns=start_ns,
            start_pts_ns=0,
            duration_ns=10 * NS_PER_S,
            size_bytes=size_bytes,
            frames=250,
            codec="h264",
            width=64,
            height=48,
            has_audio=False,
            generation=1,
            content_hash=hashlib.sha256(content[:-32]).hexdigest(),
        )
        path = self.hot / made.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        self.segments.put(made)
        return made

    def tier(self, segment: Segment) -> Tier | None:
        found = self.segments.get(segment.id)
        return None if found is None else found.tier

    def content(self, segment: Segment) -> bytes:
        """What is played of a recording."""
        found = self.segments.get(segment.id)
        assert found is not None
        assert found == replace(segment, tier=found.tier)
        file = self.media.open(found)
        try:
            return file.read(file.size_bytes + 1, 0)
        finally:
            file.close()

    def files(self, tier: Tier) -> list[str]:
        """What lies in a tier, drafts too."""
        if tier is not Tier.HOT:
            return sorted(self.slower[tier].paths())
        found = (p for p in self.hot.rglob("*") if p.is_file())
        return sorted(p.relative_to(self.hot).as_posix() for p in found)

    def assert_consistent(self, wanted: list[Segment]) -> None:
        """Each recording is there, whole; each file is a recording's."""
        by_tier: dict[Tier, list[str]] = {tier: [] for tier in (Tier.HOT, *self.slower)}
        for segment in wanted:
            assert self.content(segment) == sealed(segment.size_bytes, int(segment.id))
            tier = self.tier(segment)
            assert tier is not None
            by_tier[tier].append(segment.path)
        for tier, paths in by_tier.items():
            assert self.files(tier) == sorted(paths), tier
