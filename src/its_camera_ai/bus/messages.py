"""Everything that crosses a process border, as typed messages in MessagePack."""

from enum import StrEnum

import msgspec
import numpy as np

from its_camera_ai.core.activity import SecondOfActivity
from its_camera_ai.core.media import MediaKind, Packet, StreamInfo, StreamRole
from its_camera_ai.core.picture_faults import PictureFault
from its_camera_ai.core.signals import SignalReading
from its_camera_ai.core.tracks import FirstSighting, FrameTracks, Unknown


class PacketHeader(msgspec.Struct, frozen=True, array_like=True):
    """What travels beside a packet's bytes. ``info`` rides on key frames only."""

    kind: MediaKind
    seq: int
    generation: int
    pts_ns: int
    dts_ns: int
    duration_ns: int
    wall_offset_ns: int
    is_key: bool
    info: StreamInfo | None


class TracksMessage(msgspec.Struct, frozen=True, array_like=True):
    """``FrameTracks`` of one camera; arrays as little-endian bytes in the stated dtypes."""

    camera_id: str
    generation: int
    pts_ns: int
    wall_ns: int
    size_wh: tuple[int, int]
    track_id: bytes
    xyxy: bytes
    score: bytes
    class_id: bytes
    observed: bytes
    unknown: Unknown | None
    looks_per_s: float
    class_share: bytes | None = None
    firsts: tuple[FirstSighting, ...] = ()
    signals: tuple[SignalReading, ...] = ()
    calibration_doubt: str = ""

    @classmethod
    def of(cls, camera_id: str, generation: int, tracks: FrameTracks) -> "TracksMessage":
        return cls(
            camera_id,
            generation,
            tracks.pts_ns,
            tracks.wall_ns,
            tracks.size_wh,
            tracks.track_id.tobytes(),
            tracks.xyxy.tobytes(),
            tracks.score.tobytes(),
            tracks.class_id.tobytes(),
            tracks.observed.tobytes(),
            tracks.unknown,
            tracks.looks_per_s,
            None if tracks.class_share is None else tracks.class_share.tobytes(),
            tracks.firsts,
            tracks.signals,
            tracks.calibration_doubt,
        )

    def tracks(self) -> FrameTracks:
        return FrameTracks(
            self.pts_ns,
            self.wall_ns,
            self.size_wh,
            np.frombuffer(self.track_id, np.int64),
            np.frombuffer(self.xyxy, np.float32).reshape(-1, 4),
            np.frombuffer(self.score, np.float32),
            np.frombuffer(self.class_id, np.int8),
            np.frombuffer(self.observed, np.bool_),
            self.unknown,
            self.looks_per_s,
            None if self.class_share is None else np.frombuffer(self.class_share, np.float32),
            self.firsts,
            self.signals,
            self.calibration_doubt,
        )


class ActivityMessage(msgspec.Struct, frozen=True, tag=True):
    """One second of one camera, told by vision about a second after it ended."""

    camera_id: str
    second: SecondOfActivity


class RecordRequest(msgspec.Struct, frozen=True, tag=True):
    """Asks to record a camera that records on events: from some wall time to another."""

    camera_id: str
    since_wall_ns: int
    until_wall_ns: int
    cause: str


class JudgedMessage(msgspec.Struct, frozen=True, tag=True):
    """The server looked through all that vision told of a camera up to a wall time, and asked for
    what is to be recorded of it; told about once a second."""

    camera_id: str
    until_wall_ns: int


IngestMessage = ActivityMessage | RecordRequest | JudgedMessage


class CameraState(StrEnum):
    """What ingest knows of one stream."""

    CONNECTING = "connecting"
    ONLINE = "online"
    RETRYING = "retrying"
    REFUSED = "refused"
    ENDED = "ended"
    DISABLED = "disabled"


