"""Calibrations tried out over HTTP."""

import httpx
import numpy as np
import pytest

from its_camera_ai.sim.camera import PinholeCamera, Viewpoint

URL = "/api/v1/analytics/calibration"
CAMERA = PinholeCamera(Viewpoint(0.0, 0.0, 8.0, 0.0, 20.0, 60.0), (640, 360))
PLACES = [(x, y) for y in (14.0, 20.0, 35.0) for x in (-5.0, 0.0, 5.0)]


def pairs() -> list[dict[str, object]]:
    seen = CAMERA.project(np.array([(x, y, 0.0) for x, y in PLACES]))
    return [
        {"image": [u / 640, v / 360], "world": list(place)}
        for place, (u, v, _) in zip(PLACES, seen.tolist(), strict=True)
    ]


def trial(**calibration: object) -> dict[str, object]:
    return {
        "width": 640,
        "height": 360,
        "calibration": {"pairs": pairs(), **calibration},
        "lines": [{"id": "gate", "points": [[0.3, 0.6], [0.7, 0.6]]}],
        "lanes": [
            {
                "id": "left",
                "points": [[0.35, 0.9], [0.45, 0.4], [0.5, 0.4], [0.5, 0.9]],
                "heading": [[0.45, 0.9], [0.48, 0.4]],
            }
        ],
    }


@pytest.fixture
async def operator(site, anonymous: httpx.AsyncClient) -> httpx.AsyncClient:  # type: ignore[no-untyped-def]
    from tests.api.support import sign_in

    await sign_in(anonymous, "operator")
    return anonymous


async def test_errors_are_told_at_once(operator: httpx.AsyncClient) -> None:
    body = (await operator.post(URL, json=trial())).json()
    assert [pair["bad"] for pair in body["pairs"]] == [""] * 9
    assert body["hold_out"]["max_m"] < 1e-6
    (lane,) = body["lanes"]
    assert lane["lane"] == "left"
    (line,) = body["lines"]
    assert line["is_valid"]
    middle = CAMERA.ground(np.array([[320.0, 216.0], [320.0, 217.0]]))
    assert line["metres_per_px"] == pytest.approx(np.hypot(*(middle[0] - middle[1])), rel=0.02)
    # two places, each off by 1 px, half a second apart
    assert line["speed_sd_kmh"] == pytest.approx(line["metres_per_px"] * 2**0.5 / 0.5 * 3.6)
    assert body["grid_m"] == 2.0
    assert all(0 <= u <= 1 and 0 <= v <= 1 for grid in body["grid"] for u, v in grid)


async def test_the_grid_lies_on_whole_metres(operator: httpx.AsyncClient) -> None:
    body = (await operator.post(URL, json=trial())).json()
    for line in body["grid"]:
        on_road = CAMERA.ground(np.array(line) * (640, 360))
        even = on_road / body["grid_m"]
        off = np.abs(even - np.rint(even)).max(axis=0).min()
        assert off * body["grid_m"] < 0.15  # the picture points are rounded


async def test_a_bad_pair_is_named(operator: httpx.AsyncClient) -> None:
    wrong = pairs()
    wrong[4] = {**wrong[4], "world": [3.0, 20.0], "name": "kerb"}
    body = (await operator.post(URL, json=trial(pairs=wrong))).json()
    assert [pair["name"] for pair in body["pairs"] if pair["bad"]] == ["kerb"]


async def test_what_can_not_be_is_refused(operator: httpx.AsyncClient) -> None:
    on_a_line = [{"image": [0.1 * i, 0.5], "world": [i, 0.0]} for i in range(1, 6)]
    response = await operator.post(URL, json=trial(pairs=on_a_line))
    assert response.status_code == 422
    assert "line" in response.json()["detail"]


async def test_viewers_may_not(viewer: httpx.AsyncClient) -> None:
    assert (await viewer.post(URL, json=trial())).status_code == 403
