"""``itscam models quantize`` and ``bench`` as a person uses them."""

import json
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from typer.testing import CliRunner, Result

from its_camera_ai.cli import models_bench
from its_camera_ai.cli.int8_judge import agreement_judge, labels_judge
from its_camera_ai.cli.models import app
from its_camera_ai.cli.site_pictures import CameraVideos, collect, recordings, spread, videos
from its_camera_ai.core.errors import ConfigInvalid, ModelInvalid
from its_camera_ai.vision.calibration import SitePicture
from its_camera_ai.vision.catalogue import Catalogue
from its_camera_ai.vision.loading import load_model
from its_camera_ai.vision.own_models import OwnModel
from its_camera_ai.vision.quantization import Attempt, quantize
from its_camera_ai.vision.runtime import RuntimeName
from its_camera_ai.vision.tuning import TUNING_FILE, kept_choice
from tests.support.tiny_network import CLASSES, bright_squares_network, square_pictures


def clip(path: Path, frames: Sequence[np.ndarray], key_every: int = 1) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=5, options={"crf": "10"})
        stream.height, stream.width = frames[0].shape[:2]
        stream.codec_context.gop_size = key_every
        stream.codec_context.time_base = Fraction(1, 5)
        for bgr in frames:
            picture = av.VideoFrame.from_ndarray(bgr, format="bgr24")
            container.mux(stream.encode(picture))
        container.mux(stream.encode())
    return path


def squares(count: int, seed: int = 1) -> list[np.ndarray]:
    return [p.bgr for p in square_pictures(count, seed=seed)]


@pytest.fixture
def media(tmp_path: Path) -> Path:
    """Two cameras; south has no sub-stream."""
    root = tmp_path / "media"
    for n in range(16):
        clip(root / "north" / "sub" / "2026-11-23" / f"08-00-{n:02}_a.mp4", squares(4, n))
        clip(root / "south" / "main" / "2026-11-23" / f"08-00-{n:02}_b.mp4", squares(4, 50 + n))
    clip(root / "north" / "main" / "2026-11-23" / "08-00-00_c.mp4", squares(2, 99))
    return root


@pytest.fixture
def models(tmp_path: Path) -> Path:
    folder = tmp_path / "models"
    network = bright_squares_network(tmp_path / "squares.onnx", layers=6)
    Catalogue.shipped().add(network, folder, "squares", "yolox", CLASSES)
    return folder


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(a) for a in arguments])


def quantize_squares(models: Path, *more: object) -> Result:
    options = ["--models-dir", models, "--runtime", "onnxruntime", "--frames", 32]
    return run("quantize", "squares", *options, *more)


def test_an_8_bit_model_out_of_the_recordings(models: Path, media: Path) -> None:
    done = quantize_squares(models, "--recordings", media)
    assert done.exit_code == 0, done.output
    assert "squares-int8 is ready" in done.output
    assert "AP50 (agreement) person 1.000 → " in done.output
    facts = json.loads((models / "squares-int8.onnx.json").read_text())["quantization"]
    assert facts["cameras"] == ["north", "south"]
    assert (facts["frames"], facts["judged"], facts["source"]) == (24, 8, "squares")
    assert facts["made_from"] == json.loads((models / "squares.onnx.json").read_text())["sha256"]
    info = load_model("squares-int8", models_dir=models).info
    assert info.runtime is not None
    assert info.runtime.precision == "int8"
    assert "8 bits of squares" in run("list", "--models-dir", models).output
    assert "squares-int8: ok" in run("verify", "--models-dir", models).output


def test_one_camera_only(models: Path, media: Path) -> None:
    done = quantize_squares(models, "--recordings", media, "--camera", "south")
    assert done.exit_code == 0, done.output
    facts = json.loads((models / "squares-int8.onnx.json").read_text())["quantization"]
    assert facts["cameras"] == ["south"]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        pytest.param(["--camera", "west"], "no recordings of west", id="unknown camera"),
        pytest.param(["--video", "nowhere.mp4"], "no video", id="no such video"),
        pytest.param(["--runtime", "abacus"], "no runtime 'abacus'", id="unknown runtime"),
        pytest.param(["--input", "wide"], "640x384", id="input size"),
        pytest.param(["--name", "yolox-nano"], "--name", id="name is taken"),
        pytest.param(["--labels", "nowhere"], "no folder", id="no labels"),
    ],
)
def test_wrong_use_is_told(models: Path, media: Path, options: list[str], says: str) -> None:
    done = quantize_squares(models, "--recordings", media, *options)
    assert isinstance(done.exception, (ConfigInvalid, ModelInvalid))
    assert says in str(done.exception)
    assert not (models / "squares-int8.onnx").exists()


def test_a_scene_in_which_nothing_changes_is_not_enough(models: Path, tmp_path: Path) -> None:
    still = clip(tmp_path / "still.mp4", squares(1) * 40)
    done = quantize_squares(models, "--video", still)
    assert isinstance(done.exception, ConfigInvalid)
    assert "Only 1 different" in str(done.exception)


def test_no_recordings_at_all(models: Path, tmp_path: Path) -> None:
    done = quantize_squares(models, "--recordings", tmp_path / "empty")
    assert "record first" in str(done.exception)


