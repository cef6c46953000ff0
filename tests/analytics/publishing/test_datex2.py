"""DATEX II: valid by the subset of the schema, and holding what the rows hold."""

import io
from pathlib import Path

import pytest
from lxml import etree

from its_camera_ai.analytics import publishing
from its_camera_ai.analytics.publishing.camera import place_key
from its_camera_ai.analytics.publishing.datex2 import QUANTITIES, Publisher
from its_camera_ai.analytics.publishing.datex2_measured import write_measured_data
from its_camera_ai.analytics.publishing.datex2_sites import write_site_table
from its_camera_ai.analytics.publishing.export import TrafficSources
from its_camera_ai.analytics.publishing.intervals import IntervalWish, PublishedRow, interval_rows
from its_camera_ai.core.calibration import WorldFrame
from its_camera_ai.core.errors import ConfigInvalid
from its_camera_ai.core.intervals import PlaceKind
from its_camera_ai.core.local_days import Span
from tests.analytics.publishing.traffic import BEGIN_NS, CAMERA, PLACES, SPAN, camera

SCHEMAS = Path(publishing.__file__).parent / "schemas"
NS = {
    "com": "http://datex2.eu/schema/3/common",
    "loc": "http://datex2.eu/schema/3/locationReferencing",
    "roa": "http://datex2.eu/schema/3/roadTrafficData",
}
PUBLISHER = Publisher("de", "DE-NAP-1234", BEGIN_NS)


@pytest.fixture(scope="module")
def schema() -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(SCHEMAS / "d2_payload.xsd"))


def rows(sources: TrafficSources, length_s: int = 900) -> list[PublishedRow]:
    return list(interval_rows(sources.intervals, camera(), IntervalWish(SPAN, length_s)))


def measured(sources: TrafficSources) -> bytes:
    out = io.BytesIO()
    write_measured_data(CAMERA, rows(sources), PUBLISHER, out)
    return out.getvalue()


def sites(frame: WorldFrame | None = WorldFrame.WGS84) -> bytes:
    out = io.BytesIO()
    write_site_table(camera(frame), sorted(PLACES, key=place_key), 900, PUBLISHER, out)
    return out.getvalue()


def test_measured_data_is_valid(schema: etree.XMLSchema, sources: TrafficSources) -> None:
    schema.assertValid(etree.fromstring(measured(sources)))


@pytest.mark.parametrize("frame", [WorldFrame.WGS84, WorldFrame.METRES, None])
def test_the_site_table_is_valid(schema: etree.XMLSchema, frame: WorldFrame | None) -> None:
    schema.assertValid(etree.fromstring(sites(frame)))


def test_the_schema_refuses_another_order(schema: etree.XMLSchema, sources: TrafficSources) -> None:
    root = etree.fromstring(measured(sources))
    site = root.find("roa:siteMeasurements", NS)
    assert site is not None
    site.insert(0, site[-1])
    assert not schema.validate(root)


def test_values_are_those_of_the_rows(sources: TrafficSources) -> None:
    root = etree.fromstring(measured(sources))
    found = root.findall("roa:siteMeasurements", NS)
    wanted = [r for r in rows(sources) if r.row.place.kind in (PlaceKind.LINE, PlaceKind.LANE)]
    assert len(found) == len(wanted) == 7 * 8
    for site, row in zip(found, wanted, strict=True):
        values = {
            q.get("index"): q
            for q in site.findall("roa:physicalQuantity", NS)
            if q.find(".//roa:basicData", NS) is not None
        }
        tally, measures = row.row.tally, row.measures
        if tally.looked_s == 0:
            assert not values
            fault = site.findtext(".//roa:physicalQuantityFaultType", namespaces=NS)
            assert fault == "noDataValuesAvailable"
            continue
        cars = tally.volume["car"]
        flow = values["2"].find(".//roa:vehicleFlow", NS)
        assert flow is not None
        assert flow.get("numberOfInputValuesUsed") == str(cars)
        assert flow.findtext("com:vehicleFlowRate", namespaces=NS) == str(
            round(3600 * cars / tally.looked_s)
        )
        quality = float(flow.get("supplierCalculatedDataQuality", "nan"))
        assert quality == pytest.approx(100 * measures.confidence, abs=0.05)
        speed = values["7"].findtext(".//roa:averageVehicleSpeed/com:speed", namespaces=NS)
        assert float(speed or "nan") == pytest.approx(measures.space_mean_kmh, abs=0.005)
        occupied = values["8"].findtext(".//roa:occupancy/com:percentage", namespaces=NS)
        assert float(occupied or "nan") == pytest.approx(measures.occupancy_pct, abs=0.005)


