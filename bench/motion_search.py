"""How fast "when did something move there" is answered for a month of one camera, beside looking
at the recordings themselves.

The peer decodes one hour of a small stream (640 × 360, 15 pictures a second) with FFmpeg's
libraries in one thread; a search without an index would have to do that at the least, and for each
of the 720 hours of the month. Both are processor time, so that what else runs does not count; the
time on the wall is printed beside it with the machine's load.

    python bench/motion_search.py [--days 30] [--decode-s 3600]
"""

import argparse
import itertools
import json
import os
import platform
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import av
import numpy as np

from its_camera_ai.core.activity import GRID_WH, SecondOfActivity, SegmentActivity
from its_camera_ai.core.media import StreamRole
from its_camera_ai.core.segments import Segment
from its_camera_ai.core.time import NS_PER_S
from its_camera_ai.recorder.playing.motion_search import MotionFound, MotionQuery, MotionSearch
from its_camera_ai.store.activity_rows import ActivityRows
from its_camera_ai.store.database import Database, open_database
from its_camera_ai.store.migration import migrate
from its_camera_ai.store.segments import SegmentRepository

RESULT = Path(__file__).parent / "results" / "motion_search.json"
LIMIT_S = 1.0
SEGMENT_S = 20
START_S = 1_767_225_600
DOOR = ((0.70, 0.40), (0.80, 0.40), (0.80, 0.65), (0.70, 0.65))
_CLIP_S, _FPS, _SIZE_WH = 60, 15, (640, 360)


def activities(busy: float, seed: int = 3) -> Iterator[SegmentActivity]:
    """Endless days of a camera: boxes walk through the picture in ``busy`` of the seconds."""
    rng = np.random.default_rng(seed)
    second = START_S
    while True:
        told: list[SecondOfActivity | None] = []
        walks = rng.random() < busy
        x, y = rng.integers(0, 28), rng.integers(2, 14)
        for at_s in range(second, second + SEGMENT_S):
            grid = np.zeros((GRID_WH[1], GRID_WH[0]), bool)
            if walks and rng.random() < 0.8:
                x, y = (x + rng.integers(-1, 3)) % 28, np.clip(y + rng.integers(-1, 2), 0, 13)
                grid[y : y + 4, x : x + 3] = True
            cells = np.packbits(grid).tobytes()
            told.append(
                SecondOfActivity(at_s * NS_PER_S, 15, cells, {"person": 1} if walks else {})
            )
        if rng.random() < 0.01:
            told[-1] = None
        activity = SegmentActivity.of(second * NS_PER_S, told)
        assert activity is not None
        yield activity
        second += SEGMENT_S


def fill(database: Database, days: int, busy: float) -> int:
    """A month of rows. A day is made and its activity repeated with its times moved."""
    repository = SegmentRepository(database)
    per_day = 86_400 // SEGMENT_S
    day = list(itertools.islice(activities(busy), per_day))
    for number in range(days):
        rows = []
        for i, activity in enumerate(day):
            start_s = START_S + (number * per_day + i) * SEGMENT_S
            moved = SegmentActivity(
                start_s * NS_PER_S, activity.seconds, activity.known_s, activity.moving_s,
                activity.objects, activity.packed, activity.anywhen, activity.looked_s,
            )  # fmt: skip
            rows.append(
                Segment(
                    f"{number:03}-{i:05}", "gate", StreamRole.MAIN, f"{number}/{i}.mp4",
                    start_s * NS_PER_S, 0, SEGMENT_S * NS_PER_S, 5_000_000, 300, "h264", 1920, 1080,
                    False, 1, content_hash="0" * 64, previous_hash="0" * 64, activity=moved,
                )
            )  # fmt: skip
        repository.put_many(rows)
    return days * per_day


