"""Everything that is measured on one camera, on a simulated motorway with exact truth."""

import itertools
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from its_camera_ai.analytics.camera.measurement import CameraMeasurement, Told
from its_camera_ai.core.calibration import PointPair
from its_camera_ai.core.events import EventKind
from its_camera_ai.core.incidents import IncidentStep
from its_camera_ai.core.intervals import PlaceKind
from its_camera_ai.core.scene import Scene
from its_camera_ai.core.time import NS_PER_S
from its_camera_ai.core.tracks import FrameTracks
from its_camera_ai.sim.street import open_street

SIZE_WH = (640, 360)
FPS = 6
LENGTH_S = 20
BASE_NS = 1_780_000_020 * NS_PER_S
"""Twenty seconds into a minute."""


@pytest.fixture(scope="module")
def motorway() -> tuple[Scene, list[FrameTracks], dict[int, float]]:
    """Twenty seconds of true boxes with a little jitter, and each vehicle's mean speed in km/h."""
    street = open_street("motorway", seed=4, size_wh=SIZE_WH, fps=FPS)
    rng = np.random.default_rng(3)
    frames, speeds = [], {}
    for index in range(LENGTH_S * FPS):
        frame = street.frame(index)
        seen = [t for t in frame.truth if t.visible > 0.5]
        boxes = np.array([t.xyxy for t in seen], np.float32).reshape(-1, 4)
        boxes += rng.normal(0, 0.5, boxes.shape).astype(np.float32)
        for t in seen:
            speeds.setdefault(t.id, []).append(3.6 * t.speed_mps)
        n = len(seen)
        frames.append(
            FrameTracks(
                frame.pts_ns,
                BASE_NS + frame.pts_ns,
                SIZE_WH,
                np.array([t.id for t in seen], np.int64),
                boxes,
                np.full(n, 0.8, np.float32),
                np.array([int(t.class_id) for t in seen], np.int8),
                np.ones(n, np.bool_),
                looks_per_s=FPS,
            )
        )
    return street.scene, frames, {i: float(np.mean(v)) for i, v in speeds.items()}


def measurement(scene: Scene) -> CameraMeasurement:
    numbers = itertools.count(1)
    return CameraMeasurement(
        "m", scene, lambda _: str(next(numbers)), writer="one", wanted_looks_per_s=FPS
    )


def run(scene: Scene, frames: list[FrameTracks]) -> Told:
    made, everything = measurement(scene), Told()
    for told in _told(made, frames):
        everything.events += told.events
        everything.incidents += told.incidents
        everything.rows += told.rows
        everything.trajectories += told.trajectories
    return everything


def _told(made: CameraMeasurement, frames: list[FrameTracks]) -> Iterator[Told]:
    for frame in frames:
        yield made.update(frame)
    yield made.finish()


def crossings(told: Told) -> list[dict[str, object]]:
    return [
        {"track": e.track_id, **e.detail} for e in told.events if e.kind is EventKind.LINE_CROSSED
    ]


def test_speeds_are_those_of_the_vehicles(motorway) -> None:  # type: ignore[no-untyped-def]
    scene, frames, speeds = motorway
    passed = crossings(run(scene, frames))
    measured = [c for c in passed if "speed_kmh" in c]
    assert len(measured) > 0.8 * len(passed) > 12
    errors = [abs(c["speed_kmh"] - speeds[c["track"]]) for c in measured]  # type: ignore[operator,index]
    assert np.mean(errors) < 3.0  # of about 100; a body's lower edge is not quite on the road
    assert all("lane" in c and "class_share" in c for c in measured)


def test_tables_hold_every_crossing_once(motorway) -> None:  # type: ignore[no-untyped-def]
    scene, frames, _ = motorway
    told = run(scene, frames)
    lines = [r for r in told.rows if r.place.kind is PlaceKind.LINE and not r.place.lane]
    assert sum(r.tally.total for r in lines) == len(crossings(told))
    looked = sum(r.tally.looked_s for r in lines if r.place == lines[0].place)
    assert looked == pytest.approx(LENGTH_S, abs=0.3)
    along = [r for r in told.rows if r.place.kind is PlaceKind.LANE]
    assert sum(r.tally.vehicle_m for r in along) > 500
    assert told.trajectories


