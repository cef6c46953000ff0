"""Recorded detections: the yardstick's known figures, identity, and how long ids live."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from bench.tracker_accuracy import Sequence, mot15, opendatacam, ours, scored
from its_camera_ai.evaluation.track import TrackedFrame, score_tracks
from tests.support.plain_sort import PlainSort

pytestmark = pytest.mark.data


def sequence(data_dir: Path, name: str) -> Sequence:
    if not (data_dir / "mot" / name).is_dir():
        pytest.skip(f"No {data_dir / 'mot' / name}: fetch MOT15 to run this.")
    return mot15(data_dir, name)


def test_plain_sort_has_the_figures_that_were_published_for_it(data_dir: Path) -> None:
    """MOTA 62.7 with 15 false boxes, 113 misses, 6 switches: scorer and truth are read right."""
    campus = sequence(data_dir, "TUD-Campus")
    tracker = PlainSort()
    frames = []
    for truth, found in zip(campus.truth, campus.found, strict=True):
        ids, boxes = tracker.update(found.xyxy.astype(np.float64))
        frames.append(TrackedFrame(*truth, ids, boxes))
    score = score_tracks(frames)
    assert round(100 * score.mota, 1) == 62.7
    assert (score.false_boxes, score.misses, score.switches) == (15, 113, 6)


@pytest.mark.parametrize(
    ("name", "idf1_min", "hota_min"),
    [("TUD-Campus", 0.666, 0.481), ("TUD-Stadtmitte", 0.760, 0.530)],
)
def test_identity_beats_the_best_rival_of_each_sequence(
    data_dir: Path, name: str, idf1_min: float, hota_min: float
) -> None:
    seen = sequence(data_dir, name)
    score = scored(seen, ours(seen))
    assert score.idf1 >= idf1_min
    assert score.hota >= hota_min


def test_ids_of_a_busy_road_are_few_and_live_long(data_dir: Path) -> None:
    road = opendatacam(data_dir)
    lives = Counter(int(i) for ids in ours(road).ids for i in ids)
    assert len(lives) <= 60
    assert sum(life < 10 for life in lives.values()) <= 1
    assert np.median(list(lives.values())) >= 93
