"""Every route times every kind of account: who gets in, who does not, and in which words."""

from collections.abc import AsyncIterator

import httpx
import pytest
import websockets
from fastapi import APIRouter, FastAPI
from starlette.routing import Mount

from its_camera_ai.api.app import ROUTERS
from its_camera_ai.api.guards import allow
from its_camera_ai.api.policies import Policy, PolicyMissing, guarded_routes
from tests.api.support import Site, client_of, served, sign_in

MISSING_ID = "00000000-0000-7000-8000-000000000000"

POLICIES = {
    ("POST", "/api/v1/auth/login"): Policy.PUBLIC,
    ("POST", "/api/v1/auth/logout"): Policy.AUTHENTICATED,
    ("GET", "/api/v1/auth/me"): Policy.AUTHENTICATED,
    ("POST", "/api/v1/auth/password"): Policy.AUTHENTICATED,
    ("GET", "/api/v1/cameras"): Policy.VIEWER,
    ("GET", "/api/v1/cameras/status"): Policy.VIEWER,
    ("GET", "/api/v1/cameras/{camera_id}"): Policy.VIEWER,
    ("PUT", "/api/v1/cameras/{camera_id}"): Policy.ADMIN,
    ("DELETE", "/api/v1/cameras/{camera_id}"): Policy.ADMIN,
    ("GET", "/api/v1/cameras/{camera_id}/status"): Policy.VIEWER,
    ("GET", "/api/v1/cameras/{camera_id}/counts"): Policy.VIEWER,
    ("WEBSOCKET", "/api/v1/cameras/{camera_id}/live"): Policy.VIEWER,
    ("GET", "/api/v1/cameras/{camera_id}/snapshot.jpg"): Policy.VIEWER,
    ("GET", "/api/v1/cameras/{camera_id}/live.mjpeg"): Policy.VIEWER,
    ("GET", "/api/v1/events"): Policy.VIEWER,
    ("GET", "/api/v1/cameras/{camera_id}/recordings"): Policy.VIEWER,
    ("GET", "/api/v1/search/motion"): Policy.VIEWER,
    ("POST", "/api/v1/search/motion"): Policy.VIEWER,
    ("GET", "/api/v1/recordings/{recording_id}/media"): Policy.VIEWER,
    ("HEAD", "/api/v1/recordings/{recording_id}/media"): Policy.VIEWER,
    ("GET", "/api/v1/cameras/{camera_id}/playlist.m3u8"): Policy.VIEWER,
    ("GET", "/api/v1/recordings/{recording_id}/hls/{name}"): Policy.VIEWER,
    ("HEAD", "/api/v1/recordings/{recording_id}/hls/{name}"): Policy.VIEWER,
    ("GET", "/api/v1/cameras/{camera_id}/picture"): Policy.VIEWER,
    ("GET", "/api/v1/cameras/{camera_id}/thumbnail"): Policy.VIEWER,
    ("GET", "/api/v1/cameras/{camera_id}/strip"): Policy.VIEWER,
    ("GET", "/api/v1/cameras/{camera_id}/timeline"): Policy.VIEWER,
    ("GET", "/api/v1/bookmarks"): Policy.VIEWER,
    ("POST", "/api/v1/bookmarks"): Policy.OPERATOR,
    ("PATCH", "/api/v1/bookmarks/{bookmark_id}"): Policy.OPERATOR,
    ("DELETE", "/api/v1/bookmarks/{bookmark_id}"): Policy.OPERATOR,
    ("GET", "/api/v1/exports"): Policy.OPERATOR,
    ("POST", "/api/v1/exports"): Policy.OPERATOR,
    ("GET", "/api/v1/exports/{export_id}"): Policy.OPERATOR,
    ("POST", "/api/v1/exports/{export_id}/cancel"): Policy.OPERATOR,
    ("DELETE", "/api/v1/exports/{export_id}"): Policy.OPERATOR,
    ("GET", "/api/v1/exports/{export_id}/files/{name}"): Policy.OPERATOR,
    ("GET", "/api/v1/exports/{export_id}/zip"): Policy.OPERATOR,
    ("POST", "/api/v1/analytics/calibration"): Policy.OPERATOR,
    ("GET", "/api/v1/analytics/places"): Policy.VIEWER,
    ("GET", "/api/v1/analytics/intervals"): Policy.VIEWER,
    ("GET", "/api/v1/analytics/days"): Policy.VIEWER,
    ("GET", "/api/v1/analytics/levels"): Policy.VIEWER,
    ("GET", "/api/v1/analytics/movements"): Policy.VIEWER,
    ("GET", "/api/v1/analytics/trajectories"): Policy.OPERATOR,
    ("GET", "/api/v1/analytics/heatmap"): Policy.VIEWER,
    ("GET", "/api/v1/analytics/forecast"): Policy.VIEWER,
    ("GET", "/api/v1/analytics/anomalies"): Policy.VIEWER,
    ("GET", "/api/v1/analytics/signals"): Policy.VIEWER,
    ("POST", "/api/v1/analytics/signals"): Policy.OPERATOR,
    ("GET", "/api/v1/incidents"): Policy.VIEWER,
    ("GET", "/api/v1/incidents/counts"): Policy.VIEWER,
    ("GET", "/api/v1/incidents/{incident_id}"): Policy.VIEWER,
    ("POST", "/api/v1/incidents/{incident_id}/acknowledge"): Policy.OPERATOR,
    ("GET", "/api/v1/storage"): Policy.VIEWER,
    ("GET", "/api/v1/storage/forecast"): Policy.VIEWER,
    ("GET", "/api/v1/holds"): Policy.OPERATOR,
    ("GET", "/api/v1/holds/{hold_id}"): Policy.OPERATOR,
    ("POST", "/api/v1/holds"): Policy.OPERATOR,
    ("DELETE", "/api/v1/holds/{hold_id}"): Policy.OPERATOR,
    ("GET", "/api/v1/storage/policy"): Policy.OPERATOR,
    ("PUT", "/api/v1/storage/policy"): Policy.ADMIN,
    ("GET", "/api/v1/storage/retention"): Policy.OPERATOR,
    ("POST", "/api/v1/storage/retention"): Policy.ADMIN,
    ("GET", "/api/v1/analytics/export"): Policy.VIEWER,
    ("GET", "/api/v1/analytics/report"): Policy.VIEWER,
    ("GET", "/api/v1/model/status"): Policy.VIEWER,
    ("POST", "/api/v1/model/rollout"): Policy.ADMIN,
    ("POST", "/api/v1/model/promote"): Policy.ADMIN,
    ("POST", "/api/v1/model/rollback"): Policy.ADMIN,
    ("POST", "/api/v1/inference/test"): Policy.OPERATOR,
    ("GET", "/health"): Policy.PUBLIC,
    ("GET", "/health/ready"): Policy.PUBLIC,
    ("GET", "/metrics"): Policy.METRICS,
    ("GET", "/api/v1/system/roles"): Policy.VIEWER,
    ("GET", "/api/v1/openapi.json"): Policy.VIEWER,
    ("GET", "/{path:path}"): Policy.PUBLIC,
    ("HEAD", "/{path:path}"): Policy.PUBLIC,
}
"""The table of access. A route that is not in it fails the first test below."""

