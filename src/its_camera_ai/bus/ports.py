"""The port between processes. Nothing above knows whether sockets or a broker carry it.

All queues are bounded. A full queue drops and counts, it never blocks the sender: the camera side
must not wait for anyone.
"""

from collections.abc import Callable, Iterable
from typing import Protocol

from its_camera_ai.bus.messages import (
    CallReply,
    CallRequest,
    IngestMessage,
    RoleStatus,
    TracksMessage,
)
from its_camera_ai.core.media import Packet, StreamRole


class PacketPublisher(Protocol):
    """Ingest's side of the packet fan-out."""

    def publish(self, packet: Packet) -> None:
        """Hand one packet to whoever subscribed; never blocks."""
        ...

    def close(self) -> None: ...


class PacketSubscriber(Protocol):
    """One listener. Packets of a stream come from a key frame on; a loss on the way shows as a
    jump in ``Packet.seq`` and the stream then resumes at its next key frame."""

    def subscribe(self, camera_id: str, role: StreamRole) -> None: ...

    def unsubscribe(self, camera_id: str, role: StreamRole) -> None: ...

    def receive(self, timeout_s: float) -> Packet | None:
        """The next packet, or None when none came in time."""
        ...

    @property
    def lost(self) -> int:
        """Packets missing between the publisher and here, since the start."""
        ...

    def close(self) -> None: ...


class TracksSender(Protocol):
    def send(self, message: TracksMessage) -> bool:
        """False if the receiver is stalled and the bounded queue full; counted by the caller."""
        ...

    def close(self) -> None: ...


class TracksReceiver(Protocol):
    def receive(self, timeout_s: float) -> TracksMessage | None: ...

    def close(self) -> None: ...


class IngestSender(Protocol):
    """Vision's and the server's side of what ingest hears. One thread at a time."""

    def send(self, message: IngestMessage) -> bool:
        """False if ingest is stalled and the bounded queue full; never blocks."""
        ...

    def close(self) -> None: ...


class IngestReceiver(Protocol):
    def receive(self, timeout_s: float) -> IngestMessage | None:
        """The next message; None when none came in time, or one that can't be read."""
        ...

    def close(self) -> None: ...


class StatusSender(Protocol):
    def send(self, status: RoleStatus) -> None: ...

    def close(self) -> None: ...


class StatusReceiver(Protocol):
    def receive(self, timeout_s: float) -> RoleStatus | None: ...

    def close(self) -> None: ...


CallHandler = Callable[[CallRequest], CallReply]


class Caller(Protocol):
    """Asks another process something and waits for its answer; from any thread."""

    def call(self, role: str, index: int, request: CallRequest, timeout_s: float) -> CallReply:
        """The answer of one process.

        Raises:
            CallUnanswered: none came in time, or the request is longer than the bus carries.
        """
        ...


class CallAnswerer(Protocol):
    """Answers one call after the other from a thread of its own."""

    @property
    def alive(self) -> bool: ...

    def close(self) -> None: ...


class Bus(Protocol):
    """Makes the ends. One per process; ``bootstrap`` chooses the adapter."""

    def packet_publisher(self) -> PacketPublisher: ...

    def packet_subscriber(
        self, streams: Iterable[tuple[str, StreamRole]] = ()
    ) -> PacketSubscriber: ...

    def tracks_sender(self) -> TracksSender: ...

    def tracks_receiver(self) -> TracksReceiver: ...

    def ingest_sender(self) -> IngestSender: ...

    def ingest_receiver(self) -> IngestReceiver: ...

    def status_sender(self) -> StatusSender: ...

    def status_receiver(self) -> StatusReceiver: ...

    def caller(self) -> Caller: ...

    def answer_calls(self, role: str, index: int, handler: CallHandler) -> CallAnswerer:
        """Answer the calls to this process with ``handler``; what it raises is told as failed."""
        ...

    def close(self) -> None: ...
