"""The worker that makes exports, one at a time."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import structlog

from its_camera_ai.core.errors import (
    DatabaseUnavailable,
    ItscamError,
    RetryableError,
    StorageUnavailable,
)
from its_camera_ai.core.exports import Export, ExportRequest, ExportState
from its_camera_ai.core.holds import Hold
from its_camera_ai.core.media import StreamRole
from its_camera_ai.core.segments import Segment
from its_camera_ai.core.time import NS_PER_S, Clock
from its_camera_ai.recorder.exporting.evidence import Bundle, MadeCamera, seal_bundle
from its_camera_ai.recorder.exporting.evidence_key import EvidenceKey
from its_camera_ai.recorder.exporting.folder import ExportFolder, PartRecord, translated
from its_camera_ai.recorder.exporting.parts import ExportImpossible, PartMaker
from its_camera_ai.recorder.exporting.pictures import FinderMaker
from its_camera_ai.recorder.exporting.plan import PART_BYTES_MAX, PART_NS_MAX, groups
from its_camera_ai.recorder.files.media import Media
from its_camera_ai.store.audit import AuditLog
from its_camera_ai.store.exports import ExportRepository
from its_camera_ai.store.segments import SegmentRepository

log = structlog.get_logger(__name__)

SOURCES_MAX = 200_000
"""Recordings in one export; its manifest names each."""
REPORT_S = 0.5
IDLE_S = 0.5
WAIT_S = 30.0
"""An export that lacks room, or a tier, is tried again after so long;"""
WAIT_S_MAX = 86_400.0
"""and given up so long after it was asked for."""
_PAGE = 5000


class _Cancelled(Exception):
    pass


class _Stopped(Exception):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportParts:
    """What the worker works with.

    Attributes:
        folder: makes the folder of an export by its id.
        key: opens the site's key for signing; made at its first use.
        holds: active holds of a camera in a span of wall time.
        camera_name: the name of a camera by its id.
        finder: makes what masks are found by.
        site: the name of the site in manifests; ``version``: of the program.
    """

    exports: ExportRepository
    segments: SegmentRepository
    media: Media
    folder: Callable[[str], ExportFolder]
    key: Callable[[], EvidenceKey]
    holds: Callable[[str, int, int], Sequence[Hold]]
    camera_name: Callable[[str], str]
    finder: FinderMaker
    audit: AuditLog
    clock: Clock
    site: str
    version: str


class ExportWorker:
    """Takes exports as they come; only one worker of a site may run.

    A worker that is stopped or killed leaves an export ``running``; the next one goes on after the
    last part that was finished.
    """

    def __init__(self, parts: ExportParts, *, pause: Callable[[float], None] = time.sleep) -> None:
        self._parts = parts
        self._pause = pause

    def run(self, stopped: Callable[[], bool]) -> None:
        """Work until told to stop; notices within a second."""
        self._tidy()
        while not stopped():
            try:
                worked = self.work_once(stopped)
            except RetryableError as error:  # the database, or the disk that it lies on
                log.warning("exports wait for the database", reason=str(error))
                worked = False
            if not worked:
                self._pause(IDLE_S)

    def _tidy(self) -> None:
        """Remove what a worker that was killed right after the end of its work left in folders."""
        try:
            for export in self._parts.exports.find():
                if export.state is ExportState.DONE:
                    self._parts.folder(export.id).tidy()
        except RetryableError as error:
            log.warning("exports wait for the database", reason=str(error))

    def work_once(self, stopped: Callable[[], bool]) -> bool:
        """Work on the next export, if there is one.

        Raises:
            DatabaseUnavailable: nothing was lost; call again.
        """
        now_ns = self._parts.clock.wall_ns()
        export = self._parts.exports.claim(now_ns, now_ns - round(WAIT_S * NS_PER_S))
        if export is None:
            return False
        self._work(export, _Progress(export, self._parts, stopped))
        return True

    def _work(self, export: Export, progress: "_Progress") -> None:
        parts = self._parts
        folder = parts.folder(export.id)
        try:
            progress.report(0.0)
            _Making(export, parts, folder, progress).run()
        except _Stopped:
            return
        except _Cancelled:
            self._end(export, folder, ExportState.CANCELLED, "")
        except DatabaseUnavailable:
            raise
        except StorageUnavailable as error:
            self._wait(export, folder, str(error))
        except ItscamError as error:
            self._end(export, folder, ExportState.FAILED, str(error))
        except OSError as error:
            found = translated(error)
            if isinstance(found, StorageUnavailable):
                self._wait(export, folder, str(found))
            else:
                text = (
                    f"The disk failed ({error.strerror or 'error'}): check it, then export again."
                )
                self._end(export, folder, ExportState.FAILED, text)
        except Exception:  # the next export must not suffer from this one
            log.exception("export failed", export=export.id)
            text = "The program could not make it; the log holds the reason. Please report it."
            self._end(export, folder, ExportState.FAILED, text)

    def _wait(self, export: Export, folder: ExportFolder, problem: str) -> None:
        now_ns = self._parts.clock.wall_ns()
        if now_ns - export.created_wall_ns > WAIT_S_MAX * NS_PER_S:
            self._end(export, folder, ExportState.FAILED, f"Given up after a day. {problem}")
            return
        log.warning("export waits", export=export.id, reason=problem)
        self._parts.exports.wait(export.id, problem, now_ns)

    def _end(self, export: Export, folder: ExportFolder, state: ExportState, problem: str) -> None:
        try:
            folder.remove()
        except OSError as error:
            problem += f" Its files could not be removed ({error.strerror}): remove {folder.path}."
        self._parts.exports.end(export.id, state, problem, self._parts.clock.wall_ns())
        log.info("export ended", export=export.id, state=str(state), problem=problem)


class _Progress:
    """Tells the database how far an export is, and hears whether it is to stop; at most twice a
    second."""

    def __init__(self, export: Export, parts: ExportParts, stopped: Callable[[], bool]) -> None:
        self._export = export
        self._parts = parts
        self._stopped = stopped
        self._told_ns = -(10**18)
        self._size_bytes = 0

    def made(self, size_bytes: int) -> None:
        self._size_bytes += size_bytes

    def report(self, share: float) -> None:
        if self._stopped():
            raise _Stopped
        now_ns = self._parts.clock.monotonic_ns()
        if now_ns - self._told_ns < REPORT_S * NS_PER_S:
            return
        self._told_ns = now_ns
        wall_ns = self._parts.clock.wall_ns()
        try:
            go_on = self._parts.exports.progress(
                self._export.id, min(share, 0.999), self._size_bytes, wall_ns
            )
        except (DatabaseUnavailable, StorageUnavailable) as error:
            log.warning("export's progress not stored", export=self._export.id, reason=str(error))
            return
        if not go_on:
            raise _Cancelled


@dataclass(slots=True)
class _Making:
    """One export from its request to its seal."""

    export: Export
    parts: ExportParts
    folder: ExportFolder
    progress: _Progress

    def run(self) -> None:
        request = self.export.request
        self.folder.prepare()
        plans = {
            camera: self.folder.plan(camera, partial(self._recordings, camera))
            for camera in request.cameras
        }
        if sum(map(len, plans.values())) > SOURCES_MAX:
            raise ExportImpossible(
                f"The span has more than {SOURCES_MAX} recordings; export a shorter one, or fewer "
                "cameras at a time."
            )
        if not any(plans.values()):
            raise ExportImpossible(
                "There are no recordings of these cameras in the span; choose another one."
            )
        self._check_room(plans)
        total = sum(s.size_bytes for plan in plans.values() for s in plan) or 1
        done = 0
        made = []
        for camera, plan in plans.items():
            size = sum(s.size_bytes for s in plan)
            made.append(self._camera(camera, plan, done / total, size / total))
            done += size
        if not any(camera.files for camera in made):
            raise ExportImpossible(
                "No recording of the span could be used: all are damaged, gone or in an archive. "
                "'itscam storage verify' tells more."
            )
        self._seal(made)

    def _recordings(self, camera_id: str) -> list[Segment]:
        """By start; without what only the index needs."""
        request = self.export.request
        found: dict[str, Segment] = {}
        since = request.since_wall_ns
        while len(found) <= SOURCES_MAX:
            page = self.parts.segments.find(
                camera_id, StreamRole.MAIN, since, request.until_wall_ns, _PAGE
            )
            fresh = [s for s in page if s.id not in found]
            found |= {s.id: replace(s, activity=None) for s in fresh}
            if len(page) < _PAGE or not fresh:
                break
            since = page[-1].end_wall_ns - 1
        return sorted(found.values(), key=lambda s: (s.start_wall_ns, s.id))

    def _check_room(self, plans: dict[str, list[Segment]]) -> None:
        """Coding anew at most halves in doubt, so a copy's size is the estimate for all but
        time-lapses."""
        if self.export.request.speed is None:
            wanted = sum(self._share(s) for plan in plans.values() for s in plan)
            self.folder.make_room_for(max(0, wanted - self.folder.size_bytes()))

    def _share(self, segment: Segment) -> int:
        """Bytes of the part of a recording that lies in the span."""
        request = self.export.request
        inside = min(segment.end_wall_ns, request.until_wall_ns) - max(
            segment.start_wall_ns, request.since_wall_ns
        )
        return segment.size_bytes * max(0, inside) // max(1, segment.duration_ns)

    def _camera(
        self, camera_id: str, plan: list[Segment], begin: float, length: float
    ) -> MadeCamera:
        request = self.export.request
        name = self.parts.camera_name(camera_id)
        finders = {kind: self.parts.finder(kind, camera_id) for kind in request.sought}
        taken: set[str] = set()
        maker = PartMaker(request, (camera_id, name), self.folder, self.parts.media, finders, taken)
        work = _work(request, plan)
        total = sum(s.size_bytes for group in work for s in group) or 1
        done = 0
        records: list[PartRecord] = []
        for number, group in enumerate(work):
            size = sum(s.size_bytes for s in group)
            start = begin + length * done / total

            def report(share: float, start: float = start, size: int = size) -> None:
                self.progress.report(start + length * size / total * share)

            make = maker.span_part if request.speed is None else maker.lapse_part
            record = self.folder.part(camera_id, number, partial(make, group, report))
            records.append(record)
            taken |= {file.name for file in record.files}
            self.progress.made(sum(file.size_bytes for file in record.files))
            done += size
        return MadeCamera(camera_id, name, records)

    def _seal(self, made: Sequence[MadeCamera]) -> None:
        parts, request = self.parts, self.export.request
        key = parts.key()
        now_ns = parts.clock.wall_ns()
        holds = {
            hold.id: hold
            for camera in request.cameras
            for hold in parts.holds(camera, request.since_wall_ns, request.until_wall_ns)
        }
        bundle = Bundle(self.export, parts.site, parts.version, made, list(holds.values()), now_ns)
        # a worker that died between a file and its record may have left one that is not made again
        self.folder.keep_only({file.name for camera in made for file in camera.files})
        linked = [camera.camera_id for camera in made if camera.files]
        parts.exports.finish(
            self.export.id,
            linked,
            lambda links: seal_bundle(bundle, self.folder, key, links),
            now_ns,
        )
        self.folder.tidy()
        done = parts.exports.get(self.export.id)
        parts.audit.append(
            actor="system",
            action="export_finished",
            object=f"export/{self.export.id}",
            detail={"manifest": done.manifest_hash if done else "", "cameras": linked},
            wall_ns=now_ns,
        )
        log.info("export done", export=self.export.id, cameras=len(linked))


def _work(request: ExportRequest, plan: list[Segment]) -> list[list[Segment]]:
    if request.speed is not None:
        return [plan] if plan else []
    return groups(
        plan,
        bytes_max=PART_BYTES_MAX,
        span_ns_max=PART_NS_MAX if request.coded_anew else None,
    )
