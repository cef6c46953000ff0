"""Compares the files of recordings with the index, and both with the invariants of
``docs/design/recording.md``. Changes nothing, and is safe while cameras record.

Files and rows are read in the order of their paths, side by side, so that memory is bounded
however many there are. What only seems wrong, because something changed between reading the one
and the other, is looked at a second time before it is told.
"""

import sys
from collections.abc import Callable, Iterable, Iterator
from enum import IntEnum
from pathlib import Path

from its_camera_ai.core.disk import Disk, ReadableFile
from its_camera_ai.core.segments import Segment, SegmentState, Tier
from its_camera_ai.recorder.checking.findings import CheckReport, Finding, FindingKind, OnFinding
from its_camera_ai.recorder.checking.stream_order import StreamOrder
from its_camera_ai.recorder.files.media_tree import (
    NOT_A_FILE,
    Found,
    belongs_to,
    exists,
    in_the_making,
    is_draft,
    is_file,
    place_of,
    walk,
)
from its_camera_ai.recorder.files.segment_format import segment_of
from its_camera_ai.recorder.files.segment_reading import content_hash, read_description, read_seal
from its_camera_ai.store.segment_walks import IndexedFile, Link
from its_camera_ai.store.segments import SegmentRepository

BATCH = 500


class Depth(IntEnum):
    """How closely files are looked at: their names alone, what they say of themselves, or all of
    their content."""

    NAMES = 1
    HEADS = 2
    CONTENT = 3


def check(
    disk: Disk,
    root: Path,
    repository: SegmentRepository | None = None,
    *,
    depth: Depth = Depth.HEADS,
    camera_id: str = "",
    newer_than_wall_ns: int | None = None,
    on_finding: OnFinding = lambda finding: None,
    stopped: Callable[[], bool] = lambda: False,
) -> CheckReport:
    """Look at all recordings beneath a root.

    Args:
        repository: the index; without one the files are compared among themselves only.
        camera_id: only this camera's.
        newer_than_wall_ns: recordings that end later may have no row yet; by names alone that can't
            be told.
        on_finding: told of each finding, also beyond those that the report lists.
        stopped: asked between files; the report is then of what was seen so far.

    Raises:
        OSError: a folder can't be read.
        DatabaseUnavailable: the index can't be read.
    """
    newer_ns = sys.maxsize if newer_than_wall_ns is None else newer_than_wall_ns
    return _Check(disk, root, repository, depth, camera_id, newer_ns, on_finding, stopped).run()


