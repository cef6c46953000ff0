"""What is learned from: pictures, what the product's own memory knows of them, and labels."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from its_camera_ai.core.detections import ObjectClass
from its_camera_ai.core.time import NS_PER_S
from its_camera_ai.sim.street import open_street
from its_camera_ai.vision.background import Background
from its_camera_ai.vision.detector import Detector
from its_camera_ai.vision.loading import load_model
from its_camera_ai.vision.moving import reduced

FloatArray = npt.NDArray[np.float32]
Picture = npt.NDArray[np.uint8]

KIND_OF = {
    ObjectClass.PERSON: 0,
    ObjectClass.BICYCLE: 1,
    ObjectClass.MOTORCYCLE: 1,
    ObjectClass.CAR: 2,
    ObjectClass.BUS: 3,
    ObjectClass.TRUCK: 4,
}
"""Class → place in ``moving_network.KINDS``."""

PREPARED_WH = (480, 270)
"""Larger than what the network looks at, so that variations may enlarge without blurring."""

TEACHER_SCORE_MIN, TEACHER_SURE = 0.1, 0.35
VISIBLE_MIN, VISIBLE_SURE = 0.1, 0.4
WEATHERS = (
    "", "night", "", "trees", "clouds", "", "infrared", "headlights", "lightning", "",
    "exposure", "rain", "", "noise", "compression", "trees,clouds", "night,rain",
)  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Labels:
    """Road users in one prepared picture.

    Attributes:
        xyxy: (N, 4) pixels of the prepared picture.
        kind: (N,) place in ``moving_network.KINDS``.
        unsure: (N,) neither right nor wrong to find.
    """

    xyxy: FloatArray
    kind: npt.NDArray[np.int8]
    unsure: npt.NDArray[np.bool_]

    @classmethod
    def none(cls) -> "Labels":
        return cls(np.empty((0, 4), np.float32), np.empty(0, np.int8), np.empty(0, np.bool_))

    def take(self, rows: npt.NDArray[Any]) -> "Labels":
        return Labels(self.xyxy[rows], self.kind[rows], self.unsure[rows])


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """One look: what the network sees, and who is there.

    Attributes:
        picture, empty: (H, W, 3) BGR, the picture and the scene without what comes and goes.
        moved: (H, W), see ``background.Memory``.
    """

    picture: Picture
    empty: Picture
    moved: Picture
    labels: Labels


def covered(box: npt.NDArray[Any], others: FloatArray) -> FloatArray:
    """The share of each of the others (N, 4) that lies in the box (4,)."""
    low = np.maximum(others[:, :2], box[:2])
    high = np.minimum(others[:, 2:], box[2:])
    inside = np.clip(high - low, 0, None).prod(axis=1)
    return np.asarray(inside / np.maximum(area(others), 1), np.float32)


def area(xyxy: FloatArray) -> FloatArray:
    return np.asarray((xyxy[:, 2:] - xyxy[:, :2]).prod(axis=1), np.float32)


class Teacher:
    """YOLOX-Nano at 960×544 names what is in a clip; weak findings are left open."""

    def __init__(self, data: Path) -> None:
        model = load_model(
            "yolox-nano",
            models_dir=data / "models",
            input_wh=(960, 544),
            score_min=TEACHER_SCORE_MIN,
        )
        self._detector: Detector = model.open("teacher")

    def __call__(self, frame: Picture, scale: float) -> Labels:
        found = self._detector.detect(frame, 0)
        found = found.take(np.flatnonzero(np.isin(found.class_id, list(KIND_OF))))
        kind = np.array([KIND_OF[ObjectClass(c)] for c in found.class_id], np.int8)
        xyxy = (found.xyxy * scale).astype(np.float32)
        return without_doubt_over_doubtless(Labels(xyxy, kind, found.score < TEACHER_SURE))


def without_doubt_over_doubtless(labels: Labels) -> Labels:
    """Weak boxes round whole groups are dropped: they would hide what lies between."""
    sure = labels.xyxy[~labels.unsure]
    kept = []
    for row, box in enumerate(labels.xyxy):
        group = labels.unsure[row] and bool((covered(box, sure) > 0.6).any())
        kept.append(not group)
    return labels.take(np.array(kept, np.bool_))


class FromAbove:
    """Labels vehicles seen from straight above, which the teacher does not know: whatever large
    thing differs from the median of the clip.
    """

    def __init__(self, frames: list[Picture]) -> None:
        pictures = [reduced(frame, PREPARED_WH) for frame in frames[::7]]
        self._empty = np.median(np.stack(pictures), axis=0).astype(np.int16)

    def __call__(self, frame: Picture, scale: float) -> Labels | None:
        """None where the exposure has jumped."""
        changed = (
            np.abs(reduced(frame, PREPARED_WH).astype(np.int16) - self._empty).max(axis=2) > 28
        )
        if changed.mean() > 0.5:
            return None
        mask = cv2.morphologyEx(
            changed.astype(np.uint8) * 255, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)
        )
        mask = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((15, 15), np.uint8))
        _, _, pieces, _ = cv2.connectedComponentsWithStats(mask)
        pieces = pieces[1:][pieces[1:, 4] > 0.004 * mask.size]
        x, y, w, h, pixels = pieces.T
        # a piece of a car, or two cars as one
        unsure = (pixels < 0.03 * mask.size) | (w > 0.3 * mask.shape[1])
        xyxy = np.stack((x, y, x + w, y + h), axis=1).astype(np.float32)
        return Labels(xyxy, np.full(len(pieces), KIND_OF[ObjectClass.CAR], np.int8), unsure)


def frames_of(path: Path) -> tuple[list[Picture], float]:
    """All pictures of a clip and its frames per second."""
    capture = cv2.VideoCapture(str(path))
    frames: list[Picture] = []
    while True:
        read, frame = capture.read()
        if not read:
            return frames, float(capture.get(cv2.CAP_PROP_FPS))
        frames.append(np.asarray(frame, np.uint8))


Label = Callable[[Picture, float], Labels | None]


@dataclass(frozen=True, slots=True)
class ClipPlan:
    """How a clip is looked at.

    Attributes:
        looks_per_s: it is played once at each of these rates.
        every_s: between two samples of one pass.
        labelled: ``teacher``, ``above``, or ``nothing`` for a clip where nothing may be found.
        to_and_fro: a clip of few seconds is played forth and back twice, until its empty scene is
            known as far as it can be.
    """

    looks_per_s: tuple[float, ...]
    every_s: float
    labelled: str = "teacher"
    to_and_fro: bool = False


def samples_of_clip(path: Path, plan: ClipPlan, teacher: Teacher) -> list[Sample]:
    frames, fps = frames_of(path)
    ways: dict[str, Callable[[], Label]] = {
        "teacher": lambda: teacher,
        "above": lambda: FromAbove(frames),
        "nothing": lambda: lambda frame, scale: Labels.none(),
    }
    label = ways[plan.labelled]()
    known: dict[int, Labels | None] = {}

    def labels_at(index: int, scale: float) -> Labels | None:
        if index not in known:
            known[index] = label(frames[index], scale)
        return known[index]

    taken: list[Sample] = []
    for rate in plan.looks_per_s:
        step = max(1, round(fps / rate))
        order = list(range(0, len(frames), step))
        passes = [order, order[::-1]] * 2 if plan.to_and_fro else [order]
        looks = ((frames[i], labels_at, i) for leg in passes for i in leg)
        taken += _play(looks, step / fps, plan.every_s)
    return taken


def _play(
    looks: Iterable[tuple[Picture, Callable[[int, float], Labels | None], int]],
    step_s: float,
    every_s: float,
) -> list[Sample]:
    background, taken, last_s = Background(), [], -1e9
    for number, (frame, labels_at, index) in enumerate(looks):
        picture = reduced(frame, PREPARED_WH)
        now_s = (number + 1) * step_s
        memory = background.look(picture, round(now_s * NS_PER_S))
        labels = labels_at(index, picture.shape[1] / frame.shape[1])
        background.learn(np.empty((0, 4)) if labels is None else labels.xyxy)
        if labels is not None and now_s - last_s >= every_s:
            taken.append(Sample(picture, memory.empty, memory.moved, labels))
            last_s = now_s
    return taken


def samples_of_streets(scene: str, seeds: Iterable[int], length_s: float) -> list[Sample]:
    """Looks at simulated streets, in all weathers; their truth is exact."""
    return [s for seed in seeds for s in _street(scene, seed, length_s)]


def _street(scene: str, seed: int, length_s: float) -> Iterator[Sample]:
    rng = np.random.default_rng([seed, len(scene)])
    size_wh = ((480, 270), (640, 360), (960, 540))[int(rng.integers(3))]
    rate = float(rng.choice((2.5, 5.0, 12.0)))
    street = open_street(
        scene,
        seed=seed,
        size_wh=size_wh,
        fps=rate,
        demand=float(rng.uniform(0.5, 2.2)),
        weather=WEATHERS[int(rng.integers(len(WEATHERS)))],
    )
    background, last_s = Background(), 0.0
    for index in range(round(length_s * rate)):
        frame = street.frame(index)
        picture = reduced(frame.bgr, PREPARED_WH)
        memory = background.look(picture, frame.pts_ns + 1)
        rows = [o for o in frame.truth if o.visible >= VISIBLE_MIN]
        xyxy = np.array([o.xyxy for o in rows], np.float32).reshape(-1, 4)
        xyxy *= picture.shape[1] / size_wh[0]
        side = (xyxy[:, 2:] - xyxy[:, :2]).max(axis=1, initial=0)
        labels = Labels(
            xyxy,
            np.array([KIND_OF[o.class_id] for o in rows], np.int8),
            np.array([o.visible < VISIBLE_SURE for o in rows], np.bool_) | (side < 6),
        )
        background.learn(xyxy)
        now_s = index / rate
        if now_s - last_s >= 1.3:
            last_s = now_s
            yield Sample(picture, memory.empty, memory.moved, labels)
