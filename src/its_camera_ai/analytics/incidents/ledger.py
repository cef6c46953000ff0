"""The life of incidents: one for each cause, opened, updated, closed."""

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, replace

import numpy as np

from its_camera_ai.analytics.incidents.catalogue import KINDS
from its_camera_ai.analytics.incidents.finding import Finding
from its_camera_ai.analytics.incidents.limits import IncidentLimits
from its_camera_ai.analytics.incidents.view import Floats, View
from its_camera_ai.core.incidents import Incident, IncidentKind, IncidentStep
from its_camera_ai.core.time import NS_PER_S

_TRACKS_MAX = 20
_GROUPS = frozenset(
    {
        IncidentKind.PEDESTRIAN_ON_ROAD,
        IncidentKind.CYCLIST_ON_ROAD,
        IncidentKind.STOPPED_VEHICLE,
    }
)
"""Kinds of which one cause may hold several road users at a time."""
_DRIFT_MPS = 3.0
"""How much faster or slower than last seen one may have gone on while it was lost."""


@dataclass(slots=True, eq=False)
class _Case:
    """An open incident and what decides on its life.

    Attributes:
        keys: of the findings that hold it open.
        grade: the highest so far; told: the one in the last state that was told.
        cleared_s, lost_s: looked-at time without the condition, with its user in view or not.
        at: last place, its velocity in it per second, its scale, whether metres, when.
    """

    incident: Incident
    keys: set[Hashable]
    grade: int
    told_grade: int
    told_tracks: tuple[int, ...]
    told_ns: int
    held_ns: int
    held_wall_ns: int
    cleared_s: float = 0.0
    lost_s: float = 0.0
    at: tuple[Floats, Floats, float, bool, int] | None = None


