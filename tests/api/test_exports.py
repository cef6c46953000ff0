"""Exports over HTTP."""

import io
import zipfile
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from its_camera_ai.core.exports import ExportState
from its_camera_ai.core.time import iso_utc
from its_camera_ai.store.exports import Sealed
from tests.api.support import BASE_WALL_NS, Site, client_of, sign_in
from tests.api.test_recordings import SEGMENT

URL = "/api/v1/exports"
WANTED: dict[str, Any] = {
    "cameras": ["gate"],
    "since": "2026-05-28T20:26:40Z",
    "until": "2026-05-28T20:27:40Z",
    "reason": "theft",
    "case_number": "4 Js 12/26",
}
CONTENT = bytes(range(256)) * 8


@pytest.fixture
def recorded(site: Site) -> Site:
    site.deps.segments.put(SEGMENT)
    return site


@pytest.fixture
async def operator(recorded: Site) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(recorded.app()) as client:
        await sign_in(client, "operator")
        yield client


async def ask(client: httpx.AsyncClient, **changes: Any) -> dict[str, Any]:
    response = await client.post(URL, json=WANTED | changes)
    assert response.status_code == 202, response.text
    found: dict[str, Any] = response.json()
    return found


def finish(site: Site, export_id: str) -> Path:
    """As if the worker had made it."""
    folder = site.deps.media_root.parent / "exports" / export_id
    folder.mkdir(parents=True)
    (folder / "gate.mp4").write_bytes(CONTENT)
    (folder / "manifest.json").write_bytes(b"{}")
    site.deps.exports.exports.finish(export_id, ["gate"], lambda links: Sealed("ab", 9), 5)
    return folder


def actions(site: Site) -> list[str]:
    return [e.action for e in site.deps.audit.find(limit=50) if e.object.startswith("export/")]


async def test_asked_for_and_listed(recorded: Site, operator: httpx.AsyncClient) -> None:
    made = await ask(operator, exact=True, burn_in=True, time_zone="Europe/Berlin")
    assert (made["state"], made["progress"], made["author"]) == ("queued", 0, "operator")
    assert (made["since"], made["until"]) == (
        "2026-05-28T20:26:40.000Z",
        "2026-05-28T20:27:40.000Z",
    )
    assert made["request"]["time_zone"] == "Europe/Berlin"
    assert (made["files"], made["zip_url"]) == ([], None)
    assert (await operator.get(f"{URL}/{made['id']}")).json() == made
    recorded.clock.turn(1)
    second = await ask(operator)
    page = (await operator.get(URL, params={"limit": 1})).json()
    assert [e["id"] for e in page["items"]] == [second["id"]]
    rest = (await operator.get(URL, params={"cursor": page["next_cursor"]})).json()
    assert [e["id"] for e in rest["items"]] == [made["id"]]
    assert rest["next_cursor"] is None
    entry = recorded.deps.audit.find(limit=1)[0]
    assert (entry.actor, entry.action) == ("operator", "export_requested")
    assert "4 Js 12/26" in entry.detail


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        pytest.param({"until": "2026-05-28T20:26:00Z"}, "until", id="ends before it begins"),
        pytest.param({"until": "2027-05-28T20:26:00Z"}, "until", id="a year"),
        pytest.param({"since": "yesterday"}, "since", id="no time"),
        pytest.param({"cameras": []}, "cameras", id="no camera"),
        pytest.param({"cameras": ["nowhere"]}, "nowhere", id="unknown camera"),
        pytest.param({"cameras": ["../etc"]}, "Camera id", id="camera that leads out"),
        pytest.param({"speed": 1}, "speed", id="speed"),
        pytest.param({"time_zone": "Mars/X"}, "time_zone", id="time zone"),
        pytest.param({"zones": [{"polygon": [[0, 0], [2, 0], [1, 1]]}]}, "polygon", id="outside"),
        pytest.param({"zones": [{"polygon": [[0, 0], [1, 0]]}]}, "polygon", id="two corners"),
        pytest.param({"surprise": 1}, "surprise", id="unknown field"),
        pytest.param({"reason": "x" * 501}, "reason", id="long reason"),
        pytest.param({"sought": ["plates"]}, "sought", id="nothing finds that"),
    ],
)
async def test_refused(
    changes: dict[str, Any], says: str, recorded: Site, operator: httpx.AsyncClient
) -> None:
    response = await operator.post(URL, json=WANTED | changes)
    assert response.status_code == 422
    assert says in response.json()["detail"]
    assert (await operator.get(URL)).json()["items"] == []


async def test_faces_without_a_model(operator: httpx.AsyncClient) -> None:
    response = await operator.post(URL, json=WANTED | {"sought": ["faces"]})
    assert response.status_code == 422
    assert "draw zones" in response.json()["detail"]


async def test_viewers_may_not(recorded: Site, viewer: httpx.AsyncClient) -> None:
    assert (await viewer.post(URL, json=WANTED)).status_code == 403
    assert (await viewer.get(URL)).status_code == 403


