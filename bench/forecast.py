"""Score forecasts and anomalies on simulated weeks that they have not seen.

    python -m bench.forecast [--json OUT]

Each site is twelve weeks of 15-minute intervals of the simulator's demand (`sim.road.demand`), in
local time, over the change of clocks in March: working days with peaks, weekends, holidays, busier
and quieter days in a row, rain, incidents, counts by chance; and hours without data. Whether a
forecast is shown is decided on the first eight weeks; the figures are from the last four, each
forecast from what was known before it. The peers are "as it is now" and "as a week before". The
random walks
have no pattern: nothing may be shown for them. All times are processor time.
"""

import argparse
import json
import os
import platform
import time
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from its_camera_ai.analytics.forecasting.anomalies import SCORE, Anomaly, UsualWeek
from its_camera_ai.analytics.forecasting.forecast import HORIZONS_S, forecast
from its_camera_ai.analytics.forecasting.history import History, Quantity, slots_of
from its_camera_ai.analytics.forecasting.skill import Skill, backtest
from its_camera_ai.sim.road.demand import Demand

ZONE = ZoneInfo("Europe/Berlin")
FIRST = date(2026, 2, 2)
STEP_S = 900
PER_DAY = 86_400 // STEP_S
WEEKS, GATE_WEEKS = 12, 8
PER_WEEK = 7 * PER_DAY
HOLIDAYS = (date(2026, 4, 3), date(2026, 4, 6))
SEEDS = range(4)
PEAKS_VPH = (60, 300, 1200, 3600)
MISSING_SHARE = 0.02
BIG_ENOUGH = 30
"""An incident is looked for where so many vehicles were usual in a quarter of an hour."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Site:
    """Twelve weeks of one place.

    Attributes:
        disturbed: (N,) where an incident changed the traffic.
    """

    name: str
    volume: History
    speed: History
    disturbed: npt.NDArray[np.bool_]


def start_ns() -> int:
    midnight = datetime(FIRST.year, FIRST.month, FIRST.day, tzinfo=ZONE)
    return int(midnight.astimezone(UTC).timestamp()) * 10**9


def site(peak_vph: float, seed: int) -> Site:
    demand = Demand(
        FIRST,
        WEEKS * 7,
        seed * 10_000 + int(peak_vph),
        timezone=ZONE.key,
        busiest_per_hour=peak_vph,
        capacity_per_hour=1.3 * peak_vph,
        holidays=frozenset(HOLIDAYS),
    )
    series = demand.series(STEP_S)
    volume = series.volume.astype(np.float64)
    kmh = series.speed_kmh.copy()
    rng = np.random.default_rng([seed, int(peak_vph)])
    outages = int(MISSING_SHARE * volume.size / 16)
    for begin in rng.integers(0, volume.size, outages).tolist():
        volume[begin : begin + 16] = kmh[begin : begin + 16] = np.nan
    return Site(
        f"peak {peak_vph} veh/h, seed {seed}",
        History(demand.start_wall_ns, STEP_S, volume),
        History(demand.start_wall_ns, STEP_S, kmh, Quantity.SPEED),
        series.incident,
    )


def walk(seed: int) -> History:
    steps = np.random.default_rng([99, seed]).normal(0, 4, WEEKS * PER_WEEK)
    return History(start_ns(), STEP_S, np.round(60 + np.abs(np.cumsum(steps))))


def scored(history: History) -> tuple[set[int], tuple[Skill | None, ...], float]:
    """Horizons shown at the end of the first weeks, skill on the last, ms of one forecast."""
    begin = time.process_time()
    made = forecast(history.first(GATE_WEEKS * PER_WEEK), ZONE, holidays=HOLIDAYS)
    cost_ms = (time.process_time() - begin) * 1e3
    shown = {h for h in HORIZONS_S if len(made.points) * STEP_S >= h}
    leads = tuple(h // STEP_S for h in HORIZONS_S)
    slots = slots_of(history, ZONE, HOLIDAYS, more=leads[-1])
    return shown, backtest(history, slots, leads, most_weeks=WEEKS - GATE_WEEKS), cost_ms


def forecast_rows(
    kind: str, histories: list[History]
) -> tuple[list[dict[str, float | str]], list[float]]:
    results = [scored(history) for history in histories]
    rows: list[dict[str, float | str]] = []
    for k, horizon_s in enumerate(HORIZONS_S):
        skills = [s[k] for shown, s, _ in results if horizon_s in shown]
        judged = [skill for skill in skills if skill is not None]
        row: dict[str, float | str] = {
            "kind": kind,
            "horizon_s": horizon_s,
            "series": len(histories),
            "shown": len(judged),
        }
        if judged:
            ratios = [s.mae / min(s.naive_mae, s.seasonal_mae) for s in judged]
            row |= {
                "mae": float(np.mean([s.mae for s in judged])),
                "naive_mae": float(np.mean([s.naive_mae for s in judged])),
                "seasonal_mae": float(np.mean([s.seasonal_mae for s in judged])),
                "ratio_mean": float(np.mean(ratios)),
                "ratio_worst": float(max(ratios)),
                "pinball_ratio": float(
                    np.mean([s.pinball / min(s.naive_pinball, s.seasonal_pinball) for s in judged])
                ),
                "coverage_80": float(np.mean([s.coverage_80 for s in judged])),
                "coverage_95": float(np.mean([s.coverage_95 for s in judged])),
            }
        rows.append(row)
    return rows, [ms for *_, ms in results]


def touches(anomaly: Anomaly, spans_ns: npt.NDArray[np.int64]) -> bool:
    """Whether it lies in or right beside one of (N,) disturbed intervals."""
    near = STEP_S * 10**9
    at = (spans_ns >= anomaly.start_wall_ns - near) & (spans_ns <= anomaly.end_wall_ns)
    return bool(at.any())


def anomaly_row(sites: list[Site]) -> dict[str, float]:
    """Learned from eight weeks, looked for in the last four."""
    false_alarms, found, incidents = 0, 0, 0
    gate = GATE_WEEKS * PER_WEEK
    for place in sites:
        usual = UsualWeek.learned(place.volume.first(gate), ZONE, HOLIDAYS)
        assert usual is not None
        since_ns = start_ns() + gate * STEP_S * 10**9
        late = History(since_ns, STEP_S, place.volume.values[gate:])
        anomalies = usual.unusual(late)
        disturbed = place.disturbed[gate:]
        disturbed_ns = since_ns + np.flatnonzero(disturbed) * STEP_S * 10**9
        false_alarms += sum(not touches(a, disturbed_ns) for a in anomalies)
        edges = np.flatnonzero(np.diff(disturbed.astype(np.int8), prepend=0, append=0))
        vehicles = Quantity.VOLUME.unscaled(usual.median[slots_of(late, ZONE, HOLIDAYS).slot])
        for begin, end in edges.reshape(-1, 2).tolist():
            known = ~np.isnan(late.values[begin:end])
            if not known.any() or vehicles[begin:end][known].max() < BIG_ENOUGH:
                continue
            incidents += 1
            span_ns = since_ns + np.arange(begin, end) * STEP_S * 10**9
            found += any(touches(a, span_ns) for a in anomalies)
    weeks = len(sites) * (WEEKS - GATE_WEEKS)
    return {
        "score": SCORE,
        "weeks": weeks,
        "false_alarms_per_week": false_alarms / weeks,
        "disturbances": incidents,
        "found": found,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    options = parser.parse_args()
    machine = {
        "machine": platform.machine(),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "cores": str(os.cpu_count()),
        "load average before": f"{os.getloadavg()[0]:.1f}",
    }
    print(", ".join(f"{k} {v}" for k, v in machine.items()))
    sites = [site(peak, seed) for peak in PEAKS_VPH for seed in SEEDS]
    rows, costs = [], []
    for peak in PEAKS_VPH:
        of = [s for s in sites if s.name.startswith(f"peak {peak} ")]
        for kind, histories in (
            (f"volume, peak {peak} veh/h", [s.volume for s in of]),
            (f"speed, peak {peak} veh/h", [s.speed for s in of]),
        ):
            more, ms = forecast_rows(kind, histories)
            rows += more
            costs += ms
    rows += forecast_rows("random walk", [walk(seed) for seed in range(8)])[0]
    print(
        "| series | horizon min | shown | MAE | now | a week before | ratio mean / worst ", end=""
    )
    print("| pinball ratio | in 80 % | in 95 % |\n" + "|---" * 10 + "|")
    for r in rows:
        print(
            f"| {r['kind']} | {int(r['horizon_s']) // 60} | {r['shown']} of {r['series']} ", end=""
        )
        if "mae" in r:
            print(f"| {r['mae']:.2f} | {r['naive_mae']:.2f} | {r['seasonal_mae']:.2f} ", end="")
            print(f"| {r['ratio_mean']:.2f} / {r['ratio_worst']:.2f} ", end="")
            print(f"| {r['pinball_ratio']:.2f} ", end="")
            print(f"| {100 * float(r['coverage_80']):.0f} | {100 * float(r['coverage_95']):.0f} |")
        else:
            print("| – | – | – | – | – | – | – |")
    anomalies = anomaly_row(sites)
    print(f"anomalies: {anomalies}")
    cost = {"forecast_ms_p50": float(np.median(costs)), "forecast_ms_max": float(max(costs))}
    print(f"one forecast of {GATE_WEEKS} weeks, judged and made: {cost}")
    if options.json:
        facts = {"machine": machine, "rows": rows, "anomalies": anomalies, "cost": cost}
        options.json.write_text(json.dumps(facts, indent=1) + "\n")


if __name__ == "__main__":
    main()
