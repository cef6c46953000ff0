"""Health, readiness, numbers, and the API's own description."""

import asyncio
import shutil
import threading

import httpx
import pytest
from anyio import to_thread
from fastapi.openapi.models import OpenAPI
from prometheus_client.parser import text_string_to_metric_families

from its_camera_ai.api.health import Check, Finding, ReadinessChecks, overall
from its_camera_ai.api.metrics import METRICS
from its_camera_ai.bus.messages import CameraState, RoleStatus, StreamStatus, VisionStatus
from its_camera_ai.core.media import StreamRole
from its_camera_ai.core.picture_faults import PictureFault
from its_camera_ai.store.database import Database
from tests.api.support import Site, TurnedClock, camera, client_of, sign_in


def heartbeats(site: Site) -> None:
    """All processes well, one camera online and looked at."""
    stream = StreamStatus(
        "gate",
        StreamRole.MAIN,
        CameraState.ONLINE,
        since_wall_ns=0,
        fps=25,
        bitrate_bps=4e6,
        packets=1000,
        reconnects=2,
        recorded_packets=990,
        unrecorded_packets=3,
        recording=True,
    )
    vision = VisionStatus(
        "gate", "yolox", frames=900, frames_unprocessed=400, looks=500, unknown=7, looks_per_s=5,
        latency_ms_p95=80, faults=[PictureFault.COVERED], detections={"car": 31},
        latency_counts=[0, 1, 4, 3, 0, 0, 0, 0, 0, 2], latency_sum_ms=21_000,
    )  # fmt: skip
    common = {"pid": 1, "wall_ns": 0, "started_wall_ns": 0, "ready": True}
    site.deps.state.on_status(RoleStatus("ingest", 0, streams=[stream], **common))  # type: ignore[arg-type]  # real fields
    site.deps.state.on_status(RoleStatus("vision", 0, vision=[vision], rss_bytes=5, **common))  # type: ignore[arg-type]  # real fields
    counters = {"events_written": 12.0, "events_waiting": 1.0, "events_given_up": 0.0}
    site.deps.state.on_status(RoleStatus("server", 0, counters=counters, cpu_s=1.5, **common))  # type: ignore[arg-type]  # real fields


async def test_health(site: Site) -> None:
    async with client_of(site.app()) as client:
        site.clock.turn(12.5)
        response = await client.get("/health")
    assert response.json() == {
        "status": "ok",
        "timestamp": "2026-05-28T20:26:52.500Z",
        "service": "its-camera-ai",
        "version": "1.2.3",
        "uptime_s": 12.5,
    }


async def test_health_needs_no_database_and_no_thread(site: Site, database: Database) -> None:
    database.close()
    release = threading.Event()
    app = site.app()
    stuck = [asyncio.create_task(to_thread.run_sync(release.wait)) for _ in range(40)]
    try:
        async with asyncio.timeout(20):
            while to_thread.current_default_thread_limiter().available_tokens:
                await asyncio.sleep(0.01)
        async with client_of(app) as client, asyncio.timeout(10):
            response = await client.get("/health")
    finally:
        release.set()
        await asyncio.gather(*stuck)
    assert response.status_code == 200


async def test_ready_when_all_is_well(site: Site, anonymous: httpx.AsyncClient) -> None:
    site.deps.cameras.put(camera())
    heartbeats(site)
    response = await anonymous.get("/health/ready")
    assert response.status_code == 200
    body = response.json()
    assert body["status"] == "ok"
    assert {check["name"]: check["required"] for check in body["checks"]} == {
        "database": True,
        "media": False,
        "ingest": False,
        "vision": False,
        "cameras": False,
    }
    assert all(check["response_time_ms"] >= 0 and check["message"] for check in body["checks"])


async def test_optional_parts_only_degrade(site: Site, anonymous: httpx.AsyncClient) -> None:
    site.deps.cameras.put(camera())
    shutil.rmtree(site.deps.media_root)
    response = await anonymous.get("/health/ready")
    assert response.status_code == 200
    body = response.json()
    assert body["status"] == "degraded"
    assert {c["name"] for c in body["checks"] if c["status"] == "degraded"} == {
        "media",
        "ingest",
        "vision",
        "cameras",
    }


async def test_without_the_database_it_is_not_ready(
    site: Site, database: Database, anonymous: httpx.AsyncClient
) -> None:
    database.close()
    response = await anonymous.get("/health/ready")
    assert response.status_code == 503
    assert response.json()["status"] == "failed"
    assert str(database.path) not in response.text


