"""Files that were left open: torn ones are cut, damaged ones are kept whole, none is lost."""

import errno
import os
from pathlib import Path

import pytest

from its_camera_ai.core.errors import StorageUnavailable
from its_camera_ai.core.media import StreamRole
from its_camera_ai.core.segments import Segment, SegmentState, Tier
from its_camera_ai.recorder.checking.check import Depth, check
from its_camera_ai.recorder.checking.closing import close_left, newest_hash
from its_camera_ai.recorder.checking.fsck import fsck
from its_camera_ai.recorder.checking.recovery import TakenUp, take_up
from its_camera_ai.recorder.files.media import Media
from its_camera_ai.recorder.files.segment_format import seal_size
from its_camera_ai.recorder.files.segment_reading import boxes
from its_camera_ai.recorder.files.verify import verify
from its_camera_ai.recorder.volumes.volume import Volume
from its_camera_ai.store.disk import RealDisk, RealFile
from its_camera_ai.store.folder_store import FolderStore
from tests.recorder.recorded import Recorded, flip_a_bit


def left_open(site: Recorded, number: int, *, cut_bytes: int | None = None) -> Path:
    """As if the process had been killed before the file was closed."""
    path = site.file(number)
    if cut_bytes is not None:
        os.truncate(path, path.stat().st_size - seal_size(path.read_bytes()) - cut_bytes)
    part = path.parents[1] / ".open" / (path.name + ".part")
    site.forget(number)
    return path.rename(part)


def taken(site: Recorded) -> TakenUp:
    return take_up(site.volume, "cam", StreamRole.MAIN)


def begins_of(path: Path, wanted: bytes) -> list[int]:
    file = RealDisk().open(path)
    found = [at for kind, at, _ in boxes(file) if kind == wanted]
    file.close()
    return found


def test_a_file_that_had_its_seal_gets_its_place_and_stays_what_it_was(recorded: Recorded) -> None:
    content = recorded.file(3).read_bytes()
    left_open(recorded, 3)
    assert taken(recorded).segments == [recorded.segments[3]]
    assert recorded.file(3).read_bytes() == content


@pytest.mark.parametrize("cut_bytes", [0, 1, 100, 1000])
def test_a_torn_one_is_cut_to_its_last_whole_fragment(recorded: Recorded, cut_bytes: int) -> None:
    part = left_open(recorded, 3, cut_bytes=cut_bytes)
    before = part.read_bytes()
    closed = taken(recorded).segments[0]
    assert closed.frames == (50 if cut_bytes == 0 else 25)
    assert closed.state is SegmentState.GOOD
    assert closed.previous_hash == recorded.segments[2].content_hash
    kept = recorded.file(3).read_bytes()
    assert before.startswith(kept[: -seal_size(kept)])


@pytest.mark.parametrize(
    "place", [pytest.param(400, id="in the picture"), pytest.param(1, id="in a box's size")]
)
def test_one_that_is_damaged_inside_loses_nothing(recorded: Recorded, place: int) -> None:
    """A bit of the first fragment flips: the second one is whole and must not be cut off."""
    part = left_open(recorded, 3, cut_bytes=0)
    flip_a_bit(part, begins_of(part, b"moof")[0] + place)
    before = part.read_bytes()
    [closed] = taken(recorded).segments or [None]
    if closed is None:  # nothing of it can be read any more
        assert [p.read_bytes() for p in recorded.quarantined()] == [before]
        return
    assert closed.state is SegmentState.DAMAGED
    assert recorded.file(3).read_bytes().startswith(before)
    recorded.repository.put(closed)
    assert check(RealDisk(), recorded.root, recorded.repository, depth=Depth.CONTENT).clean
    assert verify(hot(recorded), closed).state is SegmentState.DAMAGED


def hot(site: Recorded) -> Media:

    return Media({Tier.HOT: FolderStore(RealDisk(), site.root)})