class StreamStatus(msgspec.Struct, frozen=True):
    """One stream as ingest sees it. Counters run since the process started.

    ``unrecorded_packets`` is what the recorder had to give up, ``skipped_packets`` what the
    camera's recording mode passed over; ``recording_cause`` is why it records now, empty if it does
    not. ``jumps`` is how often the camera's time stamps jumped, ``error`` the last failure in
    words, without credentials. ``gap_s`` is the time that should have been recorded and was not, in
    ``gaps`` pieces, an open one included; ``errors`` counts failures of the connection;
    ``expected_fps`` is what the camera says that it sends, or what it usually sent; 0 is unknown.
    """

    camera_id: str
    role: StreamRole
    state: CameraState
    since_wall_ns: int
    error: str = ""
    codec: str = ""
    width: int = 0
    height: int = 0
    fps: float = 0.0
    bitrate_bps: float = 0.0
    packets: int = 0
    reconnects: int = 0
    generation: int = 0
    last_packet_wall_ns: int = 0
    recorded_packets: int = 0
    unrecorded_packets: int = 0
    recording: bool = False
    recording_problem: str = ""
    jumps: int = 0
    skipped_packets: int = 0
    recording_mode: str = ""
    recording_cause: str = ""
    gap_s: float = 0.0
    gaps: int = 0
    errors: int = 0
    expected_fps: float = 0.0
    last_recorded_wall_ns: int = 0


LATENCY_BOUNDS_MS = (10, 25, 50, 100, 250, 500, 1000, 2500, 5000)
"""Upper bounds of the classes in which latencies are counted; one more class holds the rest."""


class VisionStatus(msgspec.Struct, frozen=True):
    """One camera as vision sees it. Counters run since the process started.

    ``faults`` is what is wrong with the picture; None while that is not known yet. ``looks_full``
    of the ``looks`` were at whole frames; ``areas`` were looked at in all of them.
    ``latency_counts`` has one count per class of ``LATENCY_BOUNDS_MS`` and one for the rest, from
    the picture to its tracks; ``detections`` counts what was found by class.
    """

    camera_id: str
    model: str
    frames: int = 0
    frames_unprocessed: int = 0
    motion_frames: int = 0
    looks: int = 0
    unknown: int = 0
    looks_per_s: float = 0.0
    latency_ms_p95: float = 0.0
    packets_lost: int = 0
    faults: list[PictureFault] | None = None
    looks_full: int = 0
    areas: int = 0
    latency_counts: list[int] = []
    latency_sum_ms: float = 0.0
    detections: dict[str, int] = {}


class ModelStatus(msgspec.Struct, frozen=True):
    """One model in the memory of one vision process.

    Counters run since the model was loaded; what is measured over a window says so.

    Attributes:
        what: the model's own name and input size.
        alias: ``champion``, ``challenger``, or empty for one on its way in or out.
        state: ``loading``, ``ready`` or ``failed``; ``reason`` says why it failed.
        golden: ``same``, ``differs``, or ``none`` where there is nothing to compare with.
        cameras: those it looks at now.
        looks_per_s, latency_ms_p50, latency_ms_p95: of the last looks.
        found_per_look, score_mean, empty_share: of the last looks; 0 without any.
        baseline_found_per_look, baseline_score_mean, baseline_empty_share: the champion's on the
            same cameras before; of a challenger only.
        verdict: of a challenger: ``waiting``, ``healthy`` or ``unhealthy``; ``verdict_reason``
            says what it waits for or what is wrong.
        percent: of the site's cameras that a challenger is to look at.
        attempt: number of the trial or promotion that it belongs to.
    """

    name: str
    version: int
    alias: str
    state: str
    what: str = ""
    reason: str = ""
    golden: str = "none"
    cameras: list[str] = []
    looks: int = 0
    failures: int = 0
    inference_s: float = 0.0
    looks_per_s: float = 0.0
    latency_ms_p50: float = 0.0
    latency_ms_p95: float = 0.0
    found_per_look: float = 0.0
    score_mean: float = 0.0
    empty_share: float = 0.0
    baseline_found_per_look: float = 0.0
    baseline_score_mean: float = 0.0
    baseline_empty_share: float = 0.0
    verdict: str = ""
    verdict_reason: str = ""
    percent: int = 0
    attempt: int = 0


