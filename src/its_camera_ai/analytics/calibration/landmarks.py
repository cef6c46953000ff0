"""Things that never move, by which a bumped camera is noticed."""

from dataclasses import dataclass
from enum import StrEnum

import cv2
import msgspec
import numpy as np
import numpy.typing as npt

from its_camera_ai.analytics.calibration.landmark_search import (
    CORNER_MIN,
    cornerness,
    half_px,
    search,
)
from its_camera_ai.core.calibration import Calibration, Landmark
from its_camera_ai.core.errors import CalibrationInvalid, StateInvalid
from its_camera_ai.core.picture_points import scaled_to_pixels

Luma = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

VERSION = 1
_REACH_OF_WIDTH = 0.06
"""A landmark is looked for so far from where it was."""
_IN_PLACE_OF_WIDTH, _IN_PLACE_MIN_PX = 0.0025, 1.5
_FOUND_SCORE = 0.65
"""Least normalised correlation of a landmark that is found; passing objects and other places of a
street stay below."""
_CONTRAST_KEPT = 0.5

_ZOOM_MAX = 0.1
"""Of a bumped camera; more is no move but a mistake."""


class LandmarkVerdict(StrEnum):
    """What the landmarks say together."""

    IN_PLACE = "in_place"
    MOVED = "moved"
    """Most that are found moved in one and the same way."""
    LOST = "lost"
    """The picture is clear where they were, and none of them is there."""
    UNKNOWN = "unknown"
    """Too dark, too foggy, too few in sight, or they do not agree."""


@dataclass(frozen=True, slots=True, eq=False)
class LandmarkCheck:
    """One look at the landmarks.

    Attributes:
        moved_px: (K, 2) from where it was to where it is; NaN where it is not found.
        score: (K,) normalised correlation there, −1–1.
        shift_px: how far the agreed move takes them, median; 0 unless ``MOVED``.
        reason: in words, for the event.
    """

    moved_px: Floats
    score: Floats
    verdict: LandmarkVerdict
    shift_px: float
    reason: str

    @property
    def agreed(self) -> bool:
        """They say the same, whichever it is."""
        return self.verdict in (LandmarkVerdict.IN_PLACE, LandmarkVerdict.MOVED)

    @property
    def in_doubt(self) -> bool:
        """This look speaks against the calibration."""
        return self.verdict in (LandmarkVerdict.MOVED, LandmarkVerdict.LOST)


class _Patch(msgspec.Struct, array_like=True, frozen=True):
    name: str
    at: tuple[int, int]
    side: int
    luma: bytes

    @property
    def picture(self) -> Luma:
        return np.frombuffer(self.luma, np.uint8).reshape(self.side, self.side)


class _Saved(msgspec.Struct, array_like=True, frozen=True):
    version: int
    size_wh: tuple[int, int]
    patches: tuple[_Patch, ...]


@dataclass(frozen=True, slots=True)
class LandmarkBook:
    """What the landmarks looked like at calibration time."""

    size_wh: tuple[int, int]
    _patches: tuple[_Patch, ...]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(patch.name for patch in self._patches)

    @classmethod
    def of(cls, luma: Luma, calibration: Calibration) -> "LandmarkBook":
        """Cut from the picture that was calibrated.

        Args:
            luma: (H, W) uint8, best without anything passing.

        Raises:
            CalibrationInvalid: a landmark at the picture's edge, or without any detail.
        """
        height, width = luma.shape
        half = half_px(width)
        at = scaled_to_pixels(
            tuple(mark.at for mark in calibration.landmarks), calibration.unit, (width, height)
        )
        patches = [
            _cut(luma, mark, (round(float(u)), round(float(v))), half, number)
            for number, (mark, (u, v)) in enumerate(
                zip(calibration.landmarks, at, strict=True), start=1
            )
        ]
        return cls((width, height), tuple(patches))

    def to_bytes(self) -> bytes:
        """To be kept beside the calibration."""
        return msgspec.msgpack.encode(_Saved(VERSION, self.size_wh, self._patches))

    @classmethod
    def from_bytes(cls, kept: bytes) -> "LandmarkBook":
        """
        Raises:
            StateInvalid: damaged, or of another version; confirm the calibration anew.
        """
        try:
            saved = msgspec.msgpack.decode(kept, type=_Saved)
        except msgspec.DecodeError as error:
            raise StateInvalid(
                f"The kept landmarks can't be read ({error}); confirm the calibration again."
            ) from error
        sound = all(len(patch.luma) == patch.side**2 for patch in saved.patches)
        if saved.version != VERSION or not sound:
            raise StateInvalid("The kept landmarks can't be used; confirm the calibration again.")
        return cls(saved.size_wh, saved.patches)

    def shift(self, luma: Luma) -> LandmarkCheck:
        """Look for every landmark around where it was.

        By normalised correlation (Lewis, *Fast normalized cross-correlation*, 1995), of the picture
        and of its gradients, so that neither brightness nor a shadow that passes over moves
        anything; then the landmarks vote.

        Args:
            luma: (H, W) uint8 of any size; shifts are told in its pixels.
        """
        if (luma.shape[1], luma.shape[0]) != self.size_wh:
            scale = luma.shape[1] / self.size_wh[0]
            small = cv2.resize(luma, self.size_wh, interpolation=cv2.INTER_AREA)
            return _voted(self, *self._found(np.asarray(small, np.uint8)), scale)
        return _voted(self, *self._found(luma), 1.0)

    def _found(self, luma: Luma) -> tuple[Floats, Floats, Floats]:
        """(K, 2) moves, (K,) scores, (K,) contrast there now relative to that of the patch."""
        moved, score, contrast = [], [], []
        for patch in self._patches:
            one, how_well = search(
                luma, patch.picture, patch.at, round(_REACH_OF_WIDTH * self.size_wh[0])
            )
            moved.append(one)
            score.append(how_well)
            half = patch.side // 2
            now = luma[
                patch.at[1] - half : patch.at[1] + half + 1,
                patch.at[0] - half : patch.at[0] + half + 1,
            ]
            contrast.append(float(now.std()) / max(float(patch.picture.std()), 1.0))
        return np.array(moved).reshape(-1, 2), np.array(score), np.array(contrast)


