"""Damage is found in the background, and nothing good is accused."""

import errno
from dataclasses import replace

import pytest

from its_camera_ai.core.disk import ReadableFile
from its_camera_ai.core.errors import RecordingArchived, StorageUnavailable
from its_camera_ai.core.holds import Hold, HoldKind
from its_camera_ai.core.segments import Segment, SegmentState, Tier
from its_camera_ai.core.time import NS_PER_S
from its_camera_ai.recorder.checking.scrub import Scrub, evidence_problem
from its_camera_ai.recorder.files.media import Media
from its_camera_ai.recorder.files.verify import ReadFailed, verify
from its_camera_ai.sim.clock import SimulatedClock
from its_camera_ai.store.disk import RealDisk
from its_camera_ai.store.folder_store import FolderStore
from its_camera_ai.store.hold_mirror import HoldMirror
from its_camera_ai.store.holds import HoldRepository
from tests.recorder.recorded import Recorded, flip_a_bit

NEVER = {"verified_files": 0, "verified_bytes": 0, "damaged_files": 0, "missing_files": 0}


class Failing:
    """A file that its disk can't read, beyond its first ``sound`` reads."""

    def __init__(self, file: ReadableFile, sound: int = 0) -> None:
        self._file = file
        self._sound = sound
        self.size_bytes = file.size_bytes

    def read(self, size_bytes: int, at: int) -> bytes:
        self._sound -= 1
        if self._sound < 0:
            raise OSError(errno.EIO, "Input/output error")
        return self._file.read(size_bytes, at)

    def close(self) -> None:
        self._file.close()


class Flawed(Media):
    """The hot tier, some of whose files make trouble."""

    def __init__(self, site: Recorded) -> None:
        super().__init__({Tier.HOT: FolderStore(RealDisk(), site.root)})
        self.failing: set[str] = set()
        self.archived: set[str] = set()
        self.opened: list[str] = []

    def open(self, segment: Segment) -> ReadableFile:
        self.opened.append(segment.id)
        if segment.id in self.archived:
            raise RecordingArchived("restore it first")
        file = super().open(segment)
        return Failing(file) if segment.id in self.failing else file


@pytest.fixture
def media(recorded: Recorded) -> Flawed:
    return Flawed(recorded)


@pytest.fixture
def clock() -> SimulatedClock:
    return SimulatedClock()


def scrub(
    site: Recorded, media: Media, clock: SimulatedClock, *, bytes_per_s: float = 1e9, **more: float
) -> Scrub:
    return Scrub(
        site.repository,
        media,
        clock=clock,
        wait=clock.advance,
        bytes_per_s=lambda: bytes_per_s,
        **more,
    )


def go_on() -> bool:
    return False


def test_all_are_verified_once_and_again_after_a_month(
    recorded: Recorded, media: Flawed, clock: SimulatedClock
) -> None:
    total = sum(s.size_bytes for s in recorded.segments)
    job = scrub(recorded, media, clock)
    first = job.run(go_on)
    assert first.figures == NEVER | {"verified_files": 4, "verified_bytes": total}
    assert (first.audit, first.problem) == (False, "")
    assert all(s.verified_wall_ns > 0 for s in recorded.listing())
    assert job.run(go_on).figures == NEVER
    clock.advance(31 * 86_400)
    assert job.run(go_on).figures["verified_files"] == 4


def test_the_longest_unverified_come_first(
    recorded: Recorded, media: Flawed, clock: SimulatedClock
) -> None:
    now_ns, day_ns = clock.wall_ns(), 86_400 * NS_PER_S
    for number, days in enumerate([40, 60, 0, 50]):
        seen = (recorded.segments[number], SegmentState.GOOD)
        recorded.repository.judge([seen], now_ns - days * day_ns)
    scrub(recorded, media, clock).run(go_on)
    assert media.opened == [recorded.segments[n].id for n in (1, 3, 0)]


def test_a_flipped_bit_and_a_lost_file_are_found(
    recorded: Recorded, media: Flawed, clock: SimulatedClock
) -> None:
    flip_a_bit(recorded.file(1), 3000)
    recorded.file(2).unlink()
    job = scrub(recorded, media, clock)
    result = job.run(go_on)
    assert (result.figures["damaged_files"], result.figures["missing_files"]) == (1, 1)
    assert result.audit
    assert "2 recordings were found damaged or missing" in result.problem
    assert [recorded.state(n) for n in range(4)] == ["good", "damaged", "missing", "good"]
    assert job.run(go_on).problem == "", "told once"


def test_what_became_whole_again_is_good(
    recorded: Recorded, media: Flawed, clock: SimulatedClock
) -> None:
    flip_a_bit(recorded.file(1), 3000)
    job = scrub(recorded, media, clock)
    job.run(go_on)
    flip_a_bit(recorded.file(1), 3000)
    clock.advance(31 * 86_400)
    assert not job.run(go_on).audit
    assert recorded.state(1) == "good"


