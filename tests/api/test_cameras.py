"""Cameras over HTTP: who sees what, and what is taken."""

import json
from dataclasses import replace

import httpx
import pytest

from its_camera_ai.core.camera_url import CameraUrl
from its_camera_ai.core.picture_points import Unit
from its_camera_ai.core.scene import Anchor, Line, Scene, Zone
from its_camera_ai.core.site_facts import SiteFacts
from tests.api.support import Site, camera, client_of, sign_in

SCENE = Scene(
    lines=(Line("gate", ((0.1, 0.5), (0.9, 0.5)), name="Gate"),),
    zones=(Zone("plaza", ((10, 10), (90, 10), (50, 90)), Unit.PX, Anchor.CENTRE),),
)
DOCUMENT = {
    "name": "South gate",
    "url": "rtsp://eve:hunter2@10.0.0.9/main",
    "sub_url": "rtsp://eve:hunter2@10.0.0.9/sub",
    "record": False,
    "detect_fps": 3,
    "lines": [{"id": "a", "points": [[0, 0.5], [1, 0.5]]}],
    "zones": [{"id": "b", "points": [[0, 0], [1, 0], [1, 1]], "anchor": "centre"}],
}


async def test_only_admins_see_addresses_and_nobody_sees_passwords(
    site: Site, viewer: httpx.AsyncClient, admin: httpx.AsyncClient
) -> None:
    site.deps.cameras.put(camera(scene=SCENE))
    for address in ("/api/v1/cameras", "/api/v1/cameras/gate"):
        seen = (await viewer.get(address)).text
        assert "cams.example" not in seen
        assert "bob" not in seen
        ruled = (await admin.get(address)).text
        assert "rtsp://bob:***@cams.example/gate/main" in ruled
        assert "s3cret" not in seen + ruled


async def test_what_a_camera_looks_like(site: Site, viewer: httpx.AsyncClient) -> None:
    site.deps.cameras.put(camera(scene=SCENE))
    body = (await viewer.get("/api/v1/cameras")).json()
    assert body == {
        "items": [
            {
                "id": "gate",
                "name": "North gate",
                "enabled": True,
                "record": True,
                "detect": True,
                "main": None,
                "sub": None,
                "has_sub": False,
                "detect_fps": 5.0,
                "scene": {
                    "lines": [
                        {
                            "id": "gate",
                            "name": "Gate",
                            "points": [[0.1, 0.5], [0.9, 0.5]],
                            "unit": "normalised",
                            "anchor": "bottom_centre",
                        }
                    ],
                    "zones": [
                        {
                            "id": "plaza",
                            "name": "",
                            "points": [[10, 10], [90, 10], [50, 90]],
                            "unit": "px",
                            "anchor": "centre",
                            "use": "area",
                            "limit_s": None,
                        }
                    ],
                    "lanes": [],
                    "gates": [],
                    "movements": [],
                    "signals": [],
                    "calibration": None,
                },
                "document": None,
            }
        ]
    }


async def test_put_makes_a_camera(site: Site, admin: httpx.AsyncClient) -> None:
    response = await admin.put("/api/v1/cameras/south", json=DOCUMENT)
    assert response.status_code == 201
    assert response.json()["sub"] == "rtsp://eve:***@10.0.0.9/sub"
    stored = site.deps.cameras.get("south")
    assert stored is not None
    assert stored.main.password == "hunter2"
    assert stored.detect_fps == 3
    assert not stored.record
    assert stored.scene.zones[0].anchor is Anchor.CENTRE
    entry = site.deps.audit.find(limit=1)[0]
    assert (entry.actor, entry.action, entry.object) == ("admin", "camera_added", "camera/south")
    assert "hunter2" not in entry.detail


async def test_the_document_put_back_changes_nothing(site: Site, admin: httpx.AsyncClient) -> None:
    wanted = camera(
        scene=SCENE, sub=CameraUrl.parse("rtsp://bob:s3cret@cams.example/sub?channel=2")
    )
    site.deps.cameras.put(wanted)
    revision = site.deps.cameras.revision()
    document = (await admin.get("/api/v1/cameras/gate")).json()["document"]
    response = await admin.put("/api/v1/cameras/gate", json=document)
    assert response.status_code == 200
    assert site.deps.cameras.get("gate") == wanted
    assert site.deps.cameras.revision() == revision
    assert "channel" not in site.deps.audit.find(limit=1)[0].detail


async def test_a_recording_plan_is_kept_and_shown(site: Site, admin: httpx.AsyncClient) -> None:
    site.deps.cameras.change(site=SiteFacts("Europe/Berlin"))
    rule = {"mode": "off", "weekdays": ["sat"], "start": "22:00", "end": "06:00"}
    section = {"mode": "events", "lines": ["a"], "pre_roll_s": 8, "schedule": [rule]}
    response = await admin.put("/api/v1/cameras/south", json={**DOCUMENT, "recording": section})
    assert response.status_code == 201
    shown = response.json()["document"]["recording"]
    assert shown["schedule"] == [{**rule, "holidays": "any"}]
    assert {key: shown[key] for key in ("mode", "lines", "pre_roll_s", "post_roll_s")} == {
        "mode": "events",
        "lines": ["a"],
        "pre_roll_s": 8.0,
        "post_roll_s": 10.0,
    }
    stored = site.deps.cameras.get("south")
    assert stored is not None
    assert stored.recording.rules[0].over_midnight


