"""The table of exports, and the chain."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from its_camera_ai.core.errors import ConfigInvalid
from its_camera_ai.core.exports import Export, ExportRequest, ExportState
from its_camera_ai.store.database import Database
from its_camera_ai.store.exports import OPEN_MAX, ChainLink, ExportRepository, Sealed

REQUEST = ExportRequest(cameras=("gate",), since_wall_ns=10, until_wall_ns=20)


def export(number: int, **changes: object) -> Export:
    made = Export(f"e{number:03d}", ExportState.QUEUED, REQUEST, "ann", number, number)
    return replace(made, **changes)  # type: ignore[arg-type]  # the caller names real fields


@pytest.fixture
def exports(database: Database) -> ExportRepository:
    return ExportRepository(database)


def test_stored_as_it_was(exports: ExportRepository) -> None:
    exports.create(export(1))
    assert exports.get("e001") == export(1)
    assert exports.get("e002") is None


def test_listed_newest_first_in_pages(exports: ExportRepository) -> None:
    for number in range(5):
        exports.create(export(number))
    assert [e.id for e in exports.find(limit=2)] == ["e004", "e003"]
    assert [e.id for e in exports.find(limit=9, before_id="e003")] == ["e002", "e001", "e000"]


def test_what_a_killed_worker_left_goes_before_what_is_queued(exports: ExportRepository) -> None:
    for number in (1, 2):
        exports.create(export(number))
    first = exports.claim(100, 0)
    again = exports.claim(200, 0)
    assert first is not None
    assert again is not None
    assert (first.id, again.id, again.state) == ("e001", "e001", "running")


def test_waiting_exports_are_taken_again_after_their_time_and_after_the_queued(
    exports: ExportRepository,
) -> None:
    exports.create(export(1))
    exports.claim(100, 0)
    exports.wait("e001", "no room", 100)
    assert exports.claim(101, 99) is None
    exports.create(export(2))
    second = exports.claim(102, 101)
    assert second is not None
    assert second.id == "e002"
    exports.end("e002", ExportState.FAILED, "gone", 103)
    taken = exports.claim(104, 103)
    assert taken is not None
    assert (taken.id, taken.problem) == ("e001", "no room")


def test_progress_tells_whether_to_go_on(exports: ExportRepository) -> None:
    exports.create(export(1))
    exports.claim(1, 0)
    assert exports.progress("e001", 0.5, 77, 2)
    exports.cancel("e001", 3)
    assert not exports.progress("e001", 0.6, 78, 4)
    assert not exports.progress("nothing", 0.6, 78, 4)
    found = exports.get("e001")
    assert found is not None
    assert (found.state, found.progress, found.size_bytes) == ("running", 0.6, 78)


def test_cancelling(exports: ExportRepository) -> None:
    exports.create(export(1))
    queued = exports.cancel("e001", 5)
    assert queued is not None
    assert (queued.state, queued.finished_wall_ns) == ("cancelled", 5)
    exports.create(export(2))
    exports.claim(1, 0)
    exports.wait("e002", "no room", 6)
    exports.cancel("e002", 7)
    assert exports.claim(8, 0) is not None  # whoever holds its files has to clean up
    assert exports.cancel("e009", 1) is None


def test_the_chain_moves_with_the_end_of_an_export_or_not_at_all(
    exports: ExportRepository,
) -> None:
    exports.create(export(1))
    exports.claim(1, 0)

    def broken(links: Mapping[str, ChainLink]) -> Sealed:
        raise RuntimeError("the disk is gone")

    with pytest.raises(RuntimeError):
        exports.finish("e001", ["gate"], broken, 2)
    assert exports.link("gate") == ChainLink(0, "")
    seen: list[Mapping[str, ChainLink]] = []

    def sealed(links: Mapping[str, ChainLink]) -> Sealed:
        seen.append(links)
        return Sealed(f"hash{len(seen)}", 99)

    exports.finish("e001", ["gate"], sealed, 3)
    exports.create(export(2))
    exports.finish("e002", ["gate", "yard"], sealed, 4)
    assert seen == [
        {"gate": ChainLink(0, "")},
        {"gate": ChainLink(1, "hash1"), "yard": ChainLink(0, "")},
    ]
    assert exports.link("gate") == ChainLink(2, "hash2")
    done = exports.get("e001")
    assert done is not None
    assert (
        done.state,
        done.progress,
        done.size_bytes,
        done.manifest_hash,
        done.finished_wall_ns,
    ) == ("done", 1.0, 99, "hash1", 3)


def test_removing_leaves_the_chain_alone(exports: ExportRepository) -> None:
    exports.create(export(1))
    assert not exports.remove("e001")
    exports.finish("e001", ["gate"], lambda links: Sealed("h", 1), 2)
    assert exports.remove("e001")
    assert not exports.remove("e001")
    assert exports.link("gate") == ChainLink(1, "h")


def test_those_whose_time_is_over(exports: ExportRepository) -> None:
    for number, at in ((1, 50), (2, 40), (3, 60)):
        exports.create(export(number))
        exports.finish(f"e{number:03d}", [], lambda links: Sealed("h", 1), at)
    assert [e.id for e in exports.ended_before(60)] == ["e002", "e001"]
    exports.end("e002", ExportState.EXPIRED, "", 70)
    assert [e.id for e in exports.ended_before(60)] == ["e001"]


def test_so_many_and_no_more_may_wait(exports: ExportRepository) -> None:
    for number in range(OPEN_MAX):
        exports.create(export(number))
    with pytest.raises(ConfigInvalid, match="100 exports wait"):
        exports.create(export(999))
