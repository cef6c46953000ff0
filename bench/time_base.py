"""From boxes to frames over whole days: clocks that drift and step, packets, files, playback.

A camera whose crystal is 100 ppm fast is recorded for 24 hours of simulated time through the real
stream clock and the real recorder; the machine's clock is set once (back, and in a second day
ahead), and the local clock goes through the end of daylight saving time. Boxes are then looked up
in the recordings: by stream time, by wall time, and by wall time of a sub stream that has a clock
of its own.

    python -m bench.time_base [--hours 24] [--boxes 20000] [--folder DIR] [--write]
"""

import argparse
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bench.cameras import report
from bench.cameras.report import Limit, table
from its_camera_ai.store.database import open_database
from its_camera_ai.store.migration import migrate
from tests.support.time_base import Day, Errors, Result, live_day

NAME = "time-base"
STEPS_S = (-0.8, 0.8)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--hours", type=float, default=24.0)
    parser.add_argument("--boxes", type=int, default=20_000, help="at random over the day")
    parser.add_argument("--folder", type=Path, help="where the recordings are written")
    parser.add_argument("--write", action="store_true", help="keep the result in docs/ and bench/")
    options = parser.parse_args()
    days = {}
    for step_s in STEPS_S:
        day = Day(
            length_s=options.hours * 3600, step_s=step_s, step_after_s=options.hours * 3600 * 0.375
        )
        begun = time.perf_counter()
        result = _lived(day, options.folder, options.boxes)
        days[step_s] = asdict(result) | {"took_s": round(time.perf_counter() - begun, 1)}
        _print_day(step_s, result)
    limits = _limits(days)
    text = _text(options.hours, days, limits)
    print(text)
    if options.write:
        example = Day()
        result_json: dict[str, Any] = {
            "hours": options.hours,
            "fps": example.fps,
            "drift_ppm": example.drift_ppm,
            "steps": {f"{step_s:+}": found for step_s, found in days.items()},
            "machine": report.machine(),
        }
        print(f"Written to {report.save(NAME, result_json).relative_to(report.ROOT)}")
        report.update_document(NAME, text)
    return 0 if all(limit.holds for limit in limits) else 1


def _lived(day: Day, folder: Path | None, boxes: int) -> Result:
    with tempfile.TemporaryDirectory(prefix="itscam-", dir=folder) as made:
        (Path(made) / "media").mkdir()
        database = open_database(f"sqlite:///{made}/site.db")
        migrate(database)
        result = live_day(day, Path(made) / "media", database, boxes=boxes)
        database.close()
    return result


def _print_day(step_s: float, result: Result) -> None:
    print(f"Clock set by {step_s:+} s: {result.files} files, {result.unrecorded} packets lost.")


_ROWS = (
    ("by_stream_time", "stream time"),
    ("by_wall_time", "wall time"),
    ("of_sub_stream", "wall time of the sub stream"),
)


def _limits(days: dict[float, dict[str, Any]]) -> list[Limit]:
    found = []
    for step_s, day in days.items():
        for name, words in _ROWS:
            errors = day[name]
            found.append(Limit(f"worst, {words}, clock {step_s:+} s", errors["worst"], 1, "frames"))
            found.append(
                Limit(f"not found, {words}, clock {step_s:+} s", errors["not_found"], 0, "")
            )
        found.append(Limit(f"packets lost, clock {step_s:+} s", day["unrecorded"], 0, ""))
    return found


def _text(hours: float, days: dict[float, dict[str, Any]], limits: list[Limit]) -> str:
    rows = []
    for step_s, day in days.items():
        for name, words in _ROWS:
            errors = Errors(**day[name])
            rows.append(
                (
                    f"{step_s:+} s",
                    words,
                    f"{errors.boxes}",
                    f"{errors.worst}",
                    f"{errors.twice} ({errors.worst_twice})",
                    f"{errors.unsettled} ({errors.worst_unsettled})",
                )
            )
    head = (
        "clock set by",
        "looked up by",
        "boxes",
        "worst error, frames",
        "at a moment that came twice (worst)",
        "while one stream had not followed (worst)",
    )
    example = Day()
    about = (
        f"{hours:g} simulated hours at {example.fps} frames a second, a camera "
        f"{example.drift_ppm:g} ppm fast, one step of the machine's clock, the end of daylight "
        "saving time. Error: frames between the one that a box was found in and the one that "
        "playback shows for it. A moment that comes twice, because the clock was set back, leads "
        "to the second; within a second of it boxes are counted apart. A sub stream follows a "
        "step at its own next key frame: until then its boxes are counted apart."
    )
    figures = table(("figure", "measured", "bound", ""), [limit.row() for limit in limits])
    return "\n\n".join(["## Time base", about, table(head, rows), figures])


if __name__ == "__main__":
    sys.exit(main())
