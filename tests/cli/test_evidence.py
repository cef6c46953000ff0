"""``itscam clip`` and ``itscam evidence`` as a person uses them."""

import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from its_camera_ai.bootstrap.export_worker import export_worker
from its_camera_ai.bootstrap.recordings import media_of
from its_camera_ai.bootstrap.site import open_site
from its_camera_ai.cli import clip, evidence
from its_camera_ai.cli.console import out
from its_camera_ai.core.errors import ItscamError
from its_camera_ai.ops.settings import load_settings
from its_camera_ai.store.segments import SegmentRepository
from tests.recorder.export_support import record
from tests.recorder.support import packets
from tests.support.clips import ClipSpec, numbers_in

SPAN = ("--since", "2023-11-14T22:13:20.5Z", "--until", "2023-11-14T22:13:23Z")


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder with 4 s of recordings of the camera ``cam``."""
    folder = tmp_path / "data"
    monkeypatch.setenv("ITSCAM_DATA_DIR", str(folder))
    monkeypatch.setattr(out, "width", 200)
    opened = open_site(load_settings(), prepare=True)
    for segment in record(folder / "media", packets(ClipSpec(frames=100, gop=25))):
        SegmentRepository(opened.database).put(segment)
    opened.close()
    return folder


def run(app: object, *arguments: str) -> Result:
    return CliRunner().invoke(app, arguments)  # type: ignore[arg-type]  # a Typer


def make_exports() -> None:
    """What the jobs process does all the time."""
    settings = load_settings()
    opened = open_site(settings)
    worker = export_worker(opened, media_of(settings))
    while worker.work_once(lambda: False):
        pass
    opened.close()


def test_from_the_order_to_the_verdict(site: Path, tmp_path: Path) -> None:
    asked = run(clip.app, "create", "--camera", "cam", *SPAN, "--exact", "--case", "7/26")
    assert asked.exit_code == 0, asked.output
    export_id = asked.output.strip()
    assert "queued" in run(clip.app, "list").output
    make_exports()
    listed = run(clip.app, "list").output
    assert "done" in listed
    assert "100%" in listed
    handed_over = shutil.copytree(site / "exports" / export_id, tmp_path / "usb")
    video = next(handed_over.glob("*.mp4"))
    assert numbers_in(video) == list(range(13, 75))
    shown = run(evidence.app, "public-key").output
    assert "BEGIN PUBLIC KEY" in shown
    key = str(site / "evidence.pub")
    good = run(evidence.app, "verify", str(handed_over), "--public-key", key)
    assert (good.exit_code, "GENUINE" in good.output) == (0, True)
    assert (
        shown.rpartition("fingerprint: ")[2].strip()
        in run(evidence.app, "verify", str(handed_over)).output
    )
    video.write_bytes(video.read_bytes()[:-1] + b"\0")
    bad = run(evidence.app, "verify", str(handed_over), "--public-key", key)
    assert (bad.exit_code, "NOT GENUINE" in bad.output) == (1, True)
    assert video.name in bad.output


def test_the_chain_of_two(site: Path) -> None:
    ids = [run(clip.app, "create", "--camera", "cam", *SPAN).output.strip() for _ in range(2)]
    make_exports()
    folders = [str(site / "exports" / export_id) for export_id in ids]
    both = run(evidence.app, "verify", folders[1], "--chain", folders[0])
    assert both.exit_code == 0, both.output
    assert "number 2 of its chain" in both.output
    alone = run(evidence.app, "verify", folders[1], "--chain", folders[1])
    assert "number 1 was not given" in alone.output


def test_cancelled(site: Path) -> None:
    export_id = run(clip.app, "create", "--camera", "cam", *SPAN).output.strip()
    assert "cancelled" in run(clip.app, "cancel", export_id).output
    assert "cancelled" in run(clip.app, "list").output


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        pytest.param(("create", "--camera", "nobody", *SPAN), "no camera", id="unknown camera"),
        pytest.param(
            ("create", "--camera", "cam", "--since", "noon", "--until", "one"), "--since", id="time"
        ),
        pytest.param(("create", "--camera", "cam", *SPAN, "--zone", "1,2 3"), "--zone", id="zone"),
        pytest.param(("create", "--camera", "cam", *SPAN, "--faces"), "yunet", id="no model"),
        pytest.param(("cancel", "nothing"), "no export", id="unknown export"),
    ],
)
def test_refused_in_words(arguments: tuple[str, ...], says: str, site: Path) -> None:
    done = run(clip.app, *arguments)
    assert isinstance(done.exception, ItscamError)
    assert done.exception.exit_code == 2
    assert says in str(done.exception)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        pytest.param(("verify", "nowhere"), 3, id="no export"),
        pytest.param(("verify", ".", "--public-key", "nowhere"), 2, id="no key"),
        pytest.param(("public-key",), 2, id="no site"),
    ],
)
def test_wrong_use(
    arguments: tuple[str, ...], code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ITSCAM_DATA_DIR", str(tmp_path / "none"))
    done = run(evidence.app, *arguments)
    assert isinstance(done.exception, ItscamError)
    assert done.exception.exit_code == code
    assert not (tmp_path / "none").exists()
