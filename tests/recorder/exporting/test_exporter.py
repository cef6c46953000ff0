"""The export worker: parts, resuming, cancelling, full disks, damage, what it tells."""

import errno
import random
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import pytest
from msgspec import structs

from its_camera_ai.core.disk import Bytes, Space
from its_camera_ai.core.errors import DatabaseUnavailable, RetryableError, StorageUnavailable
from its_camera_ai.core.exports import Damaged, ExportState
from its_camera_ai.core.holds import Hold, HoldKind
from its_camera_ai.core.media import Packet
from its_camera_ai.core.time import NS_PER_S
from its_camera_ai.recorder.exporting.evidence_check import check_export
from its_camera_ai.recorder.exporting.exporter import WAIT_S, WAIT_S_MAX
from its_camera_ai.recorder.files.media import Media
from its_camera_ai.store.disk import RealDisk, RealFile
from its_camera_ai.store.exports import ExportRepository
from tests.recorder.export_support import ExportSite
from tests.recorder.support import WALL_NS, packets
from tests.support.clips import ClipSpec, numbers_in

SPEC = ClipSpec(frames=150, gop=25, audio=True)  # 6 s


@pytest.fixture
def site(tmp_path: Path) -> Iterator[ExportSite]:
    made = ExportSite(tmp_path)
    yield made
    made.close()


def flip_middle(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 4
    path.write_bytes(content)


def with_gaps(items: Sequence[Packet], *, each: int = 50, gap_s: float = 10) -> list[Packet]:
    """A gap in wall time after so many packets."""
    return [
        structs.replace(p, wall_offset_ns=n // each * round(gap_s * NS_PER_S))
        for n, p in enumerate(items)
    ]


def test_an_export_is_made_and_can_be_checked(site: ExportSite) -> None:
    site.record(packets(SPEC))
    made = site.make(reason="theft", case_number="4 Js 12/26")
    assert made.export.state is ExportState.DONE
    assert (made.export.progress, made.export.problem) == (1.0, "")
    assert numbers_in(made.videos[0]) == list(range(150))
    assert made.videos[0].name == "cam_2023-11-14T22-13-20-000Z.mp4"
    assert check_export(made.path).problems == ()
    assert made.export.size_bytes == sum(p.stat().st_size for p in made.path.iterdir())
    assert made.path.stat().st_mode & 0o777 == 0o700
    assert sorted(p.name for p in made.path.iterdir() if p.suffix != ".mp4") == [
        "README.txt",
        "evidence.pub",
        "manifest.json",
        "manifest.sig",
    ]
    readme = (made.path / "README.txt").read_text()
    assert "theft" in readme
    assert "4 Js 12/26" in readme
    entry = site.audit.find(limit=1)[0]
    assert (entry.action, made.export.manifest_hash in entry.detail) == ("export_finished", True)


def test_the_manifest_says_what_was_used_and_what_is_missing(site: ExportSite) -> None:
    segments = site.record(with_gaps(packets(ClipSpec(frames=150, gop=25))))
    hold = Hold("h1", HoldKind.LEGAL, None, 0, WALL_NS * 2, "court", "bob", WALL_NS)
    site.holds = [hold]
    made = site.make(0, 30)
    manifest = made.manifest
    camera = manifest.cameras[0]
    assert [s.id for s in camera.sources] == [s.id for s in segments]
    assert all(s.used and s.verification == "sound" for s in camera.sources)
    assert [s.content_hash for s in camera.sources] == [s.content_hash for s in segments]
    assert camera.sources[1].previous_hash == segments[0].content_hash
    assert [round(g.length_ms / 1000) for g in camera.gaps] == [10, 10, 4]
    assert [f.pictures for f in manifest.files if f.camera] == [50, 50, 50]
    video = next(f for f in manifest.files if f.camera)
    assert video.first_picture == "2023-11-14T22:13:20.000000000Z"
    assert video.last_wall_ns == WALL_NS + 49 * NS_PER_S // 25
    assert (manifest.author, manifest.site, manifest.version) == ("ann", "Harbour", "1.2.3")
    assert [h.id for h in manifest.holds] == ["h1"]


def test_files_end_at_gaps_and_changes_of_size(site: ExportSite) -> None:
    first = packets(ClipSpec(frames=50))
    other = packets(
        ClipSpec(frames=50, size_wh=(640, 480), first_number=50),
        generation=2,
        start_ns=WALL_NS + 2 * NS_PER_S,
    )
    site.record([*first, *other])
    made = site.make(0, 60)
    assert [numbers_in(v) for v in made.videos] == [list(range(50)), list(range(50, 100))]
    assert [(f.width, f.height) for f in made.manifest.files if f.camera] == [
        (320, 240),
        (640, 480),
    ]


def test_several_cameras_in_one_export(site: ExportSite) -> None:
    site.record(packets(ClipSpec(frames=50)), camera="gate")
    site.record(packets(ClipSpec(frames=50, first_number=500)), camera="yard")
    made = site.make(cameras=("yard", "gate"))
    assert [numbers_in(v)[0] for v in made.videos] == [0, 500]
    assert [c.camera for c in made.manifest.cameras] == ["yard", "gate"]


def test_a_camera_without_recordings_is_told_and_not_chained(site: ExportSite) -> None:
    site.record(packets(ClipSpec(frames=50)))
    site.record(packets(ClipSpec(frames=50), start_ns=WALL_NS + 900 * NS_PER_S), camera="yard")
    made = site.make(cameras=("cam", "yard"))
    assert [c.camera for c in made.manifest.cameras] == ["cam"]
    assert "yard" in made.manifest.remarks[0]
    assert site.exports.link("yard").number == 0


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda path: path.unlink(), id="gone"),
        pytest.param(flip_middle, id="one bit"),
    ],
)
def test_a_damaged_recording_is_left_out_and_told(spoil: object, site: ExportSite) -> None:
    segments = site.record(packets(ClipSpec(frames=250, gop=25)))
    spoil(site.root / segments[2].path)  # type: ignore[operator]  # one of the functions above
    made = site.make(0, 10)
    lost = [s for s in made.manifest.cameras[0].sources if not s.used]
    assert [s.id for s in lost] == [segments[2].id]
    assert lost[0].detail
    assert [n for v in made.videos for n in numbers_in(v)] == [*range(100), *range(150, 250)]
    assert len(made.manifest.cameras[0].gaps) == 1
    findings = check_export(made.path)
    assert findings.sound
    assert any(segments[2].id in note for note in findings.notes)


