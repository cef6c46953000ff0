"""Golden pictures: small differences pass, another model does not."""

import numpy as np
import pytest

from its_camera_ai.core.detections import Detections, ObjectClass
from its_camera_ai.core.errors import ModelInvalid
from its_camera_ai.vision.detector import ModelInfo
from its_camera_ai.vision.golden import (
    PICTURES,
    GoldenFindings,
    golden_difference,
    golden_findings,
    golden_picture,
    is_comparable,
)

CAR, BUS, PERSON = ObjectClass.CAR, ObjectClass.BUS, ObjectClass.PERSON
ROW = [(10.0, 10.0, 50.0, 40.0), (100.0, 20.0, 120.0, 80.0), (200.0, 20.0, 240.0, 60.0)]
SCORES = [0.9, 0.6, 0.32]


def found(
    xyxy: list[tuple[float, float, float, float]] = ROW,
    score: list[float] | None = None,
    class_id: tuple[int, ...] = (CAR, PERSON, CAR),
    picture: str = "p",
) -> list[GoldenFindings]:
    return [GoldenFindings(picture, xyxy, score or SCORES, [int(c) for c in class_id])]


def moved(by_px: float) -> list[tuple[float, float, float, float]]:
    return [(a + by_px, b, c, d) for a, b, c, d in ROW]


@pytest.mark.parametrize(
    "seen",
    [
        pytest.param(found(), id="the same"),
        pytest.param(found(moved(1.9)), id="boxes off by less than two pixels"),
        pytest.param(found(score=[0.915, 0.585, 0.32]), id="scores off by less than 0.02"),
        pytest.param(found(class_id=(BUS, PERSON, CAR)), id="a car called bus"),
        pytest.param(
            found(ROW[:2], SCORES[:2], (CAR, PERSON)), id="a weak finding below the threshold"
        ),
        pytest.param(found(ROW[::-1], SCORES[::-1]), id="in another order"),
    ],
)
def test_what_is_the_same(seen: list[GoldenFindings]) -> None:
    assert golden_difference(found(), seen) == ""


@pytest.mark.parametrize(
    "seen",
    [
        pytest.param(found(moved(2.5)), id="boxes elsewhere"),
        pytest.param(found(score=[0.8, 0.5, 0.32]), id="other scores"),
        pytest.param(found(class_id=(PERSON, CAR, CAR)), id="other classes"),
        pytest.param([GoldenFindings("p", [], [], [])], id="nothing"),
        pytest.param(
            found([*ROW, *moved(300)], [*SCORES, *SCORES], (CAR, PERSON, CAR) * 2), id="ghosts"
        ),
    ],
)
def test_what_differs(seen: list[GoldenFindings]) -> None:
    assert "differ from its registration" in golden_difference(found(), seen)
    assert "differ" in golden_difference(seen, found())


def test_one_in_ten_may_differ() -> None:
    many = [(20.0 * i, 0.0, 20.0 * i + 10, 10.0) for i in range(20)]
    expected = found(many, [0.9] * 20, (CAR,) * 20)
    less = found(many[:18], [0.9] * 18, (CAR,) * 18)
    assert golden_difference(expected, less) == ""
    assert golden_difference(expected, found(many[:14], [0.9] * 14, (CAR,) * 14))


def test_other_pictures_can_t_be_compared() -> None:
    assert "other golden pictures" in golden_difference(found(picture="old"), found())


class Fixed:
    """Answers the same at every picture."""

    areas = None

    def __init__(self, answer: Detections | Exception, sha256: str = "00") -> None:
        self.info = ModelInfo("fixed", "fake", "MIT", (64, 64), (), sha256)
        self._answer = answer

    def open(self, camera_id: str) -> "Fixed":
        return self

    def detect(self, frame_bgr: np.ndarray, pts_ns: int) -> Detections:
        assert frame_bgr.shape == (360, 640, 3)
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer

    def close(self) -> None:
        """Nothing to free."""


def test_findings_of_a_model() -> None:
    findings = golden_findings(Fixed(Detections.of(ROW, SCORES)))
    assert [f.picture.split("/")[1] for f in findings] == list(PICTURES)
    assert findings[0].xyxy == ROW
    assert golden_difference(findings, findings) == ""


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        pytest.param(Detections.of([[0, 0, np.nan, 9]]), "no numbers", id="NaN box"),
        pytest.param(Detections.of([[0, 0, 9, 9]], [np.inf]), "no numbers", id="endless score"),
        pytest.param(ValueError("x"), "ValueError", id="a crash"),
        pytest.param(ModelInvalid("too small"), "too small", id="our own error"),
    ],
)
def test_a_model_that_answers_rubbish_is_refused(answer: Detections, says: str) -> None:
    with pytest.raises(ModelInvalid, match=says):
        golden_findings(Fixed(answer))


def test_the_pictures_are_there_and_can_t_be_written_to() -> None:
    for name in PICTURES:
        picture = golden_picture(name)
        assert picture.shape == (360, 640, 3)
        with pytest.raises(ValueError, match="read-only"):
            picture[0, 0] = 0


def test_a_model_of_the_package_is_not_compared() -> None:
    assert not is_comparable(Fixed(Detections.empty(), sha256=""))
    assert is_comparable(Fixed(Detections.empty()))
