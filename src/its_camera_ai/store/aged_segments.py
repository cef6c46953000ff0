"""The index of recordings as retention asks it: what is old, what is large, what is held."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select, tuple_

from its_camera_ai.core.media import StreamRole
from its_camera_ai.core.retention_matrix import DataClass
from its_camera_ai.core.segments import SegmentState, Tier
from its_camera_ai.store.database import Database
from its_camera_ai.store.parameters import clamped
from its_camera_ai.store.schema import segments
from its_camera_ai.store.segment_rows import held


@dataclass(frozen=True, slots=True)
class AgedSegment:
    """As much of a segment as decides about its end.

    Attributes:
        size_bytes: 0 if the file is missing.
        held: a hold that is not released covers a moment of it.
    """

    id: str
    camera_id: str
    tier: Tier
    data_class: DataClass
    end_wall_ns: int
    size_bytes: int
    held: bool

    @property
    def place(self) -> tuple[int, str]:
        """Its place among all segments, oldest first."""
        return self.end_wall_ns, self.id


class AgedSegments:
    """Every query costs what it returns, but for ``bytes_by_camera``, which reads one index."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def due(
        self,
        data_class: DataClass,
        tier: Tier,
        before_wall_ns: int,
        *,
        after: tuple[int, str] | None = None,
        limit: int,
    ) -> list[AgedSegment]:
        """Segments of a class and tier that ended before then, oldest first."""
        which = [
            segments.c.data_class == str(data_class),
            segments.c.tier == str(tier),
            segments.c.end_wall_ns < clamped(before_wall_ns),
        ]
        return self._page(which, after, limit)

    def of_camera(
        self,
        camera_id: str,
        role: StreamRole,
        before_wall_ns: int,
        *,
        after: tuple[int, str] | None = None,
        limit: int,
    ) -> list[AgedSegment]:
        """Segments of one stream that ended before then, oldest first."""
        which = [
            segments.c.camera_id == camera_id,
            segments.c.role == str(role),
            segments.c.end_wall_ns < clamped(before_wall_ns),
        ]
        return self._page(which, after, limit)

    def amounts(
        self, data_class: DataClass, tier: Tier, since_wall_ns: int, before_wall_ns: int
    ) -> list[tuple[str, int, int]]:
        """(camera, files, bytes) of a class and tier that ended in ``[since, before)``."""
        query = (
            select(segments.c.camera_id, func.count(), func.sum(segments.c.size_bytes))
            .where(
                segments.c.data_class == str(data_class),
                segments.c.tier == str(tier),
                segments.c.end_wall_ns >= clamped(since_wall_ns),
                segments.c.end_wall_ns < clamped(before_wall_ns),
            )
            .group_by(segments.c.camera_id)
        )
        with self._database.read() as connection:
            return [(row[0], int(row[1]), int(row[2])) for row in connection.execute(query)]

    def cameras(self) -> list[str]:
        """Every camera that has segments, also those that the site has no more."""
        found: list[str] = []
        with self._database.read() as connection:
            while True:
                later = select(func.min(segments.c.camera_id))
                if found:  # one seek in the index each, however many segments there are
                    later = later.where(segments.c.camera_id > found[-1])
                camera_id = connection.scalar(later)
                if camera_id is None:
                    return found
                found.append(camera_id)

    def bytes_by_camera(self) -> dict[str, int]:
        """What each camera's recordings take, on all tiers; missing files take nothing."""
        query = (
            select(segments.c.camera_id, func.sum(segments.c.size_bytes))
            .where(segments.c.state != str(SegmentState.MISSING))
            .group_by(segments.c.camera_id)
        )
        with self._database.read() as connection:
            return {row[0]: int(row[1]) for row in connection.execute(query)}

    def _page(
        self, which: Sequence[ColumnElement[bool]], after: tuple[int, str] | None, limit: int
    ) -> list[AgedSegment]:
        place = tuple_(segments.c.end_wall_ns, segments.c.id)
        query: Select[Any] = (
            select(
                segments.c.id,
                segments.c.camera_id,
                segments.c.tier,
                segments.c.data_class,
                segments.c.end_wall_ns,
                segments.c.size_bytes,
                segments.c.state,
                held().label("held"),
            )
            .where(*which)
            .order_by(segments.c.end_wall_ns, segments.c.id)
            .limit(limit)
        )
        if after is not None:
            query = query.where(place > tuple_(*after))
        with self._database.read() as connection:
            return [
                AgedSegment(
                    row.id,
                    row.camera_id,
                    Tier(row.tier),
                    DataClass(row.data_class),
                    row.end_wall_ns,
                    0 if row.state == SegmentState.MISSING else row.size_bytes,
                    bool(row.held),
                )
                for row in connection.execute(query)
            ]