@pytest.mark.parametrize(
    ("change", "words"),
    [
        pytest.param({"url": "exec:rm -rf /"}, "url: A camera address needs a scheme", id="exec"),
        pytest.param({"url": "gopher://x"}, "url: This kind", id="scheme"),
        pytest.param({"url": ["rtsp://x"]}, "body.url", id="list"),
        pytest.param({"url": {"cmd": "x"}}, "body.url", id="object"),
        pytest.param({"url": "rtsp://eve:***@10.0.0.9/"}, "none is stored", id="nothing stored"),
        pytest.param({"sub_url": "rtsp://"}, "sub_url: The rtsp address", id="no host"),
        pytest.param({"detect_fps": 0}, "body.detect_fps", id="no looks"),
        pytest.param({"detect_fps": 61}, "body.detect_fps", id="too many looks"),
        pytest.param({"detect_fps": "5"}, "body.detect_fps", id="text for a number"),
        pytest.param({"rtsp_transport": "pigeon"}, "body.rtsp_transport", id="transport"),
        pytest.param({"name": "x" * 201}, "body.name", id="long name"),
        pytest.param({"name": "a\u202eb"}, "body.name", id="invisible character"),
        pytest.param({"ffmpeg_args": "-i x"}, "body.ffmpeg_args", id="unknown key"),
        pytest.param({"id": "north"}, "id: the body says another", id="another id"),
        pytest.param(
            {"lines": [{"id": "a", "points": [[0, 0], [0, 0]]}]}, "zero length", id="line"
        ),
        pytest.param({"lines": [{"id": "a", "points": [[0, 0], [2, 0]]}]}, "outside 0–1", id="far"),
        pytest.param(
            {"zones": [{"id": "b", "points": [[0, 0], [1, 1], [1, 0], [0, 1]]}]},
            "crosses itself",
            id="zone",
        ),
        pytest.param({"lines": DOCUMENT["lines"] * 2}, "used twice", id="same id"),
        pytest.param({"url": None}, "body.url", id="no address"),
        pytest.param({"recording": {"mode": "always"}}, "body.recording.mode", id="no such mode"),
        pytest.param(
            {"recording": {"mode": "events", "lines": ["x"]}}, "has no line 'x'", id="no such line"
        ),
        pytest.param(
            {"recording": {"schedule": [{"mode": "off", "start": "08:00", "end": "09:00"}]}},
            "recording.schedule[0]: needs to know where the site is",
            id="no time zone",
        ),
        pytest.param(
            {"recording": {"schedule": [{"mode": "off", "start": "08:00"}]}},
            "recording.schedule[0]: has only one of",
            id="no end",
        ),
        pytest.param(
            {"recording": {"mode": "motion"}, "detect": False},
            "needs 'detect: true'",
            id="no looks",
        ),
    ],
)
async def test_refused(
    site: Site, admin: httpx.AsyncClient, change: dict[str, object], words: str
) -> None:
    response = await admin.put("/api/v1/cameras/south", json={**DOCUMENT, **change})
    assert response.status_code == 422
    assert words in response.json()["detail"]
    assert "hunter2" not in response.text
    assert site.deps.cameras.all() == []


@pytest.mark.parametrize("name", ["Gate", "-gate", "a" * 65, "status", "gäte", "a%2Fb"])
async def test_ids_that_are_refused(site: Site, admin: httpx.AsyncClient, name: str) -> None:
    response = await admin.put(f"/api/v1/cameras/{name}", json=DOCUMENT)
    assert response.status_code in (404, 422)
    assert site.deps.cameras.all() == []


async def test_a_stored_password_is_not_sent_to_another_host(
    site: Site, admin: httpx.AsyncClient
) -> None:
    site.deps.cameras.put(camera())
    response = await admin.put(
        "/api/v1/cameras/gate", json={"url": "rtsp://bob:***@evil.example/gate/main"}
    )
    assert response.status_code == 422
    assert site.deps.cameras.get("gate") == camera()


async def test_delete(site: Site, admin: httpx.AsyncClient) -> None:
    site.deps.cameras.put(camera())
    assert (await admin.delete("/api/v1/cameras/gate")).status_code == 204
    assert site.deps.cameras.all() == []
    assert site.deps.audit.find(limit=1)[0].action == "camera_removed"
    assert (await admin.delete("/api/v1/cameras/gate")).status_code == 404


async def test_counts(site: Site, viewer: httpx.AsyncClient) -> None:
    site.deps.cameras.put(camera())
    empty = (await viewer.get("/api/v1/cameras/gate/counts")).json()
    assert empty == {"lines": {}, "zones": {}}
    counts = {
        "lines": {"gate": {"in": {"total": 2, "car": 2}, "out": {"total": 0}}},
        "zones": {"plaza": {"occupancy": 1, "entered": {"total": 1}, "left": {"total": 0}}},
    }
    site.deps.state.on_counts("gate", counts)
    assert (await viewer.get("/api/v1/cameras/gate/counts")).json() == counts


async def test_a_canary_password_is_in_no_answer(site: Site) -> None:
    canary = "c4n4ry"
    url = CameraUrl.parse(f"rtsp://bob:{canary}@cams.example/main")
    site.deps.cameras.put(replace(camera(), main=url, sub=url))
    seen: list[str] = []
    async with client_of(site.app()) as client:
        await sign_in(client, "admin")
        paths = ("", "/status", "/gate", "/gate/status", "/gate/counts", "/gate/recordings")
        seen += [(await client.get(f"/api/v1/cameras{path}")).text for path in paths]
        document = {"url": f"rtsp://bob:{canary}@cams.example:99999/"}
        seen.append((await client.put("/api/v1/cameras/gate", json=document)).text)
        seen.append((await client.get("/metrics")).text)
        seen.append((await client.get("/health/ready")).text)
    assert canary not in json.dumps(seen)
