"""Detections of a whole clip, made once and played to trackers as often as wanted."""

import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from its_camera_ai.analytics.offline.looks import Looks
from its_camera_ai.analytics.offline.window import Window
from its_camera_ai.core.detections import Detections
from its_camera_ai.core.errors import InputUnreadable
from its_camera_ai.core.time import NS_PER_S
from its_camera_ai.video.files import open_video
from its_camera_ai.vision.detector import DetectorModel


@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    """What a detector saw, one entry per picture in presentation order.

    Attributes:
        pts_ns: stream times. found: detections, boxes in pixels of ``size_wh``.
        numbers: 0-based numbers of the pictures in the clip, in decode order.
        took_s: wall time for decoding and detecting all of it.
        cpu_s: the same in processor time of all threads.
        complete: every picture was looked at.
    """

    pts_ns: Sequence[int]
    found: Sequence[Detections]
    size_wh: tuple[int, int]
    numbers: Sequence[int]
    took_s: float = 0.0
    cpu_s: float = 0.0
    complete: bool = True

    def __len__(self) -> int:
        return len(self.found)

    @property
    def fps(self) -> float:
        """Pictures per second at the beginning of the clip."""
        steps_ns = np.diff(np.asarray(self.pts_ns[:50]))
        return NS_PER_S / statistics.median(steps_ns.tolist()) if len(steps_ns) else 1.0

    @property
    def duration_s(self) -> float:
        return (self.pts_ns[-1] - self.pts_ns[0]) / NS_PER_S + 1 / self.fps if self.pts_ns else 0.0

    @property
    def widest_step(self) -> int:
        """In pictures; so many may follow the last one that was looked at."""
        return int(np.diff(np.asarray(self.numbers)).max(initial=1))

    def stride_of(self, rate: float) -> int:
        """Every n-th picture makes about this many looks per second; at least 1."""
        return max(1, round(self.fps / rate))


def record_video(
    path: Path, model: DetectorModel, *, workers: int, rate: float | None = None
) -> Recording:
    """Detect in the pictures of a file.

    Args:
        workers: detector threads for a network without memory.
        rate: about so many pictures per second are kept; None for all.

    Raises:
        InputUnreadable: no video in it, or not one picture.
    """
    began_s, began_cpu_s = time.perf_counter(), time.process_time()
    pts_ns, found, numbers, size_wh = [], [], [], (0, 0)
    with (
        open_video(path) as video,
        Looks(video, model, Window(fps=rate), workers=workers) as looks,
    ):
        for look in looks:
            if look.detections is not None:
                pts_ns.append(look.pts_ns)
                found.append(look.detections)
                numbers.append(look.number - 1)
                size_wh = look.size_wh
    if not found:
        raise InputUnreadable(f"{path}: not one picture of it can be decoded; record it again.")
    return Recording(
        pts_ns,
        found,
        size_wh,
        numbers,
        time.perf_counter() - began_s,
        time.process_time() - began_cpu_s,
        complete=rate is None,
    )
