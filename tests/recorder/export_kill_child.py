"""A worker that is killed: ``python -m tests.recorder.export_kill_child FOLDER CALLS``.

After so many calls that change the disk the process kills itself with SIGKILL; it has no chance to
tidy anything.
"""

import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from its_camera_ai.core.disk import Bytes, WritableFile
from its_camera_ai.store.disk import RealDisk, RealFile
from tests.recorder.export_support import ExportSite


class DeadlyDisk(RealDisk):
    """Counts what changes it, and kills at a count."""

    def __init__(self, calls: int) -> None:
        self._left = calls

    def count(self) -> None:
        self._left -= 1
        if self._left <= 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def create(self, path: Path) -> RealFile:
        self.count()
        return DeadlyFile(super().create(path), self)  # type: ignore[return-value]  # same calls

    def rename(self, source: Path, target: Path) -> None:
        self.count()
        super().rename(source, target)

    def sync_folder(self, folder: Path) -> None:
        self.count()
        super().sync_folder(folder)


class DeadlyFile:
    """One of its files."""

    def __init__(self, file: WritableFile, disk: DeadlyDisk) -> None:
        self._file = file
        self._disk = disk

    def write(self, pieces: Sequence[Bytes]) -> None:
        self._disk.count()
        self._file.write(pieces)

    def sync(self) -> None:
        self._disk.count()
        self._file.sync()

    def truncate(self, size_bytes: int) -> None:
        self._file.truncate(size_bytes)

    def close(self) -> None:
        self._file.close()


if __name__ == "__main__":
    site = ExportSite(Path(sys.argv[1]), disk=DeadlyDisk(int(sys.argv[2])))
    site.worker().work_once(lambda: False)
    site.close()
