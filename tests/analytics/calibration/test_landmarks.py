"""A bumped camera is noticed by its landmarks; weather, light and traffic are not taken for one."""

from dataclasses import replace
from functools import cache

import cv2
import numpy as np
import pytest

from its_camera_ai.analytics.calibration.doubt import CalibrationDoubt
from its_camera_ai.analytics.calibration.landmarks import (
    LandmarkBook,
    LandmarkVerdict,
    suggested_landmarks,
)
from its_camera_ai.core.calibration import Calibration, Landmark
from its_camera_ai.core.errors import CalibrationInvalid, StateInvalid
from its_camera_ai.core.picture_points import Unit
from its_camera_ai.core.time import NS_PER_S
from its_camera_ai.sim.street import open_street
from tests.analytics.calibration.views import calibrated

SIZE_WH = (640, 360)
CAPTION = np.array([[0.0, 0], [640, 0], [640, 30], [0, 30]])


def grey(bgr: np.ndarray) -> np.ndarray:
    return np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2GRAY), np.uint8)


@cache
def pictures(weather: str) -> tuple[np.ndarray, ...]:
    """The empty street, and two with traffic."""
    street = open_street("motorway", seed=4, size_wh=SIZE_WH, fps=1, weather=weather)
    return grey(street.backdrop), grey(street.frame(0).bgr), grey(street.frame(11).bgr)


def empty_street() -> np.ndarray:
    return pictures("")[0]


@cache
def book() -> LandmarkBook:
    empty = empty_street()
    marks = suggested_landmarks(empty, CAPTION)
    return LandmarkBook.of(empty, replace(calibrated(), landmarks=marks))


def bumped(
    luma: np.ndarray, turn_deg: float = 0, shift: tuple[float, float] = (0, 0), zoom: float = 1
) -> np.ndarray:
    matrix = cv2.getRotationMatrix2D((320, 180), turn_deg, zoom)
    matrix[:, 2] += shift
    return np.asarray(cv2.warpAffine(luma, matrix, SIZE_WH, borderMode=cv2.BORDER_REFLECT))


WEATHER = ["", "trees", "night", "rain"]


@pytest.mark.parametrize("weather", WEATHER)
def test_weather_and_traffic_are_no_move(weather: str) -> None:
    for luma in pictures(weather)[1:]:
        check = book().shift(luma)
        assert check.verdict is LandmarkVerdict.IN_PLACE
        assert check.agreed
        assert not check.in_doubt


@pytest.mark.parametrize(
    ("move", "shift_px"),
    [
        pytest.param({"shift": (9, 5)}, 10.3, id="pan"),
        pytest.param({"shift": (0, -3)}, 3, id="sag"),
        pytest.param({"turn_deg": 1.5}, None, id="roll"),
        pytest.param({"zoom": 1.03}, None, id="zoom"),
        pytest.param({"turn_deg": -1, "shift": (6, 2)}, None, id="roll and pan"),
    ],
)
@pytest.mark.parametrize("weather", WEATHER)
def test_a_bump_is_noticed(move: dict, shift_px: float | None, weather: str) -> None:
    check = book().shift(bumped(pictures(weather)[1], **move))
    assert check.verdict is LandmarkVerdict.MOVED
    assert "calibrate again" in check.reason
    if shift_px is not None:
        assert check.shift_px == pytest.approx(shift_px, abs=0.5)


def test_a_camera_bumped_at_ten_thirteen_measures_nothing_from_then_on() -> None:
    """Traffic passes all the while; what was measured before stays as it is."""
    bump_s = 10 * 3600 + 13 * 60
    doubt, measured, told = CalibrationDoubt(), [], []
    for k, second in enumerate(range(bump_s - 20, bump_s + 20, 2)):
        luma = pictures("")[1 + k % 2]
        shown = luma if second < bump_s else bumped(luma, shift=(-6, 4))
        change = doubt.update(book().shift(shown), second * NS_PER_S)
        told += [change] if change else []
        measured += [] if doubt.in_doubt else [second]
    assert measured == list(range(bump_s - 20, bump_s, 2))
    assert [(c.in_doubt, c.since_pts_ns) for c in told] == [(True, bump_s * NS_PER_S)]
    assert "moved by about 7 px" in doubt.reason


