"""Makes the parts of an export: from recordings to files with their entries in the manifest."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from its_camera_ai.core.errors import UserError
from its_camera_ai.core.exports import Damaged, ExportRequest, Sought
from its_camera_ai.core.segments import Segment
from its_camera_ai.core.time import NS_PER_MS, NS_PER_S
from its_camera_ai.recorder.exporting.clips import ClipPlan, plan_clip
from its_camera_ai.recorder.exporting.coding import SampleReader
from its_camera_ai.recorder.exporting.finders import Finder
from its_camera_ai.recorder.exporting.folder import ExportFolder, PartRecord
from its_camera_ai.recorder.exporting.manifest import FileEntry, SourceEntry, exact_utc
from its_camera_ai.recorder.exporting.mp4 import Opener
from its_camera_ai.recorder.exporting.pictures import Lapse, Recoder, recode_span
from its_camera_ai.recorder.exporting.plan import Span, runs
from its_camera_ai.recorder.exporting.recoded import LapseFile, coded_plan
from its_camera_ai.recorder.exporting.source import (
    Source,
    SourceUnusable,
    Verification,
    read_source,
)
from its_camera_ai.recorder.exporting.timeline import timeline
from its_camera_ai.recorder.files.media import Media

READING_SHARE = 0.3
"""Of a part's progress: reading and hashing, before writing."""
_SPOOL = "pictures"

Report = Callable[[float], None]
"""Takes how much of a part is done, 0–1; raises to stop. Called often."""


class ExportImpossible(UserError):
    """This export can't be made, and waiting does not help."""


