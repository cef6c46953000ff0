"""The embedded bus: ZeroMQ over Unix sockets in a folder that only the owner may enter."""

import time
from collections.abc import Iterable
from pathlib import Path
from typing import Generic, TypeVar

import msgspec
import zmq

from its_camera_ai.bus.calls import (
    MESSAGE_BYTES_MAX,
    WAITING_MAX,
    ZmqCallAnswerer,
    ZmqCaller,
)
from its_camera_ai.bus.messages import (
    IngestMessage,
    PacketHeader,
    RoleStatus,
    TracksMessage,
    packet_from,
    packet_header,
)
from its_camera_ai.bus.ports import CallHandler
from its_camera_ai.core.errors import ConfigInvalid
from its_camera_ai.core.media import Packet, StreamInfo, StreamRole

M = TypeVar("M")

PACKET_QUEUE = 900
"""Packets kept per subscriber before it loses some: 30 s of one stream at 30 fps."""
TRACKS_QUEUE = 2_000
INGEST_QUEUE = 2_000
_HEAR_EVERY_S = 0.02
"""A new subscriber waits for a key frame anyway; asking at each packet would cost as much again."""
_SOCKET_PATH_BYTES_MAX = 107  # sun_path of Linux, less the closing zero


def _topic(camera_id: str, role: StreamRole) -> bytes:
    return f"{camera_id}/{role}\0".encode()


class LocalBus:
    """All sockets of one process.

    Ingest binds ``packets`` and ``ingest``, the server binds ``tracks``, the supervisor binds both
    ends of ``status``, a process that can be called binds ``calls-ROLE-NUMBER``; everyone else
    connects and reconnects by itself when the binder restarts.

    Args:
        folder: the run folder; made, and closed to other users.

    Raises:
        ConfigInvalid: the path is too long for a Unix socket.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._folder = folder
        longest = str(folder / "calls-vision-63.sock")
        if len(longest.encode()) > _SOCKET_PATH_BYTES_MAX:
            raise ConfigInvalid(
                f"The run folder {folder} has too long a path for local sockets "
                f"({len(longest.encode())} of at most {_SOCKET_PATH_BYTES_MAX} bytes); "
                "set ITSCAM_RUN_DIR to a shorter one, such as /run/itscam."
            )
        self._context = zmq.Context()
        self._sockets: list[zmq.Socket[bytes]] = []

    def _address(self, name: str) -> str:
        return f"ipc://{self._folder / name}.sock"

    def _socket(self, kind: int) -> zmq.Socket[bytes]:
        socket = self._context.socket(kind)
        socket.setsockopt(zmq.LINGER, 0)
        self._sockets = [s for s in self._sockets if not s.closed] + [socket]
        return socket

    def packet_publisher(self) -> "ZmqPacketPublisher":
        socket = self._socket(zmq.XPUB)  # like PUB, but hears who wants what
        socket.setsockopt(zmq.SNDHWM, PACKET_QUEUE)
        socket.bind(self._address("packets"))
        return ZmqPacketPublisher(socket)

    def packet_subscriber(
        self, streams: Iterable[tuple[str, StreamRole]] = ()
    ) -> "ZmqPacketSubscriber":
        socket = self._socket(zmq.SUB)
        socket.setsockopt(zmq.RCVHWM, PACKET_QUEUE)
        socket.connect(self._address("packets"))
        subscriber = ZmqPacketSubscriber(socket)
        for camera_id, role in streams:
            subscriber.subscribe(camera_id, role)
        return subscriber

    def tracks_sender(self) -> "ZmqSender[TracksMessage]":
        socket = self._socket(zmq.PUSH)
        socket.setsockopt(zmq.SNDHWM, TRACKS_QUEUE)
        socket.connect(self._address("tracks"))
        return ZmqSender[TracksMessage](socket)

    def tracks_receiver(self) -> "ZmqTracksReceiver":
        socket = self._socket(zmq.PULL)
        socket.setsockopt(zmq.RCVHWM, TRACKS_QUEUE)
        socket.bind(self._address("tracks"))
        return ZmqTracksReceiver(socket)

    def ingest_sender(self) -> "ZmqSender[IngestMessage]":
        socket = self._socket(zmq.PUSH)
        socket.setsockopt(zmq.SNDHWM, INGEST_QUEUE)
        socket.connect(self._address("ingest"))
        return ZmqSender[IngestMessage](socket)

    def ingest_receiver(self) -> "ZmqIngestReceiver":
        socket = self._socket(zmq.PULL)
        socket.setsockopt(zmq.RCVHWM, INGEST_QUEUE)
        socket.bind(self._address("ingest"))
        return ZmqIngestReceiver(socket)

    def status_sender(self) -> "ZmqStatusSender":
        socket = self._socket(zmq.PUB)
        socket.connect(self._address("status-in"))
        return ZmqStatusSender(socket)

    def status_receiver(self) -> "ZmqStatusReceiver":
        socket = self._socket(zmq.SUB)
        socket.setsockopt(zmq.SUBSCRIBE, b"")
        socket.connect(self._address("status-out"))
        return ZmqStatusReceiver(socket)

    def status_hub(self) -> "ZmqStatusHub":
        """The supervisor's end: hears every process and passes it on to every listener."""
        heard = self._socket(zmq.SUB)
        heard.setsockopt(zmq.SUBSCRIBE, b"")
        heard.bind(self._address("status-in"))
        told = self._socket(zmq.PUB)
        told.bind(self._address("status-out"))
        return ZmqStatusHub(heard, told)

    def caller(self) -> ZmqCaller:
        return ZmqCaller(self._call_socket)

    def _call_socket(self, role: str, index: int) -> zmq.Socket[bytes]:
        # not among self._sockets: it lives for one call, in whichever thread makes it
        socket = self._context.socket(zmq.DEALER)
        socket.setsockopt(zmq.LINGER, 0)
        socket.setsockopt(zmq.MAXMSGSIZE, MESSAGE_BYTES_MAX)
        socket.connect(self._address(f"calls-{role}-{index}"))
        return socket

    def answer_calls(self, role: str, index: int, handler: CallHandler) -> ZmqCallAnswerer:
        socket = self._socket(zmq.ROUTER)
        socket.setsockopt(zmq.RCVHWM, WAITING_MAX)
        socket.setsockopt(zmq.MAXMSGSIZE, MESSAGE_BYTES_MAX)
        socket.bind(self._address(f"calls-{role}-{index}"))
        return ZmqCallAnswerer(socket, handler)

    def close(self) -> None:
        """Close every end that this bus made."""
        self._context.destroy(linger=0)
        self._sockets.clear()