def test_shifts_are_told_in_the_pixels_of_the_picture_given() -> None:
    large = cv2.resize(bumped(empty_street(), shift=(8, 0)), (1280, 720))
    check = book().shift(np.asarray(large, np.uint8))
    assert check.shift_px == pytest.approx(16, abs=1.5)


def test_landmarks_behind_passing_lorries_are_left_to_the_others() -> None:
    empty = empty_street()
    marks = suggested_landmarks(empty, CAPTION)
    hidden = empty.copy()
    for mark in marks[:2]:
        u, v = map(int, mark.at)
        hidden[v - 30 : v + 30, u - 30 : u + 30] = 90
    check = book().shift(hidden)
    assert (np.nan_to_num(np.abs(check.moved_px[:2]), nan=99).max(axis=1) > 5).all()
    assert check.verdict is LandmarkVerdict.IN_PLACE
    assert book().shift(bumped(hidden, shift=(7, 0))).verdict is LandmarkVerdict.MOVED


def test_darkness_is_unknown_and_another_view_is_lost() -> None:
    empty = empty_street()
    assert book().shift((empty * 0.02).astype(np.uint8)).verdict in (
        LandmarkVerdict.UNKNOWN,
        LandmarkVerdict.IN_PLACE,
    )
    assert book().shift(np.full_like(empty, 120)).verdict is LandmarkVerdict.UNKNOWN
    noise = np.random.default_rng(0).integers(0, 255, empty.shape).astype(np.uint8)
    lost = book().shift(noise)
    assert lost.verdict is LandmarkVerdict.LOST
    assert lost.in_doubt
    assert "None of" in lost.reason


def test_without_landmarks_nothing_is_known() -> None:
    empty = empty_street()
    nothing = LandmarkBook.of(empty, calibrated())
    assert nothing.shift(empty).verdict is LandmarkVerdict.UNKNOWN


def test_the_book_survives_on_disk() -> None:
    again = LandmarkBook.from_bytes(book().to_bytes())
    assert again == book()
    with pytest.raises(StateInvalid, match="confirm the calibration again"):
        LandmarkBook.from_bytes(book().to_bytes()[:-9])
    with pytest.raises(StateInvalid, match="confirm the calibration again"):
        LandmarkBook.from_bytes(b"\x93\x07\x92\x01\x01\x90")


@pytest.mark.parametrize(
    ("at", "said"),
    [
        pytest.param((3.0, 100.0), "to the picture's edge", id="at the edge"),
        pytest.param((100.0, 100.0), "'kerb' has no corner", id="straight edge"),
        pytest.param((300.0, 200.0), "'kerb' has no corner", id="plain"),
    ],
)
def test_poor_landmarks_are_refused(at: tuple[float, float], said: str) -> None:
    luma = np.full((360, 640), 80, np.uint8)
    luma[:, 100:] = 160
    marks = (Landmark(at, "kerb"),)
    with pytest.raises(CalibrationInvalid, match=said):
        LandmarkBook.of(luma, replace(calibrated(), landmarks=marks, unit=Unit.PX))


def test_suggestions_keep_clear_of_the_road_and_of_each_other() -> None:
    empty = empty_street()
    road = np.array([[200.0, 60], [440, 60], [640, 360], [0, 360]])
    marks = suggested_landmarks(empty, road)
    at = np.array([mark.at for mark in marks])
    outline = road.astype(np.float32)
    assert all(cv2.pointPolygonTest(outline, (float(u), float(v)), False) < 0 for u, v in at)
    apart = np.linalg.norm(at[:, None] - at[None], axis=2) + 1e9 * np.eye(len(at))
    assert apart.min() > SIZE_WH[0] / 10


def test_a_calibration_may_be_given_as_fractions() -> None:
    empty = empty_street()
    u, v = suggested_landmarks(empty, CAPTION)[0].at
    pairs = tuple(
        replace(p, image=(0.1 + 0.05 * k, 0.9 - 0.03 * k * k))
        for k, p in enumerate(calibrated().pairs[:5])
    )
    given = Calibration(pairs, landmarks=(Landmark((u / 640, v / 360)),))
    assert LandmarkBook.of(empty, given).names == ("landmark 1",)