class JobStatus(msgspec.Struct, frozen=True):
    """One recurring job. Counters run since the process started.

    Attributes:
        duration_s: of its last run.
        succeeded_wall_ns: when it last succeeded, before a restart too; 0 is never.
        problem: why its last run failed; empty if it did not.
        totals: the figures of its runs added up.
    """

    name: str
    running: bool = False
    runs: int = 0
    failures: int = 0
    duration_s: float = 0.0
    succeeded_wall_ns: int = 0
    problem: str = ""
    totals: dict[str, float] = {}


class StorageStatus(msgspec.Struct, frozen=True):
    """The volume that is recorded to, as ingest sees it. Counters run since it started.

    Attributes:
        level: 0, or the highest of 70, 85 and 95 % of the usable space that is reached.
        bytes_per_s: at which recordings grow; 0 in the first minute.
        evicted_files, evicted_bytes: removed to make room.
        evicted_oldest_wall_ns, evicted_newest_wall_ns: the moments that were lost so; 0 without.
        protected_only: nothing is left that may be removed.
        problem, notice: for people; empty if there is none.
        full_in_s: until old recordings must go; None if that is not known.
        keeps_days: how far back recordings will reach then; ``policy_days`` is what the policy
            wants, None for ever; ``is_short`` if the one is less than the other.
    """

    total_bytes: int = 0
    free_bytes: int = 0
    reserve_bytes: int = 0
    level: int = 0
    bytes_per_s: float = 0.0
    evicted_files: int = 0
    evicted_bytes: int = 0
    evicted_oldest_wall_ns: int = 0
    evicted_newest_wall_ns: int = 0
    protected_only: bool = False
    problem: str = ""
    notice: str = ""
    full_in_s: float | None = None
    keeps_days: float | None = None
    policy_days: float | None = None
    is_short: bool = False


STAGE_BOUNDS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
"""Upper bounds of the classes in which the times of stages are counted; one more holds the rest."""


class StageStatus(msgspec.Struct, frozen=True):
    """How long one stage of the frame's path takes in one process, since it started.

    Attributes:
        stage: ``receive``, ``demux``, ``decode``, ``gate``, ``queue``, ``inference``, ``track``,
            ``analyse``, ``write``, ``fsync`` or ``deliver``.
        counts: one per class of ``STAGE_BOUNDS_S`` and one for the rest; wall time.
        sum_s: of all of them.
    """

    stage: str
    counts: list[int]
    sum_s: float


class BreakerStatus(msgspec.Struct, frozen=True):
    """One circuit breaker. Counters run since the process started.

    Attributes:
        name: of what it guards: ``database``, ``object_storage``, ``inference``.
        state: ``closed``, ``open`` or ``half_open``.
        since_wall_ns: when it came into that state.
        consecutive_failures: in a row, of the calls that counted.
        failures, successes, rejected: calls.
        opened: how often it opened.
        retry_in_s: until an open one lets a call try; 0 otherwise.
    """

    name: str
    state: str
    since_wall_ns: int
    consecutive_failures: int = 0
    failures: int = 0
    successes: int = 0
    rejected: int = 0
    opened: int = 0
    retry_in_s: float = 0.0


class BulkheadStatus(msgspec.Struct, frozen=True):
    """One bulkhead: what runs, what waits, what was turned away since the process started."""

    name: str
    running: int
    running_max: int
    waiting: int
    waiting_max: int
    rejected: int = 0