class _Check:
    def __init__(
        self,
        disk: Disk,
        root: Path,
        repository: SegmentRepository | None,
        depth: Depth,
        camera_id: str,
        newer_than_ns: int,
        on_finding: OnFinding,
        stopped: Callable[[], bool],
    ) -> None:
        self._disk = disk
        self._root = root
        self._repository = repository
        self._depth = depth
        self._camera_id = camera_id
        self._on_finding = on_finding
        self._stopped = stopped
        self._newer_than_ns = newer_than_ns
        self._report = CheckReport()
        self._lonely_rows: list[IndexedFile] = []
        self._lonely_files: list[Finding] = []
        self._orders: dict[tuple[str, str], StreamOrder] = {}

    def run(self) -> CheckReport:
        below = f"{self._camera_id}/" if self._camera_id else ""
        rows: Iterator[IndexedFile] = iter(())
        if self._repository is not None:
            rows = self._counted(self._repository.by_path(below))
        row = next(rows, None)
        for found in walk(self._disk, self._root, below):
            if self._stopped():
                return self._report
            while row is not None and row.path < found.path:
                self._lonely_row(row)
                row = next(rows, None)
            if row is not None and row.path == found.path:
                self._look(found, row)
                row = next(rows, None)
            else:
                self._look(found, None)
        while row is not None:
            self._lonely_row(row)
            row = next(rows, None)
        self._tell_lonely_rows()
        self._tell_lonely_files()
        if self._repository is not None:
            self._compare_rows(self._repository)
        return self._report

    def _tell(self, finding: Finding) -> None:
        self._report.add(finding)
        self._on_finding(finding)

    def _counted(self, rows: Iterable[IndexedFile]) -> Iterator[IndexedFile]:
        for row in rows:
            self._report.rows += 1
            self._report.known_damaged += row.state == SegmentState.DAMAGED
            self._report.known_missing += row.state == SegmentState.MISSING
            yield row

    def _look(self, found: Found, row: IndexedFile | None) -> None:
        """One thing in the tree, with the row that tells of it."""
        path, row_id = found.path, row.id if row is not None else ""
        if not found.is_file:
            self._tell(Finding(FindingKind.NO_FILE, path, row_id))
        elif in_the_making(path) or is_draft(path):
            self._look_at_open(path)
        elif not path.isascii():  # no recording's name, and some can't even be asked for
            self._tell(Finding(FindingKind.FOREIGN_FILE, path))
        elif self._depth is Depth.NAMES:
            self._report.files += 1
            if row is None:
                self._lonely_file(Finding(FindingKind.FILE_WITHOUT_ROW, path))
            elif row.state == SegmentState.MISSING:
                self._tell(Finding(FindingKind.FILE_IS_BACK, path, row_id))
        else:
            self._look_inside(path, row)

    def _look_inside(self, path: str, row: IndexedFile | None) -> None:
        segment, finding = read_closed(self._disk, self._root, path, self._depth)
        if segment is not None:
            self._report.files += 1
            self._report.size_bytes += segment.size_bytes
        if finding is not None:
            if row is None:
                self._lonely_file(finding)
            elif row.state != SegmentState.DAMAGED:
                self._tell(Finding(finding.kind, path, row.id, finding.detail, segment))
        elif segment is None:
            if row is not None:  # vanished since its folder was read
                self._lonely_row(row)
        elif row is None:
            if self._repository is None:
                self._follow(_link(segment))
            else:
                self._lonely_file(Finding(FindingKind.FILE_WITHOUT_ROW, path, segment=segment))
        else:
            self._compare(row, segment)

    def _compare(self, row: IndexedFile, segment: Segment) -> None:
        kind, detail = None, ""
        if row.size_bytes != segment.size_bytes:
            kind, detail = FindingKind.SIZE_DIFFERS, f"{segment.size_bytes}, not {row.size_bytes}"
        elif row.id != segment.id:
            kind, detail = FindingKind.HASH_DIFFERS, f"it is {segment.id}"
        elif row.content_hash != segment.content_hash:
            kind = FindingKind.HASH_DIFFERS
        elif row.state == SegmentState.MISSING:
            kind = FindingKind.FILE_IS_BACK
        if kind is not None and row.state != SegmentState.DAMAGED:
            self._tell(Finding(kind, row.path, row.id, detail, segment))

    def _look_at_open(self, path: str) -> None:
        if self._depth is Depth.NAMES or self._is_locked(path):
            self._report.in_the_making += 1
            return
        if not self._exists(path):
            return  # closed meanwhile
        place = "" if is_draft(path) else self._place_of_open(path)
        if place and self._exists(place):
            self._tell(Finding(FindingKind.IN_BOTH_PLACES, path, detail=place))
        else:
            self._tell(Finding(FindingKind.LEFT_OPEN, path))

    def _is_locked(self, path: str) -> bool:
        try:
            self._disk.edit(self._root / path).close()
        except BlockingIOError:
            return True
        except OSError:
            return False
        return False

    def _place_of_open(self, path: str) -> str:
        try:
            file = self._disk.open_beneath(self._root, path)
        except OSError:
            return ""
        try:
            told = read_description(file)
        except OSError:
            return ""
        finally:
            file.close()
        return (
            "" if told is None else place_of(told.camera_id, told.role, told.start_wall_ns, told.id)
        )

    def _exists(self, path: str) -> bool:
        return exists(self._disk, self._root / path)

    def _lonely_row(self, row: IndexedFile) -> None:
        if row.state == SegmentState.MISSING:
            return
        self._lonely_rows.append(row)
        if len(self._lonely_rows) >= BATCH:
            self._tell_lonely_rows()

    def _tell_lonely_rows(self) -> None:
        """Rows whose file was not seen: unless it came, or the row went, in the meantime."""
        rows, self._lonely_rows = self._lonely_rows, []
        if self._repository is None:
            return
        rows = [row for row in rows if not is_file(self._disk, self._root, row.path)]
        still = self._repository.known([row.path for row in rows], garbage_too=False)
        for row in rows:
            if row.path in still:
                self._tell(Finding(FindingKind.ROW_WITHOUT_FILE, row.path, row.id))

    def _lonely_file(self, finding: Finding) -> None:
        if self._repository is None:
            self._tell(finding)
            return
        self._lonely_files.append(finding)
        if len(self._lonely_files) >= BATCH:
            self._tell_lonely_files()

    def _tell_lonely_files(self) -> None:
        """Files that no row tells of: unless one does by now, or they are garbage."""
        findings, self._lonely_files = self._lonely_files, []
        if self._repository is None:
            return
        paths = [finding.path for finding in findings]
        indexed = self._repository.known(paths, garbage_too=False)
        known = self._repository.known(paths)
        for finding in findings:
            if finding.path not in known and self._exists(finding.path):
                if _end_of(finding) > self._newer_than_ns:
                    self._report.newer += 1
                else:
                    self._tell(finding)
            self._report.waiting_garbage += finding.path in known - indexed

    def _compare_rows(self, repository: SegmentRepository) -> None:
        for path in repository.indexed_garbage():
            self._tell(Finding(FindingKind.GARBAGE_INDEXED, path))
        if self._depth is Depth.NAMES:
            return
        for camera_id, role in repository.streams():
            if self._camera_id not in ("", camera_id):
                continue
            order = StreamOrder()
            for link in repository.links(camera_id, role):
                if self._stopped():
                    return
                for finding in order.follow(link):
                    self._tell(finding)

    def _follow(self, link: Link) -> None:
        stream = tuple(link.path.split("/")[:2])
        order = self._orders.setdefault((stream[0], stream[-1]), StreamOrder())
        for finding in order.follow(link):
            self._tell(finding)


