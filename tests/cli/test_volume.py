"""``itscam storage adopt``, ``predict``, ``holds`` and ``release``."""

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from its_camera_ai.bootstrap.recordings import hold_repository
from its_camera_ai.bootstrap.site import open_site
from its_camera_ai.bootstrap.volume import volume_of
from its_camera_ai.cli.main import app
from its_camera_ai.core.errors import ConfigInvalid, StorageUnavailable
from its_camera_ai.core.holds import Hold, HoldKind
from its_camera_ai.core.media import StreamRole
from its_camera_ai.core.segments import Segment
from its_camera_ai.ops.settings import load_settings
from its_camera_ai.store.audit import AuditLog
from its_camera_ai.store.daily_bytes import DAY_NS
from its_camera_ai.store.segments import SegmentRepository


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "site"
    monkeypatch.setenv("ITSCAM_DATA_DIR", str(folder))
    open_site(load_settings(), prepare=True).close()
    return folder


def run(*arguments: str, text: str = "") -> Result:
    return CliRunner().invoke(app, ["storage", *arguments], input=text)


def test_a_new_disk_is_taken_on_purpose_only(data: Path) -> None:
    assert "nothing is changed" in run("adopt").stdout
    shutil.rmtree(data / "media")
    (data / "media" / "north").mkdir(parents=True)
    with pytest.raises(StorageUnavailable, match="itscam storage adopt"):
        volume_of(load_settings()).check()
    refused = run("adopt", text="n\n")
    assert refused.exit_code == 1
    assert "holds north" in refused.stdout
    with pytest.raises(StorageUnavailable):
        volume_of(load_settings()).check()
    done = run("adopt", "--yes")
    assert done.exit_code == 0
    assert "rebuild-index" in done.stdout
    volume_of(load_settings()).check()


def test_a_data_folder_that_was_lost(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (data / "media" / "north").mkdir()
    shutil.move(data / "media", data.parent / "media")
    shutil.rmtree(data)
    monkeypatch.setenv("ITSCAM_MEDIA_DIR", str(data.parent / "media"))
    with pytest.raises(ConfigInvalid, match="itscam storage adopt"):
        open_site(load_settings(), prepare=True)
    assert run("adopt", text="y\n").exit_code == 0
    open_site(load_settings(), prepare=True).close()


def test_predict(data: Path) -> None:
    assert "nothing can be foreseen" in run("predict").stdout
    site = open_site(load_settings())
    today = site.clock.wall_ns() // DAY_NS
    for day in range(1, 8):
        SegmentRepository(site.database).put(
            Segment(
                f"s{day}", "gate", StreamRole.MAIN, f"gate/{day}.mp4", (today - day) * DAY_NS, 0,
                5, 10**15, 1, "h264", 1, 1, False, 1,
            )
        )  # fmt: skip
    site.close()
    told = run("predict").stdout
    assert "full without deletion in 0.0 days" in told
    assert "can't be kept" in told
    facts = json.loads(run("predict", "--json").stdout)
    assert facts["growth"]["mean"] == 10**15
    assert facts["keeps_policy"] is False


def test_holds_are_listed_and_ended(data: Path) -> None:
    site = open_site(load_settings())
    hold = Hold("h-17", HoldKind.LEGAL, None, 0, 10**18, "case 12", "ann", 5)
    hold_repository(site.settings, site.database).add(hold)
    assert "case 12" in run("holds").stdout
    assert run("release", "h-17").exit_code == 0
    assert run("release", "h-17").exit_code == 0
    assert "case 12" not in run("holds").stdout
    actions = [entry.action for entry in AuditLog(site.database).find()]
    site.close()
    assert actions.count("hold_released") == 1
    missing = run("release", "h-18")
    assert isinstance(missing.exception, ConfigInvalid)
