"""Point pairs to a ground plane: exact, robust, and every bad input named."""

from dataclasses import replace

import numpy as np
import pytest

from its_camera_ai.analytics.calibration.solving import solve
from its_camera_ai.core import geodesy
from its_camera_ai.core.calibration import Calibration, Lens, PointPair, WorldFrame
from its_camera_ai.core.errors import CalibrationInvalid
from its_camera_ai.core.ground import RadialLens
from its_camera_ai.core.picture_points import Unit
from its_camera_ai.core.road import Lane
from tests.analytics.calibration.views import (
    CAMERA,
    MARKS,
    SIZE_WH,
    calibrated,
    pairs_of,
    road_grid,
    seen,
)

CORNERS = MARKS[[0, 2, 9, 11]]


def errors_m(calibration: Calibration) -> np.ndarray:
    plane = solve(calibration, SIZE_WH).plane
    grid = road_grid()
    return np.linalg.norm(plane.to_world(seen(grid)) - grid, axis=1)


@pytest.mark.parametrize("count", [4, 5, 6, 12])
def test_exact_pairs_give_the_exact_plane(count: int) -> None:
    chosen = np.concatenate([CORNERS, np.delete(MARKS, [0, 2, 9, 11], axis=0)])[:count]
    assert errors_m(calibrated(chosen)).max() < 1e-9
    plane = solve(calibrated(chosen), SIZE_WH).plane
    assert np.allclose(plane.to_image(MARKS), seen(MARKS), atol=1e-7)


def test_a_pixel_of_noise_costs_centimetres() -> None:
    means = [errors_m(calibrated(noise_px=1, seed=k)).mean() for k in range(12)]
    assert np.mean(means) < 0.06


def test_hold_out_error_is_that_of_a_fit_without_the_pair() -> None:
    calibration = calibrated(noise_px=1)
    solution = solve(calibration, SIZE_WH)
    for k in (0, 5, 11):
        others = tuple(p for j, p in enumerate(calibration.pairs) if j != k)
        plane = solve(replace(calibration, pairs=others), SIZE_WH).plane
        found = plane.to_world(np.array([calibration.pairs[k].image]))[0]
        error = float(np.linalg.norm(found - MARKS[k]))
        assert solution.pairs[k].hold_out_m == pytest.approx(error, abs=1e-6)
        assert error > solution.pairs[k].residual_m
    assert solution.leave_one_out is not None
    assert solution.leave_one_out.pairs == 12
    assert solution.leave_one_out.max_m >= solution.leave_one_out.p95_m


def test_check_pairs_stay_out_of_the_fit() -> None:
    px = seen(MARKS)
    px[4] += (0, 5)
    calibration = Calibration(pairs_of(MARKS, px, checks=[1, 4, 7]), unit=Unit.PX)
    solution = solve(calibration, SIZE_WH)
    assert solution.checks is not None
    assert solution.hold_out is solution.checks
    assert solution.pairs[4].hold_out_m == solution.pairs[4].residual_m > 0.1
    assert solution.pairs[1].residual_m < 1e-9
    assert not solution.bad


@pytest.mark.parametrize("count", [6, 7, 12])
@pytest.mark.parametrize("where", [0, 3, 5])
def test_the_bad_pair_is_named_and_left_out(count: int, where: int) -> None:
    world = np.concatenate([CORNERS, np.delete(MARKS, [0, 2, 9, 11], axis=0)])[:count]
    rng = np.random.default_rng(7 * count + where)
    px = seen(world) + rng.normal(size=world.shape)
    px[where] += (55, 35)
    names = [f"mark {k}" for k in range(count)]
    solution = solve(Calibration(pairs_of(world, px, names=names), unit=Unit.PX), SIZE_WH)
    assert [pair.name for pair in solution.bad] == [f"mark {where}"]
    assert f"mark {where} was left out" in solution.warnings[0]
    assert "px from where the other pairs put it" in solution.bad[0].bad


def test_a_tape_read_wrongly_is_named_too() -> None:
    world = MARKS.copy()
    world[7] += (0, 10)
    solution = solve(Calibration(pairs_of(world, seen(MARKS)), unit=Unit.PX), SIZE_WH)
    assert [pair.name for pair in solution.bad] == ["pair 8"]


def test_two_bad_pairs_of_twelve_are_named() -> None:
    px = seen(MARKS)
    px[2] += (30, 0)
    px[9] += (-40, 25)
    solution = solve(Calibration(pairs_of(MARKS, px), unit=Unit.PX), SIZE_WH)
    assert [pair.index for pair in solution.bad] == [2, 9]
    assert errors_m(Calibration(pairs_of(MARKS, px), unit=Unit.PX)).max() < 1e-6


