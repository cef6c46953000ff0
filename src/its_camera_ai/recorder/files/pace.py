"""Keeps work on files below a rate of bytes."""

from collections.abc import Callable

from its_camera_ai.core.time import NS_PER_S, Clock

BURST_S = 0.25
"""Work of so long may go ahead at once after a rest."""


class Pace:
    """Makes the caller wait so that on average no more than a rate goes through.

    Args:
        bytes_per_s: the rate.
        wait: sleeps so many seconds; may raise, to end the work early.
    """

    def __init__(self, bytes_per_s: float, *, clock: Clock, wait: Callable[[float], None]) -> None:
        self._ns_per_byte = NS_PER_S / bytes_per_s
        self._clock = clock
        self._wait = wait
        self._free_at_ns = clock.monotonic_ns()

    def spend(self, size_bytes: int) -> None:
        """Wait until so many bytes may go, and count them."""
        now_ns = self._clock.monotonic_ns()
        self._free_at_ns = max(self._free_at_ns, now_ns - round(BURST_S * NS_PER_S))
        self._free_at_ns += round(size_bytes * self._ns_per_byte)
        if self._free_at_ns > now_ns:
            self._wait((self._free_at_ns - now_ns) / NS_PER_S)
