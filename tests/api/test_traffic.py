"""Interval tables, incidents and signals over HTTP."""

import httpx
import numpy as np
import pytest

from its_camera_ai.core.incidents import Incident, IncidentKind, IncidentStep, Severity
from its_camera_ai.core.intervals import IntervalRow, Place, PlaceKind, Tally
from its_camera_ai.core.road import Direction, Lane, LineSide, SignalHead
from its_camera_ai.core.road_users import Trajectory, VehicleFacts
from its_camera_ai.core.scene import Line, Scene
from its_camera_ai.core.signals import SignalState
from its_camera_ai.core.time import NS_PER_S, iso_utc
from tests.api.support import BASE_WALL_NS, Site, camera, client_of, sign_in

MINUTE_NS = 60 * NS_PER_S
HOUR_NS = 3600 * NS_PER_S
FIRST_NS = BASE_WALL_NS // HOUR_NS * HOUR_NS
GATE_IN = Place(PlaceKind.LINE, "gate", Direction.IN)
LANE = Place(PlaceKind.LANE, "left")
SQUARE = ((0.1, 0.1), (0.9, 0.1), (0.9, 0.9))
SCENE = Scene(
    lines=(Line("gate", ((0.1, 0.5), (0.9, 0.5)), name="Gate"),),
    lanes=(Lane("left", SQUARE, ((0.5, 0.9), (0.5, 0.1))),),
    signals=(SignalHead("k1", (LineSide("gate", Direction.IN),)),),
)


def row(place: Place, minute: int, cars: int, looked_s: float = 60.0) -> IntervalRow:
    tally = Tally(looked_s=looked_s, wanted_s=300.0, rate_s=150.0)
    tally.volume["car"] = cars
    for _ in range(cars):
        tally.speed.add(50.0)
        tally.speed_bins[50] += 1
    start = FIRST_NS + minute * MINUTE_NS
    return IntervalRow("gate", place, start, 60, tally, writer="one")


@pytest.fixture
def measured(site: Site) -> Site:
    """Three minutes of a line, the middle one unknown, and one of a lane."""
    site.deps.cameras.put(camera(scene=SCENE))
    rows = [row(GATE_IN, 0, 4), row(GATE_IN, 2, 2, 30.0), row(LANE, 0, 1)]
    site.deps.traffic.intervals.add(rows)
    return site


def query(**more: object) -> dict[str, object]:
    return {
        "camera": "gate",
        "kind": "line",
        "place": "gate",
        "direction": "in",
        "length": 60,
        "since": iso_utc(FIRST_NS),
        "until": iso_utc(FIRST_NS + 3 * MINUTE_NS),
        **more,
    }


async def test_places_are_listed(measured: Site, viewer: httpx.AsyncClient) -> None:
    items = (await viewer.get("/api/v1/analytics/places")).json()["items"]
    line = {"kind": "line", "id": "gate", "direction": "in", "lane": "", "name": "Gate"}
    assert {"camera": "gate", **line} in items
    assert [item["kind"] for item in items].count("lane") == 1


async def test_a_table_has_no_holes(measured: Site, viewer: httpx.AsyncClient) -> None:
    body = (await viewer.get("/api/v1/analytics/intervals", params=query())).json()
    assert [r["measures"]["volume"] for r in body["rows"]] == [4, 0, 2]
    assert [r["measures"]["missing_share"] for r in body["rows"]] == [0.0, 1.0, 0.5]
    first, unknown, half = (r["measures"] for r in body["rows"])
    assert first["flow_vph"] == 240.0
    assert first["time_mean_kmh"] == 50.0
    assert first["granted_share"] == 0.5
    assert unknown["flow_vph"] is None
    assert half["flow_vph"] == 240.0
    (gap,) = body["gaps"]
    assert gap["reason"] == "not_measured"
    assert gap["since"] == iso_utc(FIRST_NS + MINUTE_NS)
    assert body["next"] is None


async def test_longer_intervals_and_pages(measured: Site, viewer: httpx.AsyncClient) -> None:
    body = (await viewer.get("/api/v1/analytics/intervals", params=query(length=900))).json()
    assert [r["measures"]["volume"] for r in body["rows"]] == [6]
    body = (await viewer.get("/api/v1/analytics/intervals", params=query(limit=2))).json()
    assert len(body["rows"]) == 2
    assert body["next"] == iso_utc(FIRST_NS + 2 * MINUTE_NS)