def _end_of(finding: Finding) -> int:
    if finding.kind is not FindingKind.FILE_WITHOUT_ROW or finding.segment is None:
        return 0
    return finding.segment.end_wall_ns


def read_closed(
    disk: Disk, root: Path, path: str, depth: Depth = Depth.HEADS
) -> tuple[Segment | None, Finding | None]:
    """What a closed file says of itself, and what is wrong with it. Neither: it is not there."""
    try:
        file = disk.open_beneath(root, path)
    except FileNotFoundError:
        return None, None
    except OSError as error:
        kind = FindingKind.NO_FILE if error.errno in NOT_A_FILE else FindingKind.READ_FAILED
        return None, Finding(kind, path, detail=error.strerror or "")
    try:
        return told_by(file, path, depth)
    finally:
        file.close()


def told_by(
    file: ReadableFile, path: str, depth: Depth = Depth.HEADS, tier: Tier = Tier.HOT
) -> tuple[Segment | None, Finding | None]:
    """What an open file says of itself, and what is wrong with it."""
    try:
        description, sealed = read_description(file), read_seal(file)
        if description is None:
            recording = path.endswith(".mp4") and path.count("/") == 3
            kind = FindingKind.UNREADABLE if recording else FindingKind.FOREIGN_FILE
            return None, Finding(kind, path)
        if not belongs_to(path, description):
            return None, Finding(FindingKind.LYING_NAME, path, detail=f"it is {description.id}")
        if sealed is None:
            return None, Finding(FindingKind.SEAL_MISSING, path)
        seal, digest = sealed
        size_bytes = file.size_bytes
        segment = segment_of(
            description, seal, path=path, size_bytes=size_bytes, content_hash=digest, tier=tier
        )
        if depth is Depth.CONTENT and content_hash(file) != digest:
            return segment, Finding(FindingKind.CONTENT_DIFFERS, path, segment=segment)
    except OSError as error:
        return None, Finding(FindingKind.READ_FAILED, path, detail=error.strerror or "")
    return segment, None


def _link(segment: Segment) -> Link:
    return Link(
        segment.id,
        segment.path,
        segment.start_wall_ns,
        segment.end_wall_ns,
        segment.content_hash,
        segment.previous_hash,
        segment.original_hash,
    )
