"""Where exports are asked for, and their folders."""

from collections.abc import Callable

from its_camera_ai.bootstrap.recordings import hold_repository
from its_camera_ai.bootstrap.site import Site
from its_camera_ai.core.errors import StorageUnavailable
from its_camera_ai.core.exports import Sought
from its_camera_ai.ops.settings import Settings
from its_camera_ai.recorder.exporting.desk import ExportDesk
from its_camera_ai.recorder.exporting.folder import ExportFolder
from its_camera_ai.recorder.volumes.reserve import Reserve
from its_camera_ai.store.audit import AuditLog
from its_camera_ai.store.disk import RealDisk
from its_camera_ai.store.exports import ExportRepository
from its_camera_ai.store.segments import SegmentRepository


def export_desk(site: Site) -> ExportDesk:
    """Where exports are asked for."""
    segments = SegmentRepository(site.database)

    def check_finder(kind: Sought) -> None:
        # the runtimes weigh, and the server asks this rarely
        from its_camera_ai.bootstrap.models import chosen_model  # noqa: PLC0415
        from its_camera_ai.recorder.exporting.finders import check_available  # noqa: PLC0415

        check_available(kind, site.settings.models, chosen_model(site.settings))

    return ExportDesk(
        exports=ExportRepository(site.database),
        holds=hold_repository(site.settings, site.database),
        audit=AuditLog(site.database),
        clock=site.clock,
        folder=export_folders(site.settings),
        has_camera=lambda camera: bool(site.cameras.get(camera) or segments.find(camera, limit=1)),
        check_finder=check_finder,
    )


def export_folders(settings: Settings) -> Callable[[str], ExportFolder]:
    """Makes the folder of an export; where exports share the recordings' disk, they leave it the
    reserve."""
    disk, root, reserve = RealDisk(), settings.exports, Reserve.parse(settings.storage_reserve)

    def reserve_bytes() -> int:
        try:
            if root.stat().st_dev != settings.media.stat().st_dev:
                return 0
            return reserve.of(disk.space(settings.media).total_bytes, 0.0)
        except OSError as error:
            raise StorageUnavailable(
                f"The folder {settings.media} of the recordings can't be reached; mount its disk."
            ) from error

    return lambda export_id: ExportFolder(disk, root, export_id, reserve_bytes)