async def test_days(measured: Site, viewer: httpx.AsyncClient) -> None:
    day = iso_utc(FIRST_NS)[:10]
    params = {k: v for k, v in query().items() if k in ("camera", "kind", "place", "direction")}
    response = await viewer.get(
        "/api/v1/analytics/days", params={**params, "first": day, "last": day}
    )
    (only,) = response.json()["days"]
    assert only["measures"]["volume"] == 6


WRONG = {
    "no_such_place": (query(place="other"), 404),
    "line_without_direction": ({k: v for k, v in query().items() if k != "direction"}, 422),
    "lane_with_direction": (query(kind="lane", place="left"), 422),
    "no_such_length": (query(length=61), 422),
    "backwards": (query(until=iso_utc(FIRST_NS - MINUTE_NS)), 422),
    "no_time": (query(since="yesterday"), 422),
}


@pytest.mark.parametrize(("params", "status"), WRONG.values(), ids=WRONG)
async def test_wrong_questions(
    params: dict[str, object], status: int, measured: Site, viewer: httpx.AsyncClient
) -> None:
    assert (await viewer.get("/api/v1/analytics/intervals", params=params)).status_code == status


def incident(number: int, **more: object) -> Incident:
    at = FIRST_NS + number * NS_PER_S
    facts = {
        "kind": IncidentKind.WRONG_WAY,
        "severity": Severity.HIGH,
        "camera_id": "gate",
        "place": "left",
        "step": IncidentStep.OPENED,
        "opened_wall_ns": at,
        "defined_wall_ns": at + NS_PER_S,
        "updated_wall_ns": at + NS_PER_S,
        "explanation": "Drove 12 m against lane left.",
        "facts": {"distance_m": 12.0},
        "track_ids": (7,),
        "xyxy": (1.0, 2.0, 3.0, 4.0),
        **more,
    }
    return Incident(id=f"i{number}", **facts)  # type: ignore[arg-type]


async def test_incidents_are_listed_and_acknowledged(
    measured: Site, anonymous: httpx.AsyncClient
) -> None:
    measured.deps.traffic.incidents.put(
        [incident(1), incident(2, kind=IncidentKind.DEBRIS, severity=Severity.LOW)]
    )
    await sign_in(anonymous, "operator")
    body = (await anonymous.get("/api/v1/incidents", params={"limit": 1})).json()
    assert [item["id"] for item in body["items"]] == ["i2"]
    body = (await anonymous.get("/api/v1/incidents", params={"kind": "wrong_way"})).json()
    (found,) = body["items"]
    assert found["explanation"] == "Drove 12 m against lane left."
    assert found["acknowledged"] is None
    said = {"note": "a fire engine", "false_alarm": True}
    response = await anonymous.post("/api/v1/incidents/i1/acknowledge", json=said)
    assert response.json()["acknowledged_by"] == "operator"
    body = (await anonymous.get("/api/v1/incidents/i1")).json()
    assert (body["note"], body["false_alarm"]) == ("a fire engine", True)
    counts = (await anonymous.get("/api/v1/incidents/counts")).json()["items"]
    assert {"kind": "debris", "severity": "low", "number": 1} in counts
    entry = measured.deps.audit.find(limit=1)[0]
    assert (entry.action, entry.object) == ("incident_acknowledged", "incident/i1")
    assert (await anonymous.post("/api/v1/incidents/none/acknowledge", json={})).status_code == 404


async def test_a_viewer_may_look_only(measured: Site, viewer: httpx.AsyncClient) -> None:
    measured.deps.traffic.incidents.put([incident(1)])
    assert (await viewer.get("/api/v1/incidents")).status_code == 200
    assert (await viewer.post("/api/v1/incidents/i1/acknowledge", json={})).status_code == 403
    told = {"camera": "gate", "signals": [{"head": "k1", "state": "red"}]}
    assert (await viewer.post("/api/v1/analytics/signals", json=told)).status_code == 403