IN, OUT_401, OUT_403 = "in", 401, 403
ANONYMOUS, VIEWER, OPERATOR, ADMIN, NEWCOMER = "", "viewer", "operator", "admin", "newcomer"
CELLS = {
    Policy.PUBLIC: {ANONYMOUS: IN, VIEWER: IN, OPERATOR: IN, ADMIN: IN, NEWCOMER: IN},
    Policy.AUTHENTICATED: {ANONYMOUS: OUT_401, VIEWER: IN, OPERATOR: IN, ADMIN: IN, NEWCOMER: IN},
    Policy.VIEWER: {ANONYMOUS: OUT_401, VIEWER: IN, OPERATOR: IN, ADMIN: IN, NEWCOMER: OUT_403},
    Policy.OPERATOR: {
        ANONYMOUS: OUT_401,
        VIEWER: OUT_403,
        OPERATOR: IN,
        ADMIN: IN,
        NEWCOMER: OUT_403,
    },
    Policy.ADMIN: {
        ANONYMOUS: OUT_401,
        VIEWER: OUT_403,
        OPERATOR: OUT_403,
        ADMIN: IN,
        NEWCOMER: OUT_403,
    },
    Policy.METRICS: {ANONYMOUS: OUT_401, VIEWER: IN, OPERATOR: IN, ADMIN: IN, NEWCOMER: OUT_403},
}
BODIES = {
    ("POST", "/api/v1/auth/login"): {"username": "nobody", "password": "wrong"},
    ("POST", "/api/v1/auth/password"): {"current": "wrong", "new": "another long password"},
    ("PUT", "/api/v1/cameras/{camera_id}"): {"url": "rtsp://cams.example/1"},
    ("POST", "/api/v1/bookmarks"): {
        "camera": "missing",
        "since": "2026-05-28T20:26:40Z",
        "title": "A van",
    },
    ("PATCH", "/api/v1/bookmarks/{bookmark_id}"): {"note": "grey"},
    ("POST", "/api/v1/exports"): {
        "cameras": ["missing"],
        "since": "2026-05-28T20:26:40Z",
        "until": "2026-05-28T20:27:40Z",
    },
    ("POST", "/api/v1/holds"): {
        "camera": "missing",
        "since": "2026-05-28T20:26:40Z",
        "until": "2026-05-28T20:27:40Z",
        "reason": "a quarrel",
    },
    ("PUT", "/api/v1/storage/policy"): {},
    ("POST", "/api/v1/storage/retention"): {},
    ("POST", "/api/v1/model/rollout"): {"model": "nano"},
    ("POST", "/api/v1/analytics/calibration"): {
        "width": 640,
        "height": 360,
        "calibration": {
            "pairs": [{"image": [u, v], "world": [u, v]} for u in (0.1, 0.9) for v in (0.1, 0.9)]
        },
    },
    ("POST", "/api/v1/analytics/signals"): {
        "camera": "missing",
        "signals": [{"head": "k1", "state": "red"}],
    },
    ("POST", "/api/v1/incidents/{incident_id}/acknowledge"): {},
    ("POST", "/api/v1/model/promote"): {},
    ("POST", "/api/v1/model/rollback"): {},
}
LET_IN_BUT_WRONG_PASSWORD = {"/api/v1/auth/login", "/api/v1/auth/password"}
HTTP_CELLS = [
    pytest.param(method, path, who, CELLS[policy][who], id=f"{method} {path} as {who or 'nobody'}")
    for (method, path), policy in POLICIES.items()
    for who in CELLS[policy]
    if method != "WEBSOCKET"
]


