"""The folders of recordings: where a file belongs, and a walk over all that lie there."""

import errno
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from its_camera_ai.core.disk import Disk
from its_camera_ai.core.time import NS_PER_S
from its_camera_ai.recorder.files.segment_file import OPEN_FOLDER
from its_camera_ai.recorder.files.segment_format import Description
from its_camera_ai.store.folder_store import DRAFT_SUFFIX

QUARANTINE = ".quarantine"
NOT_OURS = frozenset({"lost+found"})
"""What a file system itself puts into its root."""
NOT_A_FILE = {
    errno.ENOENT,
    errno.ENOTDIR,
    errno.ELOOP,
    errno.EINVAL,
    errno.EISDIR,
    errno.ENXIO,
    errno.ENAMETOOLONG,
}
"""How a disk says that there is no such file, or that it is something else."""
_DEPTH_MAX = 16


class Found(NamedTuple):
    """Something in the tree.

    Attributes:
        path: relative to the root, with ``/``.
        is_file: False for symbolic links and whatever else is neither file nor folder.
    """

    path: str
    is_file: bool


def place_of(camera_id: str, role: str, start_wall_ns: int, media_id: str) -> str:
    """Where a segment belongs: ``<camera>/<role>/<UTC date>/<time>_<end of the id>.mp4``.

    >>> place_of("gate", "main", 1_700_000_000_123_000_000, "0190-7000-8000-00000000abcd")
    'gate/main/2023-11-14/22-13-20-123_00000000abcd.mp4'
    """
    moment = datetime.fromtimestamp(start_wall_ns / NS_PER_S, tz=UTC)
    name = f"{moment:%H-%M-%S}-{moment.microsecond // 1000:03d}_{media_id[-12:]}.mp4"
    return f"{camera_id}/{role}/{moment:%Y-%m-%d}/{name}"


def belongs_to(path: str, description: Description) -> bool:
    """Whether a file lies where the recording that it says to be belongs. What follows the id's
    end in its name, before the suffix, is free: compressed files are marked there."""
    try:
        place = place_of(
            description.camera_id, description.role, description.start_wall_ns, description.id
        )
    except (ValueError, OverflowError, OSError):  # a time that no calendar has
        return False
    return path == place or (
        path.startswith(place.removesuffix(".mp4") + ".") and "/" not in path[len(place) :]
    )


def in_the_making(path: str) -> bool:
    """Whether a path is one of a file that is not closed yet."""
    parts = path.split("/")
    return len(parts) == 4 and parts[2] == OPEN_FOLDER


def exists(disk: Disk, path: Path) -> bool:
    """Whether there is something of this name.

    Raises:
        OSError: that can't be told.
    """
    try:
        disk.size(path)
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True


def is_file(disk: Disk, root: Path, path: str) -> bool:
    """Whether a row's path leads to a file beneath the root, by no link.

    Raises:
        OSError: that can't be told.
    """
    if not _plain(path):
        return False
    try:
        disk.open_beneath(root, path).close()
    except OSError as error:
        if error.errno in NOT_A_FILE:
            return False
        raise
    return True


def is_folder(disk: Disk, root: Path, path: str) -> bool:
    """Whether a path leads to a folder beneath the root, by no link.

    Raises:
        OSError: that can't be told.
    """
    at = root
    for name in path.split("/"):
        try:
            if not any(entry.name == name and entry.is_folder for entry in disk.entries(at)):
                return False
        except FileNotFoundError:
            return False
        at /= name
    return True


def _plain(path: str) -> bool:
    return not any(part in ("", ".", "..") or "\0" in part for part in path.split("/"))


def is_draft(path: str) -> bool:
    """Whether it is a copy that is not whole yet, of a file that is moved here."""
    name = path.rpartition("/")[2]
    return name.startswith(".") and name.endswith(DRAFT_SUFFIX)


def walk(disk: Disk, root: Path, below: str = "") -> Iterator[Found]:
    """All that is no folder beneath the root or one folder of it, in order of the path.

    Links are told, never followed. Hidden names right in the root are not recordings and left out.

    Args:
        below: one folder of the root; empty is all of them.

    Raises:
        OSError: a folder can't be read; one that vanished meanwhile is passed over.
    """
    wanted = below.rstrip("/") + "/"
    for name, is_file in _children(disk, root):
        if wanted == "/":
            if not name.startswith(".") and name.rstrip("/") not in NOT_OURS:
                yield from _below(disk, root, name, is_file, 0)
        elif name == wanted:
            yield from _below(disk, root, name, is_file, 0)


def _below(disk: Disk, root: Path, path: str, is_file: bool, depth: int) -> Iterator[Found]:
    if not path.endswith("/") or depth > _DEPTH_MAX:
        yield Found(path.rstrip("/"), is_file)
        return
    for name, child_is_file in _children(disk, root / path):
        yield from _below(disk, root, path + name, child_is_file, depth + 1)


def _children(disk: Disk, folder: Path) -> list[tuple[str, bool]]:
    """Names, those of folders with a ``/`` behind: sorted so, the whole walk is in order."""
    try:
        entries = disk.entries(folder)
    except FileNotFoundError:
        return []
    return sorted((e.name + "/" if e.is_folder else e.name, e.is_file) for e in entries)
