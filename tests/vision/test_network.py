import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from its_camera_ai.core.detections import ObjectClass
from its_camera_ai.core.errors import ModelInvalid
from its_camera_ai.vision.detector import AreaLook
from its_camera_ai.vision.families import FAMILIES, class_map
from its_camera_ai.vision.network import NetworkDetectorModel
from its_camera_ai.vision.runtime import RuntimeChoice
from its_camera_ai.vision.runtimes import open_runtime
from tests.support.tiny_models import (
    SIDE,
    batch_model,
    constant_model,
    nanodet_outputs,
    yolox_output,
)

YOLOX, NANODET = FAMILIES["yolox"], FAMILIES["nanodet"]


def network(path: Path, *, name: str = "tiny", **options: Any) -> NetworkDetectorModel:
    return NetworkDetectorModel(open_runtime(path, name, RuntimeChoice()), name=name, **options)


def yolox_with_one_car() -> np.ndarray:
    """A car of 16×8 pixels at the centre (32, 20) of the input, score 0.72; a bench beside it."""
    raw = yolox_output()
    row = 2 * 8 + 3  # stride 8, row 2, column 3
    raw[0, row, :5] = (1.0, 0.5, np.log(2), 0, 0.9)
    raw[0, row, 5 + 2] = 0.8
    raw[0, 40, :5] = (0.5, 0.5, 0, 0, 0.9)
    raw[0, 40, 5 + 13] = 0.9
    return raw


def test_yolox_golden_output_in_pixels_of_the_frame(tmp_path: Path) -> None:
    path = constant_model(tmp_path / "m.onnx", {"output": yolox_with_one_car()})
    model = network(path, name="tiny", family=YOLOX)
    found = model.open("cam").detect(np.zeros((128, 256, 3), np.uint8), 0)
    # 256×128 into 64×64: factor 4; the input's box is (24, 16, 40, 24)
    assert found.xyxy.tolist() == [[96, 64, 160, 96]]
    assert found.class_id.tolist() == [ObjectClass.CAR]
    assert found.score == pytest.approx([0.72])


def test_nanodet_golden_output_in_pixels_of_the_frame(tmp_path: Path) -> None:
    outputs = nanodet_outputs()
    outputs["cls_pred_stride_16"][0, 5, 0] = 0.7  # column 1, row 1: centre (24, 24)
    logits = np.full((4, 8), -50.0)
    logits[:, 1] = 50.0  # one stride in each direction
    outputs["dis_pred_stride_16"][0, 5] = logits.ravel()
    model = network(constant_model(tmp_path / "m.onnx", outputs), name="tiny", family=NANODET)
    found = model.open("cam").detect(np.zeros((32, 32, 3), np.uint8), 0)
    assert found.xyxy == pytest.approx(np.array([[4, 4, 20, 20]]), abs=1e-3)
    assert found.class_id.tolist() == [ObjectClass.PERSON]


def test_a_lorry_seen_twice_is_reported_once(tmp_path: Path) -> None:
    raw = yolox_output()
    for row, column, coco in ((0, 0.5, 7), (1, -0.4, 2)):
        raw[0, row, :5] = (column, 0.5, np.log(4), np.log(2), 1.0)
        raw[0, row, 5 + coco] = 0.9 if coco == 7 else 0.8
    path = constant_model(tmp_path / "m.onnx", {"output": raw})
    found = network(path, name="tiny", family=YOLOX).detect(np.zeros((SIDE, SIDE, 3), np.uint8), 0)
    assert found.class_id.tolist() == [ObjectClass.TRUCK]


def test_weak_findings_and_boxes_outside_the_picture_are_left_out(tmp_path: Path) -> None:
    raw = yolox_output()
    raw[0, 0, :5] = (0.5, 0.5, 0, 0, 0.5)
    raw[0, 0, 5] = 0.5  # 0.25
    raw[0, 63, :5] = (0.5, 0.5, 0, 0, 1.0)  # bottom right; the picture ends at half the height
    raw[0, 63, 5] = 1.0
    path = constant_model(tmp_path / "m.onnx", {"output": raw})
    frame = np.zeros((32, 64, 3), np.uint8)
    strict = network(path, name="tiny", family=YOLOX, score_min=0.3)
    assert len(strict.detect(frame, 0)) == 0
    lenient = network(path, name="tiny", family=YOLOX, score_min=0.2)
    assert lenient.detect(frame, 0).xyxy.tolist() == [[0, 0, 8, 8]]


def test_own_classes_give_the_columns_their_meaning(tmp_path: Path) -> None:
    raw = yolox_output(classes=3)
    raw[0, 0, :5] = (0.5, 0.5, 0, 0, 1.0)
    raw[0, 0, 5:] = (0.9, 0.6, 0.0)
    path = constant_model(tmp_path / "m.onnx", {"output": raw})
    classes = class_map(["-", "bus", "person"])
    model = network(path, name="own", family=YOLOX, classes=classes)
    found = model.detect(np.zeros((64, 64, 3), np.uint8), 0)
    assert found.class_id.tolist() == [ObjectClass.BUS]
    assert found.score == pytest.approx([0.6])
    assert model.info.classes == (ObjectClass.BUS, ObjectClass.PERSON)
    assert model.info.input_wh == (64, 64)


