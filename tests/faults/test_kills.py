"""``kill -9`` while four cameras record to a real disk: at most the open fragments are lost.

A seed chooses the moments; threads and the disk decide the rest.
"""

import itertools
import random
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from its_camera_ai.store.database import Database, open_database
from its_camera_ai.store.disk import RealDisk
from its_camera_ai.store.migration import migrate
from its_camera_ai.store.segments import SegmentRepository
from tests.support.fault_size import seeds
from tests.support.recorded_site import RecordedSite
from tests.support.recording_child import Recording, streams

KILLS_PER_FOLDER = 5


@pytest.fixture
def recording() -> Iterator[Recording]:
    opened = Recording()
    yield opened
    opened.close()


def test_a_kill_costs_the_open_fragment(recording: Recording, tmp_path: Path) -> None:
    """Every second kill is recovered by the next start alone, which records meanwhile."""
    for seed in seeds(small=3, full=100):
        folder = tmp_path / str(seed)
        media = folder / "media"
        media.mkdir(parents=True)
        opened = open_database(f"sqlite:///{folder / 'db.sqlite'}")
        migrate(opened)
        opened.close()
        kills(random.Random(seed), recording, media, folder / "db.sqlite")
        shutil.rmtree(folder)


def kills(rng: random.Random, recording: Recording, media: Path, database: Path) -> None:
    opened: Database = open_database(f"sqlite:///{database}")
    site = RecordedSite(RealDisk(), SegmentRepository(opened), rng, root=media)
    for boot in range(1, 1 + KILLS_PER_FOLDER):
        recording.start(media, database, boot)
        counts = recording.kill_after(rng.choice((0, rng.randrange(300), rng.randrange(3000))))
        for camera_id, stream in streams(boot).items():
            sent, acknowledged = counts[camera_id]
            packets = list(itertools.islice(stream.packets(), sent))
            site.book(camera_id, packets, [p.seq for p in packets[:acknowledged]])
        if boot == KILLS_PER_FOLDER or rng.random() < 0.5:
            assert site.recover()
            site.after_power_cut()
            site.check()
    opened.close()
