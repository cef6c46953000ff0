"""The ingest process."""

import functools
import random

from its_camera_ai.bootstrap.site import camera_cache, open_site
from its_camera_ai.bootstrap.volume import expected_volume
from its_camera_ai.bus.local import LocalBus
from its_camera_ai.core.time import SystemClock
from its_camera_ai.ops.process_facts import ProcessFacts
from its_camera_ai.ops.settings import Settings
from its_camera_ai.recorder.volumes.followed_policy import FollowedPolicy
from its_camera_ai.recorder.volumes.reserve import Reserve
from its_camera_ai.recorder.writing.recording_storage import RecordingStorage
from its_camera_ai.roles.camera_follower import CameraFollower, follow_cameras
from its_camera_ai.roles.harness import Heartbeat, stop_event
from its_camera_ai.roles.ingest import Ingest
from its_camera_ai.store.disk import RealDisk
from its_camera_ai.store.segments import SegmentRepository
from its_camera_ai.store.storage_policy import StoragePolicyRepository


def run(settings: Settings, index: int, facts: ProcessFacts) -> None:
    stop = stop_event(tied_to_parent=True)
    bus, clock = LocalBus(settings.run), SystemClock()
    # law 1: the database may be dead, now or later; it is opened when it lets itself be opened
    opened = functools.cache(lambda: open_site(settings))
    policy = FollowedPolicy(
        RealDisk(),
        settings.data_dir.absolute() / "storage-policy.json",
        lambda: StoragePolicyRepository(opened().database),
    )
    storage = RecordingStorage(
        RealDisk(),
        settings.media,
        expected=expected_volume(settings),
        segments=lambda: SegmentRepository(opened().database),
        policy=policy,
        reserve=Reserve.parse(settings.storage_reserve),
        has_warm=bool(settings.warm_store),
        clock=clock,
    )
    ingest = Ingest(
        publisher=bus.packet_publisher(),
        segments=lambda: SegmentRepository(opened().database),
        storage=storage,
        segment_s=settings.segment_s,
        clock=clock,
        rng=random.Random(),  # noqa: S311  spreads reconnects, no secret
        words=bus.ingest_receiver(),
    )
    heartbeat = Heartbeat(
        "ingest", index, bus.status_sender(), ingest.status, clock=clock, facts=facts
    )
    cache = camera_cache(settings)
    follower = CameraFollower(
        lambda: opened().cameras, ingest.want, cache=cache, be_at=ingest.be_at
    )
    follow_cameras(follower, stop, tick=policy.poll)
    ingest.close()
    heartbeat.close()
    bus.close()
