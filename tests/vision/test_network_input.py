"""What reaches the network: found by shape, in its layout, type and colours."""

import numpy as np
import pytest

from its_camera_ai.core.errors import ModelInvalid
from its_camera_ai.vision.detector import AreaLook
from its_camera_ai.vision.families import FAMILIES, Family
from its_camera_ai.vision.letterbox import Normalisation
from its_camera_ai.vision.network import NetworkDetectorModel
from its_camera_ai.vision.network_input import network_input
from its_camera_ai.vision.runtime import TensorSpec
from tests.support.fake_runtime import PICTURES, FakeRuntime
from tests.support.tiny_models import SIDE, nanodet_outputs, nanodet_plus_output, yolox_output

YOLOX, DETR = FAMILIES["yolox"], FAMILIES["detr"]
BLUISH = (200, 100, 20)
FRAME = np.full((SIDE, SIDE, 3), BLUISH, np.uint8)

EMPTY = {
    "yolox": {"o": yolox_output()},
    "yolov8": {"o": np.zeros((1, 84, 84), np.float32)},
    "nanodet": nanodet_outputs(),
    "nanodet-plus": {"o": nanodet_plus_output()},
    "fastestdet": {"o": np.zeros((1, 85, 4, 4), np.float32)},
    "ssd": {"o": np.zeros((1, 1, 5, 7), np.float32)},
    "boxes-scores": {"b": np.zeros((9, 4), np.float32), "s": np.zeros((9, 80), np.float32)},
    "detr": {"b": np.zeros((1, 9, 4), np.float32), "s": np.full((1, 9, 80), -9, np.float32)},
    "rf-detr": {"b": np.zeros((1, 9, 4), np.float32), "s": np.full((1, 9, 80), -9, np.float32)},
}


def spec(*shape: int | None, dtype: str = "float32", name: str = "x") -> TensorSpec:
    return TensorSpec(name, shape, dtype)


@pytest.mark.parametrize(
    ("family", "fed"),
    [
        pytest.param("yolox", (200, 100, 20), id="yolox: BGR 0–255"),
        pytest.param("yolov8", (20 / 255, 100 / 255, 200 / 255), id="yolov8: RGB 0–1"),
        pytest.param(
            "nanodet",
            ((200 - 103.53) / 57.375, (100 - 116.28) / 57.12, (20 - 123.675) / 58.395),
            id="nanodet: BGR, mean and deviation",
        ),
        pytest.param(
            "nanodet-plus",
            ((200 - 103.53) / 57.375, (100 - 116.28) / 57.12, (20 - 123.675) / 58.395),
            id="nanodet-plus: as nanodet",
        ),
        pytest.param("fastestdet", (200 / 255, 100 / 255, 20 / 255), id="fastestdet: BGR 0–1"),
        pytest.param("ssd", (200, 100, 20), id="ssd: BGR 0–255"),
        pytest.param("boxes-scores", (200, 100, 20), id="boxes-scores: BGR 0–255"),
        pytest.param("detr", (20 / 255, 100 / 255, 200 / 255), id="detr: RGB 0–1"),
        pytest.param(
            "rf-detr",
            (
                (20 / 255 - 0.485) / 0.229,
                (100 / 255 - 0.456) / 0.224,
                (200 / 255 - 0.406) / 0.225,
            ),
            id="rf-detr: RGB, ImageNet",
        ),
    ],
)
def test_colours_as_the_family_wants_them(family: str, fed: tuple[float, ...]) -> None:
    runtime = FakeRuntime(EMPTY[family])
    NetworkDetectorModel(runtime, name="m", family=FAMILIES[family]).detect(FRAME, 0)
    assert runtime.fed["images"][0, :, 9, 9] == pytest.approx(fed, abs=1e-4)


