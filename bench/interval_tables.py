"""A month of interval tables of 100 cameras: asked, summed up, and reported.

    python -m bench.interval_tables [--cameras 100] [--days 30] [--folder DIR] [--priority]
                                    [--write]

Every camera has one line with a row for every minute; volumes follow the hour of the day, a
thousandth of the minutes is missing. The 1-minute rows are laid out by plain SQL, the sums of 5,
15 and 60 minutes are made by the program. A query is timed until the last of its rows was
unpacked; beside it stands plain sqlite3, which only fetches the same rows. Beside the wall clock
stands the processor's time, which a busy machine changes less.
"""

import argparse
import os
import random
import resource
import sqlite3
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from bench.cameras import report
from bench.cameras.report import Limit, table
from its_camera_ai.analytics.measures.derived import measures_of
from its_camera_ai.core.intervals import LENGTHS_S, IntervalRow, Place, PlaceKind, Tally
from its_camera_ai.core.road import Direction
from its_camera_ai.core.time import NS_PER_S
from its_camera_ai.store.database import Database, open_database
from its_camera_ai.store.interval_bodies import packed
from its_camera_ai.store.interval_sums import sum_up
from its_camera_ai.store.intervals import IntervalRepository
from its_camera_ai.store.migration import migrate

NAME = "interval-tables"
LINE = Place(PlaceKind.LINE, "gate", Direction.IN)
MINUTE_NS, HOUR_NS, DAY_NS = 60 * NS_PER_S, 3600 * NS_PER_S, 86_400 * NS_PER_S
BEGIN_NS = 1_700_006_400 * NS_PER_S  # midnight
QUERIES = 200
BODIES_PER_HOUR = 200
LIVE_PLACES = 20
SEED = 11


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--cameras", type=int, default=100)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--folder", type=Path, help="where the database is laid out")
    parser.add_argument("--write", action="store_true", help="keep the result in docs/ and bench/")
    parser.add_argument(
        "--priority", action="store_true", help="ask before all other work on the machine (root)"
    )
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="itscam-", dir=options.folder) as folder:
        result = run(Path(folder), options.cameras, options.days, priority=options.priority)
    return _tell(result, write=options.write)


def run(folder: Path, cameras: int, days: int, *, priority: bool = False) -> dict[str, Any]:
    """All figures, as they are kept."""
    database = open_database(f"sqlite:///{folder}/site.db")
    migrate(database)
    repository = IntervalRepository(database)
    print("Laying out …", flush=True)
    rows = _lay_out(database, repository, cameras, days)
    laid_bytes = _size_of(database)
    print("Summing up …", flush=True)
    summed = Took(lambda: _sum_up(database, cameras, days))
    print("Asking …", flush=True)
    if priority:
        os.setpriority(os.PRIO_PROCESS, 0, -20)
    result = {
        "cameras": cameras,
        "days": days,
        "rows": rows,
        "load": round(os.getloadavg()[0], 1),
        "niceness": os.nice(0),
        "database_bytes": _size_of(database),
        "minute_rows_bytes": laid_bytes,
        "works": {
            "sums of all, once": summed.facts,
            f"a minute of {cameras * LIVE_PLACES} places": _live(repository, cameras, days),
            "report of a month of one camera": Took(lambda: _report(repository, days)).facts,
        },
        "queries": _queries(database, repository, cameras, days),
        "memory_peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "machine": report.machine() | {"sqlite": sqlite3.sqlite_version},
    }
    database.close()
    return result


