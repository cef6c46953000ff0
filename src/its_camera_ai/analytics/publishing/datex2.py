"""What DATEX II (version 3, CEN EN 16157) publications of measured data have in common.

Namespaces, names and order of elements are those of the published schema, level A, version 3
(EN 16157-5 for road traffic data). ``schemas/`` holds the part of it that is used here, written
anew from the published structure. No profile of a national access point is claimed; such profiles
narrow the schema further.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from its_camera_ai.analytics.publishing.camera import place_code
from its_camera_ai.analytics.publishing.xml_stream import XmlStream
from its_camera_ai.core.errors import ConfigInvalid
from its_camera_ai.core.intervals import Place, PlaceKind
from its_camera_ai.core.time import iso_utc

KINDS = (PlaceKind.LINE, PlaceKind.LANE)
"""What becomes a measurement site."""
VERSION = "1"
_NAMES = {
    "xmlns:d2": "http://datex2.eu/schema/3/d2Payload",
    "xmlns:com": "http://datex2.eu/schema/3/common",
    "xmlns:loc": "http://datex2.eu/schema/3/locationReferencing",
    "xmlns:roa": "http://datex2.eu/schema/3/roadTrafficData",
    "xmlns:xsi": "http://www.w3.org/2001/XMLSchema-instance",
}


@dataclass(frozen=True, slots=True)
class Publisher:
    """Who publishes; the schema asks for it.

    Attributes:
        country: two letters, ISO 3166-1. identifier: as the country's access point gave it.
        published_wall_ns: when the publication was made.
    """

    country: str
    identifier: str
    published_wall_ns: int

    def __post_init__(self) -> None:
        if not (len(self.country) == 2 and self.country.isascii() and self.country.isalpha()):
            raise ConfigInvalid(
                f"country: '{self.country}' is no country code; write two letters, such as DE."
            )
        if not 1 <= len(self.identifier) <= 1024:
            raise ConfigInvalid("publisher: give the identifier that you publish under.")


@dataclass(frozen=True, slots=True)
class Quantity:
    """One of the values that every site gives.

    Attributes:
        index: by which measured data refers to it.
        value_type: of the schema's ``MeasuredOrDerivedDataTypeEnum``.
        vehicle_types: of the schema's ``VehicleTypeEnum``; none for all road users.
        labels: our classes that are in it.
    """

    index: int
    value_type: str
    vehicle_types: Sequence[str] = ()
    labels: Sequence[str] = ()
    method: str = ""


MOTOR_LABELS = ("motorcycle", "car", "bus", "truck")
FLOWS = (
    Quantity(1, "trafficFlow", ("motorcycle", "car", "bus", "lorry"), MOTOR_LABELS),
    Quantity(2, "trafficFlow", ("car",), ("car",)),
    Quantity(3, "trafficFlow", ("lorry",), ("truck",)),
    Quantity(4, "trafficFlow", ("bus",), ("bus",)),
    Quantity(5, "trafficFlow", ("motorcycle",), ("motorcycle",)),
    Quantity(6, "trafficFlow", ("bicycle",), ("bicycle",)),
)
SPEED = Quantity(7, "trafficSpeed", method="harmonicAverageOfSamplesInATimePeriod")
CONCENTRATION = Quantity(8, "trafficConcentration")
HEADWAY = Quantity(9, "trafficHeadway", method="arithmeticAverageOfSamplesInATimePeriod")
QUANTITIES = (*FLOWS, SPEED, CONCENTRATION, HEADWAY)


def site_id(camera_id: str, place: Place) -> str:
    """The same in the site table and in measured data: ``gate/line:north:in``."""
    return f"{camera_id}/{place_code(place)}"


def table_id(camera_id: str) -> str:
    return f"{camera_id}/sites"


@contextmanager
def publication(xml: XmlStream, kind: str, publisher: Publisher) -> Iterator[None]:
    """The root element, with what every publication begins with."""
    root = {**_NAMES, "xsi:type": kind, "lang": "en", "modelBaseVersion": "3"}
    with xml.element("d2:payload", root):
        xml.text("com:publicationTime", iso_utc(publisher.published_wall_ns))
        with xml.element("com:publicationCreator"):
            xml.text("com:country", publisher.country.upper())
            xml.text("com:nationalIdentifier", publisher.identifier)
        yield


def header(xml: XmlStream) -> None:
    """Real data, as opposed to a test or an exercise."""
    with xml.element("roa:headerInformation"):
        xml.text("com:informationStatus", "real")
