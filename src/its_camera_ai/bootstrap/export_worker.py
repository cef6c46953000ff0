"""What makes exports."""

import socket

from its_camera_ai import __version__
from its_camera_ai.bootstrap.exports import export_folders
from its_camera_ai.bootstrap.models import chosen_model, registered_models
from its_camera_ai.bootstrap.recordings import hold_repository
from its_camera_ai.bootstrap.site import Site
from its_camera_ai.core.exports import Sought
from its_camera_ai.ops.settings import parse_size
from its_camera_ai.recorder.exporting.evidence_key import EvidenceKey
from its_camera_ai.recorder.exporting.exporter import ExportParts, ExportWorker
from its_camera_ai.recorder.exporting.finders import FaceFinder, Finder, PersonFinder
from its_camera_ai.recorder.files.media import Media
from its_camera_ai.store.audit import AuditLog
from its_camera_ai.store.exports import ExportRepository
from its_camera_ai.store.segments import SegmentRepository


def export_worker(site: Site, media: Media) -> ExportWorker:
    """Makes exports; one in a site."""
    settings = site.settings
    holds = hold_repository(settings, site.database)

    def finder(kind: Sought, camera_id: str) -> Finder:
        if kind is Sought.FACES:
            return FaceFinder(settings.models)
        model = registered_models(site).load_source(
            chosen_model(settings), parse_size(settings.model_input)
        )
        return PersonFinder(model, camera_id)

    def camera_name(camera_id: str) -> str:
        camera = site.cameras.get(camera_id)
        return camera.name or camera_id if camera is not None else camera_id

    return ExportWorker(
        ExportParts(
            exports=ExportRepository(site.database),
            segments=SegmentRepository(site.database),
            media=media,
            folder=export_folders(settings),
            key=lambda: EvidenceKey.open(settings.data_dir.absolute()),
            holds=holds.active,
            camera_name=camera_name,
            finder=finder,
            audit=AuditLog(site.database),
            clock=site.clock,
            site=settings.site_name or socket.gethostname(),
            version=__version__,
        )
    )
