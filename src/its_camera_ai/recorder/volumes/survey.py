"""A slow look at all recordings now and then: how much there is, and how far back it reaches."""

import threading
from collections.abc import Callable
from pathlib import Path

import structlog

from its_camera_ai.core.disk import Disk
from its_camera_ai.core.errors import StorageUnavailable
from its_camera_ai.recorder.files.footage import FootageByAge
from its_camera_ai.recorder.volumes.camera_quotas import CameraQuotas
from its_camera_ai.recorder.volumes.camera_usage import CameraUsage

log = structlog.get_logger(__name__)

INTERVAL_S = 600.0
FIRST_AFTER_S = 5.0


class Survey:
    """In a thread of its own, because it may take long; whoever asks it never waits."""

    def __init__(
        self,
        disk: Disk,
        root: Path,
        usage: CameraUsage,
        quotas: CameraQuotas,
        *,
        check: Callable[[], None],
    ) -> None:
        self._disk, self._root = disk, root
        self._usage, self._quotas = usage, quotas
        self._check = check
        self._oldest_wall_ns = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="storage-survey", daemon=True)

    @property
    def oldest_wall_ns(self) -> int:
        """Begin of the oldest recording; 0 before the first look, or without any."""
        return self._oldest_wall_ns

    def start(self) -> None:
        self._thread.start()

    def close(self, timeout_s: float = 1.0) -> None:
        self._stop.set()
        if self._thread.is_alive():  # it may never have been started
            self._thread.join(timeout_s)

    def look(self) -> None:
        """Look once; a disk that fails leaves the figures as they are."""
        try:
            self._check()
            oldest = FootageByAge(self._disk, self._root).oldest()
            self._oldest_wall_ns = 0 if oldest is None else oldest.start_wall_ns
            if self._quotas.needs_count:
                self._usage.count(self._stop.is_set)
        except StorageUnavailable as error:
            log.warning("recordings were not surveyed", problem=str(error))
        except OSError as error:
            log.warning("recordings were not surveyed", problem=error.strerror)

    def _run(self) -> None:
        wait_s = FIRST_AFTER_S
        while not self._stop.wait(wait_s):
            self.look()
            wait_s = INTERVAL_S
