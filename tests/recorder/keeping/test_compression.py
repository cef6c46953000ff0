"""Old recordings become smaller at night, evidence never; a crash loses and leaves nothing."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC
from pathlib import Path

import pytest
from sqlalchemy import insert

from its_camera_ai.core.bookmarks import Bookmark
from its_camera_ai.core.disk import ReadableFile
from its_camera_ai.core.errors import StorageUnavailable
from its_camera_ai.core.exports import Export, ExportRequest, ExportState
from its_camera_ai.core.jobs import Daily, JobResult
from its_camera_ai.core.retention import NS_PER_DAY
from its_camera_ai.core.segments import Segment, SegmentState, Tier
from its_camera_ai.core.storage_policy import (
    CompressionCodec,
    CompressionPolicy,
    CompressionStep,
)
from its_camera_ai.core.time import NS_PER_S
from its_camera_ai.recorder.exporting.source import Verification, read_source
from its_camera_ai.recorder.files.media import Media
from its_camera_ai.recorder.keeping import compression
from its_camera_ai.recorder.keeping.compression import Compression
from its_camera_ai.recorder.keeping.compression_state import CompressionState, StepState
from its_camera_ai.recorder.keeping.recoding import Recoded, recode
from its_camera_ai.sim.clock import SimulatedClock
from its_camera_ai.store.bookmarks import BookmarkRepository
from its_camera_ai.store.compression import CompressionRepository
from its_camera_ai.store.database import open_database
from its_camera_ai.store.disk import RealDisk
from its_camera_ai.store.exports import ExportRepository
from its_camera_ai.store.folder_store import FolderStore
from its_camera_ai.store.garbage import GarbageRepository
from its_camera_ai.store.media_store import MediaStore
from its_camera_ai.store.migration import migrate
from its_camera_ai.store.schema import holds
from its_camera_ai.store.segments import SegmentRepository
from tests.support.clips import ClipSpec
from tests.support.closed_segments import closed_segment

NOW_NS = 1_800_000_000 * NS_PER_S // NS_PER_DAY * NS_PER_DAY + 2 * 3600 * NS_PER_S  # 02:00 UTC
CLIP = ClipSpec(frames=25, size_wh=(160, 120), noise=0.02, bitrate_bps=1_500_000)
STEP = CompressionStep(7, crf=45, preset=12, min_saving=0.05)
POLICY = CompressionPolicy((STEP,), ssim_min=0.5)


class Killed(BaseException):
    """The process is gone: nothing that it would do afterwards happens."""


class DyingStore:
    """A folder that the process dies at."""

    def __init__(self, store: MediaStore) -> None:
        self._store = store
        self.dies = ""

    def open(self, path: str) -> ReadableFile:
        return self._store.open(path)

    def put(self, path: str, source: ReadableFile, *, sha256: str = "") -> None:
        if self.dies == "full":
            raise StorageUnavailable("The disk is full; free space.")
        if self.dies == "before the file":
            raise Killed
        self._store.put(path, source, sha256=sha256)
        if self.dies == "after the file":
            raise Killed

    def delete(self, path: str) -> None:
        self._store.delete(path)

    def size(self, path: str) -> int | None:
        return self._store.size(path)

    def paths(self, prefix: str = "") -> Iterator[str]:
        return self._store.paths(prefix)


@dataclass
class Site:
    folder: Path
    policy: CompressionPolicy = POLICY
    clock: SimulatedClock = field(default_factory=lambda: SimulatedClock(NOW_NS))

    def __post_init__(self) -> None:
        self.database = open_database(f"sqlite:///{self.folder}/site.db")
        migrate(self.database)
        self.root = self.folder / "media"
        self.root.mkdir()
        self.segments = SegmentRepository(self.database)
        self.store = DyingStore(FolderStore(RealDisk(), self.root))
        self.media = Media({Tier.HOT: self.store})
        self.number = 0

    def record(self, days_old: float = 10, **changes: object) -> Segment:
        start_ns = NOW_NS - round(days_old * NS_PER_DAY)
        made = replace(closed_segment(self.root, CLIP, start_wall_ns=start_ns), **changes)  # type: ignore[arg-type]  # the test says which
        self.segments.put(made)
        return made

    def job(self) -> Compression:
        return Compression(
            CompressionRepository(self.database),
            self.media,
            CompressionState(RealDisk(), self.folder / "compression.json"),
            lambda: self.policy,
            self.clock,
            zone=UTC,
        )

    def run(self) -> JobResult:
        return self.job().run(lambda: False)

    def row(self, segment: Segment) -> Segment:
        found = self.segments.get(segment.id)
        assert found is not None
        return found

    def hold(self, segment: Segment, kind: str = "lock", *, released: bool = False) -> None:
        self.number += 1
        row = {
            "id": f"h{self.number}",
            "kind": kind,
            "camera_id": None if kind == "legal" else segment.camera_id,
            "since_ns": segment.start_wall_ns - 1,
            "until_ns": segment.start_wall_ns + 1,
            "reason": "",
            "author": "",
            "created_ns": 0,
            "released_ns": 1 if released else None,
            "released_by": "",
        }
        with self.database.write(True) as connection:
            connection.execute(insert(holds), [row])

    def bookmark(self, segment: Segment, note: str) -> None:
        at_ns = segment.start_wall_ns + 1000
        mark = Bookmark("b", segment.camera_id, at_ns, at_ns, "title", note, "ann", 0, 0)
        BookmarkRepository(self.database).add(mark)

    def export(self, segment: Segment, state: ExportState) -> None:
        request = ExportRequest(
            cameras=(segment.camera_id,),
            since_wall_ns=segment.start_wall_ns - 5,
            until_wall_ns=segment.start_wall_ns + 5,
        )
        ExportRepository(self.database).create(
            Export("e", state, request, "ann", 0, 0, None, 0.0, 0, "", "", False)
        )

    def files(self) -> set[str]:
        """What lies there, and is not garbage."""
        garbage = {item.path for item in GarbageRepository(self.database).waiting(100)}
        return set(self.store.paths()) - garbage


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    made = Site(tmp_path)
    yield made
    made.database.close()


def test_an_old_recording_is_replaced_by_a_smaller_one(site: Site) -> None:
    old, young = site.record(10), site.record(6)
    result = site.run()
    row = site.row(old)
    assert row.codec == "av1"
    assert row.original_hash == old.content_hash
    assert row.size_bytes < old.size_bytes * 0.95
    assert row.verified_wall_ns == NOW_NS
    assert read_source(site.media, row, lambda: None).verification is Verification.SOUND
    assert site.row(young) == young
    assert site.files() == {row.path, young.path}
    waiting = GarbageRepository(site.database).waiting(10)
    assert [(item.path, item.reason) for item in waiting] == [(old.path, "compressed")]
    assert result.audit
    assert result.problem == ""
    assert result.figures == {
        "compressed_files": 1,
        "original_bytes": old.size_bytes,
        "saved_bytes": old.size_bytes - row.size_bytes,
        "evidence_files": 0,
    }
    again = site.run()
    assert not again.audit
    assert site.row(old) == row


def test_it_is_off_by_default(site: Site) -> None:
    old, site.policy = site.record(400), CompressionPolicy()
    assert site.run() == JobResult({})
    assert site.row(old) == old


@pytest.mark.parametrize(
    ("protect", "stays"),
    [
        pytest.param(lambda s, o: s.hold(o), True, id="lock"),
        pytest.param(lambda s, o: s.hold(o, "legal"), True, id="legal hold"),
        pytest.param(lambda s, o: s.hold(o, "incident"), True, id="open incident"),
        pytest.param(lambda s, o: s.hold(o, released=True), False, id="released hold"),
        pytest.param(lambda s, o: s.bookmark(o, "a van"), True, id="bookmark with a note"),
        pytest.param(lambda s, o: s.bookmark(o, ""), False, id="bookmark without one"),
        pytest.param(lambda s, o: s.export(o, ExportState.QUEUED), True, id="export asked for"),
        pytest.param(lambda s, o: s.export(o, ExportState.DONE), True, id="exported"),
        pytest.param(lambda s, o: s.export(o, ExportState.EXPIRED), True, id="exported once"),
        pytest.param(lambda s, o: s.export(o, ExportState.FAILED), False, id="failed export"),
    ],
)
def test_evidence_stays_as_it_was_recorded(site: Site, protect, stays: bool) -> None:  # type: ignore[no-untyped-def]
    old = site.record()
    protect(site, old)
    result = site.run()
    assert (site.row(old) == old) is stays
    assert result.figures["evidence_files"] == int(stays)
    if stays:
        assert site.files() == {old.path}


def test_what_becomes_evidence_meanwhile_stays(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    old = site.record()

    def slow(*given) -> Recoded:  # type: ignore[no-untyped-def]
        made = recode(*given)
        site.hold(old)
        return made

    monkeypatch.setattr(compression, "recode", slow)
    assert site.run().figures["evidence_files"] == 1
    assert site.row(old) == old
    assert site.files() == {old.path}


@pytest.mark.parametrize(
    ("policy", "figure"),
    [
        pytest.param(
            replace(POLICY, steps=(replace(STEP, min_saving=0.99),)),
            "too_little_saved_files", id="saves too little",
        ),
        pytest.param(replace(POLICY, ssim_min=0.9999), "too_different_files", id="looks different"),
    ],
)  # fmt: skip
def test_what_is_not_good_enough_is_not_kept_nor_tried_again(
    site: Site, policy: CompressionPolicy, figure: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.policy, old = policy, site.record()
    assert site.run().figures[figure] == 1
    assert site.row(old) == old
    assert site.files() == {old.path}
    monkeypatch.setattr(compression, "recode", lambda *_: pytest.fail("it was tried again"))
    site.run()


@pytest.mark.parametrize("damage", ["bit", "gone", "row"])
def test_what_is_damaged_is_left_to_the_scrub(site: Site, damage: str) -> None:
    old = site.record(state=SegmentState.DAMAGED if damage == "row" else SegmentState.GOOD)
    path = site.root / old.path
    if damage == "bit":
        data = bytearray(path.read_bytes())
        data[3000] ^= 1
        path.write_bytes(data)
    elif damage == "gone":
        path.unlink()
    result = site.run()
    assert site.row(old) == old
    assert result.figures.get("unfit_files", 0) == (damage != "row")


@pytest.mark.parametrize(
    "dies", ["before the file", "after the file", "after the row", "in the switch"]
)
def test_a_kill_at_any_point_loses_nothing_and_leaves_nothing(
    site: Site, dies: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = site.record()
    site.store.dies = dies
    switch, end = CompressionRepository.switch, CompressionState.end

    def dying_switch(self, *given) -> bool:  # type: ignore[no-untyped-def]
        if site.store.dies == "in the switch":
            raise Killed
        return switch(self, *given)

    def dying_end(self, *given) -> None:  # type: ignore[no-untyped-def]
        if site.store.dies == "after the row":
            raise Killed
        end(self, *given)

    monkeypatch.setattr(CompressionRepository, "switch", dying_switch)
    monkeypatch.setattr(CompressionState, "end", dying_end)
    with pytest.raises(Killed):
        site.run()
    site.store.dies = ""
    assert read_source(site.media, site.row(old), lambda: None).verification is Verification.SOUND
    site.run()
    row = site.row(old)
    assert row.codec == "av1"
    assert read_source(site.media, row, lambda: None).verification is Verification.SOUND
    assert site.files() == {row.path}


def test_a_file_that_a_crash_left_goes_even_when_compression_was_switched_off(site: Site) -> None:
    old = site.record()
    site.store.dies = "after the file"
    with pytest.raises(Killed):
        site.run()
    assert len(site.files()) == 2
    site.store.dies, site.policy = "", CompressionPolicy()
    site.run()
    assert site.files() == {old.path}


def test_a_disk_that_is_full_is_told_and_tried_again(site: Site) -> None:
    old = site.record()
    site.store.dies = "full"
    assert site.run().problem == "The disk is full; free space."
    assert site.row(old) == old
    site.store.dies = ""
    assert site.run().figures["compressed_files"] == 1


def test_a_night_that_is_too_short_for_a_day_is_not_begun(site: Site) -> None:
    old = [site.record(7 + days / 10) for days in range(1, 4)]
    state = CompressionState(RealDisk(), site.folder / "compression.json")
    slow = StepState(footage_s=100, work_s=100 * 7200 * 4, measured_wall_ns=NOW_NS)
    state.set_step(STEP, slow)  # 3 s of footage a day need 24 h
    result = site.run()
    assert result.figures["cannot_keep_up"] == 1
    assert result.figures["needed_minutes"] == round(3 * 7200 * 4 / 60)
    assert result.figures["window_minutes"] == 240
    assert [site.row(segment) for segment in old] == old
    site.clock.advance(8 * 86_400.0)  # after a week it is measured anew
    assert site.run().figures["compressed_files"] == 3


@pytest.mark.parametrize(
    ("hour", "works"),
    [(0, False), (1, True), (4, True), (5, False), (14, False)],
)
def test_it_works_only_at_night(site: Site, hour: int, works: bool) -> None:
    site.record()
    site.clock = SimulatedClock(NOW_NS + (hour - 2) * 3600 * NS_PER_S)
    figures = site.run().figures
    assert figures.get("compressed_files", 0) == works
    assert figures.get("outside_window", 0) == (not works)


def test_the_window_closes(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    for days in (10, 11, 12):
        site.record(days)

    def slow(*given) -> Recoded:  # type: ignore[no-untyped-def]
        site.clock.advance(2 * 3600.0)
        return recode(*given[:3], lambda: False)

    monkeypatch.setattr(compression, "recode", slow)
    assert site.run().figures["compressed_files"] == 2


def test_it_stops_when_it_is_told_to(site: Site) -> None:
    old = site.record()
    asked = iter([False] * 3)
    result = site.job().run(lambda: next(asked, True))
    assert not result.audit
    assert site.row(old) == old
    assert site.run().figures["compressed_files"] == 1


def test_the_oldest_step_counts_and_steps_follow_each_other(site: Site) -> None:
    h265 = CompressionStep(7, CompressionCodec.H265, crf=30, preset=9, min_saving=0.01)
    av1 = CompressionStep(30, crf=55, preset=12, min_saving=0.01)
    site.policy = replace(POLICY, steps=(h265, av1), ssim_min=0.0)
    week, month = site.record(10), site.record(40)
    site.run()
    assert (site.row(week).codec, site.row(month).codec) == ("hevc", "av1")
    site.clock.advance(25 * 86_400.0)
    site.run()
    assert site.row(week).codec == "av1"
    assert site.row(week).original_hash == week.content_hash


def test_the_hour_is_that_of_the_policy(site: Site) -> None:
    job = site.job()
    assert job.schedule == Daily(1)
    site.policy = replace(POLICY, start_hour=22)
    assert job.schedule == Daily(1)
    site.clock.advance(61.0)
    assert job.schedule == Daily(22)
