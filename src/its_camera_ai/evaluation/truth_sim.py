"""Streets of the simulator with their exact truth: pictures, tracks and crossings."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from its_camera_ai.core.detections import Detections
from its_camera_ai.core.scene import Scene
from its_camera_ai.core.time import NS_PER_S
from its_camera_ai.evaluation.count import Passage
from its_camera_ai.evaluation.recording import Recording
from its_camera_ai.evaluation.truth_boxes import LabelledFrame
from its_camera_ai.sim.source import SimSpec
from its_camera_ai.sim.truth import SimFrame, TruthObject
from its_camera_ai.vision.detector import Detector

VISIBLE_MIN = 0.4
SIDE_MIN_PX = 8.0
"""Less visible or smaller bodies need not be found, and finding them is no mistake."""

Look = Callable[[SimFrame], Detections]


@dataclass(frozen=True, slots=True, eq=False)
class SimRecording:
    """A street as it was and as it was seen.

    Attributes:
        spec: which street.
        scene: its lines, as fractions of the picture.
        recording: one entry per frame.
        truth: who was in each frame.
        passages: who crossed the lines, at which time.
    """

    spec: SimSpec
    scene: Scene
    recording: Recording
    truth: list[tuple[TruthObject, ...]] = field(repr=False)
    passages: list[Passage] = field(repr=False)


def record_street(spec: SimSpec, seconds: float, look: Look) -> SimRecording:
    """Play a street and look at every frame."""
    street = spec.open()
    pts_ns, found, truth = [], [], []
    for index in range(max(1, round(seconds * spec.fps))):
        frame = street.frame(index)
        pts_ns.append(frame.pts_ns)
        found.append(look(frame))
        truth.append(frame.truth)
    passages = [
        Passage(c.line_id, c.direction.value, c.class_id.label, c.pts_ns / NS_PER_S)
        for c in street.crossings
    ]
    recording = Recording(pts_ns, found, spec.size_wh, range(len(found)))
    return SimRecording(spec, street.scene, recording, truth, passages)


def labelled_street(
    spec: SimSpec, seconds: float, every_s: float, detector: Detector
) -> tuple[list[LabelledFrame], list[Detections]]:
    """Frames of a street ``every_s`` seconds, labelled by the simulator, and what a detector finds
    there. It sees every frame in between too, as one with memory needs."""
    street = spec.open()
    stride = max(1, round(every_s * spec.fps))
    truth, found = [], []
    for index in range(max(1, round(seconds * spec.fps))):
        frame = street.frame(index)
        detections = detector.detect(frame.bgr, frame.pts_ns)
        if index % stride == stride - 1 or seconds * spec.fps <= stride:
            truth.append(_labelled(spec, frame))
            found.append(detections)
    return truth, found


def degraded_truth(
    *, seed: int, missed: float = 0.1, jitter: float = 0.03, score: float = 0.8
) -> Look:
    """A detector that knows the truth and blurs it: what tracker and counting do by themselves.

    Args:
        missed: share of the boxes that are left out, each frame anew.
        jitter: standard deviation of the edges, as a share of the box's sides.
    """
    random = np.random.default_rng(seed)

    def look(frame: SimFrame) -> Detections:
        seen = [o for o in frame.truth if is_wanted(o)]
        seen = [o for o in seen if random.random() >= missed]
        boxes = np.array([o.xyxy for o in seen], np.float64).reshape(-1, 4)
        sides = np.tile(boxes[:, 2:] - boxes[:, :2], 2)
        boxes += random.normal(0, jitter, boxes.shape) * sides
        height, width = frame.bgr.shape[:2]
        boxes = np.clip(boxes, 0, [width, height, width, height])
        return Detections.of(boxes.tolist(), [score] * len(seen), [o.class_id for o in seen])

    return look


def seen_by(detector: Detector) -> Look:
    """Look with a detector."""
    return lambda frame: detector.detect(frame.bgr, frame.pts_ns)


def is_wanted(body: TruthObject) -> bool:
    """Whether it can fairly be asked for: large enough and not mostly hidden."""
    left, top, right, bottom = body.xyxy
    return body.visible >= VISIBLE_MIN and min(right - left, bottom - top) >= SIDE_MIN_PX


def boxes_of(bodies: list[TruthObject]) -> npt.NDArray[np.float64]:
    """(N, 4) pixels."""
    return np.array([body.xyxy for body in bodies], np.float64).reshape(-1, 4)


def _labelled(spec: SimSpec, frame: SimFrame) -> LabelledFrame:
    wanted = [body for body in frame.truth if is_wanted(body)]
    others = [body for body in frame.truth if not is_wanted(body)]
    return LabelledFrame(
        f"{spec.scene} {frame.index}",
        f"sim://{spec.scene}",
        frame.index,
        spec.size_wh,
        boxes_of(wanted),
        tuple(body.class_id.label for body in wanted),
        boxes_of(others),
        tuple("*" for _ in others),
    )
