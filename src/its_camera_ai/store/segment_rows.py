"""Rows of ``segments`` and ``garbage``: how they become segments, and what keeps them in step."""

from collections.abc import Iterable, Sequence
from dataclasses import fields, replace
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import ColumnElement, Connection, Row, delete, exists, or_, select

from its_camera_ai.core.activity import SegmentActivity
from its_camera_ai.core.media import StreamRole
from its_camera_ai.core.retention_matrix import video_class
from its_camera_ai.core.segments import Segment, SegmentState, Tier
from its_camera_ai.store import sqlite
from its_camera_ai.store.parameters import chunks, clamped
from its_camera_ai.store.schema import LONG, LONG_NS, garbage, holds, segments

_NAMES = tuple(field.name for field in fields(Segment))
COLUMNS = tuple(segments.c[name] for name in _NAMES)
SPAN_COLUMNS = (*COLUMNS, segments.c.end_wall_ns)
_ROLE, _TIER, _STATE, _ACTIVITY = map(_NAMES.index, ("role", "tier", "state", "activity"))
_ROLES = {str(role): role for role in StreamRole}
_TIERS = {str(tier): tier for tier in Tier}
_STATES = {str(state): state for state in SegmentState}
_ACTIVITIES = msgspec.msgpack.Decoder(SegmentActivity)


def held() -> ColumnElement[bool]:
    """SQL: a hold that is not released covers a moment of the segment (``Hold.covers``)."""
    return exists().where(
        holds.c.released_ns.is_(None),
        or_(holds.c.camera_id.is_(None), holds.c.camera_id == segments.c.camera_id),
        holds.c.since_ns < holds.c.until_ns,
        holds.c.since_ns < segments.c.end_wall_ns,
        holds.c.until_ns > segments.c.start_wall_ns,
    )


def by_hold(connection: Connection, ids: Sequence[str]) -> tuple[list[Segment], list[Segment]]:
    """The segments of these ids that a hold covers, and the others."""
    wanted = segments.c.id.in_(ids)
    stay = connection.execute(select(*COLUMNS).where(wanted, held()))
    free = connection.execute(select(*COLUMNS).where(wanted, ~held()))
    return [segment_of_row(row) for row in stay], [segment_of_row(row) for row in free]


def put_rows(connection: Connection, items: Sequence[Segment]) -> None:
    """Upsert rows; their paths belong to no other row and are no garbage afterwards."""
    ids = {item.path: item.id for item in items}
    for part in chunks(list(ids)):
        had = connection.execute(
            select(segments.c.id, segments.c.path).where(segments.c.path.in_(part))
        )
        others = [row.id for row in had if ids[row.path] != row.id]
        if others:
            connection.execute(delete(segments).where(segments.c.id.in_(others)))
        waste = garbage_among(connection, part)
        for item in items:
            if (str(item.tier), item.path) in waste:
                one = (garbage.c.tier == str(item.tier)) & (garbage.c.path == item.path)
                connection.execute(delete(garbage).where(one))
    sqlite.upsert(connection, segments, [_row_of(item) for item in items], key=("id",))


def garbage_among(connection: Connection, paths: Sequence[str]) -> set[tuple[str, str]]:
    """Tier and path of the garbage that has one of these paths."""
    found: set[tuple[str, str]] = set()
    for part in chunks(paths):
        query = select(garbage.c.tier, garbage.c.path).where(
            garbage.c.tier.in_([str(tier) for tier in Tier]), garbage.c.path.in_(part)
        )
        found.update((row.tier, row.path) for row in connection.execute(query))
    return found


def spanning(
    connection: Connection,
    columns: Sequence[ColumnElement[Any]],
    camera_id: str,
    roles: Iterable[StreamRole],
    since_wall_ns: int | None,
    until_wall_ns: int | None,
    limit: int,
    *conditions: ColumnElement[bool],
) -> list[Row[Any]]:
    """Rows that share a moment with ``[since, until)``, by their end and id; at most ``limit``.

    Which rows begin before ``until`` can't be told from an index that is sorted by their ends, so
    all that follow would be searched through. But hardly any segment is longer than ``LONG``: the
    others end soon after ``until``, and the long ones have an index of their own.

    Args:
        columns: of ``segments``; ``end_wall_ns`` and ``id`` among them.
        conditions: further ones.
    """
    query = select(*columns).where(
        segments.c.camera_id == camera_id,
        segments.c.role.in_([str(role) for role in roles]),
        *conditions,
    )
    if since_wall_ns is not None:
        query = query.where(segments.c.end_wall_ns > clamped(since_wall_ns))
    order = (segments.c.end_wall_ns, segments.c.id)
    query = query.order_by(*order).limit(limit)
    if until_wall_ns is None:
        return list(connection.execute(query).all())
    query = query.where(segments.c.start_wall_ns < clamped(until_wall_ns))
    usual = query.where(
        segments.c.end_wall_ns <= clamped(until_wall_ns + LONG_NS),
        segments.c.duration_ns <= LONG_NS,
    )
    rows = list(connection.execute(usual).all())
    if long := connection.execute(query.where(LONG)).all():
        rows = sorted([*rows, *long], key=lambda row: (row.end_wall_ns, row.id))
    return rows[:limit]


class Known(NamedTuple):
    """What a row knows that its file does not."""

    path: str
    tier: str
    content_hash: str
    state: str
    verified_wall_ns: int
    activity: bytes | None


def known_of(connection: Connection, ids: Sequence[str]) -> dict[str, Known]:
    """The rows of these segments in brief."""
    columns = [segments.c[name] for name in Known._fields]
    found: dict[str, Known] = {}
    for part in chunks(ids):
        query = select(segments.c.id, *columns).where(segments.c.id.in_(part))
        found.update((row[0], Known(*row[1:])) for row in connection.execute(query))
    return found


def with_known(item: Segment, known: Known | None) -> Segment | None:
    """A segment that was found as a file, with what its row knows; None if it is a copy.

    The disk that is recorded to wins over other tiers: from there it is moved again, by and by.
    """
    if known is None:
        return item
    missing = known.state == SegmentState.MISSING
    same = (known.path, known.tier) == (item.path, str(item.tier))
    wins = item.tier is Tier.HOT and known.tier != str(Tier.HOT)
    if not (missing or same or wins):
        return None
    if known.content_hash != item.content_hash:
        return item
    return replace(
        item,
        state=item.state if missing else SegmentState(known.state),
        verified_wall_ns=known.verified_wall_ns,
        activity=_fuller(item.activity, known.activity),
    )


def _fuller(told: SegmentActivity | None, packed: bytes | None) -> SegmentActivity | None:
    """Of a file's and its row's activity the one that knows more: vision tells of the last seconds
    when the file is closed already."""
    if packed is None:
        return told
    kept = _ACTIVITIES.decode(packed)
    return kept if told is None or kept.known_s >= told.known_s else told


def to_garbage(
    connection: Connection, items: Sequence[Segment], reason: str, now_wall_ns: int
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


def segment_of_row(row: Row[Any]) -> Segment:
    """The segment of a row of ``COLUMNS``, whatever follows them."""
    values = list(row[: len(_NAMES)])  # by place: lists have thousands of rows
    values[_ROLE] = _ROLES[values[_ROLE]]
    values[_TIER] = _TIERS[values[_TIER]]
    values[_STATE] = _STATES[values[_STATE]]
    if values[_ACTIVITY] is not None:
        values[_ACTIVITY] = _ACTIVITIES.decode(values[_ACTIVITY])
    return Segment(*values)