class ZmqPacketPublisher:
    """Encodes and sends only what somebody subscribed: a main stream mostly goes to disk alone."""

    def __init__(self, socket: "zmq.Socket[bytes]") -> None:
        self._socket = socket
        self._encoder = msgspec.msgpack.Encoder()
        self._topics: dict[tuple[str, StreamRole], bytes] = {}
        self._wanted: set[bytes] = set()
        self._hear_again_s = 0.0

    def publish(self, packet: Packet) -> None:
        if time.monotonic() > self._hear_again_s:
            self._hear()
        key = (packet.info.camera_id, packet.info.role)
        topic = self._topics.get(key)
        if topic is None:
            topic = self._topics[key] = _topic(*key)
        if topic in self._wanted:
            header = self._encoder.encode(packet_header(packet))
            self._socket.send_multipart((topic, header, packet.data))

    def _hear(self) -> None:
        self._hear_again_s = time.monotonic() + _HEAR_EVERY_S
        while int(self._socket.get(zmq.EVENTS)) & zmq.POLLIN:
            said = self._socket.recv()
            (self._wanted.add if said[:1] == b"\x01" else self._wanted.discard)(said[1:])

    def close(self) -> None:
        self._socket.close()


class ZmqPacketSubscriber:
    """Joins each stream at a key frame and again after every loss."""

    def __init__(self, socket: "zmq.Socket[bytes]") -> None:
        self._socket = socket
        self._decoder = msgspec.msgpack.Decoder(PacketHeader)
        self._info: dict[bytes, StreamInfo] = {}
        self._next_seq: dict[bytes, int] = {}
        self.lost = 0

    def subscribe(self, camera_id: str, role: StreamRole) -> None:
        self._socket.setsockopt(zmq.SUBSCRIBE, _topic(camera_id, role))

    def unsubscribe(self, camera_id: str, role: StreamRole) -> None:
        topic = _topic(camera_id, role)
        self._socket.setsockopt(zmq.UNSUBSCRIBE, topic)
        self._info.pop(topic, None)
        self._next_seq.pop(topic, None)

    def receive(self, timeout_s: float) -> Packet | None:
        while self._socket.poll(round(timeout_s * 1000)):
            topic, encoded, data = self._socket.recv_multipart()
            header = self._decoder.decode(encoded)
            expected = self._next_seq.get(topic)
            self._next_seq[topic] = header.seq + 1
            if expected is not None and header.seq > expected:
                self.lost += header.seq - expected
                self._info.pop(topic, None)  # what follows refers to pictures we never got
            if header.info is not None:
                self._info[topic] = header.info
            info = self._info.get(topic)
            if info is not None and info.generation == header.generation:
                return packet_from(header, info, data)
        return None

    def close(self) -> None:
        self._socket.close()


