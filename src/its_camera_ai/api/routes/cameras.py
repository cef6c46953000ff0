"""Cameras: what is wanted, how they do, what they counted."""

from typing import Any

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from its_camera_ai.api.camera_documents import (
    CameraDocument,
    Cameras,
    CameraView,
    camera_from,
    camera_view,
)
from its_camera_ai.api.deps import ApiDeps, Deps
from its_camera_ai.api.guards import allow, principal_of
from its_camera_ai.api.policies import Policy, Role
from its_camera_ai.api.problems import NotFound
from its_camera_ai.api.status_models import CameraStatus
from its_camera_ai.core.cameras import Camera

router = APIRouter(prefix="/api/v1/cameras", tags=["cameras"])


class CameraStatuses(BaseModel):
    """The condition of every camera, by id."""

    items: list[CameraStatus]


class CountsView(BaseModel):
    """A camera's counts since its counting began; a line or zone appears once it is counted.

    ``lines``: per line ``in`` and ``out``, each with ``total`` and a number per class.
    ``zones``: ``occupancy`` now, ``entered`` and ``left`` likewise.
    """

    lines: dict[str, Any]
    zones: dict[str, Any]


def camera_or_404(deps: ApiDeps, camera_id: str) -> Camera:
    """The camera of this id.

    Raises:
        NotFound: there is none.
    """
    camera = deps.cameras.get(camera_id)
    if camera is None:
        raise NotFound("There is no camera with this id; GET /api/v1/cameras lists them.")
    return camera


def _sees_addresses(request: Request) -> bool:
    return principal_of(request).role is Role.ADMIN


@router.get("", dependencies=[allow(Policy.VIEWER)])
def cameras(request: Request, deps: Deps) -> Cameras:
    """All cameras."""
    shown = _sees_addresses(request)
    return Cameras(items=[camera_view(c, with_addresses=shown) for c in deps.cameras.all()])


@router.get("/status", dependencies=[allow(Policy.VIEWER)])
def statuses(deps: Deps) -> CameraStatuses:
    """The condition of all cameras."""
    return CameraStatuses(items=deps.state.camera_statuses(deps.cameras.all()))


@router.get("/{camera_id}", dependencies=[allow(Policy.VIEWER)])
def camera(camera_id: str, request: Request, deps: Deps) -> CameraView:
    """One camera."""
    found = camera_or_404(deps, camera_id)
    return camera_view(found, with_addresses=_sees_addresses(request))


@router.put(
    "/{camera_id}",
    dependencies=[allow(Policy.ADMIN)],
    responses={201: {"model": CameraView, "description": "The camera is new"}},
)
def put_camera(
    camera_id: str, document: CameraDocument, request: Request, response: Response, deps: Deps
) -> CameraView:
    """Make or replace a camera; only its own pipeline restarts. A password ``***`` keeps the
    stored one of the same host and user."""
    wanted = camera_from(document, camera_id, deps.cameras.site())
    is_new = deps.cameras.get(camera_id) is None
    deps.cameras.put(wanted)
    stored = camera_or_404(deps, camera_id)
    view = camera_view(stored, with_addresses=True)
    _note(deps, request, "camera_added" if is_new else "camera_changed", camera_id, view.document)
    response.status_code = 201 if is_new else 200
    return view


@router.delete("/{camera_id}", status_code=204, dependencies=[allow(Policy.ADMIN)])
def delete_camera(camera_id: str, request: Request, deps: Deps) -> None:
    """Remove a camera with its credentials; its recordings and events stay."""
    if not deps.cameras.delete(camera_id):
        raise NotFound("There is no camera with this id; it may have been removed already.")
    _note(deps, request, "camera_removed", camera_id, {})


def _note(
    deps: ApiDeps, request: Request, action: str, camera_id: str, detail: dict[str, Any] | None
) -> None:
    deps.audit.append(
        actor=principal_of(request).username,
        action=action,
        object=f"camera/{camera_id}",
        detail={} if detail is None else _without_queries(detail),
        wall_ns=deps.clock.wall_ns(),
    )


def _without_queries(document: dict[str, Any]) -> dict[str, Any]:
    """Some cameras want the password in the query, and the log keeps what it gets for good."""
    urls = {
        key: document[key].partition("?")[0]
        for key in ("url", "sub_url")
        if isinstance(document.get(key), str)
    }
    return {**document, **urls}


@router.get("/{camera_id}/status", dependencies=[allow(Policy.VIEWER)])
def status(camera_id: str, deps: Deps) -> CameraStatus:
    """The condition of one camera."""
    return deps.state.camera_status(camera_or_404(deps, camera_id))


@router.get("/{camera_id}/counts", dependencies=[allow(Policy.VIEWER)])
def counts(camera_id: str, deps: Deps) -> CountsView:
    """What one camera counted."""
    value = deps.state.counts(camera_or_404(deps, camera_id).id).value
    return CountsView(lines=value.get("lines", {}), zones=value.get("zones", {}))
