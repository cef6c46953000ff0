"""Login sessions. Only a hash of the cookie's token is stored."""

from dataclasses import asdict, dataclass, field

from sqlalchemy import delete, insert, select, update

from its_camera_ai.store.database import Database
from its_camera_ai.store.schema import sessions


@dataclass(frozen=True, slots=True)
class Session:
    """One login; times are wall time in ns, ``expires_ns`` the absolute end."""

    token_hash: str = field(repr=False)
    username: str
    csrf_token: str = field(repr=False)
    created_ns: int
    seen_ns: int
    expires_ns: int


class SessionRepository:
    """Sessions by token hash. Beginning and ending one is durable, so that a session that was
    ended does not come back after a power cut; the time of the last request is not."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, session: Session) -> None:
        with self._database.write(durable=True) as connection:
            connection.execute(insert(sessions), [asdict(session)])

    def get(self, token_hash: str) -> Session | None:
        """The session, also one that has expired: the caller compares times."""
        with self._database.read() as connection:
            row = connection.execute(
                select(sessions).where(sessions.c.token_hash == token_hash)
            ).one_or_none()
        return None if row is None else Session(**row._asdict())

    def of(self, username: str) -> list[Session]:
        """All sessions of an account, newest first."""
        query = (
            select(sessions)
            .where(sessions.c.username == username)
            .order_by(sessions.c.created_ns.desc())
        )
        with self._database.read() as connection:
            return [Session(**row._asdict()) for row in connection.execute(query)]

    def touch(self, token_hash: str, seen_ns: int) -> None:
        """Note a request; an earlier time than the noted one changes nothing."""
        with self._database.write(durable=False) as connection:
            connection.execute(
                update(sessions)
                .where(sessions.c.token_hash == token_hash, sessions.c.seen_ns < seen_ns)
                .values(seen_ns=seen_ns)
            )

    def delete(self, token_hash: str) -> bool:
        """End one session; False if there was none."""
        with self._database.write(durable=True) as connection:
            result = connection.execute(delete(sessions).where(sessions.c.token_hash == token_hash))
            return result.rowcount > 0

    def delete_of(self, username: str, *, keep_token_hash: str | None = None) -> int:
        """End all sessions of an account, perhaps except the caller's own; returns how many."""
        query = delete(sessions).where(sessions.c.username == username)
        if keep_token_hash is not None:
            query = query.where(sessions.c.token_hash != keep_token_hash)
        with self._database.write(durable=True) as connection:
            return connection.execute(query).rowcount

    def prune(self, wall_ns: int) -> int:
        """Forget sessions that expired by then; returns how many."""
        with self._database.write(durable=False) as connection:
            return connection.execute(
                delete(sessions).where(sessions.c.expires_ns <= wall_ns)
            ).rowcount
