"""The power goes while four cameras record: at most the open fragments are lost, and nothing of
what was acknowledged before.

The disk is a twin (``sim.disk``) that loses, tears and reorders what was not synced. A seed replays
a try exactly: ``ITSCAM_TEST_SEED=17 pytest tests/faults/test_power_cuts.py``.
"""

import random
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy import delete

from its_camera_ai.core.errors import StorageUnavailable
from its_camera_ai.core.ids import new_id
from its_camera_ai.core.media import StreamRole
from its_camera_ai.core.time import NS_PER_S
from its_camera_ai.recorder.checking.recovery import take_up
from its_camera_ai.recorder.volumes.volume import Volume
from its_camera_ai.recorder.writing.fragments import FragmentCutter
from its_camera_ai.recorder.writing.recorder import nothing_seen
from its_camera_ai.recorder.writing.stream_files import StreamFiles
from its_camera_ai.sim.disk import SimulatedDisk
from its_camera_ai.store.database import Database, open_database
from its_camera_ai.store.migration import migrate
from its_camera_ai.store.schema import segments
from its_camera_ai.store.segments import SegmentRepository
from tests.recorder.support import packets
from tests.support.clips import ClipSpec, numbers_in
from tests.support.fault_size import seeds
from tests.support.recorded_site import ROOT, ListIndex, RecordedSite


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = open_database(f"sqlite:///{tmp_path / 'db.sqlite'}")
    migrate(opened)
    yield opened
    opened.close()


def test_a_power_cut_costs_the_open_fragment(database: Database) -> None:
    for seed in seeds(small=25, full=500):
        with database.write(durable=False) as connection:
            connection.execute(delete(segments))
        power_cut(random.Random(seed), SegmentRepository(database))


def power_cut(rng: random.Random, repository: SegmentRepository) -> None:
    """One try: record, lose the power, recover (it may go again meanwhile), go on, lose it again,
    recover, stop in order."""
    site = RecordedSite(SimulatedDisk(ROOT), repository, rng)
    at_s = 0.0
    for _ in range(2):
        site.boot(at_s=at_s)
        disk = site.disk
        if rng.random() < 0.5:
            disk.cut_in(rng.randrange(1, 600))
        else:
            disk.cut_in(rng.randrange(1, 200), "sync")
        assert site.run(rng.uniform(1, 40)) is not disk.gone
        at_s += 60
        site.store_rows(lost=rng.randrange(1 + min(2, len(site.index.segments))))
        site.disk = disk.power_cut(rng)
        while True:
            disk = site.disk
            if rng.random() < 0.3:
                disk.cut_in(rng.randrange(1, 80))
            if site.recover() and not disk.gone:
                disk.cut_in(0)
                break
            assert disk.gone
            site.store_rows()
            site.disk = disk.power_cut(rng)
        site.after_power_cut()
        site.check()
    site.boot(at_s=at_s)
    assert site.run(rng.uniform(1, 8))
    assert site.stop()
    site.store_rows()
    site.everything_was_recorded()
    site.after_power_cut()
    site.check()


def test_what_a_power_cut_leaves_is_played_by_players(tmp_path: Path) -> None:
    items = packets(ClipSpec(frames=250, gop=25, b_frames=2, audio=True))
    for seed in seeds(small=3, full=20):
        rng = random.Random(seed)
        disk = SimulatedDisk(ROOT)
        cutter = FragmentCutter(4 * NS_PER_S)
        files = StreamFiles(Volume(disk, ROOT), ListIndex(), activity=nothing_seen, make_id=new_id)
        disk.cut_in(rng.randrange(10, 40), "sync")
        with suppress(StorageUnavailable):
            for packet in items:
                if (fragment := cutter.put(packet)) is not None:
                    files.write(fragment)
        after = disk.power_cut(rng)
        take_up(Volume(after, ROOT), "cam", StreamRole.MAIN)
        folder = tmp_path / str(seed)
        after.lay_out(folder)
        found = sorted(folder.rglob("*.mp4"))
        numbers = [n for path in found for n in numbers_in(path)]
        assert numbers == list(range(len(numbers)))
        assert len(numbers) >= 25