def suggested_landmarks(luma: Luma, keep_clear_px: Floats, count: int = 6) -> tuple[Landmark, ...]:
    """Spots with detail, off the road and far from each other.

    Args:
        luma: (H, W) uint8, best the median of several pictures, so that nothing that passes is
            chosen. keep_clear_px: (M, 2) polygon where things move.

    Returns:
        Up to ``count``, in pixels, the most distinct first.
    """
    width = luma.shape[1]
    half = half_px(width)
    strength = cv2.cornerMinEigenVal(cv2.GaussianBlur(luma, (0, 0), 1.5), half, ksize=3)
    if len(keep_clear_px) >= 3:
        cv2.fillPoly(strength, [np.rint(keep_clear_px).astype(np.int32)], (0.0,))
    margin = 2 * half
    strength[:margin], strength[-margin:] = 0, 0
    strength[:, :margin], strength[:, -margin:] = 0, 0
    chosen: list[Landmark] = []
    while len(chosen) < count:
        _, peak, _, (u, v) = cv2.minMaxLoc(strength)
        near = luma[v - half : v + half + 1, u - half : u + half + 1]
        if peak <= 0 or cornerness(near) < CORNER_MIN:
            break
        chosen.append(Landmark((float(u), float(v)), f"spot {len(chosen) + 1}"))
        cv2.circle(strength, (u, v), width // 8, (0.0,), -1)
    return tuple(chosen)


def _cut(luma: Luma, mark: Landmark, at: tuple[int, int], half: int, number: int) -> _Patch:
    name = mark.name or f"landmark {number}"
    u, v = at
    if not (half <= u < luma.shape[1] - half and half <= v < luma.shape[0] - half):
        raise CalibrationInvalid(
            f"Calibration: landmark '{name}' is nearer than {half} px to the picture's edge; "
            "choose one farther inside."
        )
    patch = luma[v - half : v + half + 1, u - half : u + half + 1]
    if cornerness(patch) < CORNER_MIN:
        raise CalibrationInvalid(
            f"Calibration: landmark '{name}' has no corner that can be found again; choose a sign, "
            "a marking's end or a window off the road."
        )
    return _Patch(name, at, 2 * half + 1, patch.tobytes())


def _voted(
    book: LandmarkBook, moved: Floats, score: Floats, contrast: Floats, scale: float
) -> LandmarkCheck:
    found = score >= _FOUND_SCORE
    in_place_px = max(_IN_PLACE_MIN_PX, _IN_PLACE_OF_WIDTH * book.size_wh[0])
    length = np.linalg.norm(moved, axis=1)
    at_home = int((found & (length <= in_place_px)).sum())
    places = np.array([patch.at for patch in book._patches], np.float64).reshape(-1, 2)
    together = _together(places[found], moved[found], in_place_px, at_home)
    verdict, reason, shift_px = LandmarkVerdict.UNKNOWN, "", 0.0
    if together.sum() >= 2 and together.sum() > found.sum() / 2:
        verdict = LandmarkVerdict.MOVED
        shift_px = float(np.median(length[found][together])) * scale
        reason = (
            f"The picture has moved by about {shift_px:.0f} px: {together.sum()} of {len(score)} "
            "landmarks say so. Put the camera back, or calibrate again."
        )
    elif at_home >= max(1, found.sum() / 2) and found.sum() >= min(2, len(score)):
        verdict = LandmarkVerdict.IN_PLACE
    elif not found.any() and len(score) >= 2 and np.mean(contrast > _CONTRAST_KEPT) > 0.5:
        verdict = LandmarkVerdict.LOST
        reason = (
            f"None of {len(score)} landmarks is in sight though the picture is clear: the camera "
            "was turned far, or the place was rebuilt. Check the view and calibrate again."
        )
    shown = np.where(found[:, None], moved * scale, np.nan)
    return LandmarkCheck(shown, score, verdict, shift_px, reason)


def _together(places: Floats, moved: Floats, near_px: float, at_home: int) -> Bools:
    """Which landmarks moved as one.

    Either all by one shift, and more of them than lie where they were; or by one turn and zoom
    besides, which may leave some near their place: then at least two more, because so free a move
    fits any two of them.

    Returns:
        (K,) bool, nobody where staying explains as much.
    """
    n = len(places)
    best = np.zeros(n, bool)
    for i in range(n):
        if np.linalg.norm(moved[i]) > near_px:
            near = np.linalg.norm(moved - moved[i], axis=1) <= near_px
            if near.sum() > max(at_home, best.sum()):
                best = near
    z, to = places @ [1, 1j], (places + moved) @ [1, 1j]
    for i in range(n):
        for j in range(i + 1, n):
            a = (to[j] - to[i]) / (z[j] - z[i])  # a similarity of the complex plane, z → a·z + b
            near = np.abs(to - (a * (z - z[i]) + to[i])) <= near_px
            if abs(abs(a) - 1) < _ZOOM_MAX and near.sum() >= max(at_home + 2, best.sum() + 1):
                best = near
    return best
