"""Small videos of bright boxes on a dark ground, and a detector that sees exactly those."""

from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import numpy.typing as npt
from av.video.frame import VideoFrame

from its_camera_ai.core.detections import Detections, ObjectClass
from its_camera_ai.vision.detector import ModelInfo

Picture = npt.NDArray[np.uint8]
BOX_WH = (40, 30)
_BRIGHT = 128


def picture(size_wh: tuple[int, int], boxes: Iterable[tuple[float, float]]) -> Picture:
    """Dark grey with a white box of ``BOX_WH`` at each left top corner."""
    made = np.full((size_wh[1], size_wh[0], 3), 30, np.uint8)
    for left, top in boxes:
        x, y = round(left), round(top)
        cv2.rectangle(made, (x, y), (x + BOX_WH[0] - 1, y + BOX_WH[1] - 1), (255, 255, 255), -1)
    return made


def crossing_boxes(frames: int = 50, step_px: float = 5.0) -> list[Picture]:
    """320 × 240: one box goes down on the left, a second one follows up on the right."""
    return [
        picture((320, 240), [(60, -30 + step_px * i), (220, 240 - step_px * i)])
        for i in range(frames)
    ]


def write_video(
    path: Path,
    pictures: Sequence[Picture],
    *,
    fps: int = 25,
    times: Sequence[int] | None = None,
    container: str | None = None,
    options: dict[str, str] | None = None,
    gop: int = 10,
) -> Path:
    """Encode pictures as H.264.

    Args:
        times: of each picture in ticks of ``1 / fps``; None for one after the other.
        container: FFmpeg's name; None goes by the file's extension.
        options: of the muxer.
    """
    with av.open(str(path), "w", format=container, options=options or {}) as made:
        stream = made.add_stream("libx264", rate=fps)
        stream.height, stream.width = pictures[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        stream.time_base = stream.codec_context.time_base = Fraction(1, fps)
        stream.codec_context.gop_size = gop
        stream.codec_context.max_b_frames = 0
        stream.options = {"preset": "ultrafast", "crf": "12", "x264-params": "scenecut=0"}
        for i, array in enumerate(pictures):
            frame = VideoFrame.from_ndarray(array, format="bgr24")
            frame.pts, frame.time_base = (i if times is None else times[i]), Fraction(1, fps)
            made.mux(stream.encode(frame))
        made.mux(stream.encode(None))
    return path


class BrightBoxes:
    """A detector model: every bright region is a car of score 0.9.

    Args:
        family: ``moving`` makes it count as one with memory.
        look: called at the start of each look, in the thread that looks.
    """

    areas = None

    def __init__(self, family: str = "test", look: Callable[[int], None] = lambda _: None) -> None:
        self._look = look
        self._info = ModelInfo("bright-boxes", family, "Apache-2.0", (320, 240), (ObjectClass.CAR,))
        self.closed = False

    @property
    def info(self) -> ModelInfo:
        return self._info

    def open(self, camera_id: str) -> "BrightBoxes":
        return self

    def detect(self, frame_bgr: Picture, pts_ns: int) -> Detections:
        self._look(pts_ns)
        mask = (frame_bgr[:, :, 1] > _BRIGHT).astype(np.uint8)
        count, _, stats, _ = cv2.connectedComponentsWithStats(mask)
        boxes = [[x, y, x + w, y + h] for x, y, w, h, area in stats[1:count] if area > 40]
        return Detections.of(boxes, [0.9] * len(boxes))

    def close(self) -> None:
        self.closed = True
