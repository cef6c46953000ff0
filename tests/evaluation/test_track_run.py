from pathlib import Path

import numpy as np
import pytest

from its_camera_ai.core.detections import Detections
from its_camera_ai.core.errors import ConfigInvalid
from its_camera_ai.evaluation.folder import MotSequence
from its_camera_ai.evaluation.recording import Recording
from its_camera_ai.evaluation.track_run import recording_of, track_on_table

FRAMES = 60


def mot(path: Path, lefts: dict[int, float], *, last: int = FRAMES, ids: bool = True) -> Path:
    """Boxes of 30 × 60 pixels that go right by two pixels a frame."""
    rows = [
        f"{k},{i if ids else -1},{left + 2 * k},50,30,60,0.9"
        for k in range(1, last + 1)
        for i, left in lefts.items()
    ]
    path.write_text("\n".join(rows))
    return path


@pytest.fixture
def sequence(tmp_path: Path) -> MotSequence:
    """Two walkers; detections and truth agree."""
    lefts = {1: 20.0, 2: 200.0}
    found = mot(tmp_path / "det.txt", lefts, ids=False)
    return MotSequence("walkers", found, mot(tmp_path / "gt.txt", lefts))


def test_public_detections_are_tracked_at_several_rates(sequence: MotSequence) -> None:
    recording = recording_of(sequence, (400, 200), 25.0)
    assert (len(recording), round(recording.fps), recording.size_wh) == (FRAMES, 25, (400, 200))
    rows = track_on_table("walkers", "public", recording, sequence.truth, [25, 12.5, 5])
    assert [row.rate for row in rows] == [25, 12.5, 5]
    for row in rows:
        assert (row.ids_found, row.ids_true, row.switches) == (2, 2, 0)
        assert row.idf1 > 0.9


def test_what_a_sequence_says_of_itself_wins(sequence: MotSequence) -> None:
    own = MotSequence("w", sequence.detections, sequence.truth, (300, 200), 12.5)
    recording = recording_of(own, (400, 200), 25.0)
    assert (recording.size_wh, round(recording.fps, 3)) == ((300, 200), 12.5)
    assert recording.found[-1].xyxy[:, 2].max() <= 300


def test_tracks_that_nobody_labelled(sequence: MotSequence, tmp_path: Path) -> None:
    """With one of the two labelled, the other is false, or left out where asked."""
    recording = recording_of(sequence, (400, 200), 25.0)
    one = mot(tmp_path / "one.txt", {1: 20.0})
    (strict,) = track_on_table("w", "public", recording, one, [25])
    (partial,) = track_on_table("w", "public", recording, one, [25], partial=True)
    assert strict.mota < 0.2
    assert partial.mota > 0.9
    assert (strict.ids_found, partial.ids_found) == (2, 1)


def test_truth_beyond_the_clip_is_told(sequence: MotSequence, tmp_path: Path) -> None:
    recording = recording_of(sequence, (400, 200), 25.0)
    long = mot(tmp_path / "long.txt", {1: 20.0}, last=FRAMES + 5)
    with pytest.raises(
        ConfigInvalid, match="boxes in frame 65, but the last one of the clip is 60"
    ):
        track_on_table("w", "public", recording, long, [25])


def test_frames_of_the_truth_go_by_the_pictures_number(
    sequence: MotSequence,
) -> None:
    whole = recording_of(sequence, (400, 200), 25.0)
    half = Recording(whole.pts_ns[::2], whole.found[::2], whole.size_wh, range(0, FRAMES, 2))
    (row,) = track_on_table("w", "public", half, sequence.truth, [25])
    assert row.mota > 0.9


def test_animals_are_no_road_users(sequence: MotSequence) -> None:
    recording = recording_of(sequence, (400, 200), 25.0)
    beasts = [Detections(d.xyxy, d.score, np.full(len(d), 6, np.int8)) for d in recording.found]
    herd = Recording(recording.pts_ns, beasts, recording.size_wh, recording.numbers)
    (row,) = track_on_table("w", "public", herd, sequence.truth, [25])
    assert row.ids_found == 0
