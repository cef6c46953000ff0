"""What is to be expected, and what was unusual."""

from datetime import UTC, date, datetime, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

import holidays as public_holidays
from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from its_camera_ai.analytics.forecasting.anomalies import UsualWeek
from its_camera_ai.analytics.forecasting.forecast import MOST_DAYS, forecast
from its_camera_ai.analytics.forecasting.history import History, Quantity
from its_camera_ai.analytics.forecasting.rows import history_of
from its_camera_ai.analytics.forecasting.skill import Skill
from its_camera_ai.api.deps import ApiDeps, Deps
from its_camera_ai.api.guards import allow
from its_camera_ai.api.policies import Policy
from its_camera_ai.api.traffic import known_place
from its_camera_ai.core.intervals import LATE_S, Place, PlaceKind
from its_camera_ai.core.road import Direction
from its_camera_ai.core.site_facts import SiteFacts
from its_camera_ai.core.time import NS_PER_S, iso_utc

router = APIRouter(prefix="/api/v1/analytics", tags=["analytics"])

STEP_S = 900
STEP_NS = STEP_S * NS_PER_S
UNUSUAL_DAYS_MAX = 31

CameraQuery = Annotated[str, Query(max_length=64)]
IdQuery = Annotated[str, Query(max_length=200)]


class PointView(BaseModel):
    """A quarter of an hour to come."""

    start: str = Field(description="RFC 3339, UTC")
    expected: float
    low_80: float
    high_80: float
    low_95: float
    high_95: float


class ForecastView(BaseModel):
    """What is to be expected at a place; empty with a reason where nothing can be said."""

    made: str = Field(description="everything before it was known; RFC 3339, UTC")
    quantity: Quantity
    method: str
    points: list[PointView]
    skills: list[Skill] = Field(description="how well it did on weeks it had not seen")
    problem: str = Field(description="why there are no points; empty if there are some")


class AnomalyView(BaseModel):
    """Something unusual for the hour and the day of the week."""

    since: str
    until: str
    value: float
    usual: float
    low: float
    high: float
    score: float = Field(description="standard deviations; negative is too little")
    explanation: str


class AnomaliesView(BaseModel):
    """What was unusual at a place."""

    quantity: Quantity
    items: list[AnomalyView]
    weeks: int = Field(description="learned from")
    problem: str = Field(description="why nothing can be said; empty if it can")


@router.get("/forecast", dependencies=[allow(Policy.VIEWER)])
def traffic_forecast(
    deps: Deps,
    camera: CameraQuery,
    kind: PlaceKind,
    place: IdQuery,
    direction: Annotated[Direction | None, Query(description="of a line")] = None,
    quantity: Quantity = Quantity.VOLUME,
) -> ForecastView:
    """The next 15 minutes, hour and four hours with intervals; only as far as it beats "as it is
    now" and "as a week before" on weeks that it had not seen."""
    where = known_place(deps.traffic.intervals, camera, kind, place, direction, "")
    history = _history(deps, camera, where, quantity, MOST_DAYS)
    facts = deps.cameras.site()
    found = forecast(history, _zone(facts), holidays=_holidays(facts, history))
    return ForecastView(
        made=iso_utc(found.made_wall_ns),
        quantity=quantity,
        method=found.method,
        points=[
            PointView(
                start=iso_utc(point.start_wall_ns),
                expected=point.expected,
                low_80=point.low_80,
                high_80=point.high_80,
                low_95=point.low_95,
                high_95=point.high_95,
            )
            for point in found.points
        ],
        skills=list(found.skills),
        problem=found.problem,
    )


@router.get("/anomalies", dependencies=[allow(Policy.VIEWER)])
def anomalies(
    deps: Deps,
    camera: CameraQuery,
    kind: PlaceKind,
    place: IdQuery,
    direction: Annotated[Direction | None, Query(description="of a line")] = None,
    quantity: Quantity = Quantity.VOLUME,
    days: Annotated[int, Query(ge=1, le=UNUSUAL_DAYS_MAX)] = 1,
) -> AnomaliesView:
    """What was unusual in the last days, against the place's own week before them."""
    where = known_place(deps.traffic.intervals, camera, kind, place, direction, "")
    history = _history(deps, camera, where, quantity, MOST_DAYS)
    facts = deps.cameras.site()
    zone, off = _zone(facts), _holidays(facts, history)
    new = min(len(history), days * 86_400 // STEP_S)
    usual = UsualWeek.learned(history.first(len(history) - new), zone, off)
    if usual is None:
        why = "What is usual here is not known yet: it takes some weeks of measuring."
        return AnomaliesView(quantity=quantity, items=[], weeks=0, problem=why)
    begin = len(history) - new
    recent = History(
        history.start_wall_ns + begin * STEP_NS, STEP_S, history.values[begin:], quantity
    )
    return AnomaliesView(
        quantity=quantity,
        items=[
            AnomalyView(
                since=iso_utc(found.start_wall_ns),
                until=iso_utc(found.end_wall_ns),
                value=found.value,
                usual=found.usual,
                low=found.low,
                high=found.high,
                score=found.score,
                explanation=found.explanation,
            )
            for found in usual.unusual(recent)
        ],
        weeks=usual.weeks,
        problem="",
    )


def _history(
    deps: ApiDeps, camera_id: str, place: Place, quantity: Quantity, days_max: int
) -> History:
    """From the first row that is known, at most some weeks back, to the last whole quarter."""
    end_ns = (int(deps.clock.wall_ns()) - round(LATE_S * NS_PER_S)) // STEP_NS * STEP_NS
    start_ns = end_ns - days_max * 86_400 * NS_PER_S
    table = deps.traffic.intervals.table(
        camera_id, place, STEP_S, start_ns, end_ns, limit=days_max * 86_400 // STEP_S
    )
    known = [row for row in table.rows if row.tally.looked_s > 0]
    first_ns = known[0].start_wall_ns if known else end_ns
    return history_of(known, first_ns, end_ns, step_s=STEP_S, quantity=quantity)


def _zone(facts: SiteFacts) -> ZoneInfo:
    return ZoneInfo(facts.time_zone or "UTC")


def _holidays(facts: SiteFacts, history: History) -> list[date]:
    """Public holidays from the history's beginning to some days after its end."""
    if not facts.holidays:
        return []
    country, _, part = facts.holidays.partition("-")
    first = datetime.fromtimestamp(history.start_wall_ns / NS_PER_S, UTC).date()
    last = datetime.fromtimestamp(history.end_wall_ns / NS_PER_S, UTC).date() + timedelta(days=3)
    years = range(first.year, last.year + 1)
    known = public_holidays.country_holidays(country, subdiv=part or None, years=years)
    return [day for day in known if first <= day <= last]
