"""Telling things that go somewhere from things that only flutter in place."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from its_camera_ai.vision.detector import FloatArray

JOURNEY_MIN = 0.5
"""Way from the first to the farthest place, in lengths of the box's shorter side."""

_REACH = 1.2  # a box is the same thing if its centre moved by less than so many longer sides
_SIZE_RATIO_MAX = 3.0  # and its area changed by no more than this factor
_FORGET_S = 1.5
_SMOOTHING = 0.35  # share of the newest look
_JOURNEYS_MAX = 128


@dataclass(slots=True)
class _Journey:
    start: FloatArray  # (2,) centre of the first box
    box: FloatArray  # (4,) last box
    probability: FloatArray  # (K,) of the kinds, smoothed
    seen_s: float
    travelled: bool = False

    def move(self, box: FloatArray, probability: FloatArray, time_s: float) -> None:
        centre = (box[:2] + box[2:]) / 2
        way = float(np.hypot(*(centre - self.start)))
        self.travelled |= way >= JOURNEY_MIN * float((box[2:] - box[:2]).min())
        self.probability = self.probability + _SMOOTHING * (probability - self.probability)
        self.box, self.seen_s = box, time_s


class Journeys:
    """Remembers where each moving blob came from. One camera; looks in order.

    No tracker: it gives no identities, it only keeps leaves and reflections out.
    """

    def __init__(self) -> None:
        self._alive: list[_Journey] = []

    def __len__(self) -> int:
        return len(self._alive)

    def follow(
        self, xyxy: FloatArray, probability: FloatArray, time_s: float
    ) -> tuple[npt.NDArray[np.bool_], FloatArray]:
        """Take one look's boxes (N, 4) with the probabilities of their kinds (N, K).

        Returns:
            (N,) whether this thing has left the place where it began; what once has stays so,
            also while it stands. And (N, K), the probabilities smoothed over its looks: a body
            half out of the picture is still what it was.
        """
        self._alive = [j for j in self._alive if time_s - j.seen_s <= _FORGET_S]
        mine: dict[int, _Journey] = {}
        taken: set[int] = set()
        for _, i, j in sorted(self._pairs(xyxy)):
            if i not in mine and j not in taken:
                mine[i] = self._alive[j]
                taken.add(j)
        travelled = np.zeros(len(xyxy), np.bool_)
        smoothed = probability.copy()
        for i, box in enumerate(xyxy):
            journey = mine.get(i)
            if journey is None:
                if len(self._alive) < _JOURNEYS_MAX:
                    start = (box[:2] + box[2:]) / 2
                    self._alive.append(_Journey(start, box, probability[i], time_s))
                continue
            journey.move(box, probability[i], time_s)
            travelled[i], smoothed[i] = journey.travelled, journey.probability
        return travelled, smoothed

    def _pairs(self, xyxy: npt.NDArray[Any]) -> list[tuple[float, int, int]]:
        """Possible matches as (distance in longer sides, box, journey)."""
        if not len(xyxy) or not self._alive:
            return []
        old = np.stack([j.box for j in self._alive])
        size, old_size = xyxy[:, 2:] - xyxy[:, :2], old[:, 2:] - old[:, :2]
        centre, old_centre = (xyxy[:, :2] + xyxy[:, 2:]) / 2, (old[:, :2] + old[:, 2:]) / 2
        way = np.linalg.norm(centre[:, None] - old_centre[None], axis=2)
        distance = way / np.maximum(size.max(axis=1)[:, None], old_size.max(axis=1)[None])
        ratio = size.prod(axis=1)[:, None] / old_size.prod(axis=1)[None]
        near = (distance < _REACH) & (np.abs(np.log(ratio)) < np.log(_SIZE_RATIO_MAX))
        return [(float(distance[i, j]), int(i), int(j)) for i, j in np.argwhere(near)]
