"""What a check finds, and that it finds nothing else."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from its_camera_ai.core.segments import SegmentState, Tier
from its_camera_ai.recorder.checking.check import Depth, check, told_by
from its_camera_ai.recorder.checking.closing import close_left
from its_camera_ai.recorder.checking.findings import CheckReport, FindingKind
from its_camera_ai.recorder.checking.fsck import fsck
from its_camera_ai.recorder.checking.repair import Repaired
from its_camera_ai.recorder.files.segment_format import seal_size
from its_camera_ai.store.disk import RealDisk
from its_camera_ai.store.garbage import GarbageRepository
from tests.recorder.recorded import Recorded, flip_a_bit

K = FindingKind


def look(recorded: Recorded, depth: Depth = Depth.CONTENT) -> CheckReport:
    return check(RealDisk(), recorded.root, recorded.repository, depth=depth)


def kinds(report: CheckReport) -> set[FindingKind]:
    return set(report.counts)


@pytest.mark.parametrize("depth", list(Depth))
def test_a_sound_site_is_clean(recorded: Recorded, depth: Depth) -> None:
    (recorded.root / ".itscam").mkdir()
    (recorded.root / ".itscam" / "holds.json").write_text("{}")
    (recorded.root / "lost+found").mkdir()
    report = look(recorded, depth)
    assert report.findings == []
    assert report.clean
    assert (report.files, report.rows) == (4, 4)
    if depth is not Depth.NAMES:
        assert report.size_bytes == sum(s.size_bytes for s in recorded.segments)


def test_files_alone_are_compared_among_themselves(recorded: Recorded) -> None:
    assert check(RealDisk(), recorded.root).findings == []
    recorded.file(1).unlink()
    assert check(RealDisk(), recorded.root).clean, "removed by retention, perhaps"
    (recorded.root / "cam/main/notes.txt").write_text("hello")
    assert kinds(check(RealDisk(), recorded.root)) == {K.FOREIGN_FILE}


def cut(path: Path, size_bytes: int) -> None:
    os.truncate(path, path.stat().st_size - size_bytes)


def seal_bytes(path: Path) -> int:
    return seal_size(path.read_bytes())


def no_file(site: Recorded) -> None:
    site.file(1).unlink()


def no_row(site: Recorded) -> None:
    site.forget(1)


def longer(site: Recorded) -> None:
    site.repository.put(replace(site.segments[1], size_bytes=5))


def another_hash(site: Recorded) -> None:
    site.repository.put(replace(site.segments[1], content_hash="0" * 64))


def another_id(site: Recorded) -> None:
    site.repository.put(replace(site.segments[1], id="other"))


def bit_flipped(site: Recorded) -> None:
    flip_a_bit(site.file(1), 4000)


def torn(site: Recorded) -> None:
    cut(site.file(1), seal_bytes(site.file(1)) + 7)


def torn_and_unknown(site: Recorded) -> None:
    torn(site)
    no_row(site)


def emptied(site: Recorded) -> None:
    site.file(1).write_bytes(b"")


def text_of_that_name(site: Recorded) -> None:
    (site.file(1).parent / "22-00-00-000_0123456789ab.mp4").write_text("no video")


def renamed(site: Recorded) -> None:
    site.file(1).rename(site.file(1).with_name("00-00-00-000_0123456789ab.mp4"))


def of_another_day(site: Recorded) -> None:
    folder = site.file(1).parents[1] / "2001-01-01"
    folder.mkdir()
    site.file(1).rename(folder / site.file(1).name)


def of_another_camera(site: Recorded) -> None:
    target = site.root / site.segments[1].path.replace("cam/", "yard/")
    target.parent.mkdir(parents=True)
    target.write_bytes(site.file(1).read_bytes())


def foreign_file(site: Recorded) -> None:
    (site.root / "cam" / "readme.txt").write_text("hello")


def foreign_name(site: Recorded) -> None:
    Path(os.fsdecode(os.fsencode(site.root / "cam") + b"/\xff\xfe.mp4")).write_bytes(b"x")


def link_to_a_file(site: Recorded) -> None:
    target = site.root.parent / "elsewhere.mp4"
    site.file(1).rename(target)
    site.file(1).symlink_to(target)


def link_to_a_folder(site: Recorded) -> None:
    folder = site.file(1).parent
    folder.rename(site.root.parent / "elsewhere")
    folder.symlink_to(site.root.parent / "elsewhere")


def a_pipe(site: Recorded) -> None:
    os.mkfifo(site.root / "cam" / "pipe")


def left_open(site: Recorded) -> None:
    part = site.file(3).parents[1] / ".open" / (site.file(3).name + ".part")
    cut(site.file(3), seal_bytes(site.file(3)) + 7)
    site.file(3).rename(part)
    site.forget(3)


def in_both_places(site: Recorded) -> None:
    part = site.file(3).parents[1] / ".open" / (site.file(3).name + ".part")
    part.write_bytes(site.file(3).read_bytes())


def draft_left(site: Recorded) -> None:
    (site.file(1).parent / ".x.mp4.moving").write_bytes(b"half")


def forged(site: Recorded) -> None:
    """Another recording in the place between two that follow each other."""
    link = site.segments[2].previous_hash
    site.repository.put(replace(site.segments[1], content_hash="1" * 64))
    assert link == site.segments[1].content_hash


def two_after_one(site: Recorded) -> None:
    late = 10**9 * 60
    copy = replace(
        site.segments[1],
        id="second",
        path="cam/main/x/second.mp4",
        start_wall_ns=site.segments[3].end_wall_ns + late,
        tier=Tier.WARM,
    )
    site.repository.put(copy)


def overlapping(site: Recorded) -> None:
    before = site.segments[0]
    early = replace(
        before,
        id="x",
        path="x/y",
        tier=Tier.WARM,
        start_wall_ns=before.start_wall_ns - 10**9,
        previous_hash="",
    )
    site.repository.put(early)


def row_out_of_the_folder(site: Recorded) -> None:
    (site.root.parent / "secret").write_text("x")
    late_ns = site.segments[3].end_wall_ns + 10**9
    row = replace(site.segments[1], id="x", start_wall_ns=late_ns, previous_hash="")
    site.repository.put(replace(row, path="../secret"))


CASES = [
    # what is done, what is found, what a repair does, what a second check finds
    pytest.param(no_file, {K.ROW_WITHOUT_FILE}, Repaired(marked_missing=1), set(), id="no file"),
    pytest.param(no_row, {K.FILE_WITHOUT_ROW}, Repaired(indexed=1), set(), id="no row"),
    pytest.param(longer, {K.SIZE_DIFFERS}, Repaired(marked_damaged=1), set(), id="size"),
    pytest.param(
        another_hash,
        {K.HASH_DIFFERS, K.CHAIN_BROKEN},
        Repaired(marked_damaged=1, left=1),
        {K.CHAIN_BROKEN},
        id="hash",
    ),
    pytest.param(another_id, {K.HASH_DIFFERS}, Repaired(marked_damaged=1), set(), id="id"),
    pytest.param(bit_flipped, {K.CONTENT_DIFFERS}, Repaired(marked_damaged=1), set(), id="bit"),
    pytest.param(torn, {K.SEAL_MISSING}, Repaired(marked_damaged=1), set(), id="cut off"),
    pytest.param(
        torn_and_unknown,
        {K.SEAL_MISSING},
        Repaired(indexed=1, closed=1),
        set(),
        id="cut off, no row",
    ),
    pytest.param(emptied, {K.UNREADABLE}, Repaired(marked_damaged=1), set(), id="emptied"),
    pytest.param(text_of_that_name, {K.UNREADABLE}, Repaired(quarantined=1), set(), id="text"),
    pytest.param(
        renamed,
        {K.LYING_NAME, K.ROW_WITHOUT_FILE},
        Repaired(quarantined=1, marked_missing=1),
        set(),
        id="another name",
    ),
    pytest.param(
        of_another_day,
        {K.LYING_NAME, K.ROW_WITHOUT_FILE},
        Repaired(quarantined=1, marked_missing=1),
        set(),
        id="another day",
    ),
    pytest.param(of_another_camera, {K.LYING_NAME}, Repaired(quarantined=1), set(), id="camera"),
    pytest.param(foreign_file, {K.FOREIGN_FILE}, Repaired(quarantined=1), set(), id="foreign"),
    pytest.param(foreign_name, {K.FOREIGN_FILE}, Repaired(quarantined=1), set(), id="no text"),
    pytest.param(
        link_to_a_file,
        {K.NO_FILE},
        Repaired(marked_missing=1, left=1),
        {K.NO_FILE},
        id="link to a file",
    ),
    pytest.param(
        link_to_a_folder,
        {K.NO_FILE, K.ROW_WITHOUT_FILE},
        Repaired(marked_missing=4, left=1),
        {K.NO_FILE},
        id="link to a folder",
    ),
    pytest.param(a_pipe, {K.NO_FILE}, Repaired(left=1), {K.NO_FILE}, id="pipe"),
    pytest.param(left_open, {K.LEFT_OPEN}, Repaired(closed=1, indexed=1), set(), id="left open"),
    pytest.param(in_both_places, {K.IN_BOTH_PLACES}, Repaired(quarantined=1), set(), id="both"),
    pytest.param(draft_left, {K.LEFT_OPEN}, Repaired(quarantined=1), set(), id="draft"),
    pytest.param(
        two_after_one, {K.CHAIN_BROKEN}, Repaired(left=1), {K.CHAIN_BROKEN}, id="two after one"
    ),
    pytest.param(overlapping, {K.OVERLAP}, Repaired(left=1), {K.OVERLAP}, id="overlap"),
    pytest.param(
        row_out_of_the_folder,
        {K.ROW_WITHOUT_FILE},
        Repaired(marked_missing=1),
        set(),
        id="row out of the folder",
    ),
]


@pytest.mark.parametrize(("spoil", "found", "repaired", "rest"), CASES)
def test_what_is_wrong_is_found_and_mended(
    recorded: Recorded,
    spoil: Callable[[Recorded], None],
    found: set[FindingKind],
    repaired: Repaired,
    rest: set[FindingKind],
) -> None:
    spoil(recorded)
    before = {p: p.read_bytes() for p in recorded.root.rglob("*") if p.is_file()}
    report = look(recorded)
    assert kinds(report) == found
    assert {p: p.read_bytes() for p in recorded.root.rglob("*") if p.is_file()} == before
    assert all(finding.text for finding in report.findings)
    done = fsck(recorded.volume, recorded.repository, repair=True, depth=Depth.CONTENT)
    assert done.repaired == repaired
    assert kinds(look(recorded)) == rest
    kept = {p.read_bytes()[:500] for p in recorded.root.rglob("*") if p.is_file()}
    assert {content[:500] for content in before.values()} <= kept, "nothing was deleted"


def test_a_file_that_is_back_is_good_again(recorded: Recorded) -> None:
    aside = recorded.file(1).rename(recorded.root.parent / "aside")
    fsck(recorded.volume, recorded.repository, repair=True)
    assert recorded.state(1) == "missing"
    assert look(recorded).known_missing == 1
    aside.rename(recorded.file(1))
    assert kinds(look(recorded, Depth.NAMES)) == {K.FILE_IS_BACK}
    done = fsck(recorded.volume, recorded.repository, repair=True)
    assert done.repaired == Repaired(marked_good=1)
    assert recorded.state(1) == "good"


def test_another_file_in_the_place_of_a_missing_one_is_no_good(recorded: Recorded) -> None:
    no_file(recorded)
    fsck(recorded.volume, recorded.repository, repair=True)
    recorded.file(1).write_bytes(recorded.file(2).read_bytes())
    fsck(recorded.volume, recorded.repository, repair=True)
    assert recorded.state(1) == "missing"
    assert len(recorded.quarantined()) == 1


def test_a_part_of_a_missing_file_is_no_good(recorded: Recorded) -> None:
    aside = recorded.file(1).rename(recorded.root.parent / "aside")
    fsck(recorded.volume, recorded.repository, repair=True)
    cut(aside, seal_bytes(aside) + 7)
    aside.rename(recorded.file(1))
    close_left(recorded.volume, recorded.file(1), "")
    fsck(recorded.volume, recorded.repository, repair=True)
    assert recorded.state(1) == "damaged"


def test_garbage_is_no_finding(recorded: Recorded) -> None:
    recorded.repository.discard([recorded.segments[1].id], reason="x", now_wall_ns=1)
    report = look(recorded)
    assert report.clean
    assert report.waiting_garbage == 1
    assert fsck(recorded.volume, recorded.repository, repair=True).repaired == Repaired()
    recorded.repository.adopt([recorded.segments[1]])
    assert recorded.state(1) == "", "garbage is not indexed again"


def test_garbage_that_is_indexed_is_told(recorded: Recorded) -> None:
    gone = recorded.segments[1]
    recorded.repository.discard([gone.id], reason="x", now_wall_ns=1)
    row = replace(gone, path="cam/main/x.mp4", size_bytes=1)
    recorded.repository.put(row)
    with recorded.database.write(durable=True) as connection:
        connection.exec_driver_sql(
            "UPDATE segments SET path = ? WHERE id = ?", (gone.path, gone.id)
        )
        connection.exec_driver_sql("UPDATE segments SET size_bytes = ?", (gone.size_bytes,))
    assert K.GARBAGE_INDEXED in kinds(look(recorded))
    assert GarbageRepository(recorded.database).spare_indexed() == 1


def test_a_file_in_the_making_is_left_alone(recorded: Recorded) -> None:
    part = recorded.file(3).parents[1] / ".open" / "x.mp4.part"
    being_written = RealDisk().create(part)
    being_written.write([b"half of it"])
    report = look(recorded)
    assert report.findings == []
    assert report.in_the_making == 1
    fsck(recorded.volume, recorded.repository, repair=True)
    assert part.read_bytes() == b"half of it"
    being_written.close()


def test_one_camera_alone(recorded: Recorded) -> None:
    foreign = recorded.root / "yard" / "x.txt"
    foreign.parent.mkdir()
    foreign.write_text("x")
    no_row(recorded)
    disk, root, repository = RealDisk(), recorded.root, recorded.repository
    assert kinds(check(disk, root, repository, camera_id="yard")) == {K.FOREIGN_FILE}
    assert kinds(check(disk, root, repository, camera_id="cam")) == {K.FILE_WITHOUT_ROW}
    assert check(disk, root, repository, camera_id="ca").findings == []


def test_a_camera_folder_that_is_a_link_is_not_entered(recorded: Recorded) -> None:
    (recorded.root / "cam").rename(recorded.root.parent / "cam")
    (recorded.root / "cam").symlink_to(recorded.root.parent / "cam")
    assert K.FILE_WITHOUT_ROW not in kinds(look(recorded))
    assert check(RealDisk(), recorded.root, camera_id="cam").files == 0


def test_changes_meanwhile_are_not_told(recorded: Recorded) -> None:
    """A row that comes, and a file that goes, after the one and before the other was read."""
    no_row(recorded)
    recorded.file(2).rename(recorded.root.parent / "aside")

    class ChangingDisk(RealDisk):
        def entries(self, folder: Path):  # type: ignore[no-untyped-def]
            found = super().entries(folder)
            if folder == recorded.file(2).parent:
                recorded.repository.put(recorded.segments[1])
                (recorded.root.parent / "aside").rename(recorded.file(2))
                found = [e for e in found if e.name != recorded.file(2).name]
            return found

    assert check(ChangingDisk(), recorded.root, recorded.repository).findings == []


def test_known_damage_is_counted_not_found_again(recorded: Recorded) -> None:
    bit_flipped(recorded)
    recorded.repository.mark([recorded.segments[1].id], SegmentState.DAMAGED)
    report = look(recorded)
    assert (report.findings, report.known_damaged) == ([], 1)


def test_a_file_that_was_just_closed_may_have_no_row_yet(recorded: Recorded) -> None:
    recorded.forget(3)
    disk, root, repository = RealDisk(), recorded.root, recorded.repository
    end_ns = recorded.segments[3].end_wall_ns
    early = check(disk, root, repository, newer_than_wall_ns=end_ns - 1)
    assert (early.findings, early.newer) == ([], 1)
    late = check(disk, root, repository, newer_than_wall_ns=end_ns)
    assert (kinds(late), late.newer) == ({K.FILE_WITHOUT_ROW}, 0)


class InMemory:
    """A file's content as an open file."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.size_bytes = len(content)

    def read(self, size_bytes: int, at: int) -> bytes:
        return self.content[at : at + size_bytes]

    def close(self) -> None:
        pass


def test_a_flipped_bit_is_found_in_every_byte(recorded: Recorded) -> None:
    segment = recorded.segments[2]
    sound = recorded.file(2).read_bytes()
    assert told_by(InMemory(sound), segment.path, Depth.CONTENT) == (segment, None)
    for place in range(len(sound)):
        flipped = bytearray(sound)
        flipped[place] ^= 1 << place % 8
        told, finding = told_by(InMemory(bytes(flipped)), segment.path, Depth.CONTENT)
        assert finding is not None or told != segment, f"byte {place}"


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.floats(0, 0.999999), bit=st.integers(0, 7))
def test_every_flipped_bit_is_found(recorded: Recorded, place: float, bit: int) -> None:
    path = recorded.file(2)
    sound = path.read_bytes()
    content = bytearray(sound)
    content[int(place * len(content))] ^= 1 << bit
    path.write_bytes(content)
    assert not look(recorded).clean
    path.write_bytes(sound)
