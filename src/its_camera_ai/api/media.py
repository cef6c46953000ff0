"""Recording files over HTTP, sent in whole or by one range."""

import weakref
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass

from anyio import to_thread

from its_camera_ai.api.problems import RangeUnsatisfiable
from its_camera_ai.core.disk import ReadableFile

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


def planned(
    request: Mapping[str, str], opened: "MediaFile", tag: str
) -> tuple[dict[str, str], ByteRange, int]:
    """Headers, bytes and status of an answer; ``If-Range`` of another version asks for all.

    Args:
        request: its headers.
        tag: the version of the file, in quotation marks.

    Raises:
        RangeUnsatisfiable: see ``parse_range``.
    """
    headers = {"Accept-Ranges": "bytes", "ETag": tag}
    wanted = request.get("range", "")
    part = None
    if wanted and request.get("if-range", tag) == tag:
        part = parse_range(wanted, opened.size_bytes)
    if part is None:
        whole = ByteRange(0, opened.size_bytes - 1)
        return {**headers, "Content-Length": str(whole.length)}, whole, 200
    headers["Content-Range"] = f"bytes {part.first}-{part.last}/{opened.size_bytes}"
    return {**headers, "Content-Length": str(part.length)}, part, 206


class MediaFile:
    """An open recording. ``size_bytes`` is what the file held when it was opened."""

    def __init__(self, file: ReadableFile) -> None:
        self._file = file
        self.size_bytes = file.size_bytes
        # by a finalizer, so that an answer whose client left before it began closes it too
        self.close = weakref.finalize(self, file.close)

    async def send(self, part: ByteRange) -> AsyncIterator[bytes]:
        """The bytes of a range in pieces; closes the file at the end, also when cut short."""
        try:
            at = part.first
            while at <= part.last:
                wanted = min(CHUNK_BYTES, part.last - at + 1)
                piece = await to_thread.run_sync(self._file.read, wanted, at)
                if not piece:
                    return  # truncated meanwhile: the client sees fewer bytes than announced
                at += len(piece)
                yield piece
        finally:
            self.close()
