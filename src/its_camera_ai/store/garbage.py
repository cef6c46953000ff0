"""Files that no segment has any more and that are still to be removed."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import delete, exists, select

from its_camera_ai.core.segments import Tier
from its_camera_ai.store.database import Database
from its_camera_ai.store.parameters import chunks
from its_camera_ai.store.schema import garbage, segments


@dataclass(frozen=True, slots=True)
class GarbageItem:
    """One file to be removed; ``seq`` gives the order in which they came."""

    seq: int
    tier: Tier
    path: str
    size_bytes: int
    reason: str
    since_wall_ns: int


class GarbageRepository:
    """Rows come by ``SegmentRepository.discard`` and go when the file is gone."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def waiting(self, limit: int, *, after_seq: int = 0) -> list[GarbageItem]:
        """The oldest items after this one."""
        query = (
            select(
                garbage.c.seq,
                garbage.c.tier,
                garbage.c.path,
                garbage.c.size_bytes,
                garbage.c.reason,
                garbage.c.since_ns,
            )
            .where(garbage.c.seq > after_seq)
            .order_by(garbage.c.seq)
            .limit(limit)
        )
        with self._database.read() as connection:
            return [
                GarbageItem(row.seq, Tier(row.tier), *row[2:]) for row in connection.execute(query)
            ]

    def spare_indexed(self) -> int:
        """Forget garbage whose file a segment has (again); returns how much that was."""
        again = exists().where(segments.c.path == garbage.c.path, segments.c.tier == garbage.c.tier)
        with self._database.write(durable=False) as connection:
            return connection.execute(delete(garbage).where(again)).rowcount

    def drop(self, seqs: Iterable[int]) -> None:
        """Their files are gone. Not synced: a row that comes back finds its file missing."""
        wanted = list(seqs)
        with self._database.write(durable=False) as connection:
            for part in chunks(wanted):
                connection.execute(delete(garbage).where(garbage.c.seq.in_(part)))
