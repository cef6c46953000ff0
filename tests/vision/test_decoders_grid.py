import numpy as np
import pytest

from its_camera_ai.core.errors import ModelInvalid
from its_camera_ai.vision.decoders_grid import (
    decode_fastestdet,
    decode_nanodet,
    decode_nanodet_plus,
    decode_yolov8,
    decode_yolox,
)
from tests.support.tiny_models import nanodet_outputs, nanodet_plus_output, yolox_output

WH = (64, 64)


@pytest.mark.parametrize(
    ("row", "values", "expected"),
    [
        # stride 8, cell (0, 0): centre (0.5 + 0)·8, size e^0·8
        pytest.param(0, (0.5, 0.5, 0, 0), (0, 0, 8, 8), id="first cell of stride 8"),
        # stride 8, row 1 column 3 is row 11
        pytest.param(11, (0.5, 0.5, np.log(2), 0), (20, 8, 36, 16), id="column 3 row 1"),
        # stride 16 begins at 64; column 1 row 2 is 64 + 9
        pytest.param(73, (0, 0, 0, np.log(3)), (8, 8, 24, 56), id="stride 16"),
        # stride 32, the last cell
        pytest.param(83, (0, 0, 0, 0), (16, 16, 48, 48), id="last cell of stride 32"),
    ],
)
def test_yolox_boxes(row: int, values: tuple[float, ...], expected: tuple[float, ...]) -> None:
    raw = yolox_output()
    raw[0, row, :4] = values
    raw[0, row, 4] = 0.8
    raw[0, row, 5 + 2] = 0.5
    xyxy, scores = decode_yolox({"output": raw}, WH, 80, 0.3)
    assert xyxy == pytest.approx(np.array([expected]), abs=1e-4)
    assert scores.shape == (1, 80)
    assert scores[0, 2] == pytest.approx(0.4)


def test_yolox_drops_what_cannot_reach_the_score() -> None:
    raw = yolox_output()
    raw[0, :, 4] = 0.29
    raw[0, :, 5:] = 1
    assert len(decode_yolox({"output": raw}, WH, 80, 0.3)[0]) == 0


def test_yolox_survives_garbage_sizes() -> None:
    raw = yolox_output()
    raw[0, 0] = 1
    raw[0, 0, 2:4] = 1e9
    xyxy, _ = decode_yolox({"output": raw}, WH, 80, 0.3)
    assert np.isfinite(xyxy).all()


def sharp(*distances: int) -> np.ndarray:
    """(32,) logits whose softmax puts each of four distances on one bin."""
    logits = np.full((4, 8), -50.0)
    logits[range(4), distances] = 50.0
    return logits.ravel()


@pytest.mark.parametrize(
    ("stride", "cell", "distances", "expected"),
    [
        pytest.param(8, 0, (0, 0, 1, 1), (4, 4, 12, 12), id="first cell"),
        pytest.param(8, 9, (1, 1, 1, 1), (4, 4, 20, 20), id="column 1 row 1"),
        pytest.param(16, 6, (2, 1, 0, 3), (8, 8, 40, 72), id="stride 16"),
        pytest.param(32, 3, (1, 1, 0, 0), (16, 16, 48, 48), id="stride 32"),
    ],
)
def test_nanodet_boxes(
    stride: int, cell: int, distances: tuple[int, ...], expected: tuple[float, ...]
) -> None:
    outputs = nanodet_outputs()
    outputs[f"cls_pred_stride_{stride}"][0, cell, 2] = 0.6
    outputs[f"dis_pred_stride_{stride}"][0, cell] = sharp(*distances)
    xyxy, scores = decode_nanodet(outputs, WH, 80, 0.3)
    assert xyxy == pytest.approx(np.array([expected]), abs=1e-3)
    assert scores[0, 2] == pytest.approx(0.6)


def test_nanodet_distance_is_the_mean_over_the_bins() -> None:
    outputs = nanodet_outputs()
    outputs["cls_pred_stride_8"][0, 0, 0] = 0.9
    xyxy, _ = decode_nanodet(outputs, WH, 80, 0.3)  # equal logits: mean bin 3.5
    assert xyxy == pytest.approx(np.array([[4 - 28, 4 - 28, 4 + 28, 4 + 28]]))


def test_nanodet_outputs_may_come_in_any_order_and_name() -> None:
    outputs = nanodet_outputs()
    outputs["cls_pred_stride_16"][0, 0, 0] = 0.9
    renamed = {str(i): v for i, v in enumerate(reversed(outputs.values()))}
    assert np.array_equal(
        decode_nanodet(renamed, WH, 80, 0.3)[0], decode_nanodet(outputs, WH, 80, 0.3)[0]
    )


