"""A tiny S3 service that can be made to behave like Amazon where Swift can't: storage classes,
archived objects, entity tags of KMS keys, damage on the way. One bucket, no signatures."""

import hashlib
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Self

from its_camera_ai.store.s3_access import S3Access
from tests.support.swift import QUICK


class S3Twin:
    """The service.

    Attributes:
        objects: content by key.
        classes: storage class by key; objects in ``GLACIER`` and ``DEEP_ARCHIVE`` can't be read.
        requests: method, key and range of each request.
        kms: entity tags tell nothing about the content.
        damage: the last byte of what is stored next is changed.
        refuse: the error code that every request is answered with; empty for none.
    """

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.classes: dict[str, str] = {}
        self.requests: list[tuple[str, str, str]] = []
        self.kms = False
        self.damage = False
        self.refuse = ""
        self._scheme = "http"
        twin = self

        class Handler(_Handler):
            service = twin

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def use_tls(self, certificate: Path, key: Path) -> None:
        """Take HTTPS alone; before it is entered."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        self._server.socket = context.wrap_socket(
            self._server.socket, server_side=True, do_handshake_on_connect=False
        )
        self._scheme = "https"

    def access(self) -> S3Access:
        endpoint = f"{self._scheme}://127.0.0.1:{self._server.server_port}"
        return S3Access(endpoint, "us-east-1", "key", "secret", QUICK)

    def store(self, key: str, content: bytes, storage_class: str) -> None:
        self.objects[key] = content[:-1] + bytes([content[-1] ^ 1]) if self.damage else content
        self.classes[key] = storage_class

    def tag(self, key: str) -> str:
        digest = hashlib.md5(self.objects[key], usedforsecurity=False).hexdigest()
        return f'"{digest[::-1] if self.kms else digest}"'


class _Handler(BaseHTTPRequestHandler):
    service: S3Twin
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None: ...

    def do_GET(self) -> None:
        key, service = self._begun(), self.service
        if service.refuse:
            return self._refuse(403, service.refuse)
        if key not in service.objects:
            return self._refuse(404, "NoSuchKey")
        if service.classes[key] in ("GLACIER", "DEEP_ARCHIVE") and self.command == "GET":
            return self._refuse(403, "InvalidObjectState")
        content = service.objects[key]
        wanted = self.headers.get("Range", "")
        if not wanted or self.command == "HEAD":
            return self._answer(200, content, key)
        first, last = (int(text) for text in wanted.removeprefix("bytes=").split("-"))
        last = min(last, len(content) - 1)
        where = {"Content-Range": f"bytes {first}-{last}/{len(content)}"}
        return self._answer(206, content[first : last + 1], key, where)

    do_HEAD = do_GET  # noqa: N815  the server's name for it

    def do_PUT(self) -> None:
        key = self._begun()
        content = self.rfile.read(int(self.headers["Content-Length"]))
        if self.service.refuse:
            return self._refuse(403, self.service.refuse)
        self.service.store(key, content, self.headers.get("x-amz-storage-class", "STANDARD"))
        return self._answer(200, b"", key)

    def do_DELETE(self) -> None:
        self.service.objects.pop(self._begun(), None)
        self._answer(204, b"")

    def _begun(self) -> str:
        key = self.path.split("?")[0].split("/", 2)[2]
        self.service.requests.append((self.command, key, self.headers.get("Range", "")))
        return key

    def _refuse(self, status: int, code: str) -> None:
        self._answer(status, f"<Error><Code>{code}</Code></Error>".encode())

    def _answer(
        self, status: int, body: bytes, key: str = "", headers: dict[str, str] | None = None
    ) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Last-Modified", "Thu, 01 Jan 2026 00:00:00 GMT")
        if key:
            self.send_header("ETag", self.service.tag(key))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
