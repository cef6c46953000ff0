"""The index of recordings. The files are the truth; this can be rebuilt from them."""

from collections.abc import Iterable
from dataclasses import fields
from typing import Any

import msgspec
from sqlalchemy import Row, delete, select

from its_camera_ai.core.activity import SegmentActivity
from its_camera_ai.core.media import StreamRole
from its_camera_ai.core.segments import Segment, SegmentState, Tier
from its_camera_ai.store import sqlite
from its_camera_ai.store.database import Database
from its_camera_ai.store.parameters import chunks, clamped
from its_camera_ai.store.schema import segments

_NAMES = tuple(field.name for field in fields(Segment))
_COLUMNS = tuple(segments.c[name] for name in _NAMES)


class SegmentRepository:
    """Segments by camera, role and time. Its commits are not synced one by one: after a power cut
    the recorder finds the files that the index lacks."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, segment: Segment) -> None:
        """Store or overwrite one segment. Another row for the same path is replaced: a file can
        hold only one segment."""
        row = _row_of(segment)
        with self._database.write(durable=False) as connection:
            connection.execute(
                delete(segments).where(segments.c.path == segment.path, segments.c.id != segment.id)
            )
            sqlite.upsert(connection, segments, [row], key=("id",))

    def get(self, segment_id: str) -> Segment | None:
        with self._database.read() as connection:
            row = connection.execute(
                select(*_COLUMNS).where(segments.c.id == segment_id)
            ).one_or_none()
        return None if row is None else _segment(row)

    def find(
        self,
        camera_id: str,
        role: StreamRole | None = None,
        since_wall_ns: int | None = None,
        until_wall_ns: int | None = None,
        limit: int = 1000,
    ) -> list[Segment]:
        """Segments that share at least a moment with ``[since, until)``, oldest first.

        Page on with ``since_wall_ns`` = the last one's ``end_wall_ns``.
        """
        query = select(*_COLUMNS).where(segments.c.camera_id == camera_id)
        if role is not None:
            query = query.where(segments.c.role == str(role))
        if since_wall_ns is not None:
            query = query.where(segments.c.end_wall_ns > clamped(since_wall_ns))
        if until_wall_ns is not None:
            query = query.where(segments.c.start_wall_ns < clamped(until_wall_ns))
        query = query.order_by(segments.c.end_wall_ns, segments.c.id).limit(limit)
        with self._database.read() as connection:
            return [_segment(row) for row in connection.execute(query)]

    def latest(self, camera_id: str, role: StreamRole) -> Segment | None:
        """The segment that starts last."""
        query = (
            select(*_COLUMNS)
            .where(segments.c.camera_id == camera_id, segments.c.role == str(role))
            .order_by(segments.c.start_wall_ns.desc(), segments.c.id.desc())
            .limit(1)
        )
        with self._database.read() as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else _segment(row)

    def known_paths(self, camera_id: str) -> set[str]:
        """Paths of all indexed files of a camera, relative to the media root."""
        query = select(segments.c.path).where(segments.c.camera_id == camera_id)
        with self._database.read() as connection:
            return set(connection.scalars(query))

    def delete(self, ids: Iterable[str]) -> int:
        """Remove rows, not files; unknown ids are passed over. Returns how many there were."""
        removed = 0
        wanted = list(ids)
        if not wanted:
            return 0
        with self._database.write(durable=False) as connection:
            for part in chunks(wanted):
                removed += connection.execute(
                    delete(segments).where(segments.c.id.in_(part))
                ).rowcount
        return removed


def _row_of(segment: Segment) -> dict[str, Any]:
    row = {name: getattr(segment, name) for name in _NAMES}
    activity = segment.activity
    return row | {
        "role": str(segment.role),
        "end_wall_ns": segment.end_wall_ns,
        "tier": str(segment.tier),
        "state": str(segment.state),
        "activity": None if activity is None else msgspec.msgpack.encode(activity),
    }


def _segment(row: Row[Any]) -> Segment:
    values = row._asdict()
    packed = values["activity"]
    return Segment(
        **values
        | {
            "role": StreamRole(values["role"]),
            "tier": Tier(values["tier"]),
            "state": SegmentState(values["state"]),
            "activity": None
            if packed is None
            else msgspec.msgpack.decode(packed, type=SegmentActivity),
        }
    )
