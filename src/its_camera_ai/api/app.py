"""The application: routes, middleware and error handlers round what ``ApiDeps`` brings."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from its_camera_ai.api.deps import ApiDeps, Running
from its_camera_ai.api.health import ReadinessChecks
from its_camera_ai.api.middleware import BodyLimit, LastResort, SecurityHeaders
from its_camera_ai.api.openapi import TITLE, describe
from its_camera_ai.api.pictures import DecodingSeats
from its_camera_ai.api.policies import guarded_routes
from its_camera_ai.api.problems import on_http_exception, on_itscam_error, on_validation_error
from its_camera_ai.api.readiness import checks_of
from its_camera_ai.api.routes import (
    auth,
    bookmarks,
    calibration,
    cameras,
    dashboard,
    events,
    exports,
    forecast,
    holds,
    incidents,
    intervals,
    live,
    models,
    playback,
    recorded_pictures,
    recordings,
    search,
    signals,
    storage,
    storage_policy,
    system,
    timeline,
    traffic_exports,
    traffic_forecast,
    traffic_now,
    traffic_paths,
)
from its_camera_ai.core.errors import ItscamError
from its_camera_ai.recorder.playing.thumbnails import Thumbnails

ROUTERS: tuple[APIRouter, ...] = (
    auth.router,
    cameras.router,
    live.router,
    events.router,
    recordings.router,
    playback.router,
    recorded_pictures.router,
    timeline.router,
    bookmarks.router,
    search.router,
    calibration.router,
    intervals.router,
    traffic_now.router,
    traffic_paths.router,
    traffic_forecast.router,
    traffic_exports.router,
    signals.router,
    incidents.router,
    exports.router,
    models.router,
    storage.router,
    forecast.router,
    holds.router,
    storage_policy.router,
    system.router,
    dashboard.router,  # last: it takes every address that is left
)


CALLS_MAX = 4
"""Calls to other processes under way at a time; more of them wait their turn."""
DOCUMENTS_MAX = 1
"""Reports and exports of traffic in the making at a time: they take a core each, and the drawing
library has settings for the whole process."""


def create_app(deps: ApiDeps, *, routers: Sequence[APIRouter] = ROUTERS) -> FastAPI:
    """The application over one set of dependencies. Its lifespan starts and stops the live hub.

    Raises:
        PolicyMissing: a route declares no policy, or two.
    """
    settings = deps.settings
    app = _Application(deps)
    for router in routers:
        app.router.routes.extend(router.routes)
    guarded_routes(app.routes)
    app.state.running = Running(
        deps=deps,
        started_ns=deps.clock.monotonic_ns(),
        seats=DecodingSeats(settings.decoding_viewers_max),
        readiness=ReadinessChecks(checks_of(deps), deps.clock),
        calls=CapacityLimiter(CALLS_MAX),
        decoding=CapacityLimiter(settings.decoding_viewers_max),
        documents=CapacityLimiter(DOCUMENTS_MAX),
        thumbnails=Thumbnails(),
    )
    # Starlette's types ask for handlers of plain Exception; it calls them with their own type only
    app.add_exception_handler(ItscamError, on_itscam_error)  # type: ignore[arg-type]
    app.add_exception_handler(HTTPException, on_http_exception)  # type: ignore[arg-type]
    app.add_exception_handler(RequestValidationError, on_validation_error)  # type: ignore[arg-type]
    app.add_middleware(BodyLimit)
    app.add_middleware(LastResort, clock=deps.clock)
    app.add_middleware(SecurityHeaders, secure=settings.cookie_secure)
    return app


class _Application(FastAPI):
    """FastAPI without its own documentation pages, which load scripts from elsewhere."""

    def __init__(self, deps: ApiDeps) -> None:
        self._deps = deps
        super().__init__(
            title=TITLE,
            version=deps.settings.version,
            openapi_url=None,
            docs_url=None,
            redoc_url=None,
            lifespan=_lifespan,
        )

    def openapi(self) -> dict[str, Any]:
        if self.openapi_schema is None:
            self.openapi_schema = describe(
                self.routes,
                version=self._deps.settings.version,
                cookie_name=self._deps.settings.cookie_name,
            )
        return self.openapi_schema


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    hub = app.state.running.deps.hub
    hub.start()
    try:
        yield
    finally:
        await to_thread.run_sync(hub.stop)
