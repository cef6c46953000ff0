"""DATEX II: what was measured, interval by interval."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import BinaryIO

from its_camera_ai.analytics.publishing.datex2 import (
    CONCENTRATION,
    FLOWS,
    HEADWAY,
    KINDS,
    SPEED,
    VERSION,
    Publisher,
    Quantity,
    header,
    publication,
    site_id,
    table_id,
)
from its_camera_ai.analytics.publishing.intervals import PublishedRow
from its_camera_ai.analytics.publishing.xml_stream import XmlStream
from its_camera_ai.core.errors import ConfigInvalid
from its_camera_ai.core.intervals import PlaceKind
from its_camera_ai.core.time import NS_PER_S, iso_utc


def write_measured_data(
    camera_id: str, rows: Iterable[PublishedRow], publisher: Publisher, out: BinaryIO
) -> int:
    """``MeasuredDataPublication``: one ``siteMeasurements`` for each interval of each site.

    An interval that was not looked at has a fault (``noDataValuesAvailable``) in the place of its
    values; a value that could not be had, such as the speed of nobody, is left out.

    Returns:
        How many.

    Raises:
        ConfigInvalid: there is no interval of a line or lane in the span.
    """
    wanted = (row for row in rows if row.row.place.kind in KINDS)
    first = next(wanted, None)
    if first is None:
        raise ConfigInvalid(
            f"Camera '{camera_id}' has no interval of a line or lane in this span; there is "
            "nothing to publish."
        )
    xml = XmlStream(out)
    count = 1
    with publication(xml, "roa:MeasuredDataPublication", publisher):
        xml.empty(
            "roa:measurementSiteTableReference",
            {
                "id": table_id(camera_id),
                "version": VERSION,
                "targetClass": "roa:MeasurementSiteTable",
            },
        )
        header(xml)
        _measurements(xml, first)
        for row in wanted:
            _measurements(xml, row)
            count += 1
    return count


def _measurements(xml: XmlStream, published: PublishedRow) -> None:
    row, measures = published.row, published.measures
    end = iso_utc(row.start_wall_ns + row.length_s * NS_PER_S)
    with xml.element("roa:siteMeasurements"):
        xml.empty(
            "roa:measurementSiteReference",
            {
                "id": site_id(row.camera_id, row.place),
                "version": VERSION,
                "targetClass": "roa:MeasurementSite",
            },
        )
        if row.tally.looked_s > 0:
            quality = {"supplierCalculatedDataQuality": f"{100 * measures.confidence:.1f}"}
            _flows(xml, published, quality)
            _speed(xml, published, quality)
            _concentration(xml, published, quality)
            _headway(xml, published, quality)
        else:
            _fault(xml, end)
        with xml.element("roa:measurementTimeDefault"):
            xml.text("roa:timeMeaning", "endTime")
            xml.text("roa:timeValue", end)
            with xml.element("roa:period"):
                xml.text("com:startOfPeriod", iso_utc(row.start_wall_ns))
                xml.text("com:endOfPeriod", end)


@contextmanager
def _quantity(xml: XmlStream, quantity: Quantity, kind: str) -> Iterator[None]:
    with (
        xml.element("roa:physicalQuantity", {"index": str(quantity.index)}),
        xml.element("roa:physicalQuantity", {"xsi:type": "roa:SinglePhysicalQuantity"}),
        xml.element("roa:basicData", {"xsi:type": kind}),
    ):
        yield


def _fault(xml: XmlStream, told: str) -> None:
    with (
        xml.element("roa:physicalQuantity", {"index": "1"}),
        xml.element("roa:physicalQuantity", {"xsi:type": "roa:SinglePhysicalQuantity"}),
        xml.element("roa:physicalQuantityFault"),
    ):
        xml.text("com:faultLastUpdateTime", told)
        xml.text("roa:physicalQuantityFaultType", "noDataValuesAvailable")


def _value(
    xml: XmlStream, name: str, inner: str, text: str, n: int | None, quality: Mapping[str, str]
) -> None:
    used = {} if n is None else {"numberOfInputValuesUsed": str(n)}
    with xml.element(name, {**used, **quality}):
        xml.text(inner, text)


def _flows(xml: XmlStream, published: PublishedRow, quality: Mapping[str, str]) -> None:
    tally = published.row.tally
    for quantity in FLOWS:
        n = sum(tally.volume.get(label, 0) for label in quantity.labels)
        rate = round(3600 * n / tally.looked_s)
        with _quantity(xml, quantity, "roa:TrafficFlow"):
            _value(xml, "roa:vehicleFlow", "com:vehicleFlowRate", str(rate), n, quality)


def _speed(xml: XmlStream, published: PublishedRow, quality: Mapping[str, str]) -> None:
    measures = published.measures
    if measures.space_mean_kmh is None:
        return
    n = measures.speed_n if published.row.place.kind is PlaceKind.LINE else None
    with _quantity(xml, SPEED, "roa:TrafficSpeed"):
        speed = f"{measures.space_mean_kmh:.2f}"
        _value(xml, "roa:averageVehicleSpeed", "com:speed", speed, n, quality)
        if measures.v85_kmh is not None:
            with xml.element("roa:speedPercentile"):
                _value(xml, "roa:vehiclePercentage", "com:percentage", "85", None, {})
                v85 = f"{measures.v85_kmh:.2f}"
                _value(xml, "roa:speedPercentile", "com:speed", v85, n, quality)


def _concentration(xml: XmlStream, published: PublishedRow, quality: Mapping[str, str]) -> None:
    measures = published.measures
    density, occupancy = measures.density_vpkm, measures.occupancy_pct
    if density is None and occupancy is None:
        return
    with _quantity(xml, CONCENTRATION, "roa:TrafficConcentration"):
        if density is not None:
            _value(xml, "roa:density", "roa:densityOfVehicles", str(round(density)), None, quality)
        if occupancy is not None:
            text = f"{occupancy:.2f}"
            _value(xml, "roa:occupancy", "com:percentage", text, None, quality)


def _headway(xml: XmlStream, published: PublishedRow, quality: Mapping[str, str]) -> None:
    headway = published.measures.headway_s
    if headway is None:
        return
    n = published.row.tally.headway.n
    with _quantity(xml, HEADWAY, "roa:TrafficHeadway"):
        _value(xml, "roa:averageTimeHeadway", "roa:duration", f"{headway:.3f}", n, quality)
