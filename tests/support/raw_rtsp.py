"""Tiny servers that speak just enough RTSP to be a broken camera."""

import socket
import threading
from enum import StrEnum
from typing import BinaryIO, Self


class Behaviour(StrEnum):
    """How the server lets its client down."""

    SILENT = "silent"
    """Takes the connection and never answers."""
    HANG_AFTER_DESCRIBE = "hang_after_describe"
    """Describes an H.264 stream and answers nothing more."""
    UNAUTHORISED = "unauthorised"
    """401 to everything, also to the right password."""
    NOT_FOUND = "not_found"
    """404 to everything."""
    NO_VIDEO = "no_video"
    """Describes a stream with audio only."""
    GARBAGE = "garbage"
    """Answers with bytes that are no RTSP and closes."""


_HEAD = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=Camera\r\nt=0 0\r\na=control:*\r\n"
_VIDEO = (
    "m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=control:stream=0\r\n"
    "a=fmtp:96 packetization-mode=1;profile-level-id=42c01e\r\n"
)
_AUDIO = "m=audio 0 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\na=control:stream=0\r\n"


class RawRtspServer:
    """Listens on a free port of this machine and behaves as told, for any number of clients.

    Attributes:
        requests: the methods that came, in order; for asserting how often a client tried.
    """

    def __init__(self, behaviour: Behaviour) -> None:
        self._behaviour = behaviour
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._clients: list[socket.socket] = []
        self._lock = threading.Lock()
        self._closing = False
        self.connections = 0
        self.requests: list[str] = []
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        return int(self._listener.getsockname()[1])

    def url(self, path: str = "cam", login: str = "") -> str:
        """The address; ``login`` is ``user:password`` where wanted."""
        return f"rtsp://{login + '@' if login else ''}127.0.0.1:{self.port}/{path}"

    def close(self) -> None:
        with self._lock:
            self._closing = True
            self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
            for client in self._clients:
                client.close()
        self._thread.join(5)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _address = self._listener.accept()
            except OSError:
                return
            with self._lock:
                if self._closing:
                    client.close()
                    return
                self.connections += 1
                self._clients.append(client)
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        try:
            with client, client.makefile("rb") as lines:
                while request := self._request(lines):
                    if not self._reply(client, *request):
                        return
        except (OSError, ValueError):
            return  # the client or close() went away

    def _request(self, lines: BinaryIO) -> tuple[str, str] | None:
        """Method and CSeq of the next request; None at the end."""
        first = lines.readline().decode(errors="replace")
        if not first.strip():
            return None
        sequence = "0"
        while (line := lines.readline().decode(errors="replace").strip()) != "":
            name, _, value = line.partition(":")
            if name.lower() == "cseq":
                sequence = value.strip()
        method = first.split()[0]
        self.requests.append(method)
        return method, sequence

    def _reply(self, client: socket.socket, method: str, sequence: str) -> bool:
        """False when the connection is to be closed."""
        match self._behaviour:
            case Behaviour.SILENT:
                return True
            case Behaviour.GARBAGE:
                client.sendall(b"\x00\x01 this is not RTSP \xff\r\n\r\n")
                return False
            case Behaviour.UNAUTHORISED:
                extra = 'WWW-Authenticate: Basic realm="camera"\r\n'
                _send(client, "401 Unauthorized", sequence, extra)
            case Behaviour.NOT_FOUND:
                _send(client, "404 Not Found", sequence)
            case Behaviour.HANG_AFTER_DESCRIBE | Behaviour.NO_VIDEO:
                self._describe(client, method, sequence)
        return True

    def _describe(self, client: socket.socket, method: str, sequence: str) -> None:
        if method == "OPTIONS":
            _send(client, "200 OK", sequence, "Public: OPTIONS, DESCRIBE, SETUP, PLAY\r\n")
        elif method == "DESCRIBE":
            wants_video = self._behaviour is Behaviour.HANG_AFTER_DESCRIBE
            body = _HEAD + (_VIDEO if wants_video else _AUDIO)
            _send(client, "200 OK", sequence, "Content-Type: application/sdp\r\n", body)


def _send(
    client: socket.socket, status: str, sequence: str, headers: str = "", body: str = ""
) -> None:
    head = f"RTSP/1.0 {status}\r\nCSeq: {sequence}\r\n{headers}Content-Length: {len(body)}\r\n\r\n"
    client.sendall((head + body).encode())
