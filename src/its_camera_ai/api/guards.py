"""Enforces the policies: session, role, CSRF token, origin."""

import secrets
from urllib.parse import urlsplit

from anyio import to_thread
from fastapi.params import Depends
from starlette.datastructures import Headers
from starlette.requests import HTTPConnection

from its_camera_ai.api.accounts import Principal
from its_camera_ai.api.deps import ApiDeps, ApiSettings, deps_of
from its_camera_ai.api.policies import Policy
from its_camera_ai.api.problems import (
    Forbidden,
    NotSignedIn,
    OriginRefused,
    PasswordChangeRequired,
)

CSRF_HEADER = "X-CSRF-Token"
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class Guard:
    """The dependency that holds one policy. Only where a session is needed does it leave the event
    loop for the database, so that a public route answers whatever hangs.

    Raises:
        NotSignedIn, Forbidden, PasswordChangeRequired, OriginRefused: as the policy asks.
    """

    def __init__(self, policy: Policy) -> None:
        self.policy = policy

    async def __call__(self, connection: HTTPConnection) -> None:
        deps = deps_of(connection)
        is_socket = connection.scope["type"] == "websocket"
        changes = not is_socket and connection.scope["method"] not in _SAFE_METHODS
        if is_socket or changes:
            check_origin(connection.headers, deps.settings, required=is_socket)
        rule = self.policy.value
        if not rule.signed_in:
            return
        if rule.token and _has_metrics_token(connection.headers, deps.settings):
            return
        principal = await to_thread.run_sync(current_principal, connection, deps)
        if changes:
            _check_csrf(connection.headers, principal)
        check_policy(self.policy, principal)
        connection.state.principal = principal


def allow(policy: Policy) -> Depends:
    """What a route puts into ``dependencies`` to declare its policy."""
    return Depends(Guard(policy))


def principal_of(connection: HTTPConnection) -> Principal:
    """Who was let in; only on routes whose policy asks for a session."""
    principal: Principal = connection.state.principal
    return principal


def session_token(connection: HTTPConnection, settings: ApiSettings) -> str | None:
    """The token in the session cookie."""
    return connection.cookies.get(settings.cookie_name)


def current_principal(connection: HTTPConnection, deps: ApiDeps) -> Principal:
    """Whose session the cookie names.

    Raises:
        NotSignedIn: there is none, or it has ended.
    """
    principal = deps.accounts.principal(session_token(connection, deps.settings))
    if principal is None:
        raise NotSignedIn("There is no valid session; sign in at /api/v1/auth/login.")
    return principal


def check_policy(policy: Policy, principal: Principal) -> None:
    """Is this account allowed what the policy guards?

    Raises:
        PasswordChangeRequired: the account must set its own password first.
        Forbidden: its role is not enough.
    """
    rule = policy.value
    if principal.must_change_password and not rule.before_password_change:
        raise PasswordChangeRequired(
            "This account still has a password that somebody else gave it; set your own at "
            "/api/v1/auth/password first."
        )
    if rule.role is not None and principal.role.rank < rule.role.rank:
        raise Forbidden(
            f"This needs the role {rule.role.value}; you are {principal.role.value}. Ask an admin."
        )


def check_origin(headers: Headers, settings: ApiSettings, *, required: bool) -> None:
    """Refuse what a page of another site sends.

    Args:
        required: a request without an ``Origin`` header is refused too; browsers always send one
            with a WebSocket.

    Raises:
        OriginRefused: another origin.
    """
    origin = headers.get("origin")
    if origin is None:
        cross_site = headers.get("sec-fetch-site") in ("cross-site", "same-site")
        if not required and not cross_site:
            return
    elif origin in settings.allowed_origins or _is_own(origin, headers, settings):
        return
    raise OriginRefused(
        "The request comes from a page of another site. Open the dashboard under its own address, "
        "or add that site to the allowed origins."
    )


def _is_own(origin: str, headers: Headers, settings: ApiSettings) -> bool:
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    schemes = ("https",) if settings.cookie_secure else ("http", "https")
    host = headers.get("host", "")
    return parts.scheme in schemes and bool(host) and parts.netloc.lower() == host.lower()


def _check_csrf(headers: Headers, principal: Principal) -> None:
    given = headers.get(CSRF_HEADER, "")
    if not secrets.compare_digest(given.encode(), principal.csrf_token.encode()):
        raise OriginRefused(
            f"A change needs the header {CSRF_HEADER} with the token that /api/v1/auth/me gives."
        )


def _has_metrics_token(headers: Headers, settings: ApiSettings) -> bool:
    scheme, _, token = headers.get("authorization", "").partition(" ")
    if not settings.metrics_token or scheme.lower() != "bearer":
        return False
    return secrets.compare_digest(token.strip().encode(), settings.metrics_token.encode())
