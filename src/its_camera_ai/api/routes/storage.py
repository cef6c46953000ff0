"""What is kept of the recordings, and in what state."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from its_camera_ai.api.deps import Deps
from its_camera_ai.api.guards import allow
from its_camera_ai.api.policies import Policy
from its_camera_ai.core.segments import Tier
from its_camera_ai.core.time import NS_PER_S, iso_utc
from its_camera_ai.recorder.checking.scrub import evidence_problem
from its_camera_ai.store.storage_figures import Gap, Holding, Verified

router = APIRouter(prefix="/api/v1", tags=["storage"])

GAPS_MAX = 100
_HOUR_NS = 3600 * NS_PER_S


class HoldingView(BaseModel):
    """What is kept of one camera in one tier."""

    camera_id: str
    tier: Tier
    files: int
    size_bytes: int
    oldest: str = Field(description="RFC 3339, UTC: the first recorded moment")
    newest: str = Field(description="RFC 3339, UTC: the last recorded moment")
    damaged_files: int = Field(description="no longer as they were recorded; kept, not played")
    missing_files: int = Field(description="in the index, but their file is gone")


class VerifiedView(BaseModel):
    """How far a tier's content was compared with its hashes."""

    tier: Tier
    never_files: int
    oldest: str | None = Field(description="RFC 3339, UTC: of the file whose turn is longest ago")


class GapView(BaseModel):
    """A span without recordings between two that there are."""

    start: str = Field(description="RFC 3339, UTC")
    end: str = Field(description="RFC 3339, UTC")
    duration_s: float


class CameraGaps(BaseModel):
    """What a camera did not record lately. With a schedule or motion this may be wanted so."""

    camera_id: str
    gaps: list[GapView] = Field(description=f"the longest {GAPS_MAX}, oldest first")
    total_s: float


class Storage(BaseModel):
    """The state of the recordings."""

    holdings: list[HoldingView]
    verified: list[VerifiedView]
    garbage_files: int = Field(description="deleted, to be removed from the disk within a minute")
    garbage_bytes: int
    gaps: list[CameraGaps]
    problems: list[str] = Field(description="what a person must look at, in plain words")


@router.get("/storage", dependencies=[allow(Policy.VIEWER)])
def storage(
    deps: Deps,
    gaps_h: Annotated[int, Query(ge=0, le=168, description="hours to look back for gaps")] = 24,
    gap_s: Annotated[float, Query(ge=1, le=86_400, description="gaps longer than this")] = 5,
) -> Storage:
    """How much is recorded, since when, what is damaged, missing or was not recorded."""
    figures = deps.storage
    holdings = figures.holdings()
    garbage_files, garbage_bytes = figures.garbage()
    now_ns = deps.clock.wall_ns()
    gaps = []
    for camera_id in sorted({holding.camera_id for holding in holdings}) if gaps_h else []:
        found = figures.gaps(
            camera_id, now_ns - gaps_h * _HOUR_NS, now_ns, longer_than_ns=int(gap_s * NS_PER_S)
        )
        if found:
            gaps.append(_gaps(camera_id, found))
    loudest = evidence_problem(deps.segments)
    return Storage(
        holdings=[_holding(holding) for holding in holdings],
        verified=[_verified(verified) for verified in figures.verified()],
        garbage_files=garbage_files,
        garbage_bytes=garbage_bytes,
        gaps=gaps,
        problems=([loudest] if loudest else []) + [*_doubts(holdings)],
    )


def _holding(holding: Holding) -> HoldingView:
    return HoldingView(
        camera_id=holding.camera_id,
        tier=holding.tier,
        files=holding.files,
        size_bytes=holding.size_bytes,
        oldest=iso_utc(holding.oldest_wall_ns),
        newest=iso_utc(holding.newest_wall_ns),
        damaged_files=holding.damaged_files,
        missing_files=holding.missing_files,
    )


def _verified(verified: Verified) -> VerifiedView:
    at = verified.oldest_wall_ns
    return VerifiedView(
        tier=verified.tier,
        never_files=verified.never_files,
        oldest=None if at is None else iso_utc(at),
    )


def _gaps(camera_id: str, found: list[Gap]) -> CameraGaps:
    longest = sorted(found, key=lambda gap: gap.length_ns, reverse=True)[:GAPS_MAX]
    return CameraGaps(
        camera_id=camera_id,
        gaps=[
            GapView(
                start=iso_utc(gap.since_wall_ns),
                end=iso_utc(gap.until_wall_ns),
                duration_s=round(gap.length_ns / NS_PER_S, 3),
            )
            for gap in sorted(longest, key=lambda gap: gap.since_wall_ns)
        ],
        total_s=round(sum(gap.length_ns for gap in found) / NS_PER_S, 3),
    )


def _doubts(holdings: list[Holding]) -> list[str]:
    return [
        f"{holding.damaged_files} damaged and {holding.missing_files} missing recordings of camera "
        f"{holding.camera_id} in the {holding.tier} tier: check its disk, and list them with "
        "'itscam storage fsck'."
        for holding in holdings
        if holding.damaged_files or holding.missing_files
    ]