def test_a_bumped_camera_measures_no_speed(motorway) -> None:  # type: ignore[no-untyped-def]
    scene, frames, _ = motorway
    half = len(frames) // 2
    bumped = [replace(f, calibration_doubt="moved by 9 px") for f in frames[half:]]
    told = run(scene, frames[:half] + bumped)
    (doubted,) = [e for e in told.events if e.kind is EventKind.CALIBRATION_DOUBTED]
    assert doubted.wall_ns == frames[half].wall_ns
    passed = [e for e in told.events if e.kind is EventKind.LINE_CROSSED]
    before = [e for e in passed if e.wall_ns < frames[half].wall_ns - NS_PER_S]
    after = [e for e in passed if e.wall_ns > frames[half].wall_ns]
    assert any("speed_kmh" in e.detail for e in before)
    assert after
    assert all("moved by 9 px" in str(e.detail["speed_problem"]) for e in after)


def test_trust_comes_back(motorway) -> None:  # type: ignore[no-untyped-def]
    scene, frames, _ = motorway
    third = len(frames) // 3
    bumped = [replace(f, calibration_doubt="moved") for f in frames[third : 2 * third]]
    told = run(scene, frames[:third] + bumped + frames[2 * third :])
    kinds = [e.kind for e in told.events]
    assert kinds.count(EventKind.CALIBRATION_DOUBTED) == 1
    assert kinds.count(EventKind.CALIBRATION_TRUSTED) == 1
    late = [e for e in told.events if e.kind is EventKind.LINE_CROSSED][-3:]
    assert any("speed_kmh" in e.detail for e in late)


def test_a_calibration_that_can_not_be_leaves_the_counts(motorway) -> None:  # type: ignore[no-untyped-def]
    scene, frames, _ = motorway
    on_a_line = tuple(PointPair((0.1 * k, 0.5), (float(k), 0.0)) for k in range(1, 6))
    wrong = replace(scene, calibration=replace(scene.calibration, pairs=on_a_line))
    told = run(wrong, frames[:60])
    (doubted,) = [e for e in told.events if e.kind is EventKind.CALIBRATION_DOUBTED]
    assert "line" in str(doubted.detail["reason"])
    right = run(scene, frames[:60])
    assert [(c["track"], c["line"]) for c in crossings(told)] == [
        (c["track"], c["line"]) for c in crossings(right)
    ]
    assert not any("speed_kmh" in c for c in crossings(told))


def test_pictures_of_another_size_begin_anew(motorway) -> None:  # type: ignore[no-untyped-def]
    scene, frames, _ = motorway
    half = len(frames) // 2
    larger = [
        replace(f, size_wh=(1280, 720), xyxy=f.xyxy * 2, track_id=f.track_id + 10_000)
        for f in frames[half:]
    ]
    told = run(scene, frames[:half] + larger)
    assert {row.writer for row in told.rows} == {"one", "one+2"}
    assert any("speed_kmh" in c for c in crossings(told) if c["track"] > 10_000)  # type: ignore[operator]


def test_totals_begin_anew_and_tables_go_on(motorway) -> None:  # type: ignore[no-untyped-def]
    scene, frames, _ = motorway
    made, half = measurement(scene), len(frames) // 2
    told = [made.update(frame) for frame in frames[:half]]
    before = sum(line.inward.total for line in made.counts().lines.values())
    made.count_anew()
    assert sum(line.inward.total for line in made.counts().lines.values()) == 0
    told += [made.update(frame) for frame in frames[half:]]
    told.append(made.finish())
    after = sum(line.inward.total for line in made.counts().lines.values())
    assert before > 0
    assert after > 0
    rows = [r for t in told for r in t.rows if r.place.kind is PlaceKind.LINE and not r.place.lane]
    assert sum(row.tally.total for row in rows) == before + after
    assert {row.writer for row in rows} == {"one"}


def test_what_lasts_at_the_end_is_closed_with_its_end_unknown(motorway) -> None:  # type: ignore[no-untyped-def]
    scene, frames, _ = motorway
    stands = np.array([[362.0, 148.0, 386.0, 165.0]], np.float32)  # in the first lane
    one = np.ones(1, np.int64)
    standing = [
        replace(
            f,
            track_id=7 * one,
            xyxy=stands,
            score=np.full(1, 0.9, np.float32),
            class_id=np.full(1, 3, np.int8),
            observed=np.ones(1, np.bool_),
        )
        for f in frames
    ]
    told = run(scene, standing)
    assert [i.step for i in told.incidents][-1] is IncidentStep.CLOSED
    assert told.incidents[-1].facts["end_unknown"]
    kinds = [e.kind for e in told.events]
    assert kinds.count(EventKind.INCIDENT_OPENED) == kinds.count(EventKind.INCIDENT_CLOSED) == 1
