"""The one shape of every error that the API answers: RFC 9457 problem details.

Each error type stands in one table with its status and title. Messages of errors that a person can
mend are told; what happened inside (paths, hosts, exception texts) stays in the log.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import structlog
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, Response
from starlette.websockets import WebSocket, WebSocketState

from its_camera_ai.core.errors import (
    CameraRefused,
    CameraStreamEnded,
    CameraTimeout,
    CameraUnreachable,
    CameraUnsupported,
    ConfigInvalid,
    DatabaseUnavailable,
    InputUnreadable,
    InstanceRunning,
    ItscamError,
    RecordingArchived,
    RecordingDamaged,
    RecordingGone,
    RetryableError,
    StorageUnavailable,
    UserError,
)
from its_camera_ai.recorder.keeping.retention import RetentionRuns

MEDIA_TYPE = "application/problem+json"
_TYPE_PREFIX = "urn:itscam:problem:"
_ERRORS_MAX = 50

_log = structlog.get_logger(__name__)


class ApiError(UserError):
    """A request that is answered with a problem of its own kind.

    Args:
        detail: what was wrong and what to do, shown to the client.
        headers: of the answer, such as ``Retry-After``.
        extra: further members of the problem object.
    """

    def __init__(
        self,
        detail: str,
        *,
        headers: Mapping[str, str] | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(detail)
        self.headers = dict(headers or {})
        self.extra = dict(extra or {})


class NotSignedIn(ApiError):
    """There is no session, or it has ended."""


class SignInFailed(ApiError):
    """User name or password is wrong; which one is never said."""


class Forbidden(ApiError):
    """The account may not do this."""


class OriginRefused(ApiError):
    """The request was sent by a page of another site, or without the CSRF token."""


class PasswordChangeRequired(ApiError):
    """The account must set its own password first."""


class NotFound(ApiError):
    """There is no such thing."""


class BodyTooLarge(ApiError):
    """A request body beyond the bound."""


class RangeUnsatisfiable(ApiError):
    """The requested bytes lie outside the file."""


class TooManyAttempts(ApiError):
    """The account or the address is locked for a while."""


class Busy(ApiError):
    """A bound of this server is reached; try again later."""


class NoPicture(ApiError):
    """The camera sends nothing that could be shown now."""


class VisionSilent(ApiError):
    """No vision process answered in time."""


class LookFailed(ApiError):
    """A vision process answered, but could not look."""


@dataclass(frozen=True, slots=True)
class ProblemKind:
    """How one error type is told.

    Attributes:
        status: HTTP status code.
        slug: last part of the ``type`` URI.
        title: the same for every occurrence.
        detail: told instead of the error's own message where that may show the inside.
    """

    status: int
    slug: str
    title: str
    detail: str | None = None


_INSIDE = "The server could not do this. The log holds the reason under the id given here."

PROBLEMS: dict[type[ItscamError], ProblemKind] = {
    NotSignedIn: ProblemKind(401, "not-signed-in", "Not signed in"),
    SignInFailed: ProblemKind(401, "sign-in-failed", "Sign-in failed"),
    Forbidden: ProblemKind(403, "forbidden", "Not allowed"),
    OriginRefused: ProblemKind(403, "origin-refused", "Request of another site refused"),
    PasswordChangeRequired: ProblemKind(403, "password-change-required", "Set a new password"),
    NotFound: ProblemKind(404, "not-found", "Not found"),
    RecordingDamaged: ProblemKind(409, "damaged", "Damaged"),
    RecordingArchived: ProblemKind(409, "archived", "In an archive"),
    RecordingGone: ProblemKind(410, "gone", "No longer there"),
    BodyTooLarge: ProblemKind(413, "body-too-large", "Request body too large"),
    RangeUnsatisfiable: ProblemKind(416, "range-unsatisfiable", "Range outside the file"),
    TooManyAttempts: ProblemKind(429, "too-many-attempts", "Too many attempts"),
    Busy: ProblemKind(503, "busy", "Too busy"),
    NoPicture: ProblemKind(503, "no-picture", "No picture now"),
    VisionSilent: ProblemKind(503, "vision-silent", "Vision does not answer"),
    LookFailed: ProblemKind(503, "look-failed", "The model could not look"),
    ConfigInvalid: ProblemKind(422, "invalid", "Input that can't be taken"),
    CameraUnreachable: ProblemKind(
        502, "camera-unreachable", "Camera unreachable", "The camera can't be reached; check it."
    ),
    CameraTimeout: ProblemKind(
        504, "camera-timeout", "Camera silent", "The camera stopped answering; check it."
    ),
    CameraStreamEnded: ProblemKind(
        502, "camera-stream-ended", "Camera ended the stream", "The camera ended the stream."
    ),
    CameraRefused: ProblemKind(
        502,
        "camera-refused",
        "Camera refused",
        "The camera refused the connection; check its user name, password and path.",
    ),
    CameraUnsupported: ProblemKind(415, "camera-unsupported", "Stream of an unsupported kind"),
    InputUnreadable: ProblemKind(
        500, "input-unreadable", "Unreadable video", "The video can't be read; it may be damaged."
    ),
    StorageUnavailable: ProblemKind(
        503,
        "storage-unavailable",
        "Storage unavailable",
        "The storage can't be used now; check the disk and try again.",
    ),
    DatabaseUnavailable: ProblemKind(
        503,
        "database-unavailable",
        "Database unavailable",
        "The database can't be reached now; try again in a moment.",
    ),
    InstanceRunning: ProblemKind(409, "instance-running", "Another instance runs", _INSIDE),
    RetentionRuns: ProblemKind(409, "retention-runs", "Retention is at work"),
    RetryableError: ProblemKind(503, "try-again", "Not possible now", "Try again in a moment."),
    ItscamError: ProblemKind(500, "internal", "Internal error", _INSIDE),
}
"""Every error type with the status it becomes; a type that is missing counts as its parent."""

_RETRY_AFTER_S = 5


def kind_of(error_type: type[ItscamError]) -> ProblemKind:
    """The table's row of an error type, or of its nearest ancestor."""
    return next(PROBLEMS[t] for t in error_type.__mro__ if t in PROBLEMS)


