"""Elementary packets out of anything FFmpeg can open: RTSP, HTTP, files."""

import socket
import time
from collections.abc import Iterator
from types import TracebackType
from typing import Any

import av
import av.error
from av.container import InputContainer

from its_camera_ai.core.camera_url import CameraUrl
from its_camera_ai.core.errors import (
    CameraRefused,
    CameraStreamEnded,
    CameraTimeout,
    CameraUnreachable,
    CameraUnsupported,
    InputUnreadable,
    ItscamError,
)
from its_camera_ai.core.media import MediaKind, TrackInfo
from its_camera_ai.core.time import NS_PER_S
from its_camera_ai.video import nal
from its_camera_ai.video.raw import RawPacket

OPEN_TIMEOUT_S = 5.0
READ_TIMEOUT_S = 3.0
_PIXELS_MAX = 8192 * 8192
_COPIED = ("h264", "hevc")
_PROTOCOLS = {
    "rtsp": "rtsp,rtp,udp,tcp",
    "rtsps": "rtsps,rtsp,rtp,srtp,tls,tcp,udp,crypto",
    "http": "http,tcp",
    "https": "https,tls,tcp,http",
    "file": "file",
}


class Demuxer:
    """One open connection or file. Use as a context manager.

    Args:
        url: where to connect.
        rtsp_transport: ``tcp`` or ``udp``.

    Attributes:
        video: how the picture is coded. audio: the sound, or None.
        copyable: False if the video must be re-encoded to be stored and shown.

    Raises:
        CameraUnreachable, CameraTimeout, CameraRefused, CameraUnsupported, InputUnreadable:
            by cause, with what to do; never with credentials.
    """

    def __init__(self, url: CameraUrl, *, rtsp_transport: str = "tcp") -> None:
        self._url = url
        self._container = _open(url, rtsp_transport)
        try:
            self._select()
        except BaseException:
            self._container.close()
            raise

    def _select(self) -> None:
        videos = self._container.streams.video
        if not videos:
            kinds = ", ".join(sorted({s.type for s in self._container.streams})) or "nothing"
            raise _unusable(self._url, f"there is no picture in it, only {kinds}")
        self._video = videos[0]
        context = self._video.codec_context
        if context is None:
            raise _unusable(self._url, "its video codec is unknown to this program")
        if context.width * context.height > _PIXELS_MAX:
            raise _unusable(
                self._url, f"its pictures are too large ({context.width}x{context.height})"
            )
        rate = self._video.average_rate or self._video.guessed_rate
        self.video = TrackInfo(
            MediaKind.VIDEO,
            context.name,
            bytes(context.extradata or b""),
            context.width,
            context.height,
            fps=float(rate) if rate else 0.0,
        )
        self.copyable = self.video.codec in _COPIED
        # nothing, or a start code: any configuration record, of old versions too, begins otherwise
        self._parsed = self.copyable and self.video.extradata[:2] in (b"", b"\0\0")
        self._video_unit = self._audio_unit = _unit_ns(self._video)
        self._audio = next(iter(self._container.streams.audio), None)
        self.audio: TrackInfo | None = None
        if self._audio is not None and self._audio.codec_context is not None:
            sound = self._audio.codec_context
            self._audio_unit = _unit_ns(self._audio)
            self.audio = TrackInfo(
                MediaKind.AUDIO,
                sound.name,
                bytes(sound.extradata or b""),
                sample_rate=sound.sample_rate,
                channels=sound.channels,
            )

    @property
    def codec_context(self) -> "av.VideoCodecContext":
        """The decoder that FFmpeg prepared, for sources that must be re-encoded."""
        return self._video.codec_context

    @property
    def duration_s(self) -> float | None:
        """Length of a file as its container states it."""
        length = self._container.duration
        return None if length is None or length <= 0 else length / av.time_base

    @property
    def frames_hint(self) -> int:
        """How many pictures the container claims; 0 where it does not say."""
        return self._video.frames

    def packets(self) -> Iterator[RawPacket]:
        """Packets until the end. The end of a live stream means that the camera hung up.

        Raises:
            CameraTimeout: nothing came for the read time-out.
            CameraStreamEnded: a broken connection.
            InputUnreadable: the file can't be read on.
        """
        wanted = [self._video] if self._audio is None else [self._video, self._audio]
        try:
            for packet in self._container.demux(wanted):
                if packet.size == 0 or packet.is_discard:
                    continue
                raw = self._raw(packet)
                if raw.kind is MediaKind.VIDEO and not self._is_picture(raw):
                    continue
                yield raw
        except av.error.EOFError:
            return
        except (av.error.FFmpegError, OSError) as error:
            raise _translated(self._url, error, reading=True) from None

    def _is_picture(self, raw: RawPacket) -> bool:
        """False for what FFmpeg's parser still held when a stream broke off within an access unit,
        before its first slice: parameter sets, which no decoder takes for a picture. Elsewhere the
        parser ends no access unit before it has a slice, so parameter sets come with their picture,
        and containers that frame access units themselves have no such rests."""
        return not self._parsed or nal.holds_picture(self.video.codec, raw.data)

    def _raw(self, packet: "av.Packet[Any]") -> RawPacket:
        # whole numbers: a fraction per stamp would cost more than the rest of the packet's way
        is_video = packet.stream is self._video
        unit, per = self._video_unit if is_video else self._audio_unit
        pts, dts = packet.pts, packet.dts
        return RawPacket(
            MediaKind.VIDEO if is_video else MediaKind.AUDIO,
            bytes(packet),
            None if pts is None else pts * unit // per,
            None if dts is None else dts * unit // per,
            (packet.duration or 0) * unit // per,
            packet.is_keyframe,
        )

    def close(self) -> None:
        self._container.close()

    def __enter__(self) -> "Demuxer":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _unit_ns(stream: "av.VideoStream | av.AudioStream") -> tuple[int, int]:
    """A stream's unit of time as numerator and denominator in nanoseconds."""
    base = stream.time_base
    assert base is not None  # noqa: S101  every stream of an open container has one
    return base.numerator * NS_PER_S, base.denominator


