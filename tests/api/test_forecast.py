import httpx

from its_camera_ai.bus.messages import RoleStatus, StorageStatus
from its_camera_ai.core.media import StreamRole
from its_camera_ai.core.segments import Segment
from its_camera_ai.core.time import NS_PER_S
from tests.api.support import BASE_WALL_NS, Site

FORECAST = "/api/v1/storage/forecast"
DAY_NS = 86_400 * NS_PER_S
GB = 10**9


async def test_before_the_recording_process_was_heard(viewer: httpx.AsyncClient) -> None:
    assert (await viewer.get(FORECAST)).status_code == 503


async def test_when_the_disk_will_be_full(site: Site, viewer: httpx.AsyncClient) -> None:
    for day in range(1, 9):
        start_ns = BASE_WALL_NS // DAY_NS * DAY_NS - day * DAY_NS
        site.deps.segments.put(
            Segment(
                f"s{day}", "gate", StreamRole.MAIN, f"gate/{day}.mp4", start_ns, 0, 5, 10 * GB,
                1, "h264", 1, 1, False, 1,
            )
        )  # fmt: skip
    storage = StorageStatus(total_bytes=1000 * GB, free_bytes=120 * GB, reserve_bytes=20 * GB)
    status = RoleStatus("ingest", 0, 1, BASE_WALL_NS, 0, ready=True, storage=storage)
    site.deps.state.on_status(status)
    found = (await viewer.get(FORECAST)).json()
    assert found["full_in_days"] == {"mean": 10.0, "worst": 10.0, "best": 10.0}
    assert found["holds_days"]["mean"] == 18.0
    assert found["keeps_policy"] is False, "90 days by default"
    assert found["first_breach"] == "2026-06-07T20:26:40.000Z"
    assert found["bytes_per_day"] == {"mean": 10.0 * GB, "low": 10.0 * GB, "high": 10.0 * GB}
    assert found["cameras"][0]["camera_id"] == "gate"
    assert found["cameras"][0]["measured_days"] == 7.0
    assert not found["is_rough"]


async def test_metrics_of_the_disk(site: Site, viewer: httpx.AsyncClient) -> None:
    storage = StorageStatus(
        total_bytes=1000, free_bytes=120, reserve_bytes=20, level=85, is_short=True
    )
    counters = {"evicted_files": 3.0, "evicted_bytes": 77.0}
    status = RoleStatus(
        "ingest", 0, 1, BASE_WALL_NS, 0, ready=True, storage=storage, counters=counters
    )
    site.deps.state.on_status(status)
    told = (await viewer.get("/metrics")).text
    for line in (
        'itscam_storage_bytes{what="free"} 120.0',
        'itscam_storage_bytes{what="total"} 1000.0',
        "itscam_storage_level_percent 85.0",
        "itscam_storage_short_of_policy 1.0",
        "itscam_storage_nothing_to_remove 0.0",
        'itscam_evicted_bytes_total{index="0",role="ingest"} 77.0',
    ):
        assert line in told
    site.clock.turn(60)
    stale = (await viewer.get("/metrics")).text
    assert "itscam_storage_level_percent 85.0" not in stale
