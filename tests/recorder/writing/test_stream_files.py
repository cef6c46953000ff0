"""One stream's files on a disk that fails: what is done about it, and that it ends."""

import random
from pathlib import Path

import pytest

from its_camera_ai.core.errors import StorageUnavailable
from its_camera_ai.core.ids import new_id
from its_camera_ai.core.media import MediaKind
from its_camera_ai.core.time import NS_PER_S
from its_camera_ai.recorder.files.segment_file import OPEN_FOLDER
from its_camera_ai.recorder.files.segment_reading import measure
from its_camera_ai.recorder.volumes.volume import Volume
from its_camera_ai.recorder.writing import stream_files
from its_camera_ai.recorder.writing.fragments import Fragment, FragmentCutter
from its_camera_ai.recorder.writing.recorder import nothing_seen
from its_camera_ai.recorder.writing.stream_files import FILE_TRIES_MAX, StreamFiles
from its_camera_ai.sim.disk import SimulatedDisk
from its_camera_ai.sim.failing_disk import CallSite, FailingDisk, Fault
from tests.recorder.support import RememberingIndex, packets
from tests.support.clips import ClipSpec

ROOT = Path("/media")


class Rig:
    def __init__(self, *, gop: int = 25, room: list[bool] | None = None) -> None:
        self.inner = SimulatedDisk(ROOT)
        self.disk = FailingDisk(self.inner)
        self.index = RememberingIndex()
        self.asked: list[int] = []
        self._room = room or []
        volume = Volume(self.disk, ROOT, make_room=self._make_room)
        self.files = StreamFiles(volume, self.index, activity=nothing_seen, make_id=new_id)
        cutter = FragmentCutter(2 * NS_PER_S)
        self.items = packets(ClipSpec(frames=150, gop=gop))
        self.fragments = [f for p in self.items if (f := cutter.put(p)) is not None]

    def _make_room(self, wanted_bytes: int) -> bool:
        self.asked.append(wanted_bytes)
        self.inner.others_bytes = 0
        return self._room.pop(0) if self._room else True

    def write(self, fragment: Fragment, tries: int = 1) -> int:
        """How often it failed before it was written."""
        for failed in range(tries):
            try:
                self.files.write(fragment)
            except StorageUnavailable:
                continue
            return failed
        return tries

    def parts(self) -> list[Path]:
        return [p for p in self.inner.files() if p.parent.name == OPEN_FOLDER]

    def frames(self) -> list[int]:
        return [s.frames for s in self.index.segments]


def on(call: str):  # type: ignore[no-untyped-def]
    def wanted(site: CallSite) -> bool:
        return site.call == call and site.path == "recorder/files/segment_file.py"

    return wanted


def test_a_file_whose_first_fragment_fails_for_long_is_begun_once() -> None:
    rig = Rig()
    rig.disk.fail(on("write"), Fault.FULL, times=20, after=1)  # the head fits, the picture does not
    rig._room = [False] * 20
    assert rig.write(rig.fragments[0], tries=30) == 20
    assert len(rig.parts()) == 1
    assert sum(n for site, n in rig.disk.sites.items() if site.call == "create") == 1
    rig.files.close()
    assert rig.frames() == [25], "no file without pictures was closed"
    assert len(rig.inner.files()) == 1


def test_an_empty_file_is_not_closed_but_removed() -> None:
    rig = Rig()
    rig.disk.fail(on("write"), Fault.BROKEN, after=1)
    assert rig.write(rig.fragments[0]) == 1
    rig.files.close()
    assert rig.index.segments == []
    assert rig.inner.files() == {}


@pytest.mark.parametrize("call", ["write", "rename", "make_folder", "sync_folder"])
def test_closing_goes_on_where_it_failed(call: str) -> None:
    rig = Rig()
    for fragment in rig.fragments[:2]:
        rig.files.write(fragment)
    rig.disk.fail(on(call), Fault.BROKEN, times=3)
    assert rig.write(rig.fragments[2], tries=9) >= 3
    rig.files.close()
    first, second = rig.index.segments
    assert second.previous_hash == first.content_hash
    assert rig.frames() == [50, 25]
    assert rig.parts() == []


