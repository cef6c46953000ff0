"""The old part of the audit log goes into files; log and files stay one chain."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from its_camera_ai.core.errors import StateInvalid, StorageUnavailable
from its_camera_ai.core.retention import RetentionOrder, Tally
from its_camera_ai.core.retention_matrix import DataClass, RetentionRule
from its_camera_ai.core.storage_policy import StoragePolicy
from its_camera_ai.store.audit import AuditHead, AuditLog
from its_camera_ai.store.audit_archive import AuditArchive
from its_camera_ai.store.audit_retention import AuditKeeper
from its_camera_ai.store.database import Database

POLICY = StoragePolicy()


def at(day: str) -> int:
    return int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp()) * 1_000_000_000


@dataclass
class Logged:
    log: AuditLog
    archive: AuditArchive
    folder: Path

    def write(self, *days: str) -> None:
        for day in days:
            self.log.append(actor="ann", action="put", object=day, detail={}, wall_ns=at(day))

    def work(self, today: str, policy: StoragePolicy = POLICY, *, dry_run: bool = False) -> Tally:
        tally = Tally()
        order = RetentionOrder(policy, at(today), dry_run)
        AuditKeeper(self.log, self.archive).work(order, tally)
        return tally

    def names(self) -> list[str]:
        return [file.path.name for file in self.archive.files()]

    def sound(self) -> bool:
        return self.log.verify() is None and self.archive.verify(self.log.anchor()) is None


@pytest.fixture
def logged(database: Database, tmp_path: Path) -> Logged:
    folder = tmp_path / "archive" / "audit"
    made = Logged(AuditLog(database), AuditArchive(folder), folder)
    made.write("2024-01-05", "2024-01-20", "2024-02-10", "2025-03-01", "2025-03-02")
    return made


def test_whole_months_go_and_the_chain_goes_on(logged: Logged) -> None:
    before = list(logged.log.rows(1, 5))
    dry = logged.work("2025-03-03", dry_run=True)
    assert (logged.names(), logged.log.anchor().seq) == ([], 0)
    done = logged.work("2025-03-03")
    assert dry.amounts == done.amounts
    assert done.figures() == {"audit_logs_archived": 3}
    assert logged.names() == ["audit-000000000001-000000000003.jsonl"]
    assert list(logged.archive.read(logged.archive.files()[0])) == before[:3]
    kept = list(logged.log.rows(1, 99))
    assert kept[:2] == before[3:]
    assert kept[2].action == "audit_archived"
    detail = json.loads(kept[2].detail)
    assert detail["hash"] == before[2].hash
    assert detail["sha256"] == logged.archive.sha256(logged.archive.files()[0])
    assert logged.sound()
    logged.write("2025-03-04")
    assert logged.sound()


def test_a_second_run_does_nothing_and_a_later_one_goes_on(logged: Logged) -> None:
    logged.work("2025-03-03")
    assert logged.work("2025-03-04").amounts == {}
    logged.write("2026-08-01")
    assert logged.work("2026-08-02").figures() == {"audit_logs_archived": 3}
    assert logged.names()[1] == "audit-000000000004-000000000006.jsonl"
    assert logged.sound()


def test_the_newest_row_stays_however_old(logged: Logged) -> None:
    logged.work("2040-01-01", StoragePolicy({DataClass.AUDIT_LOGS: RetentionRule(365)}))
    assert [entry.seq for entry in logged.log.rows(1, 99)] == [5]
    logged.write("2040-01-02")
    assert logged.log.verify() is None


def test_a_clock_that_was_wrong_once_blocks_nothing(logged: Logged, database: Database) -> None:
    logged.write("2099-01-01", "2024-02-12", "2025-03-05")
    assert logged.work("2026-04-20").figures() == {"audit_logs_archived": 7}


def test_files_end_after_all_their_years(logged: Logged) -> None:
    logged.work("2025-03-03")
    assert logged.work("2031-01-15").figures() == {"audit_logs_archived": 2}
    sizes = [file.size_bytes for file in logged.archive.files()]
    dry = logged.work("2031-02-15", dry_run=True)  # 365 + 2190 days after 2024-02-10
    assert logged.work("2031-02-15").amounts == dry.amounts
    assert dry.figures() == {
        "audit_logs_archived": 1,
        "audit_logs_deleted": 3,
        "audit_logs_deleted_bytes": sizes[0],
    }
    assert logged.names()[0] == "audit-000000000004-000000000005.jsonl"
    assert logged.sound()


def test_a_run_that_was_killed_before_the_rows_went_is_finished(logged: Logged) -> None:
    logged.archive.write(logged.log.rows(1, 2))
    (logged.folder / ".0123.draft").write_text("half a file")
    dry = logged.work("2025-03-03", dry_run=True)
    done = logged.work("2025-03-03")
    assert dry.amounts == done.amounts
    assert done.figures() == {"audit_logs_archived": 3}
    assert len(logged.names()) == 2
    assert logged.sound()
    assert not list(logged.folder.glob(".*"))


def _flip(text: str) -> str:
    return text.replace('"object":"2024-01-20"', '"object":"2024-01-21"')


@pytest.mark.parametrize(
    ("change", "found"),
    [
        pytest.param(_flip, "Row 2 was changed", id="a row was changed"),
        pytest.param(lambda t: t.split("\n", 1)[1], "does not fit", id="the first row is gone"),
        pytest.param(lambda t: t.rsplit("\n", 2)[0], "last line is missing", id="cut off"),
        pytest.param(lambda t: t.replace("{", "", 1), "line 1 can't be read", id="no JSON"),
        pytest.param(
            lambda t: "\n".join(t.split("\n")[:1] + t.split("\n")[2:]), "Row 2 is missing", id="gap"
        ),
    ],
)  # fmt: skip
def test_damage_of_a_file_is_found(
    logged: Logged, change: Callable[[str], str], found: str
) -> None:
    logged.work("2025-03-03")
    path = logged.archive.files()[0].path
    path.write_text(change(path.read_text()))
    problem = logged.archive.verify(logged.log.anchor())
    assert problem is not None
    assert found in problem


def test_files_that_do_not_meet_are_found(logged: Logged) -> None:
    logged.archive.write(logged.log.rows(1, 2))
    assert "goes on after 0" in str(logged.archive.verify(logged.log.anchor()))
    end = next(logged.log.rows(4, 4))
    logged.archive.write(logged.log.rows(4, 4))
    problem = logged.archive.verify(AuditHead(end.seq, end.hash))
    assert "does not follow the file before it" in str(problem)


def test_a_file_that_is_not_what_the_log_holds_drops_no_row(logged: Logged) -> None:
    logged.archive.write(logged.log.rows(1, 2))
    changed = logged.archive.files()[0].path
    good = changed.read_text()
    changed.write_text(_flip(good))
    with pytest.raises(StateInvalid):
        logged.work("2025-03-03")
    assert len(list(logged.log.rows(1, 99))) == 5


def test_a_folder_that_can_not_be_written_drops_no_row(logged: Logged) -> None:
    logged.folder.parent.mkdir()
    logged.folder.write_text("a file, not a folder")
    with pytest.raises(StorageUnavailable):
        logged.work("2025-03-03")
    assert logged.log.verify() is None
    assert len(list(logged.log.rows(1, 99))) == 5


def test_a_kept_head_that_went_to_the_archive_is_told(logged: Logged) -> None:
    second = next(logged.log.rows(2, 2))
    logged.work("2025-03-03")
    assert "lies in the archive" in str(logged.log.verify(AuditHead(2, second.hash)))
    assert logged.log.verify(logged.log.anchor()) is None