def test_or_it_fails_by_wish(site: ExportSite) -> None:
    segments = site.record(packets(SPEC))
    flip_middle(site.root / segments[1].path)
    made = site.make(damaged=Damaged.FAIL)
    assert made.export.state is ExportState.FAILED
    assert segments[1].path in made.export.problem
    assert not made.path.exists()


@pytest.mark.parametrize(
    ("since_s", "until_s", "says"),
    [
        pytest.param(100, 200, "no recordings", id="none in the span"),
        pytest.param(0, 6, "No recording of the span could be used", id="all damaged"),
    ],
)
def test_nothing_to_export_is_a_failure(
    since_s: float, until_s: float, says: str, site: ExportSite
) -> None:
    for segment in site.record(packets(SPEC)):
        (site.root / segment.path).unlink()
    made = site.make(since_s, until_s)
    assert made.export.state is ExportState.FAILED
    assert says in made.export.problem
    assert site.exports.link("cam").number == 0


def test_manifests_are_chained_per_camera(site: ExportSite) -> None:
    site.record(packets(ClipSpec(frames=50)), camera="gate")
    site.record(packets(ClipSpec(frames=50)), camera="yard")
    first = site.make(cameras=("gate",))
    second = site.make(cameras=("gate", "yard"))
    links = {c.camera: (c.number, c.previous_manifest) for c in second.manifest.cameras}
    assert links == {"gate": (2, first.export.manifest_hash), "yard": (1, "")}


