"""Counts against truth: per line and direction, and as cumulative curves."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

SEGMENTS = 10


@dataclass(frozen=True, slots=True)
class Passage:
    """Somebody crossed a line.

    Attributes:
        direction: ``in`` or ``out``, see ``core.scene.Line``.
        label: the class. time_s: stream time.
    """

    line: str
    direction: str
    label: str
    time_s: float


@dataclass(frozen=True, slots=True)
class LineScore:
    """One line and direction.

    Attributes:
        ours, truth: how many crossed.
    """

    line: str
    direction: str
    ours: int
    truth: int

    @property
    def off_by(self) -> int:
        return abs(self.ours - self.truth)

    @property
    def holds(self) -> bool:
        """Exact below 20, within 5 % from 20 on."""
        return self.off_by == 0 if self.truth < 20 else self.off_by <= 0.05 * self.truth


@dataclass(frozen=True, slots=True)
class Effectiveness:
    """The score of cumulative counts.

    Attributes:
        share: 0–1, 1 where every curve is right.
        vehicles: in the truth; a score over few says little.
        unasked: counted for a movement and class that has none in the truth; by the definition
            they cost nothing, so they are told here.
    """

    share: float
    vehicles: int
    unasked: int


def line_scores(
    lines: Iterable[str], ours: Sequence[Passage], truth: Sequence[Passage]
) -> list[LineScore]:
    """One row per line and direction, rows without anybody on either side left out."""
    mine = Counter((p.line, p.direction) for p in ours)
    true = Counter((p.line, p.direction) for p in truth)
    return [
        LineScore(line, direction, mine[line, direction], true[line, direction])
        for line in lines
        for direction in ("in", "out")
        if mine[line, direction] or true[line, direction]
    ]


def effectiveness(
    ours: Sequence[Passage],
    truth: Sequence[Passage],
    duration_s: float,
    segments: int = SEGMENTS,
) -> Effectiveness:
    """S1 effectiveness of the AI City Challenge, track 1 (Naphade et al., *The 5th AI City
    Challenge*, CVPR Workshops 2021, §4.1; aicitychallenge.org, 2021 data and evaluation).

    A movement is a line and direction. For every movement × class with n > 0 in the truth, the
    video is cut into k segments, and x_i and y_i are the true and our counts from the beginning to
    the end of segment i::

        wRMSE  = sqrt( Σ_i w_i (y_i − x_i)² ),   w_i = 2 i / (k (k + 1))
        nwRMSE = 1 − wRMSE / n,  at least 0
        S1     = Σ n · nwRMSE / Σ n              over all movements × classes

    The organisers say that the weights rise with the segment and publish neither them nor k; w and
    k here are those that participants' own scorers use.

    Args:
        duration_s: length of the video. segments: k.

    >>> effectiveness([Passage("a", "in", "car", 1)], [Passage("a", "in", "car", 1)], 10).share
    1.0
    """
    ends_s = duration_s * np.arange(1, segments + 1) / segments
    ends_s[-1] = np.inf  # what is decided at the very end belongs to the last segment
    weight = 2 * np.arange(1, segments + 1) / (segments * (segments + 1))
    total = score = 0.0
    movements = Counter((p.line, p.direction, p.label) for p in truth)
    for movement, n in movements.items():
        difference = _curve(ours, movement, ends_s) - _curve(truth, movement, ends_s)
        wrmse = float(np.sqrt((weight * difference**2).sum()))
        score += n * max(0.0, 1 - wrmse / n)
        total += n
    unasked = sum((p.line, p.direction, p.label) not in movements for p in ours)
    return Effectiveness(score / total if total else 1.0, int(total), unasked)


def _curve(
    passages: Sequence[Passage], movement: tuple[str, str, str], ends_s: npt.NDArray[np.float64]
) -> npt.NDArray[np.int64]:
    """(k,) how many of this movement came before each of the (k,) ends."""
    times = np.array([p.time_s for p in passages if (p.line, p.direction, p.label) == movement])
    before: npt.NDArray[np.int64] = np.searchsorted(np.sort(times), ends_s).astype(np.int64)
    return before
