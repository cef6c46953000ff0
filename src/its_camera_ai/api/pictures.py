"""Single JPEG pictures out of a live stream: the snapshot and the fall-back for browsers that
can't play the stream's codec.

A box is drawn on the frame it was found in: with boxes asked for, a frame waits a moment for its
tracks, and where none come it is shown without.
"""

import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import cv2
import numpy as np
import numpy.typing as npt

from its_camera_ai.api.viewer import Viewer
from its_camera_ai.bus.messages import TracksMessage
from its_camera_ai.core.detections import ObjectClass
from its_camera_ai.core.errors import CameraUnsupported
from its_camera_ai.core.media import Packet, StreamInfo
from its_camera_ai.core.time import NS_PER_MS, NS_PER_S, Clock
from its_camera_ai.core.tracks import FrameTracks
from its_camera_ai.video.decoder import Frame, VideoDecoder

PICTURES_PER_S_MAX = 10.0
WIDTH_PX_MAX = 1280
JPEG_QUALITY = 80
TRACKS_WAIT_S = 1.0
"""How long a frame waits for its tracks, in stream time."""

_FRAMES_WAITING_BYTES_MAX = 64 * 1024 * 1024
_TRACKS_KEPT_MAX = 64
_BGR = tuple[int, int, int]
_COLOURS: Mapping[ObjectClass, _BGR] = {
    ObjectClass.PERSON: (60, 180, 255),
    ObjectClass.BICYCLE: (200, 200, 60),
    ObjectClass.MOTORCYCLE: (200, 130, 60),
    ObjectClass.CAR: (90, 220, 90),
    ObjectClass.BUS: (220, 110, 200),
    ObjectClass.TRUCK: (90, 90, 235),
    ObjectClass.ANIMAL: (170, 220, 240),
    ObjectClass.OTHER: (190, 190, 190),
}


class DecodingSeats:
    """How many may decode at a time in this process; decoding is what costs CPU here."""

    def __init__(self, seats_max: int) -> None:
        self.seats_max = seats_max
        self._seats = threading.BoundedSemaphore(seats_max)

    def take(self) -> bool:
        """Take a seat without waiting; False when all are taken."""
        return self._seats.acquire(blocking=False)

    def give_back(self) -> None:
        self._seats.release()


