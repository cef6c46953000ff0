"""``itscam eval`` as a person uses it."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from its_camera_ai.cli.main import main
from its_camera_ai.evaluation.results import Results
from tests.support.moving_box import crossing_boxes, write_video

Itscam = Callable[..., int]
COURTYARD = ("--sim", "courtyard?fps=5&size=320x180", "--seconds", 4)


@pytest.fixture
def itscam(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Itscam:
    """Runs ``itscam eval …`` in this process; gives the exit code."""
    monkeypatch.setenv("ITSCAM_MODELS_DIR", str(tmp_path / "models"))
    monkeypatch.setenv("COLUMNS", "200")

    def run(*words: object) -> int:
        monkeypatch.setattr(sys, "argv", ["itscam", "eval", *(str(w) for w in words)])
        with pytest.raises(SystemExit) as ended:
            main()
        code = ended.value.code
        return code if isinstance(code, int) else 0

    return run


def test_tracks_of_a_street_are_scored(
    itscam: Itscam, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "r.json"
    assert itscam("track", *COURTYARD, "--model", "truth", "--json", out, "--rates", "5,2.5") == 0
    results = Results.load(out)
    assert [row.rate for row in results.track] == [5, 2.5]
    assert "sim courtyard" in capsys.readouterr().out


def test_counts_of_a_street_are_scored(itscam: Itscam, tmp_path: Path) -> None:
    out = tmp_path / "r.json"
    words = ("count", *COURTYARD, "--model", "truth", "--json", out, "--seed", 3, "--rates", "5")
    assert itscam(*words) == 0
    (row,) = Results.load(out).streets
    assert (row.set, row.detections, row.seconds) == ("sim courtyard", "truth", 4.0)


def test_the_embedded_detector_on_a_street(itscam: Itscam, tmp_path: Path) -> None:
    out = tmp_path / "r.json"
    assert itscam("detect", *COURTYARD, "--json", out) == 0
    assert {row.model for row in Results.load(out).detect} == {"moving-objects"}


def test_a_baseline_is_written_held_and_missed(
    itscam: Itscam, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "base.json"
    words = ("track", *COURTYARD, "--model", "truth", "--rates", "5", "--baseline", file)
    assert itscam(*words, "--write-baseline") == 0
    assert itscam(*words) == 0
    assert "No figure is worse" in capsys.readouterr().out
    stored = json.loads(file.read_text())
    stored["figures"]["track/sim courtyard/truth/5/idf1"]["value"] = 2.0
    stored["figures"]["track/sim courtyard/truth/5/mota"]["value"] = -9.0
    file.write_text(json.dumps(stored))
    assert itscam(*words) == 1
    said = capsys.readouterr()
    assert "worse: track/sim courtyard/truth/5/idf1 2 → " in said.err
    assert "better: track/sim courtyard/truth/5/mota -9 → " in said.out


def test_a_clip_of_ones_own_is_counted(
    itscam: Itscam, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_video(tmp_path / "a.mp4", crossing_boxes())
    clip = {"file": "a.mp4", "frames": 50, "line": [[0, 120], [320, 120]], "in": 1, "out": 1}
    (tmp_path / "counts.json").write_text(json.dumps({"clips": [clip]}))
    out = tmp_path / "r.json"
    assert itscam("count", tmp_path, "--rates", "25", "--json", out) == 0
    (row,) = Results.load(out).count
    assert (row.set, row.inward, row.outward, row.model) == ("a", 1, 1, "moving-objects")
    assert row.run_share > 0
    assert "detector: moving-objects" in capsys.readouterr().err


def test_a_sequence_of_ones_own_is_tracked_without_a_detector(
    itscam: Itscam, tmp_path: Path
) -> None:
    (tmp_path / "seq").mkdir()
    for name, track_id in (("det", -1), ("gt", 1)):
        rows = [f"{k},{track_id},{10 + 2 * k},50,30,60,1" for k in range(1, 31)]
        (tmp_path / "seq" / f"{name}.txt").write_text("\n".join(rows))
    out = tmp_path / "r.json"
    assert itscam("track", tmp_path, "--rates", "10", "--fps", 10, "--json", out) == 0
    (row,) = Results.load(out).track
    assert (row.set, row.detections, row.rate, row.ids_found) == ("seq", "public", 10, 1)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        pytest.param(("detect",), "either a folder with data or --sim", id="neither"),
        pytest.param(("detect", ".", "--sim", "carpark"), "not both", id="both"),
        pytest.param(("detect", "nowhere"), "nowhere is no folder", id="no folder"),
        pytest.param(("detect", "."), "no boxes.json", id="no labels"),
        pytest.param(("count", "."), "no counts.json", id="no counts"),
        pytest.param(("track", "."), "nothing to track", id="no sequence"),
        pytest.param(("track", "--sim", "carpark", "--rates", "a"), "--rates 'a'", id="rates"),
        pytest.param(("track", "--sim", "carpark", "--rates", "0"), "--rates '0'", id="rate 0"),
        pytest.param(("count", "--sim", "moon"), "no simulated scene 'moon'", id="scene"),
        pytest.param(
            ("count", "--sim", "carpark", "--write-baseline"), "needs a file", id="baseline"
        ),
        pytest.param(
            ("detect", "--sim", "carpark", "--model", "truth"), "--model truth is for", id="truth"
        ),
        pytest.param(
            ("detect", "--sim", "carpark", "--input", "9"), "--input '9' must look", id="input"
        ),
        pytest.param(
            ("detect", "--sim", "carpark", "--model", "none"), "no model 'none'", id="model"
        ),
    ],
)
def test_wrong_use_ends_with_code_two_and_says_what_to_do(
    itscam: Itscam,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: tuple[str, ...],
    says: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert itscam(*words) == 2
    assert says in capsys.readouterr().err


def test_a_malformed_label_is_named(
    itscam: Itscam, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "boxes.json").write_text('{"frames": {"a": {"file": 3}}}')
    assert itscam("detect", tmp_path) == 2
    assert "'frames.a.file' must be a text, not 3" in capsys.readouterr().err
