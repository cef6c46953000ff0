"""Recordings over HTTP."""

from dataclasses import replace

import httpx
import pytest

from its_camera_ai.core.media import StreamRole
from its_camera_ai.core.segments import Segment, SegmentState
from its_camera_ai.core.time import NS_PER_S
from tests.api.support import BASE_WALL_NS, Site, camera

CONTENT = bytes(range(256)) * 4
SEGMENT = Segment(
    id="01900000-0000-7000-8000-000000000001",
    camera_id="gate",
    role=StreamRole.MAIN,
    path="gate/main/1.mp4",
    start_wall_ns=BASE_WALL_NS,
    start_pts_ns=0,
    duration_ns=60 * NS_PER_S,
    size_bytes=len(CONTENT),
    frames=1500,
    codec="h264",
    width=1920,
    height=1080,
    has_audio=False,
    generation=1,
)
URL = f"/api/v1/recordings/{SEGMENT.id}/media"


@pytest.fixture
def recorded(site: Site) -> Site:
    """A camera with one recording."""
    site.deps.cameras.put(camera())
    site.deps.segments.put(SEGMENT)
    folder = site.deps.media_root / "gate/main"
    folder.mkdir(parents=True)
    (folder / "1.mp4").write_bytes(CONTENT)
    return site


async def test_list(recorded: Site, viewer: httpx.AsyncClient) -> None:
    response = await viewer.get("/api/v1/cameras/gate/recordings")
    assert response.json() == {
        "items": [
            {
                "id": SEGMENT.id,
                "start": "2026-05-28T20:26:40.000Z",
                "end": "2026-05-28T20:27:40.000Z",
                "duration_s": 60.0,
                "size_bytes": 1024,
                "codec": "h264",
                "width": 1920,
                "height": 1080,
                "frames": 1500,
                "tier": "hot",
                "state": "good",
                "activity": None,
                "url": URL,
            }
        ]
    }


@pytest.mark.parametrize(
    ("query", "found"),
    [
        pytest.param("since=2026-05-28T20:27:00Z", 1, id="begins inside"),
        pytest.param("since=2026-05-28T20:27:40Z", 0, id="begins at its end"),
        pytest.param("until=2026-05-28T20:26:40Z", 0, id="ends at its start"),
        pytest.param("until=2026-05-28T20:26:41Z", 1, id="ends inside"),
        pytest.param("since=2026-05-28T22:27:00%2B02:00", 1, id="another zone"),
        pytest.param("role=sub", 0, id="the other stream"),
    ],
)
async def test_span(recorded: Site, viewer: httpx.AsyncClient, query: str, found: int) -> None:
    response = await viewer.get(f"/api/v1/cameras/gate/recordings?{query}")
    assert len(response.json()["items"]) == found


@pytest.mark.parametrize(
    "query",
    [
        pytest.param("since=yesterday", id="words"),
        pytest.param("since=2026-05-28", id="a day only"),
        pytest.param("since=2026-05-28T20:27:00", id="no zone"),
        pytest.param("since=2026-13-28T20:27:00Z", id="month 13"),
        pytest.param("since=2026-05-28T20:27:00 02:00", id="a plus that became a space"),
        pytest.param("since=0001-01-01T00:00:00Z", id="before the epoch"),
        pytest.param("since=2026-05-28T20:27:00Z&until=2026-05-28T20:26:00Z", id="backwards"),
        pytest.param("limit=5001", id="limit"),
        pytest.param("role=other", id="role"),
    ],
)
async def test_refused(recorded: Site, viewer: httpx.AsyncClient, query: str) -> None:
    response = await viewer.get(f"/api/v1/cameras/gate/recordings?{query}")
    assert response.status_code == 422


async def test_recordings_outlive_their_camera(recorded: Site, viewer: httpx.AsyncClient) -> None:
    recorded.deps.cameras.delete("gate")
    assert (await viewer.get("/api/v1/cameras/gate/recordings")).json()["items"]
    assert (await viewer.get("/api/v1/cameras/other/recordings")).status_code == 404


