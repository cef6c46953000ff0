"""A camera that sends motion JPEG over HTTP (``multipart/x-mixed-replace``)."""

import base64
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self, cast

import cv2

from tests.support.pattern import MovingPattern

_BOUNDARY = "frame"


class MjpegServer:
    """Serves the numbered pattern in a loop at ``/video`` on a free port of this machine.

    Args:
        size_wh: of the pictures.
        fps: pictures per second for every viewer.
        login: ``user:password`` for HTTP Basic, or None for an open camera.
        pictures: after so many the loop begins again.
    """

    def __init__(
        self,
        size_wh: tuple[int, int] = (320, 240),
        fps: float = 10,
        login: str | None = None,
        pictures: int = 20,
    ) -> None:
        pattern = MovingPattern(size_wh)
        self.jpegs = [_jpeg(pattern, i) for i in range(pictures)]
        self.period_s = 1 / fps
        self.login = login
        self.flowing = threading.Event()
        self.flowing.set()
        self.closing = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self._server.daemon_threads = True
        self._server.camera = self  # type: ignore[attr-defined] # how a handler finds its camera
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    def url(self, login: str | None = None) -> str:
        """The address, with the camera's own login unless another is given ("" for none)."""
        who = login if login is not None else (self.login or "")
        host, port = self._server.server_address[:2]
        return f"http://{who + '@' if who else ''}{host!s}:{port}/video"

    def stall(self) -> None:
        """Stop sending but keep the connections."""
        self.flowing.clear()

    def resume(self) -> None:
        """Go on after ``stall``."""
        self.flowing.set()

    def close(self) -> None:
        self.closing.set()
        self.flowing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        camera = cast(MjpegServer, self.server.camera)  # type: ignore[attr-defined] # set above
        if self.path != "/video":
            self.send_error(404)
        elif not self._may_enter(camera):
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="camera"')
            self.send_header("Content-Length", "0")
            self.end_headers()
        else:
            self._stream(camera)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Nothing: the tests' output stays readable."""

    def _may_enter(self, camera: MjpegServer) -> bool:
        if camera.login is None:
            return True
        wanted = "Basic " + base64.b64encode(camera.login.encode()).decode()
        return self.headers.get("Authorization") == wanted

    def _stream(self, camera: MjpegServer) -> None:
        self.close_connection = True
        self.send_response(200)
        self.send_header("Content-Type", f"multipart/x-mixed-replace; boundary={_BOUNDARY}")
        self.end_headers()
        number = 0
        try:
            while not camera.closing.is_set():
                camera.flowing.wait()
                self._send_part(camera.jpegs[number % len(camera.jpegs)])
                number += 1
                camera.closing.wait(camera.period_s)
        except OSError:
            return  # the viewer went away

    def _send_part(self, jpeg: bytes) -> None:
        head = f"--{_BOUNDARY}\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n"
        self.wfile.write(head.encode() + jpeg + b"\r\n")
        self.wfile.flush()


def _jpeg(pattern: MovingPattern, number: int) -> bytes:
    bgr = cv2.cvtColor(pattern.yuv420(number), cv2.COLOR_YUV2BGR_I420)
    done, data = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, 80])
    assert done
    return data.tobytes()
