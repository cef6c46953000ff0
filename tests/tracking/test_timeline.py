"""Duplicates and stragglers against a stream that begins again."""

import pytest

from its_camera_ai.tracking.timeline import Place, Timeline

N, T, R = Place.NEXT, Place.STALE, Place.RESTARTED


@pytest.mark.parametrize(
    ("times_ms", "expected"),
    [
        ([0, 40, 80], [N, N, N]),
        ([0, 40, 40, 80], [N, N, T, N]),
        ([0, 40, 20, 80], [N, N, T, N]),
        ([5000, 0, 5040], [N, T, N]),
        ([5000, 0, 500, 1000, 1500], [N, T, T, R, N]),
        ([5000, 0, 500, 5040, 600, 1100, 1600], [N, T, T, N, T, T, R]),
        ([5000, 4000, 3000, 2000], [N, T, T, T]),
    ],
    ids=["rising", "twice", "late", "one-long-late", "again", "late-twice", "falling"],
)
def test_place(times_ms: list[int], expected: list[Place]) -> None:
    timeline = Timeline()
    assert [timeline.place(t * 1_000_000) for t in times_ms] == expected
