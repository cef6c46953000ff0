"""Exports expire by age; held ones stay, failed ones and leftovers go."""

from pathlib import Path

import pytest

from its_camera_ai.core.exports import Export, ExportRequest, ExportState
from its_camera_ai.core.holds import Hold, HoldKind
from its_camera_ai.core.ids import new_id
from its_camera_ai.core.retention import NS_PER_DAY, Action, RetentionOrder, Tally
from its_camera_ai.core.retention_matrix import DataClass, RetentionRule
from its_camera_ai.core.storage_policy import StoragePolicy
from its_camera_ai.recorder.keeping.export_retention import ExportKeeper
from its_camera_ai.store.database import Database, open_database
from its_camera_ai.store.disk import RealDisk
from its_camera_ai.store.exports import ExportRepository
from its_camera_ai.store.hold_mirror import HoldMirror
from its_camera_ai.store.holds import HoldRepository
from its_camera_ai.store.migration import migrate

NOW_NS = 1_800_000_000_000_000_000
DONE, FAILED, CANCELLED = ExportState.DONE, ExportState.FAILED, ExportState.CANCELLED


class Exports:
    def __init__(self, folder: Path, database: Database) -> None:
        self.root = folder / "exports"
        self.root.mkdir()
        (folder / "media").mkdir()
        self.rows = ExportRepository(database)
        self.holds = HoldRepository(database, HoldMirror(RealDisk(), folder / "media"))
        self.keeper = ExportKeeper(self.rows, self.holds, self.root)

    def add(self, days_old: float, state: ExportState = DONE, camera_id: str = "gate") -> str:
        ended_ns = NOW_NS - round(days_old * NS_PER_DAY)
        name = new_id(ended_ns)
        request = ExportRequest(cameras=(camera_id,), since_wall_ns=1000, until_wall_ns=2000)
        self.rows.create(
            Export(name, state, request, "ann", ended_ns, ended_ns, ended_ns, 1, 7, "", "", False)
        )
        self.folder(name)
        return name

    def folder(self, name: str) -> Path:
        folder = self.root / name
        folder.mkdir(exist_ok=True)
        (folder / "gate.mp4").write_bytes(b"1234567")
        return folder

    def work(self, *, dry_run: bool = False, **rules: float | None) -> Tally:
        policy = StoragePolicy({DataClass(k): RetentionRule(v) for k, v in rules.items()})
        tally = Tally()
        self.keeper.work(RetentionOrder(policy, NOW_NS, dry_run), tally)
        return tally

    def state(self, name: str) -> ExportState | None:
        found = self.rows.get(name)
        return None if found is None else found.state


@pytest.fixture
def exports(tmp_path: Path):  # type: ignore[no-untyped-def]
    database = open_database(f"sqlite:///{tmp_path}/site.db")
    migrate(database)
    yield Exports(tmp_path, database)
    database.close()


def test_done_ones_expire_and_failed_ones_go(exports: Exports) -> None:
    old, young = exports.add(31), exports.add(29)
    failed, cancelled, late = (
        exports.add(8, FAILED),
        exports.add(9, CANCELLED),
        exports.add(6, FAILED),
    )
    running = exports.add(400, ExportState.RUNNING)
    dry = exports.work(dry_run=True)
    assert len(list(exports.root.iterdir())) == 6
    done = exports.work()
    assert done.amounts == dry.amounts
    assert done.figures() == {
        "exports_deleted": 1,
        "exports_deleted_bytes": 7,
        "failed_uploads_deleted": 2,
    }
    assert exports.state(old) is ExportState.EXPIRED
    assert (exports.state(failed), exports.state(cancelled)) == (None, None)
    assert {p.name for p in exports.root.iterdir()} == {young, late, running}
    assert exports.work().total(Action.DELETED).count == 0


def test_a_hold_on_what_it_shows_keeps_an_export(exports: Exports) -> None:
    held, free = exports.add(31), exports.add(31, camera_id="yard")
    exports.holds.add(Hold("h", HoldKind.LEGAL, "gate", 1500, 1600, "case 7", "ann", 0))
    figures = exports.work().figures()
    assert (figures["exports_kept"], figures["exports_deleted"]) == (1, 1)
    assert exports.state(held) is DONE
    assert exports.state(free) is ExportState.EXPIRED
    exports.holds.release("h", by="ann", now_ns=1)
    assert exports.work().figures()["exports_deleted"] == 1


def test_leftovers_without_a_row_go_after_a_day(exports: Exports) -> None:
    old = exports.folder(new_id(NOW_NS - 2 * NS_PER_DAY))
    young = exports.folder(new_id(NOW_NS - NS_PER_DAY // 2))
    foreign = exports.folder("holiday pictures")
    outside = exports.root.parent / "outside"
    outside.mkdir()
    link = exports.root / new_id(NOW_NS - 9 * NS_PER_DAY)
    link.symlink_to(outside)
    done = exports.work()
    assert done.figures() == {"temp_files_deleted": 1, "temp_files_deleted_bytes": 7}
    assert not old.exists()
    assert young.exists()
    assert foreign.exists()
    assert outside.exists()


def test_files_that_are_gone_already_are_no_trouble(exports: Exports) -> None:
    old = exports.add(31)
    (exports.root / old / "gate.mp4").unlink()
    (exports.root / old).rmdir()  # a run was killed between the files and the row
    exports.work()
    assert exports.state(old) is ExportState.EXPIRED


def test_what_is_kept_for_ever_stays(exports: Exports) -> None:
    old = exports.add(4000)
    assert exports.work(exports=None).amounts == {}
    assert exports.state(old) is DONE
