"""When the disk will be full, and whether it holds what the storage policy promises."""

from fastapi import APIRouter
from pydantic import BaseModel, Field

from its_camera_ai.api.deps import ApiDeps, Deps
from its_camera_ai.api.guards import allow
from its_camera_ai.api.policies import Policy
from its_camera_ai.bus.messages import StorageStatus
from its_camera_ai.core.disk import Space
from its_camera_ai.core.time import iso_utc
from its_camera_ai.recorder.volumes.forecast import CameraForecast, Growth, in_days_ns

router = APIRouter(prefix="/api/v1/storage", tags=["storage"])


class GrowthView(BaseModel):
    """Bytes a day: the mean of the last whole days, and their least and most."""

    mean: float
    low: float
    high: float


class Days(BaseModel):
    """A number of days: by the mean growth, at the worst and at the best day's."""

    mean: float
    worst: float
    best: float


class CameraForecastView(BaseModel):
    """One camera."""

    camera_id: str
    size_bytes: int = Field(description="on the volume now")
    bytes_per_day: GrowthView
    measured_days: float = Field(description="below 2 the range is a guess")
    policy_days: float | None = Field(description="to stay on the volume; null is for ever")
    policy_bytes: float | None = Field(description="what that will take; null without an end")


class ForecastView(BaseModel):
    """What comes if all goes on as in the last days."""

    total_bytes: int
    free_bytes: int
    reserve_bytes: int
    usable_bytes: int = Field(description="recordings now, and what is free without the reserve")
    bytes_per_day: GrowthView
    full_in_days: Days | None = Field(description="if nothing were deleted; null: nothing grows")
    holds_days: Days | None = Field(description="how many days of recordings fit")
    policy_bytes: float | None
    keeps_policy: bool | None = Field(description="null: nothing was measured yet")
    first_breach: str | None = Field(
        description="RFC 3339, UTC: when recordings must go that the policy keeps; null: never"
    )
    is_rough: bool = Field(description="some cameras were measured for less than two whole days")
    cameras: list[CameraForecastView]


@router.get("/forecast", dependencies=[allow(Policy.VIEWER)])
def storage_forecast(deps: Deps) -> ForecastView:
    """When the disk will be full, and whether the policy can be kept."""
    known = _storage(deps) or StorageStatus()
    ahead = deps.forecaster.forecast(
        Space(known.total_bytes, known.free_bytes), known.reserve_bytes
    )
    breach = ahead.breach_in_days
    return ForecastView(
        total_bytes=ahead.total_bytes,
        free_bytes=ahead.free_bytes,
        reserve_bytes=ahead.reserve_bytes,
        usable_bytes=ahead.usable_bytes,
        bytes_per_day=_growth(ahead.growth),
        full_in_days=_days(ahead.full_in_days),
        holds_days=_days(ahead.holds_days),
        policy_bytes=ahead.policy_bytes,
        keeps_policy=ahead.keeps_policy,
        first_breach=None if breach is None else iso_utc(in_days_ns(deps.clock.wall_ns(), breach)),
        is_rough=ahead.is_rough,
        cameras=[_camera(camera) for camera in ahead.cameras],
    )


def _storage(deps: ApiDeps) -> StorageStatus | None:
    """What the recording process said last of its disk; this one never waits for it."""
    for beat in deps.state.heartbeats():
        if beat.value.storage is not None:
            return beat.value.storage
    return None


def _growth(growth: Growth) -> GrowthView:
    return GrowthView(mean=growth.mean, low=growth.low, high=growth.high)


def _days(days: tuple[float, float, float] | None) -> Days | None:
    if days is None:
        return None
    mean, worst, best = (round(value, 2) for value in days)
    return Days(mean=mean, worst=worst, best=best)


def _camera(camera: CameraForecast) -> CameraForecastView:
    return CameraForecastView(
        camera_id=camera.camera_id,
        size_bytes=camera.size_bytes,
        bytes_per_day=_growth(camera.growth),
        measured_days=round(camera.measured_days, 2),
        policy_days=camera.policy_days,
        policy_bytes=camera.policy_bytes,
    )
