"""The report of a month of one camera, in a database that holds a month of a hundred.

    python -m bench.traffic_report [--cameras 100] [--days 30] [--folder DIR] [--priority]
                                   [--write]

A hundred cameras have one line each with a row for every minute (the layout of
``bench.interval_tables``). The one that is reported has twenty-two places instead of one: two
lines in both directions, all lanes and one of them, four lanes, a zone, eight movements and what is
in none; beside them trajectories of its busy hour and a hundred near misses. Timed are the whole
study report as HTML and as PDF, from the database to the last byte, with all modules loaded; and
the exports of the same month. Beside the wall clock stands the processor's time, which a busy
machine changes less.
"""

import argparse
import io
import os
import random
import sqlite3
import sys
import tempfile
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from bench import interval_tables as month
from bench.cameras import report
from bench.cameras.report import Limit, table
from its_camera_ai.analytics.publishing.camera import PublishedCamera
from its_camera_ai.analytics.publishing.export import (
    ExportWish,
    Format,
    Subject,
    TrafficSources,
    write_export,
)
from its_camera_ai.analytics.publishing.intervals import IntervalWish
from its_camera_ai.analytics.reporting.report import (
    ReportFormat,
    study_report,
    write_report,
)
from its_camera_ai.core.calibration import Calibration, PointPair
from its_camera_ai.core.incidents import Incident, IncidentKind, IncidentStep, Severity
from its_camera_ai.core.intervals import IntervalRow, Place, PlaceKind, Tally
from its_camera_ai.core.local_days import Span
from its_camera_ai.core.picture_points import Unit
from its_camera_ai.core.road import Direction, Lane, LineSide, Movement, Turn
from its_camera_ai.core.road_users import Trajectory, VehicleFacts
from its_camera_ai.core.scene import Line, Scene, Zone
from its_camera_ai.core.time import NS_PER_S
from its_camera_ai.store.database import Database, open_database
from its_camera_ai.store.events import EventRepository
from its_camera_ai.store.incidents import IncidentRepository
from its_camera_ai.store.interval_bodies import packed
from its_camera_ai.store.intervals import IntervalRepository
from its_camera_ai.store.migration import migrate
from its_camera_ai.store.trajectories import TrajectoryRepository

NAME = "traffic-report"
CAMERA = "crossroads"
ARMS = ("north", "south")
TRAJECTORIES, NEAR_MISSES = 900, 100
LIMIT_S = 5.0
SIZE_WH = (1920, 1080)
SEED = 12


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--cameras", type=int, default=100)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--folder", type=Path, help="where the database is laid out")
    parser.add_argument("--write", action="store_true", help="keep the result in docs/ and bench/")
    parser.add_argument(
        "--priority", action="store_true", help="report before all other work on the machine (root)"
    )
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="itscam-", dir=options.folder) as folder:
        result = run(Path(folder), options.cameras, options.days, priority=options.priority)
    return _tell(result, write=options.write)


def run(folder: Path, cameras: int, days: int, *, priority: bool = False) -> dict[str, Any]:
    """All figures, as they are kept."""
    database = open_database(f"sqlite:///{folder}/site.db")
    migrate(database)
    sources = TrafficSources(
        IntervalRepository(database),
        EventRepository(database),
        IncidentRepository(database),
        TrajectoryRepository(database),
    )
    print("Laying out …", flush=True)
    rows = month._lay_out(database, IntervalRepository(database), cameras, days)
    rows += _lay_out_crossroads(database, sources, cameras, days)
    month._sum_up(database, cameras + len(places()), days)
    print("Reporting …", flush=True)
    if priority:
        os.setpriority(os.PRIO_PROCESS, 0, -20)
    camera = PublishedCamera.of(CAMERA, scene(), ZoneInfo("Europe/Berlin"), size_wh=SIZE_WH)
    span = Span(month.BEGIN_NS, month.BEGIN_NS + days * month.DAY_NS)
    works: dict[str, dict[str, float]] = {}
    sizes: dict[str, int] = {}

    def take(name: str, work: Callable[[io.BytesIO], object]) -> None:
        out = io.BytesIO()
        works[name] = month.Took(lambda: work(out)).facts
        sizes[name] = len(out.getvalue())

    for form in (ReportFormat.HTML, ReportFormat.HTML, ReportFormat.PDF):  # the first loads modules
        take(
            f"study as {form.upper()}",
            lambda out, form=form: _study(camera, sources, span, form, out),
        )
    for wish in wishes(span):
        take(
            f"{wish.subject} as {wish.format}, {wish.intervals.length_s} s",
            lambda out, wish=wish: write_export(wish, camera, sources, out),
        )
    result = {
        "cameras": cameras,
        "days": days,
        "places": len(places()),
        "rows": rows,
        "load": round(os.getloadavg()[0], 1),
        "niceness": os.nice(0),
        "works": works,
        "bytes": sizes,
        "machine": report.machine()
        | {name: version(name) for name in ("matplotlib", "reportlab", "pyarrow")},
    }
    database.close()
    return result


