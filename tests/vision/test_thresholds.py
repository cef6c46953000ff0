import numpy as np
import pytest

from its_camera_ai.core.detections import ObjectClass
from its_camera_ai.core.errors import ModelInvalid
from its_camera_ai.vision.families import FAMILIES, class_map
from its_camera_ai.vision.network import NetworkDetectorModel
from its_camera_ai.vision.thresholds import SCORE_MIN, ScoreMin, limits
from tests.support.fake_runtime import FakeRuntime

CAR, PERSON = ObjectClass.CAR, ObjectClass.PERSON
IDS = np.array([PERSON, CAR], np.int8)


@pytest.mark.parametrize(
    ("score_min", "expected"),
    [
        pytest.param(0.4, [0.4, 0.4], id="one for all"),
        pytest.param({PERSON: 0.5, CAR: 0.3}, [0.5, 0.3], id="each its own"),
        pytest.param({CAR: 0.3}, [SCORE_MIN, 0.3], id="who isn't named"),
        pytest.param({ObjectClass.BUS: 0.9}, [SCORE_MIN, SCORE_MIN], id="who isn't there"),
        pytest.param(0, [0, 0], id="everything"),
    ],
)
def test_limits(score_min: ScoreMin, expected: list[float]) -> None:
    assert limits(score_min, IDS) == pytest.approx(expected)


@pytest.mark.parametrize("score_min", [-0.1, 1.1, {CAR: 2.0}, float("nan")], ids=str)
def test_scores_outside_0_to_1_are_refused(score_min: ScoreMin) -> None:
    with pytest.raises(ModelInvalid, match="between 0 and 1"):
        limits(score_min, IDS)


def test_each_class_has_its_own_threshold() -> None:
    boxes = np.array([[0, 0, 0.2, 0.2], [0.3, 0.3, 0.5, 0.5], [0.6, 0.6, 0.9, 0.9]], np.float32)
    scores = np.array([[0.45, 0.1], [0.1, 0.45], [0.55, 0.1]], np.float32)
    model = NetworkDetectorModel(
        FakeRuntime({"b": boxes, "s": scores}),
        name="m",
        family=FAMILIES["boxes-scores"],
        classes=class_map(["person", "car"]),
        score_min={PERSON: 0.5, CAR: 0.3},
    )
    found = model.detect(np.zeros((64, 64, 3), np.uint8), 0)
    assert found.score == pytest.approx([0.55, 0.45])
    assert found.class_id.tolist() == [PERSON, CAR]
