"""Incidents: what needs a human, and what people said about it."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from its_camera_ai.api.deps import Deps
from its_camera_ai.api.guards import allow, principal_of
from its_camera_ai.api.policies import Policy
from its_camera_ai.api.problems import NotFound
from its_camera_ai.api.times import check_span, wall_time
from its_camera_ai.core.incident_store import IncidentFilter, KeptIncident
from its_camera_ai.core.incidents import IncidentKind, IncidentStep, Severity
from its_camera_ai.core.time import iso_utc

router = APIRouter(prefix="/api/v1/incidents", tags=["incidents"])

LIMIT_MAX = 1000
NOTE_CHARS_MAX = 2000


class IncidentView(BaseModel):
    """One incident as it stands."""

    id: str
    kind: IncidentKind
    severity: Severity
    camera: str
    place: str = Field(description="id of the lane, zone, line or signal; empty where none")
    step: IncidentStep
    revision: int
    opened: str = Field(description="when it began; RFC 3339, UTC")
    defined: str = Field(description="when it was one for certain")
    updated: str
    closed: str | None = Field(description="null while it lasts")
    decided_after_s: float = Field(description="from `defined` until it was told")
    track_ids: list[int]
    xyxy: tuple[float, float, float, float] | None = Field(description="pixels")
    xy_m: tuple[float, float] | None = Field(description="on the road")
    explanation: str = Field(description="why it is one, with the measured value and the limit")
    facts: dict[str, Any]
    clip_since: str = Field(description="what of the recording shows it")
    clip_until: str
    acknowledged_by: str = Field(description="empty while nobody saw it")
    acknowledged: str | None
    note: str
    false_alarm: bool


class IncidentsView(BaseModel):
    """Part of a list, newest first; ask for the rest with ``cursor``."""

    items: list[IncidentView]
    next_cursor: str | None


class CountView(BaseModel):
    """How many of a kind."""

    kind: IncidentKind
    severity: Severity
    number: int


class CountsView(BaseModel):
    """How many incidents there are."""

    items: list[CountView]


class Acknowledgement(BaseModel):
    """That somebody saw it, and what of it was so."""

    model_config = ConfigDict(extra="forbid")

    note: str | None = Field(default=None, max_length=NOTE_CHARS_MAX)
    false_alarm: bool | None = Field(default=None, description="it was no incident")


def _view(kept: KeptIncident) -> IncidentView:
    incident, handling = kept.incident, kept.handling
    return IncidentView(
        id=incident.id,
        kind=incident.kind,
        severity=incident.severity,
        camera=incident.camera_id,
        place=incident.place,
        step=incident.step,
        revision=incident.revision,
        opened=iso_utc(incident.opened_wall_ns),
        defined=iso_utc(incident.defined_wall_ns),
        updated=iso_utc(incident.updated_wall_ns),
        closed=_moment(incident.closed_wall_ns),
        decided_after_s=incident.decided_after_s,
        track_ids=list(incident.track_ids),
        xyxy=incident.xyxy,
        xy_m=incident.xy_m,
        explanation=incident.explanation,
        facts=dict(incident.facts),
        clip_since=iso_utc(incident.clip_since_wall_ns),
        clip_until=iso_utc(incident.clip_until_wall_ns),
        acknowledged_by=handling.acknowledged_by,
        acknowledged=_moment(handling.acknowledged_wall_ns),
        note=handling.note,
        false_alarm=handling.false_alarm,
    )


def _moment(wall_ns: int | None) -> str | None:
    return None if wall_ns is None else iso_utc(wall_ns)


def _filter(
    camera: Annotated[str | None, Query(max_length=64)] = None,
    kind: Annotated[list[IncidentKind] | None, Query(description="may be repeated")] = None,
    severity: Annotated[list[Severity] | None, Query(description="may be repeated")] = None,
    since: Annotated[str | None, Query(description="RFC 3339; began then or later")] = None,
    until: Annotated[str | None, Query(description="RFC 3339; began before")] = None,
    open_now: Annotated[
        bool | None, Query(alias="open", description="still lasting, or closed")
    ] = None,
    acknowledged: Annotated[bool | None, Query()] = None,
    false_alarm: Annotated[bool | None, Query()] = None,
) -> IncidentFilter:
    since_ns, until_ns = wall_time("since", since), wall_time("until", until)
    check_span(since_ns, until_ns)
    return IncidentFilter(
        camera_id=camera,
        kinds=None if kind is None else tuple(kind),
        severities=None if severity is None else tuple(severity),
        since_wall_ns=since_ns,
        until_wall_ns=until_ns,
        open=open_now,
        acknowledged=acknowledged,
        false_alarm=false_alarm,
    )


Wanted = Annotated[IncidentFilter, Depends(_filter)]


@router.get("", dependencies=[allow(Policy.VIEWER)])
def incidents(
    deps: Deps,
    wanted: Wanted,
    limit: Annotated[int, Query(ge=1, le=LIMIT_MAX)] = 100,
    cursor: Annotated[str | None, Query(max_length=512)] = None,
) -> IncidentsView:
    """Incidents by when they began, newest first."""
    page = deps.traffic.incidents.find(wanted, limit=limit, cursor=cursor)
    return IncidentsView(items=[_view(kept) for kept in page.items], next_cursor=page.next_cursor)


@router.get("/counts", dependencies=[allow(Policy.VIEWER)])
def counts(deps: Deps, wanted: Wanted) -> CountsView:
    """How many there are, by kind and severity."""
    found = deps.traffic.incidents.counts(wanted)
    return CountsView(
        items=[
            CountView(kind=kind, severity=severity, number=number)
            for (kind, severity), number in found.items()
        ]
    )


@router.get("/{incident_id}", dependencies=[allow(Policy.VIEWER)])
def incident(incident_id: str, deps: Deps) -> IncidentView:
    """One incident."""
    kept = deps.traffic.incidents.get(incident_id)
    if kept is None:
        raise NotFound("There is no incident with this id.")
    return _view(kept)


@router.post("/{incident_id}/acknowledge", dependencies=[allow(Policy.OPERATOR)])
def acknowledge(
    incident_id: str, said: Acknowledgement, request: Request, deps: Deps
) -> IncidentView:
    """Say that it was seen, perhaps with a note, and whether it was a false alarm. Who saw it first
    stays."""
    who, now_ns = principal_of(request).username, deps.clock.wall_ns()
    kept = deps.traffic.incidents.acknowledge(
        incident_id, who, now_ns, note=said.note, false_alarm=said.false_alarm
    )
    if kept is None:
        raise NotFound("There is no incident with this id.")
    deps.audit.append(
        actor=who,
        action="incident_acknowledged",
        object=f"incident/{incident_id}",
        detail=said.model_dump(exclude_none=True),
        wall_ns=now_ns,
    )
    return _view(kept)