def _study(
    camera: PublishedCamera,
    sources: TrafficSources,
    span: Span,
    form: ReportFormat,
    out: io.BytesIO,
) -> None:
    write_report(study_report(camera, sources, span, span.until_wall_ns), form, out)


def wishes(span: Span) -> list[ExportWish]:
    return [
        ExportWish(Subject.INTERVALS, Format.CSV, IntervalWish(span, 900)),
        ExportWish(Subject.INTERVALS, Format.PARQUET, IntervalWish(span, 900)),
        ExportWish(Subject.INTERVALS, Format.NTCIP, IntervalWish(span, 900)),
        ExportWish(Subject.INTERVALS, Format.CSV, IntervalWish(span, 60, (PlaceKind.LANE,))),
    ]


def places() -> list[Place]:
    lines = [
        Place(PlaceKind.LINE, arm, way, lane)
        for arm in ARMS
        for way in Direction
        for lane in ("", "lane-0")
    ]
    lanes = [Place(PlaceKind.LANE, f"lane-{k}") for k in range(4)]
    moves = [Place(PlaceKind.MOVEMENT, m.id) for m in scene().movements]
    rest = [Place(PlaceKind.ZONE, "plaza"), Place(PlaceKind.MOVEMENT, "unassigned")]
    return [*lines, *lanes, *moves, *rest]


def image_of(x: float, y: float) -> tuple[float, float]:
    """A camera that looks along y, in fractions of the picture."""
    away = 1 + y / 20
    return 0.5 + (x - 7) / 30 / away, 0.35 + 0.55 / away


def scene() -> Scene:
    corners = ((0, 0), (14, 0), (14, 60), (0, 60), (7, 20), (7, 40))
    calibration = Calibration(
        tuple(PointPair(image_of(x, y), (float(x), float(y))) for x, y in corners),
        Unit.NORMALISED,
    )
    lines = (
        Line("north", (image_of(0, 45), image_of(14, 45))),
        Line("south", (image_of(14, 5), image_of(0, 5))),
    )
    lanes = tuple(
        Lane(
            f"lane-{k}",
            tuple(
                image_of(x, y)
                for x, y in ((3.5 * k, 5), (3.5 * k + 3.5, 5), (3.5 * k + 3.5, 50), (3.5 * k, 50))
            ),
            (image_of(3.5 * k + 1.75, 5), image_of(3.5 * k + 1.75, 50)),
            speed_limit_kmh=50,
        )
        for k in range(4)
    )
    zone = Zone("plaza", tuple(image_of(x, y) for x, y in ((0, 5), (0, 15), (14, 15), (14, 5))))
    movements = tuple(
        Movement(
            f"{arm}-{turn}",
            LineSide(arm, Direction.IN),
            LineSide("south" if arm == "north" else "north", Direction.OUT),
            turn,
            arm,
        )
        for arm in ARMS
        for turn in Turn
    )
    return Scene(lines, (zone,), lanes, movements=movements, calibration=calibration)