class ChildStatus(msgspec.Struct, frozen=True):
    """One supervised process, as its supervisor sees it.

    Attributes:
        state: ``starting``, ``running``, ``waiting`` (to be started again), ``draining``,
            ``paused`` (on purpose, in maintenance) or ``ended``.
        restarts: since the supervisor started; ``restarts_by_cause`` says why: ``exited``,
            ``hung``, ``memory``.
        next_start_in_s: of a waiting one.
        needs_attention: it was restarted too often; it is still tried, slowly.
        memory_limit_bytes: 0 is none.
    """

    role: str
    index: int
    pid: int
    state: str
    since_wall_ns: int
    restarts: int = 0
    restarts_by_cause: dict[str, int] = {}
    last_cause: str = ""
    next_start_in_s: float = 0.0
    needs_attention: bool = False
    memory_limit_bytes: int = 0


class LoggedError(msgspec.Struct, frozen=True):
    """A line that was logged as error or worse, redacted."""

    wall_ns: int
    level: str
    logger: str
    message: str
    camera_id: str = ""


class RoleStatus(msgspec.Struct, frozen=True):
    """The heartbeat of one process, once a second, with what it knows.

    ``busy_s`` is CPU time by stage since the process started, for the share-of-cores table.
    ``errors`` counts by kind since then: ``stream``, ``model``, ``database``, ``storage``,
    ``other``. ``recent_errors`` are the last few, oldest first. ``children`` comes from the
    supervisor, whose role is ``supervisor``. ``fds`` and ``threads`` are how many it has open.
    """

    role: str
    index: int
    pid: int
    wall_ns: int
    started_wall_ns: int
    ready: bool
    rss_bytes: int = 0
    cpu_s: float = 0.0
    streams: list[StreamStatus] = []
    vision: list[VisionStatus] = []
    models: list[ModelStatus] = []
    jobs: list[JobStatus] = []
    busy_s: dict[str, float] = {}
    counters: dict[str, float] = {}
    problems: list[str] = []
    storage: StorageStatus | None = None
    stages: list[StageStatus] = []
    errors: dict[str, int] = {}
    breakers: list[BreakerStatus] = []
    bulkheads: list[BulkheadStatus] = []
    children: list[ChildStatus] = []
    recent_errors: list[LoggedError] = []
    fds: int = 0
    threads: int = 0


class LookTest(msgspec.Struct, frozen=True, tag=True):
    """Asks a vision process to look at one picture with the model of an alias.

    Attributes:
        jpeg: the picture; None takes a golden one.
    """

    alias: str
    jpeg: bytes | None = None


class LookTestResult(msgspec.Struct, frozen=True, tag=True):
    """What a model found in one picture, strongest first.

    Attributes:
        model: name and version.
        golden: what the golden pictures say of this model, see ``ModelStatus.golden``; looked at
            again for this answer if no picture was sent.
        xyxy: pixels of the picture.
    """

    model: str
    golden: str
    size_wh: tuple[int, int]
    seconds: float
    class_names: list[str]
    scores: list[float]
    xyxy: list[tuple[float, float, float, float]]


class CallFailed(msgspec.Struct, frozen=True, tag=True):
    """The called process could not do it.

    Attributes:
        reason: for people; says what to do.
        bad_input: what was sent can't be used; sending it again is of no use.
    """

    reason: str
    bad_input: bool = False


CallRequest = LookTest
CallReply = LookTestResult | CallFailed


def packet_header(packet: Packet) -> PacketHeader:
    return PacketHeader(
        packet.kind,
        packet.seq,
        packet.info.generation,
        packet.pts_ns,
        packet.dts_ns,
        packet.duration_ns,
        packet.wall_offset_ns,
        packet.is_key,
        packet.info if packet.is_key and packet.kind is MediaKind.VIDEO else None,
    )


def packet_from(header: PacketHeader, info: StreamInfo, data: bytes) -> Packet:
    return Packet(
        info,
        header.kind,
        header.seq,
        header.pts_ns,
        header.dts_ns,
        header.duration_ns,
        header.wall_offset_ns,
        header.is_key,
        data,
    )