def timed(call: Callable[[], MotionFound], rounds: int = 5) -> tuple[float, float, MotionFound]:
    """Processor and wall time, each the median of some rounds."""
    cpu, wall = [], []
    for _ in range(rounds):
        began_s, began_cpu_s = time.perf_counter(), time.process_time()
        found = call()
        wall.append(time.perf_counter() - began_s)
        cpu.append(time.process_time() - began_cpu_s)
    return sorted(cpu)[rounds // 2], sorted(wall)[rounds // 2], found


def decode(folder: Path, seconds: int) -> float:
    """Processor seconds to decode so much of a stream, one thread."""
    clip = folder / "clip.mp4"
    rng = np.random.default_rng(5)
    with av.open(str(clip), "w") as made:
        stream = made.add_stream("libx264", rate=_FPS, options={"preset": "veryfast", "g": "30"})
        stream.width, stream.height = _SIZE_WH
        still = textured(rng)
        for i in range(_CLIP_S * _FPS):
            picture = still.copy()
            left = i * 3 % 560
            picture[150:230, left : left + 60] = 200
            made.mux(stream.encode(av.VideoFrame.from_ndarray(picture, "rgb24")))
        made.mux(stream.encode())
    began_s, left_s = time.process_time(), seconds
    while left_s > 0:
        with av.open(str(clip)) as opened:
            video = opened.streams.video[0]
            video.thread_count = 1
            for _ in opened.decode(video):
                pass
        left_s -= _CLIP_S
    return time.process_time() - began_s


def textured(rng: np.random.Generator) -> np.ndarray:
    """A picture with texture, so that it costs what pictures cost."""
    small = rng.integers(0, 255, (_SIZE_WH[1] // 8, _SIZE_WH[0] // 8, 3), np.uint8)
    return np.repeat(np.repeat(small, 8, 0), 8, 1)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--decode-s", type=int, default=3600)
    options = parser.parse_args()
    result: dict[str, object] = {
        "machine": platform.processor() or platform.machine(),
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "limit_s": LIMIT_S,
        "segment_s": SEGMENT_S,
    }
    worst_s = 0.0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for label, busy in (
            ("quiet, 5 % of the files move", 0.05),
            ("busy, 60 %", 0.6),
            ("always", 1.0),
        ):
            database = open_database(f"sqlite:///{folder / f'{busy}.db'}")
            migrate(database)
            count = fill(database, options.days, busy)
            search = MotionSearch(ActivityRows(database))
            until_ns = (START_S + count * SEGMENT_S) * NS_PER_S
            whole = MotionQuery(
                "gate", 0, until_ns, DOOR, limit=1000, newest_first=False, min_s=3600
            )
            last = MotionQuery("gate", 0, until_ns, DOOR, limit=1)
            month_s, wall_s, found = timed(lambda search=search, whole=whole: search.find(whole))
            assert found.segments == count, (found.segments, count)
            last_s, _, _ = timed(lambda search=search, last=last: search.find(last))
            size = (folder / f"{busy}.db").stat().st_size
            database.close()
            worst_s = max(worst_s, month_s)
            result[label] = {
                "segments": count,
                "month_cpu_s": month_s,
                "month_wall_s": wall_s,
                "last_cpu_s": last_s,
                "bytes": size,
                "load": os.getloadavg()[0],
            }
            print(
                f"{label:30} {count:,} files: whole month {month_s:.3f} s "
                f"({month_s / LIMIT_S:.2f} × the limit of {LIMIT_S:g} s; on the wall {wall_s:.2f} "
                f"s at a load of {os.getloadavg()[0]:.1f}), last change "
                f"{last_s * 1000:.1f} ms, index {size / count:.0f} bytes a file"
            )
        hour_s = decode(folder, options.decode_s) * 3600 / options.decode_s
    hours = options.days * 24
    result |= {"decode_hour_s": hour_s, "decoded_s": options.decode_s, "av": av.__version__}
    result["decode_month_over_search"] = hour_s * hours / worst_s
    print(
        f"peer: decoding one hour of {_SIZE_WH[0]}x{_SIZE_WH[1]} at {_FPS} fps took {hour_s:.1f} s "
        f"(PyAV {av.__version__}, one thread); a month of it is {hour_s * hours / worst_s:,.0f} × "
        "the slowest search"
    )
    RESULT.write_text(json.dumps(result, indent=2) + "\n")
    return 0 if worst_s < LIMIT_S else 1


if __name__ == "__main__":
    sys.exit(main())