@pytest.mark.parametrize(
    ("family", "stretched"),
    [(name, name not in ("yolox", "yolov8", "nanodet")) for name in FAMILIES],
)
def test_shape_of_the_picture_as_the_family_wants_it(family: str, stretched: bool) -> None:
    runtime = FakeRuntime(EMPTY[family])
    model = NetworkDetectorModel(runtime, name="m", family=FAMILIES[family])
    model.detect(np.full((SIDE // 2, SIDE, 3), 255, np.uint8), 0)
    upper, lower = runtime.fed["images"][0, 0, 5, 5], runtime.fed["images"][0, 0, -5, 5]
    assert (upper == lower) == stretched


def test_own_normalisation_goes_before_the_family_s() -> None:
    runtime = FakeRuntime(EMPTY["ssd"])
    caffe = Normalisation(mean=(127.5,) * 3, scale=(1 / 127.5,) * 3, keep_aspect=False)
    model = NetworkDetectorModel(runtime, name="m", family=FAMILIES["ssd"], normalisation=caffe)
    model.detect(FRAME, 0)
    fed = [(v - 127.5) / 127.5 for v in BLUISH]
    assert runtime.fed["images"][0, :, 9, 9] == pytest.approx(fed, abs=1e-5)


def test_channels_last() -> None:
    runtime = FakeRuntime(EMPTY["yolox"], spec(1, 64, 32, 3))
    wide = {"o": np.zeros((1, 32 + 8 + 2, 85), np.float32)}
    runtime = FakeRuntime(wide, spec(1, 64, 32, 3))
    model = NetworkDetectorModel(runtime, name="m", family=YOLOX)
    assert model.info.input_wh == (32, 64)
    model.detect(np.full((64, 32, 3), BLUISH, np.uint8), 0)
    assert runtime.fed["x"].shape == (1, 64, 32, 3)
    assert runtime.fed["x"][0, 9, 9].tolist() == list(BLUISH)


def test_half_precision_input() -> None:
    runtime = FakeRuntime(EMPTY["yolox"], spec(1, 3, SIDE, SIDE, dtype="float16"))
    NetworkDetectorModel(runtime, name="m", family=YOLOX).detect(FRAME, 0)
    assert runtime.fed["x"].dtype == np.float16


@pytest.mark.parametrize("dtype", ["int64", "int32", "float32"])
def test_who_asks_for_the_frame_s_size_is_told_one(dtype: str) -> None:
    runtime = FakeRuntime(
        EMPTY["detr"], spec(None, 2, dtype=dtype, name="orig_target_sizes"), PICTURES
    )
    NetworkDetectorModel(runtime, name="m", family=DETR).detect(FRAME, 0)
    assert runtime.fed["orig_target_sizes"].tolist() == [[1, 1]]
    assert runtime.fed["orig_target_sizes"].dtype == dtype


@pytest.mark.parametrize(
    ("family", "inputs"),
    [
        pytest.param(YOLOX, (), id="no input"),
        pytest.param(YOLOX, (spec(1, 1, 64, 64),), id="grey"),
        pytest.param(YOLOX, (spec(1, 3, 64),), id="three sides"),
        pytest.param(YOLOX, (spec(1, 3, 64, 64, dtype="uint8"),), id="bytes"),
        pytest.param(YOLOX, (PICTURES, spec(1, 3, 64, 64)), id="two pictures"),
        pytest.param(YOLOX, (PICTURES, spec(1, 2, dtype="int64")), id="frame's size for yolox"),
        pytest.param(DETR, (PICTURES, spec(1, 5)), id="something else beside"),
        pytest.param(
            DETR, (PICTURES, spec(1, 2), spec(1, 2, name="y")), id="two that ask for the frame"
        ),
    ],
)
def test_inputs_that_we_cannot_feed(family: Family, inputs: tuple[TensorSpec, ...]) -> None:
    with pytest.raises(ModelInvalid, match="expected one float input"):
        network_input(inputs, "m", family)


@pytest.mark.parametrize(
    ("shape", "size_wh", "fits"),
    [
        pytest.param((1, 3, 64, 64), (64, 64), True, id="fixed, met"),
        pytest.param((1, 3, 64, 64), (96, 64), False, id="fixed, not met"),
        pytest.param((1, 3, 50, 50), (50, 50), True, id="fixed to what no stride divides"),
        pytest.param((1, 3, None, None), (96, 64), True, id="free"),
        pytest.param((1, 3, None, None), (100, 64), False, id="free, no multiple"),
        pytest.param((1, 3, None, None), (0, 64), False, id="free, nothing"),
        pytest.param((1, 3, 64, None), (96, 64), True, id="height fixed"),
        pytest.param((1, 3, 64, None), (96, 96), False, id="height fixed, not met"),
        pytest.param((None, None, None, None), (96, 64), True, id="nothing said"),
    ],
)
def test_sizes(shape: tuple[int | None, ...], size_wh: tuple[int, int], fits: bool) -> None:
    assert network_input((spec(*shape),), "m", YOLOX).fits(size_wh, 32) == fits


@pytest.mark.parametrize(
    ("batch", "device", "wanted", "batch_max"),
    [
        pytest.param(1, "cpu", 8, 1, id="fixed to one"),
        pytest.param(4, "cpu", 0, 4, id="fixed to four"),
        pytest.param(None, "cpu", 0, 1, id="free on a CPU: one"),
        pytest.param(None, "cuda", 0, 16, id="free on a GPU"),
        pytest.param(None, "cpu", 8, 8, id="free, eight wanted"),
        pytest.param(None, "cpu", 1000, 64, id="free, bounded"),
    ],
)
def test_batches(batch: int | None, device: str, wanted: int, batch_max: int) -> None:
    runtime = FakeRuntime(
        lambda feeds: {"o": np.repeat(yolox_output(), len(feeds["x"]), 0)},
        spec(batch, 3, SIDE, SIDE),
        device=device,
    )
    model = NetworkDetectorModel(runtime, name="m", family=YOLOX, batch=wanted)
    assert model.batch_max == batch_max


def test_a_free_batch_that_is_fixed_inside_is_found_out() -> None:
    runtime = FakeRuntime({"o": yolox_output()}, spec(None, 3, SIDE, SIDE))
    assert NetworkDetectorModel(runtime, name="m", family=YOLOX, batch=8).batch_max == 1


def test_a_fixed_batch_is_filled_up_and_read_picture_by_picture() -> None:
    def answer(feeds: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        raw = np.repeat(yolox_output(), 4, 0)
        raw[:, 0, :5] = (0.5, 0.5, 0, 0, 1)
        raw[:, 0, 5] = feeds["x"].mean(axis=(1, 2, 3)) / 255
        return {"o": raw}

    runtime = FakeRuntime(answer, spec(4, 3, SIDE, SIDE))
    model = NetworkDetectorModel(runtime, name="m", family=YOLOX)
    frames = [np.full((SIDE, SIDE, 3), grey, np.uint8) for grey in (51, 102, 153, 204, 255, 128)]
    looks = [AreaLook(frame, (0, 0, SIDE, SIDE), (SIDE, SIDE)) for frame in frames]
    runs = runtime.runs
    scores = [found.score.tolist() for found in model.detect_areas(looks)]
    assert scores == [pytest.approx([s], abs=1e-3) for s in (0.2, 0.4, 0.6, 0.8, 1.0, 128 / 255)]
    assert runtime.runs == runs + 2
    assert runtime.fed["x"].shape == (4, 3, SIDE, SIDE)


def test_findings_of_a_batch_in_one_list_belong_to_their_pictures() -> None:
    rows = np.zeros((1, 1, 3, 7), np.float32)
    rows[0, 0, 0] = (1, 0, 0.9, 0, 0, 0.5, 0.5)
    rows[0, 0, 1] = (0, 0, 0.8, 0.5, 0.5, 1, 1)
    rows[0, 0, 2, 0] = -1
    runtime = FakeRuntime({"o": rows}, spec(2, 3, SIDE, SIDE))
    model = NetworkDetectorModel(runtime, name="m", family=FAMILIES["ssd"])
    found = model.detect_areas([AreaLook(FRAME, (0, 0, SIDE, SIDE), (SIDE, SIDE))] * 2)
    assert [f.xyxy.tolist() for f in found] == [[[32, 32, 64, 64]], [[0, 0, 32, 32]]]
