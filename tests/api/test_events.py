"""Events over HTTP."""

import httpx
import pytest

from its_camera_ai.core.events import Event, EventKind
from its_camera_ai.core.time import NS_PER_S
from tests.api.support import BASE_WALL_NS, Site

START = "2026-05-28T20:26:40Z"


def event(number: int, kind: EventKind = EventKind.LINE_CROSSED, camera_id: str = "gate") -> Event:
    return Event(
        id=f"01900000-0000-7000-8000-{number:012}",
        kind=kind,
        camera_id=camera_id,
        pts_ns=2**60 + number,
        wall_ns=BASE_WALL_NS + number * NS_PER_S,
        track_id=number,
        detail={"line": "gate", "direction": "in", "class": "car"},
    )


@pytest.fixture
def eventful(site: Site) -> Site:
    """Ten crossings a second apart at the gate, then a camera lost at the yard."""
    site.deps.events.append([event(number) for number in range(10)])
    site.deps.events.append([event(10, EventKind.CAMERA_LOST, "yard")])
    return site


async def test_shape(eventful: Site, viewer: httpx.AsyncClient) -> None:
    body = (await viewer.get("/api/v1/events?camera=gate&limit=1")).json()
    assert body["items"] == [
        {
            "id": "01900000-0000-7000-8000-000000000009",
            "kind": "line_crossed",
            "camera_id": "gate",
            "time": "2026-05-28T20:26:49.000Z",
            "pts_ns": str(2**60 + 9),
            "track_id": 9,
            "detail": {"line": "gate", "direction": "in", "class": "car"},
        }
    ]
    assert body["next_cursor"]


@pytest.mark.parametrize(
    ("query", "tracks"),
    [
        pytest.param("", [10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0], id="all, newest first"),
        pytest.param("camera=yard", [10], id="camera"),
        pytest.param("kind=camera_lost", [10], id="kind"),
        pytest.param("kind=camera_lost&kind=line_crossed&limit=2", [10, 9], id="several kinds"),
        pytest.param(f"until={START}", [], id="until is not included"),
        pytest.param(f"since={START}&until=2026-05-28T20:26:42Z", [1, 0], id="since is included"),
        pytest.param("camera=nowhere", [], id="no such camera"),
    ],
)
async def test_filters(
    eventful: Site, viewer: httpx.AsyncClient, query: str, tracks: list[int]
) -> None:
    body = (await viewer.get(f"/api/v1/events?{query}")).json()
    assert [item["track_id"] for item in body["items"]] == tracks


async def test_paging_meets_each_event_once(eventful: Site, viewer: httpx.AsyncClient) -> None:
    seen: list[int] = []
    cursor = ""
    while True:
        body = (await viewer.get(f"/api/v1/events?limit=4{cursor}")).json()
        seen += [item["track_id"] for item in body["items"]]
        if body["next_cursor"] is None:
            break
        cursor = f"&cursor={body['next_cursor']}"
        eventful.deps.events.append([event(100 + len(seen))])
    assert seen == list(range(10, -1, -1))


@pytest.mark.parametrize(
    "query", ["cursor=rubbish", "cursor=", "since=now", f"since={START}&until=2020-01-01T00:00:00Z"]
)
async def test_refused(eventful: Site, viewer: httpx.AsyncClient, query: str) -> None:
    response = await viewer.get(f"/api/v1/events?{query}")
    assert response.status_code == 422
