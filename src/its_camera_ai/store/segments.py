"""The index of recordings. The files are the truth; this can be rebuilt from them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import (
    bindparam,
    delete,
    func,
    select,
    update,
)

from its_camera_ai.core.media import StreamRole
from its_camera_ai.core.segments import Segment, SegmentState, Tier
from its_camera_ai.store.parameters import chunks, clamped
from its_camera_ai.store.schema import DOUBTED, segments
from its_camera_ai.store.segment_rows import (
    COLUMNS,
    SPAN_COLUMNS,
    by_hold,
    garbage_among,
    held,
    known_of,
    put_rows,
    segment_of_row,
    spanning,
    to_garbage,
    with_known,
)
from its_camera_ai.store.segment_walks import SegmentWalks


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


class SegmentRepository(SegmentWalks):
    """Segments by camera, role and time. Its commits are not synced one by one: after a power cut
    the recorder finds the files that the index lacks."""

    def put(self, segment: Segment) -> None:
        """Store or overwrite one segment. Another row for the same path is replaced: a file can
        hold only one segment."""
        with self._database.write(durable=False) as connection:
            put_rows(connection, [segment])

    def put_many(self, items: Sequence[Segment]) -> None:
        """Store or overwrite segments in one transaction; 500 at a time are a good number."""
        if items:
            with self._database.write(durable=False) as connection:
                put_rows(connection, items)

    def adopt(self, items: Sequence[Segment]) -> list[Segment]:
        """Store segments that were found as files. What is known of their content stays known.

        Left out is what is garbage by now, and what has another file of this tier that is not
        said to be missing: a copy.

        Returns:
            What was stored.
        """
        if not items:
            return []
        with self._database.write(durable=False) as connection:
            waste = garbage_among(connection, [item.path for item in items])
            known = known_of(connection, [item.id for item in items])
            new = [
                kept
                for item in items
                if (str(item.tier), item.path) not in waste
                and (kept := with_known(item, known.get(item.id))) is not None
            ]
            if new:
                put_rows(connection, new)
        return new

    def get(self, segment_id: str) -> Segment | None:
        with self._database.read() as connection:
            row = connection.execute(
                select(*COLUMNS).where(segments.c.id == segment_id)
            ).one_or_none()
        return None if row is None else segment_of_row(row)

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
        roles = StreamRole if role is None else (role,)
        with self._database.read() as connection:
            rows = spanning(
                connection, SPAN_COLUMNS, camera_id, roles, since_wall_ns, until_wall_ns, limit
            )
        return [segment_of_row(row) for row in rows]

    def latest(self, camera_id: str, role: StreamRole) -> Segment | None:
        """The segment that starts last."""
        query = (
            select(*COLUMNS)
            .where(segments.c.camera_id == camera_id, segments.c.role == str(role))
            .order_by(segments.c.start_wall_ns.desc(), segments.c.id.desc())
            .limit(1)
        )
        with self._database.read() as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else segment_of_row(row)

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
                stays, leaving = by_hold(connection, part)
                kept += stays
                if leaving:
                    to_garbage(connection, leaving, reason, now_wall_ns)
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
            _, free = by_hold(connection, [segment.id])
            for old in free:
                if (old.tier, old.path) != (segment.tier, segment.path):
                    to_garbage(connection, [old], reason, now_wall_ns)
                put_rows(connection, [segment])
        return bool(free)

    def mark(self, ids: Iterable[str], state: SegmentState) -> None:
        """Say what was found about files."""
        with self._database.write(durable=False) as connection:
            for part in chunks(list(ids)):
                connection.execute(
                    update(segments).where(segments.c.id.in_(part)).values(state=str(state))
                )

    def judge(self, looked: Sequence[tuple[Segment, SegmentState]], wall_ns: int) -> None:
        """Keep what a comparison of content and hash found, unless the row tells of another file
        by now. ``verified_wall_ns`` becomes ``wall_ns``, whatever was found."""
        if not looked:
            return
        with self._database.write(durable=False) as connection:
            connection.execute(
                update(segments)
                .where(
                    segments.c.id == bindparam("of_id"),
                    segments.c.path == bindparam("of_path"),
                    segments.c.tier == bindparam("of_tier"),
                )
                .values(state=bindparam("found"), verified_wall_ns=wall_ns),
                [
                    {"of_id": s.id, "of_path": s.path, "of_tier": str(s.tier), "found": str(state)}
                    for s, state in looked
                ],
            )

    def longest_unverified(
        self, limit: int, *, tier: Tier = Tier.HOT, before_wall_ns: int | None = None
    ) -> list[Segment]:
        """Whose content was compared with its hash the longest time ago, or never.

        Args:
            before_wall_ns: leave out what was compared since.
        """
        query = select(*COLUMNS).where(segments.c.tier == str(tier))
        if before_wall_ns is not None:
            query = query.where(segments.c.verified_wall_ns < clamped(before_wall_ns))
        query = query.order_by(segments.c.verified_wall_ns, segments.c.start_wall_ns).limit(limit)
        with self._database.read() as connection:
            return [segment_of_row(row) for row in connection.execute(query)]

    def held_in_doubt(self) -> tuple[int, Segment | None]:
        """How many held segments are damaged or missing, and the oldest of them."""
        bad = (DOUBTED, held())
        with self._database.read() as connection:
            count = connection.scalar(select(func.count()).select_from(segments).where(*bad))
            first = connection.execute(
                select(*COLUMNS).where(*bad).order_by(segments.c.start_wall_ns).limit(1)
            ).one_or_none()
        return count or 0, None if first is None else segment_of_row(first)
