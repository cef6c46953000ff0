"""Checks the recordings, and mends what can be mended."""

from collections.abc import Callable
from dataclasses import dataclass

from its_camera_ai.recorder.checking.check import Depth, check
from its_camera_ai.recorder.checking.findings import CheckReport, Finding
from its_camera_ai.recorder.checking.repair import Repaired, Repairs
from its_camera_ai.recorder.files.segment_file import unavailable
from its_camera_ai.recorder.volumes.volume import Volume
from its_camera_ai.store.segments import SegmentRepository


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found, and what was done about it (None: nothing was asked for)."""

    report: CheckReport
    repaired: Repaired | None


def fsck(
    volume: Volume,
    repository: SegmentRepository,
    *,
    repair: bool = False,
    depth: Depth = Depth.HEADS,
    newer_than_wall_ns: int | None = None,
    on_finding: Callable[[Finding], None] = lambda finding: None,
    stopped: Callable[[], bool] = lambda: False,
) -> Checked:
    """Look at all recordings of the volume that is recorded to. Safe while cameras record.

    Args:
        repair: index what is not indexed, close what is left open, put aside what is no recording,
            and mark rows whose file is gone or damaged. Nothing is deleted.
        newer_than_wall_ns: see ``check``.

    Raises:
        StorageUnavailable: the volume can't be read, or is not the one that is wanted.
        DatabaseUnavailable: the index can't be read or changed.
    """
    volume.check()
    repairs = Repairs(volume, repository)

    def take(finding: Finding) -> None:
        on_finding(finding)
        if repair:
            repairs.take(finding)

    try:
        report = check(
            volume.disk,
            volume.root,
            repository,
            depth=depth,
            newer_than_wall_ns=newer_than_wall_ns,
            on_finding=take,
            stopped=stopped,
        )
    except OSError as error:
        raise unavailable(volume.root, error) from error
    return Checked(report, repairs.finish() if repair else None)
