"""One stream of a camera as stamped packets, over all its connections."""

import threading
from collections.abc import Iterator
from dataclasses import replace

from its_camera_ai.core.camera_url import CameraUrl
from its_camera_ai.core.cameras import Camera
from its_camera_ai.core.errors import CameraStreamEnded
from its_camera_ai.core.media import MediaKind, Packet, StreamInfo, StreamRole, TrackInfo
from its_camera_ai.core.time import NS_PER_S, Clock
from its_camera_ai.video import nal
from its_camera_ai.video.clock import Arrival, StreamClock
from its_camera_ai.video.decoder import VideoDecoder
from its_camera_ai.video.raw import RawPacket, Wait
from its_camera_ai.video.sources import open_source
from its_camera_ai.video.stamps import FRAME_DURATION_DEFAULT_NS, with_stamps

SETTLE_NS = NS_PER_S // 2
"""How long the first packets of a network connection are held before they are dated."""

GATHER_S = 0.5
"""How long packets of a stream that is only recorded may lie in the socket before they are read:
150 kB at 4 Mbit/s. TCP's window grows to that within seconds, and until then the sender waits. Over
UDP nothing would hold the sender back, so there packets are read as they come."""
CAUGHT_UP_NS = 5_000_000
"""A read that waited for longer than this has emptied the socket."""


class CameraStream:
    """Turns one stream of a camera into stamped packets, connection after connection.

    The object lives as long as the camera's pipeline: stream time, sequence numbers and
    generations go on over reconnects.

    Args:
        camera: whose stream.
        role: which of its streams.
        url: where it is.
        clock: the time of arrival.
        wait: an interruptible sleep, for sources that pace themselves.
    """

    def __init__(
        self, camera: Camera, role: StreamRole, url: CameraUrl, *, clock: Clock, wait: Wait
    ) -> None:
        self._camera = camera
        self._role = role
        self._url = url
        self._clock = clock
        self._wait = wait
        only_recorded = role is not camera.detect_role or not camera.detect
        self._may_gather = (
            only_recorded and url.scheme in ("rtsp", "rtsps") and camera.rtsp_transport == "tcp"
        )
        self._stream_clock = StreamClock()
        self._generation = clock.wall_ns() // NS_PER_S
        self._seq = 0
        self.info: StreamInfo | None = None

    @property
    def jumps(self) -> int:
        """How often the camera's time stamps jumped."""
        return self._stream_clock.jumps

    def connect(self, stop: threading.Event) -> Iterator[Packet]:
        """Connect once and give packets until the stream ends or ``stop`` is set.

        Returns normally when stopped, or when a file that is not looped is at its end.

        Raises:
            RetryableError, UserError: why there are no (more) packets.
        """
        source = open_source(self._url, self._camera, clock=self._clock, wait=self._wait)
        try:
            self._next_generation(source.video, source.audio)
            for raw, arrival in self._dated(with_stamps(source.packets())):
                if stop.is_set():
                    return
                packet = self._packet(raw, arrival)
                if packet is not None:
                    yield packet
        finally:
            source.close()
        if self._url.is_live and not stop.is_set():
            raise CameraStreamEnded(
                f"{self._url} closed the stream; it is tried again. If this repeats, check the "
                "camera's limit of viewers."
            )

    def _gathered(self, packets: Iterator[RawPacket]) -> Iterator[RawPacket]:
        """Lets packets of a stream that nobody watches gather in the socket, and takes them in one
        go: waking up for each one costs more than handling it."""
        if not self._may_gather:
            yield from packets
            return
        asked_ns = self._clock.monotonic_ns()
        for raw in packets:
            waited_ns = self._clock.monotonic_ns() - asked_ns
            yield raw
            if waited_ns > CAUGHT_UP_NS and self._wait(GATHER_S):
                return
            asked_ns = self._clock.monotonic_ns()

    def _dated(self, packets: Iterator[RawPacket]) -> Iterator[tuple[RawPacket, Arrival]]:
        """Packets with their arrival. Those of the first moments of a network connection are held
        until the clock can be set by the promptest of them."""
        settle_ns = SETTLE_NS if self._url.port is not None else 0
        held: list[tuple[RawPacket, Arrival]] = []
        settled = False
        for raw in self._gathered(packets):
            assert raw.dts_ns is not None  # noqa: S101  with_stamps saw to it
            now = Arrival(raw.dts_ns, self._clock.wall_ns(), self._clock.monotonic_ns())
            if settled:
                yield raw, now
                continue
            held.append((raw, now))
            if now.monotonic_ns - held[0][1].monotonic_ns >= settle_ns:
                settled = True
                self._stream_clock.begin([arrival for _, arrival in held])
                yield from held
        if held and not settled:  # it ended sooner
            self._stream_clock.begin([arrival for _, arrival in held])
            yield from held

    def _next_generation(self, video: TrackInfo, audio: TrackInfo | None) -> StreamInfo:
        self._generation += 1
        self.info = StreamInfo(self._camera.id, self._role, self._generation, video, audio)
        return self.info

    def _packet(self, raw: RawPacket, arrival: Arrival) -> Packet | None:
        info = self.info
        assert info is not None  # noqa: S101  set by connect() before the first packet
        if raw.kind is MediaKind.VIDEO:
            info = self._follow_parameter_sets(info, raw)
            if not info.video.extradata:
                return None  # nothing can decode it yet: wait for parameter sets
        fps = info.video.fps
        nominal_ns = int(NS_PER_S / fps) if fps > 0 else FRAME_DURATION_DEFAULT_NS
        assert raw.pts_ns is not None  # noqa: S101  with_stamps saw to it
        begins = raw.is_key and raw.kind is MediaKind.VIDEO
        stamp = self._stream_clock.stamp(raw.pts_ns, arrival, kind=raw.kind, may_turn=begins)
        self._seq += 1
        return Packet(
            info,
            raw.kind,
            self._seq,
            stamp.pts_ns,
            stamp.dts_ns,
            raw.duration_ns or nominal_ns,
            stamp.wall_offset_ns,
            raw.is_key,
            raw.data,
        )

    def _follow_parameter_sets(self, info: StreamInfo, raw: RawPacket) -> StreamInfo:
        """A camera may change resolution in mid-stream: its key frames tell."""
        if not raw.is_key or not nal.is_annex_b(info.video.extradata):
            return info
        seen = nal.parameter_sets(info.video.codec, raw.data)
        if not seen or set(seen) <= set(nal.parameter_sets(info.video.codec, info.video.extradata)):
            return info
        video = replace(info.video, extradata=nal.annex_b(seen))
        probe = replace(info, video=video)
        size_wh = _decoded_size(probe, raw)
        if size_wh is None:
            return info
        return self._next_generation(
            replace(video, width=size_wh[0], height=size_wh[1]), info.audio
        )


def _decoded_size(info: StreamInfo, raw: RawPacket) -> tuple[int, int] | None:
    decoder = VideoDecoder(info)
    packet = Packet(info, MediaKind.VIDEO, 0, 0, 0, 1, 0, True, raw.data)
    frames = decoder.decode(packet) + decoder.flush()
    return frames[0].size_wh if frames else None
