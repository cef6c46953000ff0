"""Writes one recording file: fragmented MP4 that describes itself and is playable at every moment.

Numbers in brackets are the invariants of ``docs/design/recording.md``.
"""

import hashlib
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from its_camera_ai.core.activity import SegmentActivity
from its_camera_ai.core.disk import Bytes, Disk
from its_camera_ai.core.errors import StorageUnavailable
from its_camera_ai.core.media import MediaKind, Packet, StreamInfo
from its_camera_ai.core.segments import Segment
from its_camera_ai.recorder.segment_format import (
    Description,
    Seal,
    check_box,
    description_box,
    seal_head,
    segment_of,
)
from its_camera_ai.video.fmp4 import FragmentMuxer

PART_SUFFIX = ".part"
OPEN_FOLDER = ".open"
"""Files in the making lie in this folder of their stream; a start need not search for them."""


class SegmentWriter:
    """Appends whole fragments, each synced to the disk before the call returns [2].

    The file is ``<stream>/.open/<name>.part`` until ``close`` gives it its place.

    Args:
        disk: where it is written.
        path: the final absolute path ``<root>/<camera>/<role>/<date>/<name>``.
        first: the key frame that begins the segment.
        media_id: the new segment's id.

    Raises:
        StorageUnavailable: the folder can't be written; what to do is in the text.
    """

    def __init__(
        self, disk: Disk, path: Path, info: StreamInfo, first: Packet, media_id: str
    ) -> None:
        self._disk = disk
        self._path = path
        self._part = path.parents[1] / OPEN_FOLDER / (path.name + PART_SUFFIX)
        self._muxer = FragmentMuxer(info, audio=True)
        self._base_ns = first.dts_ns
        self._end_ns = first.pts_ns
        self._frames = 0
        self._size = 0
        self._torn = False
        self._hash = hashlib.sha256()
        self.description = Description(
            media_id,
            info.camera_id,
            info.role,
            info.generation,
            first.wall_ns,
            first.pts_ns,
            info.video.codec,
            info.video.width,
            info.video.height,
            self._muxer.has_audio,
        )
        try:
            disk.make_folder(self._part.parent)
            self._file = disk.create(self._part)
        except OSError as error:
            raise unavailable(path.parents[1], error) from error
        try:
            self._append([self._muxer.init, description_box(self.description)])
            disk.sync_folder(self._part.parent)  # [3] a name that is lost would lose it all
        except (OSError, StorageUnavailable) as error:
            self._file.close()
            with suppress(OSError):
                disk.unlink(self._part)
            if isinstance(error, OSError):
                raise unavailable(path.parents[1], error) from error
            raise

    @property
    def span(self) -> tuple[str, int, int]:
        """The camera, and the wall times of the first picture and of the end of the last."""
        start_ns = self.description.start_wall_ns
        length_ns = self._end_ns - self.description.start_pts_ns
        return self.description.camera_id, start_ns, start_ns + length_ns

    def append(self, packets: Sequence[Packet]) -> int:
        """Write one fragment and sync it.

        Returns:
            How many packets of it are now on disk (sound from before the first picture is not).
        """
        kept = [p for p in packets if p.dts_ns >= self._base_ns]
        if not self._muxer.has_audio:
            kept = [p for p in kept if p.kind is MediaKind.VIDEO]
        if kept:
            pieces = self._muxer.pieces(kept, self._base_ns)
            self._append([*pieces, check_box(pieces)])
        video = [p for p in kept if p.kind is MediaKind.VIDEO]
        self._frames += len(video)
        for packet in video:
            self._end_ns = max(self._end_ns, packet.pts_ns + packet.duration_ns)
        return len(kept)

    def _append(self, pieces: Sequence[Bytes]) -> None:
        """All of it or, after the error, none of it: a torn tail is cut off again [2]."""
        try:
            if self._torn:
                self._file.truncate(self._size)
                self._torn = False
            self._torn = True
            self._file.write(pieces)
            # a fragment whose sync failed is written anew from memory: the kernel may have
            # dropped its pages and would call the next sync of them a success
            self._file.sync()
            self._torn = False
        except OSError as error:
            with suppress(OSError):  # a disk that is gone can't be tidied; the next try cuts it
                self._file.truncate(self._size)
                self._torn = False
            raise unavailable(self._path.parents[1], error) from error
        for piece in pieces:
            self._hash.update(piece)
            self._size += len(piece)

    def close(
        self,
        media_root: Path,
        *,
        previous_hash: str = "",
        activity: SegmentActivity | None = None,
    ) -> Segment:
        """Seal, sync, give the file its place, sync the folders; only then may it be indexed [3].

        Raises:
            StorageUnavailable: the file keeps its ``.part`` name; the next start takes it up.
        """
        length_ns = self._end_ns - self.description.start_pts_ns
        seal = Seal(length_ns, self._frames, previous_hash, activity=activity)
        try:
            digest = self._seal(seal)
            self._disk.make_folder(self._path.parent)
            self._disk.rename(self._part, self._path)
            self._disk.sync_folder(self._path.parent)
            self._disk.sync_folder(self._part.parent)
        except OSError as error:
            raise unavailable(self._path.parents[1], error) from error
        finally:
            self._file.close()
        return segment_of(
            self.description,
            seal,
            path=self._path.relative_to(media_root).as_posix(),
            size_bytes=self._size,
            content_hash=digest,
        )

    def _seal(self, seal: Seal) -> str:
        head = seal_head(seal)
        whole = self._hash.copy()
        whole.update(head)
        self._append([head, whole.digest()])
        return whole.hexdigest()


def unavailable(folder: Path, error: OSError) -> StorageUnavailable:
    """A disk's error in words that say what to do; ``__cause__`` keeps the system's own."""
    reason = (error.strerror or "unknown error").lower()
    return StorageUnavailable(
        f"Recording to {folder} failed ({reason}): free space on the disk, or correct the "
        "folder's rights or mount. Recording goes on by itself as soon as it can."
    )
