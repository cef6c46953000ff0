"""Detections of a model over labelled pictures and simulated streets, scored."""

import statistics
import time
from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from its_camera_ai.core.detections import Detections
from its_camera_ai.core.errors import InputUnreadable
from its_camera_ai.core.time import NS_PER_S
from its_camera_ai.evaluation.detect import DetectionScore, centre_hits, score_detections
from its_camera_ai.evaluation.folder import EvalFolder
from its_camera_ai.evaluation.results import DetectRow
from its_camera_ai.evaluation.truth_boxes import LabelledFrame
from its_camera_ai.evaluation.truth_sim import labelled_street
from its_camera_ai.sim.source import SimSpec
from its_camera_ai.video.files import open_video
from its_camera_ai.vision.detector import Detector, DetectorModel

SCORE_MIN = 0.01
"""Load the model with this, so that the whole precision–recall curve is there."""
LABELLED = "labelled pictures"
_MEMORY_LOOKS_PER_S = 5.0
_EVERY_S = 1.0


def detect_on_labels(
    model: DetectorModel, folder: EvalFolder, truth: Sequence[LabelledFrame]
) -> list[DetectRow]:
    """Look at every labelled picture.

    A model with memory sees its clip at five looks per second up to there, as it would in use.

    Raises:
        ConfigInvalid: a video is missing, or the extra ``eval``.
        InputUnreadable: a video ends before a labelled picture, or has another size.
    """
    watch = _Watch()
    found: dict[str, Detections] = {}
    for file in dict.fromkeys(frame.file for frame in truth):
        frames = [frame for frame in truth if frame.file == file]
        detector = _Timed(model.open(file), watch)
        if frames[0].frame is None:
            found |= {frame.name: _look_at_picture(detector, folder, frame) for frame in frames}
        else:
            found |= _look_at_video(detector, folder, frames, remembers=model.areas is None)
    detections = [found[frame.name] for frame in truth]
    return _rows(LABELLED, model, truth, detections, watch)


def detect_on_street(model: DetectorModel, spec: SimSpec, seconds: float) -> list[DetectRow]:
    """Look at a simulated street, scored once a second."""
    watch = _Watch()
    detector = _Timed(model.open(spec.scene), watch)
    truth, found = labelled_street(spec, seconds, _EVERY_S, detector)
    return _rows(f"sim {spec.scene}", model, truth, found, watch)


class _Watch:
    """Processor times of looks."""

    def __init__(self) -> None:
        self.cpu_s: list[float] = []

    @property
    def median_ms(self) -> float:
        return 1000 * statistics.median(self.cpu_s) if self.cpu_s else 0.0


class _Timed:
    """A detector whose looks are timed."""

    def __init__(self, detector: Detector, watch: _Watch) -> None:
        self._detector, self._watch = detector, watch

    def detect(self, frame_bgr: npt.NDArray[np.uint8], pts_ns: int) -> Detections:
        began_s = time.process_time()
        found = self._detector.detect(frame_bgr, pts_ns)
        self._watch.cpu_s.append(time.process_time() - began_s)
        return found


def _rows(
    name: str,
    model: DetectorModel,
    truth: Sequence[LabelledFrame],
    found: Sequence[Detections],
    watch: _Watch,
) -> list[DetectRow]:
    runtime = model.info.runtime
    hits = centre_hits(truth, found)
    scores: dict[str, DetectionScore] = score_detections(truth, found)
    return [
        DetectRow(
            set=name,
            model=model.info.name,
            input="x".join(str(side) for side in model.info.input_wh),
            runtime="" if runtime is None else f"{runtime.runtime} {runtime.precision}",
            label=label,
            boxes=score.boxes,
            ap=round(score.ap, 4),
            ap50=round(score.ap50, 4),
            recall=round(score.recall, 4),
            precision=round(score.precision, 4),
            hits=round(hits, 4),
            cpu_ms=round(watch.median_ms, 1),
        )
        for label, score in scores.items()
    ]


def _look_at_picture(detector: _Timed, folder: EvalFolder, frame: LabelledFrame) -> Detections:
    path = folder.media(frame.file)
    picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if picture is None:
        raise InputUnreadable(f"{path} is no picture that can be read; save it as JPEG or PNG.")
    bgr = np.asarray(picture, np.uint8)
    _check_size(frame, (bgr.shape[1], bgr.shape[0]))
    return detector.detect(bgr, 0)


def _look_at_video(
    detector: _Timed, folder: EvalFolder, frames: Sequence[LabelledFrame], *, remembers: bool
) -> dict[str, Detections]:
    wanted = {frame.frame: frame for frame in frames}
    last = max(frame.frame or 0 for frame in frames)
    next_ns = 0
    found = {}
    with open_video(folder.media(frames[0].file)) as video:
        for index, picture in enumerate(video.frames()):
            due = remembers and picture.pts_ns >= next_ns
            if due:
                next_ns = picture.pts_ns + round(NS_PER_S / _MEMORY_LOOKS_PER_S)
            if index in wanted or due:
                detections = detector.detect(picture.bgr(), picture.pts_ns)
                if index in wanted:
                    _check_size(wanted[index], picture.size_wh)
                    found[wanted[index].name] = detections
            if index == last:
                return found
    missing = next(frame.name for frame in frames if frame.name not in found)
    raise InputUnreadable(
        f"{frames[0].file} ends before its labelled picture '{missing}'; correct the frame number."
    )


def _check_size(frame: LabelledFrame, size_wh: tuple[int, int]) -> None:
    if frame.size_wh != size_wh:
        raise InputUnreadable(
            f"'{frame.name}' is labelled at {frame.size_wh[0]}x{frame.size_wh[1]} pixels, but "
            f"{frame.file} has {size_wh[0]}x{size_wh[1]}; correct the labels."
        )
