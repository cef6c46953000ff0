"""Watches from outside when facts arrive: events in the database, pictures on the bus."""

import sqlite3
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import av

from its_camera_ai.bus.local import LocalBus
from its_camera_ai.core.media import MediaKind, Packet, StreamRole
from tests.support.rtsp import RtspServer

_POLL_S = 0.01
_TAIL = 48  # bytes by which a coded picture is known


@dataclass(frozen=True, slots=True)
class Arrival:
    """An event as it appeared: when it happened, which picture made it certain (its time), and
    when its row was there to be read. All wall time in ns."""

    camera_id: str
    kind: str
    wall_ns: int
    frame_ns: int
    seen_ns: int


class EventWatch:
    """Polls the events table of a SQLite site every 10 ms; the poll's own delay is in the result.

    Rows are found by SQLite's own row number, so the order of ids does not matter.
    """

    def __init__(self, database: Path) -> None:
        self._database = database
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.arrivals: list[Arrival] = []

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        connection = sqlite3.connect(f"file:{self._database}?mode=ro", uri=True)
        last = connection.execute("SELECT coalesce(max(rowid), 0) FROM events").fetchone()[0]
        while not self._stop.wait(_POLL_S):
            rows = connection.execute(
                "SELECT rowid, camera_id, kind, wall_ns, json_extract(detail, '$.decided_after_s') "
                "FROM events WHERE rowid > ? ORDER BY rowid",
                (last,),
            ).fetchall()
            seen_ns = time.time_ns()
            for rowid, camera_id, kind, wall_ns, after_s in rows:
                last = rowid
                frame_ns = wall_ns + round((after_s or 0) * 1e9)
                self.arrivals.append(Arrival(camera_id, kind, wall_ns, frame_ns, seen_ns))
        connection.close()


class ClipIndex:
    """Knows a clip's coded pictures again, wherever they turn up."""

    def __init__(self, clip: Path) -> None:
        with av.open(str(clip)) as container:
            packets = [p for p in container.demux(video=0) if p.size]
        self._places = {bytes(p)[-_TAIL:]: i for i, p in enumerate(packets)}
        self.pts_s = [float((p.pts or 0) * (p.time_base or 0)) for p in packets]
        self.frames = len(packets)
        if len(self._places) != self.frames:
            raise ValueError(f"{clip.name} has pictures that are coded alike; choose another.")

    def place(self, coded: bytes) -> int | None:
        """Which picture of the clip these bytes are; None for none of them."""
        return self._places.get(coded[-_TAIL:])


def clock_error_ms(
    bus: LocalBus, camera_id: str, role: StreamRole, server: RtspServer, index: ClipIndex
) -> float:
    """How much later than it was sent a picture is dated by the site; mount = ``<id>-<role>``.

    The site dates a stream by the arrival of its first packet, which a slow connection set-up
    delays. Add this to latencies that are taken from its dates.
    """
    packet = _one_packet(bus, camera_id, role)
    place = index.place(packet.data)
    if place is None:
        raise ValueError(f"A packet of {camera_id} is not one that was sent.")
    stats = server.stats(f"{camera_id}-{role}")
    sent_ns = stats["pass_wall_ns"] + round(index.pts_s[place] * 1e9)
    period_ns = round((index.pts_s[-1] + index.pts_s[1]) * 1e9)
    error_ns = (packet.wall_ns - sent_ns) % period_ns  # the packet may be of the pass before
    return (error_ns if error_ns < period_ns / 2 else error_ns - period_ns) / 1e6


def _one_packet(bus: LocalBus, camera_id: str, role: StreamRole) -> Packet:
    subscriber = bus.packet_subscriber([(camera_id, role)])
    try:
        for _ in range(50):
            packet = subscriber.receive(1.0)
            if packet is not None and packet.kind is MediaKind.VIDEO:
                return packet
    finally:
        subscriber.close()
    raise TimeoutError(f"No packet of {camera_id} in 50 s.")
