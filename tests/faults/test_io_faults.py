"""Every place in the recorder that calls the disk fails once in every way it can: no crash, no
silent loss, and recording goes on. (In the small size each fails in one way, writing in all.)

The places are not listed here: a run without faults tells them, and each of their kinds of failure
is then tried in a run of its own. ``test_no_place_is_left_out`` compares them with the sources.
"""

import ast
import random
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pytest
from sqlalchemy import delete

import its_camera_ai
from its_camera_ai.core.disk import Disk
from its_camera_ai.core.errors import StorageUnavailable
from its_camera_ai.core.segments import Tier
from its_camera_ai.core.time import NS_PER_S
from its_camera_ai.recorder.checking.check import Depth, check
from its_camera_ai.recorder.checking.recovery import Recheck
from its_camera_ai.recorder.files.segment_file import OPEN_FOLDER
from its_camera_ai.recorder.keeping.garbage import Garbage, VolumeFiles
from its_camera_ai.recorder.volumes.eviction import Evictor
from its_camera_ai.sim.clock import SimulatedClock
from its_camera_ai.sim.disk import SimulatedDisk
from its_camera_ai.sim.failing_disk import CallSite, FailingDisk, Fault
from its_camera_ai.store.database import Database, open_database
from its_camera_ai.store.garbage import GarbageRepository
from its_camera_ai.store.hold_mirror import HoldMirror
from its_camera_ai.store.migration import migrate
from its_camera_ai.store.schema import garbage, segments
from its_camera_ai.store.segments import SegmentRepository
from tests.support.fault_size import is_full
from tests.support.numbered_packets import WALL_NS
from tests.support.recorded_site import ROOT, RecordedSite, patiently

TRIES_MAX = 40
"""A fault is over after one call; so often a caller may have to repeat what it wanted."""
PACKAGE = Path(its_camera_ai.__file__).parent
SOURCES = (
    "recorder/checking/check.py",
    "recorder/checking/closing.py",
    "recorder/keeping/garbage.py",
    "recorder/files/media_tree.py",
    "recorder/checking/quarantine.py",
    "recorder/files/segment_file.py",
    "recorder/files/segment_reading.py",
    "recorder/writing/stream_files.py",
    "recorder/checking/recovery.py",
    "recorder/checking/repair.py",
    "recorder/volumes/volume.py",
)


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    opened = open_database(f"sqlite:///{tmp_path_factory.mktemp('db') / 'db.sqlite'}")
    migrate(opened)
    yield opened
    opened.close()


class Life:
    """Some days of a recorder. What fails is tried again, as its thread does it."""

    def __init__(self, database: Database) -> None:
        with database.write(durable=False) as connection:
            connection.execute(delete(segments))
            connection.execute(delete(garbage))
        self.disk = FailingDisk(SimulatedDisk(ROOT))
        self._repository = SegmentRepository(database)
        self._garbage = GarbageRepository(database)
        self._rng = random.Random(5)
        self.site = RecordedSite(
            self.disk,
            self._repository,
            self._rng,
            cameras=("c1", "c2"),
            segment_s=2,
            tries=TRIES_MAX,
        )

    def run(self) -> None:
        """Record, be cut off, recover, record on, stop, delete, start once more."""
        site = self.site
        site.boot(at_s=0)
        assert site.run(4.6)
        self._cut_off()
        self._look()
        assert site.recover()
        self._repository.discard(["ghost"], reason="age", now_wall_ns=WALL_NS)
        site.boot(at_s=60)
        assert site.run(4.6)
        assert site.stop()
        site.everything_was_recorded()
        site.store_rows()
        self._delete()
        nightly = Recheck(site.volume, self._repository)
        patiently(TRIES_MAX, lambda: nightly.run(lambda: False))
        self._look()

    def _look(self) -> None:
        """The check, as people run it; it may find a failing disk, it must not break on it."""
        with suppress(OSError):
            check(self.disk, ROOT, self._repository, depth=Depth.CONTENT)

    def check(self) -> None:
        """The next start takes up what could not be before; then all is as it should be."""
        self.disk.heal()
        assert self.site.recover()
        self.site.after_power_cut()
        self.site.check()

    def _cut_off(self) -> None:
        """The power is gone; one file's tail is torn, and strange files lie by."""
        assert isinstance(self.disk.inner, SimulatedDisk)
        inner = self.disk.inner = self.disk.inner.power_cut(self._rng)
        parts = [p for p in inner.files() if p.parent.name == OPEN_FOLDER]
        assert len(parts) >= 2
        put(inner, parts[0], bytes(700))
        put(inner, parts[1].with_name("nothing.mp4.part"), b"")
        put(inner, parts[1].with_name("strange.mp4.part"), b"no recording at all")
        put(inner, parts[1].parents[1] / "2023-11-14" / "stranger.mp4", bytes(900))
        ghost = replace(self.site.index.segments[0], id="ghost", path="c1/main/2023-11-14/g.mp4")
        self._repository.put(ghost)  # a row whose file is gone

    def _delete(self) -> None:
        for row in (rows := self._repository.find("c1")):
            self.site.forget("c1", row.path)
        self._repository.discard([r.id for r in rows], reason="age", now_wall_ns=WALL_NS)
        clock = SimulatedClock(WALL_NS + 10 * 86_400 * NS_PER_S)
        files = VolumeFiles(self.site.volume, clock)
        collector = Garbage(self._garbage, {Tier.HOT: files})
        for _ in range(TRIES_MAX):
            with suppress(StorageUnavailable):
                collector.collect()
        assert not self._garbage.waiting(1)