def test_recordings_of_the_stream_that_is_detected_on(media: Path) -> None:
    found = {one.camera_id: one for one in recordings(media)}
    assert {f.parts[-3] for f in found["north"].files} == {"sub"}
    assert {f.parts[-3] for f in found["south"].files} == {"main"}


def test_pictures_are_spread_over_cameras_and_hours(media: Path) -> None:
    pictures = collect(recordings(media), 8, pytest.fail)
    assert [pictures.of_camera(c) for c in ("north", "south")] == [4, 4]


def test_a_damaged_recording_is_passed_over(media: Path) -> None:
    broken = sorted((media / "north").rglob("*_a.mp4"))[0]
    broken.write_bytes(b"no video")
    notes: list[str] = []
    pictures = collect(recordings(media, ["north"]), 10, notes.append)
    assert len(pictures) == 10
    assert len(notes) == 1
    assert str(broken) in notes[0]


def test_a_video_with_few_key_frames_gives_pictures_in_between(tmp_path: Path) -> None:
    path = clip(tmp_path / "long.mp4", squares(20), key_every=100)
    pictures = collect(videos([path], 5), 5, pytest.fail)
    assert len(pictures) == 5


def test_large_pictures_are_made_smaller(tmp_path: Path) -> None:
    path = clip(tmp_path / "wide.mp4", [np.zeros((720, 2560, 3), np.uint8)])
    seen: list[SitePicture] = []
    pictures = collect([CameraVideos("wide", (path,), 1)], 1, pytest.fail)
    seen += pictures._kept["wide"]
    assert seen[0].bgr.shape == (360, 1280, 3)


@pytest.mark.parametrize("count", [1, 2, 5, 8, 100])
def test_a_spread_order_holds_everything_once(count: int) -> None:
    order = spread(count)
    assert sorted(order) == list(range(count))
    early = sorted(order[: max(1, count // 4)])
    assert count < 8 or max(np.diff([0, *early, count])) <= count / 2


def test_too_few_objects_to_judge_by(models: Path) -> None:
    own = Catalogue.shipped().own(models)[0]
    empty = [SitePicture("north", np.zeros((64, 64, 3), np.uint8))]
    with pytest.raises(ConfigInvalid, match="only 0 objects, at least 30"):
        quantize(
            models / "squares.onnx",
            own,
            square_pictures(4),
            agreement_judge(empty),
            ap_drop_max=0.02,
            made_for=RuntimeName.ONNXRUNTIME,
        )


def test_a_model_is_measured_and_the_answer_kept(models: Path, media: Path) -> None:
    assert quantize_squares(models, "--recordings", media, "--frames", 24).exit_code == 0
    done = run("bench", "squares", "--models-dir", models, "--seconds", 1, "--batch", 1)
    assert done.exit_code == 0, done.output
    for words in ("squares runs best with", "squares-int8 runs best with", "openvino", "int8"):
        assert words in done.output
    for own in Catalogue.shipped().own(models):
        assert kept_choice(models, own.sha256) is not None


def test_interrupted_it_keeps_nothing(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    measured: Iterator[object] = iter([None])

    def interrupted(*_: object) -> object:
        try:
            return next(measured)
        except StopIteration:
            raise KeyboardInterrupt from None

    monkeypatch.setattr(models_bench, "measure", interrupted)
    done = run("bench", "squares", "--models-dir", models)
    assert done.exit_code != 0
    assert not (models / TUNING_FILE).exists()


@pytest.fixture(scope="module")
def real_pictures(data_dir: Path) -> list[SitePicture]:
    clips = ("motorway_dvrscan", "road_ozlu", "room_one_by_one_intel", "plaza_supervision")
    files = [data_dir / "videos" / f"{name}.mp4" for name in clips]
    return collect(videos(files, 40), 40, pytest.fail).split()[0]


@pytest.mark.data
def test_the_recommended_model_in_8_bits_finds_what_it_found(
    data_dir: Path, real_pictures: list[SitePicture]
) -> None:
    made = quantize(
        data_dir / "models" / "yolox_nano_dyn.onnx",
        OwnModel("yolox-nano", "yolox", ["coco"], ""),
        real_pictures,
        labels_judge(data_dir),
        ap_drop_max=0.02,
        made_for=RuntimeName.OPENVINO,
        input_wh=(640, 384),
    )
    assert set(made.verdict.ap50) == {"person", "vehicle"}
    assert made.verdict.drop <= 0.02


@pytest.mark.data
def test_the_recommended_model_in_8_bits_throughout_is_refused(
    data_dir: Path, real_pictures: list[SitePicture]
) -> None:
    with pytest.raises(ModelInvalid, match=r"is refused: AP50 .*nothing was kept"):
        quantize(
            data_dir / "models" / "yolox_nano_dyn.onnx",
            OwnModel("yolox-nano", "yolox", ["coco"], ""),
            real_pictures[::4],
            agreement_judge(real_pictures[1::4]),
            ap_drop_max=0.2,
            made_for=RuntimeName.ONNXRUNTIME,
            input_wh=(416, 256),
            attempts=[Attempt(0, reduced=False)],
        )
