"""The commands as a person uses them: exit codes, words, no secrets."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from its_camera_ai.bus.local import LocalBus
from its_camera_ai.cli import running
from its_camera_ai.ops.settings import load_settings
from its_camera_ai.store.lock import InstanceLock
from tests.support.clips import ClipSpec, make_clip
from tests.support.damaged_clips import audio_only, not_a_video
from tests.support.raw_rtsp import Behaviour

SITE = """
cameras:
  - id: north
    url: rtsp://viewer:canary@192.0.2.1/main
    lines:
      - {id: gate, points: [[0.1, 0.5], [0.9, 0.5]]}
"""


def itscam(folder: Path, *arguments: str, **settings: object) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("ITSCAM_")}
    environment["ITSCAM_DATA_DIR"] = str(folder)
    environment |= {f"ITSCAM_{k.upper()}": str(v) for k, v in settings.items()}
    return subprocess.run(
        [sys.executable, "-m", "its_camera_ai.cli.main", *arguments],
        env=environment,
        capture_output=True,
        text=True,
        timeout=90,
    )


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A data folder that was prepared once, with one camera."""
    folder = tmp_path / "data"
    file = tmp_path / "site.yaml"
    file.write_text(SITE)
    from its_camera_ai.bootstrap.site import open_site

    open_site(load_settings(data_dir=folder), prepare=True).close()
    assert itscam(folder, "apply", str(file)).returncode == 0
    return folder


@pytest.mark.parametrize(
    ("url", "code", "says"),
    [
        pytest.param("exec:reboot", 2, "scheme", id="not an address"),
        pytest.param("gopher://x/", 2, "not allowed", id="scheme outside the list"),
        pytest.param("rtsp://u:canary@127.0.0.1:9/x", 1, "nothing listens on port 9", id="refused"),
        pytest.param("rtsp://no-such.invalid/x", 1, "name server", id="unknown name"),
        pytest.param("sim://nowhere", 2, "intersection", id="unknown scene"),
    ],
)
def test_probe_says_why_not(url: str, code: int, says: str, tmp_path: Path) -> None:
    done = itscam(tmp_path, "camera", "probe", url)
    assert (done.returncode, done.stdout) == (code, "")
    assert says in done.stderr
    assert "canary" not in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("make", [not_a_video, audio_only], ids=["text", "audio only"])
def test_probe_of_what_is_no_video(make, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    done = itscam(tmp_path, "camera", "probe", str(make()))
    assert done.returncode == 3
    assert done.stderr.splitlines()[-1].startswith("error: ") or "error:" in done.stderr


def test_probe_with_wrong_credentials(raw_rtsp_server, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    server = raw_rtsp_server(Behaviour.UNAUTHORISED)
    done = itscam(tmp_path, "camera", "probe", server.url(login="bob:canary"))
    assert done.returncode == 3
    assert "refused the log-in" in done.stderr
    assert "canary" not in done.stdout + done.stderr


def test_probe_tells_what_there_is(tmp_path: Path) -> None:
    clip = make_clip(ClipSpec(audio=True))
    done = itscam(tmp_path, "camera", "probe", str(clip))
    assert done.returncode == 0
    for text in ("h264, 320x240", "25.00 per second", "every 1.00 s", "aac, 48000 Hz"):
        assert text in done.stdout


def test_apply_is_idempotent_and_export_gives_the_file_back(site: Path, tmp_path: Path) -> None:
    file = tmp_path / "site.yaml"
    again = itscam(site, "apply", str(file))
    assert again.returncode == 0
    assert "0 to add, 0 to change, 0 to remove, 1 unchanged" in again.stdout
    exported = itscam(site, "export")
    assert "rtsp://viewer:***@192.0.2.1/main" in exported.stdout
    assert "canary" not in exported.stdout
    back = tmp_path / "back.yaml"
    back.write_text(exported.stdout)
    assert "1 unchanged" in itscam(site, "diff", str(back)).stdout


def test_diff_changes_nothing(site: Path, tmp_path: Path) -> None:
    file = tmp_path / "site.yaml"
    file.write_text(SITE.replace("0.5], [0.9", "0.6], [0.9"))
    assert "gate" in itscam(site, "diff", str(file)).stdout
    assert "gate" in itscam(site, "diff", str(file)).stdout


def test_a_bad_site_file_is_refused_with_its_lines(site: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text(SITE.replace("lines:", "liness:"))
    before = itscam(site, "export").stdout
    done = itscam(site, "apply", str(bad))
    assert done.returncode == 2
    assert "bad.yaml:5" in done.stderr
    assert "'lines'" in done.stderr
    assert itscam(site, "export").stdout == before


@pytest.mark.parametrize("command", [["status"], ["export"], ["users", "list"]])
def test_no_site_here(command: list[str], tmp_path: Path) -> None:
    done = itscam(tmp_path / "nothing", *command)
    assert done.returncode == 2
    assert "itscam up" in done.stderr


def test_a_second_instance_is_refused(site: Path) -> None:
    with InstanceLock(site):
        done = itscam(site, "up")
    assert done.returncode == 2
    assert str(os.getpid()) in done.stderr


def test_a_taken_port_is_told_before_anything_starts(site: Path) -> None:
    from its_camera_ai.ops.listening import listening_socket
    from tests.support.site import free_port

    port = free_port()
    with listening_socket("127.0.0.1", port) as taken:
        taken.listen()
        done = itscam(site, "up", http_port=port)
    assert done.returncode == 2
    assert f"127.0.0.1:{port}" in done.stderr
    assert "ITSCAM_HTTP_PORT" in done.stderr


def test_a_folder_that_can_not_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = itscam(tmp_path / "file" / "data", "up")
    assert done.returncode == 1
    assert "can't be written" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_wrong_setting_is_named(tmp_path: Path) -> None:
    done = itscam(tmp_path, "status", htpt_port=1)
    assert done.returncode == 2
    assert "ITSCAM_HTPT_PORT" in done.stderr


def test_accounts(site: Path) -> None:
    added = itscam(site, "users", "add", "eve", "--role", "operator")
    assert added.stdout.startswith("one-time password: ")
    assert itscam(site, "users", "add", "eve").returncode == 2
    assert itscam(site, "users", "add", "mallory", "--role", "root").returncode == 2
    assert "operator" in itscam(site, "users", "list").stdout
    reset = itscam(site, "users", "reset-password", "eve")
    assert reset.stdout != added.stdout
    assert itscam(site, "users", "reset-password", "nobody").returncode == 2


def test_models_are_listed_and_checked(tmp_path: Path) -> None:
    listed = itscam(tmp_path, "models", "list")
    assert (
        "yolox-nano (recommended)" in listed.stdout.replace("\n", " ")
        or "yolox-nano" in listed.stdout
    )
    assert "moving-objects" in listed.stdout
    (tmp_path / "models").mkdir()
    assert itscam(tmp_path, "models", "verify").returncode == 0
    assert itscam(tmp_path, "models", "pull", "no-such-model").returncode == 2


def test_status_needs_no_log_in_but_the_folder(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    bus = LocalBus(tmp_path / "run")
    done = itscam(tmp_path, "status")
    bus.close()
    assert done.returncode == 2
    assert "Nothing runs" in done.stderr


def test_the_address_is_told_last(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """A program that starts a site waits for that line, and then knows the password."""
    running._announce_short(load_settings(data_dir=tmp_path), "once-only")
    password, address = capsys.readouterr().out.splitlines()
    assert "once-only" in password
    assert address.startswith("dashboard: http://")
