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
    """``days`` still to be listed; ``names`` of ``day``, sorted, which is by time."""

    camera_id: str
    folder: str
    days: deque[str]
    day: str = ""
    names: deque[str] = field(default_factory=deque)
    head: Footage | None = None
    passed: tuple[str, str] = ("", "")


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
            if stream.head == footage:
                stream.passed = stream.day, footage.path.rpartition("/")[2]
                stream.head = None
                if not stream.names:
                    self._look_on(stream)
                return

    def look_on(self) -> None:
        """Where a stream came to its end, see whether it went on since."""
        for stream in self._streams:
            if stream.head is None and not stream.names:
                self._look_on(stream)

    def _look_on(self, stream: _Stream) -> None:
        if not stream.days:
            days = (day for day in self._folders(stream.folder) if _DAY.fullmatch(day))
            stream.days.extend(sorted(day for day in days if day >= stream.passed[0]))

    def _first(self, stream: _Stream) -> Footage | None:
        # only the head is parsed: a day of a camera may hold thousands of names
        while stream.head is None:
            if stream.names:
                name = stream.names.popleft()
                start_ns = named_start_ns(stream.day, name)
                if start_ns is not None:
                    path = f"{stream.folder}/{stream.day}/{name}"
                    stream.head = Footage(start_ns, path, stream.camera_id)
            elif stream.days:
                stream.day = stream.days.popleft()
                stream.names.extend(sorted(self._names(stream)))
            else:
                return None
        return stream.head

    def _names(self, stream: _Stream) -> Iterator[str]:
        try:
            entries = self._disk.entries(self._root / stream.folder / stream.day)
        except FileNotFoundError:
            return
        day, last = stream.passed
        for entry in entries:
            if entry.is_file and (stream.day != day or entry.name > last):
                yield entry.name
