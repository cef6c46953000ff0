"""Makes the index anew from the files alone."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass

from its_camera_ai.core.errors import RecordingArchived, RecordingGone, StorageUnavailable
from its_camera_ai.core.segments import Segment, Tier
from its_camera_ai.recorder.checking.check import read_closed, told_by
from its_camera_ai.recorder.checking.recovery import reconcile
from its_camera_ai.recorder.checking.repair import Repaired, Repairs
from its_camera_ai.recorder.files.media import Media
from its_camera_ai.recorder.files.media_tree import in_the_making, is_draft, walk
from its_camera_ai.recorder.files.segment_file import unavailable
from its_camera_ai.recorder.volumes.volume import Volume
from its_camera_ai.store.media_store import MediaStore
from its_camera_ai.store.segments import SegmentRepository

BATCH = 500


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What the index was made of.

    Attributes:
        files, size_bytes: recordings that are indexed now.
        repaired: what was done with everything else on the volume that is recorded to.
        unread: files of other tiers that say nothing now: archived, or no recordings.
        problems: why a tier was left out.
    """

    files: int
    size_bytes: int
    repaired: Repaired
    unread: int = 0
    problems: tuple[str, ...] = ()


def rebuild(
    volume: Volume,
    repository: SegmentRepository,
    media: Media | None = None,
    *,
    progress: Callable[[int, int], None] = lambda files, size_bytes: None,
    stopped: Callable[[], bool] = lambda: False,
) -> Rebuilt:
    """Write the row of every recording anew, from what the file says of itself.

    Safe while the site runs, and can be broken off and begun again: rows are written over, never
    taken out. Rows whose file is not there say so afterwards. What was known of a file's content
    (when it was verified, whether it is damaged) stays known where the row was there.

    Args:
        media: the other tiers, to be read too; a tier that can't be reached is left out and told.
        progress: told the files and bytes so far, now and then.

    Raises:
        StorageUnavailable: the volume can't be read, or is not the one that is wanted.
        DatabaseUnavailable: the index can't be changed.
    """
    volume.check()
    repairs = Repairs(volume, repository)
    files = size_bytes = 0
    others = _Others(media, stopped)

    def take(batches: Iterator[list[Segment]]) -> None:
        nonlocal files, size_bytes
        for batch in batches:
            done = repository.adopt(batch)
            files += len(done)
            size_bytes += sum(segment.size_bytes for segment in done)
            progress(files, size_bytes)

    try:
        take(_batches(volume, repairs, stopped))
    except OSError as error:
        raise unavailable(volume.root, error) from error
    take(others.batches())
    repaired = repairs.finish()
    if not stopped():
        # rows without files; and if there were any, files whose id such a row had
        repaired = _sum(repaired, reconcile(volume, repository))
        if repaired.marked_missing:
            repaired = _sum(repaired, reconcile(volume, repository))
    return Rebuilt(files, size_bytes, repaired, others.unread, tuple(others.problems))


class _Others:
    """The recordings of the other tiers."""

    def __init__(self, media: Media | None, stopped: Callable[[], bool]) -> None:
        self._stores = {} if media is None else dict(media.stores)
        self._stores.pop(Tier.HOT, None)
        self._stopped = stopped
        self.unread = 0
        self.problems: list[str] = []

    def batches(self) -> Iterator[list[Segment]]:
        for tier, store in self._stores.items():
            batch: list[Segment] = []
            try:
                for path in store.paths():
                    if self._stopped():
                        break
                    segment = self._told(tier, store, path)
                    if segment is not None:
                        batch.append(segment)
                    if len(batch) >= BATCH:
                        yield batch
                        batch = []
            except StorageUnavailable as error:
                self.problems.append(str(error))
            yield batch

    def _told(self, tier: Tier, store: MediaStore, path: str) -> Segment | None:
        segment = None
        with suppress(RecordingArchived, RecordingGone):
            file = store.open(path)
            try:
                segment, finding = told_by(file, path, tier=tier)
            finally:
                file.close()
            if finding is not None:
                segment = None
        self.unread += segment is None
        return segment


def _batches(
    volume: Volume, repairs: Repairs, stopped: Callable[[], bool]
) -> Iterator[list[Segment]]:
    """The sound recordings; everything else goes to the repairs."""
    batch: list[Segment] = []
    for found in walk(volume.disk, volume.root):
        if stopped():
            break
        path = found.path
        if not found.is_file or in_the_making(path) or is_draft(path) or not path.isascii():
            continue
        segment, finding = read_closed(volume.disk, volume.root, path)
        if finding is not None:
            repairs.take(finding)
        elif segment is not None:
            batch.append(segment)
            if len(batch) >= BATCH:
                yield batch
                batch = []
    yield batch


def _sum(one: Repaired, other: Repaired) -> Repaired:
    both = asdict(one)
    return Repaired(**{name: both[name] + value for name, value in asdict(other).items()})
