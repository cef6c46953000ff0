import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from its_camera_ai.analytics.offline.window import Thinning, Window
from its_camera_ai.core.errors import ConfigInvalid

NS = 1_000_000_000


@pytest.mark.parametrize(
    ("start_s", "end_s", "fps", "named"),
    [
        pytest.param(-1.0, None, None, "--start", id="negative start"),
        pytest.param(math.nan, None, None, "--start", id="start is no number"),
        pytest.param(5.0, 5.0, None, "--end", id="end at start"),
        pytest.param(5.0, 4.0, None, "--end", id="end before start"),
        pytest.param(0.0, math.nan, None, "--end", id="end is no number"),
        pytest.param(0.0, None, 0.0, "--fps", id="no pictures at all"),
        pytest.param(0.0, None, -3.0, "--fps", id="negative rate"),
        pytest.param(0.0, None, math.inf, "--fps", id="endless rate"),
    ],
)
def test_a_window_without_sense_is_refused_by_name(
    start_s: float, end_s: float | None, fps: float | None, named: str
) -> None:
    with pytest.raises(ConfigInvalid, match=named):
        Window(start_s=start_s, end_s=end_s, fps=fps)


def test_a_window_holds_its_start_and_not_its_end() -> None:
    window = Window(start_s=1.0, end_s=2.0)
    assert [window.begins_after(t) for t in (NS - 1, NS)] == [True, False]
    assert [window.ended_at(t) for t in (2 * NS - 1, 2 * NS)] == [False, True]


@pytest.mark.parametrize("rate", [Fraction(30000, 1001), Fraction(25), Fraction(15), Fraction(24)])
def test_thinning_at_the_files_own_rate_loses_nothing(rate: Fraction) -> None:
    thinning = Thinning(float(rate))
    assert all(thinning.takes(int(k * NS / rate)) for k in range(5000))


@given(
    st.floats(0.5, 60),
    st.lists(st.integers(1_000_000, 400_000_000), min_size=2, max_size=200),
)
def test_thinning_never_exceeds_its_rate_by_more_than_one_picture(
    fps: float, steps_ns: list[int]
) -> None:
    thinning, now, taken = Thinning(fps), 0, []
    for step in steps_ns:
        now += step
        if thinning.takes(now):
            taken.append(now)
    assert taken[0] == steps_ns[0]
    assert len(taken) <= (taken[-1] - taken[0]) / NS * fps + 1.5


def test_thinning_begins_again_where_time_runs_back() -> None:
    thinning = Thinning(2)
    assert [thinning.takes(t * NS // 10) for t in (0, 2, 5, 100, 1, 3, 6)] == [
        True,
        False,
        True,
        True,
        True,
        False,
        True,
    ]
