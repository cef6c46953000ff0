"""What compression remembers from night to night: how far it came, how fast it is, what it was
writing."""

import threading
from pathlib import Path

import msgspec
import structlog

from its_camera_ai.core.disk import Disk
from its_camera_ai.core.errors import StorageUnavailable
from its_camera_ai.core.segments import Segment, Tier
from its_camera_ai.core.storage_policy import CompressionStep
from its_camera_ai.store.small_files import read_small, replace_small

log = structlog.get_logger(__name__)

Place = tuple[int, str]


class Writing(msgspec.Struct, frozen=True):
    """A smaller file that may lie there without a row."""

    tier: Tier
    path: str


class StepState(msgspec.Struct, frozen=True):
    """One step of the policy.

    Attributes:
        after: start and id of the last recording that was looked at; None before the first.
        footage_s: playing time that was encoded since ``measured_wall_ns``.
        work_s: how long that took one thread.
    """

    after: Place | None = None
    footage_s: float = 0.0
    work_s: float = 0.0
    measured_wall_ns: int = 0


class _Content(msgspec.Struct):
    steps: dict[str, StepState] = {}
    writing: dict[str, Writing] = {}


class CompressionState:
    """Kept in one small file; losing it costs work, nothing else. For any number of threads.

    Args:
        disk, path: of the file.
    """

    def __init__(self, disk: Disk, path: Path) -> None:
        self._disk = disk
        self._path = path
        self._lock = threading.Lock()
        self._content = self._read()

    @property
    def writing(self) -> dict[str, Writing]:
        """By segment id."""
        return dict(self._content.writing)

    def step(self, step: CompressionStep) -> StepState:
        """Of just this step; one that was changed begins anew."""
        return self._content.steps.get(_key(step), StepState())

    def set_step(self, step: CompressionStep, state: StepState) -> None:
        """
        Raises:
            StorageUnavailable: it can't be written.
        """
        with self._lock:
            self._content.steps[_key(step)] = state
            self._write()

    def begin(self, segment: Segment) -> None:
        """Before a smaller file is written; durable.

        Raises:
            StorageUnavailable: it can't be written.
        """
        with self._lock:
            self._content.writing[segment.id] = Writing(segment.tier, segment.path)
            self._write()

    def end(self, segment_id: str) -> None:
        """It has a row, or is gone."""
        with self._lock:
            if self._content.writing.pop(segment_id, None) is not None:
                self._write()

    def _read(self) -> _Content:
        try:
            text = read_small(self._disk, self._path)
            return _Content() if text is None else msgspec.json.decode(text, type=_Content)
        except (OSError, ValueError) as error:  # msgspec's are ValueErrors too
            log.warning("the state of compression can't be read; it begins anew", why=str(error))
            return _Content()

    def _write(self) -> None:
        try:
            replace_small(self._disk, self._path, msgspec.json.encode(self._content))
        except OSError as error:
            raise StorageUnavailable(
                f"The folder {self._path.parent} can't be written "
                f"({(error.strerror or 'error').lower()}): free space on it or correct its rights."
            ) from error


def _key(step: CompressionStep) -> str:
    return msgspec.json.encode(step).decode()
