"""Prometheus text made from ``SystemState`` at the moment of the scrape.

Every metric stands in ``METRICS``; the documentation is made from the same table.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from its_camera_ai.api.live import LiveHub
from its_camera_ai.api.state import SystemState
from its_camera_ai.bus.messages import CameraState, ModelStatus
from its_camera_ai.core.models import ModelRef

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

Sample = tuple[tuple[str, ...], float]


@dataclass(frozen=True, slots=True)
class Picture:
    """What the samples are taken from."""

    state: SystemState
    hub: LiveHub


@dataclass(frozen=True, slots=True)
class Metric:
    """One exported metric.

    Attributes:
        name: with the unit; a counter's ``_total`` is added on export.
        labels: names of the labels, in the order of each sample's values.
        samples: takes them from the picture.
    """

    name: str
    kind: type[CounterMetricFamily] | type[GaugeMetricFamily]
    help: str
    labels: tuple[str, ...]
    samples: Callable[[Picture], Iterable[Sample]]


_STREAM = ("camera", "stream")
_MODEL = ("model", "index")
_PROCESS = ("role", "index")


def _per_stream(attribute: str) -> Callable[[Picture], Iterator[Sample]]:
    def samples(picture: Picture) -> Iterator[Sample]:
        for heard in picture.state.streams():
            stream = heard.value
            yield (stream.camera_id, stream.role.value), float(getattr(stream, attribute))

    return samples


def _stream_up(picture: Picture) -> Iterator[Sample]:
    for heard in picture.state.streams():
        stream = heard.value
        up = stream.state is CameraState.ONLINE and not heard.stale
        yield (stream.camera_id, stream.role.value), float(up)


def _rate(attribute: str) -> Callable[[Picture], Iterator[Sample]]:
    """A stream's present rate; 0 where nobody reports it any more."""

    def samples(picture: Picture) -> Iterator[Sample]:
        for heard in picture.state.streams():
            stream = heard.value
            value = 0.0 if heard.stale else float(getattr(stream, attribute))
            yield (stream.camera_id, stream.role.value), value

    return samples


def _per_vision(attribute: str, scale: float = 1.0) -> Callable[[Picture], Iterator[Sample]]:
    def samples(picture: Picture) -> Iterator[Sample]:
        for heard in picture.state.vision():
            yield (heard.value.camera_id,), float(getattr(heard.value, attribute)) * scale

    return samples


def _looks_per_s(picture: Picture) -> Iterator[Sample]:
    for heard in picture.state.vision():
        yield (heard.value.camera_id,), 0.0 if heard.stale else heard.value.looks_per_s


def _picture_faults(picture: Picture) -> Iterator[Sample]:
    for heard in picture.state.vision():
        for fault in heard.value.faults or ():
            yield (heard.value.camera_id, fault.value), 1.0


def _per_process(attribute: str) -> Callable[[Picture], Iterator[Sample]]:
    def samples(picture: Picture) -> Iterator[Sample]:
        for beat in picture.state.heartbeats():
            status = beat.value
            yield (status.role, str(status.index)), float(getattr(status, attribute))

    return samples


def _process_up(picture: Picture) -> Iterator[Sample]:
    for beat in picture.state.heartbeats():
        up = beat.value.ready and not beat.stale
        yield (beat.value.role, str(beat.value.index)), float(up)


def _counter(name: str) -> Callable[[Picture], Iterator[Sample]]:
    """A number out of ``RoleStatus.counters``, where a process reports it."""

    def samples(picture: Picture) -> Iterator[Sample]:
        for beat in picture.state.heartbeats():
            if name in beat.value.counters:
                status = beat.value
                yield (status.role, str(status.index)), float(status.counters[name])

    return samples


def _models(picture: Picture) -> Iterator[tuple[str, ModelStatus]]:
    """Every model in memory, with the number of its vision process; of processes that are heard."""
    for beat in picture.state.heartbeats():
        if not beat.stale:
            for model in beat.value.models:
                yield str(beat.value.index), model


