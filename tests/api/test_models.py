"""Models over the API: status, trial, promotion, rollback, test look, and their problems."""

import httpx
import pytest

from its_camera_ai.api.middleware import PICTURE_BYTES_MAX
from its_camera_ai.bus.messages import (
    CallFailed,
    LookTest,
    LookTestResult,
    ModelStatus,
    RoleStatus,
)
from its_camera_ai.core.models import ModelRef
from its_camera_ai.store.model_registry import ModelVersion
from tests.api.support import Site, client_of, sign_in

LOOKED = LookTestResult("nano:1", "same", (640, 360), 0.0125, ["car"], [0.9], [(1, 2, 30, 40)])
TEST = "/api/v1/inference/test"


@pytest.fixture
def nano(site: Site) -> ModelRef:
    """A registered version."""
    wanted = ModelVersion(
        "nano", 0, "nano.onnx", "ab" * 32, "yolox", "MIT", (640, 384), [{}, {}], "sharper", 0
    )
    return site.deps.models.add(wanted).ref


def beat(site: Site, index: int = 0, **changes: object) -> None:
    """A vision process reports a champion and a challenger."""
    common = {"pid": 1, "wall_ns": 0, "started_wall_ns": 0, "ready": True}
    champion = ModelStatus("configured", 0, "champion", "ready", cameras=["gate"], looks=7)
    trial = ModelStatus(
        "nano", 1, "challenger", "ready", golden="same", cameras=["yard"], verdict="waiting",
        percent=10, latency_ms_p95=12.0,
    )  # fmt: skip
    status = RoleStatus("vision", index, models=[champion, trial], **common, **changes)  # type: ignore[arg-type]  # real fields
    site.deps.state.on_status(status)


async def test_status_before_anything_was_registered(viewer: httpx.AsyncClient) -> None:
    body = (await viewer.get("/api/v1/model/status")).json()
    assert body["champion"] == "configured"
    assert (body["challenger"], body["previous"], body["versions"]) == (None, None, [])
    assert body["rollout"]["state"] == "none"
    assert body["processes"] == []


async def test_status_tells_versions_and_processes(
    viewer: httpx.AsyncClient, site: Site, nano: ModelRef
) -> None:
    site.deps.models.start(nano, percent=10)
    beat(site)
    site.clock.turn(9)
    beat(site, index=1)
    body = (await viewer.get("/api/v1/model/status")).json()
    (version,) = body["versions"]
    assert (version["model"], version["aliases"]) == ("nano:1", ["challenger"])
    assert (version["golden_pictures"], version["notes"]) == (2, "sharper")
    assert [(p["index"], p["stale"]) for p in body["processes"]] == [(0, True), (1, False)]
    champion, trial = body["processes"][1]["models"]
    assert (champion["model"], champion["cameras"], champion["looks"]) == (
        "configured",
        ["gate"],
        7,
    )
    assert (trial["model"], trial["verdict"], trial["golden"]) == ("nano:1", "waiting", "same")
    assert body["rollout"]["percent"] == 10


async def test_a_trial_from_its_start_to_its_end(
    admin: httpx.AsyncClient, site: Site, nano: ModelRef
) -> None:
    started = await admin.post("/api/v1/model/rollout", json={"model": "nano", "percent": 10})
    assert started.json()["challenger"] == "nano:1"
    more = await admin.post("/api/v1/model/rollout", json={"model": "challenger", "auto": True})
    assert more.json()["rollout"]["auto"]
    promoted = (await admin.post("/api/v1/model/promote", json={})).json()
    assert (promoted["champion"], promoted["previous"]) == ("nano:1", "configured")
    back = (await admin.post("/api/v1/model/rollback", json={})).json()
    assert back["champion"] == "configured"
    assert back["rollout"]["reason"] == "rolled back by admin"
    logged = [(e.action, e.object) for e in site.deps.audit.find(limit=4)]
    assert logged == [
        ("model_rolled_back", "model/nano:1"),
        ("model_promoted", "model/nano:1"),
        ("model_trial", "model/nano:1"),
        ("model_trial", "model/nano:1"),
    ]


