"""How much each camera's recordings take on the volume, told from the files."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from its_camera_ai.core.disk import Disk
from its_camera_ai.core.segments import Segment
from its_camera_ai.recorder.files.segment_index import SegmentIndex
from its_camera_ai.recorder.volumes.write_rate import WriteRate


class _Folder(NamedTuple):
    files: int
    size_bytes: int


class CameraUsage:
    """Bytes by camera: counted from the files now and then, carried on by what is recorded and
    removed in between. Files of a folder are asked for their size only where their number changed.
    """

    def __init__(self, disk: Disk, root: Path) -> None:
        self._disk, self._root = disk, root
        self._folders: dict[str, _Folder] = {}
        self._bytes: dict[str, int] | None = None
        self._lock = threading.Lock()

    def by_camera(self) -> dict[str, int] | None:
        """None before the first count."""
        with self._lock:
            return None if self._bytes is None else dict(self._bytes)

    def note(self, camera_id: str, size_bytes: int) -> None:
        """A file was recorded, or with a negative size removed."""
        with self._lock:
            if self._bytes is not None:
                self._bytes[camera_id] = max(0, self._bytes.get(camera_id, 0) + size_bytes)

    def count(self, stopped: Callable[[], bool]) -> None:
        """Look at all folders; slow on a large volume, so not for a thread that others wait for.

        Raises:
            OSError: as the disk gives it; the old figures stay.
        """
        folders: dict[str, _Folder] = {}
        for path in self._day_folders():
            if stopped():
                return
            folders[path] = self._folder(path)
        totals: dict[str, int] = {}
        for path, folder in folders.items():
            camera = path.partition("/")[0]
            totals[camera] = totals.get(camera, 0) + folder.size_bytes
        with self._lock:
            self._folders, self._bytes = folders, totals

    def _day_folders(self) -> list[str]:
        return [
            f"{camera}/{role}/{day}"
            for camera in self._names("")
            for role in self._names(camera)
            for day in self._names(f"{camera}/{role}")
        ]

    def _names(self, path: str) -> list[str]:
        try:
            entries = self._disk.entries(self._root / path)
        except FileNotFoundError:
            return []
        return [e.name for e in entries if e.is_folder and not e.name.startswith(".")]

    def _folder(self, path: str) -> _Folder:
        try:
            names = [e.name for e in self._disk.entries(self._root / path) if e.is_file]
        except FileNotFoundError:
            return _Folder(0, 0)
        known = self._folders.get(path)
        if known is not None and known.files == len(names):
            return known
        return _Folder(len(names), sum(self._size(f"{path}/{name}") for name in names))

    def _size(self, path: str) -> int:
        try:
            return self._disk.size(self._root / path)
        except FileNotFoundError:
            return 0


class CountedIndex:
    """Counts what the recorders announce, and passes it on to the index."""

    def __init__(self, usage: CameraUsage, rate: WriteRate, index: SegmentIndex) -> None:
        self._usage, self._rate, self._index = usage, rate, index

    def add(self, segment: Segment) -> None:
        self._usage.note(segment.camera_id, segment.size_bytes)
        self._rate.note(segment.size_bytes)
        self._index.add(segment)
