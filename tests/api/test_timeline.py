"""The time line over HTTP: stretches, gaps, activity and bookmarks of a span in one answer."""

import httpx
import numpy as np
import pytest

from its_camera_ai.core.activity import SegmentActivity
from its_camera_ai.core.bookmarks import Bookmark
from its_camera_ai.core.holds import Hold, HoldKind
from its_camera_ai.core.media import StreamRole
from its_camera_ai.core.segments import Segment, SegmentState
from its_camera_ai.core.time import NS_PER_S, iso_utc
from tests.api.support import BASE_WALL_NS, Site, camera

FILE_NS = 20 * NS_PER_S


def at(after_s: float) -> str:
    return iso_utc(BASE_WALL_NS + round(after_s * NS_PER_S))


def exact(after_s: float) -> str:
    return at(after_s).replace("Z", "000Z")


def segment(number: int, *, state: SegmentState = SegmentState.GOOD, moving_s: int = 0) -> Segment:
    start_ns = BASE_WALL_NS + number * FILE_NS
    activity = SegmentActivity(
        first_second_ns=start_ns,
        seconds=20,
        known_s=20,
        moving_s=moving_s,
        objects={"car": moving_s} if moving_s else {},
        packed=np.zeros(9, np.uint8).tobytes(),
    )
    return Segment(
        id=f"01900000-0000-7000-8000-{number:012d}",
        camera_id="gate",
        role=StreamRole.MAIN,
        path=f"gate/main/{number}.mp4",
        start_wall_ns=start_ns,
        start_pts_ns=start_ns,
        duration_ns=FILE_NS,
        size_bytes=1000,
        frames=500,
        codec="h264",
        width=1920,
        height=1080,
        has_audio=False,
        generation=1,
        state=state,
        activity=activity,
    )


@pytest.fixture
def recorded(site: Site) -> Site:
    """Two minutes, of which the fourth file is damaged and the sixth was not recorded."""
    site.deps.cameras.put(camera())
    files = [segment(0), segment(1, moving_s=5), segment(2), segment(4, moving_s=2)]
    site.deps.segments.put_many([*files, segment(3, state=SegmentState.DAMAGED)])
    site.clock.turn(3600)
    return site


async def ask(client: httpx.AsyncClient, **more: str) -> dict[str, object]:
    params = {"since": at(0), "until": at(120), "buckets": "6"} | more
    response = await client.get("/api/v1/cameras/gate/timeline", params=params)
    assert response.status_code == 200, response.text
    found: dict[str, object] = response.json()
    return found


async def test_a_span(recorded: Site, viewer: httpx.AsyncClient) -> None:
    found = await ask(viewer)
    assert found["stretches"] == [
        {"since": exact(0), "until": exact(60), "files": 3, "size_bytes": 3000},
        {"since": exact(80), "until": exact(100), "files": 1, "size_bytes": 1000},
    ]
    assert found["gaps"] == [
        {"since": exact(60), "until": exact(80), "reason": "damaged"},
        {"since": exact(100), "until": exact(120), "reason": "not_recorded"},
    ]
    assert found["activity"] == {
        "bucket_s": 20.0,
        "moving": [0.0, 0.25, 0.0, 0.0, 0.1, None],
        "objects": {"car": [0, 5, 0, 0, 2, 0]},
    }
    assert (found["files"], found["size_bytes"], found["bookmarks"]) == (5, 5000, [])


async def test_what_is_to_come_is_no_gap(recorded: Site, viewer: httpx.AsyncClient) -> None:
    recorded.clock.turn(110 - 3600)
    found = await ask(viewer)
    assert found["gaps"][-1]["until"] == exact(110)  # type: ignore[index]  # a list of objects


async def test_bookmarks_of_the_span(recorded: Site, viewer: httpx.AsyncClient) -> None:
    for number, after_s in enumerate((10, 119, 120)):
        moment = BASE_WALL_NS + after_s * NS_PER_S
        recorded.deps.bookmarks.add(
            Bookmark(f"id{number}", "gate", moment, moment, "A van", "", "op", 1, 1)
        )
    found = await ask(viewer)
    assert found["bookmarks"] == [
        {"id": f"id{n}", "since": exact(s), "until": exact(s), "title": "A van"}
        for n, s in enumerate((10, 119))
    ]


async def test_holds_of_the_span(recorded: Site, viewer: httpx.AsyncClient) -> None:
    for number, (camera_id, until_s) in enumerate((("gate", 50), (None, 10**6), ("yard", 50))):
        recorded.deps.holds.add(
            Hold(
                f"h{number}",
                HoldKind.LOCK,
                camera_id,
                BASE_WALL_NS - NS_PER_S,
                BASE_WALL_NS + until_s * NS_PER_S,
                "why",
                "op",
                1,
            )
        )
    assert (await ask(viewer))["holds"] == [
        {"id": "h0", "kind": "lock", "camera": "gate", "since": exact(0), "until": exact(50)},
        {"id": "h1", "kind": "lock", "camera": None, "since": exact(0), "until": exact(120)},
    ]


async def test_a_camera_without_recordings(recorded: Site, viewer: httpx.AsyncClient) -> None:
    recorded.deps.cameras.put(camera("yard"))
    params = {"since": at(0), "until": at(120)}
    empty = await viewer.get("/api/v1/cameras/yard/timeline", params=params)
    assert empty.json()["stretches"] == []
    nobody = await viewer.get("/api/v1/cameras/nobody/timeline", params=params)
    assert nobody.status_code == 404


@pytest.mark.parametrize(
    "query",
    [
        pytest.param(f"since={at(9)}&until={at(0)}", id="backwards"),
        pytest.param(f"since={at(0)}&until={at(8 * 86400)}", id="more than a week"),
        pytest.param(f"since={at(0)}&until={at(9)}&buckets=0", id="no parts"),
        pytest.param(f"since={at(0)}&until={at(9)}&buckets=1001", id="too many parts"),
    ],
)
async def test_refused(recorded: Site, viewer: httpx.AsyncClient, query: str) -> None:
    response = await viewer.get(f"/api/v1/cameras/gate/timeline?{query}")
    assert response.status_code == 422
