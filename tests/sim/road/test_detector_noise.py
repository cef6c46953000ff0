import json
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np

from its_camera_ai.core.detections import Detections, ObjectClass
from its_camera_ai.core.geometry import box_iou
from its_camera_ai.sim.road.detector_noise import FITTED, DetectorNoise
from its_camera_ai.sim.road.kinds import NUMBER
from its_camera_ai.sim.road.truth import RoadTruth

RESULTS = Path(__file__).parents[3] / "bench" / "results" / "detector-noise.json"
WH = (1280, 720)
CLEAN = replace(FITTED, second_share=0.0, false_per_s=0.0)


def truth(pts_ns: int, kind: str = "car", *, count: int = 50, visible: float = 1.0) -> RoadTruth:
    """Bodies 60 × 40 px in a row of columns."""
    left = 20.0 + np.arange(count) % 15 * 80
    top = 100.0 + np.arange(count) // 15 * 80
    xyxy = np.column_stack([left, top, left + 60, top + 40])
    nothing = np.zeros(count)
    return RoadTruth(
        pts_ns, pts_ns, np.arange(1, count + 1), np.full(count, NUMBER[kind]),
        np.full(count, ObjectClass.CAR, np.int8), np.zeros((count, 2)), nothing,
        np.zeros((count, 2)), np.ones((count, 3)), np.full(count, -1), nothing,
        np.full(count, -1), xyxy, np.full(count, visible), {},
    )  # fmt: skip


def looks(
    noise: DetectorNoise, frames: int, *, step_ns: int = 100_000_000, **how: float
) -> list[Detections]:
    return [noise.look(truth(k * step_ns, **how)) for k in range(frames)]


def test_the_numbers_are_those_that_the_fit_printed() -> None:
    printed = json.loads(RESULTS.read_text())["parameters"]
    own = {name: list(v) if isinstance(v, tuple) else v for name, v in asdict(FITTED).items()}
    assert own == printed


def test_the_share_of_misses_and_the_mean_run_are_those_asked_for() -> None:
    certain = replace(CLEAN, score=(9.0, 0.0, 0.0))
    noise = DetectorNoise(WH, 1, certain)
    step_s = 0.02
    seen = np.zeros((800, 50), bool)
    for k in range(len(seen)):
        frame = truth(round(k * step_s * 1e9))
        found = noise.look(frame).xyxy.astype(np.float64)
        seen[k] = (box_iou(frame.xyxy, found) > 0.5).any(axis=1) if len(found) else False
    wanted = 1 / (1 + np.exp(-FITTED.miss[0]))
    assert abs((~seen).mean() - wanted) < 0.02
    ends = (~seen[:-1] & seen[1:]).sum()
    assert abs((~seen).sum() / ends * step_s - FITTED.miss_run_s) < 0.05


def test_the_jitter_has_the_spread_asked_for() -> None:
    noise = DetectorNoise(WH, 2, replace(CLEAN, miss=(-30.0, 0.0, 0.0), score=(9.0, 0.0, 0.0)))
    frames = looks(noise, 200)
    boxes = np.stack([f.xyxy for f in frames]).astype(np.float64)
    middle = (boxes[..., :2] + boxes[..., 2:]) / 2
    assert abs(middle[..., 0].std(axis=0).mean() / 60 - FITTED.x_sd) < 0.003
    assert abs(middle[..., 1].std(axis=0).mean() / 40 - FITTED.y_sd) < 0.003
    high = np.log(boxes[..., 3] - boxes[..., 1]).std(axis=0).mean()
    assert abs(high - FITTED.height_sd) < 0.005


def test_the_covered_are_missed_more_often() -> None:
    free = sum(len(f) for f in looks(DetectorNoise(WH, 3, CLEAN), 40))
    half = sum(len(f) for f in looks(DetectorNoise(WH, 3, CLEAN), 40, visible=0.4))
    assert half < 0.8 * free
    assert not any(len(f) for f in looks(DetectorNoise(WH, 3, CLEAN), 10, visible=0.05))


def test_false_boxes_come_at_their_rate_whatever_the_rate_of_looks() -> None:
    expected = FITTED.false_per_s * FITTED.false_run_s
    for step_ns in (33_000_000, 200_000_000):
        noise = DetectorNoise(WH, 4)
        found = looks(noise, 1500, step_ns=step_ns, count=0)
        assert abs(np.mean([len(f) for f in found]) - expected) < 0.1


def test_vans_are_sometimes_trucks_and_without_a_table_everybody_is_right() -> None:
    said = np.concatenate([f.class_id for f in looks(DetectorNoise(WH, 5, CLEAN), 60, kind="van")])
    assert 0.2 < (said == ObjectClass.TRUCK).mean() < 0.3
    plain = DetectorNoise(WH, 5, CLEAN, confusion={})
    assert all((f.class_id == ObjectClass.CAR).all() for f in looks(plain, 10, kind="van"))


def test_the_same_seed_makes_the_same_errors() -> None:
    first, again, other = (looks(DetectorNoise(WH, seed), 10) for seed in (6, 6, 7))
    assert all(np.array_equal(a.xyxy, b.xyxy) for a, b in zip(first, again, strict=True))
    assert not all(np.array_equal(a.xyxy, b.xyxy) for a, b in zip(first, other, strict=True))
