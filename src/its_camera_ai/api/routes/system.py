"""The system itself: alive, ready, its numbers, its description."""

from typing import Any

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from its_camera_ai.api.deps import App, Deps
from its_camera_ai.api.guards import allow
from its_camera_ai.api.health import Readiness, overall
from its_camera_ai.api.metrics import CONTENT_TYPE, exposition, make_registry
from its_camera_ai.api.policies import Policy
from its_camera_ai.api.status_models import RoleView
from its_camera_ai.core.time import NS_PER_S, iso_utc

router = APIRouter(tags=["system"])

SERVICE = "its-camera-ai"


class Health(BaseModel):
    """This process answers."""

    status: str
    timestamp: str = Field(description="RFC 3339, UTC")
    service: str
    version: str
    uptime_s: float


class Roles(BaseModel):
    """The processes of the system."""

    items: list[RoleView]


@router.get("/health", dependencies=[allow(Policy.PUBLIC)])
async def health(app: App) -> Health:
    """Alive: this process's own event loop and nothing else, so that no outage elsewhere restarts
    it."""
    clock = app.deps.clock
    return Health(
        status="ok",
        timestamp=iso_utc(clock.wall_ns()),
        service=SERVICE,
        version=app.deps.settings.version,
        uptime_s=round((clock.monotonic_ns() - app.started_ns) / NS_PER_S, 1),
    )


@router.get(
    "/health/ready",
    dependencies=[allow(Policy.PUBLIC)],
    responses={503: {"model": Readiness, "description": "A required part failed"}},
)
async def ready(app: App, response: Response) -> Readiness:
    """Ready: 503 only where a required part fails; optional parts show as degraded."""
    results = await app.readiness.results()
    status = overall(results)
    response.status_code = 503 if status == "failed" else 200
    timestamp = iso_utc(app.deps.clock.wall_ns())
    return Readiness(status=status, timestamp=timestamp, checks=results)


@router.get(
    "/metrics",
    dependencies=[allow(Policy.METRICS)],
    response_class=Response,
    responses={200: {"description": "Prometheus text", "content": {"text/plain": {}}}},
)
def metrics(deps: Deps) -> Response:
    """The numbers for Prometheus."""
    text = exposition(make_registry(deps.state, deps.hub))
    return Response(text, headers={"Content-Type": CONTENT_TYPE})


@router.get("/api/v1/system/roles", dependencies=[allow(Policy.VIEWER)])
def roles(deps: Deps) -> Roles:
    """The processes, by their heartbeats."""
    return Roles(items=deps.state.roles())


@router.get("/api/v1/openapi.json", dependencies=[allow(Policy.VIEWER)], include_in_schema=False)
def openapi(request: Request) -> dict[str, Any]:
    """This API as OpenAPI 3.1."""
    described: dict[str, Any] = request.app.openapi()
    return described
