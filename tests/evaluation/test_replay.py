"""Replays of made-up recordings: boxes that go over a line."""

import pytest

from its_camera_ai.core.detections import Detections, ObjectClass
from its_camera_ai.core.errors import InputUnreadable
from its_camera_ai.core.picture_points import Unit
from its_camera_ai.core.scene import Anchor, Line
from its_camera_ai.evaluation.count_run import count_at_rates, count_with_losses
from its_camera_ai.evaluation.recording import Recording
from its_camera_ai.evaluation.replay import Tally, looks_at_rate, looks_with_losses, tally
from its_camera_ai.evaluation.truth_counts import CountedClip, OneWay
from its_camera_ai.vision.detector import ModelInfo

LINE = Line("line", ((0, 100), (400, 100)), Unit.PX, Anchor.CENTRE)
MODEL = ModelInfo("made-up", "moving", "", (8, 8), tuple(ObjectClass))


def recording(fps: float = 25.0, frames: int = 75, person: bool = False) -> Recording:
    """One car comes down at x 100 and, if asked, one person goes up at x 300."""
    found = []
    for k in range(frames):
        y = 20 + 160 * k / frames
        boxes, classes = [[80, y - 15, 120, y + 15]], [ObjectClass.CAR]
        if person:
            boxes.append([290, 185 - y, 310, 215 - y])
            classes.append(ObjectClass.PERSON)
        found.append(Detections.of(boxes, [0.9] * len(boxes), classes))
    pts_ns = [round(k / fps * 1e9) for k in range(frames)]
    return Recording(pts_ns, found, (400, 200), range(frames), took_s=1.5)


def clip(**changes: object) -> CountedClip:
    given: dict[str, object] = {
        "name": "a", "file": "a.mp4", "what": "vehicle", "line": LINE, "inward": 1, "outward": 0,
        "frames": (0, 75),
    }  # fmt: skip
    return CountedClip(**{**given, **changes})  # type: ignore[arg-type] # a mixed dict


def test_crossings_of_the_counted_kind_only() -> None:
    both = recording(person=True)
    assert tally(clip(), both, range(75)) == Tally(1, 0, 0)
    assert tally(clip(what="person"), both, range(75)) == Tally(0, 1, 1)


def test_wrong_way_where_all_go_the_other_way() -> None:
    ways = (OneWay("out", (0, 200)),)
    assert tally(clip(outward=1, one_ways=ways), recording(), range(75)).wrong_way == 1
    ways = (OneWay("out", (200, 400)),)
    assert tally(clip(outward=1, one_ways=ways), recording(), range(75)).wrong_way == 0


def test_missing_and_too_many_do_not_cancel_out() -> None:
    assert Tally(2, 0, 0).off_by(clip(inward=1, outward=1)) == 2


@pytest.mark.parametrize(
    ("rate", "starts", "expected"),
    [
        (25, 1, [range(75)]),
        (60, 3, [range(75)]),
        (5, 1, [range(0, 75, 5)]),
        (12.5, 3, [range(0, 75, 2), range(1, 75, 2)]),
        (5, 3, [range(k, 75, 5) for k in range(5)]),
    ],
)
def test_looks_at_rates(rate: float, starts: int, expected: list[range]) -> None:
    assert looks_at_rate(clip(), recording(), rate, starts) == expected


def test_looks_keep_to_the_window() -> None:
    assert looks_at_rate(clip(frames=(10, 20)), recording(), 5) == [range(10, 20, 5)]
    assert looks_at_rate(clip(frames=(70, 900)), recording(), 25) == [range(70, 75)]


def test_a_window_is_in_pictures_of_the_clip_also_where_some_were_left_out() -> None:
    whole = recording()
    half = Recording(whole.pts_ns[::2], whole.found[::2], whole.size_wh, range(0, 75, 2))
    assert looks_at_rate(clip(frames=(10, 21)), half, 12.5) == [range(5, 11)]


def test_lost_looks_are_drawn_from_a_seed() -> None:
    one, two, other = (looks_with_losses(clip(), recording(), 25, 0.5, s) for s in (1, 1, 2))
    assert one == two != other
    assert 20 < len(one) < 55


def test_a_row_per_rate_with_the_worst_run() -> None:
    full, fifth = count_at_rates(clip(), recording(), MODEL, [25, 5])
    assert (full.rate, full.off_by, full.holds, len(full.runs)) == (25, 0, True, 1)
    assert (fifth.rate, fifth.off_by, fifth.holds, len(fifth.runs)) == (5, 0, True, 5)
    assert full.run_share == pytest.approx(1.5 / 3, rel=0.5)
    assert fifth.run_share == 0
    wrong = count_at_rates(clip(inward=2), recording(), MODEL, [25])[0]
    assert (wrong.off_by, wrong.holds) == (1, False)


def test_a_row_with_losses() -> None:
    row = count_with_losses(clip(), recording(), MODEL, 12.5, 0.5)
    assert (row.asked, row.lost, row.off_by, len(row.runs)) == (12.5, 0.5, 0, 5)


def test_a_clip_that_is_shorter_than_what_was_counted_is_told() -> None:
    with pytest.raises(InputUnreadable, match="ends after 75 pictures, but was counted up to 90"):
        count_at_rates(clip(frames=(0, 90)), recording(), MODEL, [25])
    assert count_at_rates(clip(frames=(0, 76)), recording(), MODEL, [25])