class Ledger:
    """Turns findings into incidents. Only frames that were looked at let anything end.

    A cause under a new track id stays one incident if it goes on where the lost track should be.
    """

    def __init__(
        self, camera_id: str, limits: IncidentLimits, new_incident_id: Callable[[int], str]
    ) -> None:
        self._camera_id = camera_id
        self._limits = limits
        self._new_id = new_incident_id
        self._cases: list[_Case] = []

    @property
    def open(self) -> list[Incident]:
        """As last held; for a state that is asked for between two updates."""
        return [case.incident for case in self._cases]

    def settle(
        self, findings: Iterable[Finding], view: View | None, pts_ns: int, wall_ns: int
    ) -> list[Incident]:
        """The incidents that changed with this frame.

        Args:
            view: None if the frame was not looked at: then nothing ends.
        """
        told: list[Incident] = []
        held: set[int] = set()
        for finding in findings:
            case = self._case_of(finding, view, held)
            if case is None:
                case = self._open(finding, view, pts_ns, wall_ns)
                told.append(case.incident)
            else:
                told += self._hold(case, finding, view, pts_ns, wall_ns, first=id(case) not in held)
            held.add(id(case))
            self._place(case, finding, view)
        if view is not None:
            told += self._end([case for case in self._cases if id(case) not in held], view)
        return told

    def _case_of(self, finding: Finding, view: View | None, held: set[int]) -> _Case | None:
        for case in self._cases:
            if case.incident.kind is finding.kind and finding.key in case.keys:
                return case
        if view is None or finding.row < 0 or finding.joins_m <= 0:
            return None
        near = [
            (distance, case)
            for case in self._cases
            if case.incident.kind is finding.kind
            and (distance := self._distance_m(case, finding, view)) is not None
        ]
        if not near:
            return None
        distance, case = min(near, key=lambda pair: pair[0])
        if finding.kind not in _GROUPS and (id(case) in held or self._in_view(case, view)):
            return None
        return case

    def _distance_m(self, case: _Case, finding: Finding, view: View) -> float | None:
        """How far beyond what may be the finding lies; None if that is too far."""
        row = finding.row
        if case.at is None or case.at[3] != bool(view.metric[row]):
            return None
        place, velocity, scale, _, at_ns = case.at
        lost_s = (view.frame.pts_ns - at_ns) / NS_PER_S
        lost_s = min(lost_s, KINDS[finding.kind].lost_s)
        apart = (view.place[row] - place) / scale - velocity * lost_s
        distance = float(np.hypot(apart[0], apart[1]))
        speed = float(np.hypot(velocity[0], velocity[1]))
        drift = _DRIFT_MPS * lost_s if speed > 1 else 0.0
        return distance if distance <= finding.joins_m + drift else None

    @staticmethod
    def _in_view(case: _Case, view: View) -> bool:
        seen = np.isin(case.incident.track_ids, view.frame.track_id[view.fresh])
        return bool(seen.any())

    def _open(self, finding: Finding, view: View | None, pts_ns: int, wall_ns: int) -> _Case:
        limits = self._limits
        opened = wall_ns - (pts_ns - finding.began_ns)
        defined = wall_ns - (pts_ns - finding.defined_ns)
        since = opened - round(limits.clip_before_s * NS_PER_S)
        incident = Incident(
            self._new_id(wall_ns),
            finding.kind,
            KINDS[finding.kind].severity(finding.grade),
            self._camera_id,
            finding.place,
            IncidentStep.OPENED,
            opened,
            defined,
            wall_ns,
            finding.explanation,
            decided_after_s=max(0.0, (pts_ns - finding.defined_ns) / NS_PER_S),
            track_ids=finding.track_ids,
            xyxy=_xyxy(finding, view),
            xy_m=_xy_m(finding, view),
            facts=dict(finding.facts),
            clip_since_wall_ns=since,
            clip_until_wall_ns=wall_ns + round(limits.clip_after_s * NS_PER_S),
        )
        grade, tracks = finding.grade, finding.track_ids
        case = _Case(incident, {finding.key}, grade, grade, tracks, pts_ns, pts_ns, wall_ns)
        self._cases.append(case)
        return case

    def _hold(
        self,
        case: _Case,
        finding: Finding,
        view: View | None,
        pts_ns: int,
        wall_ns: int,
        *,
        first: bool,
    ) -> list[Incident]:
        """The condition holds on; tells it if it became worse or others take part."""
        case.keys.add(finding.key)
        case.cleared_s = case.lost_s = 0.0
        case.held_ns, case.held_wall_ns = pts_ns, wall_ns
        tracks = self._tracks(case, finding, view)
        worse = finding.grade > case.grade
        case.grade = max(case.grade, finding.grade)
        if first or worse:  # the first one of a group speaks, unless another is worse
            kept = case.incident.xyxy, case.incident.xy_m
            case.incident = replace(
                case.incident,
                track_ids=tracks,
                severity=KINDS[finding.kind].severity(case.grade),
                explanation=finding.explanation,
                facts=dict(finding.facts),
                xyxy=_xyxy(finding, view) or kept[0],
                xy_m=_xy_m(finding, view) or kept[1],
            )
        else:
            case.incident = replace(case.incident, track_ids=tracks)
        changed = case.grade > case.told_grade or tracks != case.told_tracks
        if not changed or (pts_ns - case.told_ns) / NS_PER_S < self._limits.update_s:
            return []
        return [self._tell(case, IncidentStep.UPDATED, pts_ns, wall_ns)]

    def _tracks(self, case: _Case, finding: Finding, view: View | None) -> tuple[int, ...]:
        known = case.incident.track_ids
        new = tuple(track for track in finding.track_ids if track not in known)
        if not new:
            return known
        if view is not None and not self._in_view(case, view):
            return (*new, *known)[:_TRACKS_MAX]  # goes on as another: that is the main one now
        return (*known, *new)[:_TRACKS_MAX]

    def _place(self, case: _Case, finding: Finding, view: View | None) -> None:
        if view is not None and finding.row >= 0:
            row = finding.row
            case.at = (
                view.place[row].copy(),
                np.nan_to_num(view.velocity[row]),
                float(view.scale[row]),
                bool(view.metric[row]),
                view.frame.pts_ns,
            )

    def _end(self, cases: list[_Case], view: View) -> list[Incident]:
        told = []
        for case in cases:
            rule = KINDS[case.incident.kind]
            if not case.incident.track_ids or self._in_view(case, view):
                case.cleared_s += view.dt_s
            else:
                case.lost_s += view.dt_s
            gone = case.lost_s >= rule.lost_s
            if case.cleared_s < rule.clear_s and not gone:
                continue
            self._cases.remove(case)
            lasted_s = (case.held_wall_ns - case.incident.opened_wall_ns) / NS_PER_S
            how = "it was no longer seen" if gone else "it was over"
            case.incident = replace(
                case.incident,
                closed_wall_ns=case.held_wall_ns,
                explanation=f"{case.incident.explanation} After {lasted_s:.0f} s {how}.",
                facts={**case.incident.facts, "lasted_s": round(lasted_s, 1)},
            )
            frame = view.frame
            told.append(self._tell(case, IncidentStep.CLOSED, frame.pts_ns, frame.wall_ns))
        return told

    def _tell(self, case: _Case, step: IncidentStep, pts_ns: int, wall_ns: int) -> Incident:
        limits, incident = self._limits, case.incident
        until = case.held_wall_ns + round(limits.clip_after_s * NS_PER_S)
        longest = incident.clip_since_wall_ns + round(limits.clip_max_s * NS_PER_S)
        case.incident = replace(
            incident,
            step=step,
            revision=incident.revision + 1,
            updated_wall_ns=wall_ns,
            clip_until_wall_ns=max(incident.clip_until_wall_ns, min(until, longest)),
        )
        case.told_ns, case.told_grade = pts_ns, case.grade
        case.told_tracks = case.incident.track_ids
        return case.incident


def _xyxy(finding: Finding, view: View | None) -> tuple[float, float, float, float] | None:
    return view.box(finding.row) if view is not None and finding.row >= 0 else None


def _xy_m(finding: Finding, view: View | None) -> tuple[float, float] | None:
    if view is None or finding.row < 0 or not view.metric[finding.row]:
        return None
    x, y = (float(v) for v in view.frame.xy_m[finding.row])
    return x, y
