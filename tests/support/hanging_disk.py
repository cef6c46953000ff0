"""A disk whose calls hang, like those to a network share whose server is gone."""

import threading
from collections.abc import Sequence
from typing import Any

from its_camera_ai.core.disk import Bytes
from its_camera_ai.store.disk import RealDisk


class HangingDisk:
    """A real disk until ``hang``; from then on every call, or each of one name, waits for
    ``answer``."""

    def __init__(self, only: str = "") -> None:
        self._disk = RealDisk()
        self._only = only
        self._answers = threading.Event()
        self._answers.set()
        self.waiting = threading.Event()

    def hang(self) -> None:
        self._answers.clear()

    def answer(self) -> None:
        self._answers.set()

    def wait(self, name: str) -> None:
        if not self._answers.is_set() and self._only in ("", name):
            self.waiting.set()
            self._answers.wait()

    def __getattr__(self, name: str) -> Any:
        call = getattr(self._disk, name)

        def waiting(*args: Any) -> Any:
            self.wait(name)
            made = call(*args)
            return _HangingFile(made, self) if name in ("create", "edit") else made

        return waiting


class _HangingFile:
    def __init__(self, file: Any, disk: HangingDisk) -> None:
        self._file, self._disk = file, disk

    def write(self, pieces: Sequence[Bytes]) -> None:
        self._disk.wait("write")
        self._file.write(pieces)

    def sync(self) -> None:
        self._disk.wait("sync")
        self._file.sync()

    def truncate(self, size_bytes: int) -> None:
        self._disk.wait("truncate")
        self._file.truncate(size_bytes)

    def close(self) -> None:
        self._disk.wait("close")
        self._file.close()
