"""Exports of traffic and reports over HTTP."""

import csv
import io
import json

import httpx
import pytest

from its_camera_ai.api.made_files import MadeFile, sent
from its_camera_ai.api.routes import traffic_exports
from its_camera_ai.core.calibration import WorldFrame
from its_camera_ai.core.site_facts import SiteFacts
from its_camera_ai.core.time import iso_utc
from tests.analytics.publishing.traffic import BEGIN_NS, SPAN, filled, scene
from tests.api.support import Site, camera, client_of, sign_in

TIMES = {"since": iso_utc(SPAN.since_wall_ns), "until": iso_utc(SPAN.until_wall_ns)}


@pytest.fixture
def measured(site: Site) -> Site:
    """Two hours of traffic at a crossroads."""
    site.deps.cameras.put(camera(scene=scene(WorldFrame.WGS84)))
    site.deps.cameras.change(site=SiteFacts(time_zone="Europe/Berlin"))
    filled(site.database)
    return site


async def get(site: Site, path: str, who: str = "viewer", **query: object) -> httpx.Response:
    async with client_of(site.app()) as client:
        await sign_in(client, who)
        return await client.get(f"/api/v1/analytics/{path}", params=query)


async def test_intervals_come_as_a_file(measured: Site) -> None:
    answer = await get(measured, "export", kind="intervals", camera="gate", length=3600, **TIMES)
    assert answer.status_code == 200
    assert answer.headers["content-disposition"] == 'attachment; filename="gate-intervals.csv"'
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    lines = list(csv.DictReader(io.StringIO(answer.text, newline="")))
    assert len(lines) == 2 * 13
    assert lines[0]["start_local"] == "2026-09-29T09:00:00.000+02:00"
    assert int(answer.headers["content-length"]) == len(answer.content)


@pytest.mark.parametrize(
    ("kind", "form", "begins"),
    [
        pytest.param("intervals", "xlsx", b"PK", id="turning counts"),
        pytest.param("intervals", "parquet", b"PAR1", id="parquet"),
        pytest.param("intervals", "datex2", b"<?xml", id="datex2"),
        pytest.param("intervals", "ntcip", b'{"sensor"', id="ntcip"),
        pytest.param("vehicles", "csv", b"id,camera", id="vehicles"),
        pytest.param("incidents", "csv", b"id,camera", id="incidents"),
        pytest.param("places", "geojson", b'{"type":"FeatureCollection"', id="places"),
    ],
)
async def test_formats(measured: Site, kind: str, form: str, begins: bytes) -> None:
    who = {"country": "DE", "publisher": "x"} if form == "datex2" else {}
    answer = await get(measured, "export", kind=kind, format=form, camera="gate", **TIMES, **who)
    assert answer.status_code == 200
    assert answer.content.startswith(begins)


@pytest.mark.parametrize(("who", "status"), [("viewer", 403), ("operator", 200)])
async def test_trajectories_are_for_operators(measured: Site, who: str, status: int) -> None:
    wish = {"kind": "trajectories", "format": "geojson", "camera": "gate", **TIMES}
    answer = await get(measured, "export", who, **wish)
    assert answer.status_code == status
    if status == 200:
        assert len(json.loads(answer.content)["features"]) == 21


@pytest.mark.parametrize(
    ("query", "status", "words"),
    [
        pytest.param({"camera": "nowhere"}, 404, "no camera", id="no camera"),
        pytest.param({"format": "geojson"}, 422, "not as geojson", id="no such format of it"),
        pytest.param({"format": "datex2"}, 422, "country and publisher", id="no publisher"),
        pytest.param({"length": 61}, 422, "60, 300, 900, 3600", id="no such length"),
        pytest.param({"until": iso_utc(BEGIN_NS - 1)}, 422, "exchange", id="wrong order"),
        pytest.param({"until": iso_utc(BEGIN_NS + 32 * 86_400 * 10**9)}, 422, "31 days", id="long"),
        pytest.param({"since": "yesterday"}, 422, "RFC 3339", id="no time"),
        pytest.param({"kind": "everything"}, 422, "kind", id="no such thing"),
    ],
)
async def test_what_can_not_be_asked(
    measured: Site, query: dict[str, str], status: int, words: str
) -> None:
    wish = {"kind": "intervals", "camera": "gate", **TIMES, **query}
    answer = await get(measured, "export", **wish)
    assert answer.status_code == status
    assert words in answer.text


async def test_too_many_rows_are_refused(measured: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(traffic_exports, "ROWS_MAX", 100)
    answer = await get(measured, "export", kind="intervals", camera="gate", **TIMES)
    assert answer.status_code == 422
    assert "itscam export" in answer.json()["detail"]


async def test_a_daily_report_of_all_cameras(measured: Site) -> None:
    answer = await get(measured, "report", date="2026-09-01")
    assert answer.status_code == 200
    assert answer.headers["content-disposition"] == 'attachment; filename="all-2026-09-01.html"'
    assert "Traffic on 2026-09-01" in answer.text
    assert "North gate (gate)" in answer.text


async def test_a_day_of_too_many_cameras(measured: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(traffic_exports, "CAMERAS_MAX", 0)
    answer = await get(measured, "report", date="2026-09-29")
    assert answer.status_code == 422
    assert "itscam report" in answer.json()["detail"]


async def test_a_study_as_pdf(measured: Site) -> None:
    quiet = {"since": "2026-09-29T08:15:00Z", "until": "2026-09-29T08:30:00Z"}
    answer = await get(measured, "report", camera="gate", format="pdf", **quiet)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF-")


@pytest.mark.parametrize(
    "query",
    [
        pytest.param({}, id="nothing"),
        pytest.param({"camera": "gate", "since": TIMES["since"]}, id="no end"),
        pytest.param({"date": "2026-09-29", **TIMES}, id="both"),
        pytest.param({"camera": "gate", "since": "2026-09-29T07:01:00Z", "until": TIMES["until"]},
                     id="off the quarter"),
    ],
)  # fmt: skip
async def test_reports_that_can_not_be_asked(measured: Site, query: dict[str, str]) -> None:
    assert (await get(measured, "report", **query)).status_code == 422


async def test_a_camera_that_is_gone_keeps_its_tables(measured: Site) -> None:
    measured.deps.cameras.delete("gate")
    wish = {"kind": "intervals", "camera": "gate", **TIMES}
    assert (await get(measured, "export", **wish)).status_code == 200


def test_what_can_not_be_made_leaves_no_file_open() -> None:
    def write(out: io.BytesIO) -> None:
        out.write(b"some")
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        MadeFile(write)  # type: ignore[arg-type]  # it writes only


def test_an_answer_that_nobody_fetches_closes_its_file() -> None:
    made = MadeFile(lambda out: out.write(b"x" * 9_000_000))
    answer = sent(made, "x.csv", "text/csv")
    assert answer.headers["content-length"] == "9000000"
    del answer
    with pytest.raises(ValueError, match="closed"):
        made.read(1, 0)
