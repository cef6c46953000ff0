"""A video file from end to end: pictures → detections → tracks → facts → files."""

import itertools
import threading
from array import array
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from its_camera_ai.analytics.camera.measurement import CameraMeasurement, Told
from its_camera_ai.analytics.offline import files
from its_camera_ai.analytics.offline.annotated_video import AnnotatedVideo
from its_camera_ai.analytics.offline.looks import Look, Looks, Progress, refuse_nothing_seen
from its_camera_ai.analytics.offline.overlay import Overlay
from its_camera_ai.analytics.offline.report import ReportFacts, report_html
from its_camera_ai.analytics.offline.track_memory import TrackMemory
from its_camera_ai.analytics.offline.window import Window
from its_camera_ai.core.errors import ConfigInvalid
from its_camera_ai.core.events import Event
from its_camera_ai.core.intervals import IntervalRow
from its_camera_ai.core.scene import Scene
from its_camera_ai.core.time import NS_PER_S
from its_camera_ai.core.tracks import FrameTracks, Unknown
from its_camera_ai.tracking.tracker import Tracker
from its_camera_ai.video.files import VideoFile, open_video
from its_camera_ai.vision.detector import DetectorModel

CAMERA_ID = "file"
_GAP_S = 1.5
"""Pictures further apart than this are worth a warning."""


@dataclass(frozen=True, slots=True)
class FrameTotals:
    """Pictures of the analysed window.

    Attributes:
        read: decoded. analysed: looked at.
        unknown: should have been looked at but could not be: damaged, or without a time of
            their own.
    """

    read: int
    analysed: int
    unknown: int

    def to_json(self) -> dict[str, int]:
        return {"read": self.read, "analysed": self.analysed, "unknown": self.unknown}