@pytest.mark.parametrize(
    ("headers", "status", "first", "last"),
    [
        pytest.param({}, 200, 0, 1023, id="whole"),
        pytest.param({"Range": "bytes=10-19"}, 206, 10, 19, id="inside"),
        pytest.param({"Range": "bytes=1000-"}, 206, 1000, 1023, id="to the end"),
        pytest.param({"Range": "bytes=-24"}, 206, 1000, 1023, id="suffix"),
        pytest.param({"Range": "bytes=0-1,3-4"}, 200, 0, 1023, id="several: whole"),
        pytest.param(
            {"Range": "bytes=0-1", "If-Range": f'"{SEGMENT.id}-1024"'}, 206, 0, 1, id="same version"
        ),
        pytest.param(
            {"Range": "bytes=0-1", "If-Range": '"other"'}, 200, 0, 1023, id="another version"
        ),
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_media(
    recorded: Site,
    viewer: httpx.AsyncClient,
    method: str,
    headers: dict[str, str],
    status: int,
    first: int,
    last: int,
) -> None:
    response = await viewer.request(method, URL, headers=headers)
    assert response.status_code == status
    assert response.content == (b"" if method == "HEAD" else CONTENT[first : last + 1])
    assert response.headers["content-type"] == "video/mp4"
    assert response.headers["accept-ranges"] == "bytes"
    assert response.headers["content-length"] == str(last - first + 1)
    assert response.headers["etag"] == f'"{SEGMENT.id}-1024"'
    assert response.headers["cache-control"] == "no-store"
    if status == 206:
        assert response.headers["content-range"] == f"bytes {first}-{last}/1024"
    else:
        assert "content-range" not in response.headers


async def test_range_outside(recorded: Site, viewer: httpx.AsyncClient) -> None:
    response = await viewer.get(URL, headers={"Range": "bytes=1024-"})
    assert response.status_code == 416
    assert response.headers["content-range"] == "bytes */1024"
    assert response.headers["content-type"] == "application/problem+json"


async def test_a_missing_file_is_gone(recorded: Site, viewer: httpx.AsyncClient) -> None:
    (recorded.deps.media_root / SEGMENT.path).unlink()
    response = await viewer.get(URL)
    assert response.status_code == 410
    assert "no longer on the disk" in response.json()["detail"]
    assert str(recorded.deps.media_root) not in response.text


@pytest.mark.parametrize(
    ("state", "status", "text"),
    [
        pytest.param(SegmentState.DAMAGED, 409, "no longer matches its hash", id="damaged"),
        pytest.param(SegmentState.MISSING, 410, "no longer on the disk", id="missing"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_what_is_not_as_it_was_is_never_served(
    recorded: Site,
    viewer: httpx.AsyncClient,
    method: str,
    state: SegmentState,
    status: int,
    text: str,
) -> None:
    recorded.deps.segments.mark([SEGMENT.id], state)
    response = await viewer.request(method, URL)
    assert response.status_code == status
    if method == "GET":
        assert text in response.json()["detail"]
    listed = (await viewer.get("/api/v1/cameras/gate/recordings")).json()["items"][0]
    assert listed["state"] == state


async def test_a_forged_row_leads_nowhere(recorded: Site, viewer: httpx.AsyncClient) -> None:
    forged = replace(SEGMENT, id="01900000-0000-7000-8000-000000000002", path="../site.db")
    recorded.deps.segments.put(forged)
    response = await viewer.get(f"/api/v1/recordings/{forged.id}/media")
    assert response.status_code == 410


@pytest.mark.parametrize("wanted", ["x", "..%2f..%2fsite.db", "%00", "1" * 5000])
async def test_an_id_is_no_path(recorded: Site, viewer: httpx.AsyncClient, wanted: str) -> None:
    response = await viewer.get(f"/api/v1/recordings/{wanted}/media")
    assert response.status_code == 404
