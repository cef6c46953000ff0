"""CPU time and memory of processes, from the operating system's books."""

import time
from dataclasses import dataclass

import psutil


@dataclass(frozen=True, slots=True)
class Use:
    """What some processes used over one window.

    Attributes:
        cpu_s: user and system time, by name.
        rss_bytes: resident memory at the end, by name.
        wall_s: length of the window.
    """

    cpu_s: dict[str, float]
    rss_bytes: dict[str, int]
    wall_s: float

    def share(self, name: str) -> float:
        """Cores used: 1.0 is one core all the time."""
        return self.cpu_s[name] / self.wall_s


class Window:
    """Begins when it is made.

    Args:
        pids: name → process ids whose use is added up; a process that ends within the window keeps
            what it was last seen with, so ask for the result before stopping anything.
    """

    def __init__(self, pids: dict[str, list[int]]) -> None:
        self._processes = {
            name: [psutil.Process(pid) for pid in these] for name, these in pids.items()
        }
        self._began_s = time.monotonic()
        self._before = self._cpu()

    def use(self) -> Use:
        """What was used since the beginning."""
        after = self._cpu()
        return Use(
            {name: after[name] - self._before[name] for name in after},
            {
                name: sum(p.memory_info().rss for p in these)
                for name, these in self._processes.items()
            },
            time.monotonic() - self._began_s,
        )

    def _cpu(self) -> dict[str, float]:
        return {
            name: sum(sum(p.cpu_times()[:2]) for p in these)
            for name, these in self._processes.items()
        }
