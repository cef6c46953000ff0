"""The storage policy and retention over HTTP: who may, what is taken, what is audited."""

import json

import httpx
import pytest

from its_camera_ai.api.routes import storage_policy
from its_camera_ai.core.media import StreamRole
from its_camera_ai.core.retention import NS_PER_DAY
from its_camera_ai.core.retention_matrix import MATRIX, DataClass, RetentionRule
from its_camera_ai.core.segments import Segment
from its_camera_ai.core.storage_policy import Quota, StoragePolicy
from its_camera_ai.recorder.keeping.retention import run_lock
from tests.api.support import BASE_WALL_NS, Site, client_of, sign_in

POLICY, RETENTION = "/api/v1/storage/policy", "/api/v1/storage/retention"


def record(site: Site, days_old: float, number: int) -> None:
    site.deps.segments.put(
        Segment(
            id=f"s{number}",
            camera_id="gate",
            role=StreamRole.MAIN,
            path=f"gate/main/day/{number}.mp4",
            start_wall_ns=BASE_WALL_NS - round(days_old * NS_PER_DAY),
            start_pts_ns=0,
            duration_ns=20_000_000_000,
            size_bytes=1000,
            frames=500,
            codec="h264",
            width=1920,
            height=1080,
            has_audio=False,
            generation=1,
        )
    )


async def test_a_policy_is_read_changed_and_audited(site: Site, admin: httpx.AsyncClient) -> None:
    first = (await admin.get(POLICY)).json()
    assert first["revision"] == "0"
    assert first["policy"]["retention"]["raw_video"]["keep_days"] == 90
    assert [c["data_class"] for c in first["classes"]] == [row.data_class for row in MATRIX]
    wanted = {
        "retention": {"raw_video": {"keep_days": 30, "archive_first": False}},
        "cameras": {"gate": {"max_days": 3}},
    }
    answer = await admin.put(POLICY, json=wanted)
    assert answer.status_code == 200
    assert site.deps.policies.get() == StoragePolicy(
        {DataClass.RAW_VIDEO: RetentionRule(30)}, cameras={"gate": Quota(max_days=3)}
    )
    entry = site.deps.audit.find(limit=1)[0]
    assert (entry.actor, entry.action, entry.object) == (
        "admin",
        "storage_policy_changed",
        "storage",
    )
    assert json.loads(entry.detail) == {
        "storage.cameras.gate.max_days": [None, "3"],
        "storage.retention.raw_video.archive_days": ["180", "0"],
        "storage.retention.raw_video.archive_first": ["true", "false"],
        "storage.retention.raw_video.keep_days": ["90", "30"],
    }


async def test_what_is_read_can_be_sent_back_and_changes_nothing(
    site: Site, admin: httpx.AsyncClient
) -> None:
    await admin.put(POLICY, json={"compression": {"steps": [{"after_days": 7}]}})
    seen = (await admin.get(POLICY)).json()
    entries = len(site.deps.audit.find())
    again = await admin.put(POLICY, json=seen["policy"])
    assert again.json() == seen
    assert len(site.deps.audit.find()) == entries


@pytest.mark.parametrize(
    ("document", "found"),
    [
        ({"retention": {"audit_logs": {"keep_days": 3, "archive_days": 0}}}, "at least 365 days"),
        ({"retention": {"raw": {}}}, "Extra inputs"),
        ({"total": {"max_bytes": -1}}, "greater than 0"),
        ({"cameras": {"../etc": {}}}, "not allowed"),
    ],
    ids=["law", "unknown class", "negative", "no camera id"],
)
async def test_a_policy_that_makes_no_sense_is_refused(
    site: Site, admin: httpx.AsyncClient, document: dict[str, object], found: str
) -> None:
    answer = await admin.put(POLICY, json=document)
    assert answer.status_code == 422
    assert found in answer.text
    assert site.deps.policies.revision() == 0


async def test_a_dry_run_says_what_a_run_then_does(site: Site, admin: httpx.AsyncClient) -> None:
    for number, days in enumerate((1, 89, 91, 300)):
        record(site, days, number)
    dry = (await admin.get(RETENTION)).json()
    assert len(site.deps.segments.find("gate")) == 4
    done = (await admin.post(RETENTION)).json()
    assert dry == {**done, "dry_run": True}
    assert done["items"] == [
        {
            "data_class": "raw_video",
            "action": "deleted",
            "reason": "age",
            "camera": "gate",
            "count": 2,
            "size_bytes": 2000,
        }
    ]
    assert (done["deleted_count"], done["deleted_bytes"]) == (2, 2000)
    assert [s.id for s in site.deps.segments.find("gate")] == ["s1", "s0"]
    entry = site.deps.audit.find(limit=1)[0]
    assert entry.action == "retention_run"
    assert json.loads(entry.detail)["raw_video_deleted"] == 2


async def test_only_some_classes(site: Site, admin: httpx.AsyncClient) -> None:
    record(site, 100, 1)
    only = (await admin.get(RETENTION, params={"class": ["alerts", "exports"]})).json()
    assert only["items"] == []
    done = await admin.post(RETENTION, json={"classes": ["exports"]})
    assert done.json()["items"] == []
    assert len(site.deps.segments.find("gate")) == 1
    assert (await admin.get(RETENTION, params={"class": "all"})).status_code == 422


async def test_one_run_at_a_time(site: Site, admin: httpx.AsyncClient) -> None:
    folder = site.deps.media_root.parent
    with run_lock(folder):
        refused = await admin.post(RETENTION)
        assert refused.status_code == 409
        assert (await admin.get(RETENTION)).status_code == 200
    assert (await admin.post(RETENTION)).status_code == 200


@pytest.mark.parametrize(
    ("role", "method", "address", "status"),
    [
        ("operator", "GET", POLICY, 200),
        ("operator", "PUT", POLICY, 403),
        ("operator", "GET", RETENTION, 200),
        ("operator", "POST", RETENTION, 403),
        ("viewer", "GET", POLICY, 403),
        ("viewer", "GET", RETENTION, 403),
    ],
)
async def test_who_may(site: Site, role: str, method: str, address: str, status: int) -> None:
    async with client_of(site.app()) as client:
        await sign_in(client, role)
        answer = await client.request(method, address, json=None if method == "GET" else {})
    assert answer.status_code == status


async def test_a_request_ends_before_all_is_done(
    site: Site, admin: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    record(site, 100, 1)
    monkeypatch.setattr(storage_policy, "RUN_S_MAX", 0.0)
    for answer in (await admin.get(RETENTION), await admin.post(RETENTION)):
        assert answer.json()["ended_early"] is True
        assert answer.json()["items"] == []
    assert len(site.deps.segments.find("gate")) == 1
