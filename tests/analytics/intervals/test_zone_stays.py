"""Presence in a zone: visits against the time that was looked at."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from its_camera_ai.analytics.intervals import zone_stays
from its_camera_ai.analytics.intervals.zone_stays import ZoneStays, union
from its_camera_ai.core.time import NS_PER_S


def s(second: float) -> int:
    return round(second * NS_PER_S)


ALWAYS = [(s(0), s(60))]


def test_visits_overlap_and_last() -> None:
    stays = ZoneStays()
    stays.entered(1, s(10))
    stays.entered(2, s(20))
    stays.left(1, s(30), 20.0)
    assert stays.sums(s(0), s(60), ALWAYS) == (50.0, 60.0)
    assert stays.sums(s(0), s(60), [(s(0), s(15)), (s(55), s(60))]) == (10.0, 10.0)


def test_one_whose_entry_was_not_told_began_its_dwell_earlier() -> None:
    stays = ZoneStays()
    stays.left(3, s(30), 12.0)
    assert stays.sums(s(0), s(60), ALWAYS) == (12.0, 12.0)


def test_what_ended_is_forgotten_and_what_lasts_is_not() -> None:
    stays = ZoneStays()
    stays.entered(1, s(5))
    stays.left(2, s(40), 10.0)
    stays.forget(s(60))
    assert stays.sums(s(0), s(60), ALWAYS) == (55.0, 55.0)


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zone_stays, "STAYS_MAX", 3)
    stays = ZoneStays()
    for track_id in range(10):
        stays.entered(track_id, s(0))
    assert stays.sums(s(0), s(1), [(s(0), s(1))]) == (1.0, 3.0)


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), max_size=8))
def test_a_union_covers_each_moment_once(spans: list[tuple[int, int]]) -> None:
    proper = sorted((a, b) for a, b in spans if a < b)
    joined = union(proper)
    assert {t for a, b in joined for t in range(a, b)} == {
        t for a, b in proper for t in range(a, b)
    }
    assert all(b < c for (_, b), (c, _) in itertools.pairwise(joined))