class PictureMaker:
    """Turns a viewer's packets into JPEGs; used from one thread at a time.

    Args:
        boxes: burn in the tracks of that very frame.
        pictures_per_s_max: measured in stream time.
    """

    def __init__(
        self,
        viewer: Viewer,
        packets_came: threading.Event,
        *,
        boxes: bool = False,
        pictures_per_s_max: float = PICTURES_PER_S_MAX,
    ) -> None:
        self._viewer = viewer
        self._packets_came = packets_came
        self._boxes = boxes
        self._spacing_ns = round(NS_PER_S / pictures_per_s_max)
        self._info: StreamInfo | None = None
        self._decoder: VideoDecoder | None = None
        self._waiting: deque[Frame] = deque()
        self._tracks: deque[TracksMessage] = deque(maxlen=_TRACKS_KEPT_MAX)
        self._shown_pts_ns: int | None = None

    def on_tracks(self, message: TracksMessage) -> None:
        """From whichever thread brings them."""
        self._tracks.append(message)
        self._packets_came.set()

    def next_jpeg(self, wait_s: float) -> bytes | None:
        """Decode all that has come and return the newest picture that is due.

        Blocks for at most about ``wait_s`` when nothing is there.

        Raises:
            CameraUnsupported: no decoder for this codec.
        """
        self._packets_came.wait(wait_s)
        self._packets_came.clear()
        for packet in self._viewer.take():
            self._decode(packet)
        due = self._due_with_tracks() if self._boxes else self._due()
        if due is None:
            return None
        frame, tracks = due
        self._shown_pts_ns = frame.pts_ns
        return encode(frame, tracks)

    def _decode(self, packet: Packet) -> None:
        if self._info is None or packet.info.generation != self._info.generation:
            if not packet.is_key:
                return
            self._info = packet.info
            self._decoder = open_decoder(packet.info)
            self._waiting.clear()
            self._shown_pts_ns = None
        if self._decoder is not None:
            self._waiting.extend(self._decoder.decode(packet))
        frames_max = 1
        if self._boxes:
            width, height = self._info.video.width, self._info.video.height
            frames_max = max(1, _FRAMES_WAITING_BYTES_MAX // max(1, width * height * 3 // 2))
        while len(self._waiting) > frames_max:
            self._waiting.popleft()

    def _is_due(self, frame: Frame) -> bool:
        shown = self._shown_pts_ns
        return shown is None or frame.pts_ns - shown >= self._spacing_ns - NS_PER_MS

    def _due(self) -> tuple[Frame, FrameTracks | None] | None:
        if not self._waiting or not self._is_due(self._waiting[-1]):
            return None
        return self._waiting.pop(), None

    def _due_with_tracks(self) -> tuple[Frame, FrameTracks | None] | None:
        """The newest frame whose tracks are known, else one that has waited long enough."""
        if not self._waiting or self._info is None:
            return None
        known = {m.pts_ns: m for m in self._tracks if m.generation == self._info.generation}
        for position in reversed(range(len(self._waiting))):
            frame = self._waiting[position]
            if frame.pts_ns in known and self._is_due(frame):
                for _ in range(position + 1):
                    self._waiting.popleft()
                return frame, known[frame.pts_ns].tracks()
        late_ns = self._waiting[-1].pts_ns - round(TRACKS_WAIT_S * NS_PER_S)
        late: Frame | None = None
        while self._waiting and self._waiting[0].pts_ns <= late_ns:
            late = self._waiting.popleft()
        return None if late is None or not self._is_due(late) else (late, None)


def open_decoder(info: StreamInfo) -> VideoDecoder:
    """A decoder for this stream.

    Raises:
        CameraUnsupported: there is none.
    """
    try:
        return VideoDecoder(info)
    except ValueError as error:
        raise CameraUnsupported(
            f"Pictures of the codec '{info.video.codec}' can't be decoded here; set the camera to "
            "H.264 or H.265."
        ) from error


def newest_jpeg(
    viewer: Viewer, packets_came: threading.Event, clock: Clock, timeout_s: float
) -> bytes | None:
    """One picture, as new as the stream has it; None where none came in time."""
    maker = PictureMaker(viewer, packets_came)
    deadline_ns = clock.monotonic_ns() + round(timeout_s * NS_PER_S)
    while (left_ns := deadline_ns - clock.monotonic_ns()) > 0 and not viewer.closed:
        jpeg = maker.next_jpeg(left_ns / NS_PER_S)
        if jpeg is not None:
            return jpeg
    return None


def encode(frame: Frame, tracks: FrameTracks | None) -> bytes:
    """The frame as JPEG, at most ``WIDTH_PX_MAX`` wide, with boxes where tracks are given."""
    width, height = frame.size_wh
    if width > WIDTH_PX_MAX:
        width, height = WIDTH_PX_MAX, round(height * WIDTH_PX_MAX / width / 2) * 2
    picture = np.ascontiguousarray(frame.bgr(size_wh=(width, height)))
    if tracks is not None:
        draw_tracks(picture, tracks)
    done, jpeg = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    if not done:
        raise CameraUnsupported("The picture can't be written as JPEG; check the camera's size.")
    return jpeg.tobytes()


def draw_tracks(picture: npt.NDArray[np.uint8], tracks: FrameTracks) -> None:
    """Draw boxes with class and number into a (H, W, 3) BGR picture of any scale; a prediction is
    drawn thin."""
    height, width = picture.shape[:2]
    scale = np.array([width, height, width, height]) / np.array(tracks.size_wh * 2)
    boxes = np.rint(tracks.xyxy * scale).astype(int).tolist()
    rows = zip(
        boxes,
        tracks.class_id.tolist(),
        tracks.track_id.tolist(),
        tracks.observed.tolist(),
        strict=True,
    )
    for (left, top, right, bottom), class_id, track_id, observed in rows:
        what = ObjectClass(class_id)
        colour = _COLOURS[what]
        cv2.rectangle(picture, (left, top), (right, bottom), colour, 2 if observed else 1)
        label = f"{what.label} {track_id}"
        at = (left, max(top - 4, 12))
        cv2.putText(picture, label, at, cv2.FONT_HERSHEY_SIMPLEX, 0.45, (0, 0, 0), 3, cv2.LINE_AA)
        cv2.putText(picture, label, at, cv2.FONT_HERSHEY_SIMPLEX, 0.45, colour, 1, cv2.LINE_AA)


@contextmanager
def seated(seats: DecodingSeats, refuse: Callable[[], Exception]) -> Iterator[None]:
    """Hold a seat for the length of a ``with`` block, or raise what ``refuse`` makes."""
    if not seats.take():
        raise refuse()
    try:
        yield
    finally:
        seats.give_back()
