"""How much is recorded, since when, and what is missing from it."""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import case, func, select

from its_camera_ai.core.media import StreamRole
from its_camera_ai.core.segments import SegmentState, Tier
from its_camera_ai.store.database import Database
from its_camera_ai.store.schema import garbage, segments
from its_camera_ai.store.segment_rows import spanning

GAP_ROWS_MAX = 200_000


@dataclass(frozen=True, slots=True)
class Holding:
    """What is kept of one camera in one tier.

    Attributes:
        files, size_bytes: also of damaged files, not of missing ones.
        oldest_wall_ns, newest_wall_ns: first and last recorded moment.
        damaged_files: no longer as they were recorded.
        missing_files: indexed, but gone.
    """

    camera_id: str
    tier: Tier
    files: int
    size_bytes: int
    oldest_wall_ns: int
    newest_wall_ns: int
    damaged_files: int
    missing_files: int


@dataclass(frozen=True, slots=True)
class Verified:
    """How far a tier's content was compared with its hashes.

    Attributes:
        never_files: not once yet.
        oldest_wall_ns: when the one was compared whose turn is longest ago; None if none ever was.
    """

    tier: Tier
    never_files: int
    oldest_wall_ns: int | None


@dataclass(frozen=True, slots=True)
class Gap:
    """A span between two recordings, wall ns."""

    since_wall_ns: int
    until_wall_ns: int

    @property
    def length_ns(self) -> int:
        return self.until_wall_ns - self.since_wall_ns


class StorageFigures:
    """Sums over the index; reads each row's place in one index at the most."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def holdings(self) -> list[Holding]:
        """By camera and tier."""
        there = segments.c.state != str(SegmentState.MISSING)
        query = (
            select(
                segments.c.camera_id,
                segments.c.tier,
                func.sum(case((there, 1), else_=0)),
                func.sum(case((there, segments.c.size_bytes), else_=0)),
                func.min(segments.c.start_wall_ns),
                func.max(segments.c.end_wall_ns),
                func.sum(case((segments.c.state == str(SegmentState.DAMAGED), 1), else_=0)),
                func.sum(case((there, 0), else_=1)),
            )
            .group_by(segments.c.camera_id, segments.c.tier)
            .order_by(segments.c.camera_id, segments.c.tier)
        )
        with self._database.read() as connection:
            return [
                Holding(camera_id, Tier(tier), *map(int, figures))
                for camera_id, tier, *figures in connection.execute(query)
            ]

    def verified(self) -> list[Verified]:
        """By tier, of the tiers that hold anything."""
        found = []
        with self._database.read() as connection:
            for tier in Tier:
                here = segments.c.tier == str(tier)
                if connection.scalar(select(segments.c.id).where(here).limit(1)) is None:
                    continue
                at = segments.c.verified_wall_ns
                never = select(func.count()).select_from(segments).where(here, at == 0)
                oldest = select(func.min(at)).where(here, at > 0)
                found.append(
                    Verified(tier, connection.scalar(never) or 0, connection.scalar(oldest))
                )
        return found

    def garbage(self) -> tuple[int, int]:
        """Files and bytes that were deleted and whose removal from the disk is still to come."""
        query = select(func.count(), func.coalesce(func.sum(garbage.c.size_bytes), 0))
        with self._database.read() as connection:
            files, size_bytes = connection.execute(query.select_from(garbage)).one()
        return int(files), int(size_bytes)

    def gaps(
        self,
        camera_id: str,
        since_wall_ns: int,
        until_wall_ns: int,
        *,
        longer_than_ns: int,
        role: StreamRole = StreamRole.MAIN,
    ) -> list[Gap]:
        """Spans between recordings of which a part lies in the window, oldest first. What is
        missing counts as not recorded."""
        columns = [segments.c[name] for name in ("start_wall_ns", "end_wall_ns", "state", "id")]
        with self._database.read() as connection:
            rows = spanning(
                connection,
                columns,
                camera_id,
                (role,),
                since_wall_ns,
                until_wall_ns,
                GAP_ROWS_MAX,
                segments.c.state != str(SegmentState.MISSING),
            )
        spans = sorted((row.start_wall_ns, row.end_wall_ns) for row in rows)
        return list(_between(spans, longer_than_ns))


def _between(spans: list[tuple[int, int]], longer_than_ns: int) -> Iterator[Gap]:
    end_ns: int | None = None
    for start_ns, until_ns in spans:
        if end_ns is not None and start_ns - end_ns > longer_than_ns:
            yield Gap(end_ns, start_ns)
        end_ns = until_ns if end_ns is None else max(end_ns, until_ns)
