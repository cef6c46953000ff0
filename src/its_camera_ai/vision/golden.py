"""Golden pictures: what a model finds in them is kept, and must be found again at every load.

It tells a wrong or damaged file, a decoder that reads it differently, and a runtime that computes
wrongly, before the model looks at a single camera.
"""

from collections.abc import Sequence
from functools import cache
from importlib import resources

import cv2
import msgspec
import numpy as np

from its_camera_ai.core.detections import VEHICLES, Detections, ObjectClass
from its_camera_ai.core.errors import ModelInvalid
from its_camera_ai.vision.detector import ByteArray, DetectorModel

SET_NAME = "streets-1"
PICTURES = ("golden-intersection.jpg", "golden-motorway.jpg", "golden-courtyard.jpg")
SCORE_TOLERANCE = 0.02
BOX_TOLERANCE_PX = 2.0
USUAL_THRESHOLD = 0.3
"""Detectors here keep findings from about this score on, or from a lower one."""
CLEAR_MARGIN = 0.05
"""A finding so little above the threshold may be missing: it may just as well fall below it."""
DIFFERING_SHARE_MAX = 0.1
"""Of two boxes of nearly equal score either may suppress the other, so a tenth may differ."""


class GoldenFindings(msgspec.Struct, frozen=True):
    """What a model found in one golden picture.

    Attributes:
        picture: the set and the picture's name.
        xyxy: (N, 4) pixels; score: (N,) 0–1; class_id: (N,) values of ``ObjectClass``.
    """

    picture: str
    xyxy: list[tuple[float, float, float, float]]
    score: list[float]
    class_id: list[int]


@cache
def golden_picture(name: str) -> ByteArray:
    """One of ``PICTURES``, (H, W, 3) uint8 BGR, not to be written to."""
    coded = (resources.files("its_camera_ai.vision") / "assets" / name).read_bytes()
    picture = cv2.imdecode(np.frombuffer(coded, np.uint8), cv2.IMREAD_COLOR)
    if picture is None:
        raise ModelInvalid(f"The golden picture {name} is damaged; install the package again.")
    made = np.asarray(picture, np.uint8)
    made.setflags(write=False)
    return made


def is_comparable(model: DetectorModel) -> bool:
    """False for what comes with the package: it changes with it, and needs to see movement."""
    return bool(model.info.sha256)


def golden_findings(model: DetectorModel) -> list[GoldenFindings]:
    """Run a model over the golden pictures, each with a fresh detector.

    Raises:
        ModelInvalid: it fails, or answers with what is no number.
    """
    findings = []
    for name in PICTURES:
        found = looked_at(model, golden_picture(name))
        boxes = [(float(a), float(b), float(c), float(d)) for a, b, c, d in found.xyxy]
        findings.append(
            GoldenFindings(
                f"{SET_NAME}/{name}", boxes, found.score.tolist(), found.class_id.tolist()
            )
        )
    return findings


def looked_at(model: DetectorModel, picture: ByteArray) -> Detections:
    """What a fresh detector of the model finds in one picture.

    Raises:
        ModelInvalid: it fails, or answers with what is no number.
    """
    try:
        found = model.open("golden-picture").detect(picture, 0)
    except ModelInvalid:
        raise
    except Exception as error:  # whatever a foreign network does, it must not serve
        raise ModelInvalid(
            f"The model '{model.info.name}' failed on a golden picture ({type(error).__name__}); "
            "export it again or take another model."
        ) from error
    if not (np.isfinite(found.xyxy).all() and np.isfinite(found.score).all()):
        raise ModelInvalid(
            f"The model '{model.info.name}' answers with values that are no numbers; export it "
            "again or take another model."
        )
    return found


def golden_difference(expected: Sequence[GoldenFindings], found: Sequence[GoldenFindings]) -> str:
    """How the findings differ beyond the tolerances, in words; empty if they don't.

    A finding agrees with one of the same class (cars, buses and trucks count as one) whose box is
    within ``BOX_TOLERANCE_PX`` on every side and whose score is within ``SCORE_TOLERANCE``.
    """
    if [e.picture for e in expected] != [f.picture for f in found]:
        return "it was registered with other golden pictures; register it again"
    scores = [score for findings in (*expected, *found) for score in findings.score]
    clear = min([*scores, USUAL_THRESHOLD]) + CLEAR_MARGIN
    missing = sum(
        _unmatched(wanted, seen, clear) + _unmatched(seen, wanted, clear)
        for wanted, seen in zip(expected, found, strict=True)
    )
    compared = sum(score >= clear for score in scores)
    if missing <= int(compared * DIFFERING_SHARE_MAX):
        return ""
    return f"{missing} of {compared} findings in the golden pictures differ from its registration"


def _unmatched(these: GoldenFindings, those: GoldenFindings, score_min: float) -> int:
    """How many clear findings of the first have no counterpart in the second."""
    if not these.score:
        return 0
    clear = np.array(these.score) >= score_min
    if not those.score:
        return int(clear.sum())
    boxes, others = np.array(these.xyxy), np.array(those.xyxy)
    near = np.abs(boxes[:, None] - others[None]).max(axis=2) <= BOX_TOLERANCE_PX
    alike = np.abs(np.subtract.outer(these.score, those.score)) <= SCORE_TOLERANCE
    same = np.equal.outer(_kinds(these), _kinds(those))
    return int((clear & ~(near & alike & same).any(axis=1)).sum())


def _kinds(findings: GoldenFindings) -> list[int]:
    return [ObjectClass.CAR if c in VEHICLES else c for c in findings.class_id]
