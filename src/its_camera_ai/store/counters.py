"""Track ids that are never used twice for a camera, also not after a crash."""

from sqlalchemy import select

from its_camera_ai.store import sqlite
from its_camera_ai.store.database import Database
from its_camera_ai.store.schema import track_counters


class TrackIdCounter:
    """Hands out ids in blocks, so that one durable commit serves many tracks."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def reserve(self, camera_id: str, n: int) -> int:
        """Reserve ``n`` ids; those up to ``first + n − 1`` are the caller's. Ids start at 1.

        Unused ones are lost, which does no harm: a camera has 2⁶³ of them.

        Raises:
            ValueError: n < 1.
        """
        if n < 1:
            raise ValueError(f"Reserve at least 1 id, not {n}.")
        mine = track_counters.c.camera_id == camera_id
        with self._database.write(durable=True) as connection:
            first = connection.scalar(select(track_counters.c.next_id).where(mine)) or 1
            sqlite.upsert(
                connection,
                track_counters,
                [{"camera_id": camera_id, "next_id": first + n}],
                key=("camera_id",),
            )
        return int(first)
