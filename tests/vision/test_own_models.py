import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from its_camera_ai.core.detections import ObjectClass
from its_camera_ai.core.errors import ModelInvalid
from its_camera_ai.vision.catalogue import Catalogue
from its_camera_ai.vision.letterbox import Normalisation
from its_camera_ai.vision.loading import load_model
from its_camera_ai.vision.own_models import read_sidecar, sidecar_path
from its_camera_ai.vision.runtime import RuntimeChoice, RuntimeName
from tests.support.tiny_models import SIDE, constant_model

FRAME = np.full((SIDE, SIDE, 3), 255, np.uint8)


def add(tmp_path: Path, **described: Any) -> Path:
    """A model of boxes and scores; the person's score is the mean of what the network is fed."""
    boxes = np.array([[0, 0, 0.5, 0.5], [0.5, 0.5, 1, 1]])
    scores = np.array([[0, 0.0, 0], [0, 0, 0.4]])
    path = constant_model(
        tmp_path / "source.onnx", {"boxes": boxes, "scores": scores}, bright=("scores", (0, 1))
    )
    models = tmp_path / "models"
    Catalogue.shipped().add(
        path, models, "mine", "boxes-scores", ["-", "person", "car"], **described
    )
    return models


def test_scores_and_pixels_of_the_description_hold(tmp_path: Path) -> None:
    models = add(
        tmp_path,
        licence="MIT",
        score_min={"person": 0.9, "car": 0.35},
        normalisation=Normalisation(mean=(51, 51, 51), keep_aspect=False),
    )
    found = load_model("mine", models_dir=models).open("cam").detect(FRAME, 0)
    assert found.class_id.tolist() == [ObjectClass.CAR], "the person has (255 - 51) / 255 = 0.8"
    asked = load_model("mine", models_dir=models, score_min=0.7).open("cam").detect(FRAME, 0)
    assert asked.class_id.tolist() == [ObjectClass.PERSON]
    assert asked.score == pytest.approx([0.8], abs=1e-3)


def test_a_description_says_no_more_than_was_told(tmp_path: Path) -> None:
    models = add(tmp_path)
    told = json.loads((models / "mine.onnx.json").read_text())
    assert set(told) == {"name", "family", "classes", "sha256"}
    own = read_sidecar(sidecar_path(models / "mine.onnx"))
    assert (own.licence, own.score_min, own.normalisation) == ("", None, None)


def test_an_own_model_runs_on_the_chosen_runtime(tmp_path: Path) -> None:
    models = add(tmp_path)
    model = load_model("mine", models_dir=models, choice=RuntimeChoice(RuntimeName.OPENVINO))
    assert model.info.runtime is not None
    assert model.info.runtime.runtime == "openvino"
    assert len(model.open("cam").detect(FRAME, 0)) == 2


@pytest.mark.parametrize("classes", ["coco", "coco-91"])
def test_a_list_has_a_name(tmp_path: Path, classes: str) -> None:
    count = 80 if classes == "coco" else 91
    person, truck = (0, 7) if classes == "coco" else (1, 8)
    scores = np.zeros((2, count))
    scores[0, person] = scores[1, truck] = 0.9
    boxes = np.array([[0, 0, 0.5, 0.5], [0.5, 0.5, 1, 1]])
    path = constant_model(tmp_path / "source.onnx", {"boxes": boxes, "scores": scores})
    Catalogue.shipped().add(path, tmp_path, "mine", "boxes-scores", [classes])
    found = load_model("mine", models_dir=tmp_path).open("cam").detect(FRAME, 0)
    assert set(found.class_id.tolist()) == {ObjectClass.PERSON, ObjectClass.TRUCK}


@pytest.mark.parametrize(
    ("described", "says"),
    [
        pytest.param({"score_min": {"lorry": 0.3}}, "unknown classes lorry", id="unknown class"),
        pytest.param({"score_min": 30}, "between 0 and 1", id="per cent"),
    ],
)
def test_descriptions_that_make_no_sense(
    tmp_path: Path, described: dict[str, Any], says: str
) -> None:
    with pytest.raises(ModelInvalid, match=says):
        add(tmp_path, **described)
    assert not (tmp_path / "models").exists()


@pytest.mark.parametrize(
    "change",
    [{"score": 0.3}, {"score_min": "high"}, {"normalisation": {"mean": [1, 2]}}],
    ids=str,
)
def test_a_description_that_was_edited_badly_is_named(
    tmp_path: Path, change: dict[str, Any]
) -> None:
    models = add(tmp_path)
    path = models / "mine.onnx.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(ModelInvalid, match="does not describe a model"):
        load_model("mine", models_dir=models)


def test_moving_objects_takes_one_score(tmp_path: Path) -> None:
    with pytest.raises(ModelInvalid, match="one score for all classes"):
        load_model("moving-objects", models_dir=tmp_path, score_min={ObjectClass.PERSON: 0.5})
