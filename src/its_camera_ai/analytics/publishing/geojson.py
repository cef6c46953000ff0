"""Trajectories and places as GeoJSON (RFC 7946): WGS-84, longitude before latitude."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from its_camera_ai.analytics.measures.derived import Measures, measures_of
from its_camera_ai.analytics.publishing.camera import PublishedCamera, place_key
from its_camera_ai.core.errors import ConfigInvalid
from its_camera_ai.core.ground import GroundPlane
from its_camera_ai.core.interval_store import IntervalStore
from its_camera_ai.core.intervals import IntervalRow, Place, PlaceKind
from its_camera_ai.core.local_days import Span
from its_camera_ai.core.road_users import Trajectory
from its_camera_ai.core.time import iso_utc

Floats = npt.NDArray[np.float64]
DECIMALS = 7
"""Of degrees: about a centimetre."""


def plane_on_earth(camera: PublishedCamera) -> GroundPlane:
    """The camera's ground plane, if it has a place on Earth.

    Raises:
        ConfigInvalid: there is no calibration, it can't be solved, or it is in metres of its own.
    """
    plane = camera.plane
    if plane is None:
        raise ConfigInvalid(
            f"Camera '{camera.id}' can't be put on a map: {camera.problem}. Calibrate it with "
            "points in longitude and latitude (frame: wgs84)."
        )
    if plane.origin is None:
        raise ConfigInvalid(
            f"Camera '{camera.id}' can't be put on a map: its calibration is in metres of its own. "
            "Give the points' longitude and latitude instead (frame: wgs84)."
        )
    return plane


def write_trajectories(
    camera: PublishedCamera, trajectories: Iterable[Trajectory], out: BinaryIO
) -> int:
    """One feature for each: a LineString, a Point where there is only one.

    ``times`` and ``speeds_kmh`` go with the positions, one for one. Positions stand on the ground
    plane that the camera has now.

    Returns:
        How many.

    Raises:
        ConfigInvalid: the camera is not calibrated in WGS-84.
    """
    plane = plane_on_earth(camera)
    return _write((_trajectory(plane, item) for item in trajectories), out)


def write_places(camera: PublishedCamera, store: IntervalStore, span: Span, out: BinaryIO) -> int:
    """Lines, lanes and zones as features with what was measured there over the whole span.

    A line is a LineString from its first point to its second and holds its measures by direction;
    lanes and zones are Polygons, their outer ring counter-clockwise. What reaches into the sky has
    no geometry and says so in ``problem``.

    Returns:
        How many.

    Raises:
        ConfigInvalid: the camera is not calibrated in WGS-84, or a span off the minute.
    """
    plane = plane_on_earth(camera)
    return _write(_places(camera, plane, store, span), out)


def _write(features: Iterable[Mapping[str, object]], out: BinaryIO) -> int:
    out.write(b'{"type":"FeatureCollection","features":[')
    count = 0
    for feature in features:
        out.write(b",\n" if count else b"\n")
        text = json.dumps(feature, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        out.write(text.encode())
        count += 1
    out.write(b"\n]}\n")
    return count


def _trajectory(plane: GroundPlane, item: Trajectory) -> dict[str, object]:
    places = _rounded(plane.to_lon_lat(item.xy_m))
    geometry: dict[str, object]
    if len(places) > 1:
        geometry = {"type": "LineString", "coordinates": places}
    else:
        geometry = {"type": "Point", "coordinates": places[0]}
    vehicle = item.vehicle
    properties = {
        "camera": item.camera_id,
        "track": item.track_id,
        "class": vehicle.label,
        "class_share": vehicle.share,
        "length_m": vehicle.length_m,
        "lanes": list(item.lanes),
        "times": [iso_utc(int(moment)) for moment in item.wall_ns],
        "speeds_kmh": [_finite(3.6 * float(v)) for v in item.speed_mps],
    }
    return {"type": "Feature", "geometry": geometry, "properties": properties}


def _places(
    camera: PublishedCamera, plane: GroundPlane, store: IntervalStore, span: Span
) -> Iterator[dict[str, object]]:
    measured: dict[tuple[PlaceKind, str], list[tuple[Place, Measures]]] = {}
    for _, place in sorted(store.places(camera.id), key=lambda item: place_key(item[1])):
        total = store.totals(camera.id, place, [span])[0]
        row = IntervalRow(
            camera.id,
            place,
            span.since_wall_ns,
            round(span.length_s),
            total.tally,
            total.length_m,
        )
        found = measures_of(row, camera.facts(place))
        measured.setdefault((place.kind, place.id), []).append((place, found))
    scene, size_wh = camera.scene, plane.size_wh
    shapes = [
        *((PlaceKind.LINE, line.id, line.name, line.pixels(size_wh)) for line in scene.lines),
        *((PlaceKind.LANE, lane.id, lane.name, lane.pixels(size_wh)) for lane in scene.lanes),
        *((PlaceKind.ZONE, zone.id, zone.name, zone.pixels(size_wh)) for zone in scene.zones),
    ]
    for kind, place_id, name, px in shapes:
        geometry = _geometry(plane, px, closed=kind is not PlaceKind.LINE)
        properties: dict[str, object] = {
            "camera": camera.id,
            "kind": str(kind),
            "id": place_id,
            "name": name,
            "since": iso_utc(span.since_wall_ns),
            "until": iso_utc(span.until_wall_ns),
            "measures": [
                {"direction": place.direction, "lane": place.lane, **asdict(measures)}
                for place, measures in measured.get((kind, place_id), [])
            ],
        }
        if geometry is None:
            properties["problem"] = "part of it lies on or beyond the horizon"
        yield {"type": "Feature", "geometry": geometry, "properties": properties}


def _geometry(plane: GroundPlane, px: Floats, *, closed: bool) -> dict[str, object] | None:
    world = plane.to_world(px)
    if not np.isfinite(world).all():
        return None
    if not closed:
        return {"type": "LineString", "coordinates": _rounded(plane.to_lon_lat(world))}
    x, y = world.T
    if float(x @ np.roll(y, -1) - y @ np.roll(x, -1)) < 0:
        world = world[::-1]
    ring = _rounded(plane.to_lon_lat(world))
    return {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}


def _rounded(lon_lat: Floats) -> list[list[float]]:
    return [[round(float(lon), DECIMALS), round(float(lat), DECIMALS)] for lon, lat in lon_lat]


def _finite(value: float) -> float | None:
    return round(value, 2) if np.isfinite(value) else None
