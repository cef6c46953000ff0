"""``itscam report`` and ``itscam export`` of traffic, as a person uses them."""

import csv
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from its_camera_ai.bootstrap.site import open_site
from its_camera_ai.cli.main import app
from its_camera_ai.core.camera_url import CameraUrl
from its_camera_ai.core.cameras import Camera
from its_camera_ai.core.errors import ConfigInvalid, StorageUnavailable
from its_camera_ai.core.site_facts import SiteFacts
from its_camera_ai.core.time import iso_utc
from its_camera_ai.ops.settings import load_settings
from tests.analytics.publishing.traffic import CAMERA, SPAN, filled, scene

TIMES = ("--since", iso_utc(SPAN.since_wall_ns), "--until", iso_utc(SPAN.until_wall_ns))
GATE = ("--camera", CAMERA, *TIMES)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with two hours of traffic of one camera."""
    folder = tmp_path_factory.mktemp("site") / "data"
    site = open_site(load_settings(data_dir=folder), prepare=True)
    url = CameraUrl.parse("rtsp://viewer:canary@192.0.2.1/main")
    gate = Camera(id=CAMERA, main=url, name="North gate", scene=scene())
    site.cameras.change(put=[gate], site=SiteFacts(time_zone="Europe/Berlin"))
    filled(site.database)
    site.close()
    return folder


@pytest.fixture(autouse=True)
def _settings(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ITSCAM_DATA_DIR", str(folder))


def itscam(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments, catch_exceptions=False)


def test_export_without_more_prints_the_site_file() -> None:
    result = itscam("export")
    assert result.exit_code == 0
    assert "rtsp://viewer:***@192.0.2.1/main" in result.stdout
    assert "canary" not in result.stdout


def test_intervals_as_csv(tmp_path: Path) -> None:
    to = tmp_path / "gate.csv"
    options = ("--length", "3600", "--kind", "line", "--out", str(to))
    result = itscam("export", "intervals", *GATE, *options)
    assert result.exit_code == 0
    assert "10 written" in result.stdout
    with to.open(newline="") as file:
        lines = list(csv.DictReader(file))
    assert {line["place_kind"] for line in lines} == {"line"}
    assert len(lines) == 5 * 2


@pytest.mark.parametrize(
    ("arguments", "begins"),
    [
        pytest.param(("vehicles", "--format", "parquet"), b"PAR1", id="vehicles"),
        pytest.param(("incidents",), b"id,camera", id="incidents"),
        pytest.param(("trajectories",), b'{"type"', id="trajectories"),
        pytest.param(("places",), b'{"type"', id="places"),
        pytest.param(("intervals", "--format", "xlsx"), b"PK", id="turning counts"),
        pytest.param(("intervals", "--format", "ntcip"), b'{"sensor"', id="ntcip"),
        pytest.param(
            ("places", "--format", "datex2", "--country", "DE", "--publisher", "x"),
            b"<?xml",
            id="site table",
        ),
    ],
)
def test_other_exports(tmp_path: Path, arguments: tuple[str, ...], begins: bytes) -> None:
    to = tmp_path / "file"
    assert itscam("export", *arguments, *GATE, "--out", str(to)).exit_code == 0
    assert to.read_bytes().startswith(begins)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        pytest.param(("vehicles", "--format", "xlsx", *GATE), "csv, parquet", id="format"),
        pytest.param(("places", "--format", "datex2", *GATE), "country", id="no publisher"),
        pytest.param(("vehicles", "--camera", "x", *TIMES), "there are: gate", id="no camera"),
        pytest.param(
            ("vehicles", "--camera", CAMERA, "--since", TIMES[3], "--until", TIMES[1]),
            "exchange",
            id="order",
        ),
        pytest.param(
            ("vehicles", "--camera", CAMERA, "--since", "noon", "--until", TIMES[3]),
            "RFC 3339",
            id="no time",
        ),
    ],
)
def test_what_can_not_be_exported_leaves_nothing(
    tmp_path: Path, arguments: tuple[str, ...], words: str
) -> None:
    with pytest.raises(ConfigInvalid, match=words):
        itscam("export", *arguments, "--out", str(tmp_path / "file"))
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(StorageUnavailable, match="another file"):
        itscam("export", "vehicles", *GATE, "--out", str(tmp_path / "no" / "file"))


def test_a_day_as_html(tmp_path: Path) -> None:
    to = tmp_path / "day.html"
    result = itscam("report", "daily", "--date", "2026-09-01", "--out", str(to))
    assert result.exit_code == 0
    assert "Traffic on 2026-09-01" in result.stdout
    assert "North gate (gate)" in to.read_text()


def test_a_study_of_a_quiet_quarter_as_pdf(tmp_path: Path) -> None:
    to = tmp_path / "study.pdf"
    quiet = ("--since", "2026-09-29T08:15:00Z", "--until", "2026-09-29T08:30:00Z")
    arguments = ("study", "--camera", CAMERA, *quiet, "--format", "pdf", "--out", str(to))
    assert itscam("report", *arguments).exit_code == 0
    assert to.read_bytes().startswith(b"%PDF-")


def test_a_day_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(ConfigInvalid, match="2026-03-01"):
        itscam("report", "daily", "--date", "29.9.2026", "--out", str(tmp_path / "x"))


def test_trajectories_are_geojson(tmp_path: Path) -> None:
    to = tmp_path / "paths.geojson"
    itscam("export", "trajectories", *GATE, "--out", str(to))
    assert len(json.loads(to.read_text())["features"]) == 21
