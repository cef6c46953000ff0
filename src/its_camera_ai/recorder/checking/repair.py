"""What is done about the findings of a check. Nothing is deleted, and nothing that a file says is
changed: rows are brought in step, and what is no recording is put aside."""

from dataclasses import dataclass

import structlog

from its_camera_ai.core.segments import Segment, SegmentState
from its_camera_ai.recorder.checking.check import read_closed
from its_camera_ai.recorder.checking.closing import close_left, newest_hash
from its_camera_ai.recorder.checking.findings import Finding, FindingKind
from its_camera_ai.recorder.checking.quarantine import quarantine
from its_camera_ai.recorder.files.media_tree import exists, in_the_making, is_draft, is_file
from its_camera_ai.recorder.files.segment_file import unavailable
from its_camera_ai.recorder.volumes.volume import Volume
from its_camera_ai.store.segments import SegmentRepository

log = structlog.get_logger(__name__)

BATCH = 500
_KIND = FindingKind


@dataclass(slots=True)
class Repaired:
    """What was done, and what is left for people."""

    indexed: int = 0
    closed: int = 0
    quarantined: int = 0
    marked_missing: int = 0
    marked_damaged: int = 0
    marked_good: int = 0
    left: int = 0


class Repairs:
    """Takes findings one by one, for ``check``'s ``on_finding``; ``finish`` does what still waits.

    Rows become ``missing`` only while the volume is the one that is wanted.
    """

    def __init__(self, volume: Volume, repository: SegmentRepository) -> None:
        self._volume = volume
        self._repository = repository
        self._found: list[Segment] = []
        self._missing: list[Finding] = []
        self.done = Repaired()

    def take(self, finding: Finding) -> None:
        """Do what a finding asks for, now or soon.

        Raises:
            StorageUnavailable: the volume is not the one that is wanted.
            DatabaseUnavailable: the index can't be changed.
        """
        try:
            self._act(finding)
        except OSError as error:
            self.done.left += 1
            log.warning("could not be repaired", path=finding.path, problem=error.strerror)

    def _act(self, finding: Finding) -> None:
        match finding.kind:
            case _KIND.FILE_WITHOUT_ROW:
                self._index(finding)
            case _KIND.FILE_IS_BACK:
                self._take_back(finding)
            case _KIND.ROW_WITHOUT_FILE:
                self._missing.append(finding)
            case _KIND.SEAL_MISSING | _KIND.LEFT_OPEN if not finding.segment_id:
                self._close(finding)
            case _KIND.UNREADABLE if finding.segment_id:
                self._doubt(finding)
            case _KIND.UNREADABLE | _KIND.FOREIGN_FILE | _KIND.LYING_NAME | _KIND.IN_BOTH_PLACES:
                self._put_aside(finding)
            case (
                _KIND.SIZE_DIFFERS
                | _KIND.HASH_DIFFERS
                | _KIND.CONTENT_DIFFERS
                | _KIND.SEAL_MISSING
                | _KIND.READ_FAILED
            ):
                self._doubt(finding)
            case _KIND.NO_FILE:
                self.done.left += 1  # a link may be someone's way to another disk
                if finding.segment_id:
                    self._missing.append(finding)
            case _:
                self.done.left += 1
        if len(self._found) >= BATCH or len(self._missing) >= BATCH:
            self.finish()

    def _index(self, finding: Finding) -> None:
        segment, problem = finding.segment, None
        if segment is None:
            segment, problem = read_closed(self._volume.disk, self._volume.root, finding.path)
        if problem is not None:
            self._act(problem)
        elif segment is not None:
            self._found.append(segment)

    def _take_back(self, finding: Finding) -> None:
        row = self._repository.get(finding.segment_id)
        segment, _ = read_closed(self._volume.disk, self._volume.root, finding.path)
        if row is None:
            return
        if segment is None or segment.content_hash != row.content_hash:
            self._doubt(finding)
        else:
            self._mark(row.id, segment.state)
            self.done.marked_good += 1

    def _close(self, finding: Finding) -> None:
        path = self._volume.root / finding.path
        if is_draft(finding.path):
            self._put_aside(finding)
            return
        before = ""
        if in_the_making(finding.path):
            before = newest_hash(self._volume.disk, path.parents[1])
        segment = close_left(self._volume, path, before)
        if segment is not None:
            self.done.closed += 1
            self._found.append(segment)
            self.finish()  # the walk will come by its place
        elif not exists(self._volume.disk, path):
            self.done.quarantined += 1

    def _put_aside(self, finding: Finding) -> None:
        self._volume.check()
        quarantine(self._volume, self._volume.root / finding.path)
        self.done.quarantined += 1
        if finding.segment_id:
            self._missing.append(finding)

    def _doubt(self, finding: Finding) -> None:
        if finding.segment_id:
            self._mark(finding.segment_id, SegmentState.DAMAGED)
            self.done.marked_damaged += 1
        else:
            self.done.left += 1

    def _mark(self, segment_id: str, state: SegmentState) -> None:
        self._repository.mark([segment_id], state)

    def finish(self) -> Repaired:
        """Write what waits.

        Raises:
            StorageUnavailable: the volume is not the one that is wanted; no row was changed.
            DatabaseUnavailable: the index can't be changed.
        """
        found, self._found = self._found, []
        missing, self._missing = self._missing, []
        if not found and not missing:
            return self.done
        # first these: files that were found may be of rows that had another path
        gone = [finding.segment_id for finding in missing if not self._is_there(finding.path)]
        self._volume.check()  # after the look: an unmounted disk is not a thousand lost files
        self._repository.mark(gone, SegmentState.MISSING)
        self.done.marked_missing += len(gone)
        indexed = len(self._repository.adopt(found))
        self.done.indexed += indexed
        self.done.left += len(found) - indexed  # copies, or garbage by now
        return self.done

    def _is_there(self, path: str) -> bool:
        try:
            return is_file(self._volume.disk, self._volume.root, path)
        except OSError as error:
            raise unavailable(self._volume.root, error) from error
