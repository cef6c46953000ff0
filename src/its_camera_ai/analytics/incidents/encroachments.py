"""Near misses by post-encroachment time: into an area that another had left only just."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from its_camera_ai.analytics.incidents.finding import Finding
from its_camera_ai.analytics.incidents.limits import IncidentLimits
from its_camera_ai.analytics.incidents.memory import HISTORY, NEVER, Slots, Table
from its_camera_ai.analytics.incidents.trust import FOLLOWED_S, trusted
from its_camera_ai.analytics.incidents.view import BODY_M, Floats, View
from its_camera_ai.analytics.measures.conflicts import (
    Encroachment,
    TimedPath,
    conflict_type,
    post_encroachment,
)
from its_camera_ai.core.detections import ObjectClass
from its_camera_ai.core.incidents import IncidentKind
from its_camera_ai.core.time import NS_PER_S

Rows = npt.NDArray[np.intp]
_SEVERE_PET_S = 0.5
_PATH_S = HISTORY * 0.12
_PROBE_M = 4.0
_BEHIND_M = 12.0
_ASIDE_M = 6.0
_DIRECTION_M = 2.0
_FIRST_WENT_M = 2.0
_COME_M = 6.0
_SAME_WAY_M = 1.5
_BEGIN_M, _ALIGNED_COS, _LANE_HALF_M = 1.0, 0.94, 2.0


class Encroachments:
    """A vehicle that drives fast into an area that another road user had left only just."""

    def __init__(self, limits: IncidentLimits) -> None:
        self._limits = limits
        self._judged: dict[tuple[int, int], int] = {}

    def update(self, view: View) -> Iterator[Finding]:
        now = view.frame.pts_ns
        old = [k for k, at in self._judged.items() if now - at > 4 * _PATH_S * NS_PER_S]
        for key in old:
            del self._judged[key]
        fast = view.speed_mps * 3.6 >= self._limits.pet_kmh
        wheels = view.motor | view.is_class(ObjectClass.BICYCLE)
        rows = np.flatnonzero(view.fresh & view.metric & fast & wheels & trusted(view))
        slots = self._who_was_there(view)
        if view.riders.any():
            slots = slots[~np.isin(slots, view.slot[view.riders])]
        if not len(rows) or not len(slots):
            return
        for row, slot in self._near(view, rows, slots):
            finding = self._judge(view, row, slot)
            if finding is not None:
                yield finding

    def _who_was_there(self, view: View) -> Slots:
        """Slots of all who moved of late, in the picture or no more."""
        memory, now = view.memory, view.frame.pts_ns
        slots = memory.known()
        table = memory.table
        late = table["seen_ns"][slots] >= now - int((self._limits.pet_s + 2.0) * NS_PER_S)
        wheels = table["class_id"][slots] <= ObjectClass.TRUCK
        followed = table["seen_ns"][slots] - table["born_ns"][slots] >= FOLLOWED_S * NS_PER_S
        many = followed & (table["count"][slots] >= 3)
        found: Slots = slots[late & wheels & table["metric"][slots] & many]
        return found

    def _near(self, view: View, rows: Rows, slots: Slots) -> Iterator[tuple[int, int]]:
        """(row, slot) pairs where the row's front is near the other's path, at an angle."""
        table = view.memory.table
        at, at_ns = table["at"][slots], table["at_ns"][slots]
        unit = view.velocity[rows] / view.speed_mps[rows, None]
        front = view.place[rows] + unit * (view.body_m[rows, :1] / 2)
        gap = at[None] - front[:, None, None]
        forward, left = unit[:, None, None], np.stack([-unit[:, 1], unit[:, 0]], axis=1)
        along, aside = (gap * forward).sum(axis=3), (gap * left[:, None, None]).sum(axis=3)
        there = (at_ns != NEVER)[None]
        close = there & (along > -_BEHIND_M) & (along < _PROBE_M + 2) & (np.abs(aside) < _ASIDE_M)
        both_sides = (there & (aside > 0)).any(axis=2) & (there & (aside < 0)).any(axis=2)
        near = close.any(axis=2) & both_sides & (slots[None] != view.slot[rows][:, None])
        for k, m in zip(*np.nonzero(near), strict=True):
            key = int(table["track"][slots[m]]), int(view.frame.track_id[rows[k]])
            if key not in self._judged:
                yield int(rows[k]), int(slots[m])

    def _judge(self, view: View, row: int, slot: int) -> Finding | None:
        table, now, limits = view.memory.table, view.frame.pts_ns, self._limits
        first = self._path(view, slot, *_size(table[slot]))
        length, width = (float(v) for v in view.body_m[row])
        second = self._path(view, int(view.slot[row]), length, width)
        went = np.hypot(*(first.xy_m[-1] - first.xy_m[0]))
        if went < _FIRST_WENT_M:
            return None
        found = post_encroachment(
            first, second, ahead_m=length / 2 + _PROBE_M, direction_m=_DIRECTION_M
        )
        if found is None:
            return None
        track, other = int(view.frame.track_id[row]), int(table["track"][slot])
        self._judged[(other, track)] = now
        if _follows(first.xy_m, second.xy_m):
            return None
        parallel = not limits.pet_angle_deg <= found.angle_deg <= 180 - limits.pet_angle_deg
        if parallel or not 0 <= found.pet_s <= limits.pet_s:
            return None
        return self._finding(view, row, slot, found)

    def _path(self, view: View, slot: int, length_m: float, width_m: float) -> TimedPath:
        """The remembered places, and the present one if it is not among them."""
        at_ns, at, _ = view.memory.path(slot)
        row = np.flatnonzero(view.slot == slot)
        if len(row) and view.fresh[row[0]] and at_ns[-1] != view.frame.pts_ns:
            at_ns = np.append(at_ns, view.frame.pts_ns)
            at = np.vstack([at, view.place[row]])
        return TimedPath((at_ns - view.frame.pts_ns) / NS_PER_S, at, length_m, width_m)

    def _finding(self, view: View, row: int, slot: int, found: Encroachment) -> Finding:
        table, now = view.memory.table, view.frame.pts_ns
        track, other = int(view.frame.track_id[row]), int(table["track"][slot])
        kind = conflict_type(found.angle_deg)
        what = ObjectClass(int(table["class_id"][slot])).label
        weak = int(table["class_id"][slot]) in (ObjectClass.PERSON, ObjectClass.BICYCLE)
        kmh = float(view.speed_mps[row]) * 3.6
        entered_ns = now + round(found.entered_s * NS_PER_S)
        return Finding(
            IncidentKind.NEAR_MISS,
            (min(track, other), max(track, other)),
            "",
            (track, other),
            now + round(found.left_s * NS_PER_S),
            entered_ns,
            int(found.pet_s < _SEVERE_PET_S) + int(weak),
            f"{view.label(row)} drove at {kmh:.0f} km/h into the way of {what} {other} "
            f"{found.pet_s:.2f} s after that had left it (limit {self._limits.pet_s:g} s; "
            f"{kind.value.replace('_', ' ')} conflict at {found.angle_deg:.0f}°).",
            {
                "pet_s": round(found.pet_s, 3),
                "limit_s": self._limits.pet_s,
                "speed_kmh": round(kmh, 1),
                "conflict": kind.value,
                "angle_deg": round(found.angle_deg, 1),
            },
            row,
        )


def _follows(first: Floats, second: Floats) -> bool:
    """Whether the second one came the same way as the first: it drives behind, and no more.

    Args:
        first, second: (K, 2) paths in metres.
    """
    come = second[np.hypot(*(second - second[-1]).T) >= _COME_M]
    if not len(come):
        come = second[:1]
    distance = np.hypot(*(come[:, None] - first[None]).transpose(2, 0, 1))
    near = distance.argmin(axis=1)
    inside = (near > 0) & (near < len(first) - 1) & (distance.min(axis=1) < _SAME_WAY_M)
    return bool(inside[-1]) or _went_ahead(first, second)


def _went_ahead(first: Floats, second: Floats) -> bool:
    """Whether as far as remembered the first one was before the second in the same lane."""
    ways = [_direction(path) for path in (first, second)]
    if any(way is None for way in ways):
        return False
    one, two = (np.asarray(way) for way in ways)
    apart = first[0] - second[0]
    aside = abs(float(two[0] * apart[1] - two[1] * apart[0]))
    return bool(one @ two >= _ALIGNED_COS and apart @ two > 0 and aside < _LANE_HALF_M)


def _direction(path: Floats) -> Floats | None:
    """(2,) unit vector over its first metres, None where it is too short for one."""
    away = np.hypot(*(path - path[0]).T)
    far = np.flatnonzero(away >= _BEGIN_M)
    return None if not len(far) else (path[far[0]] - path[0]) / away[far[0]]


def _size(row: Table) -> tuple[float, float]:
    usual = BODY_M[int(row["class_id"])]
    length, width = float(row["length_m"]), float(row["width_m"])
    return (
        length if length > 0 else float(usual[0]),
        width if width > 0 else float(usual[1]),
    )
