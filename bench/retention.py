"""What planning retention costs in processor time: it follows what is due, not what is there.

The same 1,000 due recordings among 10,000 and among 1,000,000: a dry run over ages, and one over a
quota in bytes, which has to add up all sizes.

    python -m bench.retention [--segments N] [--write]
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable

from sqlalchemy import insert

from bench.cameras import report
from bench.cameras.report import Limit, table
from its_camera_ai.core.retention import NS_PER_DAY, Action, RetentionOrder, Tally
from its_camera_ai.core.storage_policy import Quota, StoragePolicy
from its_camera_ai.recorder.keeping.recordings_retention import RecordingsKeeper
from its_camera_ai.store.aged_segments import AgedSegments
from its_camera_ai.store.database import Database, open_database
from its_camera_ai.store.migration import migrate
from its_camera_ai.store.schema import segments
from its_camera_ai.store.segments import SegmentRepository

NAME = "retention"
NOW_NS = 1_800_000_000_000_000_000
DUE = 1000
FEW = 10_000
CAMERAS = 8
SIZE_BYTES = 10_000_000
REPEATS = 7
AGES = StoragePolicy()


def main() -> int:
    options = _options()
    found: dict[str, float] = {}
    with tempfile.TemporaryDirectory(prefix="itscam-") as folder:
        for name, count in (("few", FEW), ("many", options.segments)):
            print(f"Filling an index with {count:,} recordings …", flush=True)
            database = open_database(f"sqlite:///{folder}/{name}.db")
            migrate(database)
            _fill(database, count)
            quota = StoragePolicy(total=Quota(max_bytes=(count - DUE) * SIZE_BYTES))
            found[f"ages_{name}_ms"] = _dry_run_ms(database, AGES, ages=True)
            found[f"quota_{name}_ms"] = _dry_run_ms(database, quota, ages=False)
            database.close()
    found["ratio"] = found["ages_many_ms"] / found["ages_few_ms"]
    limits = [
        Limit("ages: time at many / time at few", found["ratio"], 2.0, ""),
        Limit("ages, many", found["ages_many_ms"], 500.0, "ms"),
        Limit("quota in bytes, many", found["quota_many_ms"], 2000.0, "ms"),
    ]
    print(table(("what", "measured", "limit", ""), [limit.row() for limit in limits]))
    if options.write:
        result = {"segments": options.segments, "due": DUE, **found}
        report.save(NAME, result | {"machine": report.machine()})
    return 0 if all(limit.holds for limit in limits) else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--segments", type=int, default=1_000_000)
    parser.add_argument("--write", action="store_true", help="write bench/results")
    return parser.parse_args()


def _fill(database: Database, count: int) -> None:
    """1,000 are older than 90 days, the others up to 80 days old."""
    for start in range(0, count, 20_000):
        rows = [_row(number, count) for number in range(start, min(start + 20_000, count))]
        with database.write(durable=False) as connection:
            connection.execute(insert(segments), rows)


def _row(number: int, count: int) -> dict[str, object]:
    age = 100.0 - 5.0 * number / DUE if number < DUE else 80.0 * (count - number) / count
    start_ns = NOW_NS - round(age * NS_PER_DAY)
    camera = f"cam-{number % CAMERAS}"
    return {
        "id": f"{number:012}",
        "camera_id": camera,
        "role": "main",
        "path": f"{camera}/main/day/{number}.mp4",
        "start_wall_ns": start_ns,
        "start_pts_ns": 0,
        "duration_ns": 20_000_000_000,
        "end_wall_ns": start_ns + 20_000_000_000,
        "size_bytes": SIZE_BYTES,
        "frames": 500,
        "codec": "h264",
        "width": 1920,
        "height": 1080,
        "has_audio": False,
        "generation": 1,
        "content_hash": "0" * 64,
        "previous_hash": "0" * 64,
        "original_hash": "",
        "activity": bytes(300),
        "tier": "hot",
        "state": "good",
        "verified_wall_ns": 0,
        "data_class": "raw_video",
    }


def _dry_run_ms(database: Database, policy: StoragePolicy, *, ages: bool) -> float:
    keeper = RecordingsKeeper(
        AgedSegments(database), SegmentRepository(database), has_archive=False, ages=ages
    )

    def run() -> None:
        tally = Tally()
        keeper.work(RetentionOrder(policy, NOW_NS, dry_run=True), tally)
        assert tally.total(Action.DELETED).count == DUE

    return _median_ms(run)


def _median_ms(run: Callable[[], None]) -> float:
    times = []
    for _ in range(REPEATS):
        began = time.process_time()
        run()
        times.append((time.process_time() - began) * 1000)
    return sorted(times)[REPEATS // 2]


if __name__ == "__main__":
    sys.exit(main())
