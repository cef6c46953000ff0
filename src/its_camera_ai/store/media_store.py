"""The port to where the files of a tier lie: a folder, or a bucket."""

import errno
import hashlib
from collections.abc import Iterator
from typing import Protocol

from its_camera_ai.core.disk import ReadableFile
from its_camera_ai.core.errors import RecordingGone

CHUNK_BYTES = 1024 * 1024
GONE = (
    "The recording is in the index but its file is no longer on the disk: retention removed it, or "
    "the disk was exchanged. Nothing can bring it back from here."
)


class MediaStore(Protocol):
    """Files by their path in the index, relative and with ``/``.

    Every call may raise ``StorageUnavailable`` (the tier can't be reached now), and each returns
    or raises within a bounded time as far as the system beneath lets it. Paths that lead out of
    the store are ``RecordingGone``, whatever is asked.
    """

    @property
    def at_once(self) -> bool:
        """Whether what is put here can be read at once, without being restored first."""
        ...

    def open(self, path: str) -> ReadableFile:
        """A file to read from at any place; its ``read`` raises ``OSError``.

        Raises:
            RecordingGone: there is no such regular file here.
            RecordingArchived: it has to be restored before it can be read.
        """
        ...

    def put(self, path: str, source: ReadableFile, *, sha256: str = "") -> None:
        """Store the bytes of ``source``, whole or not at all, compared and durable on return.

        What had the path before is replaced, whole too.

        Args:
            sha256: of the source, in hex; found out first where it is not given.

        Raises:
            OSError: ``source`` can't be read, or is not what ``sha256`` says.
        """
        ...

    def delete(self, path: str) -> None:
        """Remove a file, durable on return; one that is not there is no error."""
        ...

    def size(self, path: str) -> int | None:
        """Bytes of a file; None where there is none."""
        ...

    def paths(self, prefix: str = "") -> Iterator[str]:
        """The paths of the files beneath a folder, in any order; drafts are left out."""
        ...


def checked_parts(path: str) -> tuple[str, ...]:
    """The names in a path of the index.

    Raises:
        RecordingGone: it is absolute, or has a part (``..``, none, NUL) that could lead elsewhere.
    """
    parts = tuple(path.split("/"))
    if any(part in ("", ".", "..") or "\0" in part for part in parts):
        raise RecordingGone(GONE)
    return parts


def pieces_of(source: ReadableFile, piece_bytes: int = CHUNK_BYTES) -> Iterator[bytes]:
    """A file from its start to its end.

    Raises:
        OSError: it can't be read, or became shorter.
    """
    at = 0
    while at < source.size_bytes:
        piece = source.read(min(piece_bytes, source.size_bytes - at), at)
        if not piece:
            raise OSError(errno.EIO, "the file became shorter while it was read")
        at += len(piece)
        yield piece


def sha256_of(source: ReadableFile) -> str:
    """SHA-256 of a whole file, in hex.

    Raises:
        OSError: see ``pieces_of``.
    """
    digest = hashlib.sha256()
    for piece in pieces_of(source):
        digest.update(piece)
    return digest.hexdigest()
