import numpy as np
import pytest

from its_camera_ai.core.errors import ModelInvalid
from its_camera_ai.vision.decoders_rows import decode_boxes_scores, decode_detr, decode_ssd

WH = (200, 100)
BOX = (0.1, 0.2, 0.3, 0.4)
IN_PIXELS = (20, 20, 60, 40)


@pytest.mark.parametrize("shape", [(1, 1, 2, 7), (1, 2, 7), (2, 7)], ids=str)
def test_ssd_rows_in_any_nesting(shape: tuple[int, ...]) -> None:
    rows = np.zeros(shape, np.float32)
    rows.reshape(2, 7)[0] = (0, 1, 0.8, *BOX)
    xyxy, scores = decode_ssd({"o": rows}, WH, 3, 0.3)
    assert xyxy == pytest.approx(np.array([IN_PIXELS]))
    assert scores == pytest.approx(np.array([[0, 0.8, 0]]))


@pytest.mark.parametrize("label", [-1, 3, 99, np.nan])
def test_labels_of_no_class_are_left_out(label: float) -> None:
    rows = np.array([[0, label, 0.8, *BOX], [0, 2, 0.7, *BOX]], np.float32)
    _, scores = decode_ssd({"o": rows}, WH, 3, 0.3)
    assert scores == pytest.approx(np.array([[0, 0, 0.7]]))


@pytest.mark.parametrize(
    ("names", "boxes_at"),
    [
        pytest.param(("boxes", "scores"), 0, id="named, boxes first"),
        pytest.param(("scores", "boxes"), 1, id="named, boxes last"),
        pytest.param(("a", "b"), 0, id="nameless: boxes first"),
        pytest.param(("labels", "dets"), 1, id="as RF-DETR has them"),
    ],
)
def test_four_classes_are_told_from_four_corners(names: tuple[str, str], boxes_at: int) -> None:
    boxes = np.array([BOX], np.float32)
    scores = np.array([[0.0, 0.0, 0.0, 0.9]], np.float32)
    values = (boxes, scores) if boxes_at == 0 else (scores, boxes)
    xyxy, found = decode_boxes_scores(dict(zip(names, values, strict=True)), WH, 4, 0.3)
    assert xyxy == pytest.approx(np.array([IN_PIXELS]))
    assert found.tolist() == scores.tolist()


def test_detr_logits_of_any_size_are_no_trouble() -> None:
    boxes = np.full((1, 2, 4), 0.5, np.float32)
    logits = np.array([[[-1e4, 1e4], [-1e4, -1e4]]], np.float32)
    with np.errstate(over="ignore"):
        xyxy, scores = decode_detr({"b": boxes, "l": logits}, WH, 2, 0.3)
    assert xyxy.tolist() == [[50, 25, 150, 75]]
    assert scores.tolist() == [[0, 1]]


def test_a_set_of_labels_in_any_order_of_outputs() -> None:
    outputs = {
        "scores": np.array([[0.9, 0.1]], np.float32),
        "boxes": np.array([[BOX, BOX]], np.float32),
        "labels": np.array([[1, 0]], np.int64),
    }
    for names in (list(outputs), list(reversed(outputs))):
        xyxy, scores = decode_detr({name: outputs[name] for name in names}, WH, 2, 0.3)
        assert xyxy == pytest.approx(np.array([IN_PIXELS]))
        assert scores == pytest.approx(np.array([[0, 0.9]]))


@pytest.mark.parametrize(
    ("decode", "outputs", "says"),
    [
        pytest.param(decode_ssd, {"o": np.zeros((1, 1, 5, 6))}, "(1, 1, N, 7)", id="ssd"),
        pytest.param(
            decode_boxes_scores,
            {"b": np.zeros((9, 4)), "s": np.zeros((8, 3))},
            "boxes (1, N, 4) and class values (1, N, 3)",
            id="rows that don't pair",
        ),
        pytest.param(
            decode_detr,
            {"b": np.zeros((1, 9, 4)), "l": np.zeros((1, 9, 7))},
            "(1, N, 3 or 4)",
            id="other classes",
        ),
    ],
)
def test_other_shapes_are_refused_with_both_shapes(
    decode: object, outputs: dict[str, np.ndarray], says: str
) -> None:
    with pytest.raises(ModelInvalid) as refused:
        decode(outputs, WH, 3, 0.3)  # type: ignore[operator]  # one of three functions
    assert says in str(refused.value)
    assert all(str(value.shape) in str(refused.value) for value in outputs.values())
