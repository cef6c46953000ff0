"""How much was recorded on each day, from the index."""

from collections import defaultdict
from dataclasses import dataclass, field

from sqlalchemy import func, select

from its_camera_ai.core.segments import SegmentState, Tier
from its_camera_ai.core.time import NS_PER_S
from its_camera_ai.store.database import Database
from its_camera_ai.store.schema import segments

DAY_NS = 86_400 * NS_PER_S


@dataclass(slots=True)
class CameraHistory:
    """One camera.

    Attributes:
        hot_bytes: what lies on the volume that is recorded to.
        first_wall_ns: the first moment within the days asked for; 0 without any.
        days: bytes that were recorded and are still there, by number of the UTC day since 1970.
    """

    camera_id: str
    hot_bytes: int = 0
    first_wall_ns: int = 0
    days: dict[int, int] = field(default_factory=dict)


class DailyBytes:
    """Reads the rows of the days asked for; for people and jobs, not for a loop."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def since(self, since_wall_ns: int) -> list[CameraHistory]:
        """All cameras with recordings on the volume or since then, by id."""
        day = (segments.c.start_wall_ns // DAY_NS).label("day")
        found: defaultdict[str, CameraHistory] = defaultdict(lambda: CameraHistory(""))
        with self._database.read() as connection:
            there = segments.c.state != str(SegmentState.MISSING)
            hot = (
                select(segments.c.camera_id, func.sum(segments.c.size_bytes))
                .where(there, segments.c.tier == str(Tier.HOT))
                .group_by(segments.c.camera_id)
            )
            for camera_id, size in connection.execute(hot):
                found[camera_id].hot_bytes = int(size)
            by_day = (
                select(
                    segments.c.camera_id,
                    day,
                    func.sum(segments.c.size_bytes),
                    func.min(segments.c.start_wall_ns),
                )
                .where(there, segments.c.start_wall_ns >= since_wall_ns)
                .group_by(segments.c.camera_id, day)
            )
            for camera_id, number, size, first_ns in connection.execute(by_day):
                camera = found[camera_id]
                camera.days[int(number)] = int(size)
                camera.first_wall_ns = min(camera.first_wall_ns or first_ns, first_ns)
        for camera_id, camera in found.items():
            camera.camera_id = camera_id
        return [found[camera_id] for camera_id in sorted(found)]