def test_it_comes_to_the_same_end_wherever_it_is_killed(recorded: Recorded) -> None:
    """Each change fails once; the next start goes on."""

    class Killed(Exception):
        pass

    class Dying(RealDisk):
        def __init__(self, lives: int) -> None:
            super().__init__()
            self.lives = lives

        def step(self) -> None:
            self.lives -= 1
            if self.lives < 0:
                raise Killed

        def edit(self, path: Path) -> RealFile:
            file, step = super().edit(path), self.step

            class Steps(RealFile):
                def write(self, pieces):  # type: ignore[no-untyped-def]
                    step()
                    half = b"".join(pieces)[:40]
                    super().write([half])
                    step()
                    super().write([b"".join(pieces)[40:]])

                def sync(self) -> None:
                    step()
                    super().sync()

            file.__class__ = Steps
            return file

        def rename(self, source: Path, target: Path) -> None:
            self.step()
            super().rename(source, target)
            self.step()

    part = left_open(recorded, 3, cut_bytes=700)
    torn = part.read_bytes()
    ends = set()
    for lives in range(7):
        for path in (recorded.file(3), part):
            path.unlink(missing_ok=True)
        part.write_bytes(torn)
        try:
            close_left(Volume(Dying(lives), recorded.root), part, "before")
        except Killed:
            if part.exists():
                close_left(recorded.volume, part, "before")
        ends.add(recorded.file(3).read_bytes())
        assert not part.exists()
    assert len(ends) == 1


def test_what_lies_in_its_place_already_is_not_replaced(recorded: Recorded) -> None:
    sound = recorded.file(3).read_bytes()
    part = recorded.file(3).parents[1] / ".open" / (recorded.file(3).name + ".part")
    part.write_bytes(sound[: len(sound) // 2])
    assert taken(recorded).segments == []
    assert recorded.file(3).read_bytes() == sound
    assert len(recorded.quarantined()) == 1


def test_a_file_of_another_stream_is_put_aside(recorded: Recorded) -> None:
    part = left_open(recorded, 3)
    other = recorded.root / "yard" / "main" / ".open" / part.name
    other.parent.mkdir(parents=True)
    part.rename(other)
    assert take_up(recorded.volume, "yard", StreamRole.MAIN) == TakenUp([], "")
    assert len(recorded.quarantined()) == 1


def test_one_file_that_can_not_be_read_holds_up_no_other(recorded: Recorded) -> None:
    bad, good = left_open(recorded, 2), left_open(recorded, 3)

    class Bad(RealDisk):
        def open_beneath(self, root: Path, relative: str):  # type: ignore[no-untyped-def]
            if relative.endswith(bad.name):
                raise OSError(errno.EIO, "Input/output error")
            return super().open_beneath(root, relative)

    found = take_up(Volume(Bad(), recorded.root), "cam", StreamRole.MAIN)
    assert [s.id for s in found.segments] == [recorded.segments[3].id]
    assert bad.exists()
    assert not good.exists()


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS], ids=["full", "read-only"])
def test_a_disk_that_takes_nothing_is_told(recorded: Recorded, code: int) -> None:
    left_open(recorded, 3, cut_bytes=5)

    class Full(RealDisk):
        def make_folder(self, folder: Path) -> None:
            raise OSError(code, os.strerror(code))

    with pytest.raises(StorageUnavailable):
        take_up(Volume(Full(), recorded.root), "cam", StreamRole.MAIN)
    assert taken(recorded).segments != []


def test_the_newest_hash_passes_over_what_has_none(recorded: Recorded) -> None:
    stream = recorded.root / "cam" / "main"
    newest = recorded.segments[3].content_hash
    assert newest_hash(RealDisk(), stream) == newest
    (stream / "9999-01-01").mkdir()
    (recorded.file(3).parent / "99-99-99-999_x.mp4").write_bytes(b"no seal")
    assert newest_hash(RealDisk(), stream) == newest
    assert newest_hash(RealDisk(), recorded.root / "nothing") == ""


def test_a_link_of_the_open_folder_is_not_followed(recorded: Recorded) -> None:
    outside = recorded.root.parent / "outside"
    outside.write_bytes(b"mine")
    (recorded.file(0).parents[1] / ".open" / "x.part").symlink_to(outside)
    assert taken(recorded).segments == []
    fsck(recorded.volume, recorded.repository, repair=True)
    assert outside.read_bytes() == b"mine"


def in_order(segments: list[Segment]) -> list[str]:
    return [s.id for s in segments]


def test_several_left_open_are_linked_in_their_order(recorded: Recorded) -> None:
    for number in (1, 2, 3):
        left_open(recorded, number, cut_bytes=5)
    found = taken(recorded).segments
    assert in_order(found) == in_order(recorded.segments[1:])
    hashes = [recorded.segments[0].content_hash, *(s.content_hash for s in found)]
    assert [s.previous_hash for s in found] == hashes[:-1]
