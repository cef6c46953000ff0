"""Fetching one file over HTTPS: bounded in size and time, taken only if its hash is right."""

import hashlib
import http.client
import queue
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from its_camera_ai.core.errors import DownloadFailed, ModelInvalid
from its_camera_ai.vision.model_files import write_durably

_CHUNK_BYTES = 1 << 16
_CHUNKS_QUEUED = 16

Progress = Callable[[int, int], None]
"""Called with bytes done and bytes in all."""


class Body(Protocol):
    """An answer's body."""

    def read(self, size: int, /) -> bytes: ...

    def close(self) -> None: ...


Opener = Callable[[str, float], Body]
"""``(url, timeout_s)`` → the body; raises ``OSError`` where that fails."""


def open_https(url: str, timeout_s: float) -> Body:
    """The real opener: HTTPS only, also behind redirects; honours the system's proxy."""
    director = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        urllib.request.HTTPSHandler(),
        _HttpsRedirects(),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPErrorProcessor(),
        urllib.request.UnknownHandler(),
    ):
        director.add_handler(handler)
    response: Body = director.open(url, timeout=timeout_s)
    return response


class _HttpsRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: object,
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        if urlsplit(newurl).scheme != "https":
            raise urllib.error.URLError("the server sent us on to an address without HTTPS")
        return super().redirect_request(req, fp, code, msg, headers, newurl)  # type: ignore[arg-type]  # the stub wants IO[bytes], the handler only passes it on


def download(
    url: str,
    path: Path,
    *,
    size_bytes: int,
    sha256: str,
    timeout_s: float,
    progress: Progress | None = None,
    opener: Opener = open_https,
) -> None:
    """Fetch ``url`` to ``path``. Either the whole, right file is there afterwards or nothing new.

    Args:
        size_bytes, sha256: what the file must be; one byte more ends the transfer.
        timeout_s: for everything together, name look-up included.

    Raises:
        DownloadFailed: no connection, broken off, or too slow; try again.
        ModelInvalid: the address is not HTTPS, or other bytes came than expected.
        StorageUnavailable: the folder can't be written.
    """
    if urlsplit(url).scheme != "https":
        raise ModelInvalid(f"Models are fetched over HTTPS only; correct the address {url}.")
    digest = hashlib.sha256()

    def checked() -> Iterator[bytes]:
        done = 0
        for chunk in _within(url, timeout_s, opener):
            done += len(chunk)
            if done > size_bytes:
                raise _altered(url, f"more than {size_bytes} bytes")
            digest.update(chunk)
            if progress is not None:
                progress(done, size_bytes)
            yield chunk
        if done < size_bytes:
            raise DownloadFailed(
                f"The download of {url} broke off after {done} of {size_bytes} bytes; try again."
            )
        if digest.hexdigest() != sha256:
            raise _altered(url, f"SHA-256 {digest.hexdigest()}, expected {sha256}")

    write_durably(path, checked())


def _within(url: str, timeout_s: float, opener: Opener) -> Iterator[bytes]:
    """The body in chunks. A thread reads, because a name look-up knows no time-out of its own."""
    deadline = time.monotonic() + timeout_s
    chunks: queue.Queue[bytes | Exception] = queue.Queue(_CHUNKS_QUEUED)
    abandoned = threading.Event()
    threading.Thread(
        target=_read, args=(url, timeout_s, opener, chunks, abandoned), daemon=True
    ).start()
    try:
        while True:
            try:
                item = chunks.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                raise DownloadFailed(
                    f"{_host(url)} did not deliver within {timeout_s:g} s; check the connection "
                    "and try again, or copy the file into the models folder by hand."
                ) from None
            if isinstance(item, Exception):
                raise DownloadFailed(
                    f"The download from {_host(url)} failed ({_reason(item)}); check the "
                    "connection and try again, or copy the file into the models folder by hand."
                ) from item
            if not item:
                return
            yield item
    finally:
        abandoned.set()


def _read(
    url: str,
    timeout_s: float,
    opener: Opener,
    chunks: "queue.Queue[bytes | Exception]",
    abandoned: threading.Event,
) -> None:
    def put(item: bytes | Exception) -> None:
        while not abandoned.is_set():
            try:
                chunks.put(item, timeout=0.2)
            except queue.Full:
                continue
            return

    try:
        body = opener(url, timeout_s)
        try:
            while (chunk := body.read(_CHUNK_BYTES)) and not abandoned.is_set():
                put(chunk)
        finally:
            body.close()
    except (OSError, http.client.HTTPException) as error:
        put(error)
    else:
        put(b"")


def _host(url: str) -> str:
    return urlsplit(url).hostname or url


def _reason(error: Exception) -> str:
    inner = getattr(error, "reason", None)
    return str(inner or error) or type(error).__name__


def _altered(url: str, found: str) -> ModelInvalid:
    return ModelInvalid(
        f"{url} delivered another file than the catalogue names ({found}). Nothing was kept. "
        "Someone on the way may have changed it; use another network or fetch it by hand."
    )