async def test_signals_are_told(measured: Site) -> None:
    async with client_of(measured.app()) as client:
        await sign_in(client, "operator")
        told = {"camera": "gate", "signals": [{"head": "k1", "state": "red"}]}
        body = (await client.post("/api/v1/analytics/signals", json=told)).json()
        assert body["signals"] == [{"head": "k1", "state": "red", "since": iso_utc(BASE_WALL_NS)}]
        assert measured.deps.traffic.signals.of("gate")["k1"].state is SignalState.RED
        late = {"head": "k1", "state": "green", "at": iso_utc(BASE_WALL_NS - NS_PER_S)}
        await client.post("/api/v1/analytics/signals", json={"camera": "gate", "signals": [late]})
        assert measured.deps.traffic.signals.of("gate")["k1"].state is SignalState.RED
        ahead = {"head": "k1", "state": "green", "at": iso_utc(BASE_WALL_NS + 5 * NS_PER_S)}
        for signal, status in ((ahead, 422), ({"head": "k2", "state": "red"}, 404)):
            response = await client.post(
                "/api/v1/analytics/signals", json={"camera": "gate", "signals": [signal]}
            )
            assert response.status_code == status


async def test_levels_are_of_the_last_minutes(measured: Site, viewer: httpx.AsyncClient) -> None:
    now_ns = int(measured.deps.clock.wall_ns())
    start = now_ns // MINUTE_NS * MINUTE_NS - 3 * MINUTE_NS
    tally = Tally(looked_s=60.0)
    tally.volume["car"] = 5
    recent = IntervalRow("gate", GATE_IN, start, 60, tally, writer="one")
    measured.deps.traffic.intervals.add([recent])
    items = (await viewer.get("/api/v1/analytics/levels")).json()["items"]
    line = next(item for item in items if item["kind"] == "line")
    assert line["measures"]["volume"] == 5
    assert line["measures"]["flow_vph"] == 300.0
    assert line["picture"] == [[0.1, 0.5], [0.9, 0.5]]
    assert line["metres"] is None


async def test_movements_sum_up_once(measured: Site, viewer: httpx.AsyncClient) -> None:
    rows = []
    for place, cars in (("gate:in>far:out", 3), ("unassigned", 2)):
        rows.append(row(Place(PlaceKind.MOVEMENT, place), 0, cars))
    measured.deps.traffic.intervals.add(rows)
    span = {"since": iso_utc(FIRST_NS), "until": iso_utc(FIRST_NS + 2 * MINUTE_NS)}
    body = (
        await viewer.get("/api/v1/analytics/movements", params={"camera": "gate", **span})
    ).json()
    (pair,) = body["items"]
    assert (pair["entry"], pair["exit"], pair["volume"]) == ("gate:in", "far:out", 3)
    assert (body["unassigned"], body["missing_share"]) == (2, 0.5)


async def test_paths_and_their_heat(measured: Site) -> None:
    path = Trajectory(
        "gate",
        7,
        VehicleFacts("car", 1.0, 4.5),
        np.array([0, 1, 2], np.int64) * NS_PER_S + FIRST_NS,
        np.array([[0.0, 0.0], [5.0, 0.0], [10.0, 0.0]]),
        np.array([5.0, 5.0, 5.0]),
        ("left",),
    )
    measured.deps.traffic.trajectories.add([path])
    span = {"camera": "gate", "since": iso_utc(FIRST_NS), "until": iso_utc(FIRST_NS + MINUTE_NS)}
    async with client_of(measured.app()) as client:
        await sign_in(client, "operator")
        (found,) = (await client.get("/api/v1/analytics/trajectories", params=span)).json()["items"]
        assert found["points"] == [[0, 0, 0, 18], [1, 5, 0, 18], [2, 10, 0, 18]]
        heat = (
            await client.get("/api/v1/analytics/heatmap", params={**span, "cell_m": 5.0})
        ).json()
        assert sum(sum(cells) for cells in heat["seconds"]) == 3.0
        assert heat["paths"] == 1


async def test_no_forecast_from_a_day(measured: Site, viewer: httpx.AsyncClient) -> None:
    params = {"camera": "gate", "kind": "line", "place": "gate", "direction": "in"}
    body = (await viewer.get("/api/v1/analytics/forecast", params=params)).json()
    assert body["points"] == []
    assert "needs" in body["problem"]
    body = (await viewer.get("/api/v1/analytics/anomalies", params=params)).json()
    assert (body["items"], body["weeks"]) == ([], 0)
    assert body["problem"]
