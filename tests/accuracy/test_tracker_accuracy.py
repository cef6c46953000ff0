"""Identity on sequences with truth: better than the best rival on both, with one parameter set."""

from pathlib import Path

import numpy as np
import pytest

from its_camera_ai.core.detections import Detections, ObjectClass
from its_camera_ai.core.time import NS_PER_S
from its_camera_ai.evaluation.folder import EvalFolder
from its_camera_ai.evaluation.mot_text import load_mot
from its_camera_ai.evaluation.recording import Recording
from its_camera_ai.evaluation.results import TrackRow
from its_camera_ai.evaluation.track_run import recording_of, track_on_table

pytestmark = pytest.mark.data


def public(data_dir: Path, name: str, rate: float) -> TrackRow:
    """A MOT15 sequence by its public detections."""
    found = {sequence.name: sequence for sequence in EvalFolder(data_dir).sequences()}
    if name not in found:
        pytest.skip(f"No mot/{name}: it may not be passed on; fetch MOT15 to run this.")
    recording = recording_of(found[name], (640, 480), 25.0)
    (row,) = track_on_table(name, "public", recording, found[name].truth, [rate])
    return row


@pytest.mark.parametrize(
    ("name", "idf1_rival", "hota_rival"),
    [("TUD-Campus", 0.666, 0.481), ("TUD-Stadtmitte", 0.760, 0.530)],
)
def test_identity_beats_the_best_rival(
    data_dir: Path, name: str, idf1_rival: float, hota_rival: float
) -> None:
    """Rivals: the best of five trackers at defaults on the same detections, per sequence."""
    row = public(data_dir, name, 25)
    assert row.idf1 >= idf1_rival
    assert row.hota >= hota_rival


@pytest.mark.parametrize("rate", [8.3, 5, 3.1])
@pytest.mark.parametrize(("name", "least"), [("TUD-Campus", 0.53), ("TUD-Stadtmitte", 0.68)])
def test_identity_holds_at_low_rates(data_dir: Path, name: str, least: float, rate: float) -> None:
    """Campus has no more than 24 looks at 8.3 per second, and is weakest there."""
    assert public(data_dir, name, rate).idf1 >= least


def labels_as_detections(truth: Path, size_wh: tuple[int, int], fps: float) -> Recording:
    """The boxes of a truth file without their ids."""
    table = load_mot(truth, truth=True)
    numbers = range(table.last_frame)
    found = []
    for k in numbers:
        boxes = np.clip(table.xyxy[table.rows_of(k + 1)], 0, [*size_wh, *size_wh])
        classes = [ObjectClass.PERSON] * len(boxes)
        found.append(Detections.of(boxes.tolist(), [1.0] * len(boxes), classes))
    return Recording([round((k + 1) * NS_PER_S / fps) for k in numbers], found, size_wh, numbers)


@pytest.mark.parametrize("stride", [1, 3, 5, 8])
@pytest.mark.parametrize(
    ("name", "size_wh", "fps"),
    [("road_ozlu", (640, 352), 24.0), ("room_one_by_one_intel", (768, 432), 10.0)],
)
def test_identity_on_checked_labels(
    data_dir: Path, name: str, size_wh: tuple[int, int], fps: float, stride: int
) -> None:
    """Labels as detections, ids forgotten: the tracker must find the ids again. Objects that the
    labels lose for longer than ``lost_s`` get a new id, so not all can be found."""
    truth = data_dir / "labels" / "mot" / f"{name}.txt"
    recording = labels_as_detections(truth, size_wh, fps)
    (row,) = track_on_table(name, "labels", recording, truth, [fps / stride])
    assert row.idf1 >= 0.9
    assert row.switches <= 4