def filled(path: str) -> str:
    return (
        path.replace("{camera_id}", "missing")
        .replace("{recording_id}", MISSING_ID)
        .replace("{bookmark_id}", MISSING_ID)
        .replace("{hold_id}", MISSING_ID)
        .replace("{export_id}", MISSING_ID)
        .replace("{incident_id}", MISSING_ID)
        .replace("{name}", "init.mp4")
        .replace("{path:path}", "some/page")
    )


def test_every_route_stands_in_the_table(site: Site) -> None:
    routes = guarded_routes(site.app().routes)
    declared = {(method, r.path): r.policy for r in routes for method in r.methods}
    assert declared == POLICIES


@pytest.fixture(scope="module")
def operator_router() -> APIRouter:
    """No route of today asks for an operator; the policy is tested on one of our own."""
    router = APIRouter()

    @router.get("/api/v1/for-operators", dependencies=[allow(Policy.OPERATOR)])
    def for_operators() -> None: ...

    return router


async def assert_cell(response: httpx.Response, path: str, expected: int | str) -> None:
    if expected == IN:
        wrong_password = response.status_code == 401 and path in LET_IN_BUT_WRONG_PASSWORD
        assert wrong_password or response.status_code not in (401, 403), response.text
    else:
        assert response.status_code == expected
    if response.status_code >= 400 and response.request.method != "HEAD" and "{path" not in path:
        assert response.headers["content-type"] == "application/problem+json"
        problem = response.json()
        assert {"type", "title", "status", "detail", "instance"} <= problem.keys()
        assert problem["status"] == response.status_code
        assert problem["instance"] == response.request.url.path
        assert problem["detail"]


@pytest.mark.parametrize(("method", "path", "who", "expected"), HTTP_CELLS)
async def test_http_cell(site: Site, method: str, path: str, who: str, expected: int | str) -> None:
    async with client_of(site.app()) as client:
        if who:
            await sign_in(client, who)
        response = await client.request(method, filled(path), json=BODIES.get((method, path)))
    await assert_cell(response, path, expected)


@pytest.mark.parametrize("who", CELLS[Policy.OPERATOR])
async def test_operator_cell(site: Site, operator_router: APIRouter, who: str) -> None:
    app = site.app(routers=(*ROUTERS[:-1], operator_router))
    async with client_of(app) as client:
        if who:
            await sign_in(client, who)
        response = await client.get("/api/v1/for-operators")
    await assert_cell(response, "/api/v1/for-operators", CELLS[Policy.OPERATOR][who])


@pytest.fixture
async def address(site: Site) -> AsyncIterator[str]:
    async with served(site.app()) as address:
        yield address


