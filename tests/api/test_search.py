"""Searches over HTTP."""

import httpx
import numpy as np
import pytest

from its_camera_ai.core.activity import SecondOfActivity, SegmentActivity
from its_camera_ai.core.media import StreamRole
from its_camera_ai.core.segments import Segment
from its_camera_ai.core.time import NS_PER_S, iso_utc
from tests.api.support import BASE_WALL_NS, Site, camera

LEFT, RIGHT = "0,0 0.5,0 0.5,1 0,1", "0.5,0 1,0 1,1 0.5,1"
MOVED_LEFT = np.packbits(np.arange(576) % 32 < 3).tobytes()
BASE_S = BASE_WALL_NS // NS_PER_S


def at(seconds: int) -> str:
    return iso_utc((BASE_S + seconds) * NS_PER_S)


@pytest.fixture
def seen(site: Site) -> Site:
    """Ten seconds: movement on the left in the third, the last not seen."""
    told = [
        SecondOfActivity(
            (BASE_S + i) * NS_PER_S, 10, MOVED_LEFT if i == 3 else bytes(72), {"car": 1}
        )
        for i in range(9)
    ]
    site.deps.cameras.put(camera())
    site.deps.segments.put(
        Segment(
            "a", "gate", StreamRole.MAIN, "a.mp4", BASE_S * NS_PER_S, 0, 10 * NS_PER_S, 1, 1,
            "h264", 1, 1, False, 1,
            activity=SegmentActivity.of(BASE_S * NS_PER_S, [*told, None]),
        )
    )  # fmt: skip
    return site


async def test_by_query_and_by_body(seen: Site, viewer: httpx.AsyncClient) -> None:
    until = at(60)
    wanted = {
        "items": [{"since": at(3), "until": at(4), "moving_s": 1}],
        "unknown": [{"since": at(9), "until": at(10)}],
        "unknown_s": 1.0,
        "next": None,
        "segments": 1,
    }
    response = await viewer.get(
        "/api/v1/search/motion", params={"camera": "gate", "area": LEFT, "until": until}
    )
    assert response.json() == wanted
    corners = [[0, 0], [0.5, 0], [0.5, 1], [0, 1]]
    response = await viewer.post(
        "/api/v1/search/motion",
        json={"camera": "gate", "area": corners, "until": until, "classes": ["car"]},
    )
    assert response.json() == wanted


async def test_elsewhere_nothing_moved(seen: Site, viewer: httpx.AsyncClient) -> None:
    params = {"camera": "gate", "area": RIGHT, "until": at(60)}
    response = await viewer.get("/api/v1/search/motion", params=params)
    assert response.json()["items"] == []


async def test_when_it_last_changed(seen: Site, viewer: httpx.AsyncClient) -> None:
    params = {"camera": "gate", "order": "newest", "limit": "1", "until": at(60)}
    response = await viewer.get("/api/v1/search/motion", params=params)
    assert [item["since"] for item in response.json()["items"]] == [at(3)]
    assert response.json()["next"] == at(3)


async def test_the_list_of_recordings_tells_it_in_brief(
    seen: Site, viewer: httpx.AsyncClient
) -> None:
    response = await viewer.get("/api/v1/cameras/gate/recordings")
    assert response.json()["items"][0]["activity"] == {
        "known_s": 9,
        "moving_s": 1,
        "objects": {"car": 1},
    }


@pytest.mark.parametrize(
    ("params", "status", "says"),
    [
        pytest.param({"camera": "none"}, 404, "no camera 'none'", id="no such camera"),
        pytest.param({"camera": "gate", "area": "0,0"}, 422, "area: write", id="no polygon"),
        pytest.param({"camera": "gate", "class": "ghost"}, 422, "there is only", id="no class"),
        pytest.param({"camera": "gate", "since": "today"}, 422, "RFC 3339", id="no time"),
        pytest.param(
            {"camera": "gate", "since": at(5), "until": at(1)},
            422,
            "lies before",
            id="turned round",
        ),
        pytest.param({"camera": "gate", "limit": "0"}, 422, "limit", id="no limit"),
        pytest.param({"camera": "gate", "order": "odd"}, 422, "order", id="no order"),
        pytest.param({"camera": "gate", "min_s": "nan"}, 422, "min_s", id="no number"),
    ],
)
async def test_what_is_refused(
    seen: Site, viewer: httpx.AsyncClient, params: dict[str, str], status: int, says: str
) -> None:
    response = await viewer.get("/api/v1/search/motion", params=params)
    assert response.status_code == status
    assert says in response.text
