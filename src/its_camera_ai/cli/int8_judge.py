"""Judges for 8-bit models: by labels, or by how far they agree with the 32-bit model."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from its_camera_ai.core.detections import Detections, ObjectClass
from its_camera_ai.core.errors import ConfigInvalid
from its_camera_ai.evaluation.classes import GROUPS
from its_camera_ai.evaluation.detect import score_detections
from its_camera_ai.evaluation.detect_run import detect_on_labels
from its_camera_ai.evaluation.folder import EvalFolder
from its_camera_ai.evaluation.truth_boxes import LabelledFrame, load_labelled_frames
from its_camera_ai.vision.calibration import SitePicture
from its_camera_ai.vision.detector import DetectorModel
from its_camera_ai.vision.quantization import Judge, Verdict

SURE_SCORE = 0.3
"""What the 32-bit model finds with this score or more is the truth to agree with."""
WEAK_SCORE = 0.1
"""Between this and ``SURE_SCORE`` findings count neither way: they come and go with the noise."""
SURE_MIN = 30
"""Fewer sure findings say too little."""
LABELLED_MIN = 10
"""A class with fewer labelled boxes is not judged."""


def agreement_judge(pictures: Sequence[SitePicture]) -> Judge:
    """AP50 of the 8-bit model with the 32-bit model's sure findings as the truth.

    Findings of the 8-bit model where the 32-bit one has a weak one count neither way. The loss is
    1 − the mean over the classes, weighted by their numbers of sure findings.

    Args:
        pictures: that the model was not calibrated with.
    """

    def judge(before: DetectorModel, after: DetectorModel) -> Verdict:
        truth, found = [], []
        for number, picture in enumerate(pictures):
            reference = before.open(picture.camera_id).detect(picture.bgr, 0)
            truth.append(_as_truth(str(number), picture, reference))
            mine = after.open(picture.camera_id).detect(picture.bgr, 0)
            found.append(mine.take(mine.score >= WEAK_SCORE))
        sure = sum(len(frame.xyxy) for frame in truth)
        if sure < SURE_MIN:
            raise ConfigInvalid(
                f"The {len(pictures)} pictures to judge with show only {sure} objects, at least "
                f"{SURE_MIN} are needed: give more (--frames) or busier ones (--video), or labels "
                "(--labels)."
            )
        scores = score_detections(truth, found)
        total = sum(score.boxes for score in scores.values())
        agreement = sum(score.ap50 * score.boxes for score in scores.values()) / total
        ap50 = {name: (1.0, round(score.ap50, 4)) for name, score in scores.items()}
        return Verdict("agreement", 1 - agreement, ap50)

    return judge


def labels_judge(folder: Path) -> Judge:
    """AP50 of both models on labelled pictures; the loss is the largest of any class.

    Args:
        folder: as in docs/evaluation.md.
    """
    data = EvalFolder(folder)
    truth = load_labelled_frames(data.labels("boxes.json"))

    def judge(before: DetectorModel, after: DetectorModel) -> Verdict:
        rows = {
            row.label: (row, other)
            for row, other in zip(
                detect_on_labels(before, data, truth),
                detect_on_labels(after, data, truth),
                strict=True,
            )
            if row.boxes >= LABELLED_MIN
        }
        if not rows:
            raise ConfigInvalid(
                f"No class in {folder} has {LABELLED_MIN} labelled boxes; label more pictures, or "
                "leave --labels out."
            )
        ap50 = {name: (row.ap50, other.ap50) for name, (row, other) in rows.items()}
        return Verdict("labels", max(a - b for a, b in ap50.values()), ap50)

    return judge


def _as_truth(name: str, picture: SitePicture, reference: Detections) -> LabelledFrame:
    height, width = picture.bgr.shape[:2]
    sure = reference.take(reference.score >= SURE_SCORE)
    weak = reference.take((reference.score >= WEAK_SCORE) & (reference.score < SURE_SCORE))
    return LabelledFrame(
        name,
        picture.camera_id,
        None,
        (width, height),
        sure.xyxy.astype(np.float64),
        _labels(sure),
        weak.xyxy.astype(np.float64),
        _labels(weak),
    )


def _labels(found: Detections) -> tuple[str, ...]:
    """Cars, lorries and buses are one class: which of them it is changes with the noise."""
    return tuple(
        "vehicle" if ObjectClass(int(c)) in GROUPS["vehicle"] else ObjectClass(int(c)).label
        for c in found.class_id
    )
