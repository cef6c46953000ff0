"""A small site with real recordings, and ways to spoil it."""

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import delete

from its_camera_ai.core.segments import Segment
from its_camera_ai.recorder.volumes.volume import Volume
from its_camera_ai.recorder.writing.recorder import Recorder
from its_camera_ai.store.database import Database
from its_camera_ai.store.disk import RealDisk
from its_camera_ai.store.schema import segments
from its_camera_ai.store.segments import SegmentRepository
from tests.recorder.support import RememberingIndex, packets
from tests.support.clips import ClipSpec

CLIP = ClipSpec(frames=200, gop=25, size_wh=(64, 48))


@dataclass
class Recorded:
    """A media folder with four closed segments of 2 s of camera ``cam``, and its index."""

    root: Path
    volume: Volume
    database: Database
    repository: SegmentRepository
    segments: list[Segment]

    def file(self, number: int) -> Path:
        return self.root / self.segments[number].path

    def state(self, number: int) -> str:
        found = self.repository.get(self.segments[number].id)
        return "" if found is None else str(found.state)

    def forget(self, number: int) -> None:
        """The row is lost, not the file."""
        with self.database.write(durable=True) as connection:
            connection.execute(delete(segments).where(segments.c.id == self.segments[number].id))

    def quarantined(self) -> list[Path]:
        return sorted((self.root / ".quarantine").glob("*"))

    def listing(self) -> list[Segment]:
        return self.repository.find("cam")


def recorded_site(folder: Path, database: Database) -> Recorded:
    root = folder / "media"
    root.mkdir()
    volume, index = Volume(RealDisk(), root), RememberingIndex()
    recorder = Recorder(volume, index, segment_s=2)
    for packet in packets(CLIP):
        recorder.put(packet)
    recorder.close()
    repository = SegmentRepository(database)
    repository.put_many(index.segments)
    return Recorded(root, volume, database, repository, index.segments)


def flip_a_bit(path: Path, at: int) -> None:
    content = bytearray(path.read_bytes())
    content[at] ^= 0x10
    path.write_bytes(content)