def _lay_out(database: Database, repository: IntervalRepository, cameras: int, days: int) -> int:
    """The 1-minute rows, place by place as their key orders them."""
    for camera in range(cameras):  # gives the places their numbers
        row = IntervalRow(_name(camera), LINE, BEGIN_NS, 60, Tally(), writer="bench")
        repository.add([row])
    rng = random.Random(SEED)  # noqa: S311  a benchmark, no secret
    bodies = [
        [packed(_tally(rng, hour), 0.0) for _ in range(BODIES_PER_HOUR)] for hour in range(24)
    ]

    def rows() -> Iterator[tuple[int, int, int, int, bytes]]:
        for place in range(1, cameras + 1):
            for minute in range(days * 1440):
                if rng.random() >= 0.001:
                    body = bodies[minute // 60 % 24][rng.randrange(BODIES_PER_HOUR)]
                    yield place, 60, BEGIN_NS + minute * MINUTE_NS, 1, body

    connection = sqlite3.connect(database.path)
    text = "INSERT OR REPLACE INTO intervals VALUES (?, ?, ?, ?, ?)"
    with connection:
        connection.executemany(text, rows())
    count = connection.execute("SELECT count(*) FROM intervals WHERE length_s = 60").fetchone()[0]
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return int(count)


def _tally(rng: random.Random, hour: int) -> Tally:
    """A minute of one direction of a street: up to 14 vehicles in the rush hours."""
    tally = Tally(looked_s=60.0, rate_s=rng.uniform(560, 600), wanted_s=600.0)
    busy = 0.15 + 0.85 * max(0.0, 1 - min(abs(hour - 8), abs(hour - 17)) / 6)
    for _ in range(round(rng.uniform(0.5, 1.5) * 9 * busy)):
        label = rng.choices(("car", "truck", "bus", "motorcycle"), (85, 9, 2, 4))[0]
        tally.volume[label] += 1
        tally.length_classes["short" if label == "car" else "medium"] += 1
        tally.fhwa[2] = tally.fhwa.get(2, 0.0) + 0.83
        tally.fhwa[3] = tally.fhwa.get(3, 0.0) + 0.17
        speed = rng.gauss(50, 6)
        tally.speed.add(speed)
        tally.speed_bins[int(speed)] += 1
        headway = rng.expovariate(busy / 6)
        tally.headway.add(headway)
        tally.gap.add(0.9 * headway)
    return tally


def _sum_up(database: Database, cameras: int, days: int) -> None:
    for day in range(days):
        first = BEGIN_NS + day * DAY_NS
        changed = {
            place: range(first, first + DAY_NS, MINUTE_NS) for place in range(1, cameras + 1)
        }
        with database.write(durable=True) as connection:
            sum_up(connection, changed)


def _live(repository: IntervalRepository, cameras: int, days: int) -> dict[str, float]:
    """The median of what the end of a minute costs a running site."""
    rng = random.Random(SEED)  # noqa: S311  as above
    took = []
    for minute in range(7):
        start = BEGIN_NS + days * DAY_NS + minute * MINUTE_NS
        rows = [
            IntervalRow(
                _name(camera),
                Place(PlaceKind.LANE, f"lane-{place}"),
                start,
                60,
                _tally(rng, 8),
                60.0,
                "live",
            )
            for camera in range(cameras)
            for place in range(LIVE_PLACES)
        ]
        took.append(Took(lambda rows=rows: repository.add(rows)))  # type: ignore[misc]
    return sorted(took, key=lambda one: one.cpu_s)[len(took) // 2].facts


def _report(repository: IntervalRepository, days: int) -> None:
    """All lengths, all places, every derived measure of every row."""
    for length_s in LENGTHS_S:
        tables = repository.tables(
            _name(0),
            length_s,
            BEGIN_NS,
            BEGIN_NS + days * DAY_NS,
            kinds=[PlaceKind.LINE],
            limit=100_000,
        )
        for one in tables:
            for row in one.rows:
                measures_of(row)


def _queries(
    database: Database, repository: IntervalRepository, cameras: int, days: int
) -> dict[str, dict[str, float]]:
    plain = sqlite3.connect(f"file:{database.path}?mode=ro", uri=True)

    def ours(camera: int, length_s: int, since: int, until: int) -> int:
        found = repository.table(_name(camera), LINE, length_s, since, until)
        return sum(row.tally.total for row in found.rows)

    def plainly(camera: int, length_s: int, since: int, until: int) -> int:
        text = (
            "SELECT start_ns, body FROM intervals WHERE place = ? AND length_s = ? "
            "AND start_ns >= ? AND start_ns < ? ORDER BY start_ns"
        )
        return len(plain.execute(text, (camera + 1, length_s, since, until)).fetchall())

    month = days * DAY_NS
    ways: dict[str, tuple[int, int, Callable[[int, int, int, int], int]]] = {
        "a day of minutes": (60, DAY_NS, ours),
        "a day of minutes, plain sqlite3": (60, DAY_NS, plainly),
        "a week of quarters": (900, 7 * DAY_NS, ours),
        "a month of hours": (3600, month, ours),
        "a month of hours, plain sqlite3": (3600, month, plainly),
        "a minute": (60, MINUTE_NS, ours),
    }
    found = {}
    for name, (length_s, span_ns, ask) in ways.items():
        rng = random.Random(SEED)  # noqa: S311  the same questions to all
        took: dict[str, list[float]] = defaultdict(list)
        for _ in range(QUERIES):
            camera = rng.randrange(cameras)
            since = BEGIN_NS + rng.randrange(max(1, (month - span_ns) // HOUR_NS)) * HOUR_NS
            one = Took(lambda: ask(camera, length_s, since, since + span_ns))  # noqa: B023  called at once
            took["wall"].append(one.wall_s)
            took["cpu"].append(one.cpu_s)
        found[name] = {
            f"{clock}_p{percent}_ms": round(_nth(took[clock], percent), 3)
            for clock in ("wall", "cpu")
            for percent in (50, 95)
        }
    plain.close()
    return found


def _nth(seconds: list[float], percent: int) -> float:
    return sorted(seconds)[int(len(seconds) * percent / 100)] * 1000


class Took:
    """How long some work took, by the wall clock and of the processor."""

    def __init__(self, work: Callable[[], object]) -> None:
        began, cpu_began = time.perf_counter(), time.process_time()
        work()
        self.wall_s = time.perf_counter() - began
        self.cpu_s = time.process_time() - cpu_began

    @property
    def facts(self) -> dict[str, float]:
        return {"wall_s": round(self.wall_s, 6), "cpu_s": round(self.cpu_s, 6)}


def _name(camera: int) -> str:
    return f"camera-{camera:03}"


def _size_of(database: Database) -> int:
    with database.read() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        return int(pages * connection.exec_driver_sql("PRAGMA page_size").scalar_one())


def _tell(result: dict[str, Any], *, write: bool) -> int:
    rows, asked, works = result["rows"], result["queries"], result["works"]
    day, month = asked["a day of minutes"], asked["a month of hours"]
    limits = [
        Limit("a day of minutes, p95", day["wall_p95_ms"], 10, "ms"),
        Limit("a month of hours, p95", month["wall_p95_ms"], 10, "ms"),
        Limit("report data of a month", works["report of a month of one camera"]["wall_s"], 5, "s"),
    ]
    questions = [
        (name, *(f"{value:.2f}" for value in q.values()), f"{q['wall_p95_ms'] / 10:.2f}")
        for name, q in asked.items()
    ]
    done = [(name, f"{t['wall_s']:.3g}", f"{t['cpu_s']:.3g}") for name, t in works.items()]
    summed_us = works["sums of all, once"]["cpu_s"] / rows * 1e6
    intro = (
        f"{result['days']} days of {result['cameras']} cameras with one place each, {rows:,} "
        f"1-minute rows (`python -m bench.interval_tables`), load {result['load']} on "
        f"{result['machine']['cores']} cores, niceness {result['niceness']}. A 1-minute row takes "
        f"{result['minute_rows_bytes'] / rows:.0f} bytes, with its share of the longer ones "
        f"{result['database_bytes'] / rows:.0f}; summing up takes {summed_us:.0f} µs of the "
        f"processor for each 1-minute row. The run took {result['memory_peak_mib']} MiB of memory "
        "at its peak. A report computes every derived measure of every row of all four lengths."
    )
    head = ("query", "wall p50, ms", "wall p95", "CPU p50", "CPU p95", "wall p95 to the limit")
    text = "\n\n".join(
        [
            "## Interval tables",
            intro,
            table(("figure", "measured", "limit", ""), [limit.row() for limit in limits]),
            table(head, questions),
            table(("work", "wall, s", "CPU, s"), done),
        ]
    )
    print(text)
    if write:
        print(report.save(NAME, result))
        report.update_document(NAME, text)
    return 0 if all(limit.holds for limit in limits) else 1


if __name__ == "__main__":
    sys.exit(main())