def problem_response(
    connection: HTTPConnection,
    kind: ProblemKind,
    detail: str,
    *,
    headers: Mapping[str, str] | None = None,
    extra: Mapping[str, Any] | None = None,
) -> JSONResponse:
    """The answer ``application/problem+json`` with type, title, status, detail and instance."""
    body = {
        "type": _TYPE_PREFIX + kind.slug if kind.slug else "about:blank",
        "title": kind.title,
        "status": kind.status,
        "detail": detail,
        "instance": connection.url.path,
        **(extra or {}),
    }
    return JSONResponse(body, kind.status, dict(headers or {}), MEDIA_TYPE)


def _plain_kind(status: int) -> ProblemKind:
    for kind in PROBLEMS.values():
        if kind.status == status and status in (404, 410, 413, 416, 429):
            return kind
    return ProblemKind(status, "", HTTPStatus(status).phrase)


_PLAIN_DETAIL = {
    404: "There is nothing at this address; the list of addresses is at /api/v1/openapi.json.",
    405: "This address does not take this method; the Allow header names those that it takes.",
}


async def on_http_exception(connection: HTTPConnection, error: HTTPException) -> JSONResponse:
    """404, 405 and whatever else the framework raises by itself."""
    detail = _PLAIN_DETAIL.get(error.status_code) or str(error.detail)
    return problem_response(
        connection, _plain_kind(error.status_code), detail, headers=error.headers
    )


async def on_validation_error(request: Request, error: RequestValidationError) -> JSONResponse:
    """422 with the list of what is wrong where; the refused values are not repeated."""
    errors = [
        {
            "where": ".".join(str(part) for part in item["loc"]),
            "message": item["msg"],
            "code": item["type"],
        }
        for item in error.errors()[:_ERRORS_MAX]
    ]
    first = errors[0] if errors else {"where": "body", "message": "invalid"}
    detail = f"{first['where']}: {first['message']}. Correct it and send the request again."
    return problem_response(request, PROBLEMS[ConfigInvalid], detail, extra={"errors": errors})


def answer(connection: HTTPConnection, error: ItscamError) -> JSONResponse:
    """The problem that one of our own errors becomes."""
    kind = kind_of(type(error))
    headers = error.headers if isinstance(error, ApiError) else {}
    extra = error.extra if isinstance(error, ApiError) else {}
    if kind.status >= 500 and not isinstance(error, ApiError):
        _log.warning(
            "request_failed", path=connection.url.path, error=type(error).__name__, text=str(error)
        )
    if kind.status == 503:
        headers = {"Retry-After": str(_RETRY_AFTER_S), **headers}
    return problem_response(
        connection, kind, kind.detail or str(error), headers=headers, extra=extra
    )


async def on_itscam_error(connection: HTTPConnection, error: ItscamError) -> Response | None:
    """Answer an HTTP request, or refuse a WebSocket before it is accepted."""
    if not isinstance(connection, WebSocket):
        return answer(connection, error)
    if connection.application_state is WebSocketState.CONNECTING:
        await connection.send_denial_response(answer(connection, error))
    else:
        await connection.close(1011)
    return None


def unexpected(connection: HTTPConnection, incident: str) -> JSONResponse:
    """500 with nothing but the id under which the log holds the rest."""
    kind = PROBLEMS[ItscamError]
    return problem_response(connection, kind, _INSIDE, extra={"incident": incident})
