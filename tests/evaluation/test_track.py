"""Identity scores on cases small enough to work out by hand."""

import numpy as np
import pytest

from its_camera_ai.evaluation.track import TrackedFrame, score_tracks


def boxes(*lefts: float) -> np.ndarray:
    return np.array([[x, 0.0, x + 10.0, 10.0] for x in lefts]).reshape(-1, 4)


def frame(
    truth: dict[int, float], found: dict[int, float], excused: tuple[float, ...] = ()
) -> TrackedFrame:
    """Ids → left edges."""
    return TrackedFrame(
        np.array(list(truth), np.int64),
        boxes(*truth.values()),
        np.array(list(found), np.int64),
        boxes(*found.values()),
        boxes(*excused),
    )


def test_a_perfect_result() -> None:
    score = score_tracks([frame({1: t, 2: 200 - t}, {8: t, 5: 200 - t}) for t in range(10)])
    assert (score.mota, score.idf1, score.switches) == (1, 1, 0)
    assert score.hota == pytest.approx(1)
    assert (score.ids_true, score.ids_found, score.truths) == (2, 2, 20)


def test_one_switch_one_miss_one_false_box() -> None:
    """Ten frames, one object: a switch after five, the last one missed, a false box at first."""
    frames = [frame({1: t}, {7 if t < 5 else 8: t} if t < 9 else {}) for t in range(10)]
    frames[0] = frame({1: 0}, {7: 0, 9: 300})
    score = score_tracks(frames)
    assert (score.switches, score.misses, score.false_boxes) == (1, 1, 1)
    assert score.mota == pytest.approx(1 - 3 / 10)
    assert score.idf1 == pytest.approx(2 * 5 / (10 + 10))
    # DetA = 9 / 11; A(7) = 5 / 10, A(8) = 4 / 10, weighted over 9 matches
    assert score.det_a == pytest.approx(9 / 11)
    assert score.ass_a == pytest.approx((5 * 0.5 + 4 * 0.4) / 9)
    assert score.hota == pytest.approx(np.sqrt(9 / 11 * (5 * 0.5 + 4 * 0.4) / 9))


def test_nothing_found() -> None:
    score = score_tracks([frame({1: t}, {}) for t in range(4)])
    assert (score.mota, score.idf1, score.hota, score.misses) == (0, 0, 0, 4)


def test_nobody_there() -> None:
    score = score_tracks([frame({}, {1: t}) for t in range(4)])
    assert (score.mota, score.false_boxes) == (-3, 4)


def test_excused_bodies_count_neither_way() -> None:
    """A box on a hidden body is no mistake; one beside it is."""
    on = score_tracks([frame({1: 0}, {1: 0, 2: 101}, (100,)) for _ in range(3)])
    beside = score_tracks([frame({1: 0}, {1: 0, 2: 108}, (100,)) for _ in range(3)])
    assert (on.mota, on.false_boxes) == (1, 0)
    assert (beside.mota, beside.false_boxes) == (0, 3)


def test_a_box_on_a_true_body_is_not_excused() -> None:
    score = score_tracks([frame({1: 0}, {1: 0}, (0,))])
    assert (score.mota, score.misses) == (1, 0)


def test_nothing_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    score_tracks([frame({1: 0}, {1: 0})])
    assert capsys.readouterr().out == ""
