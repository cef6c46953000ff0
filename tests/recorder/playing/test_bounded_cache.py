"""A cache that never weighs more than it may."""

from hypothesis import given
from hypothesis import strategies as st

from its_camera_ai.recorder.playing.bounded_cache import BoundedCache


def test_forgets_what_was_used_longest_ago() -> None:
    cache: BoundedCache[str, int] = BoundedCache(3)
    for number, key in enumerate("abc"):
        cache.put(key, number, 1)
    assert cache.get("a") == 0
    cache.put("d", 3, 1)
    assert [cache.get(key) for key in "abcd"] == [0, None, 2, 3]


def test_what_is_too_heavy_is_not_kept() -> None:
    cache: BoundedCache[str, int] = BoundedCache(3)
    cache.put("a", 1, 3)
    cache.put("b", 2, 4)
    assert (cache.get("a"), cache.get("b"), cache.weight) == (1, None, 3)


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 12))))
def test_never_too_heavy(puts: list[tuple[int, int]]) -> None:
    cache: BoundedCache[int, int] = BoundedCache(10)
    weights: dict[int, int] = {}
    for key, weight in puts:
        cache.put(key, weight, weight)
        weights[key] = weight
        assert cache.weight <= 10
        assert cache.weight == sum(w for k, w in weights.items() if cache.get(k) is not None)