@dataclass(frozen=True, slots=True)
class PartMaker:
    """Makes the parts of one camera.

    Every call may raise ``StorageUnavailable`` (no room, or a tier that can't be reached),
    ``ExportImpossible`` and ``OSError``.

    Attributes:
        camera: its id, and its name to burn in.
        finders: what is sought in pictures.
        taken: names that other files of the export have; grows.
    """

    request: ExportRequest
    camera: tuple[str, str]
    folder: ExportFolder
    media: Media
    finders: Mapping[Sought, Finder]
    taken: set[str]

    @property
    def asked(self) -> Span:
        return Span(self.request.since_wall_ns, self.request.until_wall_ns)

    def span_part(self, segments: Sequence[Segment], report: Report) -> PartRecord:
        """The files of neighbouring recordings, at their own speed."""
        sources, entries = self._read(segments, lambda share: report(share * READING_SHARE))
        files: list[FileEntry] = []
        covered: list[tuple[int, int]] = []
        total = sum(source.segment.size_bytes for source in sources if source is not None) or 1
        done = 0
        for run in runs(sources):
            size = sum(source.segment.size_bytes for source in run)

            def inner(share: float, done: int = done, size: int = size) -> None:
                report(READING_SHARE + (1 - READING_SHARE) * (done + share * size) / total)

            made = self._run(run, inner)
            done += size
            if made is not None:
                files.append(made[0])
                covered += _covered(run, *made[1])
        return PartRecord(tuple(files), tuple(entries), tuple(covered))

    def lapse_part(self, segments: Sequence[Segment], report: Report) -> PartRecord:
        """The time-lapse of all recordings: one file, or more where the picture's size changes."""
        assert self.request.speed is not None  # noqa: S101  whoever calls this looked
        lapse = Lapse(self.asked, self.request.speed)
        entries: list[SourceEntry] = []
        files: list[FileEntry] = []
        open_file: LapseFile | None = None
        for segment in segments:
            share = (segment.start_wall_ns - self.asked.since_ns) / self.asked.length_ns
            check = _Fixed(report, min(1.0, max(0.0, share)))
            check()
            if segment.end_wall_ns <= lapse.next_ns:
                entries.append(_entry(segment, Verification.UNREAD))
                continue
            sources, told = self._read([segment], check)
            entries += told
            source = sources[0]
            if source is None:
                continue
            size = (segment.width, segment.height)
            if open_file is not None and open_file.size_wh != size:
                files += self._end_lapse(open_file, report)
                open_file = None
            if open_file is None:
                spool = self.folder.create(_SPOOL)
                recoder = Recoder(self.request, self.camera, self.finders, spool)
                open_file = LapseFile(recoder, spool, size)
            line = timeline([source])
            reader = self._reader([source], check)
            open_file.errors += lapse.run(line, reader, segment.codec, open_file.recoder)
            reader.close()
        if open_file is not None:
            files += self._end_lapse(open_file, report)
        lost = {entry.id for entry in entries if not (entry.used or entry.detail == "")}
        covered = [(s.start_wall_ns, s.end_wall_ns) for s in segments if s.id not in lost]
        return PartRecord(tuple(files), tuple(entries), tuple(covered))

    def _end_lapse(self, lapse_file: LapseFile, report: Report) -> list[FileEntry]:
        plan = lapse_file.plan(self.request, lambda: self.folder.open(_SPOOL))
        written = [] if plan is None else [self._write(plan, lambda share: report(1.0))]
        self.folder.drop(_SPOOL)
        return written

    def _read(
        self, segments: Sequence[Segment], report: Report
    ) -> tuple[list[Source | None], list[SourceEntry]]:
        """Hash and index; what is not sound is told and left out, or stops the export."""
        sources: list[Source | None] = []
        entries: list[SourceEntry] = []
        for number, segment in enumerate(segments):
            check = _Fixed(report, number / len(segments))
            try:
                source = read_source(self.media, segment, check)
            except SourceUnusable as finding:
                if self.request.damaged is Damaged.FAIL:
                    raise ExportImpossible(
                        f"The recording {segment.path} can't be used: {finding.detail}. Export "
                        "again without asking for failure; it is then left out and named."
                    ) from None
                sources.append(None)
                entries.append(_entry(segment, finding.verification, detail=finding.detail))
            else:
                sources.append(source)
                entries.append(_entry(segment, source.verification, used=True))
        return sources, entries

    def _run(self, run: list[Source], report: Report) -> tuple[FileEntry, tuple[int, int]] | None:
        if not self.request.coded_anew:
            plan = plan_clip(
                run,
                self._openers(run),
                self.asked,
                lambda: report(0.0),
                exact=self.request.exact,
                sound=self.request.with_sound,
            )
            entry = None if plan is None else self._write(plan, report)
        else:
            plan, entry = self._recoded(run, report)
        if plan is None or entry is None:
            return None
        return entry, (plan.clip.first_wall_ns, plan.clip.end_wall_ns)

    def _recoded(
        self, run: list[Source], report: Report
    ) -> tuple[ClipPlan | None, FileEntry | None]:
        line = timeline(run)
        spool = self.folder.create(_SPOOL)
        recoder = Recoder(self.request, self.camera, self.finders, spool)
        wanted = max(1, len(line.video.samples))
        count = 0

        def step() -> None:
            nonlocal count
            count += 1
            report(min(0.95, 0.95 * count / wanted))

        reader = self._reader(run, step)
        try:
            errors = recode_span(line, self.asked, reader, run[0].segment.codec, recoder)
            recoder.close()
        finally:
            reader.close()
            spool.close()
        openers = [*self._openers(run), lambda: self.folder.open(_SPOOL)]
        plan = coded_plan(self.request, recoder, line, openers, errors)
        entry = None
        if plan is not None:
            entry = self._write(plan, lambda share: report(0.95 + 0.05 * share))
        self.folder.drop(_SPOOL)
        return plan, entry

    def _openers(self, sources: Sequence[Source]) -> list[Opener]:
        return [_opener(self.media, source.segment) for source in sources]

    def _reader(self, sources: Sequence[Source], check: Callable[[], None]) -> SampleReader:
        return SampleReader(self._openers(sources), check)

    def _write(self, plan: ClipPlan, report: Report) -> FileEntry:
        clip = plan.clip
        name = self._name(clip.first_wall_ns)
        draft = f"{name}.part"
        expected = plan.size_bytes
        self.folder.make_room_for(expected)
        file = self.folder.create(draft)
        try:
            plan.write(file, lambda size: report(min(1.0, file.size_bytes / expected)))
            file.close()
        except BaseException:  # also what stops it: nothing half made stays
            file.close()
            with suppress(OSError):
                self.folder.drop(draft)
            raise
        self.folder.publish(draft, name)
        return FileEntry(
            name=name,
            size_bytes=file.size_bytes,
            sha256=file.sha256,
            camera=self.camera[0],
            first_picture=exact_utc(clip.first_wall_ns),
            last_picture=exact_utc(clip.last_wall_ns),
            first_wall_ns=clip.first_wall_ns,
            last_wall_ns=clip.last_wall_ns,
            pictures=clip.frames,
            codec=clip.codec,
            width=clip.size_wh[0],
            height=clip.size_wh[1],
            sound=clip.has_sound,
            treatment=clip.treatment,
            remarks=clip.remarks,
        )

    def _name(self, wall_ns: int) -> str:
        """Camera and start in UTC; a number tells apart what begins at the same millisecond."""
        moment = datetime.fromtimestamp(wall_ns // NS_PER_S, tz=UTC)
        milliseconds = wall_ns % NS_PER_S // NS_PER_MS
        speed = f"_x{self.request.speed}" if self.request.speed is not None else ""
        start = f"{moment:%Y-%m-%dT%H-%M-%S}-{milliseconds:03d}Z"
        stem = f"{self.camera[0]}_{start}{speed}"
        name, number = f"{stem}.mp4", 1
        while name in self.taken:
            number += 1
            name = f"{stem}_{number}.mp4"
        self.taken.add(name)
        return name


@dataclass(frozen=True, slots=True)
class _Fixed:
    """Reports one and the same share; there only to be stopped by."""

    report: Report
    share: float

    def __call__(self, share: float = 0.0) -> None:
        self.report(self.share)


def _covered(run: Sequence[Source], begin_ns: int, end_ns: int) -> list[tuple[int, int]]:
    """What of a file's time recordings cover: within it a picture may stand for up to 2 s."""
    spans = (
        (max(s.segment.start_wall_ns, begin_ns), min(s.segment.end_wall_ns, end_ns)) for s in run
    )
    return [(since, until) for since, until in spans if until > since]


def _opener(media: Media, segment: Segment) -> Opener:
    return lambda: media.open(segment)


def _entry(
    segment: Segment, verification: Verification, *, used: bool = False, detail: str = ""
) -> SourceEntry:
    return SourceEntry(
        id=segment.id,
        path=segment.path,
        start=exact_utc(segment.start_wall_ns),
        start_wall_ns=segment.start_wall_ns,
        start_pts_ns=segment.start_pts_ns,
        generation=segment.generation,
        duration_ns=segment.duration_ns,
        size_bytes=segment.size_bytes,
        content_hash=segment.content_hash,
        previous_hash=segment.previous_hash,
        original_hash=segment.original_hash,
        verification=str(verification),
        used=used,
        detail=detail,
    )
