"""Turning-movement counts: quarters of an hour × movement × class."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from its_camera_ai.analytics.measures.flow import PeakHour, peak_hour
from its_camera_ai.analytics.publishing.camera import PublishedCamera
from its_camera_ai.analytics.publishing.intervals import IntervalWish, interval_rows
from its_camera_ai.core.detections import ObjectClass
from its_camera_ai.core.errors import ConfigInvalid
from its_camera_ai.core.interval_store import IntervalStore
from its_camera_ai.core.intervals import PlaceKind, Tally
from its_camera_ai.core.local_days import Span
from its_camera_ai.core.road import Movement
from its_camera_ai.core.time import NS_PER_S

BIN_S = 900
BINS_MAX = 31 * 96
_TURN_ORDER = "LTRU"


@dataclass(frozen=True, slots=True, eq=False)
class TurningCounts:
    """Counts of one camera's movements.

    Attributes:
        movements: sorted by approach, then left, through, right, U-turn.
        starts_wall_ns: (B,) begin of each quarter.
        labels: classes that occurred, in their usual order.
        counts: (labels, B, movements) vehicles and people; 0 where nothing is known.
        missing_share: (B,) part of the quarter that was not looked at; 1 is unknown.
        unassigned: what is no named movement → its number over the span.
    """

    movements: tuple[Movement, ...]
    starts_wall_ns: tuple[int, ...]
    labels: tuple[str, ...]
    counts: npt.NDArray[np.int64]
    missing_share: npt.NDArray[np.float64]
    unassigned: dict[str, int]

    @property
    def totals(self) -> npt.NDArray[np.int64]:
        """(B, movements) over all classes."""
        summed: npt.NDArray[np.int64] = self.counts.sum(axis=0)
        return summed

    @property
    def peak_hour(self) -> PeakHour | None:
        """Of all movements together; None without a whole known hour."""
        volumes = self.totals.sum(axis=1).astype(np.float64)
        return peak_hour(np.where(self.missing_share >= 1, np.nan, volumes), BIN_S)


def turning_counts(store: IntervalStore, camera: PublishedCamera, span: Span) -> TurningCounts:
    """Read them.

    Args:
        span: whole quarters of an hour, at most 31 days.

    Raises:
        ConfigInvalid: the camera has no movements, or the span is too long or off the quarter.
    """
    movements = _sorted(camera.scene.movements)
    if not movements:
        raise ConfigInvalid(
            f"Camera '{camera.id}' has no movements; name them in its scene ('movements:'), then "
            "they are counted from that time on."
        )
    bin_ns = BIN_S * NS_PER_S
    if span.since_wall_ns % bin_ns or span.until_wall_ns % bin_ns:
        raise ConfigInvalid(
            "Turning counts begin and end on a quarter of an hour; give such times."
        )
    bins = (span.until_wall_ns - span.since_wall_ns) // bin_ns
    if not 1 <= bins <= BINS_MAX:
        raise ConfigInvalid("Turning counts are made for a quarter of an hour to 31 days.")
    column = {movement.id: k for k, movement in enumerate(movements)}
    order = [label.label for label in ObjectClass]
    counts = np.zeros((len(order), bins, len(movements)), np.int64)
    missing = np.ones(bins)
    unassigned: dict[str, int] = {}
    wish = IntervalWish(span, BIN_S, (PlaceKind.MOVEMENT,))
    for published in interval_rows(store, camera, wish):
        row = published.row
        place = row.place.id
        at = (row.start_wall_ns - span.since_wall_ns) // bin_ns
        missing[at] = min(missing[at], row.missing_share)
        if place in column:
            _add(counts, order, at, column[place], row.tally)
        elif row.tally.total:
            unassigned[place] = unassigned.get(place, 0) + row.tally.total
    used = [k for k in range(len(order)) if counts[k].any()]
    return TurningCounts(
        movements,
        tuple(span.since_wall_ns + k * bin_ns for k in range(bins)),
        tuple(order[k] for k in used),
        counts[used],
        missing,
        dict(sorted(unassigned.items())),
    )


def _add(
    counts: npt.NDArray[np.int64], order: list[str], at: int, column: int, tally: Tally
) -> None:
    for label, n in tally.volume.items():
        counts[order.index(label), at, column] += n


def _sorted(movements: Sequence[Movement]) -> tuple[Movement, ...]:
    return tuple(
        sorted(movements, key=lambda m: (m.approach, _TURN_ORDER.index(str(m.turn)), m.id))
    )