class TestChecks:
    def make(self, *checks: Check, timeout_s: float = 5) -> tuple[ReadinessChecks, TurnedClock]:
        clock = TurnedClock()
        return ReadinessChecks(checks, clock, timeout_s=timeout_s), clock

    async def test_results_are_kept_for_a_second(self) -> None:
        looks: list[int] = []

        def look() -> Finding:
            looks.append(1)
            return Finding("ok", "fine")

        checks, clock = self.make(Check("part", True, look))
        await asyncio.gather(*(checks.results() for _ in range(10)))
        assert len(looks) == 1
        clock.turn(0.99)
        await checks.results()
        assert len(looks) == 1
        clock.turn(0.02)
        await checks.results()
        assert len(looks) == 2

    async def test_a_check_that_hangs_fails_and_is_not_started_twice(self) -> None:
        release, looks = threading.Event(), []

        def look() -> Finding:
            looks.append(1)
            release.wait()
            return Finding("ok", "fine")

        checks, clock = self.make(Check("part", True, look), timeout_s=0.01)
        for _ in range(3):
            clock.turn(2)
            (result,) = await checks.results()
            assert (result.status, result.message) == ("failed", "No answer within 0.01 s.")
        assert len(looks) == 1
        release.set()
        async with asyncio.timeout(10):
            while result.status != "ok":
                clock.turn(2)
                (result,) = await checks.results()

    async def test_the_text_of_an_exception_is_not_told(self) -> None:
        def look() -> Finding:
            raise OSError("canary")

        checks, _ = self.make(Check("part", False, look))
        (result,) = await checks.results()
        assert result.status == "failed"
        assert "canary" not in result.message
        assert overall([result]) == "degraded"


async def test_metrics(site: Site, viewer: httpx.AsyncClient) -> None:
    heartbeats(site)
    response = await viewer.get("/metrics")
    assert response.headers["content-type"].startswith("text/plain")
    samples = {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(response.text)
        for sample in family.samples
    }
    assert samples[("itscam_stream_packets_total", "gate", "main")] == 1000
    assert samples[("itscam_stream_reconnects_total", "gate", "main")] == 2
    assert samples[("itscam_stream_up", "gate", "main")] == 1
    assert samples[("itscam_unrecorded_packets_total", "gate", "main")] == 3
    assert samples[("itscam_vision_looks_total", "gate")] == 500
    assert samples[("itscam_vision_latency_seconds_bucket", "0.05", "gate")] == 5
    assert samples[("itscam_vision_latency_seconds_bucket", "+Inf", "gate")] == 10
    assert samples[("itscam_vision_latency_seconds_sum", "gate")] == pytest.approx(21)
    assert samples[("itscam_vision_detections_total", "car", "gate", "yolox")] == 31
    assert samples[("itscam_picture_fault", "covered", "gate")] == 1
    assert samples[("itscam_process_resident_bytes", "0", "vision")] == 5
    assert samples[("itscam_process_cpu_seconds_total", "0", "server")] == 1.5
    assert samples[("itscam_events_written_total", "0", "server")] == 12
    site.clock.turn(6)
    stale = (await viewer.get("/metrics")).text
    assert 'itscam_stream_up{camera="gate",stream="main"} 0.0' in stale
    assert 'itscam_process_up{index="0",role="ingest"} 0.0' in stale
    assert 'itscam_stream_packets_total{camera="gate",stream="main"} 1000.0' in stale


async def test_every_metric_is_exported(site: Site, viewer: httpx.AsyncClient) -> None:
    heartbeats(site)
    exported = (await viewer.get("/metrics")).text
    for metric in METRICS:
        assert f"# HELP {metric.name}" in exported
        assert metric.name.startswith("itscam_")


@pytest.mark.parametrize(
    ("header", "token", "status"),
    [
        pytest.param("Bearer t0ken", "t0ken", 200, id="right"),
        pytest.param("bearer t0ken", "t0ken", 200, id="scheme in lower case"),
        pytest.param("Bearer wrong", "t0ken", 401, id="wrong"),
        pytest.param("Basic t0ken", "t0ken", 401, id="another scheme"),
        pytest.param("Bearer ", "", 401, id="an empty token opens nothing"),
        pytest.param("Bearer None", None, 401, id="no token is set"),
        pytest.param("Bearer tökèn", "t0ken", 401, id="not ASCII"),
    ],
)
async def test_metrics_token(site: Site, header: str, token: str | None, status: int) -> None:
    async with client_of(site.app(metrics_token=token)) as client:
        response = await client.get("/metrics", headers={"Authorization": header.encode()})
        assert response.status_code == status
        elsewhere = await client.get("/api/v1/events", headers={"Authorization": header.encode()})
        assert elsewhere.status_code == 401, "it opens the metrics and nothing else"


async def test_roles(site: Site, viewer: httpx.AsyncClient) -> None:
    heartbeats(site)
    items = (await viewer.get("/api/v1/system/roles")).json()["items"]
    assert [(item["role"], item["stale"]) for item in items] == [
        ("ingest", False),
        ("server", False),
        ("vision", False),
    ]


async def test_openapi_is_valid_and_complete(site: Site) -> None:
    async with client_of(site.app()) as client:
        await sign_in(client, "viewer")
        response = await client.get("/api/v1/openapi.json")
    document = response.json()
    OpenAPI.model_validate(document)
    assert document["openapi"].startswith("3.1")
    operations = [operation for path in document["paths"].values() for operation in path.values()]
    ids = [operation["operationId"] for operation in operations]
    assert len(ids) == len(set(ids))
    for operation in operations:
        assert operation["description"], operation["operationId"]
        assert operation["x-policy"]
        assert "application/problem+json" in operation["responses"]["default"]["content"]
        assert bool(operation.get("security")) is (operation["x-policy"] != "public")
    text = response.text
    names = {part.split('"')[0] for part in text.split("#/components/schemas/")[1:]}
    assert names <= document["components"]["schemas"].keys()