def test_damaged_evidence_is_told_until_someone_acts(
    recorded: Recorded, media: Flawed, clock: SimulatedClock
) -> None:
    flip_a_bit(recorded.file(1), 3000)
    holds = HoldRepository(recorded.database, HoldMirror(RealDisk(), recorded.root))
    kept = recorded.segments[1]
    hold = Hold(
        "h", HoldKind.LEGAL, "cam", kept.start_wall_ns, kept.end_wall_ns, "case 5", "bob", 1
    )
    holds.add(hold)
    job = scrub(recorded, media, clock)
    for _ in range(2):
        assert job.run(go_on).problem.startswith("EVIDENCE IS DAMAGED: 1 held recordings")
    holds.release("h", by="bob", now_ns=5)
    assert evidence_problem(recorded.repository) == ""


def test_it_keeps_below_its_rate(recorded: Recorded, media: Flawed, clock: SimulatedClock) -> None:
    total = sum(s.size_bytes for s in recorded.segments)
    began_ns = clock.monotonic_ns()
    scrub(recorded, media, clock, bytes_per_s=total / 10).run(go_on)
    took_s = (clock.monotonic_ns() - began_ns) / NS_PER_S
    assert 9.5 < took_s < 16, "of such small files the seal, which is read twice, is a good part"


def test_it_stops_when_asked_and_goes_on_where_it_was(
    recorded: Recorded, media: Flawed, clock: SimulatedClock
) -> None:
    asked = 0

    def stopped() -> bool:
        nonlocal asked
        asked += 1
        return asked > 8

    job = scrub(recorded, media, clock)
    done = job.run(stopped).figures["verified_files"]
    assert 0 < done < 4
    assert job.run(go_on).figures["verified_files"] == 4 - done


def test_a_run_ends_after_its_time(
    recorded: Recorded, media: Flawed, clock: SimulatedClock
) -> None:
    slow = recorded.segments[0].size_bytes / 10
    result = scrub(recorded, media, clock, bytes_per_s=slow, run_s=15).run(go_on)
    assert result.figures["verified_files"] == 1


def test_bad_sectors_are_told_from_a_disk_that_is_gone(
    recorded: Recorded, media: Flawed, clock: SimulatedClock
) -> None:
    media.failing = {recorded.segments[0].id}
    result = scrub(recorded, media, clock).run(go_on)
    assert result.figures["damaged_files"] == 1
    assert recorded.state(0) == "damaged"
    media.failing = {s.id for s in recorded.segments}
    clock.advance(31 * 86_400)
    with pytest.raises(StorageUnavailable, match="smartctl"):
        scrub(recorded, media, clock).run(go_on)
    assert [recorded.state(n) for n in range(4)] == ["damaged", "good", "good", "good"]


def test_the_last_one_that_fails_is_settled_by_any_other(
    recorded: Recorded, media: Flawed, clock: SimulatedClock
) -> None:
    media.failing = {recorded.segments[3].id}
    assert scrub(recorded, media, clock).run(go_on).figures["damaged_files"] == 1
    assert recorded.state(3) == "damaged"


def test_an_archived_file_holds_up_no_other(
    recorded: Recorded, media: Flawed, clock: SimulatedClock
) -> None:
    media.archived = {recorded.segments[0].id}
    assert scrub(recorded, media, clock).run(go_on).figures["verified_files"] == 3
    assert recorded.listing()[0].verified_wall_ns == 0


def test_a_row_that_tells_of_another_file_by_now_is_not_judged(recorded: Recorded) -> None:
    old = recorded.segments[0]
    moved = replace(old, path="cam/main/other.mp4")
    recorded.repository.put(moved)
    recorded.repository.judge([(old, SegmentState.DAMAGED)], 9)
    assert recorded.repository.get(old.id) == moved


def test_what_errs_once_accuses_no_file(recorded: Recorded) -> None:
    class Erring(Flawed):
        def open(self, segment: Segment) -> ReadableFile:
            if not self.opened or len(self.opened) == 1:
                flip_a_bit(recorded.file(0), 3000)
            return super().open(segment)

    media = Erring(recorded)
    assert verify(media, recorded.segments[0]).state is SegmentState.GOOD
    assert len(media.opened) == 2


@pytest.mark.parametrize("sound", [0, 1])
def test_a_read_error_is_no_verdict(recorded: Recorded, sound: int) -> None:
    class Breaking(Flawed):
        def open(self, segment: Segment) -> ReadableFile:
            return Failing(super().open(segment), sound)

    with pytest.raises(ReadFailed, match="input/output error"):
        verify(Breaking(recorded), replace(recorded.segments[0]))


def test_a_rate_of_nothing_switches_it_off(
    recorded: Recorded, media: Flawed, clock: SimulatedClock
) -> None:
    assert scrub(recorded, media, clock, bytes_per_s=0).run(go_on).figures == {}
