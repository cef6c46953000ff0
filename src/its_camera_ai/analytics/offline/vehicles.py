"""The vehicles of a video file, seen and followed, for a calibration from their sizes."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from its_camera_ai.analytics.calibration.vehicle_sightings import SeenVehicles
from its_camera_ai.analytics.offline.looks import STATEFUL_FAMILY, Look, Looks, refuse_nothing_seen
from its_camera_ai.analytics.offline.window import Window
from its_camera_ai.core.detections import ObjectClass
from its_camera_ai.core.errors import ConfigInvalid
from its_camera_ai.core.time import NS_PER_S
from its_camera_ai.core.tracks import FrameTracks, Unknown
from its_camera_ai.tracking.tracker import Tracker
from its_camera_ai.video.files import open_video
from its_camera_ai.vision.detector import DetectorModel

LOOKS_MAX = 20_000
"""Over thirteen minutes at 25 pictures per second: more tells nothing new and costs memory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """How to look at a file.

    Attributes:
        window: which pictures. workers: detector threads for a network without memory.
        stop: set from outside to end early and keep what was seen.
        progress: called with the stream time reached, in seconds.
    """

    window: Window = field(default_factory=Window)
    workers: int = 1
    stop: threading.Event = field(default_factory=threading.Event)
    progress: Callable[[float], None] = lambda _: None


@dataclass(frozen=True, slots=True, eq=False)
class WatchedVehicles:
    """What was seen.

    Attributes:
        size_wh: of the pictures. looks: how many of them.
        reached_s: stream time of the last one.
        unfinished: what is missing and why, one sentence each; empty if all went well.
    """

    seen: SeenVehicles
    size_wh: tuple[int, int]
    looks: int
    reached_s: float
    unfinished: tuple[str, ...] = ()


def watch_vehicles(path: Path, model: DetectorModel, watch: Watch) -> WatchedVehicles:
    """Detect and follow as an analysis of the file does, and keep the vehicles' boxes.

    It ends by itself after ``LOOKS_MAX`` looks.

    Raises:
        InputUnreadable: no video in it.
        ConfigInvalid: the model does not know cars, the window holds no picture, or the pictures
            change their size.
    """
    if model.info.family == STATEFUL_FAMILY or ObjectClass.CAR not in model.info.classes:
        raise ConfigInvalid(
            f"The model {model.info.name} does not tell cars from what else moves; choose a "
            "network with --model ('itscam models list')."
        )
    tracker = Tracker()
    frames: list[FrameTracks] = []
    with (
        open_video(path) as video,
        Looks(video, model, watch.window, workers=watch.workers, stop=watch.stop) as looks,
    ):
        for look in looks:
            if frames and look.size_wh != frames[0].size_wh:
                raise ConfigInvalid(_other_size(path, frames[0], look))
            tracks = _followed(tracker, look)
            if not frames or tracks is not frames[-1]:  # else time did not go on
                frames.append(tracks)
            watch.progress(look.pts_ns / NS_PER_S)
            if watch.stop.is_set() or len(frames) == LOOKS_MAX:
                break
        if not frames:
            if watch.stop.is_set():
                raise KeyboardInterrupt  # nothing was seen yet that could be used
            refuse_nothing_seen(path, looks.times_ns, watch.window)
        reached_s = frames[-1].pts_ns / NS_PER_S
        unfinished = []
        if watch.stop.is_set():
            unfinished.append(f"interrupted at {reached_s:.2f} s")
        elif video.cut_off:
            unfinished.append(f"the file is cut off at {reached_s:.2f} s: {video.cut_off}")
    return WatchedVehicles(
        SeenVehicles.of(frames), frames[0].size_wh, len(frames), reached_s, tuple(unfinished)
    )


def _followed(tracker: Tracker, look: Look) -> FrameTracks:
    if look.detections is None:
        return tracker.skip(look.pts_ns, look.pts_ns, look.size_wh, Unknown.DECODE_ERROR)
    return tracker.update(look.detections, look.pts_ns, look.pts_ns, look.size_wh)


def _other_size(path: Path, first: FrameTracks, look: Look) -> str:
    (old_w, old_h), (new_w, new_h) = first.size_wh, look.size_wh
    return (
        f"{path} changes from {old_w}x{old_h} to {new_w}x{new_h} pixels at "
        f"{look.pts_ns / NS_PER_S:.2f} s, and one calibration can't hold for both; use --start or "
        "--end."
    )
