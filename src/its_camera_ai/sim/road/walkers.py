"""People and cyclists at zebra crossings: they wait for their light, cross, and go on."""

from collections.abc import Callable

import numpy as np

from its_camera_ai.sim.road.kinds import KINDS, NUMBER
from its_camera_ai.sim.road.layout import Zebra
from its_camera_ai.sim.road.lights import Lights
from its_camera_ai.sim.road.movers import Floats, Mover, walk

FOOTWAY_M = 14.0
"""They are seen so far before and after the crossing."""
SOON_S, LEFT_S = 2.5, 0.6
"""Drivers stop so long before somebody steps before their lanes, and wait so long after."""
_MARGIN_M = 0.6


class Walkers:
    """Random walkers over a layout's zebras.

    Args:
        new_id: numbers road users.
    """

    def __init__(
        self,
        zebras: tuple[Zebra, ...],
        lights: Lights,
        rng: np.random.Generator,
        new_id: Callable[[], int],
    ) -> None:
        self._zebras, self._lights, self._rng, self._new_id = zebras, lights, rng, new_id
        rates = [(z.per_hour, z.cyclists_per_hour) for z in zebras]
        self._per_s = np.array(rates, np.float64).reshape(-1, 2) / 3600
        self._due = rng.exponential(1.0, self._per_s.shape)
        self._crossing: list[tuple[int, float, float]] = []

    def step(self, now_s: float, tick_s: float, factor: float) -> list[Mover]:
        """Those who come now."""
        self._due -= self._per_s * tick_s * factor
        come = []
        for z, column in np.argwhere(self._due <= 0).tolist():
            self._due[z, column] += self._rng.exponential()
            come.append(self._new(z, "bicycle" if column else "person", now_s))
        self._crossing = [c for c in self._crossing if c[2] >= now_s]
        return come

    def busy(self, now_s: float) -> frozenset[str]:
        """Zebras where somebody is, now or soon, before the lanes that lead out."""
        return frozenset(
            self._zebras[z].id for z, begins, ends in self._crossing if begins <= now_s <= ends
        )

    def _new(self, z: int, name: str, now_s: float) -> Mover:
        rng, zebra, kind = self._rng, self._zebras[z], KINDS[NUMBER[name]]
        a, b = np.array(zebra.ends, np.float64)
        from_exit = rng.random() < 0.5
        if not from_exit:
            a, b = b, a
        along = (b - a) / np.hypot(*(b - a))
        across = np.array([-along[1], along[0]])
        side = rng.uniform(-0.5, 0.5) * (zebra.width_m - 2 * _MARGIN_M)
        if name == "bicycle":
            side = (zebra.width_m / 2 + 0.3) * (1 if rng.random() < 0.5 else -1)
        a, b = a + across * side, b + across * side
        speed = rng.uniform(1.05, 1.6) if name == "person" else rng.uniform(2.5, 4.0)
        before, after = a - along * FOOTWAY_M, b + along * FOOTWAY_M
        times, points = walk([tuple(before), tuple(a)], now_s, speed)
        arrived = float(times[-1])
        go = self._go_s(zebra.walks_with, arrived, now_s)
        on, further = walk([tuple(a), tuple(b), tuple(after)], go, speed)
        times, points = _joined(times, points, on, further)
        dims = tuple(
            float(v) for v in np.array([kind.length_m, kind.width_m, kind.height_m])
            * rng.normal(1.0, kind.spread, 3).clip(0.9, 1.1)
        )  # fmt: skip
        mover = Mover(self._new_id(), NUMBER[name], (dims[0], dims[1], dims[2]), times, points,
                      blocks=False)  # fmt: skip
        middle = (go + float(on[1])) / 2
        begins, ends = (go, middle) if from_exit else (middle, float(on[1]))
        self._crossing.append((z, begins - SOON_S, ends + LEFT_S))
        return mover

    def _go_s(self, phase: str, arrived_s: float, now_s: float) -> float:
        """The first moment from the arrival on at which one may step on the crossing."""
        return arrived_s + self._lights.walk_in_s(phase, arrived_s - now_s)


def _joined(times: Floats, points: Floats, on: Floats, further: Floats) -> tuple[Floats, Floats]:
    """The way to the kerb, the wait, and the way on."""
    if on[0] <= times[-1]:
        return np.concatenate([times, on[1:]]), np.concatenate([points, further[1:]])
    return np.concatenate([times, on]), np.concatenate([points, further])
