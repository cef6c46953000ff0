"""The vision process."""

from its_camera_ai.bootstrap.models import model_pool, model_registry
from its_camera_ai.bootstrap.site import make_folder, open_site
from its_camera_ai.bus.local import LocalBus
from its_camera_ai.core.cameras import Camera
from its_camera_ai.ops.process_facts import ProcessFacts
from its_camera_ai.ops.settings import Settings
from its_camera_ai.roles.camera_follower import CameraFollower, follow_cameras
from its_camera_ai.roles.harness import Heartbeat, stop_event
from its_camera_ai.roles.model_follower import ModelFollower
from its_camera_ai.roles.road_watch import LandmarkShelf
from its_camera_ai.roles.vision import Vision
from its_camera_ai.store.counters import TrackIdCounter
from its_camera_ai.store.disk import RealDisk
from its_camera_ai.vision.look_test import LookTester

TRACK_IDS_RESERVED = 1_000_000
"""Ids set aside for one run of one camera's tracker: years of traffic."""


def run(settings: Settings, index: int, facts: ProcessFacts) -> None:
    stop = stop_event(tied_to_parent=True)
    site, bus = open_site(settings), LocalBus(settings.run)
    counter = TrackIdCounter(site.database)
    follower = ModelFollower(model_registry(site), f"vision/{index}")
    mine: list[str] = []
    pool = model_pool(site, follower, lambda: mine)
    follower.follow(pool)
    landmarks = settings.data_dir.absolute() / "landmarks"
    make_folder(landmarks)
    vision = Vision(
        bus,
        pool,
        detector_threads=settings.detector_workers,
        batch_max=settings.batch_max,
        batch_wait_s=settings.batch_wait_ms / 1000,
        full_look_s=settings.full_look_s,
        object_min_px=settings.object_min_px,
        next_track_id=lambda camera_id: counter.reserve(camera_id, TRACK_IDS_RESERVED),
        clock=site.clock,
        landmarks=LandmarkShelf(RealDisk(), landmarks),
    )
    calls = bus.answer_calls("vision", index, LookTester(pool))
    heartbeat = Heartbeat(
        "vision", index, bus.status_sender(), vision.status, clock=site.clock, facts=facts
    )
    workers = settings.vision_workers

    def want(cameras: list[Camera]) -> None:
        watched = sorted((c for c in cameras if c.enabled and c.detect), key=lambda c: c.id)
        mine[:] = [camera.id for camera in watched[index::workers]]
        follower.watch([camera.id for camera in watched])
        vision.want(watched[index::workers])

    follow_cameras(CameraFollower(lambda: site.cameras, want), stop, tick=follower.poll)
    calls.close()
    vision.close()
    follower.close()
    heartbeat.close()
    site.close()
    bus.close()
