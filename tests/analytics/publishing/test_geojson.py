"""GeoJSON: places where they are on Earth."""

import io
import json
from itertools import pairwise
from typing import Any

import pytest

from its_camera_ai.analytics.publishing.camera import PublishedCamera
from its_camera_ai.analytics.publishing.export import TrafficSources, trajectories
from its_camera_ai.analytics.publishing.geojson import write_places, write_trajectories
from its_camera_ai.core.calibration import WorldFrame
from its_camera_ai.core.errors import ConfigInvalid
from its_camera_ai.core.geodesy import metres_per_degree
from its_camera_ai.core.scene import Scene, Zone
from tests.analytics.publishing.traffic import CAMERA, ORIGIN, SPAN, ZONE, camera


def features(data: bytes) -> list[dict[str, Any]]:
    document = json.loads(data)
    assert document["type"] == "FeatureCollection"
    found: list[dict[str, Any]] = document["features"]
    return found


def paths(sources: TrafficSources) -> bytes:
    out = io.BytesIO()
    write_trajectories(camera(), trajectories(sources.trajectories, CAMERA, SPAN), out)
    return out.getvalue()


def places(sources: TrafficSources) -> dict[tuple[str, str], dict[str, Any]]:
    out = io.BytesIO()
    write_places(camera(), sources.intervals, SPAN, out)
    return {(f["properties"]["kind"], f["properties"]["id"]): f for f in features(out.getvalue())}


def test_a_trajectory_lies_where_it_was(sources: TrafficSources) -> None:
    found = {f["properties"]["track"]: f for f in features(paths(sources))}
    first = found[0]
    assert first["geometry"]["type"] == "LineString"
    origin = camera().plane.origin  # type: ignore[union-attr]  # it is calibrated
    assert origin is not None
    per_lon, per_lat = metres_per_degree(origin[1])
    for (lon, lat), y in zip(first["geometry"]["coordinates"], (-25, -18.5, -12), strict=False):
        assert (lon - origin[0]) * per_lon == pytest.approx(-5.0, abs=0.02)
        assert (lat - origin[1]) * per_lat == pytest.approx(y, abs=0.02)
    properties = first["properties"]
    assert properties["times"][:2] == ["2026-09-29T07:30:00.000Z", "2026-09-29T07:30:00.500Z"]
    assert len(properties["speeds_kmh"]) == len(first["geometry"]["coordinates"]) == 5
    assert properties["speeds_kmh"][0] == 46.8


def test_a_single_point_is_a_point(sources: TrafficSources) -> None:
    found = {f["properties"]["track"]: f for f in features(paths(sources))}
    assert found[20]["geometry"]["type"] == "Point"
    assert len(found[20]["geometry"]["coordinates"]) == 2


def test_longitude_comes_first(sources: TrafficSources) -> None:
    for feature in features(paths(sources)):
        points = feature["geometry"]["coordinates"]
        lon, lat = points if feature["geometry"]["type"] == "Point" else points[0]
        assert (lon, lat) == (
            pytest.approx(ORIGIN[0], abs=0.01),
            pytest.approx(ORIGIN[1], abs=0.01),
        )


def test_rings_are_closed_and_counter_clockwise(sources: TrafficSources) -> None:
    rings = [f["geometry"]["coordinates"][0] for k, f in places(sources).items() if k[0] != "line"]
    assert len(rings) == 3
    for ring in rings:
        assert ring[0] == ring[-1]
        twice = sum(a[0] * b[1] - b[0] * a[1] for a, b in pairwise(ring))
        assert twice > 0


def test_places_hold_what_was_measured(sources: TrafficSources) -> None:
    found = places(sources)
    line = found["line", "north"]["properties"]["measures"]
    assert [(m["direction"], m["lane"]) for m in line] == [
        ("in", ""),
        ("in", "lane-0"),
        ("out", ""),
    ]
    assert line[0]["volume"] == sum(line[0]["by_class"].values()) > 100
    assert line[0]["missing_share"] == pytest.approx(15.5 / 120)
    assert found["lane", "lane-0"]["properties"]["measures"][0]["density_vpkm"] > 0
    assert found["zone", "plaza"]["properties"]["measures"]


def test_what_reaches_into_the_sky_has_no_geometry(sources: TrafficSources) -> None:
    calibrated = camera()
    zone = Zone("sky", ((0.1, 0.9), (0.9, 0.9), (0.5, 0.01)))
    scene = Scene(zones=(zone,), calibration=calibrated.scene.calibration)
    out = io.BytesIO()
    made = PublishedCamera.of(CAMERA, scene, ZONE, size_wh=calibrated.size_wh)
    write_places(made, sources.intervals, SPAN, out)
    (feature,) = features(out.getvalue())
    assert feature["geometry"] is None
    assert "horizon" in feature["properties"]["problem"]


def test_the_same_data_gives_the_same_bytes(sources: TrafficSources) -> None:
    assert paths(sources) == paths(sources)


@pytest.mark.parametrize(
    ("frame", "words"),
    [
        pytest.param(None, "no calibration", id="none"),
        pytest.param(WorldFrame.METRES, "metres of its own", id="metres"),
    ],
)
def test_without_a_place_on_earth_it_says_what_to_do(
    sources: TrafficSources, frame: WorldFrame | None, words: str
) -> None:
    with pytest.raises(ConfigInvalid, match=words) as refused:
        write_places(camera(frame), sources.intervals, SPAN, io.BytesIO())
    assert "frame: wgs84" in str(refused.value)
