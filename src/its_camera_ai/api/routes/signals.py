"""States of traffic lights, told from outside."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from its_camera_ai.api.deps import Deps
from its_camera_ai.api.guards import allow
from its_camera_ai.api.policies import Policy
from its_camera_ai.api.problems import NotFound
from its_camera_ai.api.routes.cameras import camera_or_404
from its_camera_ai.api.times import wall_time
from its_camera_ai.core.errors import ConfigInvalid
from its_camera_ai.core.signals import SignalReading, SignalState
from its_camera_ai.core.time import NS_PER_S, iso_utc

router = APIRouter(prefix="/api/v1/analytics", tags=["analytics"])

AHEAD_MAX_S = 1.0
"""A state of the future is a wrong clock, beyond what clocks differ by."""
STATES_MAX = 64


class SignalTold(BaseModel):
    """One head's new state."""

    model_config = ConfigDict(extra="forbid")

    head: str = Field(max_length=64, description="id of the signal in the camera's scene")
    state: SignalState
    at: str | None = Field(
        default=None, max_length=40, description="since when; RFC 3339; without it since now"
    )


class SignalsTold(BaseModel):
    """New states of one camera's signals."""

    model_config = ConfigDict(extra="forbid")

    camera: str = Field(max_length=64)
    signals: Annotated[list[SignalTold], Field(min_length=1, max_length=STATES_MAX)]


class SignalView(BaseModel):
    """What is known of one head."""

    head: str
    state: SignalState
    since: str | None = Field(description="null while nothing was told")


class SignalsView(BaseModel):
    """What is known of a camera's signals."""

    camera: str
    signals: list[SignalView]


@router.post("/signals", dependencies=[allow(Policy.OPERATOR)])
def tell_signals(told: SignalsTold, deps: Deps) -> SignalsView:
    """Tell the states of traffic lights, such as from a controller's gateway; at each change, at
    most a second late."""
    heads = {head.id for head in camera_or_404(deps, told.camera).scene.signals}
    now_ns = deps.clock.wall_ns()
    readings = []
    for signal in told.signals:
        if signal.head not in heads:
            raise NotFound(
                f"Camera '{told.camera}' has no signal '{signal.head}'; add it to the scene first."
            )
        given_ns = wall_time("at", signal.at)
        at_ns = int(now_ns) if given_ns is None else given_ns
        if at_ns > now_ns + AHEAD_MAX_S * NS_PER_S:
            raise ConfigInvalid("at: lies in the future; set the sender's clock.")
        readings.append(SignalReading(signal.head, signal.state, at_ns))
    for reading in readings:
        deps.traffic.signals.tell(told.camera, reading)
    return _view(deps, told.camera)


@router.get("/signals", dependencies=[allow(Policy.VIEWER)])
def signals(deps: Deps, camera: str) -> SignalsView:
    """What is known of a camera's traffic lights, told or read from the picture."""
    return _view(deps, camera)


def _view(deps: Deps, camera_id: str) -> SignalsView:
    known = deps.traffic.signals.of(camera_id)
    views = []
    for head in camera_or_404(deps, camera_id).scene.signals:
        reading = known.get(head.id)
        views.append(
            SignalView(
                head=head.id,
                state=SignalState.UNKNOWN if reading is None else reading.state,
                since=None if reading is None else iso_utc(reading.wall_ns),
            )
        )
    return SignalsView(camera=camera_id, signals=views)
