"""Writes one recording file: fragmented MP4 that describes itself and is playable at every moment.

Numbers in brackets are the invariants of ``docs/design/recording.md``.
"""

import errno
import hashlib
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from its_camera_ai.core.activity import SegmentActivity
from its_camera_ai.core.disk import Bytes, Disk, WritableFile
from its_camera_ai.core.errors import StorageUnavailable
from its_camera_ai.core.media import MediaKind, Packet, StreamInfo
from its_camera_ai.core.segments import Segment
from its_camera_ai.core.time import NS_PER_S
from its_camera_ai.recorder.files.segment_format import (
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
LATE_SOUND_NS = 2 * NS_PER_S


class SegmentLost(StorageUnavailable):
    """A file in the making vanished or became shorter: it can't be gone on with."""


class SegmentWriter:
    """Appends whole fragments, each synced to the disk before the call returns [2].

    The file is ``<stream>/.open/<name>.part`` until ``close`` gives it its place.

    Args:
        disk: where it is written.
        path: the final absolute path ``<root>/<camera>/<role>/<date>/<name>``.
        first: the key frame that begins the segment.
        media_id: the new segment's id.
        beside: the packets of its first fragment. Sound often comes later than the pictures it
            belongs to; what crosses the border of two files lies in the second one, up to 2 s
            before its first picture.

    Raises:
        StorageUnavailable: the folder can't be written; what to do is in the text.
    """

    def __init__(
        self,
        disk: Disk,
        path: Path,
        info: StreamInfo,
        first: Packet,
        media_id: str,
        *,
        beside: Sequence[Packet] = (),
    ) -> None:
        self._disk = disk
        self._path = path
        self._part = path.parents[1] / OPEN_FOLDER / (path.name + PART_SUFFIX)
        self._muxer = FragmentMuxer(info, audio=True)
        self._base_ns = max(
            min([first.dts_ns, *(p.dts_ns for p in beside if self.carries(p))]),
            first.dts_ns - LATE_SOUND_NS,
        )
        self._end_ns = first.pts_ns
        self._frames = 0
        self._size = 0
        self._torn = False
        self._digest = ""
        self._is_placed = False
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
            self._file: WritableFile | None = disk.create(self._part)
        except OSError as error:
            raise unavailable(path.parents[1], error) from error
        try:
            self._append([self._muxer.init, description_box(self.description)])
            disk.sync_folder(self._part.parent)  # [3] a name that is lost would lose it all
        except OSError as error:
            self.discard()
            raise unavailable(path.parents[1], error) from error
        except StorageUnavailable:
            self.discard()
            raise

    @property
    def is_empty(self) -> bool:
        """Whether there is no picture in it yet."""
        return self._frames == 0

    def carries(self, packet: Packet) -> bool:
        """Whether the file can hold such a packet: pictures, and AAC sound."""
        return packet.kind is MediaKind.VIDEO or self._muxer.has_audio

    def discard(self) -> None:
        """Remove a file that holds nothing; where the disk refuses, the next start does it."""
        self.let_go()
        with suppress(OSError):
            self._disk.unlink(self._part)

    @property
    def span(self) -> tuple[str, int, int]:
        """The camera, and the wall times of the first picture and of the end of the last."""
        start_ns = self.description.start_wall_ns
        length_ns = self._end_ns - self.description.start_pts_ns
        return self.description.camera_id, start_ns, start_ns + length_ns

    def append(self, packets: Sequence[Packet]) -> int:
        """Write one fragment and sync it.

        Returns:
            How many packets of it are now on disk (sound that came too late is not).
        """
        kept = [p for p in packets if p.dts_ns >= self._base_ns and self.carries(p)]
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
            file = self._opened()
            if self._torn:
                file.truncate(self._size)
            self._torn = True
            file.write(pieces)
            # a fragment whose sync failed is written anew from memory: the kernel may have
            # dropped its pages and would call the next sync of them a success
            file.sync()
            self._torn = False
        except OSError as error:
            if self._file is not None:
                with suppress(OSError):  # should the file be set aside, this fragment is written
                    self._file.truncate(self._size)  # to another one and must not be in both
            self.let_go()
            raise unavailable(self._path.parents[1], error) from error
        for piece in pieces:
            self._hash.update(piece)
            self._size += len(piece)

    def let_go(self) -> None:
        """Close the handle and leave the file as it is. The next append opens it by its name: the
        disk may have been away and mounted again, which an open handle never sees."""
        file, self._file = self._file, None
        if file is not None:
            with suppress(OSError):
                file.close()

    def _opened(self) -> WritableFile:
        """
        Raises:
            SegmentLost: the file is gone, or shorter than what was synced.
        """
        if self._file is not None:
            return self._file
        try:
            self._file = self._disk.edit(self._part)
            if self._disk.size(self._part) >= self._size:
                self._torn = True
                return self._file
        except FileNotFoundError as error:
            raise self._lost() from error
        self.let_go()
        raise self._lost()

    def _lost(self) -> SegmentLost:
        return SegmentLost(
            f"The recording file {self._part} is not there any more as it was written. Recording "
            "goes on in a new one; check the disk."
        )

    def close(
        self,
        media_root: Path,
        *,
        previous_hash: str = "",
        activity: SegmentActivity | None = None,
    ) -> Segment:
        """Seal, sync, give the file its place, sync the folders; only then may it be indexed [3].

        Raises:
            StorageUnavailable: call again: it goes on where it stopped.
        """
        try:
            if not self._digest:
                length_ns = self._end_ns - self.description.start_pts_ns
                self._seal = Seal(length_ns, self._frames, previous_hash, activity=activity)
                self._digest = self._sealed(self._seal)
            self._place()
        except OSError as error:
            raise unavailable(self._path.parents[1], error) from error
        self.let_go()
        return segment_of(
            self.description,
            self._seal,
            path=self._path.relative_to(media_root).as_posix(),
            size_bytes=self._size,
            content_hash=self._digest,
        )

    def _place(self) -> None:
        self._disk.make_folder(self._path.parent)
        if not self._is_placed:
            try:
                self._disk.rename(self._part, self._path)
            except FileNotFoundError:
                # a network share may have done it and lost the answer
                if self._disk.size(self._path) != self._size:
                    raise
            self._is_placed = True
        self._disk.sync_folder(self._path.parent)
        self._disk.sync_folder(self._part.parent)

    def _sealed(self, seal: Seal) -> str:
        head = seal_head(seal)
        whole = self._hash.copy()
        whole.update(head)
        self._append([head, whole.digest()])
        return whole.hexdigest()


def unavailable(folder: Path, error: OSError) -> StorageUnavailable:
    """A disk's error in words that say what to do; ``__cause__`` keeps the system's own."""
    reason = (error.strerror or "unknown error").lower()
    return StorageUnavailable(
        f"Recording to {folder} failed ({reason}): {_ADVICE.get(error.errno or 0, _OTHERWISE)}. "
        "Recording goes on by itself as soon as it can."
    )


_OTHERWISE = "free space on the disk, or correct the folder's rights or mount"
_ADVICE = {
    errno.ENOSPC: "free space on the disk",
    errno.EDQUOT: "raise the quota of this user on the disk, or free space",
    errno.EROFS: "the disk is read-only, mostly after an error: see 'dmesg', check the disk, and "
    "mount it for writing again with: mount -o remount,rw",
    errno.EIO: "the disk reports errors: see 'dmesg', check its cable and health, and replace it",
    errno.EACCES: "give this user the right to write there",
    errno.ESTALE: "the share was exported anew: mount it again",
}
