"""What is remembered of every track: one row each in one table, forgotten after a while unseen."""

from typing import Any

import numpy as np
import numpy.typing as npt

from its_camera_ai.core.time import NS_PER_S

HISTORY = 32
"""Places kept of each track."""
_HISTORY_STEP_NS = 120_000_000
_NEVER = np.iinfo(np.int64).min
ROW = np.dtype(
    [
        ("track", np.int64),
        ("class_id", np.int8),
        ("born_ns", np.int64),
        ("seen_ns", np.int64),
        ("metric", np.bool_),  # places below are metres, else pixels
        ("scale", np.float64),  # of them in a metre
        ("length_m", np.float64),
        ("width_m", np.float64),
        ("at", np.float64, (HISTORY, 2)),
        ("at_ns", np.int64, (HISTORY,)),
        ("way_rad", np.float64, (HISTORY,)),  # heading at those places
        ("count", np.int64),  # of places ever put into the ring
        ("stood_ns", np.int64),  # since when it stands, NEVER while it moves
        ("stood_last_ns", np.int64),
        ("spot", np.float64, (2,)),
        ("free_ns", np.int64),  # last moment at which there was a reason to stand
        ("back_ns", np.int64),  # since when it goes against the lane
        ("back_from", np.float64, (2,)),
        ("back_looks", np.int64),
        ("back_lane", np.int16),
        ("on_road_ns", np.int64),
        ("slow_ns", np.int64),
        ("slow_lane", np.int16),
        ("lane", np.int16),  # in which the speeds below were taken
        ("lane_mps", np.float64),  # sum of speeds
        ("lane_looks", np.int64),
        ("left_by", np.int64),  # nearest road user when a thing appeared, −1 for none
    ]
)
_TIMES = ("born_ns", "seen_ns", "stood_ns", "stood_last_ns", "free_ns", "back_ns", "on_road_ns",
          "slow_ns", "at_ns")  # fmt: skip

Table = npt.NDArray[Any]
"""Structured rows of ``ROW``."""
Slots = npt.NDArray[np.intp]
NEVER = _NEVER


class TrackMemory:
    """The table of ``ROW``; a slot is a row's number and stays while the track is remembered."""

    def __init__(self, forget_s: float) -> None:
        self._forget_ns = int(forget_s * NS_PER_S)
        self._slot: dict[int, int] = {}
        self._free: list[int] = []
        self.table: Table = np.zeros(0, ROW)
        self._pruned_ns = _NEVER
        self.dropped: Table = np.zeros(0, ROW)
        """Rows that the last ``slots`` call forgot."""

    def __len__(self) -> int:
        return len(self._slot)

    def slots(self, track_id: npt.NDArray[np.int64], pts_ns: int) -> Slots:
        """(N,) slots of these tracks; a new one gets an empty row."""
        self._prune(pts_ns)
        found = [self._slot.get(track, -1) for track in track_id.tolist()]
        for k, slot in enumerate(found):
            if slot < 0:
                found[k] = self._add(int(track_id[k]), pts_ns)
        return np.asarray(found, np.intp)

    def known(self) -> Slots:
        """Slots of all tracks that are remembered."""
        return np.fromiter(self._slot.values(), np.intp, len(self._slot))

    def _add(self, track: int, pts_ns: int) -> int:
        if not self._free:
            size = len(self.table)
            more = max(32, size)
            self.table = np.concatenate([self.table, np.zeros(more, ROW)])
            self._free.extend(range(size + more - 1, size - 1, -1))
        slot = self._free.pop()
        row = np.zeros((), ROW)
        for name in _TIMES:
            row[name] = _NEVER
        row["track"], row["born_ns"], row["left_by"], row["lane"] = track, pts_ns, -1, -1
        row["back_lane"] = row["slow_lane"] = -1
        self.table[slot] = row
        self._slot[track] = slot
        return slot

    def _prune(self, pts_ns: int) -> None:
        self.dropped = self.table[:0]
        if self._pruned_ns != _NEVER and pts_ns - self._pruned_ns < self._forget_ns // 8:
            return
        self._pruned_ns = pts_ns
        slots = self.known()
        old = slots[self.table["seen_ns"][slots] < pts_ns - self._forget_ns]
        if len(old):
            self.dropped = self.table[old]
            for slot in old.tolist():
                del self._slot[int(self.table["track"][slot])]
                self._free.append(slot)

    def remember(
        self,
        slots: Slots,
        places: npt.NDArray[np.float64],
        way_rad: npt.NDArray[np.float64],
        pts_ns: int,
    ) -> None:
        """Put the present (N, 2) places and (N,) headings into the rings of these rows."""
        table = self.table
        count = table["count"][slots]
        last_ns = table["at_ns"][slots, (count - 1) % HISTORY]
        due = (count == 0) | (pts_ns - last_ns >= _HISTORY_STEP_NS)
        rows, into = slots[due], count[due] % HISTORY
        table["at"][rows, into] = places[due]
        table["at_ns"][rows, into] = pts_ns
        table["way_rad"][rows, into] = way_rad[due]
        table["count"][rows] += 1

    def slot_of(self, track: int) -> int | None:
        """None where the track is not remembered."""
        return self._slot.get(track)

    def path(
        self, slot: int
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """The ring of one row in order of time: (K,) stream time, (K, 2) places, (K,) headings."""
        row = self.table[slot]
        count = int(row["count"])
        kept = min(count, HISTORY)
        order = np.arange(count - kept, count) % HISTORY
        return row["at_ns"][order], row["at"][order], row["way_rad"][order]
