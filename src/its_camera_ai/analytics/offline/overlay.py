"""What is drawn over a picture: boxes, tripwires with their running counts, zones."""

import cv2
import numpy as np
import numpy.typing as npt

from its_camera_ai.analytics.counting.counts import Counts
from its_camera_ai.analytics.offline.palette import class_rgb
from its_camera_ai.core.detections import ObjectClass
from its_camera_ai.core.scene import Line, Scene, Zone
from its_camera_ai.core.tracks import FrameTracks

Picture = npt.NDArray[np.uint8]
_LINE_BGR = (60, 220, 255)
_ZONE_BGR = (255, 200, 60)
_DARK = (20, 20, 20)
_WHITE = (255, 255, 255)
_WEIGHT = 600
_DASH_PX = 8


class Overlay:
    """Draws one scene on pictures of one size.

    Args:
        scene: its lines and zones.
        size_wh: of the pictures, pixels.
    """

    def __init__(self, scene: Scene, size_wh: tuple[int, int]) -> None:
        self._scene = scene
        self._size_wh = size_wh
        self._font = cv2.FontFace("sans")
        self._text_px = max(10, round(size_wh[1] / 42))
        self._thick_px = max(1, round(size_wh[1] / 360))

    def draw(self, picture: Picture, tracks: FrameTracks, counts: Counts) -> Picture:
        """A copy of the (H, W, 3) BGR picture with everything on it; predictions are dashed."""
        drawn = picture.copy()
        for i in range(len(tracks)):
            self._box(drawn, tracks, i)
        for zone in self._scene.zones:
            self._zone(drawn, zone, counts.zones[zone.id].occupancy)
        for line in self._scene.lines:
            tally = counts.lines[line.id]
            self._line(drawn, line, f"in {tally.inward.total}  out {tally.outward.total}")
        if tracks.unknown is not None:
            self._label(drawn, f"not analysed: {tracks.unknown}", (4, self._text_px + 4), _DARK)
        return drawn

    def _zone(self, picture: Picture, zone: Zone, occupancy: int) -> None:
        corners = np.rint(zone.pixels(self._size_wh)).astype(np.int32)
        cv2.polylines(picture, [corners], True, _ZONE_BGR, self._thick_px, cv2.LINE_AA)
        x, y = corners[corners[:, 1].argmin()]
        self._label(picture, f"{zone.name or zone.id}: {occupancy} inside", (x, y - 4), _DARK)

    def _line(self, picture: Picture, line: Line, counts: str) -> None:
        """The tripwire with an arrow in the direction called "in"."""
        ends = line.pixels(self._size_wh)
        start, end = (tuple(int(v) for v in point) for point in np.rint(ends))
        cv2.line(picture, start, end, _LINE_BGR, self._thick_px + 1, cv2.LINE_AA)
        along = ends[1] - ends[0]
        inward = np.array([-along[1], along[0]]) / max(float(np.hypot(*along)), 1e-9)
        middle = ends.mean(axis=0)
        tip = middle + inward * self._text_px * 1.6
        foot, point = (tuple(int(v) for v in np.rint(p)) for p in (middle, tip))
        thick = self._thick_px + 1
        cv2.arrowedLine(picture, foot, point, _LINE_BGR, thick, cv2.LINE_AA, tipLength=0.4)
        place = (start[0] + 4, start[1] - self._thick_px - 4)
        self._label(picture, f"{line.name or line.id}: {counts}", place, _DARK)

    def _box(self, picture: Picture, tracks: FrameTracks, i: int) -> None:
        left, top, right, bottom = (int(v) for v in np.rint(tracks.xyxy[i]))
        red, green, blue = class_rgb(int(tracks.class_id[i]))
        colour = (blue, green, red)
        if not tracks.observed[i]:
            _dashed(picture, (left, top, right, bottom), colour)
            return
        cv2.rectangle(picture, (left, top), (right, bottom), colour, self._thick_px)
        label = f"{ObjectClass(int(tracks.class_id[i])).label} {tracks.track_id[i]}"
        self._label(picture, label, (left, top - 3), colour)

    def _label(
        self, picture: Picture, text: str, place: tuple[int, int], colour: tuple[int, int, int]
    ) -> None:
        """White text on a plate, moved into the picture where it would stick out."""
        size = self._text_px
        _, _, width, _ = cv2.getTextSize(
            (0, 0), text, (0, 0), self._font, size, _WEIGHT, cv2.PUT_TEXT_ALIGN_LEFT
        )
        x = int(np.clip(place[0], 0, max(0, self._size_wh[0] - width - 4)))
        y = int(np.clip(place[1], size + 2, max(size + 2, self._size_wh[1] - 4)))
        cv2.rectangle(picture, (x, y - size), (x + width + 4, y + 3), colour, cv2.FILLED)
        cv2.putText(picture, text, (x + 2, y - 1), _WHITE, self._font, size, _WEIGHT)


def _dashed(picture: Picture, box: tuple[int, int, int, int], colour: tuple[int, int, int]) -> None:
    left, top, right, bottom = box
    for x in range(left, right, 2 * _DASH_PX):
        for y in (top, bottom):
            cv2.line(picture, (x, y), (min(x + _DASH_PX, right), y), colour, 1)
    for y in range(top, bottom, 2 * _DASH_PX):
        for x in (left, right):
            cv2.line(picture, (x, y), (x, min(y + _DASH_PX, bottom)), colour, 1)
