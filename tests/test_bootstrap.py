"""The adapters that settings choose: where tiers lie, and the jobs that keep them."""

import time
from dataclasses import replace
from pathlib import Path

from its_camera_ai.bootstrap.jobs import upkeep
from its_camera_ai.bootstrap.recordings import media_of
from its_camera_ai.bootstrap.site import open_site
from its_camera_ai.core.segments import Tier
from its_camera_ai.core.time import NS_PER_S
from its_camera_ai.ops.settings import load_settings
from its_camera_ai.store.segments import SegmentRepository
from tests.api.test_recordings import SEGMENT
from tests.support.swift import ACCESS_KEY, BUCKET, SECRET_KEY, Swift

DAY_NS = 86_400 * NS_PER_S
CONTENT = b"a recording of before there were seals"


def test_without_settings_there_is_the_hot_tier_alone(tmp_path: Path) -> None:
    stores = media_of(load_settings(data_dir=tmp_path)).stores
    assert {str(tier): repr(store) for tier, store in stores.items()} == {
        "hot": f"FolderStore('{tmp_path}/media')"
    }


def test_recordings_reach_the_tiers_of_the_settings(tmp_path: Path, swift: Swift) -> None:
    (tmp_path / "nas").mkdir()
    settings = load_settings(
        data_dir=tmp_path / "data",
        warm_store=str(tmp_path / "nas"),
        cold_store=f"s3://{BUCKET}/{tmp_path.name}",
        s3_endpoint=swift.endpoint,
        s3_access_key=ACCESS_KEY,
        s3_secret_key=SECRET_KEY,
    )
    site = open_site(settings, prepare=True)
    segments = SegmentRepository(site.database)
    for number, days in enumerate((1, 8, 91)):
        path = f"gate/main/2026-01-01/{number}.mp4"
        (settings.media / path).parent.mkdir(parents=True, exist_ok=True)
        (settings.media / path).write_bytes(CONTENT)
        start_ns = time.time_ns() - days * DAY_NS - SEGMENT.duration_ns
        segments.put(
            replace(
                SEGMENT,
                id=str(number),
                path=path,
                start_wall_ns=start_ns,
                size_bytes=len(CONTENT),
            )
        )
    jobs = {job.name: job for job in upkeep(site)}
    assert jobs["move"].run(lambda: False).figures["moved_files"] == 2
    assert jobs["garbage"].run(lambda: False).figures["removed_files"] == 2
    reading = media_of(settings)
    for number, tier in enumerate((Tier.HOT, Tier.WARM, Tier.COLD)):
        found = segments.get(str(number))
        assert found is not None
        assert found.tier is tier
        assert reading.open(found).read(1000, 0) == CONTENT
    assert [path.name for path in settings.media.rglob("*.mp4")] == ["0.mp4"]
    site.close()
