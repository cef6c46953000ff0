"""What the API says about a camera's condition."""

from typing import Literal

from pydantic import BaseModel, Field


class StreamView(BaseModel):
    """One stream of a camera, as ingest last reported it."""

    role: Literal["main", "sub"]
    state: str = Field(
        description="connecting, online, retrying, refused, ended, disabled, or stale when the "
        "ingest process has been silent for more than 5 s"
    )
    codec: str
    width: int
    height: int
    fps: float
    bitrate_bps: float
    packets: int
    reconnects: int
    recording: bool
    recording_mode: str = Field(
        description="continuous, motion, objects, events or off; empty for what is not recorded"
    )
    recording_cause: str = Field(
        description="why it records now: continuous, motion, objects, event, vision_silent, "
        "server_silent, ring_full, camera_lost, clock_set or mode_changed; empty if it does not"
    )
    skipped_packets: int = Field(description="passed over by the recording mode, on purpose")
    unrecorded_packets: int
    last_packet: str | None = Field(description="RFC 3339, UTC")


class VisionView(BaseModel):
    """How vision keeps up with a camera. Counters run since the vision process started."""

    model: str
    looks_per_s: float
    frames: int
    frames_unprocessed: int
    unknown: int
    latency_ms_p95: float
    faults: list[str] | None = Field(
        description="what is wrong with the picture: frozen, black, overexposed, low_contrast, "
        "blurred, covered, moved, clock_drift; null while it is not known yet"
    )
    stale: bool = Field(description="the vision process has been silent for more than 5 s")


class CameraStatus(BaseModel):
    """A camera's condition: the worst of its streams, and what vision does."""

    id: str
    name: str
    state: str
    since: str | None = Field(description="RFC 3339, UTC")
    error: str
    streams: list[StreamView]
    vision: VisionView | None


class RoleView(BaseModel):
    """One process of the system, by its heartbeat."""

    role: str
    index: int
    ready: bool
    stale: bool
    age_s: float
    problems: list[str]
