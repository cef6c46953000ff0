"""Networks on real, labelled pictures: AP50, recall and precision no worse than stated."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from its_camera_ai.evaluation.detect import DetectionScore, score_detections
from its_camera_ai.evaluation.truth_boxes import load_labelled_frames
from its_camera_ai.vision.catalogue import Catalogue
from its_camera_ai.vision.detector import DetectorModel
from its_camera_ai.vision.loading import load_model
from its_camera_ai.vision.runtime import RuntimeChoice, RuntimeName

SCORE_MIN = 0.01  # the whole precision–recall curve


def scores(model: DetectorModel, data_dir: Path) -> dict[str, DetectionScore]:
    truth = load_labelled_frames(data_dir / "labels" / "boxes.json")
    detector = model.open("cam")
    found = []
    for frame in truth:
        picture = cv2.imread(str(data_dir / "labels" / "frames" / f"{frame.name}.jpg"))
        assert picture is not None
        found.append(detector.detect(np.asarray(picture, np.uint8), 0))
    return score_detections(truth, found)


@pytest.mark.data
@pytest.mark.parametrize(
    ("model", "input_wh", "runtime", "person_min", "vehicle_min"),
    [
        ("yolox-nano", (640, 384), RuntimeName.ONNXRUNTIME, 0.96, 0.91),
        ("yolox-nano", (640, 384), RuntimeName.OPENVINO, 0.96, 0.91),
        ("yolox-nano", (960, 544), RuntimeName.ONNXRUNTIME, 0.96, 0.95),
        ("nanodet-m", None, RuntimeName.ONNXRUNTIME, 0.85, 0.71),
        ("fastestdet", None, RuntimeName.ONNXRUNTIME, 0.47, 0.42),
    ],
)
def test_average_precision(
    data_dir: Path,
    model: str,
    input_wh: tuple[int, int] | None,
    runtime: RuntimeName,
    person_min: float,
    vehicle_min: float,
) -> None:
    loaded = load_model(
        model,
        models_dir=data_dir / "models",
        input_wh=input_wh,
        choice=RuntimeChoice(runtime),
        score_min=SCORE_MIN,
    )
    score = scores(loaded, data_dir)
    assert score["person"].ap50 >= person_min
    assert score["vehicle"].ap50 >= vehicle_min


@pytest.mark.data
def test_average_precision_of_an_own_network(data_dir: Path, tmp_path: Path) -> None:
    """Of the family ``boxes-scores``, which no model of the catalogue has."""
    Catalogue.shipped().add(
        data_dir / "models" / "pvb_1016_640x384.onnx",
        tmp_path,
        "pvb",
        "boxes-scores",
        ["-", "car", "person", "bicycle"],
        score_min=SCORE_MIN,
    )
    score = scores(load_model("pvb", models_dir=tmp_path), data_dir)
    assert score["person"].ap50 >= 0.87
    assert score["vehicle"].ap50 >= 0.88


@pytest.mark.data
@pytest.mark.parametrize(
    ("model", "label", "recall_min", "precision_min"),
    [
        ("yolox-nano", "person", 0.90, 0.88),
        ("yolox-nano", "vehicle", 0.77, 0.85),
        ("nanodet-m", "person", 0.70, 0.80),
        ("nanodet-m", "vehicle", 0.62, 0.78),
        ("fastestdet", "vehicle", 0.45, 0.28),
    ],
)
def test_recall_and_precision_at_work(
    data_dir: Path,
    score_of: Callable[[str], dict[str, DetectionScore]],
    model: str,
    label: str,
    recall_min: float,
    precision_min: float,
) -> None:
    score = score_of(model)[label]
    assert score.recall >= recall_min
    assert score.precision >= precision_min


@pytest.fixture(scope="module")
def score_of(data_dir: Path) -> Callable[[str], dict[str, DetectionScore]]:
    """Scores by model, each looked at once."""
    known: dict[str, dict[str, DetectionScore]] = {}

    def of(model: str) -> dict[str, DetectionScore]:
        if model not in known:
            loaded = load_model(model, models_dir=data_dir / "models", score_min=SCORE_MIN)
            known[model] = scores(loaded, data_dir)
        return known[model]

    return of