def _lay_out_crossroads(
    database: Database, sources: TrafficSources, cameras: int, days: int
) -> int:
    """A month of every place of the camera that is reported; returns how many rows."""
    for place in places():
        row = IntervalRow(CAMERA, place, month.BEGIN_NS, 60, Tally(), writer="bench")
        sources.intervals.add([row])
    rng = random.Random(SEED)  # noqa: S311  a benchmark, no secret
    count = 0
    connection = sqlite3.connect(database.path)
    with connection:
        for number, place in enumerate(places(), start=cameras + 1):
            bodies = [_bodies(rng, place, hour) for hour in range(24)]
            connection.executemany(
                "INSERT OR REPLACE INTO intervals VALUES (?, ?, ?, ?, ?)",
                (
                    (
                        number,
                        60,
                        month.BEGIN_NS + minute * month.MINUTE_NS,
                        1,
                        bodies[minute // 60 % 24][rng.randrange(60)],
                    )
                    for minute in range(days * 1440)
                ),
            )
            count += days * 1440
    connection.close()
    sources.trajectories.add([_trajectory(k) for k in range(TRAJECTORIES)])
    sources.incidents.put([_near_miss(k, days) for k in range(NEAR_MISSES)])
    return count


def _bodies(rng: random.Random, place: Place, hour: int) -> list[bytes]:
    made = []
    for _ in range(60):
        tally = month._tally(rng, hour)
        length_m = 0.0
        if place.kind is PlaceKind.LANE:
            length_m = 45.0
            n = tally.total
            tally.vehicle_m = 45.0 * n
            tally.vehicle_s = sum(rng.uniform(3, 5) for _ in range(n))
            tally.present_s = min(50.0, 1.2 * n)
        made.append(packed(tally, length_m))
    return made


def _trajectory(k: int) -> Trajectory:
    """Of the rush hour of the first day."""
    points = 12
    wall_ns = month.BEGIN_NS + 8 * month.HOUR_NS + k * 4 * NS_PER_S
    times = wall_ns + np.arange(points) * NS_PER_S // 3
    x = 3.5 * (k % 4) + 1.75
    xy = np.stack([np.full(points, x), 5 + 4.1 * np.arange(points)], axis=1)
    speed = np.full(points, 12.3)
    facts = VehicleFacts("car", 0.9)
    return Trajectory(CAMERA, k, facts, times.astype(np.int64), xy, speed, (f"lane-{k % 4}",))


def _near_miss(k: int, days: int) -> Incident:
    opened = month.BEGIN_NS + k * days * month.DAY_NS // NEAR_MISSES
    kinds = ("rear_end", "crossing", "lane_change")
    return Incident(
        f"near-miss-{k:03d}",
        IncidentKind.NEAR_MISS,
        Severity.HIGH if k % 4 else Severity.MEDIUM,
        CAMERA,
        "lane-0",
        IncidentStep.CLOSED,
        opened,
        opened,
        opened,
        "car 1 and car 2 came within 1.21 s of a collision (limit 1.5 s).",
        closed_wall_ns=opened + NS_PER_S,
        xy_m=(1 + 12 * (k % 7) / 7, 8 + 40 * (k % 13) / 13),
        facts={"ttc_s": 1.21, "conflict": kinds[k % 3]},
    )


def _tell(result: dict[str, Any], *, write: bool) -> int:
    works, sizes = result["works"], result["bytes"]
    limits = [
        Limit(name, works[name]["wall_s"], LIMIT_S, "s")
        for name in ("study as HTML", "study as PDF")
    ]
    rows = [
        (
            name,
            f"{took['wall_s']:.2f}",
            f"{took['cpu_s']:.2f}",
            f"{took['wall_s'] / LIMIT_S:.2f}",
            f"{sizes[name] / 1e6:.2f}",
        )
        for name, took in works.items()
    ]
    intro = (
        f"{result['days']} days of {result['cameras']} cameras with one place each and one with "
        f"{result['places']}, {result['rows']:,} 1-minute rows in all "
        f"(`python -m bench.traffic_report`), load {result['load']} on "
        f"{result['machine']['cores']} cores, niceness {result['niceness']}. Reports and "
        f"exports are of the camera with {result['places']} places, the whole time, from the "
        "database to the last byte."
    )
    head = ("work", "wall, s", "CPU, s", f"wall to {LIMIT_S:g} s", "MB")
    text = "\n\n".join(
        [
            "## Traffic reports and exports",
            intro,
            table(("figure", "measured", "limit", ""), [limit.row() for limit in limits]),
            table(head, rows),
        ]
    )
    print(text)
    if write:
        print(report.save(NAME, result))
        report.update_document(NAME, text)
    return 0 if all(limit.holds for limit in limits) else 1


if __name__ == "__main__":
    sys.exit(main())
