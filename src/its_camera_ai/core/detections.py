"""Detections: a frame's findings as a dataclass of arrays, the currency of vision and tracking."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt


class ObjectClass(IntEnum):
    """What every detector's own classes are mapped to."""

    PERSON = 0
    BICYCLE = 1
    MOTORCYCLE = 2
    CAR = 3
    BUS = 4
    TRUCK = 5
    ANIMAL = 6
    OTHER = 7

    @property
    def label(self) -> str:
        """The name in files and on the wire: ``person``, ``car`` …"""
        return self.name.lower()


VEHICLES = frozenset({ObjectClass.CAR, ObjectClass.BUS, ObjectClass.TRUCK})
"""Classes among which one body is easily mistaken for another; suppressed against each other."""


@dataclass(frozen=True, slots=True, eq=False)
class Detections:
    """What a detector found in one frame.

    Attributes:
        xyxy: (N, 4) float32, left, top, right, bottom in pixels of the full decoded frame.
        score: (N,) float32, 0–1.
        class_id: (N,) int8, values of ``ObjectClass``.
    """

    xyxy: npt.NDArray[np.float32]
    score: npt.NDArray[np.float32]
    class_id: npt.NDArray[np.int8]

    def __post_init__(self) -> None:
        n = len(self.xyxy)
        if self.xyxy.shape != (n, 4) or self.score.shape != (n,) or self.class_id.shape != (n,):
            raise ValueError(
                f"Detections need xyxy (N, 4), score (N,), class_id (N,); got {self.xyxy.shape}, "
                f"{self.score.shape}, {self.class_id.shape}."
            )

    def __len__(self) -> int:
        return len(self.xyxy)

    @classmethod
    def empty(cls) -> "Detections":
        """A frame that was looked at and holds nothing (which is not the same as unknown)."""
        return cls(np.empty((0, 4), np.float32), np.empty(0, np.float32), np.empty(0, np.int8))

    @classmethod
    def of(
        cls,
        xyxy: Sequence[Sequence[float]],
        score: Sequence[float] | None = None,
        class_id: Sequence[int] | None = None,
    ) -> "Detections":
        """From plain lists; scores default to 1, classes to car.

        >>> len(Detections.of([[0, 0, 10, 10]]))
        1
        """
        n = len(xyxy)
        return cls(
            np.asarray(xyxy, np.float32).reshape(n, 4),
            np.ones(n, np.float32) if score is None else np.asarray(score, np.float32),
            np.full(n, ObjectClass.CAR, np.int8)
            if class_id is None
            else np.asarray(class_id, np.int8),
        )

    def take(self, index: npt.NDArray[np.intp] | npt.NDArray[np.bool_]) -> "Detections":
        """The rows that ``index`` (integers or a mask) chooses, in its order."""
        return Detections(self.xyxy[index], self.score[index], self.class_id[index])

    @classmethod
    def concatenate(cls, parts: Sequence["Detections"]) -> "Detections":
        if not parts:
            return cls.empty()
        return cls(
            np.concatenate([p.xyxy for p in parts]),
            np.concatenate([p.score for p in parts]),
            np.concatenate([p.class_id for p in parts]),
        )
