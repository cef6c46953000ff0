"""Where each metric takes its samples from."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import accumulate

from its_camera_ai.api.live import LiveHub
from its_camera_ai.api.state import SystemState
from its_camera_ai.bus.messages import LATENCY_BOUNDS_MS, CameraState, JobStatus, ModelStatus
from its_camera_ai.core.models import ModelRef


@dataclass(frozen=True, slots=True)
class Picture:
    """What the samples are taken from."""

    state: SystemState
    hub: LiveHub


@dataclass(frozen=True, slots=True)
class Distribution:
    """One histogram: cumulated counts up to each bound, the last of which is +Inf, and the sum."""

    buckets: list[tuple[str, float]]
    total: float


Sample = tuple[tuple[str, ...], float | Distribution]


def per_stream(attribute: str) -> Callable[[Picture], Iterator[Sample]]:
    def samples(picture: Picture) -> Iterator[Sample]:
        for heard in picture.state.streams():
            stream = heard.value
            yield (stream.camera_id, stream.role.value), float(getattr(stream, attribute))

    return samples


def stream_up(picture: Picture) -> Iterator[Sample]:
    for heard in picture.state.streams():
        stream = heard.value
        up = stream.state is CameraState.ONLINE and not heard.stale
        yield (stream.camera_id, stream.role.value), float(up)


def recording_cause(picture: Picture) -> Iterator[Sample]:
    for heard in picture.state.streams():
        stream = heard.value
        if stream.recording_mode and not heard.stale:
            yield (stream.camera_id, stream.recording_mode, stream.recording_cause), 1.0


def rate(attribute: str) -> Callable[[Picture], Iterator[Sample]]:
    """A stream's present rate; 0 where nobody reports it any more."""

    def samples(picture: Picture) -> Iterator[Sample]:
        for heard in picture.state.streams():
            stream = heard.value
            value = 0.0 if heard.stale else float(getattr(stream, attribute))
            yield (stream.camera_id, stream.role.value), value

    return samples


def per_vision(attribute: str, scale: float = 1.0) -> Callable[[Picture], Iterator[Sample]]:
    def samples(picture: Picture) -> Iterator[Sample]:
        for heard in picture.state.vision():
            yield (heard.value.camera_id,), float(getattr(heard.value, attribute)) * scale

    return samples


def looks_per_s(picture: Picture) -> Iterator[Sample]:
    for heard in picture.state.vision():
        yield (heard.value.camera_id,), 0.0 if heard.stale else heard.value.looks_per_s


def picture_faults(picture: Picture) -> Iterator[Sample]:
    for heard in picture.state.vision():
        for fault in heard.value.faults or ():
            yield (heard.value.camera_id, fault.value), 1.0


def latencies(picture: Picture) -> Iterator[Sample]:
    bounds = [*(str(bound_ms / 1000) for bound_ms in LATENCY_BOUNDS_MS), "+Inf"]
    for heard in picture.state.vision():
        vision = heard.value
        counts = accumulate(map(float, vision.latency_counts))
        buckets = list(zip(bounds, counts, strict=False))  # empty before the first look
        if buckets:
            yield (vision.camera_id,), Distribution(buckets, vision.latency_sum_ms / 1000)


def detections(picture: Picture) -> Iterator[Sample]:
    for heard in picture.state.vision():
        vision = heard.value
        for label, count in sorted(vision.detections.items()):
            yield (vision.camera_id, label, vision.model), float(count)


def per_process(attribute: str) -> Callable[[Picture], Iterator[Sample]]:
    def samples(picture: Picture) -> Iterator[Sample]:
        for beat in picture.state.heartbeats():
            status = beat.value
            yield (status.role, str(status.index)), float(getattr(status, attribute))

    return samples


def process_up(picture: Picture) -> Iterator[Sample]:
    for beat in picture.state.heartbeats():
        up = beat.value.ready and not beat.stale
        yield (beat.value.role, str(beat.value.index)), float(up)


def storage(attribute: str) -> Callable[[Picture], Iterator[Sample]]:
    """A figure of the volume that is recorded to, from the process that records."""

    def samples(picture: Picture) -> Iterator[Sample]:
        for beat in picture.state.heartbeats():
            if beat.value.storage is not None and not beat.stale:
                yield (), float(getattr(beat.value.storage, attribute))

    return samples


def storage_bytes(picture: Picture) -> Iterator[Sample]:
    for what in ("total", "free", "reserve"):
        for _, value in storage(f"{what}_bytes")(picture):
            yield (what,), value


def counter(name: str) -> Callable[[Picture], Iterator[Sample]]:
    """A number out of ``RoleStatus.counters``, where a process reports it."""

    def samples(picture: Picture) -> Iterator[Sample]:
        for beat in picture.state.heartbeats():
            if name in beat.value.counters:
                status = beat.value
                yield (status.role, str(status.index)), float(status.counters[name])

    return samples


def counters(before: str, after: str) -> Callable[[Picture], Iterator[Sample]]:
    """Numbers out of ``RoleStatus.counters`` whose names differ in their middle, as one family."""

    def samples(picture: Picture) -> Iterator[Sample]:
        for beat in picture.state.heartbeats():
            status = beat.value
            for name, value in status.counters.items():
                if name.startswith(before) and name.endswith(after):
                    kind = name.removeprefix(before).removesuffix(after)
                    yield (status.role, str(status.index), kind), float(value)

    return samples


def models(picture: Picture) -> Iterator[tuple[str, ModelStatus]]:
    """Every model in memory, with the number of its vision process; of processes that are heard."""
    for beat in picture.state.heartbeats():
        if not beat.stale:
            for model in beat.value.models:
                yield str(beat.value.index), model


def model_label(model: ModelStatus) -> str:
    return str(ModelRef(model.name, model.version))


def model_info(picture: Picture) -> Iterator[Sample]:
    for index, model in models(picture):
        yield (model_label(model), index, model.alias, model.state), 1.0


def per_model(value: Callable[[ModelStatus], float]) -> Callable[[Picture], Iterator[Sample]]:
    def samples(picture: Picture) -> Iterator[Sample]:
        for index, model in models(picture):
            yield (model_label(model), index), float(value(model))

    return samples


def golden(picture: Picture) -> Iterator[Sample]:
    for index, model in models(picture):
        if model.golden != "none":
            yield (model_label(model), index), float(model.golden == "same")


def rollout_percent(picture: Picture) -> Iterator[Sample]:
    for index, model in models(picture):
        if model.alias == "challenger":
            yield (model_label(model), index), float(model.percent)


def jobs(picture: Picture) -> Iterator[JobStatus]:
    """Every recurring job, of processes that are heard."""
    for beat in picture.state.heartbeats():
        if not beat.stale:
            yield from beat.value.jobs


def per_job(value: Callable[[JobStatus], float]) -> Callable[[Picture], Iterator[Sample]]:
    def samples(picture: Picture) -> Iterator[Sample]:
        for job in jobs(picture):
            yield (job.name,), float(value(job))

    return samples


def job_totals(picture: Picture) -> Iterator[Sample]:
    for job in jobs(picture):
        for figure, value in sorted(job.totals.items()):
            yield (job.name, figure), float(value)


def viewers(picture: Picture) -> Iterator[Sample]:
    for camera_id, count in sorted(picture.hub.viewers_by_camera().items()):
        yield (camera_id,), float(count)
