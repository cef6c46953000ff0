"""The whole score of the AI City Challenge's counting track: how right and how quick."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from its_camera_ai.core.road_users import Trip
from its_camera_ai.core.time import NS_PER_S
from its_camera_ai.evaluation.count import SEGMENTS, Effectiveness, Passage, effectiveness

EFFECTIVENESS_WEIGHT, EFFICIENCY_WEIGHT = 0.7, 0.3
TOLD_WITHIN_S = 15.0
"""A count that is told later than this after the vehicle left is none."""
CLASSES = {"car": "car", "bus": "car", "truck": "truck"}
"""The challenge counts four-wheeled vehicles and freight trucks; buses go with the former here."""


@dataclass(frozen=True, slots=True)
class CountingScore:
    """S1 of AI City Challenge 2021, track 1.

    Attributes:
        effectiveness: of the cumulative counts. efficiency: 0–1, of the run time.
    """

    effectiveness: Effectiveness
    efficiency: float

    @property
    def s1(self) -> float:
        """0–1."""
        return EFFECTIVENESS_WEIGHT * self.effectiveness.share + EFFICIENCY_WEIGHT * self.efficiency


@dataclass(frozen=True, slots=True)
class Told:
    """A trip and when it was told.

    Attributes:
        told_wall_ns: stream time that had passed when the trip was certain, as wall time.
    """

    trip: Trip
    told_wall_ns: int


def efficiency(run_s: float, video_s: float, base_factor: float = 1.0) -> float:
    """``max(0, 1 − run_s · base_factor / (1.1 · video_s))`` (aicitychallenge.org, 2021 data and
    evaluation).

    Args:
        run_s: wall time for the whole video. base_factor: speed of this machine against the
            challenge's own, from its benchmark; 1 takes this machine for it.

    >>> efficiency(55.0, 100.0)
    0.5
    """
    return max(0.0, 1 - run_s * base_factor / (1.1 * video_s))


def counting_score(
    ours: Sequence[Passage],
    truth: Sequence[Passage],
    *,
    video_s: float,
    run_s: float,
    base_factor: float = 1.0,
    segments: int = SEGMENTS,
) -> CountingScore:
    """Score a run; see ``count.effectiveness`` and ``efficiency``."""
    return CountingScore(
        effectiveness(ours, truth, video_s, segments), efficiency(run_s, video_s, base_factor)
    )


def movements_told(trips: Iterable[Told], begin_wall_ns: int) -> list[Passage]:
    """Trips as the challenge counts them: one passage per named movement, when the vehicle left.

    Left out are trips without a movement, classes that the challenge does not count, and what was
    told more than ``TOLD_WITHIN_S`` after the vehicle left.

    Args:
        begin_wall_ns: of the video; times count from it.
    """
    return [
        Passage(
            told.trip.movement,
            "",
            CLASSES[told.trip.vehicle.label],
            (told.trip.left_wall_ns - begin_wall_ns) / NS_PER_S,
        )
        for told in trips
        if told.trip.movement
        and told.trip.vehicle.label in CLASSES
        and told.told_wall_ns - told.trip.left_wall_ns <= TOLD_WITHIN_S * NS_PER_S
    ]
