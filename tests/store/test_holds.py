from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from its_camera_ai.core.errors import ConfigInvalid, DatabaseUnavailable, StorageUnavailable
from its_camera_ai.core.holds import Hold, HoldKind
from its_camera_ai.core.media import StreamRole
from its_camera_ai.core.segments import Segment, SegmentState
from its_camera_ai.store import holds as holds_module
from its_camera_ai.store.database import Database, open_database
from its_camera_ai.store.disk import RealDisk
from its_camera_ai.store.hold_mirror import FILE_NAME, FOLDER, HoldMirror
from its_camera_ai.store.holds import HoldRepository
from its_camera_ai.store.migration import migrate
from its_camera_ai.store.segments import SegmentRepository


class FailingMirror(HoldMirror):
    """Refuses to be written while ``fails``."""

    fails = False

    def write(self, holds: Sequence[Hold]) -> None:
        if self.fails:
            raise StorageUnavailable("The mirror's disk is gone.")
        super().write(holds)


def hold(number: int, camera_id: str | None = "gate", **others: object) -> Hold:
    made = Hold(f"h{number:03}", HoldKind.LOCK, camera_id, 100, 200, "why", "ann", number)
    return replace(made, **others)  # type: ignore[arg-type]


@pytest.fixture
def mirror(tmp_path: Path) -> FailingMirror:
    return FailingMirror(RealDisk(), tmp_path / "media")


@pytest.fixture
def repository(database: Database, mirror: FailingMirror) -> HoldRepository:
    return HoldRepository(database, mirror)


def test_a_hold_is_in_both(repository: HoldRepository, mirror: FailingMirror) -> None:
    repository.add(hold(1))
    repository.add(hold(2, None, kind=HoldKind.LEGAL))
    repository.add(hold(1))
    assert repository.active() == [hold(1), hold(2, None, kind=HoldKind.LEGAL)]
    assert set(mirror.read().holds) == set(repository.active())
    assert repository.count_active() == 2


def test_a_released_hold_keeps_its_row(repository: HoldRepository, mirror: FailingMirror) -> None:
    repository.add(hold(1))
    repository.add(hold(2))
    ended = replace(hold(1), released_wall_ns=77, released_by="bob")
    assert repository.release("h001", by="bob", now_ns=77) == ended
    assert repository.release("h001", by="eve", now_ns=99) == ended, "the first release stands"
    assert repository.get("h001") == ended
    assert repository.active() == [hold(2)]
    assert mirror.read().holds == (hold(2),)
    assert repository.find() == [hold(2), ended]
    assert repository.find(released_too=False) == [hold(2)]


def test_releasing_nothing(repository: HoldRepository) -> None:
    assert repository.release("none", by="bob", now_ns=1) is None


@pytest.mark.parametrize(
    ("camera", "since", "until", "ids"),
    [
        pytest.param(None, None, None, ["h001", "h002", "h003"], id="all"),
        pytest.param("gate", None, None, ["h001", "h003"], id="of a camera"),
        pytest.param("yard", 199, None, ["h002"], id="until its last moment"),
        pytest.param("yard", 200, None, [], id="after it"),
        pytest.param("yard", None, 101, ["h002", "h003"], id="its first moment"),
        pytest.param("yard", None, 100, ["h003"], id="before it"),
        pytest.param(None, -(10**40), 10**40, ["h001", "h002", "h003"], id="beyond 64 bit"),
    ],
)
def test_active_within(
    repository: HoldRepository,
    camera: str | None,
    since: int | None,
    until: int | None,
    ids: list[str],
) -> None:
    repository.add(hold(1))
    repository.add(hold(2, "yard"))
    repository.add(hold(3, None, since_wall_ns=50, until_wall_ns=60))
    repository.add(hold(4))
    repository.release("h004", by="bob", now_ns=1)
    assert [found.id for found in repository.active(camera, since, until)] == ids


def test_pages(repository: HoldRepository) -> None:
    for number in range(5):
        repository.add(hold(number))
    first = repository.find(limit=3)
    assert [found.id for found in first] == ["h004", "h003", "h002"]
    assert [f.id for f in repository.find(limit=3, before_id=first[-1].id)] == ["h001", "h000"]
    assert repository.find("yard") == []


