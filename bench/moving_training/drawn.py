"""Drawn two-wheelers: hardly any clip with clean rights has one."""

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

Picture = npt.NDArray[np.uint8]
_HEIGHT_PX = 96


class _Sheet:
    """A picture and its mask, drawn on together."""

    def __init__(self, width_px: int) -> None:
        self.bgr = np.zeros((_HEIGHT_PX, width_px, 3), np.uint8)
        self.mask = np.zeros((_HEIGHT_PX, width_px), np.uint8)

    def line(self, colour: Any, start: tuple[int, int], end: tuple[int, int], px: int) -> None:
        cv2.line(self.bgr, start, end, colour, px)
        cv2.line(self.mask, start, end, 255, px)

    def disc(self, colour: Any, centre: tuple[int, int], radius: int) -> None:
        cv2.circle(self.bgr, centre, radius, colour, -1)
        cv2.circle(self.mask, centre, radius, 255, -1)

    def wheel(self, colour: Any, centre: tuple[int, int], radius: int, *, thick: bool) -> None:
        cv2.circle(self.bgr, centre, radius, colour, 5 if thick else 3)
        cv2.circle(self.mask, centre, radius, 255, -1 if thick else 4)

    def oval(self, colour: Any, centre: tuple[int, int], size: tuple[float, float]) -> None:
        cv2.ellipse(self.bgr, (centre, size, 0), colour, -1)
        cv2.ellipse(self.mask, (centre, size, 0), 255, -1)


def two_wheeler(rng: np.random.Generator) -> tuple[Picture, Picture]:
    """Picture (H, W, 3) and soft mask (H, W) of a cycle with its rider, from aside or in front."""

    def colour(low: int, high: int) -> tuple[int, ...]:
        return tuple(int(v) for v in rng.integers(low, high, 3))

    aside = rng.random() < 0.65
    width = int(_HEIGHT_PX * (rng.uniform(0.75, 1.0) if aside else rng.uniform(0.3, 0.42)))
    tyre, frame, coat, leg = colour(5, 70), colour(0, 255), colour(0, 255), colour(10, 130)
    skin = (int(rng.integers(90, 150)), int(rng.integers(120, 180)), int(rng.integers(150, 220)))
    head = skin if rng.random() < 0.5 else frame
    sheet = _Sheet(width)
    motor = bool(rng.random() < 0.45)
    if aside:
        _from_aside(sheet, rng, (tyre, frame, coat, leg, head), motor=motor)
    else:
        _from_front(sheet, (tyre, frame, coat, leg, head), motor=motor)
    bgr, mask = sheet.bgr, sheet.mask
    if rng.random() < 0.5:
        bgr, mask = bgr[:, ::-1], mask[:, ::-1]
    light = np.linspace(rng.uniform(0.7, 1.1), rng.uniform(0.7, 1.1), _HEIGHT_PX)[:, None, None]
    shaded = np.clip(bgr * light + rng.normal(0, 6, bgr.shape), 0, 255).astype(np.uint8)
    blur = int(rng.choice((1, 3, 5)))
    return (
        np.asarray(cv2.GaussianBlur(shaded, (blur, blur), 0), np.uint8),
        np.asarray(cv2.GaussianBlur(np.ascontiguousarray(mask), (3, 3), 0), np.uint8),
    )


def _from_aside(
    sheet: _Sheet, rng: np.random.Generator, colours: tuple[Any, ...], *, motor: bool
) -> None:
    tyre, frame, coat, leg, head = colours
    height, width = sheet.mask.shape
    radius = int(height * 0.17)
    axle = height - radius - 2
    rear, front = (radius + 2, axle), (width - radius - 3, axle)
    for wheel in (rear, front):
        sheet.wheel(tyre, wheel, radius, thick=motor)
    saddle = (int(width * 0.42 + rng.uniform(-3, 3)), int(height * 0.5))
    shoulder = (int(width * 0.5 + rng.uniform(-2, 8)), int(height * 0.24))
    crank = (int(width * 0.5), axle)
    stem_x = front[0] - radius // 2
    stem, bar = (stem_x, int(height * 0.6)), (stem_x, int(height * 0.5))
    for start, end in (
        (rear, saddle), (saddle, stem), (front, bar), (crank, saddle), (rear, crank),
    ):  # fmt: skip
        sheet.line(frame, start, end, 10 if motor else 3)
    knee, foot = (int(width * 0.6), int(height * 0.62)), (int(width * 0.5), int(height * 0.82))
    sheet.line(leg, saddle, knee, 9)
    sheet.line(leg, knee, foot, 7)
    sheet.line(coat, saddle, shoulder, int(rng.integers(14, 20)))
    sheet.line(coat, shoulder, (int(width * 0.72), int(height * 0.46)), 6)
    sheet.disc(head, (shoulder[0] + 4, int(height * 0.11)), int(height * 0.085))


def _from_front(sheet: _Sheet, colours: tuple[Any, ...], *, motor: bool) -> None:
    tyre, frame, coat, leg, head = colours
    height, width = sheet.mask.shape
    middle = width // 2
    sheet.line(tyre, (middle, height - 2), (middle, int(height * 0.6)), 9 if motor else 5)
    for side, foot in ((-1, 0.84), (1, 0.8)):
        hip = (middle + side * int(width * 0.2), int(height * 0.52))
        sheet.line(leg, hip, (middle + side * int(width * 0.18), int(height * foot)), 8)
    sheet.line(frame, (2, int(height * 0.46)), (width - 3, int(height * 0.46)), 4)
    sheet.oval(coat, (middle, int(height * 0.37)), (width * 0.72, height * 0.36))
    sheet.disc(head, (middle, int(height * 0.11)), int(height * 0.085))
