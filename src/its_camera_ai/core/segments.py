"""Segments: the files that recordings are made of."""

from dataclasses import dataclass

from its_camera_ai.core.media import StreamRole


@dataclass(frozen=True, slots=True)
class Segment:
    """One closed recording file, as the index knows it.

    Attributes:
        id: the media id; also stands in the file itself.
        path: relative to the media root, with ``/``.
        start_wall_ns: wall time of the first picture.
        start_pts_ns: stream time of the first picture.
        duration_ns: from the first picture to the end of the last.
        size_bytes: of the file.
        frames: pictures in it.
        codec: FFmpeg's name of the video codec.
        generation: the stream generation that it was cut from.
    """

    id: str
    camera_id: str
    role: StreamRole
    path: str
    start_wall_ns: int
    start_pts_ns: int
    duration_ns: int
    size_bytes: int
    frames: int
    codec: str
    width: int
    height: int
    has_audio: bool
    generation: int

    @property
    def end_wall_ns(self) -> int:
        return self.start_wall_ns + self.duration_ns