def test_one_bad_file_is_set_aside_and_taken_up_later() -> None:
    rig = Rig()
    rig.files.write(rig.fragments[0])
    rig.disk.fail(on("write"), Fault.BROKEN, times=FILE_TRIES_MAX)
    assert rig.write(rig.fragments[1], tries=30) == FILE_TRIES_MAX
    rig.files.close()
    assert sorted(rig.frames()) == [25, 25], "what was in the bad file, and what came then"
    assert rig.parts() == []


def test_a_disk_that_is_away_sets_nothing_aside() -> None:
    rig = Rig(gop=60)
    rig.files.write(rig.fragments[0])
    rig.disk.fail(lambda site: True, Fault.BROKEN, times=200)
    rig.write(rig.fragments[1], tries=40)
    rig.disk.heal()
    assert rig.write(rig.fragments[1]) == 0
    rig.files.close()
    assert rig.frames() == [50], "no key frame was there to begin a new file, and none was needed"


def test_a_file_that_someone_removed_is_given_up() -> None:
    rig = Rig()
    rig.files.write(rig.fragments[0])
    (part,) = rig.parts()
    rig.inner.unlink(part)
    rig.disk.fail(on("write"), Fault.BROKEN)
    assert rig.write(rig.fragments[1], tries=5) == 2
    rig.files.close()
    assert rig.frames() == [25]


def test_a_file_that_became_shorter_is_given_up() -> None:
    rig = Rig()
    for fragment in rig.fragments[:2]:
        rig.files.write(fragment)
    (part,) = rig.parts()
    rig.disk.fail(on("write"), Fault.BROKEN)
    assert rig.write(rig.fragments[2]) == 1
    file = rig.inner.edit(part)
    file.truncate(rig.inner.size(part) - 10)
    file.close()
    assert rig.write(rig.fragments[2], tries=5) == 1
    rig.files.close()
    assert sorted(rig.frames()) == [25, 25], "its whole fragments were taken up"


def test_room_is_made_and_the_same_fragment_is_written() -> None:
    rig = Rig()
    rig.files.write(rig.fragments[0])
    rig.inner.others_bytes = 1 << 50
    rig.files.write(rig.fragments[1])
    assert rig.asked == [rig.fragments[1].size_bytes]
    rig.files.close()
    assert rig.frames() == [50]


def test_making_room_in_vain_ends() -> None:
    rig = Rig()
    rig.files.write(rig.fragments[0])
    rig.disk.fail(on("write"), Fault.FULL, times=1000)
    with pytest.raises(StorageUnavailable, match="free space"):
        rig.files.write(rig.fragments[1])
    assert 1 < len(rig.asked) <= stream_files.MAKE_ROOM_TRIES_MAX


def test_sound_that_comes_too_late_is_counted() -> None:
    rig = Rig()
    items = packets(ClipSpec(frames=50, gop=25, audio=True))
    sound = [p for p in items if p.kind is MediaKind.AUDIO]
    pictures = [p for p in items if p.kind is MediaKind.VIDEO]
    rig.files.write(Fragment(pictures[25:], True, 1))
    written = rig.files.write(Fragment(sound[:10], False, 1))
    assert (written.recorded, written.unrecorded) == (0, 10)


def test_a_power_cut_at_every_call_of_a_life() -> None:
    """No random moments: each call once, with a few fates each."""
    calls = 0
    while True:
        calls += 1
        rig = Rig()
        rig.inner.cut_in(calls)
        acknowledged = 0
        try:
            for fragment in rig.fragments:
                acknowledged += rig.files.write(fragment).recorded
            rig.files.close()
        except StorageUnavailable:
            pass
        if not rig.inner.gone:
            break
        after = rig.inner.power_cut(random.Random(calls))
        index = RememberingIndex()
        files = StreamFiles(Volume(after, ROOT), index, activity=nothing_seen, make_id=new_id)
        files.write(rig.fragments[-1])
        files.close()
        found = [measure(after.open(path)).frames for path in after.files()]
        assert sum(found) >= acknowledged + len(rig.fragments[-1].packets)
        assert not [p for p in after.files() if p.parent.name == OPEN_FOLDER]
    assert calls > 40