def put(disk: SimulatedDisk, path: Path, content: bytes) -> None:
    """Append to a file of the twin, or make it."""
    disk.make_folder(path.parent)
    file = disk.edit(path) if path in disk.files() else disk.create(path)
    file.write([content])
    file.close()


@pytest.fixture(scope="module")
def sites(database: Database) -> list[CallSite]:
    """All places that call the disk while nothing fails."""
    life = Life(database)
    life.run()
    life.check()
    return sorted(site for site in life.disk.sites if site.path in SOURCES)


class Order(NamedTuple):
    """One fault of a life; see ``FailingDisk.fail``."""

    site: CallSite
    fault: Fault
    times: int = 1
    after: int = 0


def faults_of(site: CallSite) -> list[Fault]:
    """All of them in the full size, one in the small one."""
    faults = site.faults()
    return faults if is_full() else [faults[site.line % len(faults)]]


def orders(site: CallSite) -> Iterator[Order]:
    """How a place is made to fail. Writing a recording also fails in the middle of a file, and many
    times in a row, until the file is set aside."""
    writes = site.path == "recorder/files/segment_file.py" and site.call in (
        "write",
        "sync",
        "rename",
    )
    for fault in site.faults() if writes else faults_of(site):
        yield Order(site, fault)
        if writes:
            yield Order(site, fault, after=2)
        if writes and fault is Fault.BROKEN:
            yield Order(site, fault, times=12, after=2)


def lived_through(database: Database, *faults: Order) -> Counter[CallSite]:
    """A life with one failing place, or more; gives the places that called the disk in it."""
    life = Life(database)
    for order in faults:
        life.disk.fail(
            lambda s, site=order.site: s == site, order.fault, times=order.times, after=order.after
        )
    try:
        life.run()
        life.check()
    except Exception as error:
        error.add_note(f"failing: {faults}")
        raise
    assert set(life.disk.failed) == {order.site for order in faults}
    return life.disk.sites


@pytest.fixture(scope="module")
def tried(database: Database, sites: list[CallSite]) -> dict[CallSite, int]:
    """Each place fails once in every way, alone; then the places that only a failure leads to.

    Gives how often each was tried.
    """
    done = dict.fromkeys(sites, 0)
    ways: dict[CallSite, Order] = {}
    for site in sites:
        for order in orders(site):
            called = lived_through(database, order)
            done[site] += 1
            for other in called:
                if other.path in SOURCES and other not in done:
                    ways.setdefault(other, order)
    for site, way in ways.items():
        done[site] = 0
        for fault in faults_of(site):
            lived_through(database, way, Order(site, fault))
            done[site] += 1
    print(f"{len(done)} places, {sum(done.values())} lives")  # noqa: T201  told in a full run
    return done


def test_each_place_fails_once_in_every_way(tried: dict[CallSite, int]) -> None:
    assert all(times >= len(faults_of(site)) for site, times in tried.items())


def test_no_place_is_left_out(tried: dict[CallSite, int]) -> None:
    seen = {(site.path, site.line, site.call) for site in tried}
    missed = [place for place in places_in_sources() if place not in seen]
    assert not missed


def places_in_sources() -> Iterator[tuple[str, int, str]]:
    """Calls of the disk's functions on something that is called disk, file or lock."""
    of_disks = {name for name in vars(Disk) if not name.startswith("_")}
    of_files = {"write", "sync", "truncate", "close", "read"}
    for source in SOURCES:
        text = (PACKAGE / source).read_text()
        for node in ast.walk(ast.parse(text)):
            if "else file.read(" in text.splitlines()[getattr(node, "lineno", 1) - 1]:
                continue  # the rest of a head or seal that one read did not bring: never that long
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                receiver, name = ast.unparse(node.func.value), node.func.attr
                if (name in of_disks and re.search(r"\bdisk$|_disk$", receiver)) or (
                    name in of_files and re.search(r"\b(file|lock|_file)$", receiver)
                ):
                    yield source, node.lineno, name


EVICTION = ("recorder/volumes/eviction.py", "recorder/files/footage.py")


def evicted(database: Database, *faults: Order) -> Counter[CallSite]:
    """Two files are removed to make room, with one failing place or none."""
    life = Life(database)
    site = life.site
    site.boot(at_s=0)
    assert site.run(8)
    assert site.stop()
    before = closed(life.disk.inner)
    for order in faults:
        life.disk.fail(lambda s, site=order.site: s == site, order.fault)
    evictor = Evictor(
        life.disk,
        ROOT,
        HoldMirror(life.disk, ROOT),
        check=site.volume.check,
        clock=SimulatedClock(WALL_NS),
    )
    for _ in range(TRIES_MAX):
        with suppress(StorageUnavailable):
            evictor.evict(lambda done: len(before) - len(closed(life.disk.inner)) >= 2)
    assert set(life.disk.failed) == {order.site for order in faults}
    left = closed(life.disk.inner)
    assert len(left) == len(before) - 2
    assert sorted(set(before) - set(left), key=_age)[-1] in sorted(before, key=_age)[:3]
    assert all(before[path] == content for path, content in left.items())
    return life.disk.sites


def closed(disk: Disk) -> dict[Path, bytes]:
    assert isinstance(disk, SimulatedDisk)
    return {path: content for path, content in disk.files().items() if path.suffix == ".mp4"}


def _age(path: Path) -> str:
    return path.name


def test_making_room_fails_once_in_every_place(database: Database) -> None:
    places = [site for site in evicted(database) if site.path in EVICTION]
    assert len(places) >= 4
    for site in places:
        for fault in site.faults():
            evicted(database, Order(site, fault))
