"""Open incidents hold their recordings: nothing may delete what a person may still have to see."""

from collections.abc import Sequence

import structlog

from its_camera_ai.core.errors import UserError
from its_camera_ai.core.holds import Hold, HoldKind
from its_camera_ai.core.incidents import Incident, IncidentStep
from its_camera_ai.core.time import NS_PER_S
from its_camera_ai.store.batch_writer import BatchWriter
from its_camera_ai.store.holds import HoldRepository

log = structlog.get_logger(__name__)

HELD_MAX_S = 24 * 3600
"""Of an incident that lasts longer, such as a wreck that is not towed away, the first day is held:
else one car could fill the disk."""
AUTHOR = "system"
WAITING_MAX = 10_000


class IncidentHolds:
    """Sets a hold when an incident opens and takes it away when it closes, in a thread of its own.

    What a closed incident is kept for is retention's business.
    """

    def __init__(self, holds: HoldRepository) -> None:
        self._holds = holds
        self._writer: BatchWriter[Incident] = BatchWriter(
            "incident holds",
            self._write,
            waiting_max=WAITING_MAX,
            batch_max=50,
            gather_s=0.05,
            retry_s=1.0,
            describe=lambda incident: incident.id,
        )

    def take(self, incidents: Sequence[Incident]) -> None:
        """Incidents that opened or closed; updates change nothing."""
        self._writer.put([i for i in incidents if i.step is not IncidentStep.UPDATED])

    @property
    def alive(self) -> bool:
        return self._writer.alive

    def close(self) -> None:
        self._writer.close()

    def _write(self, incidents: Sequence[Incident]) -> None:
        for incident in incidents:
            if incident.step is IncidentStep.OPENED:
                try:
                    self._holds.add(_hold(incident))
                except UserError as error:  # too many holds: someone must release some
                    log.warning("an incident's recording is not held", problem=str(error))
            else:
                self._holds.release(incident.id, by=AUTHOR, now_ns=incident.updated_wall_ns)


def _hold(incident: Incident) -> Hold:
    return Hold(
        incident.id,
        HoldKind.INCIDENT,
        incident.camera_id,
        incident.clip_since_wall_ns,
        incident.opened_wall_ns + HELD_MAX_S * NS_PER_S,
        f"{incident.kind}: {incident.explanation}"[:500],
        AUTHOR,
        incident.updated_wall_ns,
    )