@pytest.mark.parametrize(
    ("path", "body", "says"),
    [
        pytest.param("rollout", {"model": "none-such"}, "No registered model", id="unknown"),
        pytest.param("rollout", {"model": "nano", "percent": 0}, "percent", id="no share"),
        pytest.param("rollout", {"model": "a b"}, "names no model", id="no name"),
        pytest.param("rollout", {"model": "nano", "speed": 1}, "speed", id="unknown field"),
        pytest.param("promote", {}, "No model is on trial", id="nothing to promote"),
        pytest.param("rollback", {}, "nothing to roll back", id="nothing to take back"),
    ],
)
async def test_what_can_t_be_done_is_a_problem(
    admin: httpx.AsyncClient, site: Site, nano: ModelRef, path: str, body: object, says: str
) -> None:
    response = await admin.post(f"/api/v1/model/{path}", json=body)
    problem = response.json()
    assert (response.status_code, problem["type"]) == (422, "urn:itscam:problem:invalid")
    assert says in problem["detail"]
    assert site.deps.audit.head().seq == len(site.deps.audit.find(limit=1000))
    assert not any(e.action.startswith("model") for e in site.deps.audit.find(limit=1000))


async def test_a_golden_look(site: Site) -> None:
    beat(site)
    site.caller.reply = LOOKED
    async with client_of(site.app()) as client:
        await sign_in(client, "operator")
        body = (await client.post(TEST)).json()
    assert site.caller.calls == [("vision", 0, LookTest("champion"))]
    assert body["ok"]
    assert (body["model"], body["golden"], body["process"]) == ("nano:1", "same", 0)
    assert (body["width"], body["height"], body["latency_ms"]) == (640, 360, 12.5)
    assert body["findings"] == [{"kind": "car", "score": 0.9, "xyxy": [1, 2, 30, 40]}]


async def test_a_picture_of_one_s_own_goes_to_the_challenger(
    admin: httpx.AsyncClient, site: Site
) -> None:
    beat(site)
    site.caller.reply = LOOKED
    picture = bytes(PICTURE_BYTES_MAX)
    response = await admin.post(
        TEST,
        params={"alias": "challenger"},
        content=picture,
        headers={"Content-Type": "image/jpeg"},
    )
    assert response.status_code == 200, response.text
    assert site.caller.calls == [("vision", 0, LookTest("challenger", picture))]


async def test_another_process_is_asked_if_one_is_silent(
    admin: httpx.AsyncClient, site: Site
) -> None:
    beat(site, index=1)
    beat(site, index=0)
    response = await admin.post(TEST)
    assert [(role, index) for role, index, _ in site.caller.calls] == [("vision", 0), ("vision", 1)]
    assert response.status_code == 503
    assert response.json()["type"] == "urn:itscam:problem:vision-silent"
    assert "within 5 s" in response.json()["detail"]


async def test_a_process_that_fell_silent_is_not_asked(
    admin: httpx.AsyncClient, site: Site
) -> None:
    beat(site)
    site.clock.turn(10)
    assert (await admin.post(TEST)).json()["status"] == 503
    assert site.caller.calls == []


@pytest.mark.parametrize(
    ("failed", "status", "slug"),
    [
        pytest.param(CallFailed("no JPEG", bad_input=True), 422, "invalid", id="bad picture"),
        pytest.param(CallFailed("the model fails"), 503, "look-failed", id="bad model"),
    ],
)
async def test_a_look_that_fails_says_whose_fault_it_is(
    admin: httpx.AsyncClient, site: Site, failed: CallFailed, status: int, slug: str
) -> None:
    beat(site)
    site.caller.reply = failed
    problem = (await admin.post(TEST, content=b"x")).json()
    assert (problem["status"], problem["type"]) == (status, f"urn:itscam:problem:{slug}")
    assert problem["detail"] == failed.reason


async def test_a_picture_too_large_is_refused_unread(admin: httpx.AsyncClient, site: Site) -> None:
    beat(site)
    response = await admin.post(TEST, content=bytes(PICTURE_BYTES_MAX + 1))
    assert (response.status_code, site.caller.calls) == (413, [])


async def test_only_this_route_takes_more_than_a_megabyte(admin: httpx.AsyncClient) -> None:
    response = await admin.post("/api/v1/model/rollout", content=bytes(2_000_000))
    assert response.status_code == 413


async def test_models_are_measured(viewer: httpx.AsyncClient, site: Site) -> None:
    beat(site)
    text = (await viewer.get("/metrics")).text
    for line in (
        'itscam_model_info{alias="challenger",index="0",model="nano:1",state="ready"} 1.0',
        'itscam_model_looks_total{index="0",model="configured"} 7.0',
        'itscam_model_rollout_percent{index="0",model="nano:1"} 10.0',
        'itscam_model_golden_same{index="0",model="nano:1"} 1.0',
        'itscam_model_latency_p95_seconds{index="0",model="nano:1"} 0.012',
    ):
        assert line in text
    assert sum("model=" in line and "nano" in line for line in text.splitlines()) < 10
