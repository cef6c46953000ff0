"""The record of a vehicle at a line."""

from dataclasses import replace

import numpy as np
import pytest

from bench.driven import Drive
from bench.speed import judge
from its_camera_ai.analytics.road_users.config import RoadUsersConfig
from its_camera_ai.analytics.road_users.users import RoadUsers
from its_camera_ai.core.detections import ObjectClass
from its_camera_ai.core.ground import GroundPlane
from its_camera_ai.core.road_users import LengthClass
from tests.analytics.road_users.driving import (
    PLANE,
    SCENE,
    VIEW,
    car,
    crossed,
    looks,
    nothing,
    run,
    users,
)

LORRY_M = (16.5, 2.55, 3.9)


def test_a_vehicle_at_a_line() -> None:
    room, drive = users(), car(1, 70)
    (passage,) = run(room, [drive], 6.0, noise_px=1.0)
    true_kmh = drive.speed_mps(passage.pts_ns / 1e9) * 3.6
    assert passage.speed is not None
    assert passage.speed.low_kmh < true_kmh < passage.speed.high_kmh
    assert passage.speed.kmh == pytest.approx(true_kmh, abs=1.0)
    assert passage.speed_problem == ""
    assert (passage.line, passage.lane, passage.track_id) == ("line", "north", 1)
    assert passage.vehicle.length_class is LengthClass.SHORT
    assert passage.headway_s is None
    assert 0 <= passage.decided_after_s < 1


def test_headway_and_gap_are_between_fronts_whatever_the_bodies() -> None:
    lorry = car(1, 54, kind=ObjectClass.TRUCK, dims_m=LORRY_M, begin_m=-20.0)
    behind = car(2, 54, begin_s=2.0, begin_m=-20.0)
    passages = run(users(), [lorry, behind], 10.0, noise_px=1.0)
    fronts_s = behind.front_reaches_s(VIEW) - lorry.front_reaches_s(VIEW)
    assert passages[1].headway_s == pytest.approx(fronts_s, abs=0.05)
    assert passages[1].gap_s == pytest.approx(fronts_s - LORRY_M[0] / 15, abs=0.08)


def test_people_are_not_in_the_stream_of_vehicles() -> None:
    walker = car(1, 10, kind=ObjectClass.PERSON, dims_m=(0.5, 0.5, 1.7), begin_m=22.0)
    first, _ = sorted(
        run(users(), [walker, car(2, 50, begin_s=1.5)], 8.0), key=lambda p: p.track_id
    )
    assert first.vehicle.label == "person"
    assert first.headway_s is None


def test_an_impossible_speed_is_told_and_not_shown() -> None:
    room = users(RoadUsersConfig(speed_kmh_max=60))
    (passage,) = run(room, [car(1, 90)], 5.0)
    assert passage.speed is None
    assert passage.speed_problem.startswith("impossible: ")
    assert "above 60 km/h" in passage.speed_problem


def test_outside_the_calibrated_area_there_is_no_speed() -> None:
    tracks = [t for t in looks([car(1, 30)], 4.0) if len(t)]
    left = float(tracks[len(tracks) // 3].xyxy[0, 0])
    valid = np.array([[left, 0], [1280, 0], [1280, 720], [left, 720]])
    plane = GroundPlane(PLANE.size_wh, PLANE.homography, valid)
    room = RoadUsers("cam", SCENE, plane)
    for seen in tracks:
        frame = room.update(seen)
    passage = room.passage(replace(crossed(tracks[-1], 1), pts_ns=tracks[len(tracks) // 2].pts_ns))
    assert passage.speed is None
    assert passage.speed_problem == "outside the calibrated area"
    assert not frame.valid.any()


def test_a_track_that_nobody_knows() -> None:
    room = users()
    tracks = nothing(1_000_000_000)
    room.update(tracks)
    passage = room.passage(crossed(tracks, 99))
    assert passage.speed_problem == "the track is not known any more"
    assert (passage.vehicle.label, passage.vehicle.share) == ("car", 0.0)


def test_two_looks_are_too_few() -> None:
    room, tracks = users(), [t for t in looks([car(1, 50)], 3.0) if len(t)]
    for seen in tracks[5:7]:
        room.update(seen)
    assert room.passage(crossed(tracks[6], 1)).speed_problem == (
        "track too short: 2 sightings in 0.10 s"
    )


def test_an_unsure_scale_widens_the_interval() -> None:
    sure, unsure = users(), RoadUsers("cam", SCENE, replace(PLANE, scale_sd=0.03))
    (a,), (b,) = (run(room, [car(1, 100)], 5.0) for room in (sure, unsure))
    assert a.speed is not None
    assert b.speed is not None
    assert b.speed.kmh == pytest.approx(a.speed.kmh)
    assert b.speed.high_kmh - b.speed.kmh > 5.5 > 3 * (a.speed.high_kmh - a.speed.kmh)


def convoy(rng: np.random.Generator, number: int, every_s: float) -> list[Drive]:
    kinds = (ObjectClass.CAR, ObjectClass.TRUCK)
    return [
        car(
            k + 1,
            float(rng.uniform(20, 130)),
            forward=bool(k % 2),
            begin_s=every_s * k,
            kind=kinds[k % 3 == 0],
            dims_m=LORRY_M if k % 3 == 0 else (float(rng.uniform(3.6, 5.4)), 1.8, 1.5),
            accel=float(rng.normal(0, 0.3)),
        )
        for k in range(number)
    ]


@pytest.mark.parametrize(
    ("stride", "drop"), [(1, 0.0), (5, 0.0), (1, 0.5), (1, 0.8)], ids=["1", "5", "50 %", "80 %"]
)
def test_speeds_hold_at_any_rate_of_looks(stride: int, drop: float) -> None:
    rng = np.random.default_rng(11)
    drives = convoy(rng, 16, 1.5)
    times_s = np.arange(0.0, 36.0, stride / 25)
    times_s = times_s[rng.random(len(times_s)) >= drop]
    score = judge(VIEW, drives, times_s, 5)
    assert score.passed >= 15
    assert score.missed == 0
    error = np.abs(score.speed)
    assert error.mean() <= 1.0
    assert np.percentile(error, 95) <= 3.0
    assert np.mean(score.covered) >= 0.8
    assert np.mean(score.length_class) >= 0.95
    assert np.percentile(np.abs(score.headway), 90) <= score.sample_s