def _model_label(model: ModelStatus) -> str:
    return str(ModelRef(model.name, model.version))


def _model_info(picture: Picture) -> Iterator[Sample]:
    for index, model in _models(picture):
        yield (_model_label(model), index, model.alias, model.state), 1.0


def _per_model(value: Callable[[ModelStatus], float]) -> Callable[[Picture], Iterator[Sample]]:
    def samples(picture: Picture) -> Iterator[Sample]:
        for index, model in _models(picture):
            yield (_model_label(model), index), float(value(model))

    return samples


def _golden(picture: Picture) -> Iterator[Sample]:
    for index, model in _models(picture):
        if model.golden != "none":
            yield (_model_label(model), index), float(model.golden == "same")


def _rollout_percent(picture: Picture) -> Iterator[Sample]:
    for index, model in _models(picture):
        if model.alias == "challenger":
            yield (_model_label(model), index), float(model.percent)


def _viewers(picture: Picture) -> Iterator[Sample]:
    for camera_id, count in sorted(picture.hub.viewers_by_camera().items()):
        yield (camera_id,), float(count)


_Counter = CounterMetricFamily
_Gauge = GaugeMetricFamily

METRICS: tuple[Metric, ...] = (
    Metric(
        "itscam_stream_packets",
        _Counter,
        "Packets received from the camera.",
        _STREAM,
        _per_stream("packets"),
    ),
    Metric(
        "itscam_stream_reconnects",
        _Counter,
        "Times the stream was connected again.",
        _STREAM,
        _per_stream("reconnects"),
    ),
    Metric(
        "itscam_stream_up",
        _Gauge,
        "1 while packets arrive and ingest reports, else 0.",
        _STREAM,
        _stream_up,
    ),
    Metric("itscam_stream_fps", _Gauge, "Pictures per second received.", _STREAM, _rate("fps")),
    Metric(
        "itscam_stream_bitrate_bps",
        _Gauge,
        "Bits per second received.",
        _STREAM,
        _rate("bitrate_bps"),
    ),
    Metric(
        "itscam_recorded_packets",
        _Counter,
        "Packets written to a recording.",
        _STREAM,
        _per_stream("recorded_packets"),
    ),
    Metric(
        "itscam_unrecorded_packets",
        _Counter,
        "Packets the recorder had to give up.",
        _STREAM,
        _per_stream("unrecorded_packets"),
    ),
    Metric(
        "itscam_vision_frames",
        _Counter,
        "Frames decoded for vision.",
        ("camera",),
        _per_vision("frames"),
    ),
    Metric(
        "itscam_vision_frames_unprocessed",
        _Counter,
        "Frames vision did not examine.",
        ("camera",),
        _per_vision("frames_unprocessed"),
    ),
    Metric("itscam_vision_looks", _Counter, "Frames looked at.", ("camera",), _per_vision("looks")),
    Metric(
        "itscam_vision_looks_full",
        _Counter,
        "Frames looked at as a whole; the other looks were at parts.",
        ("camera",),
        _per_vision("looks_full"),
    ),
    Metric(
        "itscam_vision_areas",
        _Counter,
        "Areas looked at: whole frames and parts of frames.",
        ("camera",),
        _per_vision("areas"),
    ),
    Metric(
        "itscam_vision_unknown",
        _Counter,
        "Frames reported as unknown: due for a look that was not given.",
        ("camera",),
        _per_vision("unknown"),
    ),
    Metric(
        "itscam_vision_looks_per_second",
        _Gauge,
        "Looks per second now granted.",
        ("camera",),
        _looks_per_s,
    ),
    Metric(
        "itscam_vision_latency_p95_seconds",
        _Gauge,
        "95th percentile from packet to tracks.",
        ("camera",),
        _per_vision("latency_ms_p95", 0.001),
    ),
    Metric(
        "itscam_detector_calls",
        _Counter,
        "Calls of a detector; areas of several cameras may share one.",
        _PROCESS,
        _counter("detector_calls"),
    ),
    Metric(
        "itscam_detector_budget_use",
        _Gauge,
        "Share of the detector threads' time that looks take now, 0 to 1.",
        _PROCESS,
        _counter("detector_budget_use"),
    ),
    Metric(
        "itscam_vision_overload_seconds",
        _Counter,
        "Seconds in which fewer looks were granted than were wanted.",
        _PROCESS,
        _counter("overload_seconds"),
    ),
    Metric(
        "itscam_picture_fault",
        _Gauge,
        "1 for each thing that is wrong with a camera's picture now.",
        ("camera", "fault"),
        _picture_faults,
    ),
    Metric(
        "itscam_model_info",
        _Gauge,
        "1 for each model in a vision process: champion, challenger, or on its way in or out.",
        ("model", "index", "alias", "state"),
        _model_info,
    ),
    Metric(
        "itscam_model_looks",
        _Counter,
        "Looks that the model answered.",
        _MODEL,
        _per_model(lambda model: model.looks),
    ),
    Metric(
        "itscam_model_failures",
        _Counter,
        "Looks at which the model failed.",
        _MODEL,
        _per_model(lambda model: model.failures),
    ),
    Metric(
        "itscam_model_inference_seconds",
        _Counter,
        "Time that the model's looks took.",
        _MODEL,
        _per_model(lambda model: model.inference_s),
    ),
    Metric(
        "itscam_model_latency_p95_seconds",
        _Gauge,
        "95th percentile of the time of its last looks.",
        _MODEL,
        _per_model(lambda model: model.latency_ms_p95 / 1000),
    ),
    Metric(
        "itscam_model_cameras",
        _Gauge,
        "Cameras that the model looks at now.",
        _MODEL,
        _per_model(lambda model: len(model.cameras)),
    ),
    Metric(
        "itscam_model_rollout_percent",
        _Gauge,
        "Share of the cameras that the model on trial is to look at.",
        _MODEL,
        _rollout_percent,
    ),
    Metric(
        "itscam_model_golden_same",
        _Gauge,
        "1 if the model finds in the golden pictures what it found at its registration, else 0.",
        _MODEL,
        _golden,
    ),
    Metric(
        "itscam_process_up",
        _Gauge,
        "1 while the process reports itself ready.",
        _PROCESS,
        _process_up,
    ),
    Metric(
        "itscam_process_resident_bytes",
        _Gauge,
        "Resident memory of the process.",
        _PROCESS,
        _per_process("rss_bytes"),
    ),
    Metric(
        "itscam_process_cpu_seconds",
        _Counter,
        "CPU time of the process since it started.",
        _PROCESS,
        _per_process("cpu_s"),
    ),
    Metric(
        "itscam_events_written",
        _Counter,
        "Events stored, from the counter 'events_written' of a heartbeat.",
        _PROCESS,
        _counter("events_written"),
    ),
    Metric(
        "itscam_events_waiting",
        _Gauge,
        "Events not stored yet, from the counter 'events_waiting' of a heartbeat.",
        _PROCESS,
        _counter("events_waiting"),
    ),
    Metric(
        "itscam_events_given_up",
        _Counter,
        "Events lost because the database stayed away too long.",
        _PROCESS,
        _counter("events_given_up"),
    ),
    Metric("itscam_live_viewers", _Gauge, "Live pictures being watched.", ("camera",), _viewers),
)
"""All metrics of a scrape."""


class _FromPicture(Collector):
    def __init__(self, picture: Picture) -> None:
        self._picture = picture

    def collect(self) -> Iterator[CounterMetricFamily | GaugeMetricFamily]:
        for metric in METRICS:
            family = metric.kind(metric.name, metric.help, labels=metric.labels)
            for labels, value in metric.samples(self._picture):
                family.add_metric(labels, value)
            yield family


def make_registry(state: SystemState, hub: LiveHub) -> CollectorRegistry:
    """A registry of its own; nothing of the library's global one."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_FromPicture(Picture(state, hub)))
    return registry


def exposition(registry: CollectorRegistry) -> bytes:
    """The text of one scrape."""
    return generate_latest(registry)
