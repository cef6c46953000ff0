"""From the rows of an interval table to a history."""

from collections.abc import Iterable

import numpy as np

from its_camera_ai.analytics.forecasting.history import History, Quantity
from its_camera_ai.analytics.measures.speeds import harmonic_mean_of
from its_camera_ai.core.intervals import IntervalRow

MOST_MISSING = 0.2
"""A row of which more was not looked at is unknown."""


def history_of(
    rows: Iterable[IntervalRow],
    start_wall_ns: int,
    end_wall_ns: int,
    *,
    step_s: int = 900,
    quantity: Quantity = Quantity.VOLUME,
) -> History:
    """The history of one place.

    A volume is that of the whole interval: what was counted over the share that was looked at. A
    speed is the space-mean speed; unknown where nothing with a valid speed passed. Rows of other
    lengths and times are left out; an interval without a row is unknown.

    Args:
        rows: of one camera and place, one for each interval; their order is free.
        start_wall_ns, end_wall_ns: UTC, multiples of the step.
    """
    values = np.full(max(0, end_wall_ns - start_wall_ns) // (step_s * 10**9), np.nan)
    for row in rows:
        k, beside = divmod(row.start_wall_ns - start_wall_ns, step_s * 10**9)
        if row.length_s != step_s or beside or not 0 <= k < len(values):
            continue
        if row.missing_share > MOST_MISSING:
            continue
        if quantity is Quantity.VOLUME:
            values[k] = row.tally.total / (1 - row.missing_share)
        else:
            speed = harmonic_mean_of(row.tally.speed)
            values[k] = np.nan if speed is None else speed
    return History(start_wall_ns, step_s, values, quantity)
