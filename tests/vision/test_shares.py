import pytest
from hypothesis import given
from hypothesis import strategies as st

from its_camera_ai.vision.shares import Demand, fair_rates


def demand(wanted: float = 5, look_s: float = 0.1, floor: float = 1) -> Demand:
    return Demand(min(floor, wanted), wanted, look_s, wanted)


@pytest.mark.parametrize(
    ("demands", "budget", "rates"),
    [
        pytest.param([demand(), demand()], 2.0, [5, 5], id="enough for all"),
        pytest.param([demand(), demand()], 0.5, [2.5, 2.5], id="shared evenly"),
        pytest.param([demand(), demand()], 0.1, [0.5, 0.5], id="below the floors"),
        pytest.param([demand(12), demand(6), demand(6)], 1.2, [6, 3, 3], id="by wanted rates"),
        pytest.param([demand(), demand(look_s=0.01)], 0.45, [4, 5], id="a dear one waits alone"),
        pytest.param([demand(20), demand(1)], 1.0, [9, 1], id="what one has no use for"),
        pytest.param([demand(100), demand(1.1)], 0.3, [2, 1], id="floors come first"),
    ],
)
def test_shares(demands: list[Demand], budget: float, rates: list[float]) -> None:
    found = fair_rates({str(i): d for i, d in enumerate(demands)}, budget)
    assert list(found.values()) == pytest.approx(rates, abs=0.01)


def test_nobody_is_nothing() -> None:
    assert fair_rates({}, 1.0) == {}


demands = st.builds(
    demand, wanted=st.floats(0.5, 60), look_s=st.floats(0.001, 1), floor=st.floats(0.1, 1)
)


@given(several=st.lists(demands, min_size=1, max_size=12), budget=st.floats(0.01, 8))
def test_any_shares_are_within_the_budget_and_within_what_is_wanted(
    several: list[Demand], budget: float
) -> None:
    rates = fair_rates({str(i): d for i, d in enumerate(several)}, budget)
    pairs = list(zip(several, rates.values(), strict=True))
    used = sum(d.look_s * rate for d, rate in pairs)
    assert used <= budget * 1.0001
    assert all(0 < rate <= d.wanted_per_s * 1.0001 for d, rate in pairs)
    floors = sum(d.look_s * d.floor_per_s for d in several)
    if floors < budget:
        assert all(rate >= d.floor_per_s * 0.9999 for d, rate in pairs)
        content = all(rate >= d.wanted_per_s * 0.9999 for d, rate in pairs)
        assert content or used == pytest.approx(budget, rel=0.001), "nothing is left unused"
