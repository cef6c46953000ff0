"""Accounts. Hashing passwords is the API's work; here a hash is opaque text."""

from dataclasses import asdict, dataclass, field

from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from its_camera_ai.core.errors import ConfigInvalid
from its_camera_ai.store.database import Database
from its_camera_ai.store.schema import users


@dataclass(frozen=True, slots=True)
class User:
    """One account; ``repr`` leaves the hash out."""

    username: str
    password_hash: str = field(repr=False)
    role: str
    must_change_password: bool
    created_ns: int
    disabled: bool = False


class UserRepository:
    """Accounts by name, exactly as written. All changes are durable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> list[User]:
        with self._database.read() as connection:
            rows = connection.execute(select(users).order_by(users.c.username))
            return [User(**row._asdict()) for row in rows]

    def get(self, username: str) -> User | None:
        with self._database.read() as connection:
            row = connection.execute(
                select(users).where(users.c.username == username)
            ).one_or_none()
        return None if row is None else User(**row._asdict())

    def add(self, user: User) -> None:
        """Store a new account.

        Raises:
            ConfigInvalid: the name is taken.
        """
        try:
            with self._database.write(durable=True) as connection:
                connection.execute(insert(users), [asdict(user)])
        except IntegrityError:
            raise ConfigInvalid(
                f"There is a user {user.username!r} already; choose another name."
            ) from None

    def set_password(self, username: str, password_hash: str, *, must_change: bool = False) -> None:
        """Replace the hash.

        Raises:
            ConfigInvalid: no such account.
        """
        self._update(username, password_hash=password_hash, must_change_password=must_change)

    def set_role(self, username: str, role: str) -> None:
        """Give another role.

        Raises:
            ConfigInvalid: no such account.
        """
        self._update(username, role=role)

    def set_disabled(self, username: str, disabled: bool) -> None:
        """Lock an account out, or let it in again. Its sessions are ended by the caller.

        Raises:
            ConfigInvalid: no such account.
        """
        self._update(username, disabled=disabled)

    def delete(self, username: str) -> bool:
        """Remove an account with its sessions; False if there was none."""
        with self._database.write(durable=True) as connection:
            result = connection.execute(delete(users).where(users.c.username == username))
            return result.rowcount > 0

    def _update(self, username: str, **values: object) -> None:
        with self._database.write(durable=True) as connection:
            result = connection.execute(
                update(users).where(users.c.username == username).values(**values)
            )
        if result.rowcount == 0:
            raise ConfigInvalid(f"There is no user {username!r}; check the name.")
