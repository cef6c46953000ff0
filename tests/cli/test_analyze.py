import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from its_camera_ai.analytics.offline.files import NAMES, VIDEO
from its_camera_ai.cli.main import main
from tests.support import damaged_clips
from tests.support.moving_box import crossing_boxes, picture, write_video
from tests.support.waiting import wait_until

SCENE = """\
lines:
  - {id: gate, unit: px, points: [[0, 120], [320, 120]]}
"""
Itscam = Callable[..., int]


@pytest.fixture
def itscam(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Itscam:
    """Runs ``itscam analyze …`` in this process; gives the exit code."""
    monkeypatch.setenv("ITSCAM_MODELS_DIR", str(tmp_path / "models"))
    monkeypatch.setenv("COLUMNS", "200")

    def run(*words: object) -> int:
        monkeypatch.setattr(sys, "argv", ["itscam", "analyze", *(str(w) for w in words)])
        with pytest.raises(SystemExit) as ended:
            main()
        code = ended.value.code
        return code if isinstance(code, int) else 0

    return run


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_video(tmp_path_factory.mktemp("clip") / "a.mp4", crossing_boxes())


@pytest.fixture
def scene(tmp_path: Path) -> Path:
    file = tmp_path / "scene.yaml"
    file.write_text(SCENE)
    return file


def test_a_file_and_a_scene_become_five_files(
    itscam: Itscam, clip: Path, scene: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "new" / "out"
    assert itscam(clip, "-c", scene, "--out", out) == 0
    assert sorted(p.name for p in out.iterdir()) == sorted(NAMES)
    counts = json.loads((out / "counts.json").read_text())
    assert set(counts) == {"frames", "lines", "model", "zones"}
    assert set(counts["lines"]) == {"gate"}
    assert counts["model"] == "moving-objects"
    said = capsys.readouterr()
    assert said.out.startswith("50 of 50 pictures analysed")
    assert "detector: moving-objects (no recommended model is in" in said.err
    assert "%" not in said.err  # the bar is for terminals


def test_runs_are_equal_to_the_byte(
    itscam: Itscam, clip: Path, scene: Path, tmp_path: Path
) -> None:
    for name in "ab":
        assert itscam(clip, "-c", scene, "--out", tmp_path / name, "--no-video") == 0
    for name in ("tracks.txt", "events.jsonl", "counts.json"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_without_video_there_is_none_and_an_old_one_is_told(
    itscam: Itscam, clip: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert itscam(clip, "--out", tmp_path / "out", "--no-video") == 0
    assert not (tmp_path / "out" / VIDEO).exists()
    assert itscam(clip, "--out", tmp_path / "out", "--end", "0.2") == 0
    capsys.readouterr()
    assert itscam(clip, "--out", tmp_path / "out", "--no-video") == 0
    assert "from an earlier run" in capsys.readouterr().err


def test_a_scene_outside_of_the_picture_is_warned_of(
    itscam: Itscam, clip: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scene = tmp_path / "scene.yaml"
    scene.write_text("lines: [{id: gate, unit: px, points: [[900, 900], [1200, 900]]}]\n")
    assert itscam(clip, "-c", scene, "--out", tmp_path / "out", "--no-video") == 0
    assert "Line 'gate' lies outside of the picture of 320x240" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "named"),
    [
        pytest.param(["--start", "5", "--end", "5"], "--end", id="end at start"),
        pytest.param(["--start", "-1"], "--start", id="negative start"),
        pytest.param(["--start", "100"], "--start", id="start behind the end"),
        pytest.param(["--fps", "0"], "--fps", id="no rate"),
        pytest.param(["--input", "640"], "--input", id="input without height"),
        pytest.param(["--input", "640x384"], "--input", id="input without a network"),
        pytest.param(["--model", "no-such-model"], "no-such-model", id="unknown model"),
        pytest.param(["--model", "./no.onnx"], "no.onnx", id="missing model file"),
        pytest.param(["--model", "yolox-nano"], "itscam models pull", id="model not here"),
        pytest.param(["-c", "/no/scene.yaml"], "/no/scene.yaml", id="missing scene"),
        pytest.param(["--bogus"], "--bogus", id="unknown option"),
    ],
)
def test_wrong_use_is_code_2(
    itscam: Itscam,
    clip: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    named: str,
) -> None:
    given = list(words)
    if given[:2] == ["--input", "640x384"]:
        given += ["--model", "moving-objects"]
    assert itscam(clip, "--out", tmp_path / "out", *given) == 2
    assert named in capsys.readouterr().err
    assert not list((tmp_path / "out").glob("*"))


def test_a_wrong_scene_is_told_with_its_line(
    itscam: Itscam, clip: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scene = tmp_path / "scene.yaml"
    scene.write_text("lines:\n  - id: gate\n    pionts: [[0, 0], [1, 1]]\n")
    assert itscam(clip, "-c", scene, "--out", tmp_path / "out") == 2
    assert f"{scene}:3:5:" in capsys.readouterr().err


def test_an_output_folder_that_is_a_file_is_code_2(
    itscam: Itscam, clip: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("mine")
    assert itscam(clip, "--out", tmp_path / "file") == 2
    assert "is a file" in capsys.readouterr().err
    assert (tmp_path / "file").read_text() == "mine"


def test_an_output_folder_that_can_not_be_made_is_code_1(
    itscam: Itscam, clip: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert itscam(clip, "--out", "/proc/no-such-place") == 1
    assert "/proc" in capsys.readouterr().err


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(damaged_clips.zero_length, id="empty"),
        pytest.param(damaged_clips.not_a_video, id="text named mp4"),
        pytest.param(damaged_clips.audio_only, id="sound only"),
        pytest.param(damaged_clips.truncated, id="index cut off"),
        pytest.param(lambda: Path("/no/such/video.mp4"), id="missing"),
        pytest.param(lambda: Path("/usr"), id="folder"),
    ],
)
def test_input_that_is_no_video_is_code_3(
    itscam: Itscam,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    make: Callable[[], Path],
) -> None:
    video = make()
    assert itscam(video, "--out", tmp_path / "out") == 3
    said = capsys.readouterr().err
    assert said.startswith("error:")
    assert str(video) in said
    assert len(said.strip().splitlines()) == 1
    assert not (tmp_path / "out").exists()


def test_a_file_that_is_cut_off_is_code_4_and_kept(
    itscam: Itscam, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = write_video(
        tmp_path / "a.mp4", crossing_boxes(150), options={"movflags": "faststart"}
    ).read_bytes()
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(whole[: len(whole) * 2 // 3])
    assert itscam(cut, "--out", tmp_path / "out") == 4
    said = capsys.readouterr().err
    assert said.count("partly done:") == 1
    assert "cut off at" in said
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == sorted(NAMES)


def test_a_file_with_damage_is_code_4_and_kept(
    itscam: Itscam, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert itscam(damaged_clips.corrupt(), "--out", tmp_path / "out", "--no-video") == 4
    assert "could not be read, the first at" in capsys.readouterr().err
    assert json.loads((tmp_path / "out" / "counts.json").read_text())["frames"]["unknown"] > 0


def test_a_missing_argument_is_code_2(itscam: Itscam, clip: Path) -> None:
    assert itscam(clip) == 2
    assert itscam("--out", "x") == 2


@pytest.mark.system
def test_ctrl_c_keeps_what_is_done_and_is_code_4(tmp_path: Path) -> None:
    still = [picture((640, 360), [(20 + i, 50)]) for i in range(100)]
    video = write_video(tmp_path / "long.mp4", still * 30)
    out = tmp_path / "out"
    words = [sys.executable, "-m", "its_camera_ai.cli.main", "analyze"]
    environment = os.environ | {"ITSCAM_MODELS_DIR": str(tmp_path)}
    with subprocess.Popen(
        [*words, str(video), "--out", str(out)],
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        # the video is begun with the first picture; before it there is nothing to keep
        wait_until(lambda: list(out.glob(".annotated.mp4.*")), "the first picture", 60)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
    assert process.returncode == 4, said
    assert "interrupted at" in said
    assert sorted(p.name for p in out.iterdir()) == sorted(NAMES)
    frames = json.loads((out / "counts.json").read_text())["frames"]
    assert 0 < frames["analysed"] < 3000