@pytest.mark.parametrize(
    ("camera", "since", "until", "covered"),
    [
        pytest.param("gate", 100, 130, (3, 30), id="three of its camera"),
        pytest.param("gate", 109, 110, (1, 10), id="one"),
        pytest.param("gate", 0, 100, (0, 0), id="before all"),
        pytest.param(None, 100, 130, (6, 60), id="of every camera"),
    ],
)
def test_what_is_covered_now(
    repository: HoldRepository,
    database: Database,
    camera: str | None,
    since: int,
    until: int,
    covered: tuple[int, int],
) -> None:
    for camera_id in ("gate", "yard"):
        for i in range(5):
            SegmentRepository(database).put(
                Segment(
                    f"{camera_id}{i}", camera_id, StreamRole.MAIN, f"{camera_id}/{i}.mp4",
                    100 + 10 * i, 0, 10, 10, 1, "h264", 1, 1, False, 1,
                    state=SegmentState.MISSING if i == 4 else SegmentState.GOOD,
                )
            )  # fmt: skip
    wanted = hold(1, camera, since_wall_ns=since, until_wall_ns=until)
    assert repository.covered(wanted) == covered
    assert repository.covered(hold(2, "gate", since_wall_ns=140, until_wall_ns=150)) == (0, 0)


def test_a_hold_that_can_not_be_mirrored_is_refused(
    repository: HoldRepository, mirror: FailingMirror
) -> None:
    repository.add(hold(1))
    mirror.fails = True
    with pytest.raises(StorageUnavailable):
        repository.add(hold(2))
    assert repository.active() == [hold(1)]
    assert mirror.read().holds == (hold(1),)


def test_a_hold_that_the_database_refuses_leaves_the_mirror(
    repository: HoldRepository, mirror: FailingMirror, database: Database
) -> None:
    repository.add(hold(1))
    other = database.write(durable=False)
    with other, pytest.raises(DatabaseUnavailable):
        repository.add(hold(2))
    assert repository.active() == [hold(1)]
    assert mirror.read().holds == (hold(1),)


def test_a_release_that_can_not_be_mirrored_holds_on(
    repository: HoldRepository, mirror: FailingMirror
) -> None:
    repository.add(hold(1))
    mirror.fails = True
    with pytest.raises(StorageUnavailable):
        repository.release("h001", by="bob", now_ns=7)
    assert mirror.read().covers("gate", 100, 200), "too much is held, never too little"
    mirror.fails = False
    repository.write_mirror()
    assert not mirror.read().covers("gate", 100, 200)


def test_a_damaged_mirror_is_written_anew(
    repository: HoldRepository, mirror: FailingMirror, tmp_path: Path
) -> None:
    repository.add(hold(1))
    path = tmp_path / "media" / FOLDER / FILE_NAME
    path.write_bytes(b"{")
    assert mirror.read().problem
    repository.write_mirror()
    assert mirror.read().holds == (hold(1),)
    before = path.stat().st_ino
    repository.write_mirror()
    assert path.stat().st_ino == before, "nothing to change, nothing written"


@pytest.mark.parametrize("first_call", ["start", "add", "release"])
def test_a_database_that_was_lost_gets_its_holds_back(
    repository: HoldRepository, mirror: FailingMirror, tmp_path: Path, first_call: str
) -> None:
    repository.add(hold(1))
    repository.add(hold(2))
    repository.release("h002", by="bob", now_ns=3)
    fresh = open_database(f"sqlite:///{tmp_path}/fresh.db")
    migrate(fresh)
    again = HoldRepository(fresh, mirror)
    if first_call == "start":
        again.write_mirror()
    elif first_call == "add":
        again.add(hold(3))
    else:
        again.release("h001", by="bob", now_ns=9)
    found = again.get("h001")
    fresh.close()
    assert found is not None
    assert found.released_wall_ns == (9 if first_call == "release" else None)
    assert mirror.read().covers("gate", 100, 200) is (first_call != "release")


def test_holds_are_bounded(repository: HoldRepository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(holds_module, "ACTIVE_MAX", 2)
    repository.add(hold(1))
    repository.add(hold(2))
    with pytest.raises(ConfigInvalid, match="release some"):
        repository.add(hold(3))
    repository.release("h001", by="bob", now_ns=1)
    repository.add(hold(3))
