"""Accounts made at the terminal: a random password that must be changed at the first log-in."""

import secrets

from its_camera_ai.api.passwords import Passwords
from its_camera_ai.api.policies import Role
from its_camera_ai.core.errors import ConfigInvalid
from its_camera_ai.core.time import Clock
from its_camera_ai.store.database import Database
from its_camera_ai.store.sessions import SessionRepository
from its_camera_ai.store.users import User, UserRepository

FIRST_USER = "admin"
_RANDOM_BYTES = 12


def ensure_admin(database: Database, clock: Clock) -> str | None:
    """Make the first account if there is none.

    Returns:
        The one-time password to tell the person at the terminal; None if somebody has signed in
        before. While nobody has, every start gives a new one.
    """
    users = UserRepository(database).all()
    if not users:
        return add_user(database, clock, FIRST_USER, Role.ADMIN.value)
    if [user.username for user in users] == [FIRST_USER] and users[0].must_change_password:
        return reset_password(database, FIRST_USER)
    return None


def add_user(database: Database, clock: Clock, name: str, role: str) -> str:
    """Make an account.

    Returns:
        Its one-time password.

    Raises:
        ConfigInvalid: the name is taken, or there is no such role.
    """
    roles = [known.value for known in Role]
    if role not in roles:
        raise ConfigInvalid(f"There is no role {role!r}; use one of {', '.join(roles)}.")
    password = secrets.token_urlsafe(_RANDOM_BYTES)
    hashed = Passwords().hash(password)
    user = User(name, hashed, role, must_change_password=True, created_ns=clock.wall_ns())
    UserRepository(database).add(user)
    return password


def reset_password(database: Database, name: str) -> str:
    """A new one-time password; the account's sessions end.

    Raises:
        ConfigInvalid: there is no such account.
    """
    password = secrets.token_urlsafe(_RANDOM_BYTES)
    UserRepository(database).set_password(name, Passwords().hash(password), must_change=True)
    SessionRepository(database).delete_of(name)
    return password
