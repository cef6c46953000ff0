"""Slots come and go."""

import numpy as np

from its_camera_ai.analytics.road_users.roster import Roster


def test_a_slot_is_used_again_and_empty() -> None:
    roster = Roster()
    first = roster.admit(np.array([1, 2]))
    roster.heading_rad[first], roster.sample_n[first] = 1.0, 5
    roster.release(first[:1])
    assert roster.slot(1) is None
    again = roster.admit(np.array([3]))
    assert again.tolist() == first[:1].tolist()
    assert np.isnan(roster.heading_rad[again[0]])
    assert roster.sample_n[again[0]] == 0
    assert roster.slots(np.array([2, 3, 4])).tolist() == [first[1], again[0], -1]


def test_it_grows_and_keeps_what_it_holds() -> None:
    roster = Roster()
    first = roster.admit(np.array([1]))
    roster.xy_m[first] = (3.0, 4.0)
    more = roster.admit(np.arange(2, 200))
    assert len(roster) == 199
    assert roster.xy_m[roster.slot(1)].tolist() == [3.0, 4.0]
    assert len(set(more.tolist())) == 198
    assert sorted(roster.used().tolist()) == sorted([*first.tolist(), *more.tolist()])
