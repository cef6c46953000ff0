"""What traffic analytics found, on its way to the database."""

from collections.abc import Sequence

from its_camera_ai.core.incidents import Incident
from its_camera_ai.core.interval_store import IntervalStore
from its_camera_ai.core.intervals import IntervalRow
from its_camera_ai.core.road_users import Trajectory
from its_camera_ai.core.time import iso_utc
from its_camera_ai.store.batch_writer import BatchWriter
from its_camera_ai.store.incidents import IncidentRepository
from its_camera_ai.store.trajectories import TrajectoryRepository

GATHER_S = 0.05
ROWS_GATHER_S = 1.0
"""The rows of all cameras come together at the end of a minute: one commit is enough."""
RETRY_S = 1.0
ROWS_MAX = 30_000
INCIDENTS_MAX = 50_000
TRAJECTORIES_MAX = 20_000
BATCH_MAX = 500
ROWS_BATCH_MAX = 1000
"""Each brings three longer rows up to date; other writers wait for so many at most."""


class TrafficWriter:
    """Interval rows, incidents and trajectories, each in order and from a thread of its own, so
    that an incident does not wait for the sums of a hundred tables.

    Whatever waits is bounded: ten minutes of rows of 100 cameras with 30 places each.
    """

    def __init__(
        self,
        intervals: IntervalStore,
        incidents: IncidentRepository,
        trajectories: TrajectoryRepository,
    ) -> None:
        self._rows: BatchWriter[IntervalRow] = BatchWriter(
            "interval rows",
            intervals.add,
            waiting_max=ROWS_MAX,
            batch_max=ROWS_BATCH_MAX,
            gather_s=ROWS_GATHER_S,
            retry_s=RETRY_S,
            describe=lambda row: f"{row.camera_id} {row.place.id} {iso_utc(row.start_wall_ns)}",
        )
        self._incidents: BatchWriter[Incident] = BatchWriter(
            "incidents",
            incidents.put,
            waiting_max=INCIDENTS_MAX,
            batch_max=BATCH_MAX,
            gather_s=GATHER_S,
            retry_s=RETRY_S,
            describe=lambda incident: incident.id,
        )
        self._trajectories: BatchWriter[Trajectory] = BatchWriter(
            "trajectories",
            trajectories.add,
            waiting_max=TRAJECTORIES_MAX,
            batch_max=BATCH_MAX,
            gather_s=ROWS_GATHER_S,
            retry_s=RETRY_S,
            describe=lambda path: f"{path.camera_id} {path.track_id}",
        )
        self._all = (self._rows, self._incidents, self._trajectories)

    def rows(self, rows: Sequence[IntervalRow]) -> None:
        self._rows.put(rows)

    def incidents(self, incidents: Sequence[Incident]) -> None:
        self._incidents.put(incidents)

    def trajectories(self, trajectories: Sequence[Trajectory]) -> None:
        self._trajectories.put(trajectories)

    @property
    def alive(self) -> bool:
        return all(writer.alive for writer in self._all)

    @property
    def waiting(self) -> int:
        return sum(writer.waiting for writer in self._all)

    @property
    def written(self) -> dict[str, int]:
        """By kind: ``rows``, ``incidents``, ``trajectories``."""
        return self._each("written")

    @property
    def given_up(self) -> dict[str, int]:
        """Lost while the database was away, by kind."""
        return self._each("given_up")

    def close(self, timeout_s: float = 5.0) -> None:
        """Write what waits, incidents first, within the time-out for each kind."""
        for writer in (self._incidents, self._rows, self._trajectories):
            writer.close(timeout_s)

    def _each(self, name: str) -> dict[str, int]:
        kinds = ("rows", "incidents", "trajectories")
        return {kind: getattr(w, name) for kind, w in zip(kinds, self._all, strict=True)}
