"""Trajectories of road users, found by when they ended."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select, tuple_

from its_camera_ai.core.errors import ConfigInvalid
from its_camera_ai.core.road_users import Trajectory
from its_camera_ai.store import sqlite
from its_camera_ai.store.cursors import cursor_of, place_of
from its_camera_ai.store.database import Database
from its_camera_ai.store.parameters import clamped
from its_camera_ai.store.traffic_schema import trajectories
from its_camera_ai.store.trajectory_bodies import packed, unpacked

LIMIT_MAX = 10_000
_KEY = ("camera_id", "track_id", "start_ns")


@dataclass(frozen=True, slots=True)
class TrajectoryPage:
    """Part of a list, oldest first; ``next_cursor`` asks for the newer rest, None at the end."""

    items: list[Trajectory]
    next_cursor: str | None


class TrajectoryRepository:
    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, items: Sequence[Trajectory]) -> None:
        """Store them; one that is stored already is not stored twice. Those without a point are
        left out.

        Not synced: a power cut may take those of the last moments.
        """
        rows = [
            {
                "camera_id": item.camera_id,
                "track_id": item.track_id,
                "start_ns": int(item.wall_ns[0]),
                "end_ns": int(item.wall_ns[-1]),
                "label": item.vehicle.label,
                "body": packed(item),
            }
            for item in items
            if len(item.wall_ns)
        ]
        if rows:
            with self._database.write(durable=False) as connection:
                sqlite.upsert(connection, trajectories, rows, _KEY)

    def find(
        self,
        camera_id: str,
        since_wall_ns: int,
        until_wall_ns: int,
        *,
        labels: Sequence[str] | None = None,
        limit: int = 1000,
        cursor: str | None = None,
    ) -> TrajectoryPage:
        """Those that ended in ``[since, until)``, oldest first: neighbouring spans share none.

        Raises:
            ConfigInvalid: a limit outside 1–10,000, or a cursor that no page gave.
        """
        if not 1 <= limit <= LIMIT_MAX:
            raise ConfigInvalid(f"The limit {limit} is not allowed; ask for 1 to {LIMIT_MAX}.")
        column = trajectories.c
        query = select(trajectories).where(
            column.camera_id == camera_id,
            column.end_ns >= clamped(since_wall_ns),
            column.end_ns < clamped(until_wall_ns),
        )
        if labels is not None:
            query = query.where(column.label.in_(list(labels)))
        if cursor is not None:
            end_ns, number = place_of(cursor, "trajectories")
            query = query.where(
                tuple_(column.end_ns, column.number) > tuple_(end_ns, _number(number))
            )
        query = query.order_by(column.end_ns, column.number).limit(limit + 1)
        with self._database.read() as connection:
            found = connection.execute(query).all()
        page = found[:limit]
        items = [unpacked(row.camera_id, row.track_id, row.body) for row in page]
        more = cursor_of(page[-1].end_ns, str(page[-1].number)) if len(found) > limit else None
        return TrajectoryPage(items, more)


def _number(text: str) -> int:
    try:
        return clamped(int(text))
    except ValueError:
        raise ConfigInvalid(
            "The cursor is not one that a page of trajectories gave; leave it out to begin at the "
            "oldest."
        ) from None
