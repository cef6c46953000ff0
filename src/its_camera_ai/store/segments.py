"""The index of recordings. The files are the truth; this can be rebuilt from them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, Row, delete, exists, or_, select

from its_camera_ai.core.activity import SegmentActivity
from its_camera_ai.core.media import StreamRole
from its_camera_ai.core.retention_matrix import video_class
from its_camera_ai.core.segments import Segment, SegmentState, Tier
from its_camera_ai.store import sqlite
from its_camera_ai.store.database import Database
from its_camera_ai.store.parameters import chunks, clamped
from its_camera_ai.store.schema import garbage, holds, segments

_NAMES = tuple(field.name for field in fields(Segment))
_COLUMNS = tuple(segments.c[name] for name in _NAMES)


def held() -> ColumnElement[bool]:
    """SQL: a hold that is not released covers a moment of the segment (``Hold.covers``)."""
    return exists().where(
        holds.c.released_ns.is_(None),
        or_(holds.c.camera_id.is_(None), holds.c.camera_id == segments.c.camera_id),
        holds.c.since_ns < holds.c.until_ns,
        holds.c.since_ns < segments.c.end_wall_ns,
        holds.c.until_ns > segments.c.start_wall_ns,
    )


@dataclass(frozen=True, slots=True)
class Discarded:
    """What came of the wish to delete segments.

    Attributes:
        segments: left the index; their files are garbage now.
        held: stayed, because a hold covers them.
    """

    segments: tuple[Segment, ...]
    held: tuple[Segment, ...]

    @property
    def size_bytes(self) -> int:
        return sum(segment.size_bytes for segment in self.segments)


class SegmentRepository:
    """Segments by camera, role and time. Its commits are not synced one by one: after a power cut
    the recorder finds the files that the index lacks."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, segment: Segment) -> None:
        """Store or overwrite one segment. Another row for the same path is replaced: a file can
        hold only one segment."""
        with self._database.write(durable=False) as connection:
            _put(connection, [segment])

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

    def discard(self, ids: Iterable[str], *, reason: str, now_wall_ns: int) -> Discarded:
        """Delete segments: the only way. Their rows leave the index and their files become garbage
        in one durable transaction [12]; ``recorder.garbage`` then removes the files.

        What an active hold covers stays, whoever asks [13]. Unknown ids are passed over.

        Args:
            reason: kept with the garbage, such as ``retention`` or ``evicted``.
        """
        gone: list[Segment] = []
        kept: list[Segment] = []
        wanted = list(ids)
        if not wanted:
            return Discarded((), ())
        with self._database.write(durable=True) as connection:
            for part in chunks(wanted):
                stays, leaving = _by_hold(connection, part)
                kept += stays
                if leaving:
                    _to_garbage(connection, leaving, reason, now_wall_ns)
                    connection.execute(
                        delete(segments).where(segments.c.id.in_([s.id for s in leaving]))
                    )
                gone += leaving
        return Discarded(tuple(gone), tuple(kept))

    def replace(self, segment: Segment, *, reason: str, now_wall_ns: int) -> bool:
        """Let the row of this id tell of another file, and make the old file garbage, in one
        durable transaction. For moves between tiers and for compression: the new file must be
        safely there already, under another path or in another tier.

        Returns:
            False if there is no such row any more or a hold covers it: nothing was changed.
        """
        with self._database.write(durable=True) as connection:
            _, free = _by_hold(connection, [segment.id])
            for old in free:
                if (old.tier, old.path) != (segment.tier, segment.path):
                    _to_garbage(connection, [old], reason, now_wall_ns)
                _put(connection, [segment])
        return bool(free)

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


def _by_hold(connection: Connection, ids: Sequence[str]) -> tuple[list[Segment], list[Segment]]:
    """The segments of these ids that a hold covers, and the others."""
    wanted = segments.c.id.in_(ids)
    stay = connection.execute(select(*_COLUMNS).where(wanted, held()))
    free = connection.execute(select(*_COLUMNS).where(wanted, ~held()))
    return [_segment(row) for row in stay], [_segment(row) for row in free]


def _put(connection: Connection, items: list[Segment]) -> None:
    """Upsert rows; their paths belong to no other row and are no garbage afterwards."""
    for segment in items:
        connection.execute(
            delete(segments).where(segments.c.path == segment.path, segments.c.id != segment.id)
        )
        connection.execute(
            delete(garbage).where(
                garbage.c.tier == str(segment.tier), garbage.c.path == segment.path
            )
        )
    sqlite.upsert(connection, segments, [_row_of(item) for item in items], key=("id",))


def _to_garbage(
    connection: Connection, items: list[Segment], reason: str, now_wall_ns: int
) -> None:
    rows = [
        {
            "tier": str(item.tier),
            "path": item.path,
            "size_bytes": item.size_bytes,
            "reason": reason,
            "since_ns": now_wall_ns,
        }
        for item in items
    ]
    sqlite.upsert(connection, garbage, rows, key=("tier", "path"))


def _row_of(segment: Segment) -> dict[str, Any]:
    row = {name: getattr(segment, name) for name in _NAMES}
    activity = segment.activity
    return row | {
        "role": str(segment.role),
        "end_wall_ns": segment.end_wall_ns,
        "tier": str(segment.tier),
        "state": str(segment.state),
        "activity": None if activity is None else msgspec.msgpack.encode(activity),
        "data_class": str(video_class(activity)),
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
