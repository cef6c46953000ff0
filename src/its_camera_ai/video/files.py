"""A video file for offline analysis: its own clock, every packet, no hurry."""

from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from urllib.parse import quote

from its_camera_ai.core.camera_url import CameraUrl
from its_camera_ai.core.errors import InputUnreadable
from its_camera_ai.core.media import MediaKind, StreamInfo, StreamRole
from its_camera_ai.video.decoder import Frame, VideoDecoder
from its_camera_ai.video.demux import Demuxer
from its_camera_ai.video.stamps import with_stamps


class VideoFile:
    """An open file. Stream time is the file's own, counted from its first picture.

    Attributes:
        info: how the picture is coded.
        duration_s: as the container states it, or None.
        frames_hint: pictures the container claims, 0 if it does not say.
        cut_off: after reading: why the file could not be read to its end, or "".
    """

    def __init__(self, path: Path) -> None:
        self._demuxer = Demuxer(CameraUrl.parse("file://" + quote(str(path.absolute()))))
        self.info = StreamInfo(path.stem, StreamRole.MAIN, 0, self._demuxer.video)
        self.duration_s = self._demuxer.duration_s
        self.frames_hint = self._demuxer.frames_hint
        self.cut_off = ""
        self.undecodable_packets = 0

    def frames(self) -> Iterator[Frame]:
        """Every picture in presentation order. Damage costs the damaged pictures only."""
        decoder = VideoDecoder(self.info)
        first_ns: int | None = None
        try:
            for raw in with_stamps(self._demuxer.packets()):
                if raw.kind is not MediaKind.VIDEO or raw.pts_ns is None or raw.dts_ns is None:
                    continue
                if first_ns is None:
                    first_ns = raw.pts_ns
                yield from decoder.decode_raw(
                    raw.data, raw.pts_ns - first_ns, raw.dts_ns - first_ns
                )
        except InputUnreadable as error:
            self.cut_off = str(error)
        yield from decoder.flush()
        self.undecodable_packets = decoder.errors

    def close(self) -> None:
        self._demuxer.close()

    def __enter__(self) -> "VideoFile":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def open_video(path: Path) -> VideoFile:
    """Open a file for analysis.

    Raises:
        InputUnreadable: missing, empty, no picture in it, or of another kind.
    """
    if path.is_file() and path.stat().st_size == 0:
        raise InputUnreadable(f"{path} is empty (0 bytes); record or copy it again.")
    return VideoFile(path)
