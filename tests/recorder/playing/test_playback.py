"""Finding the recording of a moment, cutting a span's edges, remembering where files lie."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from its_camera_ai.core.disk import ReadableFile
from its_camera_ai.core.errors import (
    RecordingArchived,
    RecordingDamaged,
    RecordingGone,
    StorageUnavailable,
)
from its_camera_ai.core.media import StreamRole
from its_camera_ai.core.segments import Segment, SegmentState, Tier
from its_camera_ai.core.time import NS_PER_S
from its_camera_ai.recorder.files.media import Media
from its_camera_ai.recorder.playing.playback import NothingRecorded, Playback, readable
from its_camera_ai.recorder.playing.playlist import PlaylistWish
from its_camera_ai.store.database import Database, open_database
from its_camera_ai.store.disk import RealDisk
from its_camera_ai.store.folder_store import FolderStore
from its_camera_ai.store.migration import migrate
from its_camera_ai.store.segment_list import SegmentList
from its_camera_ai.store.segments import SegmentRepository
from tests.support.clips import ClipSpec
from tests.support.recordings import camera_packets, record

MAIN = StreamRole.MAIN
START_NS = 1_700_000_000 * NS_PER_S
SPEC = ClipSpec(frames=150, gop=25)


class Counted(FolderStore):
    """Counts the reads of its files; raises what it is told to."""

    def __init__(self, root: Path) -> None:
        super().__init__(RealDisk(), root)
        self.reads = 0
        self.error: Exception | None = None

    def open(self, path: str) -> ReadableFile:
        if self.error is not None:
            raise self.error
        file, store = super().open(path), self

        class Reading:
            size_bytes = file.size_bytes

            def read(self, size_bytes: int, at: int) -> bytes:
                store.reads += 1
                return file.read(size_bytes, at)

            def close(self) -> None:
                file.close()

        return Reading()


class Kept:
    """A folder of recordings with its index."""

    def __init__(self, root: Path, database: Database) -> None:
        self.root = root
        self.segments = SegmentRepository(database)
        self.store = Counted(root)
        listed = SegmentList(database)
        self.playback = Playback(self.segments, listed, Media({Tier.HOT: self.store}))

    def record(self, spec: ClipSpec = SPEC, **options: int) -> list[Segment]:
        options.setdefault("start_ns", START_NS)
        made = record(self.root, camera_packets(spec, **options))
        self.segments.put_many(made)
        return made

    def playlist(self, since_s: float, until_s: float) -> str:
        wish = PlaylistWish(
            START_NS + round(since_s * NS_PER_S), START_NS + round(until_s * NS_PER_S)
        )
        return self.playback.playlist("gate", MAIN, wish, now_ns=2 * START_NS)


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Kept]:
    database = open_database(f"sqlite:///{tmp_path}/site.db")
    migrate(database)
    (tmp_path / "media").mkdir()
    yield Kept(tmp_path / "media", database)
    database.close()


def test_the_file_of_a_moment(kept: Kept) -> None:
    segments = kept.record()
    for segment in segments:
        for moment in (segment.start_wall_ns, segment.end_wall_ns - 1):
            assert kept.playback.file_at("gate", MAIN, moment) == segment


def test_between_recordings_the_nearest_moments(kept: Kept) -> None:
    kept.record()
    later = kept.record(start_ns=START_NS + 60 * NS_PER_S, generation=2)
    with pytest.raises(NothingRecorded) as gap:
        kept.playback.file_at("gate", MAIN, START_NS + 30 * NS_PER_S)
    assert gap.value.before_ns == START_NS + 6 * NS_PER_S - 1000
    assert gap.value.after_ns == later[0].start_wall_ns
    with pytest.raises(NothingRecorded) as nobody:
        kept.playback.file_at("yard", MAIN, START_NS)
    assert (nobody.value.before_ns, nobody.value.after_ns) == (None, None)


def test_of_a_moment_that_happened_twice_the_second(kept: Kept) -> None:
    kept.record(ClipSpec(frames=100, gop=25))
    kept.record(
        ClipSpec(frames=100, gop=25),
        start_ns=START_NS + 4 * NS_PER_S,
        wall_offset_ns=-3 * NS_PER_S,
        generation=2,
    )
    found = kept.playback.file_at("gate", MAIN, START_NS + 2 * NS_PER_S)
    assert found.generation == 2


def test_tables_are_read_once(kept: Kept) -> None:
    (segment, *_) = kept.record()
    kept.playback.open(segment).close()
    reads = kept.store.reads
    kept.playback.open(segment).close()
    assert kept.store.reads == reads


def test_compressed_content_is_another_table(kept: Kept) -> None:
    (segment, *_) = kept.record()
    kept.playback.open(segment).close()
    reads = kept.store.reads
    kept.playback.open(replace(segment, content_hash="another")).close()
    assert kept.store.reads > reads


def test_only_the_files_at_the_edges_are_opened(kept: Kept) -> None:
    kept.record(ClipSpec(frames=500, gop=25))
    text = kept.playlist(1, 19)
    assert text.count("#EXTINF") == 10
    assert kept.store.reads < 30


@pytest.mark.parametrize(
    "error", [RecordingArchived("archived"), StorageUnavailable("the share is away")]
)
def test_edges_that_can_not_be_read_now_stay_whole(kept: Kept, error: Exception) -> None:
    kept.record()
    kept.store.error = error
    text = kept.playlist(1, 3)
    assert text.count("#EXTINF:2.000000") == 2
    assert "from=" not in text


@pytest.mark.parametrize(
    ("error", "reason"),
    [(RecordingGone("gone"), "missing"), (RecordingDamaged("damaged"), "damaged")],
)
def test_edges_that_are_lost_are_gaps(kept: Kept, error: Exception, reason: str) -> None:
    segments = kept.record()
    kept.store.error = error
    text = kept.playlist(1, 6)
    assert f'X-REASON="{reason}"' in text
    assert segments[0].id not in text
    assert segments[1].id in text
    with pytest.raises(NothingRecorded):
        kept.playlist(1, 1.5)


def test_what_is_known_to_be_damaged_is_not_opened(kept: Kept) -> None:
    (segment, *_) = kept.record()
    with pytest.raises(RecordingDamaged, match="exports and backups"):
        kept.playback.open(replace(segment, state=SegmentState.DAMAGED))
    assert kept.store.reads == 0


def test_errors_of_the_disk_say_what_to_do() -> None:
    with pytest.raises(StorageUnavailable, match="examine the disk"), readable():
        raise OSError(5, "Input/output error")
