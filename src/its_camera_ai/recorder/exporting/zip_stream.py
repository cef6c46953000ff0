"""ZIP without compression, made while it is sent: video does not shrink, and nothing is stored."""

import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import IO, cast

from its_camera_ai.core.disk import ReadableFile
from its_camera_ai.core.time import NS_PER_S

_PIECE_BYTES = 1024 * 1024
_ZIP64_BYTES = 2**31
_EARLIEST_YEAR = 1980


@dataclass(frozen=True, slots=True)
class ZipMember:
    """A file of the archive by its path in it."""

    name: str
    size_bytes: int


class _Sink:
    """Takes what the archive writes until it is fetched; can't be sought in, so the archive puts
    sums behind the files."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._pieces.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        pass

    def fetched(self) -> bytes:
        found = b"".join(self._pieces)
        self._pieces.clear()
        return found


def zip_stream(
    members: Iterable[ZipMember], open_member: Callable[[ZipMember], ReadableFile], when_ns: int
) -> Iterator[bytes]:
    """The bytes of the archive.

    Args:
        when_ns: wall time that is told as the time of each file, UTC.

    Raises:
        OSError: a file can't be read; what was sent so far is no archive.
    """
    moment = datetime.fromtimestamp(when_ns // NS_PER_S, tz=UTC)
    stamp = (max(moment.year, _EARLIEST_YEAR), *moment.timetuple()[1:6])
    sink = _Sink()
    with zipfile.ZipFile(cast("IO[bytes]", sink), "w", zipfile.ZIP_STORED) as archive:
        for member in members:
            info = zipfile.ZipInfo(member.name, stamp)
            info.external_attr = 0o600 << 16
            file = open_member(member)
            try:
                with archive.open(
                    info, "w", force_zip64=member.size_bytes >= _ZIP64_BYTES
                ) as entry:
                    at = 0
                    while piece := file.read(_PIECE_BYTES, at):
                        entry.write(piece)
                        at += len(piece)
                        yield sink.fetched()
            finally:
                file.close()
    yield sink.fetched()