@dataclass(frozen=True, slots=True)
class Analysed:
    """What came of a file.

    Attributes:
        counts: the content of ``counts.json``.
        frames: pictures of the window.
        tracks: how many were seen. events: how many were written.
        unfinished: what is missing and where, one sentence each; empty if all went well.
        warnings: about the scene and the file's times, one sentence each.
    """

    counts: dict[str, object]
    frames: FrameTotals
    tracks: int
    events: int
    unfinished: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What to do with a file.

    Attributes:
        window: which pictures. scene: what to measure; px are pixels of the video.
        with_video: also write ``annotated.mp4``.
        workers: detector threads for a network without memory.
        stop: set from outside to end early and keep what is done.
        progress: called with the stream time reached, in seconds.
        made: a line for the report that says when and by what it was made.
    """

    window: Window = field(default_factory=Window)
    scene: Scene = field(default_factory=Scene)
    with_video: bool = True
    workers: int = 1
    stop: threading.Event = field(default_factory=threading.Event)
    progress: Callable[[float], None] = lambda _: None
    made: str = ""


def analyse_video(path: Path, folder: Path, model: DetectorModel, job: Job) -> Analysed:
    """Analyse a file and leave the results in a folder; see ``docs/analyze.md`` for the formats.

    The same file, model and job always give the same tracks, events and counts.

    Raises:
        InputUnreadable: no video in it.
        ConfigInvalid: the folder can't be one, the window holds no picture, or an output would
            overwrite the input.
        StorageUnavailable: the folder can't be written.
    """
    with open_video(path) as video, files.OutputFolder(folder) as output:
        _check_not_overwritten(path, folder)
        analysis = _Analysis(video, model, job, output)
        return analysis.run(path)


def _check_not_overwritten(path: Path, folder: Path) -> None:
    for name in files.NAMES:
        target = folder / name
        if target.exists() and target.samefile(path):
            raise ConfigInvalid(
                f"{path} would be overwritten by the result {name}; choose another folder with "
                "--out."
            )


class _Analysis:
    """One run. Owns the tracker, the counting and the open files."""

    def __init__(
        self, video: VideoFile, model: DetectorModel, job: Job, output: files.OutputFolder
    ) -> None:
        self._video = video
        self._model = model
        self._job = job
        self._output = output
        self._tracker = Tracker()
        numbers = itertools.count(1)
        self._analytics = CameraMeasurement(
            CAMERA_ID,
            job.scene,
            lambda _: str(next(numbers)),
            writer="file",
            wanted_looks_per_s=job.window.fps or 0.0,
        )
        self._rows: list[IntervalRow] = []
        self._memory = TrackMemory()
        self._events: list[Event] = []
        self._warnings: list[str] = []
        self._analysed = self._unknown = 0
        self._tracks: FrameTracks | None = None
        self._size_wh: tuple[int, int] | None = None
        self._overlay: Overlay | None = None
        self._annotated: AnnotatedVideo | None = None
        self._still: npt.NDArray[np.uint8] | None = None
        self._still_is_middle = False
        self._reached_ns = 0

    def run(self, path: Path) -> Analysed:
        job = self._job
        progress = Progress(0, 0)
        with ExitStack() as stack:
            with self._output.guarded():
                draft = self._output.draft(files.TRACKS)
                rows = stack.enter_context(draft.open("w", encoding="ascii", newline="\n"))
            looks = stack.enter_context(
                Looks(self._video, self._model, job.window, workers=job.workers, stop=job.stop)
            )
            stack.callback(self._abandon_video)
            for look in looks:
                tracks = self._track(look)
                with self._output.guarded():
                    files.write_tracks(rows, look.number, tracks)
                    self._annotate(look, tracks)
                progress = look.progress
                self._reached_ns = look.pts_ns
                job.progress(look.pts_ns / NS_PER_S)
                if job.stop.is_set():
                    break
            else:
                progress = looks.total
            stopped = job.stop.is_set()
            self._check_window(looks.times_ns, path, stopped=stopped)
            self._keep(self._analytics.finish())
            with self._output.guarded():
                self._finish_video()
        totals = FrameTotals(progress.read, self._analysed, self._unknown + progress.lost)
        unfinished = self._unfinished(stopped, progress)
        self._warnings += _gaps(self._memory.times_ns, job.window.fps)
        return self._write(path, looks.times_ns, totals, unfinished)

    def _track(self, look: Look) -> FrameTracks:
        """Follow and count; a picture of another size ends every track."""
        size = look.size_wh
        if size != self._size_wh:
            self._tracker.reset()
            self._overlay = Overlay(self._job.scene, size)
            self._size_wh = size
        if look.detections is None:
            tracks = self._tracker.skip(look.pts_ns, look.pts_ns, size, Unknown.DECODE_ERROR)
        else:
            tracks = self._tracker.update(look.detections, look.pts_ns, look.pts_ns, size)
        if tracks is self._tracks:  # the tracker's old answer: time did not go on
            tracks = FrameTracks.nothing(look.pts_ns, look.pts_ns, size, Unknown.DECODE_ERROR)
        else:
            self._tracks = tracks
            self._keep(self._analytics.update(tracks))
            self._memory.note(tracks)
        if tracks.unknown is None:
            self._analysed += 1
        else:
            self._unknown += 1
        self._keep_still(look)
        return tracks

    def _keep(self, told: Told) -> None:
        self._events += told.events
        self._rows += told.rows
        self._warnings += told.warnings

    def _keep_still(self, look: Look) -> None:
        """The first picture, then the one in the middle of the file: seldom black, seldom odd."""
        if look.detections is None or self._still_is_middle:
            return
        window = self._job.window
        end_s = min(window.end_s or np.inf, self._video.duration_s or 0.0)
        self._still_is_middle = look.pts_ns / NS_PER_S >= (window.start_s + end_s) / 2
        if self._still is None or self._still_is_middle:
            self._still = look.picture

    def _annotate(self, look: Look, tracks: FrameTracks) -> None:
        if not self._job.with_video or self._overlay is None:
            return
        if self._annotated is None:
            fps = self._job.window.fps or self._video.info.video.fps
            draft = self._output.draft(files.VIDEO)
            self._annotated = AnnotatedVideo(draft, look.size_wh, fps)
        drawn = self._overlay.draw(look.picture, tracks, self._analytics.counts())
        self._annotated.write(drawn, look.pts_ns)

    def _finish_video(self) -> None:
        annotated, self._annotated = self._annotated, None
        if annotated is not None:
            annotated.close()

    def _abandon_video(self) -> None:
        """After a failure: give FFmpeg its memory back; the draft is thrown away anyhow."""
        annotated, self._annotated = self._annotated, None
        if annotated is not None:
            annotated.abandon()

    def _check_window(self, times_ns: "array[int]", path: Path, *, stopped: bool) -> None:
        if stopped and self._size_wh is None:
            raise KeyboardInterrupt  # nothing is done yet that could be kept
        if self._size_wh is None:
            refuse_nothing_seen(path, times_ns, self._job.window)

    def _unfinished(self, stopped: bool, progress: Progress) -> tuple[str, ...]:
        found = []
        at = f"{self._reached_ns / NS_PER_S:.2f} s"
        if stopped:
            found.append(f"interrupted at {at}")
        damaged = self._unknown + progress.lost
        if damaged:
            first_ns = self._first_damage_ns()
            where = "" if first_ns is None else f", the first at {first_ns / NS_PER_S:.2f} s"
            what = "1 picture" if damaged == 1 else f"{damaged} pictures"
            found.append(f"{what} could not be read{where}; unknown is not taken as empty")
        if self._video.cut_off and not stopped:
            found.append(f"the file is cut off at {at}: {self._video.cut_off}")
        return tuple(found)

    def _first_damage_ns(self) -> int | None:
        marks = [
            t for t, n in zip(self._memory.times_ns, self._memory.present, strict=True) if n < 0
        ][:1]
        if self._video.damaged_ns is not None:
            marks.append(self._video.damaged_ns)
        return min(marks, default=None)

    def _write(
        self,
        path: Path,
        times_ns: "array[int]",
        totals: FrameTotals,
        unfinished: tuple[str, ...],
    ) -> Analysed:
        counts: dict[str, object] = {
            **self._analytics.counts().to_json(),
            "frames": totals.to_json(),
            "model": self._model.info.name,
        }
        events = files.event_lines(self._events, times_ns)
        facts = ReportFacts(
            file=path.name.encode("utf-8", "replace").decode("utf-8"),
            size_wh=self._size_wh or (1, 1),
            codec=self._video.info.video.codec,
            model=self._model.info,
            window=self._job.window,
            frames=totals.to_json(),
            scene=self._job.scene,
            counts=self._analytics.counts(),
            events=sorted(self._events, key=lambda e: e.pts_ns),
            memory=self._memory,
            still_jpeg=_jpeg(self._still),
            unfinished=unfinished,
            warnings=tuple(self._warnings),
            made=self._job.made,
        )
        with self._output.guarded():
            files.write_text(self._output.draft(files.EVENTS), "".join(f"{e}\n" for e in events))
            intervals = "".join(f"{line}\n" for line in files.interval_lines(self._rows))
            files.write_text(self._output.draft(files.INTERVALS), intervals)
            files.write_text(self._output.draft(files.COUNTS), files.counts_text(counts))
            files.write_text(self._output.draft(files.REPORT), report_html(facts))
        self._output.publish()
        return Analysed(
            counts,
            totals,
            len(self._memory.lives),
            len(events),
            unfinished,
            tuple(self._warnings),
        )


def _gaps(times_ns: "array[int]", fps: float | None) -> list[str]:
    """One sentence if pictures stand unusually far apart: some containers lose them silently."""
    least_s = max(_GAP_S, 0.0 if fps is None else 3 / fps)
    steps_s = np.diff(np.asarray(times_ns)) / NS_PER_S
    wide = np.flatnonzero(steps_s > least_s)
    if not len(wide):
        return []
    first = int(wide[0])
    more = "" if len(wide) == 1 else f", and {len(wide) - 1} more such gaps"
    start_s, end_s = times_ns[first] / NS_PER_S, times_ns[first + 1] / NS_PER_S
    where = f"between {start_s:.2f} s and {end_s:.2f} s{more}"
    return [f"There is no picture {where}; what passed then is not counted."]


def _jpeg(picture: npt.NDArray[np.uint8] | None, width_max: int = 960) -> bytes:
    """A small JPEG for the report; empty where there is no picture."""
    if picture is None:
        return b""
    height, width = picture.shape[:2]
    if width > width_max:
        size = (width_max, max(1, round(height * width_max / width)))
        picture = cv2.resize(picture, size, interpolation=cv2.INTER_AREA).astype(np.uint8)
    _, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 80])
    return data.tobytes()
