"""Where raw packets come from: the network, files, USB cameras, the street simulator."""

from collections.abc import Iterator

from msgspec.structs import replace

from its_camera_ai.core.camera_url import CameraUrl
from its_camera_ai.core.cameras import Camera
from its_camera_ai.core.media import MediaKind, StreamInfo, StreamRole, TrackInfo
from its_camera_ai.core.time import NS_PER_S, Clock
from its_camera_ai.video.decoder import VideoDecoder
from its_camera_ai.video.demux import Demuxer
from its_camera_ai.video.encoder import H264Encoder, encoded
from its_camera_ai.video.raw import RawPacket, RawSource, Wait
from its_camera_ai.video.stamps import FRAME_DURATION_DEFAULT_NS, with_stamps


def open_source(url: CameraUrl, camera: Camera, *, clock: Clock, wait: Wait) -> RawSource:
    """Connect to one stream, by its scheme.

    Raises:
        RetryableError, UserError: why it can't be opened.
    """
    match url.scheme:
        case "sim":
            from its_camera_ai.video.simulated import SimulatedSource  # noqa: PLC0415  weight

            return SimulatedSource(url, clock, wait)
        case "v4l2":
            from its_camera_ai.video.device import DeviceSource  # noqa: PLC0415  weight

            return DeviceSource(url, clock)
        case "file":
            return _FileSource(url, camera, clock, wait)
    return _demuxed(url, camera.rtsp_transport)


def _demuxed(url: CameraUrl, rtsp_transport: str = "tcp") -> RawSource:
    demuxer = Demuxer(url, rtsp_transport=rtsp_transport)
    return demuxer if demuxer.copyable else _Transcoded(demuxer)


class _FileSource:
    """A file as a camera: paced by its own clock or not, once or looped."""

    def __init__(self, url: CameraUrl, camera: Camera, clock: Clock, wait: Wait) -> None:
        self._url = url
        self._camera = camera
        self._clock = clock
        self._wait = wait
        self._current = _demuxed(url)
        self.video = self._current.video
        self.audio = self._current.audio

    def packets(self) -> Iterator[RawPacket]:
        origin_ns = self._clock.monotonic_ns()
        shift_ns = 0
        while True:
            first_ns, end_ns = None, 0
            for raw in with_stamps(self._current.packets()):
                assert raw.pts_ns is not None  # noqa: S101  with_stamps saw to it
                assert raw.dts_ns is not None  # noqa: S101
                if first_ns is None:
                    first_ns = raw.dts_ns
                dts_ns = raw.dts_ns - first_ns + shift_ns
                pts_ns = raw.pts_ns - first_ns + shift_ns
                end_ns = max(end_ns, pts_ns + (raw.duration_ns or FRAME_DURATION_DEFAULT_NS))
                if self._camera.paced:
                    early_ns = origin_ns + dts_ns - self._clock.monotonic_ns()
                    if early_ns > 0 and self._wait(early_ns / NS_PER_S):
                        return
                yield replace(raw, pts_ns=pts_ns, dts_ns=dts_ns)
            if not self._camera.loop or first_ns is None:
                return
            shift_ns = end_ns
            self._current.close()
            self._current = _demuxed(self._url)

    def close(self) -> None:
        self._current.close()


class _Transcoded:
    """Re-encodes what can't be copied (MJPEG, MPEG-4, …) to H.264; sound is left out."""

    audio: TrackInfo | None = None

    def __init__(self, demuxer: Demuxer) -> None:
        self._demuxer = demuxer
        coded = demuxer.video
        even_wh = (max(coded.width // 2 * 2, 2), max(coded.height // 2 * 2, 2))
        self._encoder = H264Encoder(even_wh, coded.fps or 25.0)
        self.video = self._encoder.info

    def packets(self) -> Iterator[RawPacket]:
        decoder = VideoDecoder(
            StreamInfo("", StreamRole.MAIN, 0, self._demuxer.video),
        )
        for raw in with_stamps(self._demuxer.packets()):
            if raw.kind is not MediaKind.VIDEO:
                continue
            for frame in decoder.decode_raw(raw.data, raw.pts_ns or 0, raw.dts_ns or 0):
                yield from encoded(self._encoder, frame.picture, frame.pts_ns)

    def close(self) -> None:
        self._demuxer.close()
