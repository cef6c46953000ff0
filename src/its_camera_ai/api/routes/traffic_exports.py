"""What was measured, as files: exports in the formats of others, and reports."""

from datetime import date
from typing import Annotated, Any

from anyio import to_thread
from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from its_camera_ai.analytics.publishing.camera import PublishedCamera
from its_camera_ai.analytics.publishing.datex2 import Publisher
from its_camera_ai.analytics.publishing.export import (
    FILE_KINDS,
    ExportWish,
    Format,
    Subject,
    TrafficSources,
    file_name,
    write_export,
)
from its_camera_ai.analytics.publishing.intervals import IntervalWish
from its_camera_ai.analytics.reporting.report import (
    ReportFormat,
    daily_report,
    study_report,
    write_report,
)
from its_camera_ai.api.deps import ApiDeps, App, Running
from its_camera_ai.api.guards import allow, check_policy, principal_of
from its_camera_ai.api.made_files import MadeFile, sent
from its_camera_ai.api.policies import Policy
from its_camera_ai.api.problems import NotFound
from its_camera_ai.api.times import wall_time
from its_camera_ai.core.errors import ConfigInvalid
from its_camera_ai.core.intervals import LENGTHS_S
from its_camera_ai.core.local_days import Span, time_zone
from its_camera_ai.core.scene import Scene
from its_camera_ai.core.site_facts import UTC_NAME

router = APIRouter(prefix="/api/v1/analytics", tags=["analytics"])

ROWS_MAX = 300_000
DAYS_MAX = 31
CAMERAS_MAX = 20
DAY_S = 86_400
CAMERA_CHARS_MAX = 64
_REPORT_TYPES = {
    ReportFormat.HTML: "text/html; charset=utf-8",
    ReportFormat.PDF: "application/pdf",
}
_FILE: dict[int | str, dict[str, Any]] = {
    200: {"description": "The file", "content": {"application/octet-stream": {}}},
    404: {"description": "No such camera"},
}

CameraQuery = Annotated[str, Query(max_length=CAMERA_CHARS_MAX)]


@router.get(
    "/export",
    dependencies=[allow(Policy.VIEWER)],
    response_class=Response,
    responses=_FILE,
)
async def export(
    request: Request,
    app: App,
    kind: Annotated[Subject, Query(description="what; trajectories need an operator")],
    camera: CameraQuery,
    since: Annotated[str, Query(description="RFC 3339; included")],
    until: Annotated[str, Query(description="RFC 3339; not included")],
    form: Annotated[Format, Query(alias="format")] = Format.CSV,
    length: Annotated[int, Query(description="seconds: 60, 300, 900 or 3600")] = 900,
    country: Annotated[str, Query(max_length=2, description="of the publisher; DATEX II")] = "",
    publisher: Annotated[str, Query(max_length=200, description="its identifier; DATEX II")] = "",
) -> Response:
    """Interval tables, per-vehicle records, incidents, trajectories or places of one camera, as a
    file to be saved. At most 31 days and 300,000 interval rows; for more there is `itscam export`.
    Files are made one after the other."""
    if kind is Subject.TRAJECTORIES:
        check_policy(Policy.OPERATOR, principal_of(request))
    span = _span(since, until)
    who = None
    if country or publisher:
        who = Publisher(country, publisher, app.deps.clock.wall_ns())
    wish = ExportWish(kind, form, IntervalWish(span, length), who)
    return await to_thread.run_sync(_export, app, wish, camera, limiter=app.documents)


@router.get(
    "/report",
    dependencies=[allow(Policy.VIEWER)],
    response_class=Response,
    responses=_FILE,
)
async def report(
    app: App,
    camera: Annotated[
        str | None, Query(max_length=CAMERA_CHARS_MAX, description="all for a day, if left out")
    ] = None,
    day: Annotated[date | None, Query(alias="date", description="in the site's time")] = None,
    since: Annotated[str | None, Query(description="RFC 3339; of a study")] = None,
    until: Annotated[str | None, Query(description="RFC 3339; of a study")] = None,
    form: Annotated[ReportFormat, Query(alias="format")] = ReportFormat.HTML,
) -> Response:
    """A day of one camera or up to 20 (`date`), or a study of one camera over up to 93 days
    (`camera`, `since`, `until`), as a document to be saved. They are made one after the other."""
    study = None
    if day is None:
        if camera is None or since is None or until is None:
            raise ConfigInvalid("Give date for a day; or camera, since and until for a study.")
        study = _span(since, until)
    elif since is not None or until is not None:
        raise ConfigInvalid("date: a day has no since and until; leave one or the other out.")
    return await to_thread.run_sync(_report, app, camera, day, study, form, limiter=app.documents)