def test_where_two_could_be_the_wrong_one_both_are_named_and_left_out() -> None:
    """Of six pairs, the other four fit with the one as well as with its rival."""
    rng = np.random.default_rng(49)
    order = np.concatenate([[0, 2, 9, 11], rng.permutation([1, 3, 4, 5, 6, 7, 8, 10])])
    world = MARKS[order[:6]]
    px = seen(world) + rng.normal(size=world.shape)
    wrong, way = int(rng.integers(6)), rng.uniform(0, 2 * np.pi)
    px[wrong] += 60 * np.array([np.cos(way), np.sin(way)])
    solution = solve(Calibration(pairs_of(world, px), unit=Unit.PX), SIZE_WH)
    assert wrong == 3
    assert [pair.index for pair in solution.bad] == [0, 3]
    assert solution.bad[0].bad == (
        "either it or pair 4 is wrong, and so few pairs can't tell which"
    )
    assert "nobody knows their error" in " ".join(solution.warnings)


def test_without_a_majority_nobody_is_accused() -> None:
    rng = np.random.default_rng(3)
    px = seen(MARKS[[0, 2, 4, 6, 9, 11]]) + rng.normal(0, 25, (6, 2))
    solution = solve(Calibration(pairs_of(MARKS[[0, 2, 4, 6, 9, 11]], px), unit=Unit.PX), SIZE_WH)
    assert not solution.bad
    assert "contradict each other" in " ".join(solution.warnings)


def test_careful_clicks_accuse_nobody() -> None:
    for seed in range(8):
        assert not solve(calibrated(noise_px=1, seed=seed), SIZE_WH).bad


@pytest.mark.parametrize(("count", "said"), [(4, "nobody knows"), (5, "can't be named")])
def test_few_pairs_say_what_cant_be_known(count: int, said: str) -> None:
    chosen = np.concatenate([CORNERS, MARKS[4:5]])[:count]
    solution = solve(calibrated(chosen), SIZE_WH)
    assert said in " ".join(solution.warnings)
    assert (solution.leave_one_out is None) == (count == 4)
    assert solution.plane.scale_sd > 0.001  # a hand is never perfect, whatever four pairs say


COLLINEAR = np.array([[0.0, 14], [0, 25], [0, 45], [9, 30]])
SAME = np.concatenate([CORNERS, np.array([[-5.0, 17.0]])])


@pytest.mark.parametrize(
    ("world", "px", "said"),
    [
        pytest.param(COLLINEAR, seen(COLLINEAR), "pair 1, pair 2, pair 3 lie on one line", id="3"),
        pytest.param(
            np.array([[0.0, y] for y in range(14, 20)]),
            seen(np.array([[0.0, y] for y in range(14, 20)])),
            "lie on one line",
            id="all on a line",
        ),
        pytest.param(
            SAME,
            seen(np.concatenate([CORNERS, CORNERS[:1]])),
            "pair 1 and pair 5 are the same",
            id="one place twice in the picture",
        ),
        pytest.param(
            np.concatenate([CORNERS, CORNERS[:1]]),
            seen(SAME),
            "same point in the world",
            id="one place twice in the world",
        ),
        pytest.param(CORNERS * [-1, 1], seen(CORNERS), "mirrored", id="x mirrored"),
        pytest.param(CORNERS[:, ::-1], seen(CORNERS), "mirrored", id="x and y exchanged"),
        pytest.param(CORNERS[[1, 0, 2, 3]], seen(CORNERS), "horizon", id="two points exchanged"),
        pytest.param(CORNERS * 1000, seen(CORNERS), "span", id="millimetres"),
        pytest.param(CORNERS / 1000, seen(CORNERS), "span", id="kilometres"),
    ],
)
def test_impossible_pairs_are_refused(world: np.ndarray, px: np.ndarray, said: str) -> None:
    with pytest.raises(CalibrationInvalid, match=said):
        solve(Calibration(pairs_of(world, px), unit=Unit.PX), SIZE_WH)


def test_a_pair_above_the_horizon_is_named() -> None:
    px = seen(MARKS)
    horizon_v = SIZE_WH[1] / 2 - CAMERA.focal_px * np.tan(np.radians(22))
    px[5, 1] = horizon_v - 40
    solution = solve(Calibration(pairs_of(MARKS, px), unit=Unit.PX), SIZE_WH)
    assert [pair.index for pair in solution.bad] == [5]


