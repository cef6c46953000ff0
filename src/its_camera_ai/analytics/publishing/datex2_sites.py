"""DATEX II: the table of measurement sites."""

from collections.abc import Iterable
from typing import BinaryIO

import numpy as np

from its_camera_ai.analytics.publishing.camera import PublishedCamera, place_code
from its_camera_ai.analytics.publishing.datex2 import (
    KINDS,
    QUANTITIES,
    VERSION,
    Publisher,
    Quantity,
    header,
    publication,
    site_id,
    table_id,
)
from its_camera_ai.analytics.publishing.xml_stream import XmlStream
from its_camera_ai.core.errors import ConfigInvalid
from its_camera_ai.core.intervals import Place, PlaceKind


def write_site_table(
    camera: PublishedCamera,
    places: Iterable[Place],
    length_s: int,
    publisher: Publisher,
    out: BinaryIO,
) -> int:
    """``MeasurementSiteTablePublication``: what is measured where.

    A site has coordinates where the camera is calibrated in WGS-84; else it is only named, by an
    external reference.

    Args:
        length_s: period of the measured data.

    Returns:
        How many sites.

    Raises:
        ConfigInvalid: nothing was measured at a line or lane.
    """
    wanted = [place for place in places if place.kind in KINDS]
    if not wanted:
        raise ConfigInvalid(
            f"Camera '{camera.id}' has measured at no line and no lane yet; there is no site to "
            "publish."
        )
    xml = XmlStream(out)
    with publication(xml, "roa:MeasurementSiteTablePublication", publisher):
        header(xml)
        table = {"id": table_id(camera.id), "version": VERSION}
        with xml.element("roa:measurementSiteTable", table):
            xml.text("roa:measurementSiteTableIdentification", camera.title[:1024])
            for place in wanted:
                _site(xml, camera, place, length_s)
    return len(wanted)


def _site(xml: XmlStream, camera: PublishedCamera, place: Place, length_s: int) -> None:
    with xml.element("roa:measurementSite", {"id": site_id(camera.id, place), "version": VERSION}):
        _words(xml, "roa:measurementEquipmentTypeUsed", "video camera")
        _words(xml, "roa:measurementSiteName", camera.place_name(place) or place_code(place))
        lanes = 1 if place.lane or place.kind is PlaceKind.LANE else camera.facts(place).lanes
        if lanes:
            xml.text("roa:measurementSiteNumberOfLanes", lanes)
        xml.text("roa:measurementSiteIdentification", place_code(place)[:1024])
        for quantity in QUANTITIES:
            _characteristics(xml, quantity, length_s)
        _location(xml, camera, place)


def _characteristics(xml: XmlStream, quantity: Quantity, length_s: int) -> None:
    name = "roa:measurementSpecificCharacteristics"
    with xml.element(name, {"index": str(quantity.index)}), xml.element(name):
        if quantity.method:
            xml.text("roa:computationMethod", quantity.method)
        xml.text("roa:period", length_s)
        xml.text("roa:specificMeasurementValueType", quantity.value_type)
        if quantity.vehicle_types:
            with xml.element("roa:specificVehicleCharacteristics"):
                for kind in quantity.vehicle_types:
                    xml.text("com:vehicleType", kind)


def _location(xml: XmlStream, camera: PublishedCamera, place: Place) -> None:
    with xml.element("roa:measurementSiteLocation", {"xsi:type": "loc:PointLocation"}):
        with xml.element("loc:externalReferencing"):
            xml.text("loc:externalLocationCode", site_id(camera.id, place)[:1024])
            xml.text("loc:externalReferencingSystem", "its-camera-ai")
        middle = _middle(camera, place)
        if middle is not None:
            with xml.element("loc:pointByCoordinates"), xml.element("loc:pointCoordinates"):
                xml.text("loc:latitude", f"{middle[1]:.7f}")
                xml.text("loc:longitude", f"{middle[0]:.7f}")


def _middle(camera: PublishedCamera, place: Place) -> tuple[float, float] | None:
    """Longitude, latitude of the middle of a line or lane; None where it has no place on Earth."""
    plane = camera.plane
    if plane is None or plane.origin is None:
        return None
    parts = camera.scene.lines if place.kind is PlaceKind.LINE else camera.scene.lanes
    for part in parts:
        if part.id == place.id:
            world = plane.to_world(part.pixels(plane.size_wh)).mean(axis=0, keepdims=True)
            if np.isfinite(world).all():
                lon, lat = plane.to_lon_lat(world)[0]
                return float(lon), float(lat)
    return None


def _words(xml: XmlStream, name: str, text: str) -> None:
    with xml.element(name), xml.element("com:values"):
        xml.text("com:value", text[:1024], {"lang": "en"})
