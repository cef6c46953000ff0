"""Exports that change pictures: masks, then scaling, then the burned-in time, then H.264."""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from av.video.frame import VideoFrame

from its_camera_ai.core.disk import WritableFile
from its_camera_ai.core.exports import ExportRequest, Sought
from its_camera_ai.core.time import NS_PER_S
from its_camera_ai.recorder.exporting.caption import Caption
from its_camera_ai.recorder.exporting.coding import (
    CodedPicture,
    Coding,
    PictureDecoder,
    PictureEncoder,
    SampleReader,
)
from its_camera_ai.recorder.exporting.finders import Finder
from its_camera_ai.recorder.exporting.masks import Boxes, Masker, Planes
from its_camera_ai.recorder.exporting.mp4 import MOVIE_TIMESCALE, Chunk, OutTrack
from its_camera_ai.recorder.exporting.plan import Span
from its_camera_ai.recorder.exporting.timeline import Row, Timeline

FOUND_REACH_S = 0.5
"""What is found in one picture is masked so long before and after it, against single misses."""
_REACH_PICTURES_MAX = 16
TIME_LAPSE_FPS = 25
LAPSE_TICKS = MOVIE_TIMESCALE // TIME_LAPSE_FPS
_CHUNK_PICTURES = 25

FinderMaker = Callable[[Sought, str], Finder]
"""Makes the finder of one kind for one camera; raises ``ModelInvalid`` where it can't."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    planes: Planes
    format_name: str
    pts: int
    wall_ns: int
    boxes: Boxes


class Recoder:
    """One file's pictures, from decoded to coded, kept in a file of their own meanwhile.

    Args:
        camera: its id, and its name to burn in.
        finders: what is sought in each picture.
        spool: takes the coded pictures.
    """

    def __init__(
        self,
        request: ExportRequest,
        camera: tuple[str, str],
        finders: Mapping[Sought, Finder],
        spool: WritableFile,
    ) -> None:
        self._request = request
        self._camera_id, self._name = camera
        self._finders = finders
        self._spool = spool
        self._encoder: PictureEncoder | None = None
        self._caption: Caption | None = None
        self._masker: Masker | None = None
        self._waiting: deque[_Waiting] = deque()
        self._coded: list[tuple[int, int, bool]] = []  # stamp, size, key
        self._walls: list[int] = []
        self.found = 0

    @property
    def walls(self) -> list[int]:
        """When each picture was taken, in order."""
        return self._walls

    def put(self, frame: VideoFrame, pts: int, wall_ns: int) -> None:
        """Take the next picture.

        Args:
            pts: when it is shown, ticks of ``MOVIE_TIMESCALE``; must rise.

        Raises:
            OSError: the spool can't be written.
        """
        full = "yuvj420p" if frame.format.name.startswith("yuvj") else "yuv420p"
        width, height = frame.width // 2 * 2, frame.height // 2 * 2
        plain = frame.reformat(width=width, height=height, format=full)
        planes = _bytes(plain.to_ndarray())
        boxes = self._find(plain, pts) if self._finders else np.zeros((0, 4), np.float32)
        self._waiting.append(_Waiting(planes, full, pts, wall_ns, boxes))
        while self._is_due(pts):
            self._send(self._waiting.popleft())

    def close(self) -> None:
        """Code what is left."""
        while self._waiting:
            self._send(self._waiting.popleft())
        if self._encoder is not None:
            self._keep(self._encoder.flush())

    def track(self, source: int, last_duration: int) -> OutTrack | None:
        """The track that was coded, out of the spool; None without a picture.

        Args:
            source: the spool's number among the sources.
            last_duration: ticks that the last picture is shown.
        """
        if self._encoder is None or not self._coded:
            return None
        table = np.array(self._coded, np.int64)
        pts, size = table[:, 0], table[:, 1]
        places = np.cumsum(size) - size
        chunks = [
            Chunk(
                source,
                int(places[begin]),
                int(size[begin : begin + _CHUNK_PICTURES].sum()),
                min(_CHUNK_PICTURES, len(size) - begin),
                float(pts[begin]) / MOVIE_TIMESCALE,
            )
            for begin in range(0, len(size), _CHUNK_PICTURES)
        ]
        keys = np.flatnonzero(table[:, 2])
        return OutTrack(
            MOVIE_TIMESCALE,
            self._encoder.entry,
            pts,
            pts,
            size,
            last_duration,
            keys,
            chunks,
            self._encoder.size_wh,
        )

    def _find(self, frame: VideoFrame, pts: int) -> Boxes:
        picture = _bytes(frame.to_ndarray(format="bgr24"))
        pts_ns = pts * NS_PER_S // MOVIE_TIMESCALE
        boxes = [finder.find(picture, pts_ns) for finder in self._finders.values()]
        self.found += sum(map(len, boxes))
        return np.concatenate(boxes)

    def _is_due(self, newest: int) -> bool:
        if not self._waiting:
            return False
        reach = FOUND_REACH_S * MOVIE_TIMESCALE if self._finders else 0
        old = newest - self._waiting[0].pts >= reach
        return old or len(self._waiting) > _REACH_PICTURES_MAX

    def _send(self, picture: _Waiting) -> None:
        """Mask with what was found in this picture, in those after it and in those before."""
        height, width = picture.planes.shape[0] * 2 // 3, picture.planes.shape[1]
        if self._masker is None:
            zones = [z for z in self._request.zones if z.camera in (None, self._camera_id)]
            self._masker = Masker(zones, self._request.mask_style, (width, height))
            self._recent: deque[tuple[int, Boxes]] = deque(maxlen=_REACH_PICTURES_MAX)
        reach = FOUND_REACH_S * MOVIE_TIMESCALE
        near = [b for at, b in self._recent if picture.pts - at <= reach]
        near += [picture.boxes]
        near += [w.boxes for w in self._waiting if w.pts - picture.pts <= reach]
        self._recent.append((picture.pts, picture.boxes))
        self._masker.apply(picture.planes, picture.wall_ns, np.concatenate(near))
        frame = VideoFrame.from_ndarray(picture.planes, format=picture.format_name)
        frame = self._captioned(self._scaled(frame), picture.wall_ns)
        if self._encoder is None:
            self._encoder = PictureEncoder(frame, Coding(TIME_LAPSE_FPS))
        self._walls.append(picture.wall_ns)
        self._keep(self._encoder.encode(frame, picture.pts))

    def _scaled(self, frame: VideoFrame) -> VideoFrame:
        longer = max(frame.width, frame.height)
        if self._request.width is None or self._request.width >= longer:
            return frame
        scale = self._request.width / longer
        width, height = (
            max(2, round(side * scale / 2) * 2) for side in (frame.width, frame.height)
        )
        return frame.reformat(width=width, height=height)

    def _captioned(self, frame: VideoFrame, wall_ns: int) -> VideoFrame:
        if not self._request.burn_in:
            return frame
        if self._caption is None:
            size = (frame.width, frame.height)
            self._caption = Caption(self._name, self._request.time_zone, size)
        planes = _bytes(frame.to_ndarray())
        self._caption.draw(planes, wall_ns)
        return VideoFrame.from_ndarray(planes, format=frame.format.name)

    def _keep(self, pictures: Sequence[CodedPicture]) -> None:
        for picture in pictures:
            self._spool.write([picture.data])
            self._coded.append((picture.pts, len(picture.data), picture.is_key))


def _bytes(array: "np.typing.NDArray[Any]") -> Planes:
    return array.astype(np.uint8, copy=False)


def recode_span(
    line: Timeline, asked: Span, reader: SampleReader, codec: str, recoder: Recoder
) -> int:
    """Every picture of the span, at its own time.

    Returns:
        Samples that could not be decoded.
    """
    row = _decodable(line.video)
    since, until = line.ticks(asked.since_ns), line.ticks(asked.until_ns)
    begin, end = _around(row, since, until)
    decoder = PictureDecoder(codec, row.entry)
    for index in range(begin, end):
        ready = decoder.decode(reader.read(row, index), int(row.samples.pts[index]))
        _put(recoder, line, ready, since, until)
    _put(recoder, line, decoder.flush(), since, until)
    return decoder.errors


def _put(
    recoder: Recoder, line: Timeline, ready: list[tuple[VideoFrame, int]], since: int, until: int
) -> None:
    for frame, pts in ready:
        if since <= pts < until:
            recoder.put(frame, pts, line.wall_ns(pts))


def _decodable(row: Row) -> Row:
    """Without pictures that are shown before the first key frame and need what stood before it."""
    return row.of(np.flatnonzero(row.samples.pts >= row.samples.pts[0]))


def _around(row: Row, since: int, until: int) -> tuple[int, int]:
    pts = row.samples.pts
    keys = np.flatnonzero(row.samples.key)
    before = keys[pts[keys] <= since]
    wanted = np.flatnonzero(pts < until)
    begin = int(before[-1]) if len(before) else int(keys[0]) if len(keys) else 0
    return begin, int(wanted[-1]) + 1 if len(wanted) else begin


class Lapse:
    """Chooses the pictures of a time-lapse: one for each step, the first that is not before it.

    Args:
        speed: how many times faster than life.
    """

    def __init__(self, asked: Span, speed: int) -> None:
        self._until_ns = asked.until_ns
        self._step_ns = speed * NS_PER_S // TIME_LAPSE_FPS
        self.next_ns = asked.since_ns
        self.count = 0

    def run(self, line: Timeline, reader: SampleReader, codec: str, recoder: Recoder) -> int:
        """Take what neighbouring recordings have to give.

        Key frames alone are decoded where they come often enough.

        Returns:
            Samples that could not be decoded.
        """
        row = _decodable(line.video)
        keys = np.flatnonzero(row.samples.key)
        spacing = np.diff(row.samples.pts[keys]).max(initial=0) * NS_PER_S / row.timescale
        decoder = PictureDecoder(codec, row.entry)
        if self._step_ns >= spacing:
            for key in keys.tolist():
                pts = int(row.samples.pts[key])
                if self._wants(line.wall_ns(pts)):
                    ready = decoder.decode(reader.read(row, key), pts)
                    self._take(line, ready + decoder.flush(), recoder)
            return decoder.errors
        begin, end = _around(row, line.ticks(self.next_ns), line.ticks(self._until_ns))
        for index in range(begin, end):
            data = reader.read(row, index)
            self._take(line, decoder.decode(data, int(row.samples.pts[index])), recoder)
        self._take(line, decoder.flush(), recoder)
        return decoder.errors

    def _wants(self, wall_ns: int) -> bool:
        return self.next_ns <= wall_ns < self._until_ns

    def _take(self, line: Timeline, ready: list[tuple[VideoFrame, int]], recoder: Recoder) -> None:
        for frame, pts in ready:
            wall_ns = line.wall_ns(pts)
            if self._wants(wall_ns):
                recoder.put(frame, self.count * LAPSE_TICKS, wall_ns)
                self.count += 1
                missed = (wall_ns - self.next_ns) // self._step_ns
                self.next_ns += (missed + 1) * self._step_ns
