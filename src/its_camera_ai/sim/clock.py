"""A clock that moves only when it is told to: the twin of ``core.time.SystemClock``."""

from its_camera_ai.core.time import NS_PER_S, WallTime

DEFAULT_WALL_NS = 1_714_550_400 * NS_PER_S
"""2024-05-01 08:00:00 UTC, the morning on which simulated days begin."""


class SimulatedClock:
    """Both clocks of ``core.time.Clock`` under a test's control.

    Args:
        wall_ns: UTC at the start, ns since the epoch.
        monotonic_ns: where the steady clock starts.

    >>> clock = SimulatedClock(wall_ns=0)
    >>> clock.advance(1.5)
    >>> clock.wall_ns(), clock.monotonic_ns()
    (1500000000, 1500000000)
    """

    def __init__(self, wall_ns: int = DEFAULT_WALL_NS, monotonic_ns: int = 0) -> None:
        self._wall_ns = wall_ns
        self._monotonic_ns = monotonic_ns

    def wall_ns(self) -> WallTime:
        return WallTime(self._wall_ns)

    def monotonic_ns(self) -> int:
        return self._monotonic_ns

    def advance(self, seconds: float) -> None:
        """Time passes: both clocks move on by ``seconds`` ≥ 0.

        Raises:
            ValueError: negative; time does not run backwards, but see ``step``.
        """
        if seconds < 0:
            raise ValueError("Time can't pass backwards; use step() for a jump of the wall clock.")
        passed_ns = round(seconds * NS_PER_S)
        self._wall_ns += passed_ns
        self._monotonic_ns += passed_ns

    def step(self, seconds: float) -> None:
        """Someone corrects the wall clock by ``seconds``, either way; no time passes."""
        self._wall_ns += round(seconds * NS_PER_S)

    def set(self, wall_ns: int) -> None:
        """The wall clock is put to ``wall_ns``; no time passes."""
        self._wall_ns = wall_ns