def test_times_are_those_of_the_interval(sources: TrafficSources) -> None:
    time = etree.fromstring(measured(sources)).find(".//roa:measurementTimeDefault", NS)
    assert time is not None
    assert [element.text for element in time.iter() if len(element) == 0] == [
        "endTime",
        "2026-09-29T07:15:00.000Z",
        "2026-09-29T07:00:00.000Z",
        "2026-09-29T07:15:00.000Z",
    ]


def test_sites_of_data_and_table_agree(sources: TrafficSources) -> None:
    table = etree.fromstring(sites())
    ids = {site.get("id") for site in table.iterfind(".//roa:measurementSite", NS)}
    data = etree.fromstring(measured(sources))
    references = {ref.get("id") for ref in data.iterfind(".//roa:measurementSiteReference", NS)}
    assert references == ids
    for site in table.iterfind(".//roa:measurementSite", NS):
        given = site.findall("roa:measurementSpecificCharacteristics", NS)
        assert [c.get("index") for c in given] == [str(q.index) for q in QUANTITIES]


def test_a_site_stands_where_it_is() -> None:
    site = etree.fromstring(sites()).find(".//roa:measurementSite[@id='gate/line:north:in']", NS)
    assert site is not None
    assert float(site.findtext(".//loc:latitude", "nan", NS)) == pytest.approx(52.50036, abs=1e-5)
    assert float(site.findtext(".//loc:longitude", "nan", NS)) == pytest.approx(13.40015, abs=1e-5)
    assert site.findtext("roa:measurementSiteNumberOfLanes", namespaces=NS) == "2"
    assert site.findtext("roa:measurementSiteName/com:values/com:value", "", NS).startswith("=HY")


def test_without_a_place_on_earth_a_site_is_only_named() -> None:
    text = sites(WorldFrame.METRES)
    assert b"latitude" not in text
    assert b"externalLocationCode" in text


def test_the_same_data_gives_the_same_bytes(sources: TrafficSources) -> None:
    assert measured(sources) == measured(sources)


def test_nothing_to_publish_says_so(sources: TrafficSources) -> None:
    with pytest.raises(ConfigInvalid, match="nothing to publish"):
        write_measured_data(CAMERA, [], PUBLISHER, io.BytesIO())
    with pytest.raises(ConfigInvalid, match="no site"):
        write_site_table(camera(), [], 900, PUBLISHER, io.BytesIO())


@pytest.mark.parametrize(("country", "name"), [("D", "x"), ("Ge", ""), ("1a", "x"), ("ÄÖ", "x")])
def test_a_publisher_must_be_named(country: str, name: str) -> None:
    with pytest.raises(ConfigInvalid):
        Publisher(country, name, 0)


def test_an_hour_has_its_own_period(schema: etree.XMLSchema, sources: TrafficSources) -> None:
    out = io.BytesIO()
    span = Span(BEGIN_NS, BEGIN_NS + 3600 * 10**9)
    hour = interval_rows(sources.intervals, camera(), IntervalWish(span, 3600))
    assert write_measured_data(CAMERA, hour, PUBLISHER, out) == 7
    schema.assertValid(etree.fromstring(out.getvalue()))
