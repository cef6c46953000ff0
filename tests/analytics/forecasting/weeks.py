"""Seeded weeks of traffic: a pattern in local time, better and worse days, counting noise."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from its_camera_ai.analytics.forecasting.history import Floats, History, slots_of

ZONE = ZoneInfo("Europe/Berlin")
STEP_S = 900
PER_DAY = 96
PER_WEEK = 7 * PER_DAY
MONDAY = datetime(2026, 1, 12, tzinfo=ZONE)


def start_ns(since: datetime = MONDAY) -> int:
    return int(since.astimezone(UTC).timestamp()) * 10**9


def at(index: int, since: datetime = MONDAY) -> datetime:
    """Start of an interval in local time."""
    return (since.astimezone(UTC) + timedelta(seconds=index * STEP_S)).astimezone(ZONE)


def usual(since: datetime, count: int, peak: float = 250.0) -> Floats:
    """(N,) expected vehicles in 15 minutes, by local time; two peaks on working days."""
    slot = slots_of(History(start_ns(since), STEP_S, np.zeros(count)), ZONE).slot
    hour = (slot % PER_DAY + 0.5) / 4
    morning = np.exp(-(((hour - 8) / 1.5) ** 2))
    evening = np.exp(-(((hour - 17) / 2.2) ** 2))
    noon = np.exp(-(((hour - 14) / 5) ** 2))
    shape: Floats = np.where(slot < 5 * PER_DAY, morning + evening + 0.4 * noon, 0.6 * noon)
    return peak * (0.03 + shape)


def weeks(
    seed: int, count: int = 6, since: datetime = MONDAY, *, day_sd: float = 0.1, peak: float = 250.0
) -> History:
    """So many weeks, each day more or less busy than usual by a factor."""
    rng = np.random.default_rng(seed)
    n = count * PER_WEEK
    factor = np.exp(rng.normal(0, day_sd, count * 7 + 1)).repeat(PER_DAY)[:n]
    counted = rng.poisson(usual(since, n, peak) * factor).astype(np.float64)
    return History(start_ns(since), STEP_S, counted)
