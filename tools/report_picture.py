"""Make the picture of a report in the documentation, from a simulated crossroads.

    python -m tools.report_picture [--hours 2] [--out docs/images/traffic-report.png]

Traffic of two hours with a rush is simulated without pictures; its exact tables and paths are what
the report is made of. The pages are turned into a picture by ``pdftoppm`` (Debian: poppler-utils).
"""

import argparse
import subprocess
import tempfile
from dataclasses import replace
from math import exp
from pathlib import Path
from zoneinfo import ZoneInfo

import cv2
import numpy as np
from PIL import Image

from its_camera_ai.analytics.publishing.camera import PublishedCamera
from its_camera_ai.analytics.publishing.export import TrafficSources
from its_camera_ai.analytics.reporting.report import ReportFormat, study_report, write_report
from its_camera_ai.core.detections import ObjectClass
from its_camera_ai.core.local_days import Span
from its_camera_ai.core.road_users import Trajectory, VehicleFacts
from its_camera_ai.core.time import NS_PER_S
from its_camera_ai.sim.camera import PinholeCamera
from its_camera_ai.sim.road.junction import junction
from its_camera_ai.sim.road.scene import scene_of_road
from its_camera_ai.sim.road.truth import RoadTruth
from its_camera_ai.sim.road.world import RoadSpec, RoadWorld
from its_camera_ai.store.database import open_database
from its_camera_ai.store.events import EventRepository
from its_camera_ai.store.incidents import IncidentRepository
from its_camera_ai.store.intervals import IntervalRepository
from its_camera_ai.store.migration import migrate
from its_camera_ai.store.trajectories import TrajectoryRepository

CAMERA, SEED = "crossroads", 7
START_NS = 1_790_661_600 * NS_PER_S  # 2026-09-29 08:00 in Berlin
TICK_S, EVERY = 0.2, 3
SIZE_WH = (1280, 720)
UNKNOWN_MINUTES = range(90, 105)
PAGES, DPI, COLOURS = (3, 6, 7), 72, 160


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--hours", type=float, default=2.0)
    parser.add_argument("--out", type=Path, default=Path("docs/images/traffic-report.png"))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        pdf = Path(folder) / "report.pdf"
        pdf.write_bytes(report(Path(folder), options.hours))
        picture(pdf, options.out)
    print(f"{options.out}: {options.out.stat().st_size / 1000:.0f} kB")


def report(folder: Path, hours: float) -> bytes:
    """The study report of the simulated hours, as PDF."""
    layout = junction(main_per_hour=320.0)
    world = RoadWorld(
        RoadSpec(layout, None, TICK_S, demand=lambda s: rush(s / 3600), start_wall_ns=START_NS),
        SEED,
    )
    paths = Paths([lane.id for lane in layout.lanes])
    for k, truth in enumerate(world.run(hours * 3600)):
        if k % EVERY == 0:
            paths.look(truth)
    database = open_database(f"sqlite:///{folder}/site.db")
    migrate(database)
    sources = TrafficSources(
        IntervalRepository(database),
        EventRepository(database),
        IncidentRepository(database),
        TrajectoryRepository(database),
    )
    lost = {START_NS + minute * 60 * NS_PER_S for minute in UNKNOWN_MINUTES}
    rows = [r for r in world.tables.rows(CAMERA) if r.start_wall_ns not in lost]
    sources.intervals.add([replace(row, writer="simulated") for row in rows])
    sources.trajectories.add(paths.ended())
    scene = scene_of_road(layout, PinholeCamera(layout.viewpoint, SIZE_WH), reach_m=90.0)
    camera = PublishedCamera.of(
        CAMERA, scene, ZoneInfo("Europe/Berlin"), name="Simulated crossroads", size_wh=SIZE_WH
    )
    span = Span(START_NS, START_NS + round(hours * 3600) * NS_PER_S)
    made = folder / "made.pdf"
    with made.open("wb") as out:
        write_report(study_report(camera, sources, span, span.until_wall_ns), ReportFormat.PDF, out)
    database.close()
    return made.read_bytes()


def rush(hour: float) -> float:
    """The traffic's level, highest after three quarters of an hour."""
    return 0.45 + 0.65 * exp(-(((hour - 0.75) / 0.4) ** 2))


class Paths:
    """Collects where each vehicle was."""

    def __init__(self, lanes: list[str]) -> None:
        self._lanes = lanes
        self._found: dict[int, list[tuple[int, float, float, float, int, int]]] = {}

    def look(self, truth: RoadTruth) -> None:
        speed = truth.speed_mps
        for k in range(len(truth)):
            x, y = truth.xy_m[k]
            seen = (truth.wall_ns, x, y, speed[k], int(truth.lane[k]), int(truth.class_id[k]))
            self._found.setdefault(int(truth.id[k]), []).append(seen)

    def ended(self) -> list[Trajectory]:
        """All of them, with the lanes that each was in."""
        return [self._path(track, rows) for track, rows in self._found.items() if len(rows) > 1]

    def _path(
        self, track: int, rows: list[tuple[int, float, float, float, int, int]]
    ) -> Trajectory:
        lanes = dict.fromkeys(self._lanes[row[4]] for row in rows if row[4] >= 0)
        return Trajectory(
            CAMERA,
            track,
            VehicleFacts(ObjectClass(rows[0][5]).label, 1.0),
            np.array([row[0] for row in rows], np.int64),
            np.array([row[1:3] for row in rows], np.float64),
            np.array([row[3] for row in rows], np.float64),
            tuple(lanes),
        )


def picture(pdf: Path, out: Path) -> None:
    """Some pages side by side."""
    sheets = []
    for page in PAGES:
        name = pdf.with_suffix(f".{page}")
        range_ = ["-f", str(page), "-l", str(page), "-singlefile"]
        subprocess.run(
            ["pdftoppm", "-png", "-r", str(DPI), *range_, str(pdf), str(name)], check=True
        )
        sheet = cv2.imread(f"{name}.png")
        if sheet is None:
            raise SystemExit(f"The report has no page {page}; simulate longer.")
        sheets.append(
            cv2.copyMakeBorder(sheet, 2, 2, 2, 2, cv2.BORDER_CONSTANT, value=(200, 190, 180))
        )
    out.parent.mkdir(parents=True, exist_ok=True)
    whole = Image.fromarray(cv2.cvtColor(np.hstack(sheets), cv2.COLOR_BGR2RGB))
    whole.quantize(COLOURS).save(out, optimize=True)


if __name__ == "__main__":
    main()