@pytest.mark.parametrize("who", CELLS[Policy.VIEWER])
async def test_socket_cell(site: Site, address: str, who: str) -> None:
    headers = {"Origin": f"http://{address}"}
    if who:
        async with client_of(site.app()) as client:
            await sign_in(client, who)
            headers["Cookie"] = f"itscam_session={client.cookies['itscam_session']}"
    with pytest.raises(websockets.InvalidStatus) as refused:
        await websockets.connect(
            f"ws://{address}/api/v1/cameras/missing/live", additional_headers=headers
        )
    response = refused.value.response
    expected = CELLS[Policy.VIEWER][who]
    assert response.status_code == (404 if expected == IN else expected)
    assert response.headers["content-type"] == "application/problem+json"


CHANGES = [key for key in POLICIES if key[0] in ("POST", "PUT", "DELETE")]


class TestCrossSite:
    """No change is taken from a page of another site."""

    @pytest.mark.parametrize(
        ("method", "path"), [key for key in CHANGES if POLICIES[key] is not Policy.PUBLIC]
    )
    async def test_without_the_csrf_token(self, site: Site, method: str, path: str) -> None:
        async with client_of(site.app()) as client:
            await sign_in(client, "admin")
            del client.headers["X-CSRF-Token"]
            response = await client.request(method, filled(path), json=BODIES.get((method, path)))
        assert response.status_code == 403
        assert response.json()["type"].endswith("origin-refused")

    @pytest.mark.parametrize(("method", "path"), CHANGES)
    @pytest.mark.parametrize(
        "headers",
        [
            pytest.param({"Origin": "https://evil.example"}, id="another host"),
            pytest.param({"Origin": "http://testserver:81"}, id="another port"),
            pytest.param({"Origin": "null"}, id="opaque"),
            pytest.param({"Origin": "http://testserver.evil.example"}, id="longer host"),
            pytest.param({"Sec-Fetch-Site": "cross-site"}, id="no origin but cross-site"),
        ],
    )
    async def test_from_another_origin(
        self, site: Site, method: str, path: str, headers: dict[str, str]
    ) -> None:
        async with client_of(site.app()) as client:
            await sign_in(client, "admin")
            response = await client.request(
                method, filled(path), json=BODIES.get((method, path)), headers=headers
            )
        assert response.status_code == 403
        assert response.json()["type"].endswith("origin-refused")

    @pytest.mark.parametrize(("method", "path"), BODIES)
    async def test_a_form_is_no_json(self, site: Site, method: str, path: str) -> None:
        async with client_of(site.app()) as client:
            await sign_in(client, "admin")
            response = await client.request(
                method,
                filled(path),
                content='{"username": "admin", "password": "x"}',
                headers={"Content-Type": "text/plain"},
            )
        assert response.status_code == 422


@pytest.mark.parametrize(
    ("origin", "settings", "status"),
    [
        pytest.param("http://testserver", {}, 401, id="own"),
        pytest.param("https://ops.example", {}, 403, id="not listed"),
        pytest.param(
            "https://ops.example",
            {"allowed_origins": frozenset({"https://ops.example"})},
            401,
            id="listed",
        ),
        pytest.param("http://testserver", {"cookie_secure": True}, 403, id="plain http under TLS"),
        pytest.param("https://testserver", {"cookie_secure": True}, 401, id="own under TLS"),
    ],
)
async def test_origins(site: Site, origin: str, settings: dict[str, object], status: int) -> None:
    async with client_of(site.app(**settings)) as client:
        response = await client.post(
            "/api/v1/auth/login",
            json={"username": "nobody", "password": "wrong"},
            headers={"Origin": origin},
        )
    assert response.status_code == status


def rogue_without() -> APIRouter:
    router = APIRouter()

    @router.get("/rogue")
    def rogue() -> None: ...

    return router


def rogue_socket() -> APIRouter:
    router = APIRouter()

    @router.websocket("/rogue")
    async def rogue() -> None: ...

    return router


def rogue_with_two() -> APIRouter:
    router = APIRouter()

    @router.get("/rogue", dependencies=[allow(Policy.ADMIN), allow(Policy.PUBLIC)])
    def rogue() -> None: ...

    return router


def rogue_mount() -> APIRouter:
    router = APIRouter()
    router.routes.append(Mount("/rogue", FastAPI()))
    return router


def rogue_included() -> APIRouter:
    router = APIRouter()
    router.include_router(rogue_without())
    return router


@pytest.mark.parametrize(
    "make", [rogue_without, rogue_socket, rogue_with_two, rogue_mount, rogue_included]
)
def test_a_route_without_exactly_one_policy_stops_the_start(site: Site, make: object) -> None:
    with pytest.raises(PolicyMissing):
        site.app(routers=(*ROUTERS, make()))  # type: ignore[operator]  # one of the makers above
