"""Burns the camera's name and the time into pictures, readable on any ground."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import cv2
import numpy as np

from its_camera_ai.core.time import NS_PER_MS
from its_camera_ai.recorder.exporting.masks import Planes

_BLACK, _WHITE, _GREY = 16, 235, 128
_TEXT_SHARE = 1 / 32
_TEXT_MIN_PX = 11
_WEIGHT = 500


class Caption:
    """White on black in the upper left corner: name, UTC, and local time where that differs.

    Args:
        name: of the camera.
        zone: IANA name; ``UTC`` writes UTC alone.
        size_wh: of the pictures, even.
    """

    def __init__(self, name: str, zone: str, size_wh: tuple[int, int]) -> None:
        self._name = name
        self._zone = None if zone == "UTC" else ZoneInfo(zone)
        self._size_wh = size_wh
        self._font = cv2.FontFace("sans")
        self._text_px = max(_TEXT_MIN_PX, round(size_wh[1] * _TEXT_SHARE))

    def draw(self, planes: Planes, wall_ns: int) -> None:
        """Write into the picture, in place."""
        lines = [self._name, *time_lines(wall_ns, self._zone)]
        luma = planes[: self._size_wh[1]]
        step = self._text_px + self._text_px // 2
        text_px = self._text_px
        widest = max(self._width(line, text_px) for line in lines)
        if widest + 8 > self._size_wh[0]:
            text_px = max(4, text_px * (self._size_wh[0] - 8) // widest)
            step = text_px + text_px // 2
            widest = max(self._width(line, text_px) for line in lines)
        right = min(self._size_wh[0], widest + 8) // 2 * 2
        bottom = min(self._size_wh[1], step * len(lines) + text_px // 2) // 2 * 2
        self._blank(planes, right, bottom)
        box = np.ascontiguousarray(luma[:bottom, :right])
        for number, line in enumerate(lines):
            at = (4, step * (number + 1) - text_px // 4)
            cv2.putText(box, line, at, (_WHITE,), self._font, text_px, _WEIGHT)
        luma[:bottom, :right] = box

    def _width(self, line: str, text_px: int) -> int:
        size = cv2.getTextSize((10_000, 1000), line, (0, 500), self._font, text_px, _WEIGHT)
        width = size[2]
        return int(width)

    def _blank(self, planes: Planes, right: int, bottom: int) -> None:
        width, height = self._size_wh
        planes[:bottom, :right] = _BLACK
        chroma = planes[height:].reshape(2, height // 2, width // 2)
        chroma[:, : bottom // 2, : right // 2] = _GREY


def time_lines(wall_ns: int, zone: ZoneInfo | None) -> list[str]:
    """UTC, and the local time with its name, its distance to UTC and whether it is summer time.

    >>> time_lines(1_792_888_200_000_000_000, ZoneInfo("Europe/Berlin"))
    ['2026-10-25 00:30:00.000 UTC', '2026-10-25 02:30:00.000 CEST (UTC+02:00, DST)']
    """
    moment = datetime.fromtimestamp(wall_ns // NS_PER_MS / 1000, tz=UTC)
    lines = [f"{_clock(moment)} UTC"]
    if zone is not None:
        local = moment.astimezone(zone)
        offset = local.strftime("%z")
        summer = ", DST" if local.dst() else ""
        name = local.tzname() or ""
        shown = f"{name} " if name.isalpha() else ""
        lines.append(f"{_clock(local)} {shown}(UTC{offset[:3]}:{offset[3:5]}{summer})")
    return lines


def _clock(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M:%S.") + f"{moment.microsecond // 1000:03d}"