def _export(app: Running, wish: ExportWish, camera_id: str) -> Response:
    deps = app.deps
    published = _camera(deps, camera_id)
    sources = _sources(deps)
    _check_size(wish, published, sources)
    made = MadeFile(lambda out: write_export(wish, published, sources, out))
    name = file_name(wish, published.id)
    return sent(made, name, FILE_KINDS[wish.format].media_type)


def _report(
    app: Running, camera_id: str | None, day: date | None, study: Span | None, form: ReportFormat
) -> Response:
    deps, now = app.deps, app.deps.clock.wall_ns()
    sources = _sources(deps)
    if day is not None:
        ids = [c.id for c in deps.cameras.all()] if camera_id is None else [camera_id]
        if len(ids) > CAMERAS_MAX:
            raise ConfigInvalid(
                f"camera: there are more than {CAMERAS_MAX} cameras; name one, or use 'itscam "
                "report' on the server."
            )
        made = daily_report([_camera(deps, one) for one in ids], sources, day, now)
        name = f"{camera_id or 'all'}-{day.isoformat()}.{form}"
    elif camera_id is not None and study is not None:
        made = study_report(_camera(deps, camera_id), sources, study, now)
        name = f"{camera_id}-study.{form}"
    else:
        raise ConfigInvalid("Give date for a day; or camera, since and until for a study.")
    return sent(MadeFile(lambda out: write_report(made, form, out)), name, _REPORT_TYPES[form])


def _sources(deps: ApiDeps) -> TrafficSources:
    traffic = deps.traffic
    return TrafficSources(traffic.intervals, deps.events, traffic.incidents, traffic.trajectories)


def _camera(deps: ApiDeps, camera_id: str) -> PublishedCamera:
    """One that is there, or was there and measured something.

    Raises:
        NotFound: neither.
    """
    zone = time_zone(deps.cameras.site().time_zone or UTC_NAME)
    known = deps.cameras.get(camera_id)
    if known is None and not deps.traffic.intervals.places(camera_id):
        raise NotFound(f"There is no camera '{camera_id}'; /api/v1/cameras lists them.")
    told = deps.state.tracks(camera_id)
    return PublishedCamera.of(
        camera_id,
        Scene() if known is None else known.scene,
        zone,
        name="" if known is None else known.name,
        size_wh=None if told is None else told.size_wh,
    )


def _span(since: str, until: str) -> Span:
    since_ns, until_ns = wall_time("since", since) or 0, wall_time("until", until) or 0
    if until_ns <= since_ns:
        raise ConfigInvalid("until: must lie after since; exchange the two.")
    return Span(since_ns, until_ns)


def _check_size(wish: ExportWish, camera: PublishedCamera, sources: TrafficSources) -> None:
    """Refuse what is rather a matter of the command line.

    Raises:
        ConfigInvalid: too many rows or days.
    """
    span, length_s = wish.intervals.span, wish.intervals.length_s
    if length_s not in LENGTHS_S:
        raise ConfigInvalid(f"length: ask for {', '.join(map(str, LENGTHS_S))} seconds.")
    if span.length_s > DAYS_MAX * DAY_S:
        raise ConfigInvalid(
            f"until: more than {DAYS_MAX} days; ask for less, or use 'itscam export' on the server."
        )
    if wish.subject is Subject.INTERVALS:
        places = len(wish.intervals.places(sources.intervals, camera.id))
        if places * span.length_s / length_s > ROWS_MAX:
            raise ConfigInvalid(
                f"That is more than {ROWS_MAX:,} rows; ask for a shorter time or longer intervals, "
                "or use 'itscam export' on the server."
            )