async def test_locked_with_the_export(recorded: Site, operator: httpx.AsyncClient) -> None:
    made = await ask(operator, lock=True)
    holds = recorded.deps.exports.holds
    found = holds.active("gate")  # type: ignore[attr-defined]  # the real repository
    assert [(h.since_wall_ns, h.author) for h in found] == [(BASE_WALL_NS, "operator")]
    assert made["id"] in found[0].reason


async def test_cancelled(recorded: Site, operator: httpx.AsyncClient) -> None:
    made = await ask(operator)
    response = await operator.post(f"{URL}/{made['id']}/cancel")
    assert (response.status_code, response.json()["state"]) == (200, "cancelled")
    assert "export_cancelled" in actions(recorded)
    assert (await operator.post(f"{URL}/nothing/cancel")).status_code == 404


async def test_removed_with_its_files(recorded: Site, operator: httpx.AsyncClient) -> None:
    made = await ask(operator)
    assert (await operator.delete(f"{URL}/{made['id']}")).status_code == 422
    folder = finish(recorded, made["id"])
    assert (await operator.delete(f"{URL}/{made['id']}")).status_code == 204
    assert not folder.exists()
    assert (await operator.get(f"{URL}/{made['id']}")).status_code == 404
    assert (await operator.delete(f"{URL}/{made['id']}")).status_code == 404
    assert actions(recorded)[0] == "export_removed"
    assert recorded.deps.exports.exports.link("gate").number == 1


async def test_files_whole_and_in_ranges(recorded: Site, operator: httpx.AsyncClient) -> None:
    made = await ask(operator)
    finish(recorded, made["id"])
    shown = (await operator.get(f"{URL}/{made['id']}")).json()
    assert (shown["state"], shown["manifest_hash"]) == ("done", "ab")
    assert [f["name"] for f in shown["files"]] == ["gate.mp4", "manifest.json"]
    url = shown["files"][0]["url"]
    whole = await operator.get(url)
    assert (whole.status_code, whole.content) == (200, CONTENT)
    assert whole.headers["content-disposition"] == 'attachment; filename="gate.mp4"'
    part = await operator.get(url, headers={"Range": "bytes=10-19"})
    assert (part.status_code, part.content) == (206, CONTENT[10:20])
    assert (await operator.get(url, headers={"Range": "bytes=9999-"})).status_code == 416
    assert actions(recorded).count("export_handed_out") == 1  # ranges from within are not noted


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("nothing.mp4", id="unknown"),
        pytest.param("..%2F..%2Fsite.db", id="leads out"),
        pytest.param(".work", id="folder of the making"),
        pytest.param("secret.mp4", id="link out of it"),
    ],
)
async def test_only_its_own_files(
    name: str, recorded: Site, operator: httpx.AsyncClient, tmp_path: Path
) -> None:
    made = await ask(operator)
    folder = finish(recorded, made["id"])
    (folder / ".work").mkdir()
    (tmp_path / "outside").write_bytes(b"canary")
    (folder / "secret.mp4").symlink_to(tmp_path / "outside")
    response = await operator.get(f"{URL}/{made['id']}/files/{name}")
    assert response.status_code in (404, 410)
    assert b"canary" not in response.content


async def test_nothing_before_it_is_done(recorded: Site, operator: httpx.AsyncClient) -> None:
    made = await ask(operator)
    assert (await operator.get(f"{URL}/{made['id']}/zip")).status_code == 410
    assert (await operator.get(f"{URL}/{made['id']}/files/manifest.json")).status_code == 410


async def test_all_as_one_zip(recorded: Site, operator: httpx.AsyncClient) -> None:
    made = await ask(operator)
    finish(recorded, made["id"])
    response = await operator.get(f"{URL}/{made['id']}/zip")
    assert response.headers["content-type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(response.content)) as archive:
        assert archive.testzip() is None
        assert archive.read(f"{made['id']}/gate.mp4") == CONTENT
    assert actions(recorded)[0] == "export_handed_out"


async def test_expired_keep_their_row(recorded: Site, operator: httpx.AsyncClient) -> None:
    made = await ask(operator)
    finish(recorded, made["id"])
    recorded.deps.exports.exports.end(made["id"], ExportState.EXPIRED, "too old", 10**18)
    shown = (await operator.get(f"{URL}/{made['id']}")).json()
    assert (shown["state"], shown["files"]) == (ExportState.EXPIRED, [])
    assert shown["finished"] == iso_utc(10**18)


async def test_a_removed_camera_s_recordings_can_be_exported(
    recorded: Site, operator: httpx.AsyncClient
) -> None:
    recorded.deps.segments.put(replace(SEGMENT, id="x", path="x.mp4", camera_id="gone"))
    assert (await ask(operator, cameras=["gone"]))["state"] == "queued"