def test_threads_share_the_session_and_not_the_picture(tmp_path: Path) -> None:
    raw = yolox_output()
    raw[0, 0, :5] = (0.5, 0.5, 0, 0, 1.0)
    path = constant_model(tmp_path / "m.onnx", {"output": raw}, bright=("output", (0, 0, 5)))
    model = network(path, name="tiny", family=YOLOX, score_min=0.1)
    wrong: list[tuple[int, float]] = []

    def look(grey: int) -> None:
        frame = np.full((SIDE, SIDE, 3), grey, np.uint8)
        for _ in range(40):
            score = float(model.open(f"cam{grey}").detect(frame, 0).score[0])
            if abs(score - grey / 255) > 1e-3:
                wrong.append((grey, score))

    threads = [threading.Thread(target=look, args=(grey,)) for grey in (60, 120, 180, 240)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert not any(thread.is_alive() for thread in threads)
    assert not wrong


def test_missing_file_names_the_command(tmp_path: Path) -> None:
    with pytest.raises(ModelInvalid, match="itscam models pull yolox-nano"):
        network(tmp_path / "none.onnx", name="yolox-nano", family=YOLOX)


def test_a_file_that_is_no_model_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    path.write_bytes(b"<html>not found</html>")
    with pytest.raises(ModelInvalid, match="can't be read as an ONNX model"):
        network(path, name="tiny", family=YOLOX)


@pytest.mark.parametrize(
    ("input_shape", "input_wh", "says"),
    [
        pytest.param((1, 1, 64, 64), None, "expected one float input", id="grey input"),
        pytest.param((4, 3, 64, 64), None, "can't be run in batches", id="batch of four"),
        pytest.param((1, 3, 64, 64), (128, 64), "runs at 64×64 only", id="other size asked"),
        pytest.param((1, 3, "h", "w"), (100, 64), "multiples of 32", id="odd size asked"),
    ],
)
def test_inputs_that_do_not_fit_are_refused(
    tmp_path: Path,
    input_shape: tuple[int | str, ...],
    input_wh: tuple[int, int] | None,
    says: str,
) -> None:
    path = constant_model(tmp_path / "m.onnx", {"output": yolox_output()}, input_shape=input_shape)
    with pytest.raises(ModelInvalid, match=says):
        network(path, name="tiny", family=YOLOX, input_wh=input_wh)


def test_a_wrong_family_is_found_when_loading(tmp_path: Path) -> None:
    path = constant_model(tmp_path / "m.onnx", {"output": yolox_output()})
    with pytest.raises(ModelInvalid, match=r"not answer like the family 'nanodet'.*\(1, 84, 85\)"):
        network(path, name="tiny", family=NANODET)


def test_any_size_input_runs_at_the_size_asked_for(tmp_path: Path) -> None:
    path = constant_model(
        tmp_path / "m.onnx", {"output": yolox_output()}, input_shape=("n", 3, "h", "w")
    )
    model = network(path, name="tiny", family=YOLOX, input_wh=(64, 64))
    assert model.info.input_wh == (64, 64)


def any_size_model(tmp_path: Path, classes: int = 80) -> NetworkDetectorModel:
    """Answers (batch, N, 85): each picture's own mean over 255 as the score of one person."""
    raw = yolox_output(classes)
    raw[0, 11, :5] = (0.5, 0.5, 0, 0, 1.0)  # (24, 8, 32, 16)
    path = batch_model(tmp_path / "m.onnx", raw, bright=(11, 5))
    return network(path, name="tiny", family=YOLOX, score_min=0.1, input_wh=(64, 64), batch=64)


def test_areas_of_several_frames_in_one_batch(tmp_path: Path) -> None:
    model = any_size_model(tmp_path)
    dark, light = (np.full((200, 300, 3), grey, np.uint8) for grey in (51, 204))
    dark[:64, :64] = 102
    looks = [
        AreaLook(light, (10, 20, 74, 84), (64, 64)),
        AreaLook(dark, (0, 0, 64, 64), (64, 64)),
        AreaLook(dark, (100, 100, 228, 164), (64, 64)),  # 128×64: half size, lower half filled
    ]
    found = model.detect_areas(looks)
    assert [f.xyxy.tolist() for f in found] == [
        [[34, 28, 42, 36]],
        [[24, 8, 32, 16]],
        [[148, 116, 164, 132]],
    ]
    assert found[0].score == pytest.approx([204 / 255], abs=1e-3)
    assert found[1].score == pytest.approx([102 / 255], abs=1e-3)
    assert found[2].score == pytest.approx([(51 + 114) / 2 / 255], abs=1e-3)


def test_more_looks_than_a_batch_come_back_in_order(tmp_path: Path) -> None:
    model = any_size_model(tmp_path)
    greys = np.linspace(60, 250, 150).astype(np.uint8)
    looks = [
        AreaLook(np.full((64, 64, 3), grey, np.uint8), (0, 0, 64, 64), (64, 64)) for grey in greys
    ]
    assert model.batch_max == 64
    scores = [float(found.score[0]) for found in model.detect_areas(looks)]
    assert scores == pytest.approx((greys / 255).tolist(), abs=1e-3)
    assert model.detect_areas([]) == []


def test_a_fixed_network_looks_one_at_a_time_and_at_its_size_only(tmp_path: Path) -> None:
    path = constant_model(tmp_path / "m.onnx", {"output": yolox_with_one_car()})
    model = network(path, name="tiny", family=YOLOX)
    assert model.batch_max == 1
    assert model.fits((64, 64))
    assert not model.fits((96, 64))
    frame = np.zeros((64, 64, 3), np.uint8)
    found = model.detect_areas([AreaLook(frame, (32, 0, 64, 32), (64, 64))] * 3)
    assert [f.xyxy.tolist() for f in found] == [[[44, 8, 52, 12]]] * 3
