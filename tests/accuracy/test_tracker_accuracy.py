"""Identity on sequences with truth: better than the best rival on both, with one parameter set."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from its_camera_ai.core.detections import Detections, ObjectClass
from its_camera_ai.tracking.tracker import Tracker
from tests.accuracy.mot_score import Frames, MotScore, score

Table = npt.NDArray[np.float64]


def _rows(table: Table, frame: int) -> tuple[npt.NDArray[np.int64], Table, Table]:
    """Ids, boxes xyxy and scores of one frame of a MOT table."""
    rows = table[table[:, 0] == frame]
    boxes = rows[:, 2:6].copy()
    boxes[:, 2:] += boxes[:, :2]
    return rows[:, 1].astype(np.int64), boxes, rows[:, 6]


def _looks(found: Table, size_wh: tuple[int, int], stride: int) -> Iterator[tuple[int, Detections]]:
    for frame in range(1, int(found[:, 0].max()) + 1, stride):
        _, boxes, scores = _rows(found, frame)
        boxes = np.clip(boxes, 0, [*size_wh, *size_wh])
        yield (
            frame,
            Detections(
                boxes.astype(np.float32),
                np.clip(scores, 0, 1).astype(np.float32),
                np.full(len(boxes), ObjectClass.PERSON, np.int8),
            ),
        )


def tracked(
    found: Table, truth: Table, size_wh: tuple[int, int], fps: float, stride: int = 1
) -> MotScore:
    tracker = Tracker()
    result: Frames = {}
    for frame, detections in _looks(found, size_wh, stride):
        tracks = tracker.update(detections, round(frame * 1e9 / fps), 0, size_wh)
        seen = tracks.observed
        result[frame] = (tracks.track_id[seen], tracks.xyxy[seen].astype(np.float64))
    return score({frame: _rows(truth, frame)[:2] for frame in result}, result)


def _mot15(data_dir: Path, name: str) -> tuple[Table, Table]:
    folder = data_dir / "mot" / name
    if not folder.is_dir():
        pytest.skip(f"No {folder}: this sequence may not be passed on; fetch MOT15 to run this.")
    return np.loadtxt(folder / "det.txt", delimiter=","), np.loadtxt(
        folder / "gt.txt", delimiter=","
    )


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "idf1_rival", "hota_rival"),
    [("TUD-Campus", 0.666, 0.481), ("TUD-Stadtmitte", 0.760, 0.530)],
)
def test_identity_beats_the_best_rival(
    data_dir: Path, name: str, idf1_rival: float, hota_rival: float
) -> None:
    """Rivals: the best of five trackers at defaults on the same detections, per sequence."""
    found, truth = _mot15(data_dir, name)
    result = tracked(found, truth, (640, 480), fps=25)
    assert result.idf1 >= idf1_rival
    assert result.hota >= hota_rival


@pytest.mark.data
@pytest.mark.parametrize("stride", [3, 5, 8])
@pytest.mark.parametrize(("name", "least"), [("TUD-Campus", 0.55), ("TUD-Stadtmitte", 0.68)])
def test_identity_holds_at_low_rates(data_dir: Path, name: str, least: float, stride: int) -> None:
    """8.3, 5 and 3.1 looks per second with the same parameters."""
    found, truth = _mot15(data_dir, name)
    assert tracked(found, truth, (640, 480), 25, stride).idf1 >= least


@pytest.mark.data
@pytest.mark.parametrize("stride", [1, 3, 5, 8])
@pytest.mark.parametrize(
    ("name", "size_wh", "fps"),
    [("road_ozlu", (640, 352), 24), ("room_one_by_one_intel", (768, 432), 10)],
)
def test_identity_on_checked_labels(
    data_dir: Path, name: str, size_wh: tuple[int, int], fps: float, stride: int
) -> None:
    """Labels as detections, ids forgotten: the tracker must find the ids again. Objects that the
    labels lose for longer than ``lost_s`` get a new id, so not all can be found."""
    table = np.loadtxt(data_dir / "labels" / "mot" / f"{name}.txt", delimiter=",")
    result = tracked(table, table, size_wh, fps, stride)
    assert result.idf1 >= 0.9
    assert result.switches <= 4


def _boxes(*lefts: float) -> Table:
    return np.array([[x, 0.0, x + 10.0, 10.0] for x in lefts])


def test_scorer_on_a_perfect_result() -> None:
    truth = {f: (np.array([1, 2]), _boxes(f, 100 - f)) for f in range(10)}
    result = score(truth, truth)
    assert (result.mota, result.idf1, result.switches) == (1, 1, 0)
    assert result.hota == pytest.approx(1)


def test_scorer_on_hand_values() -> None:
    """Ten frames, one object: an id switch after five, one miss, one false box."""
    truth = {f: (np.array([1]), _boxes(f)) for f in range(10)}
    found: Frames = {f: (np.array([7 if f < 5 else 8]), _boxes(f)) for f in range(9)}
    found[0] = (np.array([7, 9]), _boxes(0, 300))
    result = score(truth, found)
    assert (result.switches, result.misses, result.false_positives) == (1, 1, 1)
    assert result.mota == pytest.approx(1 - 3 / 10)
    assert result.idf1 == pytest.approx(2 * 5 / (10 + 10))
    # DetA = 9 / 11; A(7) = 5 / 10, A(8) = 4 / 10, weighted over 9 matches.
    assert result.hota == pytest.approx(np.sqrt(9 / 11 * (5 * 0.5 + 4 * 0.4) / 9))
