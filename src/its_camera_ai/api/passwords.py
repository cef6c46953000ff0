"""Passwords: what is accepted, and how they are hashed (argon2id, RFC 9106)."""

import threading

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from its_camera_ai.core.errors import ConfigInvalid

LENGTH_MIN = 12
LENGTH_MAX = 128

_AT_ONCE_MAX = 4


class PasswordRefused(ConfigInvalid):
    """A new password that the rules do not allow."""


def check_new_password(username: str, password: str) -> None:
    """Refuse a password that is too short, too long or the user's own name.

    There are no rules about kinds of characters: length is what counts (ASVS 5.0, 6.2).

    Raises:
        PasswordRefused: with what to do instead.
    """
    if len(password) < LENGTH_MIN:
        raise PasswordRefused(
            f"The new password has {len(password)} characters; use at least {LENGTH_MIN}, such as "
            "four or more words."
        )
    if len(password) > LENGTH_MAX:
        raise PasswordRefused(f"The new password is too long; use at most {LENGTH_MAX} characters.")
    if password.casefold().strip() == username.casefold():
        raise PasswordRefused("The new password is the user name; choose another one.")
    if len(set(password)) < 3:
        raise PasswordRefused("The new password repeats one or two characters; choose another one.")


class Passwords:
    """Hashes and verifies, a few at a time, because each hash takes ``memory_kib`` of memory.

    Args:
        memory_kib, passes: argon2id's cost; the defaults exceed OWASP's minimum (19 MiB, 2).
    """

    def __init__(self, *, memory_kib: int = 64 * 1024, passes: int = 3) -> None:
        self._hasher = PasswordHasher(time_cost=passes, memory_cost=memory_kib, parallelism=1)
        self._at_once = threading.BoundedSemaphore(_AT_ONCE_MAX)
        self._nobody = self._hasher.hash("the password of nobody")

    def hash(self, password: str) -> str:
        """The text to be stored; salted, with its parameters."""
        with self._at_once:
            return self._hasher.hash(password)

    def verify(self, stored: str | None, password: str) -> bool:
        """Compare with a stored hash. ``None`` (no such account) costs the same time and fails."""
        with self._at_once:
            try:
                self._hasher.verify(self._nobody if stored is None else stored, password)
            except (VerificationError, InvalidHashError):
                return False
        return stored is not None

    def is_outdated(self, stored: str) -> bool:
        """Hashed with other parameters than are used now."""
        return self._hasher.check_needs_rehash(stored)
