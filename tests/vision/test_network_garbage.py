"""Networks that answer nonsense, and frames that are none: left out, bounded, or told."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from its_camera_ai.core.detections import ObjectClass
from its_camera_ai.core.errors import InputUnreadable, ModelInvalid
from its_camera_ai.vision.detector import AreaLook
from its_camera_ai.vision.families import FAMILIES, class_map
from its_camera_ai.vision.network import NetworkDetectorModel
from tests.support.fake_runtime import FakeRuntime
from tests.support.tiny_models import SIDE, yolox_output

YOLOX = FAMILIES["yolox"]
FRAME = np.zeros((SIDE, SIDE, 3), np.uint8)


class Moody(FakeRuntime):
    """Answers well while it is loaded, and then whatever ``outputs`` says."""

    def __init__(self, outputs: dict[str, np.ndarray]) -> None:
        self.outputs = {name: np.zeros_like(value) for name, value in outputs.items()}
        super().__init__(lambda _: self.outputs)


def after_loading(outputs: dict[str, np.ndarray], family: str = "yolox") -> NetworkDetectorModel:
    runtime = Moody(outputs)
    model = NetworkDetectorModel(
        runtime, name="m", family=FAMILIES[family], classes=class_map(["person", "car"])
    )
    runtime.outputs = outputs
    return model


def good() -> np.ndarray:
    raw = yolox_output(classes=2)
    raw[0, 0] = (0.5, 0.5, 0, 0, 1, 0, 0.9)
    return raw


@pytest.mark.parametrize(
    ("column", "value"),
    [
        pytest.param(0, np.nan, id="place NaN"),
        pytest.param(1, np.inf, id="place infinite"),
        pytest.param(2, np.nan, id="size NaN"),
        pytest.param(4, np.nan, id="objectness NaN"),
        pytest.param(4, np.inf, id="objectness infinite"),
        pytest.param(6, np.nan, id="class NaN"),
        pytest.param(6, np.inf, id="class infinite"),
    ],
)
def test_findings_without_numbers_are_left_out_and_counted(column: int, value: float) -> None:
    raw = good()
    raw[0, 9] = (0.5, 0.5, 0, 0, 1, 0, 0.8)
    raw[0, 9, column] = value
    model = after_loading({"o": raw})
    assert model.detect(FRAME, 0).xyxy.tolist() == [[0, 0, 8, 8]]
    assert model.numbers_lost == 1


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize(
    ("family", "outputs"),
    [
        ("yolox", {"o": good()}),
        ("yolov8", {"o": np.zeros((1, 6, 84), np.float32)}),
        ("nanodet-plus", {"o": np.zeros((1, 85, 34), np.float32)}),
        ("fastestdet", {"o": np.zeros((1, 7, 4, 4), np.float32)}),
        ("ssd", {"o": np.zeros((1, 1, 9, 7), np.float32)}),
        ("boxes-scores", {"b": np.zeros((9, 4), np.float32), "s": np.zeros((9, 2), np.float32)}),
        ("detr", {"b": np.zeros((1, 9, 4), np.float32), "s": np.zeros((1, 9, 2), np.float32)}),
    ],
    ids=lambda v: v if isinstance(v, str) else "",
)
def test_an_answer_without_any_number_is_an_error(
    family: str, outputs: dict[str, np.ndarray], value: float
) -> None:
    """So that the camera is told to be unwatched, and not to be empty."""
    nothing = {name: np.full_like(v, value) for name, v in outputs.items()}
    with pytest.raises(ModelInvalid, match="answers no numbers"):
        after_loading(nothing, family).detect(FRAME, 0)
    with pytest.raises(ModelInvalid, match="answers no numbers"):
        NetworkDetectorModel(
            FakeRuntime(nothing),
            name="m",
            family=FAMILIES[family],
            classes=class_map(["person", "car"]),
        )


@settings(deadline=None, max_examples=60)  # no assertion about time on a shared machine
@given(
    raw=hnp.arrays(
        np.float32,
        (1, 84, 7),
        elements=st.floats(width=32, allow_nan=True, allow_infinity=True),
    ),
    family=st.sampled_from(["yolox", "boxes-scores", "detr", "yolov8", "ssd"]),
)
def test_whatever_comes_findings_are_finite_and_inside(raw: np.ndarray, family: str) -> None:
    outputs = {
        "yolox": {"o": raw},
        "boxes-scores": {"b": raw[..., :4], "s": raw[..., 4:6]},
        "detr": {"b": raw[..., :4], "s": raw[..., 4:6]},
        "yolov8": {"o": np.ascontiguousarray(raw[..., :6].transpose(0, 2, 1))},
        "ssd": {"o": raw[None]},
    }[family]
    model = after_loading(outputs, family)
    try:
        found = model.detect(FRAME, 0)
    except ModelInvalid:
        assert not any(np.isfinite(v).any() for v in outputs.values())
        return
    assert np.isfinite(found.xyxy).all()
    assert ((found.xyxy >= 0) & (found.xyxy <= SIDE)).all()
    assert (found.xyxy[:, 2:] > found.xyxy[:, :2]).all()
    assert ((found.score > 0) & (found.score <= 1)).all()


def test_thousands_of_boxes_are_bounded() -> None:
    rng = np.random.default_rng(3)
    corner = rng.uniform(0, 0.9, (20_000, 2))
    boxes = np.hstack((corner, corner + 0.01)).astype(np.float32)
    scores = rng.uniform(0.3, 1, (20_000, 2)).astype(np.float32)
    model = after_loading({"b": boxes, "s": scores}, "boxes-scores")
    found = model.detect(FRAME, 0)
    assert len(found) == 300
    assert found.score.min() > 0.9  # the best of them


@pytest.mark.parametrize("names", [["-"], ["-", "-"]], ids=str)
def test_a_network_without_classes_is_refused(names: list[str]) -> None:
    with pytest.raises(ModelInvalid, match="name each output class"):
        class_map(names)


@pytest.mark.parametrize(
    "outputs",
    [
        pytest.param({}, id="no output"),
        pytest.param({"o": np.zeros((), np.float32)}, id="a number"),
        pytest.param({"o": np.zeros((0,), np.float32)}, id="nothing"),
        pytest.param({"o": np.zeros((1, 0, 9), np.float32)}, id="no rows"),
        pytest.param({"o": np.zeros((1, 84, 5), np.float32)}, id="no class"),
        pytest.param({"o": np.zeros((3,), np.float32)}, id="a list"),
    ],
)
@pytest.mark.parametrize("family", FAMILIES)
def test_outputs_of_no_family_are_told(family: str, outputs: dict[str, np.ndarray]) -> None:
    with pytest.raises(ModelInvalid, match=f"like the family '{family.removeprefix('rf-')}'"):
        after_loading(outputs, family)


def test_an_empty_list_is_an_answer() -> None:
    nothing = {"o": np.zeros((1, 0, 6), np.float32)}
    assert len(after_loading(nothing, "yolov8").detect(FRAME, 0)) == 0


@pytest.mark.parametrize(
    ("shape", "found"),
    [
        pytest.param((1, 1, 3), [[0, 0, 0.125, 0.125]], id="one pixel"),
        pytest.param((3, 1, 3), [[0, 0, 8 / 21, 0.375]], id="a column"),
        pytest.param((1, 333, 3), [[0, 0, 333 / 8, 1]], id="a line"),
        pytest.param((4320, 7680, 3), [[0, 0, 960, 960]], id="8K"),
        pytest.param((101, 67, 3), [[0, 0, 67 / 42 * 8, 101 / 8]], id="odd sides"),
        pytest.param((64, 64), [[0, 0, 8, 8]], id="grey"),
        pytest.param((64, 64, 1), [[0, 0, 8, 8]], id="grey, one channel"),
        pytest.param((64, 64, 4), [[0, 0, 8, 8]], id="with opacity"),
    ],
)
def test_frames_of_any_shape(shape: tuple[int, ...], found: list[list[float]]) -> None:
    model = after_loading({"o": good()})
    seen = model.detect(np.zeros(shape, np.uint8), 0)
    assert seen.class_id.tolist() == [ObjectClass.CAR]
    assert seen.xyxy == pytest.approx(np.array(found), rel=1e-3)


@pytest.mark.parametrize(
    "frame",
    [
        pytest.param(np.zeros((0, 64, 3), np.uint8), id="no rows"),
        pytest.param(np.zeros((64, 0, 3), np.uint8), id="no columns"),
        pytest.param(np.zeros((64, 64, 2), np.uint8), id="two channels"),
        pytest.param(np.zeros(64, np.uint8), id="a list"),
        pytest.param(np.zeros((1, 64, 64, 3), np.uint8), id="a batch"),
        pytest.param(np.zeros((64, 64, 3), np.float32), id="floats"),
        pytest.param(np.zeros((64, 64, 3), np.uint16), id="16 bits"),
    ],
)
def test_frames_that_are_none(frame: np.ndarray) -> None:
    model = after_loading({"o": good()})
    with pytest.raises(InputUnreadable):
        model.detect(frame, 0)
    assert len(model.detect(FRAME, 0)) == 1


@pytest.mark.parametrize(
    "area",
    [(0, 0, 0, 10), (0, 0, 65, 10), (-1, 0, 10, 10), (20, 0, 10, 10), (0, 60, 10, 70)],
    ids=str,
)
def test_areas_that_are_none(area: tuple[int, int, int, int]) -> None:
    model = after_loading({"o": good()})
    with pytest.raises(InputUnreadable, match="whole pixels inside the frame"):
        model.detect_areas([AreaLook(FRAME, area, (SIDE, SIDE))])
