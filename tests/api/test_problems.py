"""One shape for every error."""

from collections.abc import Iterator

import httpx
import pytest
from fastapi import APIRouter
from structlog.testing import capture_logs

from its_camera_ai.api.app import ROUTERS
from its_camera_ai.api.guards import allow
from its_camera_ai.api.middleware import BODY_BYTES_MAX
from its_camera_ai.api.policies import Policy
from its_camera_ai.api.problems import PROBLEMS, ApiError, kind_of
from its_camera_ai.core.errors import (
    CameraUnreachable,
    DatabaseUnavailable,
    ItscamError,
    ModelInvalid,
    SceneInvalid,
    StorageUnavailable,
)
from tests.api.support import Site, client_of, sign_in

CANARY = "rtsp://bob:canary@inside/disk"


def all_errors(root: type[ItscamError] = ItscamError) -> Iterator[type[ItscamError]]:
    yield root
    for child in root.__subclasses__():
        yield from all_errors(child)


def failing(error: Exception) -> APIRouter:
    router = APIRouter()

    @router.get("/api/v1/fails", dependencies=[allow(Policy.PUBLIC)])
    def fails() -> None:
        raise error

    return router


async def answer_to(site: Site, error: Exception) -> httpx.Response:
    app = site.app(routers=(failing(error), *ROUTERS))
    async with client_of(app, raise_app_exceptions=False) as client:
        return await client.get("/api/v1/fails")


@pytest.mark.parametrize("error", sorted(set(all_errors()), key=lambda e: e.__name__))
def test_every_error_has_a_kind(error: type[ItscamError]) -> None:
    kind = kind_of(error)
    assert 400 <= kind.status < 600
    assert kind.slug
    assert kind.title
    if not issubclass(error, ApiError) and kind.status >= 500:
        assert kind.detail, "what happens inside is not told in the error's own words"


def test_slugs_are_unique() -> None:
    slugs = [kind.slug for kind in PROBLEMS.values()]
    assert len(slugs) == len(set(slugs))


@pytest.mark.parametrize(
    ("error", "status", "slug"),
    [
        pytest.param(DatabaseUnavailable(CANARY), 503, "database-unavailable", id="database"),
        pytest.param(StorageUnavailable(CANARY), 503, "storage-unavailable", id="storage"),
        pytest.param(CameraUnreachable(CANARY), 502, "camera-unreachable", id="camera"),
        pytest.param(ModelInvalid(CANARY), 500, "internal", id="no row of its own"),
        pytest.param(SceneInvalid("Line 'a' has zero length."), 422, "invalid", id="a parent's"),
    ],
)
async def test_our_own_errors(site: Site, error: ItscamError, status: int, slug: str) -> None:
    response = await answer_to(site, error)
    problem = response.json()
    assert response.status_code == problem["status"] == status
    assert problem["type"] == f"urn:itscam:problem:{slug}"
    assert response.headers["content-type"] == "application/problem+json"
    assert "canary" not in response.text
    assert ("retry-after" in response.headers) is (status == 503)
    if status == 422:
        assert problem["detail"] == "Line 'a' has zero length."


async def test_a_crash_tells_an_id_and_the_log_the_rest(site: Site) -> None:
    with capture_logs() as logs:
        response = await answer_to(site, ZeroDivisionError(CANARY))
    assert response.status_code == 500
    assert "canary" not in response.text
    assert "ZeroDivision" not in response.text
    problem = response.json()
    assert [entry["incident"] for entry in logs] == [problem["incident"]]
    assert logs[0]["event"] == "request_crashed"
    assert response.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        pytest.param("GET", "/api/v1/nothing", 404, id="unknown below the API"),
        pytest.param("GET", "/api", 404, id="the API's own top"),
        pytest.param("POST", "/api/v1/nothing", 404, id="unknown and a change"),
        pytest.param("GET", "/health/nothing", 404, id="below health"),
        pytest.param("DELETE", "/api/v1/events", 405, id="wrong method"),
        pytest.param("GET", "/api/v1/auth/login", 405, id="GET where POST"),
        pytest.param("POST", "/", 405, id="POST to the dashboard"),
    ],
)
async def test_the_frameworks_own_errors(
    anonymous: httpx.AsyncClient, method: str, path: str, status: int
) -> None:
    response = await anonymous.request(method, path)
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    problem = response.json()
    assert problem["instance"] == path
    assert problem["detail"]
    if status == 405:
        assert response.headers["allow"]