class HookedDisk(RealDisk):
    """Calls a function before each write."""

    def __init__(self) -> None:
        self.before_write = lambda written: None
        self.free_bytes: int | None = None
        self.written = 0

    def create(self, path: Path) -> RealFile:
        return HookedFile(super().create(path), self)  # type: ignore[return-value]  # same calls

    def space(self, folder: Path) -> Space:
        real = super().space(folder)
        return real if self.free_bytes is None else Space(10**12, self.free_bytes)


class HookedFile:
    """One of its files."""

    def __init__(self, file: RealFile, disk: HookedDisk) -> None:
        self._file = file
        self._disk = disk

    def write(self, pieces: Sequence[Bytes]) -> None:
        self._disk.before_write(self._disk.written)
        self._disk.written += sum(map(len, pieces))
        self._file.write(pieces)

    def sync(self) -> None:
        self._file.sync()

    def truncate(self, size_bytes: int) -> None:
        self._file.truncate(size_bytes)

    def close(self) -> None:
        self._file.close()


@pytest.fixture
def hooked(tmp_path: Path) -> Iterator[ExportSite]:
    made = ExportSite(tmp_path, disk=HookedDisk())
    yield made
    made.close()


def disk_of(site: ExportSite) -> HookedDisk:
    assert isinstance(site.disk, HookedDisk)
    return site.disk


@pytest.mark.parametrize("fields", [{}, {"burn_in": True}], ids=["copy", "coded anew"])
def test_cancelling_stops_it_and_leaves_nothing(
    fields: dict[str, object], hooked: ExportSite
) -> None:
    hooked.record(packets(SPEC))
    export_id = hooked.ask(**fields)

    def cancel(written: int) -> None:
        if written > 10_000:
            hooked.exports.cancel(export_id, 1)

    disk_of(hooked).before_write = cancel
    hooked.worker().work_once(lambda: False)
    made = hooked.made(export_id)
    assert made.export.state is ExportState.CANCELLED
    assert not made.path.exists()
    assert hooked.exports.link("cam").number == 0
    assert not hooked.worker().work_once(lambda: False)


def test_removing_a_running_export_stops_it_too(hooked: ExportSite) -> None:
    hooked.record(packets(SPEC))
    export_id = hooked.ask()

    def remove(written: int) -> None:
        if written > 10_000:
            hooked.exports.cancel(export_id, 1)
            hooked.exports.end(export_id, ExportState.CANCELLED, "", 2)
            hooked.exports.remove(export_id)

    disk_of(hooked).before_write = remove
    hooked.worker().work_once(lambda: False)
    assert hooked.exports.get(export_id) is None
    assert not (hooked.out / export_id).exists()


def test_a_full_disk_makes_it_wait_and_then_go_on(hooked: ExportSite) -> None:
    hooked.record(with_gaps(packets(ClipSpec(frames=200, gop=25))))
    export_id = hooked.ask(0, 60)

    def full(written: int) -> None:
        if written > 250_000:  # within the second part
            raise OSError(errno.ENOSPC, "No space left on device")

    disk_of(hooked).before_write = full
    hooked.worker().work_once(lambda: False)
    waiting = hooked.made(export_id)
    assert waiting.export.state is ExportState.WAITING
    assert "full" in waiting.export.problem
    finished = {path: path.stat().st_ino for path in waiting.videos}
    assert len(finished) >= 1
    assert [p.name for p in (waiting.path / ".work").iterdir() if p.suffix != ".json"] == []
    assert not hooked.worker().work_once(lambda: False)  # not at once again
    disk_of(hooked).before_write = lambda written: None
    hooked.clock.ahead_s = WAIT_S + 1
    assert hooked.worker().work_once(lambda: False)
    made = hooked.made(export_id)
    assert (made.export.state, made.export.problem) == ("done", "")
    assert [n for v in made.videos for n in numbers_in(v)] == list(range(200))
    assert {path: path.stat().st_ino for path in finished} == finished  # not made again


