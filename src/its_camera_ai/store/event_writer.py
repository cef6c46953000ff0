"""Events on their way to the database: in batches, in order, from a thread of their own."""

from its_camera_ai.core.events import Event
from its_camera_ai.store.batch_writer import BatchWriter
from its_camera_ai.store.events import EventRepository

GATHER_S = 0.05
RETRY_S = 1.0
WAITING_MAX = 50_000
BATCH_MAX = 500


class EventWriter(BatchWriter[Event]):
    """One durable commit for each batch; an event is written once however often it is tried."""

    def __init__(self, repository: EventRepository) -> None:
        super().__init__(
            "events",
            repository.append,
            waiting_max=WAITING_MAX,
            batch_max=BATCH_MAX,
            gather_s=GATHER_S,
            retry_s=RETRY_S,
            describe=lambda event: event.id,
        )