def test_nanodet_in_one_output_is_as_in_six() -> None:
    outputs = nanodet_outputs()
    outputs["cls_pred_stride_16"][0, 6, 2] = 0.6
    outputs["dis_pred_stride_16"][0, 6] = sharp(2, 1, 0, 3)
    parts = [
        np.concatenate((outputs[f"cls_pred_stride_{s}"], outputs[f"dis_pred_stride_{s}"]), axis=2)
        for s in (8, 16, 32)
    ]
    for one, six in zip(
        decode_nanodet({"output": np.concatenate(parts, axis=1)}, WH, 80, 0.3),
        decode_nanodet(outputs, WH, 80, 0.3),
        strict=True,
    ):
        assert np.array_equal(one, six)


@pytest.mark.parametrize(
    ("row", "distances", "expected"),
    [
        pytest.param(0, (0, 0, 1, 1), (0, 0, 8, 8), id="first cell: from its corner"),
        pytest.param(64 + 5, (1, 0, 0, 1), (0, 16, 16, 32), id="stride 16"),
        pytest.param(84, (0, 0, 1, 1), (0, 0, 64, 64), id="stride 64, the only cell"),
    ],
)
def test_nanodet_plus_boxes(
    row: int, distances: tuple[int, ...], expected: tuple[float, ...]
) -> None:
    raw = nanodet_plus_output()
    raw[0, row, 2] = 0.6
    raw[0, row, 80:] = sharp(*distances)
    xyxy, scores = decode_nanodet_plus({"output": raw}, WH, 80, 0.3)
    assert xyxy == pytest.approx(np.array([expected]), abs=1e-3)
    assert scores[0, 2] == pytest.approx(0.6)


def test_nanodet_plus_of_a_side_that_64_does_not_divide() -> None:
    """416 pixels have 52, 26, 13 and 7 cells: 3598 rows, as the published files have."""
    raw = np.zeros((1, 3598, 112), np.float32)
    raw[0, -1, 0] = 0.9
    raw[0, -1, 80:] = sharp(1, 1, 0, 0)
    xyxy, _ = decode_nanodet_plus({"output": raw}, (416, 416), 80, 0.3)
    assert xyxy.tolist() == [[320, 320, 384, 384]]


def test_yolov8_boxes_and_classes() -> None:
    raw = np.zeros((1, 7, 84), np.float32)
    raw[0, :, 5] = (30, 20, 10, 8, 0.1, 0.7, 0.2)
    raw[0, :, 6] = (30, 20, 10, 8, 0.1, 0.29, 0.2)
    xyxy, scores = decode_yolov8({"output0": raw}, WH, 3, 0.3)
    assert xyxy.tolist() == [[25, 16, 35, 24]]
    assert scores == pytest.approx(np.array([[0.1, 0.7, 0.2]]))


def test_yolov8_suppressed_in_the_graph() -> None:
    raw = np.zeros((1, 300, 6), np.float32)
    raw[0, 0] = (25, 16, 35, 24, 0.7, 2)
    raw[0, 1] = (0, 0, 9, 9, 0.8, 7)  # of no class that was named
    xyxy, scores = decode_yolov8({"output0": raw}, WH, 3, 0.3)
    assert xyxy.tolist() == [[25, 16, 35, 24]]
    assert scores == pytest.approx(np.array([[0, 0, 0.7]]))


def test_fastestdet_box() -> None:
    raw = np.full((1, 85, 4, 4), -50.0, np.float32)
    raw[0, 0] = 0
    raw[0, :5, 1, 2] = (0.5, 0, 0, 0, 0)  # tanh 0 = 0, sigmoid 0 = a half of the input
    raw[0, 5:, 1, 2] = 0
    raw[0, 5 + 7, 1, 2] = 0.25
    xyxy, scores = decode_fastestdet({"758": raw}, WH, 80, 0.3)
    assert xyxy == pytest.approx(np.array([[32 - 16, 16 - 16, 32 + 16, 16 + 16]]))
    assert scores[0, 7] == pytest.approx(0.5**0.6 * 0.25**0.4)


@pytest.mark.parametrize(
    ("decode", "outputs", "says"),
    [
        pytest.param(decode_yolox, {"o": np.zeros((1, 84, 84))}, "(1, 84, 85)", id="classes"),
        pytest.param(decode_yolox, {"o": np.zeros((1, 80, 85))}, "o (1, 80, 85)", id="anchors"),
        pytest.param(decode_nanodet, {"o": np.zeros((1, 64, 80))}, "(1, 64, 32)", id="nanodet"),
        pytest.param(
            decode_nanodet_plus, {"o": np.zeros((1, 84, 112))}, "(1, 85, 112)", id="no stride 64"
        ),
        pytest.param(
            decode_yolov8, {"o": np.zeros((1, 116, 84))}, "(1, 84, N)", id="yolov8 with masks"
        ),
        pytest.param(
            decode_fastestdet, {"o": np.zeros((1, 85, 8, 8))}, "(1, 85, 4, 4)", id="fastestdet"
        ),
    ],
)
def test_other_shapes_are_refused_with_both_shapes(
    decode: object, outputs: dict[str, np.ndarray], says: str
) -> None:
    with pytest.raises(ModelInvalid) as refused:
        decode(outputs, WH, 80, 0.3)  # type: ignore[operator]  # one of three functions
    assert says in str(refused.value)