def test_what_recording_needs_is_never_eaten(hooked: ExportSite) -> None:
    hooked.record(packets(SPEC))
    hooked.reserve_bytes = 5_000_000
    disk_of(hooked).free_bytes = 5_100_000
    export_id = hooked.ask()
    hooked.worker().work_once(lambda: False)
    waiting = hooked.made(export_id)
    assert waiting.export.state is ExportState.WAITING
    assert "kept for recording" in waiting.export.problem
    assert disk_of(hooked).written < 20_000  # the plan alone
    hooked.clock.ahead_s = WAIT_S_MAX + 1
    hooked.worker().work_once(lambda: False)
    given_up = hooked.made(export_id)
    assert given_up.export.state is ExportState.FAILED
    assert not given_up.path.exists()


def test_a_tier_that_is_not_there_makes_it_wait(site: ExportSite) -> None:
    site.record(packets(SPEC))
    export_id = site.ask()
    site.worker(media=Media({})).work_once(lambda: False)
    waiting = site.made(export_id)
    assert waiting.export.state is ExportState.WAITING
    assert "ITSCAM_HOT_STORE" in waiting.export.problem
    site.clock.ahead_s = WAIT_S + 1
    site.worker().work_once(lambda: False)
    assert site.made(export_id).export.state is ExportState.DONE


def test_an_input_output_error_fails_with_words(hooked: ExportSite) -> None:
    hooked.record(packets(SPEC))
    export_id = hooked.ask()

    def broken(written: int) -> None:
        if written > 100_000:
            raise OSError(errno.EIO, "Input/output error")

    disk_of(hooked).before_write = broken
    hooked.worker().work_once(lambda: False)
    made = hooked.made(export_id)
    assert made.export.state is ExportState.FAILED
    assert "Input/output error" in made.export.problem
    assert not made.path.exists()


def test_a_worker_told_to_stop_leaves_it_to_the_next(hooked: ExportSite) -> None:
    hooked.record(with_gaps(packets(ClipSpec(frames=150, gop=25))))
    export_id = hooked.ask(0, 60)
    worker = hooked.worker()
    worker.work_once(lambda: disk_of(hooked).written > 180_000)
    left = hooked.made(export_id)
    assert left.export.state is ExportState.RUNNING
    done = {path: path.stat().st_ino for path in left.videos}
    assert done
    hooked.worker().work_once(lambda: False)
    made = hooked.made(export_id)
    assert made.export.state is ExportState.DONE
    assert {path: path.stat().st_ino for path in done} == done
    assert check_export(made.path).sound


def test_recordings_that_came_or_went_meanwhile_change_nothing(hooked: ExportSite) -> None:
    segments = hooked.record(with_gaps(packets(ClipSpec(frames=150, gop=25))))
    export_id = hooked.ask(0, 60)
    hooked.worker().work_once(lambda: disk_of(hooked).written > 180_000)
    later = packets(ClipSpec(frames=25), start_ns=WALL_NS + 40 * NS_PER_S)
    hooked.record(later, segment_s=9)
    (hooked.root / segments[-1].path).unlink()
    hooked.worker().work_once(lambda: False)
    sources = hooked.made(export_id).manifest.cameras[0].sources
    assert [(s.id, s.used) for s in sources] == [(s.id, s is not segments[-1]) for s in segments]


def test_a_killed_worker_s_export_goes_on_after_its_last_part(tmp_path: Path) -> None:
    """kill -9 at random calls, until one run comes through."""
    seed = random.SystemRandom().randrange(10**6)
    print(f"seed {seed}")  # noqa: T201  shown when the test fails, to replay it
    rng = random.Random(seed)
    site = ExportSite(tmp_path)
    site.record(with_gaps(packets(ClipSpec(frames=200, gop=25))))
    export_id = site.ask(0, 60)
    seen: dict[Path, int] = {}
    for calls in (rng.randint(1, 25), rng.randint(26, 60), rng.randint(61, 110)):
        command = [sys.executable, "-m", "tests.recorder.export_kill_child", str(tmp_path)]
        done = subprocess.run([*command, str(calls)], capture_output=True, timeout=60)
        assert done.returncode in (-9, 0), done.stderr
        left = site.made(export_id)
        for path, inode in seen.items():
            assert path.stat().st_ino == inode  # finished parts are not made again
        if (left.path / ".work").exists():
            names = {p.name for p in (left.path / ".work").iterdir()}
            recorded = sum(name.endswith(".json") and "plan" not in name for name in names)
            seen = {p: p.stat().st_ino for p in left.videos[:recorded]}
    site.worker().work_once(lambda: False)
    site.worker().run(_once())
    made = site.made(export_id)
    assert made.export.state is ExportState.DONE
    assert [n for v in made.videos for n in numbers_in(v)] == list(range(200))
    assert check_export(made.path).problems == ()
    assert site.exports.link("cam").number == 1
    site.close()


