"""A video file for offline analysis: its own clock, every packet, no hurry."""

from collections.abc import Container, Iterator
from pathlib import Path
from types import TracebackType
from urllib.parse import quote

from its_camera_ai.core.camera_url import CameraUrl
from its_camera_ai.core.errors import InputUnreadable
from its_camera_ai.core.media import MediaKind, StreamInfo, StreamRole
from its_camera_ai.core.time import NS_PER_S
from its_camera_ai.video.decoder import Frame, VideoDecoder
from its_camera_ai.video.demux import Demuxer
from its_camera_ai.video.raw import RawPacket
from its_camera_ai.video.stamps import with_stamps

_END_SLACK_S = 1.0
_END_SLACK = 0.02
"""A file may end this much (seconds, share) before the length it states and still be whole."""


class VideoFile:
    """An open file. Stream time is the file's own, counted from its first picture.

    Attributes:
        info: how the picture is coded.
        duration_s: as the container states it, or None.
        frames_hint: pictures the container claims, 0 if it does not say.
        cut_off: after reading: why the file could not be read to its end, or "".
        undecodable_packets: coded pictures lost so far while reading.
        damaged_ns: stream time of the first of them, or None.
    """

    def __init__(self, path: Path) -> None:
        self._demuxer = Demuxer(CameraUrl.parse("file://" + quote(str(path.absolute()))))
        self.info = StreamInfo(path.stem, StreamRole.MAIN, 0, self._demuxer.video)
        self.duration_s = self._demuxer.duration_s
        self.frames_hint = self._demuxer.frames_hint
        self.cut_off = ""
        self.undecodable_packets = 0
        self.damaged_ns: int | None = None

    def frames(self) -> Iterator[Frame]:
        """Every picture in presentation order. Damage costs the damaged pictures only."""
        prepared = None if self._demuxer.copyable else self._demuxer.codec_context
        decoder = VideoDecoder(self.info, context=prepared)
        first_ns: int | None = None
        begin_ns: int | None = None
        end_ns = 0
        try:
            for raw in with_stamps(self._demuxer.packets()):
                if raw.pts_ns is None or raw.dts_ns is None:
                    continue
                begin_ns = raw.pts_ns if begin_ns is None else min(begin_ns, raw.pts_ns)
                end_ns = max(end_ns, raw.pts_ns + raw.duration_ns - begin_ns)
                if raw.kind is not MediaKind.VIDEO:
                    continue
                if first_ns is None:
                    first_ns = raw.pts_ns
                pts_ns = raw.pts_ns - first_ns
                pictures = decoder.decode_raw(raw.data, pts_ns, raw.dts_ns - first_ns)
                self._note_damage(decoder.errors, pts_ns)
                yield from pictures
            self.cut_off = self._missing_end(end_ns / NS_PER_S)
        except InputUnreadable as error:
            self.cut_off = str(error)
        yield from decoder.flush()
        self._note_damage(decoder.errors, end_ns)

    def key_times_ns(self) -> list[int]:
        """Stream time of every picture that needs no other one. Nothing is decoded; open the file
        anew to read pictures.

        Raises:
            InputUnreadable: the file can't be read to its end.
        """
        return [pts_ns for pts_ns, _ in self._key_packets()]

    def key_frames(self, times_ns: Container[int]) -> Iterator[Frame]:
        """The pictures at these of ``key_times_ns``; what lies in between is not decoded.

        Raises:
            InputUnreadable: the file can't be read to its end.
        """
        prepared = None if self._demuxer.copyable else self._demuxer.codec_context
        decoder = VideoDecoder(self.info, context=prepared)
        for pts_ns, raw in self._key_packets():
            if pts_ns in times_ns:
                yield from decoder.decode_alone(raw.data, pts_ns)

    def _key_packets(self) -> Iterator[tuple[int, RawPacket]]:
        first_ns: int | None = None
        for raw in with_stamps(self._demuxer.packets()):
            if raw.kind is MediaKind.VIDEO and raw.pts_ns is not None:
                first_ns = raw.pts_ns if first_ns is None else first_ns
                if raw.is_key:
                    yield raw.pts_ns - first_ns, raw

    def _note_damage(self, errors: int, pts_ns: int) -> None:
        if errors > self.undecodable_packets and self.damaged_ns is None:
            self.damaged_ns = pts_ns
        self.undecodable_packets = errors

    def _missing_end(self, read_s: float) -> str:
        """Why a file that FFmpeg read without complaint is still cut off, or "".

        Most containers say at their beginning how long they are; without the rest of the bytes
        FFmpeg simply stops.
        """
        stated_s = self.duration_s
        if stated_s is None or read_s >= stated_s - max(_END_SLACK_S, _END_SLACK * stated_s):
            return ""
        return (
            f"the file states a length of {stated_s:.2f} s but ends after {read_s:.2f} s; "
            "copy it again if the original is longer"
        )

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
    try:
        str(path).encode("utf-8")
    except UnicodeEncodeError:
        raise InputUnreadable(f"{str(path)!a} is no UTF-8 name; rename the file.") from None
    return VideoFile(path)
