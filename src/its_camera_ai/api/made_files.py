"""Files that are made for one answer and gone with it."""

import tempfile
from collections.abc import Callable
from typing import BinaryIO

from fastapi.responses import StreamingResponse

from its_camera_ai.api.media import ByteRange, MediaFile

MEMORY_BYTES = 8 * 1024 * 1024
"""Beyond this a file lies on disk while it is sent."""


class MadeFile:
    """A temporary file without a name, as ``core.disk.ReadableFile``."""

    def __init__(self, write: Callable[[BinaryIO], object]) -> None:
        """
        Args:
            write: fills it; what it raises is raised here, before anything was sent.
        """
        self._file = tempfile.SpooledTemporaryFile(MEMORY_BYTES)  # noqa: SIM115  closed by close()
        try:
            write(self._file)  # type: ignore[arg-type]  # it has all that a BinaryIO has
            self.size_bytes = self._file.tell()
        except BaseException:
            self._file.close()
            raise

    def read(self, size_bytes: int, at: int) -> bytes:
        self._file.seek(at)
        return self._file.read(size_bytes)

    def close(self) -> None:
        self._file.close()


def sent(made: MadeFile, name: str, media_type: str) -> StreamingResponse:
    """The file as an answer to be saved under a name, in pieces.

    Args:
        name: ASCII without quotation marks.
    """
    file = MediaFile(made)
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Content-Length": str(file.size_bytes),
        "Cache-Control": "no-store",
    }
    pieces = file.send(ByteRange(0, file.size_bytes - 1))
    return StreamingResponse(pieces, media_type=media_type, headers=headers)