def _once() -> Callable[[], bool]:
    """True from the second time on: one round of the worker."""
    answers = iter([False])
    return lambda: next(answers, True)


def test_files_that_begin_at_once_do_not_replace_each_other(site: ExportSite) -> None:
    """The clock was set back by just the length of what had been recorded."""
    first = packets(ClipSpec(frames=75))
    again = packets(ClipSpec(frames=75, first_number=75), generation=2, start_ns=WALL_NS)
    site.record(first, segment_s=60)
    site.record(again, segment_s=60)
    made = site.make()
    assert [v.name.removeprefix("cam_2023-11-14T22-13-20-000Z") for v in made.videos] == [
        ".mp4",
        "_2.mp4",
    ]
    assert {n for v in made.videos for n in numbers_in(v)} == set(range(150))


def test_a_stray_file_of_a_killed_worker_is_not_handed_out(site: ExportSite) -> None:
    site.record(packets(SPEC))
    export_id = site.ask()
    (site.out / export_id).mkdir(parents=True)
    (site.out / export_id / "cam_left.mp4").write_bytes(b"half of the truth")
    site.worker().work_once(lambda: False)
    assert check_export(site.made(export_id).path).problems == ()


def test_progress_rises_and_is_stored(hooked: ExportSite) -> None:
    hooked.record(with_gaps(packets(ClipSpec(frames=150, gop=25))))
    export_id = hooked.ask(0, 60)
    seen: list[float] = []

    def look(written: int) -> None:
        found = hooked.exports.get(export_id)
        assert found is not None
        seen.append(found.progress)

    disk_of(hooked).before_write = look
    hooked.worker().work_once(lambda: False)
    assert seen == sorted(seen)
    assert seen[0] < 0.1
    assert seen[-1] > 0.7


def test_progress_is_stored_twice_a_second_at_the_most(hooked: ExportSite) -> None:
    hooked.record(packets(SPEC))
    told: list[float] = []

    class Counting(ExportRepository):
        def progress(self, export_id: str, share: float, size_bytes: int, now_ns: int) -> bool:
            told.append(hooked.clock.seconds)
            return super().progress(export_id, share, size_bytes, now_ns)

    hooked.ask()
    hooked.clock.step_s = 0.01
    hooked.worker(exports=Counting(hooked.database)).work_once(lambda: False)
    assert len(told) >= 1
    assert all(later - earlier >= 0.5 for earlier, later in pairwise(told))


@pytest.mark.parametrize("error", [DatabaseUnavailable, StorageUnavailable])
def test_the_worker_survives_a_dead_database(error: type[RetryableError], site: ExportSite) -> None:
    rounds = iter([False, False, False])

    class Dead:
        def find(self) -> list[object]:
            raise error("gone")

        def claim(self, now_ns: int, waited_until_ns: int) -> None:
            raise error("gone")

    site.worker(exports=Dead()).run(lambda: next(rounds, True))


def test_a_span_between_two_pictures_gives_its_surroundings(site: ExportSite) -> None:
    site.record(packets(ClipSpec(frames=50)))
    made = site.make(1.97, 1.975, exact=True)
    video = next(f for f in made.manifest.files if f.camera)
    assert video.remarks == ("The edges lie on key frames: no picture lies within the span.",)
    assert numbers_in(made.videos[0]) == list(range(25, 50))
