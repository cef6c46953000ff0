"""Sources to store: bytes in memory that are read like a file, and one that breaks off."""

import errno
import random
from collections.abc import Callable


class Held:
    """``core.disk.ReadableFile`` over bytes.

    Args:
        meanwhile: called before each read with the place that is read from.
    """

    def __init__(self, content: bytes, meanwhile: Callable[[int], None] | None = None) -> None:
        self._content = content
        self._meanwhile = meanwhile
        self.closed = False

    @property
    def size_bytes(self) -> int:
        return len(self._content)

    def read(self, size_bytes: int, at: int) -> bytes:
        if self._meanwhile is not None:
            self._meanwhile(at)
        return self._content[at : at + size_bytes]

    def close(self) -> None:
        self.closed = True


def breaking(content: bytes, at: int) -> Held:
    """A source that can't be read from a place on."""

    def fail(wanted: int) -> None:
        if wanted >= at:
            raise OSError(errno.EIO, "the disk broke")

    return Held(content, fail)


def random_bytes(size_bytes: int, seed: int = 0) -> bytes:
    return random.Random(seed).randbytes(size_bytes)
