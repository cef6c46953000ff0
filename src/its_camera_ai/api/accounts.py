"""Signing in and out, and who a request comes from."""

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import NoReturn

from its_camera_ai.api.passwords import PasswordRefused, Passwords, check_new_password
from its_camera_ai.api.policies import Role
from its_camera_ai.api.problems import NotSignedIn, SignInFailed, TooManyAttempts
from its_camera_ai.core.time import NS_PER_S, Clock
from its_camera_ai.store.audit import AuditLog
from its_camera_ai.store.login_attempts import LoginAttempts
from its_camera_ai.store.sessions import Session, SessionRepository
from its_camera_ai.store.users import User, UserRepository

IDLE_TIMEOUT_S = 12 * 3600.0
ABSOLUTE_TIMEOUT_S = 7 * 24 * 3600.0
_TOUCH_EVERY_S = 60.0
_TOKEN_BYTES = 32
_TOKEN_LENGTH_MAX = 128


@dataclass(frozen=True, slots=True)
class Principal:
    """Who a request comes from."""

    username: str
    role: Role
    must_change_password: bool
    csrf_token: str = field(repr=False)
    token_hash: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A new session; ``token`` goes into the cookie and is stored nowhere."""

    token: str = field(repr=False)
    principal: Principal


class Accounts:
    """Sessions and passwords over the repositories. All methods block; call them in a thread.

    Args:
        idle_timeout_s: a session unused for so long has ended.
        absolute_timeout_s: a session ends so long after its login, used or not.
        new_token: makes tokens; urlsafe text of 32 random bytes.
    """

    def __init__(
        self,
        users: UserRepository,
        sessions: SessionRepository,
        attempts: LoginAttempts,
        audit: AuditLog,
        clock: Clock,
        *,
        passwords: Passwords | None = None,
        idle_timeout_s: float = IDLE_TIMEOUT_S,
        absolute_timeout_s: float = ABSOLUTE_TIMEOUT_S,
        new_token: Callable[[int], str] = secrets.token_urlsafe,
    ) -> None:
        self._users = users
        self._sessions = sessions
        self._attempts = attempts
        self._audit = audit
        self._clock = clock
        self._passwords = passwords or Passwords()
        self._idle_ns = round(idle_timeout_s * NS_PER_S)
        self._absolute_ns = round(absolute_timeout_s * NS_PER_S)
        self._new_token = new_token

    @property
    def absolute_timeout_s(self) -> int:
        """For the cookie's age."""
        return self._absolute_ns // NS_PER_S

    def sign_in(
        self, username: str, password: str, address: str, *, replaced: str | None = None
    ) -> SignedIn:
        """Begin a session.

        Args:
            address: where the request comes from, for the limit on attempts.
            replaced: the token of a session that ends with this one's beginning.

        Raises:
            TooManyAttempts: the account or the address must wait.
            SignInFailed: wrong name or password, or the account is disabled; all look the same
                and take the same time.
        """
        now_ns = self._clock.wall_ns()
        self._admit(username, address, now_ns)
        user = self._users.get(username)
        stored = None if user is None else user.password_hash
        if not self._passwords.verify(stored, password) or user is None or user.disabled:
            self._refuse(user, address, now_ns)
        self._attempts.succeeded(username, address)
        if self._passwords.is_outdated(user.password_hash):
            self._users.set_password(
                username, self._passwords.hash(password), must_change=user.must_change_password
            )
        self._sessions.prune(now_ns)
        if replaced is not None:
            self._sessions.delete(token_hash(replaced))
        self._note(username, "signed_in", {"address": address}, now_ns)
        return self._begin(user, now_ns)

    def _admit(self, username: str, address: str, now_ns: int) -> None:
        wait_ns = self._attempts.admit(username, address, now_ns)
        if wait_ns:
            wait_s = -(-wait_ns // NS_PER_S)
            raise TooManyAttempts(
                f"Too many attempts to sign in; try again in {wait_s} s. Sessions that are open "
                "stay open.",
                headers={"Retry-After": str(wait_s)},
            )

    def _refuse(self, user: User | None, address: str, now_ns: int) -> NoReturn:
        # an unknown name is not written down: people type passwords into that field
        actor = "unknown" if user is None else user.username
        self._note(actor, "sign_in_failed", {"address": address}, now_ns)
        raise SignInFailed("The user name or the password is wrong; check both and try again.")

    def _begin(self, user: User, now_ns: int) -> SignedIn:
        token = self._new_token(_TOKEN_BYTES)
        session = Session(
            token_hash=token_hash(token),
            username=user.username,
            csrf_token=self._new_token(_TOKEN_BYTES),
            created_ns=now_ns,
            seen_ns=now_ns,
            expires_ns=now_ns + self._absolute_ns,
        )
        self._sessions.add(session)
        return SignedIn(token, _principal(user, session))

    def principal(self, token: str | None) -> Principal | None:
        """Whose session this is, and note its use; None if it is none or has ended."""
        if not token or len(token) > _TOKEN_LENGTH_MAX:
            return None
        session = self._sessions.get(token_hash(token))
        if session is None:
            return None
        now_ns = self._clock.wall_ns()
        if now_ns >= session.expires_ns or now_ns - session.seen_ns >= self._idle_ns:
            self._sessions.delete(session.token_hash)
            return None
        user = self._users.get(session.username)
        if user is None or user.disabled:
            return None
        if now_ns - session.seen_ns >= _TOUCH_EVERY_S * NS_PER_S:
            self._sessions.touch(session.token_hash, now_ns)
        return _principal(user, session)

    def sign_out(self, principal: Principal) -> None:
        """End this session."""
        self._sessions.delete(principal.token_hash)
        self._note(principal.username, "signed_out", {}, self._clock.wall_ns())

    def change_password(
        self, principal: Principal, current: str, new: str, address: str
    ) -> SignedIn:
        """Set the account's own password, end all its sessions and begin a new one.

        Raises:
            TooManyAttempts: guesses at the current password count like those at the login.
            SignInFailed: the current password is wrong.
            PasswordRefused: the new one is not allowed.
        """
        now_ns = self._clock.wall_ns()
        check_new_password(principal.username, new)
        self._admit(principal.username, address, now_ns)
        user = self._users.get(principal.username)
        if user is None:
            raise NotSignedIn("The account is no longer there; sign in with another one.")
        if not self._passwords.verify(user.password_hash, current):
            raise SignInFailed("The current password is wrong; type it again.")
        if new == current:
            raise PasswordRefused("The new password is the current one; choose another one.")
        self._attempts.succeeded(user.username, address)
        self._users.set_password(user.username, self._passwords.hash(new))
        self._sessions.delete_of(user.username)
        self._note(user.username, "password_changed", {}, now_ns)
        return self._begin(replace(user, must_change_password=False), now_ns)

    def _note(self, actor: str, action: str, detail: dict[str, object], now_ns: int) -> None:
        self._audit.append(
            actor=actor, action=action, object=f"user/{actor}", detail=detail, wall_ns=now_ns
        )


def token_hash(token: str) -> str:
    """What is stored of a token. Tokens are random, so a fast hash will do."""
    return hashlib.sha256(token.encode()).hexdigest()


def _principal(user: User, session: Session) -> Principal:
    return Principal(
        username=user.username,
        role=Role(user.role),
        must_change_password=user.must_change_password,
        csrf_token=session.csrf_token,
        token_hash=session.token_hash,
    )
