"""Which pictures of a file are analysed, by their own time."""

import math
from dataclasses import dataclass

from its_camera_ai.core.errors import ConfigInvalid
from its_camera_ai.core.time import NS_PER_S


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A stretch of a file's stream time, perhaps thinned.

    Attributes:
        start_s: pictures before are read but not analysed.
        end_s: the first picture at or after is not read any more; None for the end of the file.
        fps: at most about so many pictures per second are analysed; None for all.

    Raises:
        ConfigInvalid: a negative start, an end at or before the start, or a rate of 0 or less.
    """

    start_s: float = 0.0
    end_s: float | None = None
    fps: float | None = None

    def __post_init__(self) -> None:
        if not (math.isfinite(self.start_s) and self.start_s >= 0):
            raise ConfigInvalid(f"--start {self.start_s:g} must be 0 or more seconds; correct it.")
        if self.end_s is not None and not (math.isfinite(self.end_s) and self.end_s > self.start_s):
            raise ConfigInvalid(
                f"--end {self.end_s:g} must be later than --start {self.start_s:g}; both are "
                "seconds from the beginning of the file."
            )
        if self.fps is not None and not (math.isfinite(self.fps) and self.fps > 0):
            raise ConfigInvalid(
                f"--fps {self.fps:g} must be above 0; leave it out to analyse every picture."
            )

    def begins_after(self, pts_ns: int) -> bool:
        return pts_ns < round(self.start_s * NS_PER_S)

    def ended_at(self, pts_ns: int) -> bool:
        return self.end_s is not None and pts_ns >= round(self.end_s * NS_PER_S)


class Thinning:
    """Takes the picture next to each tick of a rate, by stream time only.

    Ticks stand at the first picture and every ``1 / fps`` after it, so a file at that very rate
    loses nothing to rounded time stamps, and a varying rate is never exceeded for long.

    >>> thinning = Thinning(10)
    >>> [k for k in range(8) if thinning.takes(k * 40_000_000)]
    [0, 2, 4, 7]
    """

    def __init__(self, fps: float | None) -> None:
        self._fps = fps
        self._first_ns: int | None = None
        self._last_ns = 0
        self._tick = -1

    def takes(self, pts_ns: int) -> bool:
        """Whether the next picture is analysed."""
        if self._fps is None:
            return True
        if self._first_ns is None or pts_ns < self._last_ns:
            self._first_ns, self._tick = pts_ns, -1  # time that ran back begins again
        self._last_ns = pts_ns
        tick = math.floor((pts_ns - self._first_ns) * self._fps / NS_PER_S + 0.5)
        if tick <= self._tick:
            return False
        self._tick = tick
        return True
