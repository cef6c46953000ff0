"""Recorded files in order of their age, told from folders and names alone."""

import re
from collections import deque
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from its_camera_ai.core.disk import Disk
from its_camera_ai.core.time import NS_PER_MS, NS_PER_S

_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_NAME = re.compile(r"(\d\d)-(\d\d)-(\d\d)-(\d{3})_[0-9a-f]{12}(?:\.[a-z0-9]+)*\.mp4", re.ASCII)


class Footage(NamedTuple):
    """One closed file; the order is by age.

    Attributes:
        start_wall_ns: what its name says.
        path: relative to the root.
        camera_id: whose folder it lies in.
    """

    start_wall_ns: int
    path: str
    camera_id: str


def named_start_ns(day: str, name: str) -> int | None:
    """When a file of this name in the folder of this day began; None if it is none of ours.

    >>> named_start_ns("2023-11-14", "22-13-20-123_00000000abcd.mp4")
    1700000000123000000
    """
    match = _NAME.fullmatch(name)
    if match is None or not _DAY.fullmatch(day):
        return None
    hour, minute, second, millis = map(int, match.groups())
    year, month, date = map(int, day.split("-"))
    try:
        moment = datetime(year, month, date, hour, minute, second, tzinfo=UTC)
    except ValueError:
        return None
    return int(moment.timestamp()) * NS_PER_S + millis * NS_PER_MS


@dataclass(slots=True)
class _Stream:
    camera_id: str
    folder: str
    days: deque[str]
    files: deque[Footage] = field(default_factory=deque)
    passed: Footage | None = None


class FootageByAge:
    """Closed files of all cameras, the oldest first. Holds the names of one day of each stream.

    Files in the making, links, and names that are not ours never come. What was recorded since
    comes after ``look_on``; cameras that are new, and files that came late, in a new one.

    Raises:
        OSError: by every method, as the disk gives it.
    """

    def __init__(self, disk: Disk, root: Path) -> None:
        self._disk, self._root = disk, root
        self._streams = [
            _Stream(camera, f"{camera}/{role}", deque(sorted(days)))
            for camera in self._folders("")
            for role in self._folders(camera)
            if (days := [day for day in self._folders(f"{camera}/{role}") if _DAY.fullmatch(day)])
        ]

    def _folders(self, path: str) -> list[str]:
        try:
            entries = self._disk.entries(self._root / path)
        except FileNotFoundError:
            return []
        return [e.name for e in entries if e.is_folder and not e.name.startswith(".")]

    def oldest(self, cameras: Collection[str] | None = None) -> Footage | None:
        """The oldest file that was not passed yet, of these cameras or of all."""
        found = (
            first
            for stream in self._streams
            if cameras is None or stream.camera_id in cameras
            if (first := self._first(stream)) is not None
        )
        return min(found, default=None)

    def pass_by(self, footage: Footage) -> None:
        """Go on to what comes after; ``footage`` came from ``oldest``."""
        for stream in self._streams:
            if stream.files and stream.files[0] == footage:
                stream.passed = stream.files.popleft()
                self._look_on(stream)
                return

    def look_on(self) -> None:
        """Where a stream came to its end, see whether it went on since."""
        for stream in self._streams:
            self._look_on(stream)

    def _look_on(self, stream: _Stream) -> None:
        if not stream.files and not stream.days:
            last_day = "" if stream.passed is None else stream.passed.path.split("/")[2]
            days = (day for day in self._folders(stream.folder) if _DAY.fullmatch(day))
            stream.days.extend(sorted(day for day in days if day >= last_day))

    def _first(self, stream: _Stream) -> Footage | None:
        while not stream.files and stream.days:
            day = stream.days.popleft()
            found = sorted(self._of_day(stream, day))
            stream.files.extend(f for f in found if stream.passed is None or f > stream.passed)
        return stream.files[0] if stream.files else None

    def _of_day(self, stream: _Stream, day: str) -> Iterator[Footage]:
        folder = f"{stream.folder}/{day}"
        try:
            entries = self._disk.entries(self._root / folder)
        except FileNotFoundError:
            return
        for entry in entries:
            start_ns = named_start_ns(day, entry.name) if entry.is_file else None
            if start_ns is not None:
                yield Footage(start_ns, f"{folder}/{entry.name}", stream.camera_id)
