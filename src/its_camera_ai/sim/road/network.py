"""Lanes joined to ways through the scene, and their tables for arrays of vehicles."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from its_camera_ai.sim.car_following import BRAKE_MPS2
from its_camera_ai.sim.paths import Path, Point

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

GRID_M = 0.25
"""Spacing of the tables; between two of their points the road is straight, by definition."""
LEAD_M = 30.0
"""The tables reach so far before a way's start and beyond its end."""
SIGHT_M = 90.0
_SOFT = 0.7
"""Share of comfortable braking that is used before a slower stretch."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A piece of one lane.

    Attributes:
        points: along its middle, in the way of travel, metres.
    """

    name: str
    points: tuple[Point, ...]
    limit_mps: float


@dataclass(frozen=True, slots=True)
class Gate:
    """A place where vehicles may have to wait.

    Attributes:
        stretch: at the end of which it is.
        opens_by: name of a signal group, or of a crossing on foot that must be empty.
        back_m: how far before the end of the stretch.
    """

    stretch: str
    opens_by: str
    back_m: float = 0.0


@dataclass(frozen=True, slots=True)
class Way:
    """From the edge of the scene to its edge.

    Attributes:
        stretches: names in order; ways that share one share its vehicles.
        left, right: the way one lane further, over the whole length; empty for none.
    """

    name: str
    stretches: tuple[str, ...]
    gates: tuple[Gate, ...] = ()
    left: str = ""
    right: str = ""


class Network:
    """Tables over all ways: rows are ways in the order given, metres run from each way's start.

    Attributes:
        ways, stretches: names; an index elsewhere points into them.
        length_m: (W,).
        starts_m: (W, K) where each of its stretches begins, inf beyond the last one.
        stretch_at: (W, K) index of the stretch.
        offset_m: (W, S) where a stretch begins on a way, NaN if it is not on it.
        gate_m: (W, G) places of gates, −inf where there are fewer. gate_by: (W, G) index into
            ``keepers``, the names of what opens them.
        left, right: (W,) the neighbouring way or −1.
    """

    def __init__(self, stretches: tuple[Stretch, ...], ways: tuple[Way, ...]) -> None:
        by_name = {stretch.name: stretch for stretch in stretches}
        self.stretches = tuple(by_name)
        self.ways = tuple(way.name for way in ways)
        keepers = sorted({gate.opens_by for way in ways for gate in way.gates})
        self.keepers = tuple(keepers)
        number = {name: k for k, name in enumerate(self.stretches)}
        deep = max(len(way.stretches) for way in ways)
        gates = max(1, *(len(way.gates) for way in ways), 1)
        self.starts_m = np.full((len(ways), deep), np.inf)
        self.stretch_at = np.zeros((len(ways), deep), np.int64)
        self.offset_m = np.full((len(ways), len(stretches)), np.nan)
        self.gate_m = np.full((len(ways), gates), -np.inf)
        self.gate_by = np.zeros((len(ways), gates), np.int64)
        self.length_m = np.zeros(len(ways))
        paths: list[Path] = []
        for w, way in enumerate(ways):
            points: list[Point] = []
            at = 0.0
            ends: dict[str, float] = {}
            for k, name in enumerate(way.stretches):
                piece = list(by_name[name].points)
                points += piece if not points else piece[1:]
                self.starts_m[w, k] = self.offset_m[w, number[name]] = at
                self.stretch_at[w, k:] = number[name]
                at = ends[name] = Path(points).length_m
            for g, gate in enumerate(way.gates):
                self.gate_m[w, g] = ends[gate.stretch] - gate.back_m
                self.gate_by[w, g] = keepers.index(gate.opens_by)
            self.length_m[w] = at
            paths.append(Path(points))
        index = {way.name: w for w, way in enumerate(ways)}
        self.left = np.array([index.get(way.left, -1) for way in ways])
        self.right = np.array([index.get(way.right, -1) for way in ways])
        self._tables(paths, [[by_name[n].limit_mps for n in way.stretches] for way in ways])

    def _tables(self, paths: list[Path], limits: list[list[float]]) -> None:
        count = math.ceil((float(self.length_m.max()) + 2 * LEAD_M) / GRID_M) + 2
        places = np.arange(count) * GRID_M - LEAD_M
        self._xy = np.array([[path.at(s) for s in places] for path in paths])
        self._limit = np.empty((len(paths), count))
        for w, speeds in enumerate(limits):
            ends = [*self.starts_m[w, 1 : len(speeds)], np.inf]
            wish = np.full(count, np.inf)
            for start, end, limit in zip(self.starts_m[w], ends, speeds, strict=False):
                ahead = np.maximum(start - places, 0.0)
                slow = np.sqrt(limit**2 + 2 * _SOFT * BRAKE_MPS2 * ahead)
                wish = np.where((places < end) & (ahead < SIGHT_M), np.minimum(wish, slow), wish)
            self._limit[w] = wish

    def stretch_of(self, way: Ints, s_m: Floats) -> tuple[Ints, Floats]:
        """(N,) ways and places → (N,) index of the stretch there, and metres from its start."""
        starts = self.starts_m[way]
        k = np.maximum((s_m[:, None] >= starts).sum(axis=1) - 1, 0)
        rows = np.arange(len(way))
        inside: Floats = s_m - starts[rows, k]
        return self.stretch_at[way, k], inside

    def at(self, way: Ints, s_m: Floats, aside_m: Floats) -> Floats:
        """(N,) ways, places and offsets to the left of the way's middle → (N, 2) metres."""
        where = (s_m + LEAD_M) / GRID_M
        k = np.clip(where.astype(np.int64), 0, self._xy.shape[1] - 2)
        a = self._xy[way, k]
        step = self._xy[way, k + 1] - a
        share = where - k
        xy: Floats = a + step * share[:, None]
        xy[:, 0] -= step[:, 1] * aside_m / GRID_M
        xy[:, 1] += step[:, 0] * aside_m / GRID_M
        return xy

    def limit_mps(self, way: Ints, s_m: Floats) -> Floats:
        """(N,) the speed limit there, lowered in time for a slower stretch ahead."""
        k = np.clip(((s_m + LEAD_M) / GRID_M).astype(np.int64), 0, self._limit.shape[1] - 1)
        limit: Floats = self._limit[way, k]
        return limit

    def nearest(self, place: Floats) -> tuple[Floats, Floats]:
        """(W,) of each way the metres at which it comes nearest to a place (2,), and how near."""
        away = self._xy - place
        squares = (away * away).sum(axis=2)
        k = squares.argmin(axis=1)
        rows = np.arange(len(k))
        return k * GRID_M - LEAD_M, np.sqrt(squares[rows, k])
