"""``itscam calibrate``: check, vehicles, crosswalk and lanes, as somebody types them."""

import sys
from collections.abc import Callable
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from its_camera_ai.analytics.calibration.solving import solve
from its_camera_ai.analytics.calibration.vehicle_sizes import HULL, View
from its_camera_ai.cli import watching
from its_camera_ai.cli.main import main
from its_camera_ai.core.calibration import Calibration
from its_camera_ai.core.camera_url import CameraUrl
from its_camera_ai.core.cameras import Camera
from its_camera_ai.core.picture_points import Unit
from its_camera_ai.core.scene import Scene
from its_camera_ai.store.documents.calibration import calibration_lines
from its_camera_ai.store.documents.scene import load_scene
from its_camera_ai.store.documents.site import export_site
from its_camera_ai.store.documents.yaml_text import flow_text
from tests.analytics.calibration.views import MARKS, SIZE_WH, calibrated, pairs_of, seen
from tests.support.moving_box import BrightBoxes, write_video

Itscam = Callable[..., int]
SIZE = ("--size", "1280x720")


@pytest.fixture
def itscam(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Itscam:
    """Runs ``itscam calibrate …`` in this process; gives the exit code."""
    monkeypatch.setenv("ITSCAM_MODELS_DIR", str(tmp_path / "models"))

    def run(*words: object) -> int:
        monkeypatch.setattr(sys, "argv", ["itscam", "calibrate", *(str(w) for w in words)])
        with pytest.raises(SystemExit) as ended:
            main()
        code = ended.value.code
        return code if isinstance(code, int) else 0

    return run


def scene_file(folder: Path, calibration: Calibration) -> Path:
    file = folder / "scene.yaml"
    parts = (
        "lines: [{id: gate, unit: px, points: [[500, 400], [700, 400]]}]",
        "lanes: [{id: left, unit: px, points: [[500, 300], [600, 300], [600, 400], [500, 400]],",
        "    heading: [[550, 400], [550, 300]]}]",
    )
    file.write_text("\n".join([*parts, *calibration_lines(calibration), ""]))
    return file


def test_errors_are_told_by_pair_lane_and_line(
    itscam: Itscam, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = scene_file(tmp_path, calibrated(noise_px=0.5))
    assert itscam("check", file, *SIZE, "--kmh", 80) == 0
    said = capsys.readouterr().out
    rows = {line.split("  ")[0]: line for line in said.splitlines() if line}
    assert {f"pair {k}" for k in range(1, 13)} <= set(rows)
    assert "hold-out error (each pair left out in turn): mean 0.0" in said
    assert "camera: 8.0 m above the road, horizontal field of view 60°" in said
    assert "speed error at 80 km/h" in said
    assert "km/h" in rows["gate"]
    assert rows["left"].endswith("100%")


def test_a_wrong_pair_is_named(
    itscam: Itscam, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    px = seen(MARKS)
    px[4] += (40, -25)
    names = [f"mark {k}" for k in range(len(MARKS))]
    calibration = Calibration(pairs_of(MARKS, px, names=names), unit=Unit.PX)
    assert itscam("check", scene_file(tmp_path, calibration), *SIZE) == 0
    said = capsys.readouterr()
    (bad,) = [line for line in said.out.splitlines() if "BAD" in line]
    assert bad.startswith("mark 4 ")
    assert "mark 4 was left out" in said.err


CALIBRATED = Scene(calibration=calibrated())


def site_file(folder: Path, *calibrated_ids: str) -> Path:
    file = folder / "site.yaml"
    url = CameraUrl.parse("rtsp://cam/1")
    file.write_text(
        export_site(
            [
                Camera("plain", url),
                *(
                    Camera(name, url, scene=Scene(calibration=calibrated()))
                    for name in calibrated_ids
                ),
            ]
        )
    )
    return file


def test_a_camera_of_a_site_is_checked(
    itscam: Itscam, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert itscam("check", site_file(tmp_path, "north"), *SIZE) == 0
    two = site_file(tmp_path, "north", "south")
    assert itscam("check", two, *SIZE, "--camera", "south") == 0
    assert capsys.readouterr().out.count("hold-out error") == 2
    assert itscam("check", two, *SIZE) == 2
    assert "calibrated are: north, south" in capsys.readouterr().err
    assert itscam("check", two, *SIZE, "--camera", "plain") == 2
    assert "there is no calibration in it" in capsys.readouterr().err


LINE = (
    "calibration: {pairs: ["
    + ", ".join(f"{{image: [0.{k}, 0.{k}], world: [{k}, {k}]}}" for k in range(1, 6))
    + "]}"
)
REFUSED = {
    "on one line": (LINE, (*SIZE,), "one line"),
    "no calibration": ("lines: []", (*SIZE,), "there is no calibration"),
    "camera of a scene": (LINE, (*SIZE, "--camera", "x"), "leave out --camera"),
    "size": (LINE, ("--size", "large"), "must look like"),
    "empty size": (LINE, ("--size", ""), "must look like"),
    "speed": (LINE, (*SIZE, "--kmh", "0"), "--kmh"),
    "wrong key": ("callibration: {}", (*SIZE,), "did you mean 'calibration'"),
}


@pytest.mark.parametrize(("text", "words", "told"), REFUSED.values(), ids=REFUSED)
def test_what_can_not_be_checked_is_code_2(
    itscam: Itscam,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    text: str,
    words: tuple[str, ...],
    told: str,
) -> None:
    file = tmp_path / "scene.yaml"
    file.write_text(text)
    assert itscam("check", file, *words) == 2
    assert told in capsys.readouterr().err


def crosswalk_file(folder: Path, **also: object) -> Path:
    xs = [k + right for k in range(5) for right in (0.0, 0.5)]
    near, far = (seen(np.array([[x, y] for x in xs])).tolist() for y in (14.0, 18.0))
    near[3] = None
    fields = {"stripe_m": 0.5, "gap_m": 0.5, "length_m": 4.0, "near": near, "far": far, **also}
    file = folder / "crosswalk.yaml"
    file.write_text("".join(f"{key}: {flow_text(value)}\n" for key, value in fields.items()))
    return file


def test_a_crosswalk_becomes_a_section_that_can_be_checked(
    itscam: Itscam, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "calibration.yaml"
    assert itscam("crosswalk", crosswalk_file(tmp_path, scale_sd=0.02), *SIZE, "-o", out) == 0
    calibration = load_scene(out).calibration
    assert calibration is not None
    assert len(calibration.pairs) == 19
    assert calibration.scale_sd == 0.02
    plane = solve(calibration, SIZE_WH).plane
    world = plane.to_world(seen(np.array([[1.0, 15.0], [3.0, 17.0]])))
    assert np.linalg.norm(world[1] - world[0]) == pytest.approx(np.sqrt(8), rel=1e-3)
    assert "within" in capsys.readouterr().err
    assert itscam("check", out, *SIZE) == 0


def lane_lines(**also: object) -> str:
    lines = [
        {"across_m": x, "ends": seen(np.array([[x, y] for y in (20.0, 26, 38, 44)])).tolist()}
        for x in (0.0, 3.75)
    ]
    return "".join(f"{key}: {flow_text(v)}\n" for key, v in {"lines": lines, **also}.items())


def test_lane_lines_go_to_standard_output_and_a_rule_is_named(
    itscam: Itscam, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "lanes.yaml"
    file.write_text(lane_lines(marking="de-motorway"))
    assert itscam("lanes", file, *SIZE) == 0
    said = capsys.readouterr()
    assert "The sizes are a rule's (RMS (Germany)" in said.err
    measured = tmp_path / "measured.yaml"
    file.write_text(lane_lines(mark_m=6, gap_m=12))
    assert itscam("lanes", file, *SIZE, "-o", measured) == 0
    assert "a rule's" not in capsys.readouterr().err
    by_rule = tmp_path / "rule.yaml"
    by_rule.write_text(said.out)
    assert load_scene(by_rule) == load_scene(measured)


MARKING = {
    "unknown rule": (lane_lines(marking="mars"), "must be one of de-motorway"),
    "nothing given": (lane_lines(mark_m=3), "write mark_m and gap_m"),
    "both given": (lane_lines(marking="us", gap_m=3), "not both"),
    "wrong key": (lane_lines(mark_m=6, gap_m=12, ahead=1), "unknown key 'ahead'"),
    "no size": (lane_lines(mark_m=0, gap_m=12), "must be greater than 0"),
}


@pytest.mark.parametrize(("text", "told"), MARKING.values(), ids=MARKING)
def test_a_wrong_marking_is_code_2_and_nothing_is_written(
    itscam: Itscam, tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, told: str
) -> None:
    file, out = tmp_path / "lanes.yaml", tmp_path / "out.yaml"
    file.write_text(text)
    assert itscam("lanes", file, *SIZE, "-o", out) == 2
    assert told in capsys.readouterr().err
    assert not out.exists()


VIEW = View(500.0, np.radians(20), 9.0, (320.0, 180.0))
VIDEO_WH = (640, 360)
FAST_START = {"movflags": "faststart"}
CAR_M = np.array([[4.4, 1.8, 1.5]])


@pytest.fixture(scope="module")
def traffic(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Cars of typical size pass one after the other, every one as bright as a detector wants."""
    pictures = []
    for car in range(20):
        x_m, away = -4 + 0.4 * car, 1 if car % 2 else -1
        for step in range(12):
            y_m = 20.0 + away * (step - 6) * 0.8
            box = VIEW.boxes(
                np.array([[x_m, y_m]]),
                np.array([away * np.pi / 2]),
                np.array([[4.4, 1.8, 1.5]]),
                HULL,
            )[0].round()
            made = np.full((VIDEO_WH[1], VIDEO_WH[0], 3), 30, np.uint8)
            x1, y1, x2, y2 = (int(v) for v in box)
            cv2.rectangle(made, (x1, y1), (x2 - 1, y2 - 1), (255, 255, 255), -1)
            pictures.append(made)
        pictures += [np.full((VIDEO_WH[1], VIDEO_WH[0], 3), 30, np.uint8)] * 30
    return write_video(tmp_path_factory.mktemp("traffic") / "traffic.mp4", pictures)


def test_passing_cars_become_a_section(
    itscam: Itscam,
    traffic: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(watching, "load_model", lambda *_, **__: BrightBoxes())
    hfov_deg = float(np.degrees(2 * np.arctan(320 / 500)))
    out = tmp_path / "calibration.yaml"
    assert itscam("vehicles", traffic, "--out", out, "--hfov", hfov_deg) == 0
    said = capsys.readouterr()
    assert "(as given)" in said.err
    assert "Without --hfov" not in said.err
    calibration = load_scene(out).calibration
    assert calibration is not None
    assert 0 < calibration.scale_sd < 0.1
    plane = solve(calibration, VIDEO_WH).plane
    world = plane.to_world(VIEW.project(np.array([[0.0, 17, 0], [0.0, 23, 0]])))
    assert np.linalg.norm(world[1] - world[0]) == pytest.approx(6, rel=2.5 * calibration.scale_sd)


def test_a_file_that_is_cut_off_is_code_4_and_used(
    itscam: Itscam,
    traffic: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(watching, "load_model", lambda *_, **__: BrightBoxes())
    cut, out = tmp_path / "cut\n.mp4", tmp_path / "calibration.yaml"
    with av.open(str(traffic)) as whole, av.open(str(cut), "w", options=FAST_START) as made:
        stream = made.add_stream_from_template(whole.streams.video[0])
        for packet in whole.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                made.mux(packet)
    cut.write_bytes(cut.read_bytes()[: cut.stat().st_size * 19 // 20])
    assert itscam("vehicles", cut, "--out", out, "--hfov", "65") == 4
    assert "cut off at" in capsys.readouterr().err
    assert load_scene(out).calibration is not None


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        pytest.param(["--end", "2"], 2, "wait for 15", id="few vehicles"),
        pytest.param(["--hfov", "190"], 2, "hfov_deg", id="no lens"),
        pytest.param(["--start", "1000"], 2, "no picture after --start", id="no picture"),
    ],
)
def test_too_little_traffic_is_code_2_and_nothing_is_written(
    itscam: Itscam,
    traffic: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    code: int,
    told: str,
) -> None:
    monkeypatch.setattr(watching, "load_model", lambda *_, **__: BrightBoxes())
    out = tmp_path / "calibration.yaml"
    assert itscam("vehicles", traffic, "--out", out, *words) == code
    assert told in capsys.readouterr().err
    assert not out.exists()


def test_a_model_that_knows_no_cars_is_refused(
    itscam: Itscam, traffic: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert itscam("vehicles", traffic, "--model", "moving-objects") == 2
    assert "does not tell cars" in capsys.readouterr().err