@pytest.mark.parametrize(
    ("query", "where"),
    [
        pytest.param("limit=0", "query.limit", id="below the bound"),
        pytest.param("limit=1001", "query.limit", id="above the bound"),
        pytest.param("limit=x", "query.limit", id="no number"),
        pytest.param("kind=exploded", "query.kind.0", id="unknown kind"),
        pytest.param("camera=" + "x" * 65, "query.camera", id="long"),
    ],
)
async def test_validation_errors_are_listed(
    viewer: httpx.AsyncClient, query: str, where: str
) -> None:
    response = await viewer.get(f"/api/v1/events?{query}")
    assert response.status_code == 422
    problem = response.json()
    assert problem["type"] == "urn:itscam:problem:invalid"
    assert [error["where"] for error in problem["errors"]] == [where]
    assert problem["errors"][0]["message"] in problem["detail"]


async def test_broken_json(anonymous: httpx.AsyncClient) -> None:
    response = await anonymous.post(
        "/api/v1/auth/login", content=b"{", headers={"Content-Type": "application/json"}
    )
    assert response.status_code == 422
    assert response.json()["errors"][0]["code"] == "json_invalid"


class TestBodyLimit:
    @pytest.mark.parametrize("chunked", [False, True], ids=["with a length", "chunked"])
    async def test_too_long(self, anonymous: httpx.AsyncClient, chunked: bool) -> None:
        sent = 0

        async def pieces() -> Iterator[bytes]:
            nonlocal sent
            for _ in range(64):
                sent += 1
                yield bytes(64 * 1024)

        response = await anonymous.post(
            "/api/v1/auth/login",
            content=pieces() if chunked else bytes(BODY_BYTES_MAX + 1),
            headers={"Content-Type": "application/json"},
        )
        assert response.status_code == 413
        assert response.headers["content-type"] == "application/problem+json"
        assert sent <= 17, "reading stops at the bound"

    @pytest.mark.parametrize("length", ["-1", "x", "9" * 30])
    async def test_a_lying_length(self, anonymous: httpx.AsyncClient, length: str) -> None:
        response = await anonymous.post(
            "/api/v1/auth/login", content=b"{}", headers={"Content-Length": length}
        )
        assert response.status_code == 413

    async def test_just_at_the_bound(self, anonymous: httpx.AsyncClient) -> None:
        body = b'{"username": "viewer", "password": "wrong"}'
        response = await anonymous.post(
            "/api/v1/auth/login",
            content=body + b" " * (BODY_BYTES_MAX - len(body)),
            headers={"Content-Type": "application/json"},
        )
        assert response.status_code == 401


class TestHeaders:
    @pytest.mark.parametrize("path", ["/", "/health", "/api/v1/events", "/api/v1/nothing"])
    async def test_on_every_answer(self, anonymous: httpx.AsyncClient, path: str) -> None:
        headers = (await anonymous.get(path)).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert headers["referrer-policy"] == "no-referrer"
        assert "strict-transport-security" not in headers
        directives = dict(
            part.strip().partition(" ")[::2]
            for part in headers["content-security-policy"].split(";")
        )
        assert directives["frame-ancestors"] == "'none'"
        assert directives["script-src"] == "'self'"
        assert directives["style-src"] == "'self'"
        assert directives["media-src"] == "'self' blob:"
        assert directives["connect-src"] == "'self' ws://testserver"
        assert "unsafe" not in headers["content-security-policy"]

    @pytest.mark.parametrize("path", ["/health", "/api/v1/auth/me", "/api/v1/nothing", "/metrics"])
    async def test_the_api_is_not_stored(self, viewer: httpx.AsyncClient, path: str) -> None:
        assert (await viewer.get(path)).headers["cache-control"] == "no-store"

    async def test_under_tls(self, site: Site) -> None:
        async with client_of(site.app(cookie_secure=True)) as client:
            headers = (await client.get("/health")).headers
        assert headers["strict-transport-security"].startswith("max-age=31536000")
        assert "connect-src 'self' wss://testserver;" in headers["content-security-policy"]

    @pytest.mark.parametrize("host", ["evil; script-src *", "a b", "ü"])
    async def test_a_forged_host_stays_out_of_the_policy(
        self, anonymous: httpx.AsyncClient, host: str
    ) -> None:
        response = await anonymous.get("/health", headers={"Host": host.encode()})
        assert "connect-src 'self';" in response.headers["content-security-policy"]


async def test_an_error_page_keeps_the_session(site: Site) -> None:
    app = site.app(routers=(failing(RuntimeError("x")), *ROUTERS))
    async with client_of(app, raise_app_exceptions=False) as client:
        await sign_in(client, "viewer")
        assert (await client.get("/api/v1/fails")).status_code == 500
        assert (await client.get("/api/v1/auth/me")).status_code == 200
