"""The dashboard's files."""

from pathlib import Path

import httpx
import pytest

from tests.api.support import Site, client_of

PAGE = "<!doctype html><title>dashboard</title>"


@pytest.fixture
def static(tmp_path: Path) -> Path:
    (tmp_path / "secret.txt").write_text("canary")
    folder = tmp_path / "static"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text(PAGE)
    (folder / "favicon.svg").write_text("<svg/>")
    (folder / "assets/app-3f2a.js").write_text("let a;")
    (folder / "link.txt").symlink_to(tmp_path / "secret.txt")
    return folder


async def get(site: Site, static: Path | None, path: str) -> httpx.Response:
    async with client_of(site.app(static_dir=static)) as client:
        return await client.get(path)


@pytest.mark.parametrize(
    ("path", "body", "kept"),
    [
        pytest.param("/", PAGE, "no-cache", id="top"),
        pytest.param("/index.html", PAGE, "no-cache", id="the page itself"),
        pytest.param("/cameras/gate", PAGE, "no-cache", id="a page of its router"),
        pytest.param("/healthy", PAGE, "no-cache", id="begins like an address of the API"),
        pytest.param("/favicon.svg", "<svg/>", "no-cache", id="a file"),
        pytest.param(
            "/assets/app-3f2a.js",
            "let a;",
            "public, max-age=31536000, immutable",
            id="a hashed asset",
        ),
    ],
)
async def test_served(site: Site, static: Path, path: str, body: str, kept: str) -> None:
    response = await get(site, static, path)
    assert response.status_code == 200
    assert response.text == body
    assert response.headers["cache-control"] == kept
    assert response.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "path",
    [
        "/assets/app-old.js",
        "/assets/page",
        "/missing.png",
        "/../secret.txt",
        "/%2e%2e/secret.txt",
        "/..%2fsecret.txt",
        "/..%2f..%2f..%2fetc%2fpasswd",
        "/%2fetc%2fpasswd",
        "/link.txt",
        "/a%00b",
        "/..%2fstatic2",
    ],
)
async def test_not_served(site: Site, static: Path, path: str) -> None:
    response = await get(site, static, path)
    assert response.status_code == 404
    assert response.headers["content-type"] == "application/problem+json"
    assert "canary" not in response.text


@pytest.mark.parametrize("folder", ["none", "missing", "empty"])
async def test_not_built(site: Site, tmp_path: Path, folder: str) -> None:
    (tmp_path / "empty").mkdir()
    response = await get(site, None if folder == "none" else tmp_path / folder, "/")
    assert response.status_code == 503
    assert "npm run build" in response.text
    assert response.headers["content-type"].startswith("text/html")


async def test_head(site: Site, static: Path) -> None:
    async with client_of(site.app(static_dir=static)) as client:
        response = await client.head("/")
    assert response.status_code == 200
    assert response.content == b""
