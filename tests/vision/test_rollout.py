"""The policy of a trial: every reason to end it, what it waits for, which cameras it gets."""

import itertools
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from its_camera_ai.core.models import STAGES
from its_camera_ai.vision.rollout import (
    Figures,
    Health,
    Limits,
    Report,
    StageWatch,
    judge,
    share_of,
)

CARS = {"vehicle": 200, "person": 0}
GOOD = Figures(
    looks=100,
    empty=10,
    found=200,
    score_sum=120.0,
    kinds=CARS,
    latency_samples=100,
    latency_p50_s=0.02,
    latency_p95_s=0.03,
)


@pytest.mark.parametrize(
    ("challenger", "says"),
    [
        pytest.param(replace(GOOD, failures=3), "failed at 3 of 103", id="failures"),
        pytest.param(
            replace(GOOD, latency_p50_s=0.2, latency_p95_s=0.3),
            "takes 300 ms .*30 ms; 2 times",
            id="ten-fold slower",
        ),
        pytest.param(
            replace(GOOD, empty=100, found=0, score_sum=0, kinds={}),
            "100% of its looks find nothing, 10%",
            id="finds nothing",
        ),
        pytest.param(
            replace(GOOD, found=90, score_sum=54), "0.90 things per look.*2.00", id="finds half"
        ),
        pytest.param(
            replace(GOOD, found=700, score_sum=420), "7.00 things per look", id="finds ghosts"
        ),
        pytest.param(replace(GOOD, score_sum=60), "mean score is 0.30.*0.60", id="unsure"),
        pytest.param(
            replace(GOOD, kinds={"vehicle": 60, "person": 140}), "70% of the mix", id="other kinds"
        ),
    ],
)
def test_every_reason_to_end_a_trial(challenger: Figures, says: str) -> None:
    verdict = judge(challenger, GOOD, GOOD, Limits())
    assert verdict.health is Health.UNHEALTHY
    with pytest.raises(AssertionError, match=says):
        raise AssertionError(verdict.reason)


@pytest.mark.parametrize(
    ("challenger", "before"),
    [
        pytest.param(GOOD, GOOD, id="just as good"),
        pytest.param(replace(GOOD, latency_p95_s=0.06), GOOD, id="twice as slow is allowed"),
        pytest.param(replace(GOOD, failures=2), GOOD, id="two failures prove nothing"),
        pytest.param(
            replace(GOOD, looks=900, failures=3, found=1800, score_sum=1080),
            GOOD,
            id="three in nine hundred",
        ),
        pytest.param(
            replace(GOOD, found=0, empty=100, score_sum=0),
            replace(GOOD, found=2, empty=98),
            id="nothing on an empty street",
        ),
        pytest.param(
            replace(GOOD, latency_p50_s=0.2, latency_p95_s=0.3, latency_samples=29),
            GOOD,
            id="too few times measured",
        ),
        pytest.param(replace(GOOD, latency_p95_s=0.3), GOOD, id="one busy moment"),
    ],
)
def test_what_is_healthy(challenger: Figures, before: Figures) -> None:
    assert judge(challenger, GOOD, before, Limits()).health is Health.HEALTHY


@pytest.mark.parametrize(
    ("challenger", "before", "says"),
    [
        pytest.param(replace(GOOD, looks=49), GOOD, "49 of 50 looks", id="challenger"),
        pytest.param(GOOD, Figures(), "too few looks of the champion", id="nothing to compare"),
    ],
)
def test_what_is_waited_for(challenger: Figures, before: Figures, says: str) -> None:
    verdict = judge(challenger, GOOD, before, Limits())
    assert verdict.health is Health.WAITING
    assert says in verdict.reason


def test_another_family_may_score_and_find_otherwise_but_not_less() -> None:
    """From the embedded detector, which sees what moves, to a network that sees all."""
    limits = Limits().across_families()
    more = replace(GOOD, found=1000, score_sum=300, kinds={"person": 1000})
    assert judge(more, GOOD, GOOD, limits).health is Health.HEALTHY
    blind = replace(GOOD, found=50, empty=60, score_sum=30)
    assert judge(blind, GOOD, GOOD, limits).health is Health.UNHEALTHY


def test_a_long_tail_is_seen_after_many_looks() -> None:
    many = replace(GOOD, latency_samples=200)
    verdict = judge(replace(many, latency_p95_s=0.3), many, GOOD, Limits())
    assert verdict.health is Health.UNHEALTHY


def test_the_limit_of_latency_is_the_trial_s_own() -> None:
    slow = replace(GOOD, latency_p50_s=0.2, latency_p95_s=0.3)
    assert judge(slow, GOOD, GOOD, Limits(latency_ratio_max=12)).health is Health.HEALTHY


@given(st.sets(st.text(min_size=1, max_size=8), min_size=1, max_size=60))
def test_a_share_grows_and_never_moves(camera_ids: set[str]) -> None:
    shares = [share_of(sorted(camera_ids), percent) for percent in (0, *STAGES)]
    assert [len(s) for s in shares[:1]] == [0]
    assert 1 <= len(shares[1]) <= max(1, len(camera_ids) // 10 + 1)
    assert shares[-1] == camera_ids
    for less, more in itertools.pairwise(shares):
        assert less <= more


def test_no_camera_no_share() -> None:
    assert share_of([], 10) == frozenset()


OK = Report(7, 1, Health.HEALTHY)


def test_a_stage_is_over_after_it_went_well_for_long_enough() -> None:
    watch = StageWatch()
    over = [watch.is_over((7, 10), 60, [OK], now_s) for now_s in (0, 59, 60)]
    assert over == [False, False, True]
    assert not watch.is_over((7, 50), 60, [OK], 61), "the next stage begins anew"


@pytest.mark.parametrize(
    "reports",
    [
        pytest.param([], id="nobody reports"),
        pytest.param([replace(OK, cameras=0)], id="nobody has a camera of it"),
        pytest.param([replace(OK, attempt=6)], id="another trial"),
        pytest.param([OK, replace(OK, health=Health.WAITING)], id="one waits"),
    ],
)
def test_what_holds_a_stage(reports: list[Report]) -> None:
    watch = StageWatch()
    assert not watch.is_over((7, 10), 0.5, [OK], 0)
    assert not watch.is_over((7, 10), 0.5, reports, 1)
    assert not watch.is_over((7, 10), 0.5, [OK], 2), "the time counts from here again"
    assert watch.is_over((7, 10), 0.5, [OK, replace(OK, cameras=0, health=Health.WAITING)], 3)
