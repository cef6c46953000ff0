"""Which way is usual where on a line: when it is known, how far it reaches, what it forgets."""

import numpy as np
import pytest

from its_camera_ai.analytics.counting.usual import UsualWays


def against(usual: UsualWays, along: float, *, inward: bool) -> bool:
    (contrary,) = usual.contrary(np.array([0]), np.array([along]), np.array([inward]))
    return bool(contrary)


@pytest.mark.parametrize(
    ("inwards", "outwards", "expected"),
    [(0, 0, False), (2, 0, False), (3, 0, True), (3, 1, False), (20, 1, True), (20, 3, False)],
    ids=["new line", "two", "three", "one of four", "one of many", "some of many"],
)
def test_contrary_is_what_hardly_anybody_does(inwards: int, outwards: int, expected: bool) -> None:
    usual = UsualWays(1)
    for inward in [True] * inwards + [False] * outwards:
        usual.learn(0, 0.5, inward=inward)
    assert against(usual, 0.5, inward=False) is expected
    assert not against(usual, 0.5, inward=True)


def test_reaches_to_the_next_part_only() -> None:
    usual = UsualWays(1)
    for _ in range(5):
        usual.learn(0, 0.5, inward=True)
    assert against(usual, 0.56, inward=False)
    assert not against(usual, 0.7, inward=False)


@pytest.mark.parametrize("along", [-0.2, 0.0, 1.0, 1.3])
def test_beyond_an_end_is_the_part_at_the_end(along: float) -> None:
    usual = UsualWays(2)
    for _ in range(3):
        usual.learn(0, along, inward=True)
    assert against(usual, along, inward=False)


def test_a_way_that_changes_is_learned_anew() -> None:
    usual = UsualWays(1)
    for inward in [True] * 500 + [False] * 40:
        usual.learn(0, 0.5, inward=inward)
    assert not against(usual, 0.5, inward=False)
