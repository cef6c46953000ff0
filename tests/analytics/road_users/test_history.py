"""The ring of sightings behind every fit."""

import numpy as np
import pytest

from its_camera_ai.analytics.road_users import history
from its_camera_ai.analytics.road_users.roster import SAMPLES, Roster

MS = 1_000_000


def filled(count: int, every_ms: int = 100) -> tuple[Roster, np.ndarray]:
    roster = Roster()
    slots = roster.admit(np.array([7, 9]))
    for k in range(count):
        box = np.array([[k, 0.0, k + 10.0, 20.0], [0, k, 10.0, k + 20.0]])
        roster.xyxy[slots] = box
        ok = np.array([True, k % 2 == 0])
        history.record(roster, slots, k * every_ms * MS, box, box < 0, ok, 0.03)
    return roster, slots


def test_gathers_what_lies_in_the_span_and_is_usable() -> None:
    roster, slots = filled(10)
    seen, first, last = history.gather(roster, slots, 200 * MS, 700 * MS, 500 * MS, 30)
    used = seen.weight.any(axis=2)
    assert used.sum(axis=1).tolist() == [6, 3]
    assert seen.since_s[0] == pytest.approx([-0.3, -0.2, -0.1, 0, 0.1, 0.2])
    assert seen.xyxy[0, :, 0].tolist() == [2, 3, 4, 5, 6, 7]
    assert (first // MS).tolist() == [200, 200]
    assert (last // MS).tolist() == [700, 600]


def test_keeps_the_last_ones() -> None:
    roster, slots = filled(SAMPLES + 20)
    _, first, last = history.gather(roster, slots, 0, 10**18, 0, 100)
    assert first[0] // MS == 20 * 100
    assert last[0] // MS == (SAMPLES + 19) * 100


def test_thins_out_evenly_with_both_ends() -> None:
    roster, slots = filled(21)
    seen, first, last = history.gather(roster, slots[:1], 0, 10**18, 0, 5)
    assert seen.since_s[0] == pytest.approx([0, 0.5, 1.0, 1.5, 2.0])
    assert (first[0], last[0]) == (0, 2000 * MS)


def test_nothing_to_gather() -> None:
    roster, slots = filled(3)
    seen, first, last = history.gather(roster, slots, 10**15, 10**16, 0, 5)
    assert not seen.weight.any()
    assert first.tolist() == last.tolist() == [0, 0]


def test_sightings_close_together_are_kept_once() -> None:
    roster, slots = filled(9, every_ms=10)
    seen, _, _ = history.gather(roster, slots[:1], 0, 10**18, 0, 30)
    assert seen.since_s[0] == pytest.approx([0, 0.03, 0.06])


def test_the_way_in_the_picture() -> None:
    roster, slots = filled(10)
    way = history.way_px(roster, slots, 900 * MS, 0.5)
    assert way == pytest.approx(np.array([[1.0, 0.0], [0.0, 1.0]]))
    assert np.isnan(history.way_px(roster, slots, 900 * MS, 0.1)).all()  # too little to tell


def test_a_joined_track_has_the_sightings_of_both() -> None:
    roster = Roster()
    old, new = (int(s) for s in roster.admit(np.array([1, 2])))
    for k in range(SAMPLES):
        slot = old if k < 40 else new
        box = np.full((1, 4), float(k))
        history.record(
            roster, np.array([slot]), k * 100 * MS, box, box < 0, np.ones(1, np.bool_), 0.03
        )
    history.join(roster, old, new)
    box = np.full((1, 4), 99.0)
    history.record(
        roster, np.array([new]), SAMPLES * 100 * MS, box, box < 0, np.ones(1, np.bool_), 0.03
    )
    seen, first, last = history.gather(roster, np.array([new]), 0, 10**18, 0, 100)
    assert seen.xyxy[0, :, 0].tolist() == [*range(1, SAMPLES), 99]
    assert (first[0], last[0]) == (100 * MS, SAMPLES * 100 * MS)
