"""Recording files over HTTP: opened beneath the media root only, sent in whole or by one range."""

import os
import stat
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from anyio import to_thread

from its_camera_ai.api.problems import Gone, RangeUnsatisfiable
from its_camera_ai.core.errors import StorageUnavailable

CHUNK_BYTES = 256 * 1024
_DIGITS_MAX = 19


@dataclass(frozen=True, slots=True)
class ByteRange:
    """Bytes ``first`` to ``last``, both included."""

    first: int
    last: int

    @property
    def length(self) -> int:
        return self.last - self.first + 1


def parse_range(header: str, size_bytes: int) -> ByteRange | None:
    """The one range that a ``Range`` header asks for (RFC 9110 §14.1.2).

    Returns:
        None where the header is to be ignored and the whole file sent: another unit, several
        ranges, or no valid range at all.

    Raises:
        RangeUnsatisfiable: a valid range that lies wholly outside the file.

    >>> parse_range("bytes=-2", 10)
    ByteRange(first=8, last=9)
    """
    unit, equals, spec = header.partition("=")
    first_text, dash, last_text = spec.strip().partition("-")
    valid = (
        unit.strip().lower() == "bytes"
        and bool(equals and dash)
        and _is_number(first_text, allow_empty=True)
        and _is_number(last_text, allow_empty=True)
        and bool(first_text or last_text)
    )
    if not valid:
        return None
    if not first_text:
        wanted = min(int(last_text), size_bytes)
        first, last = size_bytes - wanted, size_bytes - 1
    else:
        first = int(first_text)
        last = min(int(last_text), size_bytes - 1) if last_text else size_bytes - 1
        if last_text and int(last_text) < first:
            return None
    if first > last:
        raise RangeUnsatisfiable(
            f"The file has {size_bytes} bytes; ask for a range inside it.",
            headers={"Content-Range": f"bytes */{size_bytes}"},
        )
    return ByteRange(first, last)


def _is_number(text: str, *, allow_empty: bool) -> bool:
    if not text:
        return allow_empty
    return text.isascii() and text.isdigit() and len(text) <= _DIGITS_MAX


class MediaFile:
    """An open recording. ``size_bytes`` is what the file held when it was opened."""

    def __init__(self, descriptor: int) -> None:
        # a file object, so that an answer whose client left before it began closes it too
        self._file = os.fdopen(descriptor, "rb", buffering=0)
        self.size_bytes = os.fstat(descriptor).st_size

    def close(self) -> None:
        self._file.close()

    async def send(self, part: ByteRange) -> AsyncIterator[bytes]:
        """The bytes of a range in pieces; closes the file at the end, also when cut short."""
        try:
            at = part.first
            while at <= part.last:
                wanted = min(CHUNK_BYTES, part.last - at + 1)
                piece = await to_thread.run_sync(os.pread, self._file.fileno(), wanted, at)
                if not piece:
                    return  # truncated meanwhile: the client sees fewer bytes than announced
                at += len(piece)
                yield piece
        finally:
            self.close()


def open_media(root: Path, relative: str) -> MediaFile:
    """Open a recording by its path in the index.

    Each folder on the way is opened relative to the one before and no symbolic link is followed,
    so neither a forged index row nor a link planted in the folder leads out of the media root.

    Raises:
        Gone: there is no such regular file beneath the root.
        StorageUnavailable: the media root itself can't be opened.
    """
    parts = relative.split("/")
    if any(part in ("", ".", "..") or "\0" in part for part in parts):
        raise _gone()
    try:
        folder = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise StorageUnavailable(
            f"The media folder {root} can't be opened ({error.strerror}); mount its disk."
        ) from error
    try:
        for name in parts[:-1]:
            inner = os.open(
                name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder
            )
            os.close(folder)
            folder = inner
        # O_NONBLOCK: opening a planted FIFO would otherwise hang the worker
        descriptor = os.open(
            parts[-1],
            os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC,
            dir_fd=folder,
        )
    except OSError as error:
        raise _gone() from error
    finally:
        os.close(folder)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise _gone()
    return MediaFile(descriptor)


def _gone() -> Gone:
    return Gone(
        "The recording is in the index but its file is no longer on the disk: retention removed "
        "it, or the disk was exchanged. Nothing can bring it back from here."
    )
