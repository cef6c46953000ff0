"""Holds over HTTP: who may set and end them, what they cover, what is refused."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from its_camera_ai.core.holds import Hold, HoldKind
from its_camera_ai.core.media import StreamRole
from its_camera_ai.core.segments import Segment
from its_camera_ai.core.time import NS_PER_S
from its_camera_ai.store.disk import RealDisk
from its_camera_ai.store.hold_mirror import HoldMirror
from tests.api.support import BASE_WALL_NS, Site, camera, client_of, sign_in

HOLDS = "/api/v1/holds"
LOCK = {
    "camera": "gate",
    "since": "2026-05-28T20:26:40Z",
    "until": "2026-05-28T20:27:40Z",
    "reason": "a quarrel",
}
LEGAL = LOCK | {"kind": "legal", "reason": "case 12"}


@pytest.fixture
async def operator(site: Site) -> AsyncIterator[httpx.AsyncClient]:
    site.deps.cameras.put(camera())
    async with client_of(site.app()) as client:
        await sign_in(client, "operator")
        yield client


def record(site: Site, *, count: int = 4) -> None:
    for i in range(count):
        site.deps.segments.put(
            Segment(
                f"s{i}", "gate", StreamRole.MAIN, f"gate/{i}.mp4",
                BASE_WALL_NS + i * 20 * NS_PER_S, 0, 20 * NS_PER_S, 1000, 500, "h264", 1, 1,
                False, 1,
            )
        )  # fmt: skip


def audited(site: Site) -> list[tuple[str, str]]:
    entries = site.deps.audit.find()
    return [(e.actor, e.action) for e in entries if e.action.startswith("hold")]


async def test_set_see_and_end(site: Site, operator: httpx.AsyncClient, tmp_path: Path) -> None:
    record(site)
    made = await operator.post(HOLDS, json=LOCK)
    assert made.status_code == 201
    body = made.json()
    assert body == {
        "id": body["id"],
        "kind": "lock",
        "camera": "gate",
        "since": "2026-05-28T20:26:40.000000Z",
        "until": "2026-05-28T20:27:40.000000Z",
        "reason": "a quarrel",
        "author": "operator",
        "created": "2026-05-28T20:26:40.000000Z",
        "released": None,
        "released_by": "",
        "files": 3,
        "size_bytes": 3000,
    }
    mirror = HoldMirror(RealDisk(), tmp_path / "media")
    assert mirror.read().covers("gate", BASE_WALL_NS, BASE_WALL_NS + 1)
    assert site.deps.segments.discard(["s0"], reason="test", now_wall_ns=1).segments == ()
    address = f"{HOLDS}/{body['id']}"
    assert (await operator.get(address)).json() == body
    site.clock.turn(60)
    ended = (await operator.delete(address)).json()
    assert (ended["released"], ended["released_by"]) == ("2026-05-28T20:27:40.000000Z", "operator")
    assert (await operator.delete(address)).json() == ended, "ending it again changes nothing"
    assert not mirror.read().holds
    assert (await operator.get(HOLDS)).json()["items"] == []
    (listed,) = (await operator.get(HOLDS, params={"released": True})).json()["items"]
    assert listed == ended
    assert audited(site) == [("operator", "hold_released"), ("operator", "hold_set")]


async def test_legal_holds_are_an_admins(
    site: Site, operator: httpx.AsyncClient, admin: httpx.AsyncClient
) -> None:
    refused = await operator.post(HOLDS, json=LEGAL)
    assert refused.status_code == 403
    made = (await admin.post(HOLDS, json=LEGAL)).json()
    address = f"{HOLDS}/{made['id']}"
    assert (await operator.delete(address)).status_code == 403
    assert (await operator.get(address)).json()["released"] is None
    assert (await admin.delete(address)).json()["released_by"] == "admin"
    assert audited(site) == [("admin", "hold_released"), ("admin", "hold_set")]


async def test_every_camera_is_held_by_an_admin_only(
    operator: httpx.AsyncClient, admin: httpx.AsyncClient
) -> None:
    everywhere = LOCK | {"camera": None}
    assert (await operator.post(HOLDS, json=everywhere)).status_code == 403
    made = await admin.post(HOLDS, json=everywhere)
    assert made.status_code == 201
    (found,) = (await operator.get(HOLDS, params={"camera": "gate"})).json()["items"]
    assert found["camera"] is None


async def test_incidents_are_ended_by_an_admin(
    site: Site, operator: httpx.AsyncClient, admin: httpx.AsyncClient
) -> None:
    hold_id = "01900000-0000-7000-8000-000000000001"
    site.deps.holds.add(
        Hold(hold_id, HoldKind.INCIDENT, "gate", 5, 6, "wrong way", "system", BASE_WALL_NS)
    )
    assert (await operator.delete(f"{HOLDS}/{hold_id}")).status_code == 403
    assert (await admin.delete(f"{HOLDS}/{hold_id}")).status_code == 200


async def test_viewers_see_no_holds(viewer: httpx.AsyncClient) -> None:
    assert (await viewer.get(HOLDS)).status_code == 403
    assert (await viewer.post(HOLDS, json=LOCK)).status_code == 403


@pytest.mark.parametrize(
    ("change", "status"),
    [
        pytest.param({"until": LOCK["since"]}, 422, id="ends where it begins"),
        pytest.param({"until": "2026-05-28T20:00:00Z"}, 422, id="ends before it begins"),
        pytest.param({"until": "2046-05-28T20:00:00Z"}, 422, id="too long"),
        pytest.param({"until": "tomorrow"}, 422, id="no time"),
        pytest.param({"reason": ""}, 422, id="no reason"),
        pytest.param({"reason": "  "}, 422, id="an empty reason"),
        pytest.param({"reason": "x" * 501}, 422, id="a novel"),
        pytest.param({"kind": "incident"}, 422, id="a kind that people can't set"),
        pytest.param({"camera": "nowhere"}, 404, id="no such camera"),
        pytest.param({"camera": "x" * 65}, 422, id="no camera has such a name"),
        pytest.param({"author": "eve"}, 422, id="on behalf of another"),
    ],
)
async def test_what_is_refused(
    site: Site, operator: httpx.AsyncClient, change: dict[str, Any], status: int
) -> None:
    assert (await operator.post(HOLDS, json=LOCK | change)).status_code == status
    assert site.deps.holds.count_active() == 0
    assert audited(site) == []


@pytest.mark.parametrize("name", ["none", "01900000-0000-7000-8000-000000000009", "%2e%2e"])
async def test_no_such_hold(operator: httpx.AsyncClient, name: str) -> None:
    assert (await operator.get(f"{HOLDS}/{name}")).status_code == 404
    assert (await operator.delete(f"{HOLDS}/{name}")).status_code == 404


async def test_pages(site: Site, operator: httpx.AsyncClient) -> None:
    ids = []
    for _ in range(5):
        site.clock.turn(1)
        ids.append((await operator.post(HOLDS, json=LOCK)).json()["id"])
    got: list[str] = []
    cursor = None
    while True:
        params = {"limit": 2} | ({} if cursor is None else {"cursor": cursor})
        page = (await operator.get(HOLDS, params=params)).json()
        got += [item["id"] for item in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert got == ids[::-1]
    assert (await operator.get(HOLDS, params={"cursor": "x"})).status_code == 422
    span = {"since": "2026-05-29T00:00:00Z"}
    assert (await operator.get(HOLDS, params=span)).json()["items"] == []


async def test_a_hold_that_can_not_be_made_safe_is_not_acknowledged(
    site: Site, operator: httpx.AsyncClient, tmp_path: Path
) -> None:
    (tmp_path / "media" / ".itscam").write_bytes(b"a file in its place")
    assert (await operator.post(HOLDS, json=LOCK)).status_code == 503
    assert site.deps.holds.count_active() == 0
