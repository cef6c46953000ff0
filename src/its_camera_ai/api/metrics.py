"""Prometheus text made from ``SystemState`` at the moment of the scrape.

Every metric stands in ``METRICS``; the documentation is made from the same table.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
)
from prometheus_client.registry import Collector

from its_camera_ai.api import metric_samples as take
from its_camera_ai.api.live import LiveHub
from its_camera_ai.api.metric_samples import Picture, Sample
from its_camera_ai.api.state import SystemState
from its_camera_ai.core.time import NS_PER_S

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


Family = CounterMetricFamily | GaugeMetricFamily | HistogramMetricFamily


@dataclass(frozen=True, slots=True)
class Metric:
    """One exported metric.

    Attributes:
        name: with the unit; a counter's ``_total`` is added on export.
        labels: names of the labels, in the order of each sample's values.
        samples: takes them from the picture.
    """

    name: str
    kind: type[Family]
    help: str
    labels: tuple[str, ...]
    samples: Callable[[Picture], Iterable[Sample]]


_STREAM = ("camera", "stream")
_MODEL = ("model", "index")
_PROCESS = ("role", "index")
_JOB = ("job",)


_Counter = CounterMetricFamily
_Gauge = GaugeMetricFamily
_Histogram = HistogramMetricFamily

METRICS: tuple[Metric, ...] = (
    Metric(
        "itscam_stream_packets",
        _Counter,
        "Packets received from the camera.",
        _STREAM,
        take.per_stream("packets"),
    ),
    Metric(
        "itscam_stream_reconnects",
        _Counter,
        "Times the stream was connected again.",
        _STREAM,
        take.per_stream("reconnects"),
    ),
    Metric(
        "itscam_stream_up",
        _Gauge,
        "1 while packets arrive and ingest reports, else 0.",
        _STREAM,
        take.stream_up,
    ),
    Metric("itscam_stream_fps", _Gauge, "Pictures per second received.", _STREAM, take.rate("fps")),
    Metric(
        "itscam_stream_bitrate_bps",
        _Gauge,
        "Bits per second received.",
        _STREAM,
        take.rate("bitrate_bps"),
    ),
    Metric(
        "itscam_recorded_packets",
        _Counter,
        "Packets written to a recording.",
        _STREAM,
        take.per_stream("recorded_packets"),
    ),
    Metric(
        "itscam_unrecorded_packets",
        _Counter,
        "Packets the recorder had to give up.",
        _STREAM,
        take.per_stream("unrecorded_packets"),
    ),
    Metric(
        "itscam_skipped_packets",
        _Counter,
        "Packets that the camera's recording mode passed over on purpose.",
        _STREAM,
        take.per_stream("skipped_packets"),
    ),
    Metric(
        "itscam_recording_cause",
        _Gauge,
        "1 for the recording mode of each camera and why it records now; no cause: it does not.",
        ("camera", "mode", "cause"),
        take.recording_cause,
    ),
    Metric(
        "itscam_vision_frames",
        _Counter,
        "Frames decoded for vision.",
        ("camera",),
        take.per_vision("frames"),
    ),
    Metric(
        "itscam_vision_frames_unprocessed",
        _Counter,
        "Frames vision did not examine.",
        ("camera",),
        take.per_vision("frames_unprocessed"),
    ),
    Metric(
        "itscam_vision_looks", _Counter, "Frames looked at.", ("camera",), take.per_vision("looks")
    ),
    Metric(
        "itscam_vision_looks_full",
        _Counter,
        "Frames looked at as a whole; the other looks were at parts.",
        ("camera",),
        take.per_vision("looks_full"),
    ),
    Metric(
        "itscam_vision_areas",
        _Counter,
        "Areas looked at: whole frames and parts of frames.",
        ("camera",),
        take.per_vision("areas"),
    ),
    Metric(
        "itscam_vision_unknown",
        _Counter,
        "Frames reported as unknown: due for a look that was not given.",
        ("camera",),
        take.per_vision("unknown"),
    ),
    Metric(
        "itscam_vision_looks_per_second",
        _Gauge,
        "Looks per second now granted.",
        ("camera",),
        take.looks_per_s,
    ),
    Metric(
        "itscam_vision_latency_seconds",
        _Histogram,
        "From the moment a picture was taken until its tracks were told.",
        ("camera",),
        take.latencies,
    ),
    Metric(
        "itscam_vision_detections",
        _Counter,
        "What the detector found, by class; one object counts in every look that sees it.",
        ("camera", "class", "model"),
        take.detections,
    ),
    Metric(
        "itscam_detector_calls",
        _Counter,
        "Calls of a detector; areas of several cameras may share one.",
        _PROCESS,
        take.counter("detector_calls"),
    ),
    Metric(
        "itscam_detector_budget_use",
        _Gauge,
        "Share of the detector threads' time that looks take now, 0 to 1.",
        _PROCESS,
        take.counter("detector_budget_use"),
    ),
    Metric(
        "itscam_vision_overload_seconds",
        _Counter,
        "Seconds in which fewer looks were granted than were wanted.",
        _PROCESS,
        take.counter("overload_seconds"),
    ),
    Metric(
        "itscam_picture_fault",
        _Gauge,
        "1 for each thing that is wrong with a camera's picture now.",
        ("camera", "fault"),
        take.picture_faults,
    ),
    Metric(
        "itscam_model_info",
        _Gauge,
        "1 for each model in a vision process: champion, challenger, or on its way in or out.",
        ("model", "index", "alias", "state"),
        take.model_info,
    ),
    Metric(
        "itscam_model_looks",
        _Counter,
        "Looks that the model answered.",
        _MODEL,
        take.per_model(lambda model: model.looks),
    ),
    Metric(
        "itscam_model_failures",
        _Counter,
        "Looks at which the model failed.",
        _MODEL,
        take.per_model(lambda model: model.failures),
    ),
    Metric(
        "itscam_model_inference_seconds",
        _Counter,
        "Time that the model's looks took.",
        _MODEL,
        take.per_model(lambda model: model.inference_s),
    ),
    Metric(
        "itscam_model_latency_p95_seconds",
        _Gauge,
        "95th percentile of the time of its last looks.",
        _MODEL,
        take.per_model(lambda model: model.latency_ms_p95 / 1000),
    ),
    Metric(
        "itscam_model_cameras",
        _Gauge,
        "Cameras that the model looks at now.",
        _MODEL,
        take.per_model(lambda model: len(model.cameras)),
    ),
    Metric(
        "itscam_model_rollout_percent",
        _Gauge,
        "Share of the cameras that the model on trial is to look at.",
        _MODEL,
        take.rollout_percent,
    ),
    Metric(
        "itscam_model_golden_same",
        _Gauge,
        "1 if the model finds in the golden pictures what it found at its registration, else 0.",
        _MODEL,
        take.golden,
    ),
    Metric(
        "itscam_process_up",
        _Gauge,
        "1 while the process reports itself ready.",
        _PROCESS,
        take.process_up,
    ),
    Metric(
        "itscam_process_resident_bytes",
        _Gauge,
        "Resident memory of the process.",
        _PROCESS,
        take.per_process("rss_bytes"),
    ),
    Metric(
        "itscam_process_cpu_seconds",
        _Counter,
        "CPU time of the process since it started.",
        _PROCESS,
        take.per_process("cpu_s"),
    ),
    Metric(
        "itscam_storage_bytes",
        _Gauge,
        "The disk of the recordings: its size (total), what is free, and what is kept free "
        "(reserve).",
        ("what",),
        take.storage_bytes,
    ),
    Metric(
        "itscam_storage_level_percent",
        _Gauge,
        "0, or the highest of 70, 85 and 95 % of the usable space that is reached.",
        (),
        take.storage("level"),
    ),
    Metric(
        "itscam_storage_short_of_policy",
        _Gauge,
        "1 if the disk will not hold the days that the storage policy wants.",
        (),
        take.storage("is_short"),
    ),
    Metric(
        "itscam_storage_nothing_to_remove",
        _Gauge,
        "1 if the disk is full and all that is left on it is held or no recording.",
        (),
        take.storage("protected_only"),
    ),
    Metric(
        "itscam_evicted_files",
        _Counter,
        "Recordings removed to make room on a full disk.",
        _PROCESS,
        take.counter("evicted_files"),
    ),
    Metric(
        "itscam_evicted_bytes",
        _Counter,
        "Bytes of recordings removed to make room on a full disk.",
        _PROCESS,
        take.counter("evicted_bytes"),
    ),
    Metric(
        "itscam_events_written",
        _Counter,
        "Events stored, from the counter 'events_written' of a heartbeat.",
        _PROCESS,
        take.counter("events_written"),
    ),
    Metric(
        "itscam_events_waiting",
        _Gauge,
        "Events not stored yet, from the counter 'events_waiting' of a heartbeat.",
        _PROCESS,
        take.counter("events_waiting"),
    ),
    Metric(
        "itscam_events_given_up",
        _Counter,
        "Events lost because the database stayed away too long.",
        _PROCESS,
        take.counter("events_given_up"),
    ),
    Metric(
        "itscam_traffic_waiting",
        _Gauge,
        "Interval rows, incidents and trajectories not stored yet.",
        _PROCESS,
        take.counter("traffic_waiting"),
    ),
    Metric(
        "itscam_traffic_written",
        _Counter,
        "Interval rows, incidents and trajectories stored, by kind.",
        (*_PROCESS, "kind"),
        take.counters("traffic_", "_written"),
    ),
    Metric(
        "itscam_traffic_given_up",
        _Counter,
        "Interval rows, incidents and trajectories lost because the database stayed away too long.",
        (*_PROCESS, "kind"),
        take.counters("traffic_", "_given_up"),
    ),
    Metric(
        "itscam_incidents_opened",
        _Counter,
        "Incidents that opened since the process started, by kind.",
        (*_PROCESS, "kind"),
        take.counters("incidents_", "_opened"),
    ),
    Metric(
        "itscam_job_runs",
        _Counter,
        "Runs of a recurring job since its process started.",
        _JOB,
        take.per_job(lambda job: job.runs),
    ),
    Metric(
        "itscam_job_failures",
        _Counter,
        "Runs of a recurring job that failed.",
        _JOB,
        take.per_job(lambda job: job.failures),
    ),
    Metric(
        "itscam_job_duration_seconds",
        _Gauge,
        "How long the last run of a recurring job took.",
        _JOB,
        take.per_job(lambda job: job.duration_s),
    ),
    Metric(
        "itscam_job_last_success_timestamp_seconds",
        _Gauge,
        "When a recurring job last succeeded, Unix time; 0 is never.",
        _JOB,
        take.per_job(lambda job: job.succeeded_wall_ns / NS_PER_S),
    ),
    Metric(
        "itscam_job_figures",
        _Counter,
        "What the runs of a recurring job did, by the name of the figure.",
        ("job", "figure"),
        take.job_totals,
    ),
    Metric(
        "itscam_live_viewers", _Gauge, "Live pictures being watched.", ("camera",), take.viewers
    ),
)
"""All metrics of a scrape."""


class _FromPicture(Collector):
    def __init__(self, picture: Picture) -> None:
        self._picture = picture

    def collect(self) -> Iterator[Family]:
        for metric in METRICS:
            family = metric.kind(metric.name, metric.help, labels=metric.labels)
            for labels, value in metric.samples(self._picture):
                if isinstance(family, HistogramMetricFamily):
                    if isinstance(value, take.Distribution):
                        family.add_metric(labels, value.buckets, value.total)
                elif isinstance(value, float):
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
