"""What a look costs on this machine, learned from every look. Pure: times are handed in."""

from collections.abc import Mapping

Input = tuple[str, tuple[int, int]]
"""A model's name and the input size that it ran at."""

SECONDS_PER_PX = 1e-7
"""Taken until the first look is measured: a nano network on one core."""

_WEIGHT = 0.2  # of a new look in the running average
_SURPRISE_MAX = 4.0
"""A look counts as at most so many times what was expected: a hiccup is no trend, and the first
look of an input, for which some runtimes compile the network, says little."""


class LookCosts:
    """Seconds of one detector thread per area, by model and input size.

    The time of a look of several areas is shared out by their inputs' pixels.
    """

    def __init__(self) -> None:
        self._seconds: dict[Input, float] = {}
        self._per_px: dict[str, float] = {}

    def learn(self, areas: Mapping[Input, float], seconds: float) -> None:
        """So many areas of each input took ``seconds`` together, waiting left out."""
        pixels = sum(_pixels(key) * count for key, count in areas.items())
        if pixels <= 0 or seconds < 0:
            return
        for key, count in areas.items():
            if count > 0:
                self._average(key, seconds * _pixels(key) / pixels)
        model = next(iter(areas))[0]
        known = [(key, s) for key, s in self._seconds.items() if key[0] == model]
        self._per_px[model] = sum(s for _, s in known) / sum(_pixels(key) for key, _ in known)

    def _average(self, key: Input, seconds: float) -> None:
        expected = self._area(key)
        sample = min(seconds, _SURPRISE_MAX * expected)
        weight = _WEIGHT if key in self._seconds else 1.0
        self._seconds[key] = expected + (sample - expected) * weight

    def of(self, areas: Mapping[Input, float]) -> float:
        """Seconds that so many areas of each input are expected to take."""
        return sum(self._area(key) * count for key, count in areas.items())

    def _area(self, key: Input) -> float:
        known = self._seconds.get(key)
        if known is not None:
            return known
        return self._per_px.get(key[0], SECONDS_PER_PX) * _pixels(key)


def _pixels(key: Input) -> int:
    width, height = key[1]
    return width * height
