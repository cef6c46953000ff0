"""What is unusual for this place at this time of its week, in words and numbers.

A robust score against the place's own pattern: ``(x − median) / sd`` on the modelled scale, the
median over the same slot and its neighbours in all weeks, the standard deviation from the median
absolute deviation (P. J. Rousseeuw and C. Croux, *Alternatives to the median absolute deviation*,
1993, for its constant), steadied by that of all slots of a similar level.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo

import numpy as np

from its_camera_ai.analytics.forecasting.history import (
    Floats,
    History,
    Quantity,
    Slots,
    slots_of,
)
from its_camera_ai.analytics.forecasting.weekly import MAD_TO_SD, WeeklyPattern, learn

FEWEST_WEEKS = 3
"""Before, nothing is called unusual."""
SCORE = 4.5
"""So many standard deviations off are unusual."""
STEADY_SAMPLES = 20
"""The spread of similar slots weighs as much as so many samples of the slot itself."""


@dataclass(frozen=True, slots=True)
class Anomaly:
    """Neighbouring intervals that were unusual the same way.

    Attributes:
        value: of the interval with the highest score, as are usual, low and high: the median and
            the range within which all is usual.
        score: standard deviations; negative is too little.
        explanation: one sentence with the value, what is usual and how that is known.
    """

    start_wall_ns: int
    end_wall_ns: int
    value: float
    usual: float
    low: float
    high: float
    score: float
    explanation: str


@dataclass(frozen=True, slots=True, eq=False)
class UsualWeek:
    """What is usual at a place.

    Attributes:
        median, sd: (S,) on the modelled scale; NaN where nothing is known.
        samples: (S,) values behind them.
        weeks: how many weeks were learned from.
    """

    quantity: Quantity
    step_s: int
    zone: tzinfo
    holidays: frozenset[date]
    median: Floats
    sd: Floats
    samples: Floats
    weeks: int

    @classmethod
    def learned(
        cls, history: History, zone: tzinfo, holidays: Collection[date] = ()
    ) -> "UsualWeek | None":
        """From the past; None while it is shorter than ``FEWEST_WEEKS``."""
        if history.known < FEWEST_WEEKS * 7 * history.steps_per_day * 0.8:
            return None
        slots = slots_of(history, zone, holidays)
        scaled = history.quantity.scaled(history.values)
        pattern = learn(scaled, slots.week, slots.slot, history.steps_per_day)
        median, sd, samples = _robust(scaled, slots, pattern)
        weeks = round(history.known / (7 * history.steps_per_day))
        return cls(
            history.quantity,
            history.step_s,
            zone,
            frozenset(holidays),
            median,
            sd,
            samples,
            weeks,
        )

    def unusual(self, history: History, score: float = SCORE) -> list[Anomaly]:
        """The anomalies of a stretch of time, in order. Unknown intervals are neither usual nor
        unusual, and do not part an anomaly.
        """
        slots = slots_of(history, self.zone, self.holidays)
        median, sd = self.median[slots.slot], self.sd[slots.slot]
        scores = (history.quantity.scaled(history.values) - median) / sd
        found: list[Anomaly] = []
        run: list[int] = []
        for k in np.flatnonzero(np.abs(np.nan_to_num(scores)) >= score).tolist():
            goes_on = run and np.sign(scores[k]) == np.sign(scores[run[-1]])
            if run and not (goes_on and np.isnan(scores[run[-1] + 1 : k]).all()):
                found.append(self._anomaly(history, slots, scores, run, score))
                run = []
            run.append(k)
        if run:
            found.append(self._anomaly(history, slots, scores, run, score))
        return found

    def _anomaly(
        self, history: History, slots: Slots, scores: Floats, run: list[int], score: float
    ) -> Anomaly:
        worst = run[int(np.argmax(np.abs(scores[run])))]
        slot = slots.slot[worst]
        median, sd = self.median[slot], self.sd[slot]
        off = np.array([-score * sd, 0.0, score * sd])
        low, usual, high = self.quantity.unscaled(median + off).tolist()
        step_ns = self.step_s * 10**9
        begin_ns = history.start_wall_ns + worst * step_ns
        value = float(history.values[worst])
        local = datetime.fromtimestamp(begin_ns // 10**9, UTC).astimezone(self.zone)
        unit = "km/h" if self.quantity is Quantity.SPEED else f"in {self.step_s // 60} minutes"
        explanation = (
            f"{local:%A %H:%M}: {value:.0f} {unit}, usual at this time of the week are {low:.0f} "
            f"to {high:.0f}, most often {usual:.0f} ({self.samples[slot]:.0f} values of "
            f"{self.weeks} weeks); {abs(scores[worst]):.1f} standard deviations too "
            f"{'low' if scores[worst] < 0 else 'high'}."
        )
        return Anomaly(
            history.start_wall_ns + run[0] * step_ns,
            history.start_wall_ns + (run[-1] + 1) * step_ns,
            value,
            usual,
            low,
            high,
            float(scores[worst]),
            explanation,
        )


def _robust(scaled: Floats, slots: Slots, pattern: WeeklyPattern) -> tuple[Floats, Floats, Floats]:
    """Median, standard deviation and number of samples of each slot with its neighbours.

    Neighbours are moved by the difference of the usual values, so that a steep rise is no spread.
    """
    count = len(pattern.usual)
    first = slots.week[0]
    weeks = np.full((int(slots.week[-1] - first) + 1, count), np.nan)
    weeks[slots.week - first, slots.slot] = scaled
    off = weeks - pattern.usual
    stacked = np.concatenate([np.roll(off, k, axis=1) for k in (-1, 0, 1)])
    samples = (~np.isnan(stacked)).sum(axis=0).astype(np.float64)
    some = samples > 0
    median, mad = np.full(count, np.nan), np.zeros(count)
    median[some] = np.nanmedian(stacked[:, some], axis=0)
    mad[some] = np.nanmedian(np.abs(stacked[:, some] - median[some]), axis=0)
    steady = pattern.sd(pattern.usual) ** 2
    variance = (samples * (MAD_TO_SD * mad) ** 2 + STEADY_SAMPLES * steady) / (
        samples + STEADY_SAMPLES
    )
    return pattern.usual + median, np.sqrt(variance), samples
