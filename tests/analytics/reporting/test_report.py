"""Whole reports: what they hold, that they need nothing from elsewhere, and that they repeat."""

import io
import re
from dataclasses import replace
from datetime import date

import pytest
from lxml import html as lxml_html
from pypdf import PdfReader

from its_camera_ai.analytics.publishing.camera import PublishedCamera
from its_camera_ai.analytics.publishing.export import TrafficSources
from its_camera_ai.analytics.reporting.data import CameraData
from its_camera_ai.analytics.reporting.document import (
    Heading,
    Picture,
    Report,
    Table,
    Tone,
    Words,
)
from its_camera_ai.analytics.reporting.drawing import svg
from its_camera_ai.analytics.reporting.html import html
from its_camera_ai.analytics.reporting.relation_plots import speed_distributions
from its_camera_ai.analytics.reporting.report import (
    ReportFormat,
    daily_report,
    study_report,
    write_report,
)
from its_camera_ai.core.errors import ConfigInvalid
from its_camera_ai.core.scene import Scene
from tests.analytics.publishing.traffic import SPAN, ZONE, camera

NOW_NS = SPAN.until_wall_ns + 1


@pytest.fixture(scope="module")
def study(sources: TrafficSources) -> Report:
    return study_report(camera(), sources, SPAN, NOW_NS)


@pytest.fixture(scope="module")
def page(study: Report) -> str:
    return html(study)


def headings(report: Report) -> list[str]:
    return [block.text for block in report.blocks if isinstance(block, Heading)]


def test_a_study_has_every_part(study: Report) -> None:
    assert headings(study) == [
        "North gate (gate)",
        "Volumes and speeds",
        "Over time",
        "Lanes",
        "Speeds",
        "Turning movements",
        "On the road",
        "Zones",
        "Incidents",
        "Unknown time",
        "Method",
        "Calibration",
        "What was not measured",
    ]


def test_the_page_needs_nothing_from_elsewhere(page: str) -> None:
    document = lxml_html.document_fromstring(page)
    assert not document.xpath("//script")
    assert not document.xpath("//link")
    for value in document.xpath("//@src | //@href | //@*[local-name()='href']"):
        assert str(value).startswith(("#", "data:")), value
    assert len(document.xpath("//*[local-name()='svg']")) == len(document.xpath("//figure")) == 8


def test_names_are_no_markup(page: str) -> None:
    assert "Süd <&>" not in page
    assert "Süd &lt;&amp;&gt;" in page


def test_a_name_is_no_formula_of_the_drawing_program(data: CameraData) -> None:
    line = replace(data.camera.scene.lines[0], name="$\\frac{$")
    scene = replace(data.camera.scene, lines=(line, *data.camera.scene.lines[1:]))
    named = replace(data, camera=replace(data.camera, scene=scene))
    assert "$\\frac{$" in svg_of(speed_distributions(named))


def svg_of(picture: Picture | None) -> str:
    assert picture is not None
    return svg(picture, 1)


def test_parts_have_names_of_their_own(page: str) -> None:
    names = re.findall(r'\bid="([^"]+)"', page)
    assert len(set(names)) == len(names)


def test_the_method_tells_errors_and_limits(page: str) -> None:
    for words in ("hold-out", "FHWA-HRT-08-051", "right to 1 km/h", "not measured", "Student"):
        assert words in page


def test_html_repeats_to_the_byte(sources: TrafficSources, page: str) -> None:
    assert html(study_report(camera(), sources, SPAN, NOW_NS)) == page


def test_the_pdf_reads_like_the_page(study: Report) -> None:
    out = io.BytesIO()
    write_report(study, ReportFormat.PDF, out)
    reader = PdfReader(io.BytesIO(out.getvalue()))
    text = "\n".join(sheet.extract_text() for sheet in reader.pages)
    for words in (*headings(study), "Süd <&>", "12.9 %"):
        assert words in text
    assert sum(len(sheet.images) for sheet in reader.pages) == 8
    assert reader.metadata is not None
    assert reader.metadata.title == study.title


def test_a_pdf_of_the_same_report_is_the_same() -> None:
    report = Report("T", "S", "M", [Heading("H", 1), Words("w"), Table(("a",), [("b",)])])
    first, second = io.BytesIO(), io.BytesIO()
    write_report(report, ReportFormat.PDF, first)
    write_report(report, ReportFormat.PDF, second)
    assert first.getvalue() == second.getvalue()


def test_a_long_table_goes_over_several_sheets() -> None:
    rows = [(str(k), "word " * 60) for k in range(80)]
    report = Report(
        "T", "S", "M", [Heading("H", 1), Table(("n", "told"), rows, frozenset((0,)), 1)]
    )
    out = io.BytesIO()
    write_report(report, ReportFormat.PDF, out)
    sheets = PdfReader(io.BytesIO(out.getvalue())).pages
    assert len(sheets) > 3
    assert all("told" in sheet.extract_text() for sheet in sheets)  # the head again


def test_a_day_of_several_cameras(sources: TrafficSources) -> None:
    new = PublishedCamera.of("new", Scene(), ZONE)
    report = daily_report([camera(), new], sources, date(2026, 9, 29), NOW_NS)
    assert report.title == "Traffic on 2026-09-29"
    assert {"North gate (gate)", "new"} <= set(headings(report))
    assert "On the road" not in headings(report)
    warned = [b.text for b in report.blocks if isinstance(b, Words) and b.tone is Tone.WARNING]
    assert any("not over yet" in text for text in warned)
    assert any("Nothing was measured" in text for text in warned)
    assert any("no calibration" in text for text in warned)


def test_a_day_of_a_clock_change_says_so(sources: TrafficSources) -> None:
    report = daily_report([camera()], sources, date(2026, 10, 25), NOW_NS)
    assert "25 hours" in report.subtitle


def test_a_day_without_data_is_a_report_too(sources: TrafficSources) -> None:
    report = daily_report([camera()], sources, date(2026, 9, 1), NOW_NS)
    page = html(report)
    assert "100.0 % of the time is unknown" in page
    assert "nan" not in re.sub(r"<svg.*?</svg>", "", page, flags=re.S)


def test_no_camera_is_no_report(sources: TrafficSources) -> None:
    with pytest.raises(ConfigInvalid, match="1 to 100"):
        daily_report([], sources, date(2026, 9, 29), NOW_NS)