def _open(url: CameraUrl, rtsp_transport: str) -> InputContainer:
    options = {"protocol_whitelist": _PROTOCOLS[url.scheme]}
    target = url.reveal()
    match url.scheme:
        case "rtsp" | "rtsps":
            options |= {
                "rtsp_transport": rtsp_transport,
                "timeout": str(round(READ_TIMEOUT_S * 1e6)),
                "analyzeduration": "300000",
                "probesize": "200000",
                "reorder_queue_size": "500",
                "buffer_size": "4194304",
            }
        case "http" | "https":
            options |= {
                "timeout": str(round(READ_TIMEOUT_S * 1e6)),
                "analyzeduration": "1000000",
                "probesize": "1000000",
            }
        case "file":
            target = url.path
        case scheme:
            raise CameraUnsupported(f"A {scheme}:// source is not read through a demuxer.")
    began_s = time.monotonic()
    try:
        return av.open(
            target,
            options=options,
            timeout=(OPEN_TIMEOUT_S, READ_TIMEOUT_S),
        )
    except (av.error.FFmpegError, OSError, ValueError) as error:
        waited_s = time.monotonic() - began_s
        silent = url.is_live and waited_s > 0.9 * READ_TIMEOUT_S
        if silent and isinstance(error, av.error.InvalidDataError):
            error = TimeoutError()  # FFmpeg calls a server that says nothing "invalid data"
        raise _translated(url, error, reading=False) from None


def _unusable(url: CameraUrl, why: str) -> ItscamError:
    if url.scheme == "file":
        return InputUnreadable(f"{url.path} can't be used: {why}. Give a video file.")
    return CameraUnsupported(f"{url} can't be used: {why}. Choose another stream of the camera.")


def _translated(url: CameraUrl, error: Exception, *, reading: bool) -> ItscamError:
    """FFmpeg's errors as ours, by cause; the original text may hold the address, so it is cut."""
    where = url.masked()
    if url.scheme == "file":
        return _file_error(url.path, error)
    match error:
        case av.error.HTTPUnauthorizedError() | av.error.HTTPForbiddenError():
            hint = (
                "user name and password"
                if url.username
                else "that it needs credentials (user:password@host)"
            )
            return CameraRefused(f"{where} refused the log-in: check {hint}.")
        case av.error.HTTPNotFoundError():
            return CameraRefused(
                f"{where}: the camera answers, but has no such stream; check the path."
            )
        case av.error.ConnectionRefusedError():
            return CameraUnreachable(
                f"{where}: the host answers, but nothing listens on port {url.port}; "
                "check the port, and that the camera's streaming service is on."
            )
        case av.error.ExitError() | av.error.TimeoutError() | TimeoutError():
            silent = "sends nothing any more" if reading else "did not answer in time"
            return CameraTimeout(f"{where} {silent}; check the network and the camera's load.")
    code = getattr(error, "errno", None)
    if reading:
        return CameraStreamEnded(f"{where}: the connection broke; it is tried again.")
    if isinstance(error, av.error.InvalidDataError):
        return CameraUnsupported(
            f"{where} answers with something that is no video stream; check scheme, port and path."
        )
    if not _resolves(url.host):
        return CameraUnreachable(
            f"{where}: the name {url.host!r} is not known to the name server; check its spelling, "
            "or give the camera's IP address."
        )
    if isinstance(error, OSError) and code is not None and code > 0:
        return CameraUnreachable(
            f"{where} can't be reached (error {code}): check the host name and the network."
        )
    return CameraUnreachable(
        f"{where} can't be opened; check the address with 'itscam camera probe'."
    )


def _resolves(host: str) -> bool:
    try:
        socket.getaddrinfo(host, None)
    except OSError:
        return False
    return True


def _file_error(where: str, error: Exception) -> ItscamError:
    match error:
        case FileNotFoundError():
            return InputUnreadable(f"{where} does not exist; check the path.")
        case PermissionError():
            return InputUnreadable(f"{where} may not be read by this user; change its rights.")
        case IsADirectoryError():
            return InputUnreadable(f"{where} is a folder; name a video file in it.")
    return InputUnreadable(
        f"{where} is no readable video: it is empty, cut off before its index, damaged, or of "
        "another kind. Try 'ffprobe' on it, or record it again."
    )
