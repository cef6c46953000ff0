"""Limits on guessing passwords, per account and per address; they survive a restart."""

import hashlib

from sqlalchemy import ColumnElement, Connection, delete, insert, select

from its_camera_ai.core.time import NS_PER_S
from its_camera_ai.store.database import Database
from its_camera_ai.store.schema import login_attempts


class LoginAttempts:
    """A sliding window over attempts that were let through and not followed by a success.

    Args:
        window_s: the length of the window.
        account_max: attempts on one account in a window, from anywhere.
        address_max: attempts from one address in a window, on any account.
    """

    def __init__(
        self,
        database: Database,
        *,
        window_s: float = 3600,
        account_max: int = 20,
        address_max: int = 60,
    ) -> None:
        self._database = database
        self._window_ns = round(window_s * NS_PER_S)
        self._account_max = account_max
        self._address_max = address_max

    def admit(self, account: str, address: str, wall_ns: int) -> int:
        """Count one attempt, before the password is looked at.

        Counting and judging are one transaction, so a burst of parallel guesses gains nothing.
        A refused attempt is not counted: hammering does not prolong the wait.

        Returns:
            0 if the attempt may go on, else how long to wait, in ns.
        """
        key = _account_hash(account)
        with self._database.write(durable=True) as connection:
            connection.execute(
                delete(login_attempts).where(login_attempts.c.wall_ns <= wall_ns - self._window_ns)
            )
            wait_ns = max(
                self._wait_ns(
                    connection, login_attempts.c.account_hash == key, self._account_max, wall_ns
                ),
                self._wait_ns(
                    connection, login_attempts.c.address == address, self._address_max, wall_ns
                ),
            )
            if wait_ns == 0:
                connection.execute(
                    insert(login_attempts),
                    [{"account_hash": key, "address": address, "wall_ns": wall_ns}],
                )
        return wait_ns

    def succeeded(self, account: str, address: str) -> None:
        """Forget the attempts of this account from this address. Those from elsewhere stay: a
        guesser is not helped by the owner's logins."""
        with self._database.write(durable=False) as connection:
            connection.execute(
                delete(login_attempts).where(
                    login_attempts.c.account_hash == _account_hash(account),
                    login_attempts.c.address == address,
                )
            )

    def _wait_ns(
        self, connection: Connection, which: ColumnElement[bool], most: int, wall_ns: int
    ) -> int:
        """Time until fewer than ``most`` attempts are in the window; 0 if that is so now."""
        times = connection.scalars(
            select(login_attempts.c.wall_ns)
            .where(which)
            .order_by(login_attempts.c.wall_ns.desc())
            .limit(1)
            .offset(most - 1)
        ).one_or_none()
        return 0 if times is None else max(times + self._window_ns - wall_ns, 1)


def _account_hash(account: str) -> str:
    return hashlib.sha256(account.casefold().encode("utf-8", "surrogatepass")).hexdigest()
