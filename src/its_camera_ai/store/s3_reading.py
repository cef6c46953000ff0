"""Reads an object at any place, by ranges with read-ahead."""

import errno
import threading
from collections import OrderedDict
from collections.abc import Callable

FIRST_BYTES = 256 * 1024
WINDOW_BYTES_MAX = 4 * 1024 * 1024
WINDOWS_KEPT = 4

Fetch = Callable[[int, int], bytes]
"""Bytes ``[start, end)`` of the object; raises ``OSError``."""


class S3Reading:
    """``core.disk.ReadableFile`` over range requests.

    A read that begins elsewhere costs one request, which fetches a little more than was asked for;
    reads that go on where the last one ended fetch twice as much each time, up to
    ``WINDOW_BYTES_MAX``. The last ``WINDOWS_KEPT`` answers are kept, 16 MiB at most.

    Args:
        first: the object's first bytes, which came with its size.
    """

    def __init__(self, size_bytes: int, first: bytes, fetch: Fetch) -> None:
        self._size_bytes = size_bytes
        self._fetch = fetch
        self._windows: OrderedDict[int, bytes] = OrderedDict({0: first})
        self._next_bytes = 2 * FIRST_BYTES
        self._goes_on_at = len(first)
        self._lock = threading.Lock()
        self._closed = False

    @property
    def size_bytes(self) -> int:
        return self._size_bytes

    def read(self, size_bytes: int, at: int) -> bytes:
        end = min(at + size_bytes, self._size_bytes)
        pieces = []
        with self._lock:
            if self._closed:
                raise OSError(errno.EBADF, "the recording was closed")
            while at < end:
                piece = self._piece(at, end)
                pieces.append(piece)
                at += len(piece)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def _piece(self, at: int, end: int) -> bytes:
        for start, window in reversed(self._windows.items()):
            if start <= at < start + len(window):
                self._windows.move_to_end(start)
                return window[at - start : end - start]
        if at != self._goes_on_at:
            self._next_bytes = FIRST_BYTES
        wanted = min(max(end - at, self._next_bytes), WINDOW_BYTES_MAX, self._size_bytes - at)
        window = self._fetch(at, at + wanted)
        if len(window) != wanted:
            raise OSError(errno.EIO, "the storage service sent fewer bytes than it has")
        self._windows[at] = window
        self._windows.move_to_end(at)
        while len(self._windows) > WINDOWS_KEPT:
            self._windows.popitem(last=False)
        self._next_bytes = min(2 * max(self._next_bytes, wanted), WINDOW_BYTES_MAX)
        self._goes_on_at = at + wanted
        return window[: end - at]

    def close(self) -> None:
        with self._lock:
            self._closed = True
            self._windows.clear()