def test_longitude_and_latitude_become_metres_about_an_origin() -> None:
    origin = (13.4, 52.5)
    lon_lat = geodesy.to_lon_lat(MARKS, origin)
    calibration = Calibration(pairs_of(lon_lat, seen(MARKS)), unit=Unit.PX, frame=WorldFrame.WGS84)
    plane = solve(calibration, SIZE_WH).plane
    assert plane.origin is not None
    # a degree is a hair shorter at the pairs' middle than at the origin they were made from
    back = plane.to_lon_lat(plane.to_world(seen(road_grid())))
    off_m = geodesy.to_metres(back, origin) - road_grid()
    assert np.abs(off_m).max() < 1e-3


def test_latitude_before_longitude_is_refused() -> None:
    lon_lat = geodesy.to_lon_lat(MARKS, (13.4, 52.5))
    calibration = Calibration(
        pairs_of(lon_lat[:, ::-1], seen(MARKS)), unit=Unit.PX, frame=WorldFrame.WGS84
    )
    with pytest.raises(CalibrationInvalid, match="longitude before the latitude"):
        solve(calibration, SIZE_WH)


def test_a_lens_is_taken_out_before_the_fit() -> None:
    radial = RadialLens(-0.25, 0.05, 0.8 * SIZE_WH[0], (SIZE_WH[0] / 2, SIZE_WH[1] / 2))
    bent = calibrated(lens=radial)
    grid = road_grid()
    with_lens = solve(replace(bent, lens=Lens(-0.25, 0.05, 0.8)), SIZE_WH).plane
    assert np.abs(with_lens.to_world(radial.bent(seen(grid))) - grid).max() < 1e-4
    without = solve(bent, SIZE_WH)
    assert without.leave_one_out is not None
    assert without.leave_one_out.mean_m > 0.1  # the reason why a lens is asked for


def test_a_lens_that_folds_the_picture_is_refused() -> None:
    with pytest.raises(CalibrationInvalid, match="bends so strongly"):
        solve(replace(calibrated(), lens=Lens(-3.0, 0.0, 0.5)), SIZE_WH)


def test_what_a_tape_may_be_off_is_part_of_every_length() -> None:
    exact = solve(calibrated(), SIZE_WH).plane.scale_sd
    with_tape = solve(calibrated(scale_sd=0.02), SIZE_WH).plane.scale_sd
    assert with_tape == pytest.approx(np.hypot(exact, 0.02))
    with pytest.raises(CalibrationInvalid, match="scale_sd is a share"):
        calibrated(scale_sd=-0.1)


def test_normalised_pairs_hold_for_every_size() -> None:
    pairs = tuple(
        PointPair((float(u / 1280), float(v / 720)), (float(x), float(y)))
        for (u, v), (x, y) in zip(seen(MARKS[:9]).clip(0, [1280, 720]), MARKS[:9], strict=True)
        if 0 < u < 1280 and 0 < v < 720
    )
    half = solve(Calibration(pairs), (640, 360)).plane
    whole = solve(Calibration(pairs), SIZE_WH).plane
    at = seen(np.array([[0.0, 30.0]]))
    assert np.allclose(half.to_world(at / 2), whole.to_world(at), atol=1e-9)


LANES = (
    Lane(
        "left", ((300, 300), (500, 300), (420, 500), (100, 500)), ((260, 500), (400, 300)), Unit.PX
    ),
    Lane("sky", ((700, 5), (900, 5), (900, 60), (700, 60)), ((800, 5), (800, 60)), Unit.PX),
)


def test_errors_are_told_for_every_lane() -> None:
    world = MARKS[:6]
    px = seen(world)
    low, high = px.min(axis=0) - 3, px.max(axis=0) + 3
    corners = tuple(
        (float(u), float(v))
        for u, v in ((low[0], low[1]), (high[0], low[1]), (high[0], high[1]), (low[0], high[1]))
    )
    lane = Lane("both", corners, (corners[0], corners[3]), Unit.PX)
    solution = solve(calibrated(noise_px=1), SIZE_WH, lanes=(lane, LANES[1]))
    both, sky = solution.by_lane["both"], solution.by_lane["sky"]
    assert both.measured is not None
    assert both.measured.pairs >= 6
    assert 0.005 < both.expected_sd_m < 0.5
    assert sky.measured is None
    assert sky.inside == 0
    assert "Lane 'sky': 100% of it lie outside" in " ".join(solution.warnings)


def test_scale_sd_says_how_far_lengths_are_off() -> None:
    """Over many noisy fits, lengths scatter as the fit itself says."""
    off, said = [], []
    places = MARKS.mean(axis=0) + np.array([[0.0, -3], [0, 3]])
    for seed in range(30):
        plane = solve(calibrated(noise_px=1, seed=seed), SIZE_WH).plane
        a, b = plane.to_world(seen(places))
        off.append(np.linalg.norm(b - a) / 6 - 1)
        said.append(plane.scale_sd)
    assert 0.3 < np.std(off) / np.mean(said) < 1.5