class ZmqSender(Generic[M]):
    """Messages of one kind to one receiver; ``TracksSender`` and ``IngestSender``."""

    def __init__(self, socket: "zmq.Socket[bytes]") -> None:
        self._socket = socket

    def send(self, message: M) -> bool:
        try:
            self._socket.send(msgspec.msgpack.encode(message), zmq.NOBLOCK)
        except zmq.Again:
            return False
        return True

    def close(self) -> None:
        self._socket.close()


class ZmqTracksReceiver:
    def __init__(self, socket: "zmq.Socket[bytes]") -> None:
        self._socket = socket
        self._decoder = msgspec.msgpack.Decoder(TracksMessage)

    def receive(self, timeout_s: float) -> TracksMessage | None:
        if not self._socket.poll(round(timeout_s * 1000)):
            return None
        return self._decoder.decode(self._socket.recv())

    def close(self) -> None:
        self._socket.close()


class ZmqIngestReceiver:
    """Recording must not end over a word that can't be read: it counts as not said."""

    def __init__(self, socket: "zmq.Socket[bytes]") -> None:
        self._socket = socket
        self._decoder: msgspec.msgpack.Decoder[IngestMessage] = msgspec.msgpack.Decoder(
            IngestMessage
        )

    def receive(self, timeout_s: float) -> IngestMessage | None:
        if not self._socket.poll(round(timeout_s * 1000)):
            return None
        try:
            return self._decoder.decode(self._socket.recv())
        except msgspec.DecodeError:
            return None

    def close(self) -> None:
        self._socket.close()


class ZmqStatusSender:
    def __init__(self, socket: "zmq.Socket[bytes]") -> None:
        self._socket = socket

    def send(self, status: RoleStatus) -> None:
        self._socket.send(msgspec.msgpack.encode(status))

    def close(self) -> None:
        self._socket.close()


class ZmqStatusReceiver:
    def __init__(self, socket: "zmq.Socket[bytes]") -> None:
        self._socket = socket
        self._decoder = msgspec.msgpack.Decoder(RoleStatus)

    def receive(self, timeout_s: float) -> RoleStatus | None:
        if not self._socket.poll(round(timeout_s * 1000)):
            return None
        return self._decoder.decode(self._socket.recv())

    def close(self) -> None:
        self._socket.close()


class ZmqStatusHub:
    """Passes on what it hears; ``receive`` also gives it to the supervisor itself."""

    def __init__(self, heard: "zmq.Socket[bytes]", told: "zmq.Socket[bytes]") -> None:
        self._heard = heard
        self._told = told
        self._decoder = msgspec.msgpack.Decoder(RoleStatus)

    def receive(self, timeout_s: float) -> RoleStatus | None:
        if not self._heard.poll(round(timeout_s * 1000)):
            return None
        raw = self._heard.recv()
        self._told.send(raw)
        return self._decoder.decode(raw)

    def close(self) -> None:
        self._heard.close()
        self._told.close()
