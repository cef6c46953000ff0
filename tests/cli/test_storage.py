"""``itscam storage`` as a person uses it."""

import json
from pathlib import Path

import pytest
from sqlalchemy import delete
from typer.testing import CliRunner, Result

from its_camera_ai.bootstrap.site import open_site
from its_camera_ai.bootstrap.volume import volume_of
from its_camera_ai.cli.main import app
from its_camera_ai.core.segments import Segment
from its_camera_ai.ops.settings import load_settings
from its_camera_ai.recorder.writing.recorder import Recorder
from its_camera_ai.store.audit import AuditLog
from its_camera_ai.store.schema import segments
from its_camera_ai.store.segments import SegmentRepository
from tests.recorder.recorded import CLIP, flip_a_bit
from tests.recorder.support import RememberingIndex, packets


class Site:
    """A data folder with four recordings of 2 s."""

    def __init__(self, folder: Path) -> None:
        self.settings = load_settings(data_dir=folder)
        site = open_site(self.settings, prepare=True)
        index = RememberingIndex()
        recorder = Recorder(volume_of(self.settings), index, segment_s=2)
        for packet in packets(CLIP):
            recorder.put(packet)
        recorder.close()
        SegmentRepository(site.database).put_many(index.segments)
        site.close()
        self.segments = index.segments

    def file(self, number: int) -> Path:
        return self.settings.media / self.segments[number].path

    def listing(self) -> list[Segment]:
        site = open_site(self.settings)
        found = SegmentRepository(site.database).find("cam")
        site.close()
        return found

    def audited(self) -> list[str]:
        site = open_site(self.settings)
        found = [entry.action for entry in AuditLog(site.database).find()]
        site.close()
        return found

    def forget_all(self) -> None:
        site = open_site(self.settings)
        with site.database.write(durable=True) as connection:
            connection.execute(delete(segments))
        site.close()


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    monkeypatch.setenv("ITSCAM_DATA_DIR", str(tmp_path / "data"))
    return Site(tmp_path / "data")


def itscam(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["storage", *arguments], catch_exceptions=False)


def facts(result: Result) -> dict[str, object]:
    found: dict[str, object] = json.loads(result.stdout)
    return found


def test_a_sound_site(site: Site) -> None:
    result = itscam("fsck")
    assert result.exit_code == 0
    assert "4 recordings" in result.stdout
    assert "nothing is wrong" in result.stdout
    told = facts(itscam("fsck", "--content", "--json"))
    assert (told["clean"], told["files"], told["rows"], told["findings"]) == (True, 4, 4, [])
    assert told["repaired"] is None


def test_what_is_wrong_is_listed_and_mended(site: Site) -> None:
    site.file(0).unlink()
    (site.settings.media / "cam" / "notes.txt").write_text("hello")
    result = itscam("fsck")
    assert result.exit_code == 4
    assert "cam/notes.txt: no recording [11]" in result.stdout
    assert "indexed, but there is no file [10]" in result.stdout
    told = facts(itscam("fsck", "--json"))
    assert told["counts"] == {"foreign-file": 1, "row-without-file": 1}
    mended = itscam("fsck", "--repair")
    assert mended.exit_code == 0
    assert "1 quarantined, 1 marked missing" in mended.stdout
    assert site.audited() == ["storage_fsck"]
    assert itscam("fsck").exit_code == 0
    assert site.listing()[0].state == "missing"


def test_what_only_a_person_can_mend_stays_told(site: Site) -> None:
    (site.settings.media / "cam" / "link").symlink_to("/etc")
    assert itscam("fsck", "--repair").exit_code == 4
    assert itscam("fsck").exit_code == 4


def test_the_index_is_rebuilt(site: Site) -> None:
    before = site.listing()
    site.forget_all()
    told = facts(itscam("rebuild-index", "--json"))
    assert told["files"] == 4
    assert told["bytes"] == sum(s.size_bytes for s in before)
    assert site.listing() == before
    assert "4 recordings" in itscam("rebuild-index").stdout


def test_the_index_is_rebuilt_into_a_new_database(site: Site) -> None:
    before = site.listing()
    for file in site.settings.data_dir.glob("itscam.db*"):
        file.unlink()
    assert itscam("rebuild-index").exit_code == 0
    assert site.listing() == before


def test_verify(site: Site) -> None:
    flip_a_bit(site.file(1), 3000)
    site.file(2).unlink()
    result = itscam("verify")
    assert result.exit_code == 4
    assert "damaged, its content changed after it was sealed" in result.stdout
    assert "missing, its file is not there" in result.stdout
    assert "2 recordings are as they were recorded" in result.stdout
    assert [s.state for s in site.listing()] == ["good", "damaged", "missing", "good"]
    told = facts(itscam("verify", "--json"))
    assert (told["good"], told["damaged"], told["missing"], told["unread"]) == (2, 1, 1, 0)


@pytest.mark.parametrize(
    ("arguments", "good"),
    [
        pytest.param([], 4, id="all"),
        pytest.param(["--camera", "cam"], 4, id="the camera"),
        pytest.param(["--camera", "yard"], 0, id="another camera"),
        pytest.param(["--since", "2023-11-14T22:13:22.5Z"], 3, id="since"),
        pytest.param(["--until", "2023-11-14T22:13:22.5Z"], 2, id="until"),
        pytest.param(
            ["--since", "2023-11-14T22:13:22.5Z", "--until", "2023-11-14T22:13:23Z"], 1, id="both"
        ),
    ],
)
def test_verify_a_part(site: Site, arguments: list[str], good: int) -> None:
    result = itscam("verify", "--json", *arguments)
    assert result.exit_code == 0
    assert facts(result)["good"] == good


def test_a_range_that_ends_before_it_begins_is_refused(site: Site) -> None:
    from its_camera_ai.core.errors import ConfigInvalid

    with pytest.raises(ConfigInvalid, match="lies before since"):
        itscam("verify", "--since", "2024-01-01T00:00:00Z", "--until", "2023-01-01T00:00:00Z")


def test_stats(site: Site) -> None:
    told = facts(itscam("stats", "--json"))
    total = sum(s.size_bytes for s in site.segments)
    holding = told["holdings"][0]  # type: ignore[index]  # JSON
    assert (holding["camera_id"], holding["files"], holding["size_bytes"]) == ("cam", 4, total)
    text = itscam("stats").stdout
    assert "cam" in text
    assert "hot: 4 recordings not verified yet" in text


def test_nothing_is_repaired_on_another_volume(site: Site) -> None:
    from its_camera_ai.core.errors import StorageUnavailable

    site.settings.media.rename(site.settings.media.with_name("aside"))
    site.settings.media.mkdir()
    for command in (["fsck", "--repair"], ["rebuild-index"]):
        with pytest.raises(StorageUnavailable, match="not mounted"):
            itscam(*command)
    assert [s.state for s in site.listing()] == ["good"] * 4
