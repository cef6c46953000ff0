"""What every answer and every request passes: security headers, size bound, last resort."""

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from its_camera_ai.api.problems import BodyTooLarge, answer, unexpected
from its_camera_ai.core.ids import new_id
from its_camera_ai.core.time import Clock

BODY_BYTES_MAX = 1024 * 1024
"""The largest request body; nearly every body of this API is a small JSON object."""
PICTURE_BYTES_MAX = 10 * 1024 * 1024
PICTURE_PATHS = frozenset({"/api/v1/inference/test"})
"""These take a picture. Its length must be declared, and it is read by the route, after it is known
who sends it."""

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data: blob:",
        "media-src 'self' blob:",
        "connect-src 'self'{sockets}",
        "font-src 'self'",
        "object-src 'none'",
        "worker-src 'self' blob:",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)

_FIXED_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
_HSTS = "max-age=31536000; includeSubDomains"


class SecurityHeaders:
    """Puts the security headers on every answer, and ``no-store`` on those of the API.

    ``connect-src`` names this host's own WebSocket address beside ``'self'``, because older
    browsers do not count ``ws:`` as the same origin.

    Args:
        secure: served over TLS; adds HSTS and asks for ``wss`` only.
    """

    def __init__(self, app: ASGIApp, *, secure: bool) -> None:
        self._app = app
        self._secure = secure

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        policy = self._content_security_policy(Headers(scope=scope).get("host", ""))
        private = not str(scope["path"]).startswith("/assets/")

        async def send_with_headers(message: Message) -> None:
            if message["type"] in ("http.response.start", "websocket.http.response.start"):
                headers = MutableHeaders(scope=message)
                for name, value in _FIXED_HEADERS.items():
                    headers[name] = value
                headers["Content-Security-Policy"] = policy
                if self._secure:
                    headers["Strict-Transport-Security"] = _HSTS
                if private:
                    headers.setdefault("Cache-Control", "no-store")
            await send(message)

        await self._app(scope, receive, send_with_headers)

    def _content_security_policy(self, host: str) -> str:
        plain = host.isascii() and all(c.isalnum() or c in "-.:[]" for c in host)
        scheme = "wss" if self._secure else "ws"
        sockets = f" {scheme}://{host}" if host and plain else ""
        return CONTENT_SECURITY_POLICY.replace("{sockets}", sockets)


class BodyLimit:
    """Reads a request's body up to ``BODY_BYTES_MAX`` and refuses a longer one with 413; what may
    be longer is left to its route."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope) if scope["type"] == "http" else Headers()
        if "content-length" not in headers and "transfer-encoding" not in headers:
            await self._app(scope, receive, send)
            return
        declared = headers.get("content-length", "0")
        if scope["path"] in PICTURE_PATHS and "content-length" in headers:
            if declared.isdecimal() and int(declared) <= PICTURE_BYTES_MAX:
                await self._app(scope, receive, send)  # the server holds them to their word
            else:
                await self._refuse(scope, receive, send, PICTURE_BYTES_MAX)
            return
        body = b""
        more = True
        too_long = not declared.isdecimal() or int(declared) > BODY_BYTES_MAX
        while more and not too_long:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            body += message.get("body", b"")
            more = message.get("more_body", False)
            too_long = len(body) > BODY_BYTES_MAX
        if too_long:
            await self._refuse(scope, receive, send, BODY_BYTES_MAX)
            return
        delivered = False

        async def receive_again() -> Message:
            nonlocal delivered
            if delivered:
                return await receive()
            delivered = True
            return {"type": "http.request", "body": body, "more_body": False}

        await self._app(scope, receive_again, send)

    async def _refuse(self, scope: Scope, receive: Receive, send: Send, bytes_max: int) -> None:
        error = BodyTooLarge(
            f"A request body may have at most {bytes_max} bytes here; send less.",
            headers={"Connection": "close"},
        )
        await answer(Request(scope), error)(scope, receive, send)


class LastResort:
    """Turns whatever nobody caught into a 500 without its text; the log gets it under an id."""

    def __init__(self, app: ASGIApp, *, clock: Clock) -> None:
        self._app = app
        self._clock = clock
        self._log = structlog.get_logger(__name__)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = False

        async def send_watched(message: Message) -> None:
            nonlocal started
            started = started or message["type"] in ("http.response.start", "websocket.accept")
            await send(message)

        try:
            await self._app(scope, receive, send_watched)
        except Exception as error:
            if scope["type"] not in ("http", "websocket"):
                raise
            incident = new_id(self._clock.wall_ns())
            self._log.exception(
                "request_crashed", path=scope["path"], incident=incident, error=type(error).__name__
            )
            if scope["type"] == "websocket":
                await send({"type": "websocket.close", "code": 1011})
            elif started:
                raise  # half an answer is out; only the server can cut the connection
            else:
                await unexpected(Request(scope), incident)(scope, receive, send)
