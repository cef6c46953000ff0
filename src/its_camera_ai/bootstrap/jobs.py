"""The jobs process."""

import time
from collections.abc import Mapping
from zoneinfo import ZoneInfo

from its_camera_ai.bootstrap.export_worker import export_worker
from its_camera_ai.bootstrap.recordings import media_of, retention_of
from its_camera_ai.bootstrap.site import Site, open_site
from its_camera_ai.bootstrap.volume import volume_of
from its_camera_ai.bus.local import LocalBus
from its_camera_ai.core.jobs import Job
from its_camera_ai.ops.job_runner import JobRunner
from its_camera_ai.ops.process_facts import ProcessFacts
from its_camera_ai.ops.settings import Settings, quiet_encoders
from its_camera_ai.recorder.checking.recovery import Recheck
from its_camera_ai.recorder.checking.scrub import Scrub
from its_camera_ai.recorder.keeping.compression import Compression
from its_camera_ai.recorder.keeping.compression_state import CompressionState
from its_camera_ai.recorder.keeping.garbage import Garbage, removers
from its_camera_ai.recorder.keeping.tier_mover import TierMover
from its_camera_ai.roles.harness import Heartbeat, stop_event
from its_camera_ai.roles.jobs import Jobs
from its_camera_ai.store.audit import AuditLog
from its_camera_ai.store.compression import CompressionRepository
from its_camera_ai.store.garbage import GarbageRepository
from its_camera_ai.store.job_runs import JobRunRepository
from its_camera_ai.store.moves import MoveRepository
from its_camera_ai.store.segments import SegmentRepository
from its_camera_ai.store.storage_policy import StoragePolicyRepository


def _zone(site: Site) -> ZoneInfo | None:
    """The site's time zone; None is the machine's own."""
    name = site.cameras.site().time_zone
    return ZoneInfo(name) if name else None


def upkeep(site: Site) -> list[Job]:
    """The jobs that keep recordings and their index sound."""
    settings, clock = site.settings, site.clock
    volume, media = volume_of(settings), media_of(settings, moves=True)
    segments, policies = SegmentRepository(site.database), StoragePolicyRepository(site.database)
    retention = retention_of(site)
    jobs: list[Job] = [
        TierMover(
            media,
            MoveRepository(site.database),
            segments,
            lambda: policies.get().tiers,
            clock=clock,
            sleep=time.sleep,
        ),
        Garbage(GarbageRepository(site.database), removers(volume, media, clock)),
        Recheck(volume, segments),
        retention.nightly(),
        retention.quotas(),
        Compression(
            CompressionRepository(site.database),
            media,
            CompressionState(volume.disk, settings.data_dir.absolute() / "compression.json"),
            lambda: policies.get().compression,
            clock,
            zone=_zone(site),
        ),
        Scrub(
            segments,
            media,
            clock=clock,
            wait=time.sleep,
            bytes_per_s=lambda: policies.get().scrub_bytes_per_s,
        ),
    ]
    return jobs


def run(settings: Settings, index: int, facts: ProcessFacts) -> None:
    quiet_encoders()
    stop = stop_event(tied_to_parent=True)
    site, bus = open_site(settings), LocalBus(settings.run)
    audit = AuditLog(site.database)

    def audited(name: str, figures: Mapping[str, float]) -> None:
        audit.append(
            actor="system",
            action=f"job.{name}",
            object="storage",
            detail=figures,
            wall_ns=site.clock.wall_ns(),
        )

    runner = JobRunner(
        upkeep(site),
        JobRunRepository(site.database),
        audited=audited,
        clock=site.clock,
        zone=lambda: _zone(site),
    )
    jobs = Jobs(runner, {"exports": export_worker(site, media_of(settings))})
    jobs.start()
    heartbeat = Heartbeat(
        "jobs", index, bus.status_sender(), jobs.status, clock=site.clock, facts=facts
    )
    stop.wait()
    jobs.close()
    heartbeat.close()
    site.close()
    bus.close()
