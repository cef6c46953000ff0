"""The run over all classes: failures stop nobody else, one run at a time, kills do no harm."""

import contextlib
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from pathlib import Path

import pytest

from its_camera_ai.core.errors import DatabaseUnavailable, StorageUnavailable
from its_camera_ai.core.jobs import Daily, Every, JobResult
from its_camera_ai.core.media import StreamRole
from its_camera_ai.core.retention import (
    NS_PER_DAY,
    Action,
    Reason,
    RetentionOrder,
    Subject,
    Tally,
)
from its_camera_ai.core.retention_matrix import DataClass
from its_camera_ai.core.segments import Segment
from its_camera_ai.core.storage_policy import StoragePolicy
from its_camera_ai.recorder.keeping.retention import Retention, RetentionRuns, run_lock
from its_camera_ai.sim.clock import SimulatedClock
from its_camera_ai.store.database import open_database
from its_camera_ai.store.garbage import GarbageRepository
from its_camera_ai.store.migration import migrate
from its_camera_ai.store.segments import SegmentRepository

NOW_NS = 1_800_000_000_000_000_000
DELETED_ALERT = Subject(DataClass.ALERTS, Action.DELETED, Reason.AGE)


class Keeper:
    """Counts one row of its class, and then does what the test says."""

    def __init__(self, data_class: DataClass, error: Exception | None = None) -> None:
        self.name = str(data_class)
        self.classes = (data_class,)
        self.orders: list[RetentionOrder] = []
        self._error = error

    def work(self, order: RetentionOrder, tally: Tally) -> None:
        self.orders.append(order)
        tally.add(Subject(self.classes[0], Action.DELETED, Reason.AGE), 1, 10)
        if self._error is not None:
            raise self._error


def free() -> AbstractContextManager[None]:
    return nullcontext()


def retention(*keepers: Keeper, lock=free, **more) -> Retention:  # type: ignore[no-untyped-def]
    return Retention(keepers, StoragePolicy, lock, SimulatedClock(NOW_NS), **more)


def test_the_failure_of_one_class_stops_no_other_and_is_told_by_name() -> None:
    keepers = [
        Keeper(DataClass.RAW_VIDEO, StorageUnavailable("The share is away; mount it.")),
        Keeper(DataClass.ALERTS),
        Keeper(DataClass.EXPORTS, DatabaseUnavailable("It is locked; wait.")),
    ]
    result = retention(*keepers).run(lambda: False)
    assert result == JobResult(
        {
            "raw_video_deleted": 1,
            "raw_video_deleted_bytes": 10,
            "alerts_deleted": 1,
            "alerts_deleted_bytes": 10,
            "exports_deleted": 1,
            "exports_deleted_bytes": 10,
        },
        audit=True,
        problem="raw_video: The share is away; mount it. exports: It is locked; wait.",
    )


def test_only_keepers_of_the_wanted_classes_work() -> None:
    alerts, exports = Keeper(DataClass.ALERTS), Keeper(DataClass.EXPORTS)
    report = retention(alerts, exports).carry_out(classes=[DataClass.ALERTS], dry_run=True)
    assert (len(alerts.orders), len(exports.orders)) == (1, 0)
    assert alerts.orders[0].dry_run
    assert (report.dry_run, report.now_wall_ns) == (True, NOW_NS)


def test_what_was_stopped_is_told_and_goes_on_later() -> None:
    alerts, exports = Keeper(DataClass.ALERTS), Keeper(DataClass.EXPORTS)
    asked = iter([False])
    result = retention(alerts, exports).run(lambda: next(asked, True))
    assert (len(alerts.orders), len(exports.orders)) == (1, 0)
    assert "was stopped" in result.problem
    assert result.audit


def test_a_run_without_work_needs_no_audit() -> None:
    assert retention().run(lambda: False) == JobResult()


def test_one_run_at_a_time(tmp_path: Path) -> None:
    lock = partial(run_lock, tmp_path)
    nightly = retention(Keeper(DataClass.ALERTS), lock=lock)
    often = retention(lock=lock, name="quotas", schedule=Every(300))
    with lock():
        with pytest.raises(RetentionRuns):
            nightly.run(lambda: False)
        assert often.run(lambda: False) == JobResult({"skipped": 1})
        assert nightly.carry_out(dry_run=True).tally.total(Action.DELETED).count == 1
    assert nightly.run(lambda: False).audit
    assert nightly.schedule == Daily(3)


def test_a_folder_that_can_not_be_locked(tmp_path: Path) -> None:
    with pytest.raises(StorageUnavailable), run_lock(tmp_path / "missing"):
        pass


RUN = """
import sys
from pathlib import Path
from its_camera_ai.core.retention import RetentionOrder, Tally
from its_camera_ai.core.storage_policy import StoragePolicy
from its_camera_ai.recorder.keeping import recordings_retention
from its_camera_ai.store.aged_segments import AgedSegments
from its_camera_ai.store.database import open_database
from its_camera_ai.store.segments import SegmentRepository
recordings_retention.BATCH_SEGMENTS = 5
database = open_database(sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
keeper = recordings_retention.RecordingsKeeper(
    AgedSegments(database), SegmentRepository(database), has_archive=False,
    after=lambda: print("batch", flush=True),
)
keeper.work(RetentionOrder(StoragePolicy(), int(sys.argv[2])), Tally())
"""


def _segment(number: int) -> Segment:
    return Segment(
        id=f"s{number:04}",
        camera_id="gate",
        role=StreamRole.MAIN,
        path=f"gate/main/day/{number}.mp4",
        start_wall_ns=NOW_NS - round((100 - number * 0.01) * NS_PER_DAY),
        start_pts_ns=0,
        duration_ns=20_000_000_000,
        size_bytes=100,
        frames=500,
        codec="h264",
        width=1920,
        height=1080,
        has_audio=False,
        generation=1,
    )


def test_kills_at_random_moments_lose_no_file(tmp_path: Path) -> None:
    """After each kill every recording is indexed or garbage, never neither and never both."""
    seed = random.randrange(2**32)
    rng, url = random.Random(seed), f"sqlite:///{tmp_path}/site.db"
    database = open_database(url)
    migrate(database)
    segments, garbage = SegmentRepository(database), GarbageRepository(database)
    everything = {_segment(number).path for number in range(400)}
    segments.put_many([_segment(number) for number in range(400)])
    for _ in range(4):
        child = subprocess.Popen(
            [sys.executable, "-c", RUN, url, str(NOW_NS)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert child.stdin is not None
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        child.stdin.write("go\n")
        child.stdin.flush()
        for _ in range(rng.randrange(1, 12)):
            child.stdout.readline()
        child.send_signal(signal.SIGKILL)
        child.communicate()
        indexed = {s.path for s in segments.find("gate", limit=1000)}
        waiting = {item.path for item in garbage.waiting(1000)}
        assert indexed | waiting == everything, f"seed {seed}"
        assert not indexed & waiting, f"seed {seed}"
        assert waiting, f"seed {seed}"
    database.close()


@contextlib.contextmanager
def _broken() -> Iterator[None]:
    raise RetentionRuns("Retention is at work already; wait.")
    yield


def test_a_dry_run_needs_no_lock() -> None:
    report = retention(Keeper(DataClass.ALERTS), lock=_broken).carry_out(dry_run=True)
    assert report.problems == {}
