"""What recording modes cost where nothing is gained by them: per packet in the gate of a camera
that records everything, and per picture in vision, which notes what moved.

The peer of the gate is the same sink without one; the named limit of a picture's note is 20 µs.

    python bench/recording_modes.py
"""

import json
import platform
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from its_camera_ai.core.media import MediaKind, Packet, StreamInfo, StreamRole, TrackInfo
from its_camera_ai.core.recording import RecordingMode, RecordingPlan
from its_camera_ai.core.site_facts import SiteFacts
from its_camera_ai.core.time import NS_PER_MS, NS_PER_S
from its_camera_ai.recorder.writing.recording_gate import RecordingGate
from its_camera_ai.recorder.writing.recording_schedule import RecordingSchedule
from its_camera_ai.vision.activity_fold import ActivityFold

RESULT = Path(__file__).parent / "results" / "recording_modes.json"
START_NS = 1_767_225_600 * NS_PER_S
PICTURE_LIMIT_US = 20.0
_PACKETS = 50_000


class Sink:
    """A recorder that costs nothing."""

    def put(self, packet: Packet) -> None:
        """Nothing."""

    def end_connection(self) -> None:
        """Nothing."""


def packets() -> list[Packet]:
    info = StreamInfo("gate", StreamRole.MAIN, 1, TrackInfo(MediaKind.VIDEO, "h264", b"", 64, 64))
    step_ns = 40 * NS_PER_MS
    return [
        Packet(
            info, MediaKind.VIDEO, i, i * step_ns, i * step_ns, step_ns, START_NS, i % 25 == 0, b"x"
        )
        for i in range(_PACKETS)
    ]


def per_call_us(call: Callable[[Packet], object], items: list[Packet]) -> float:
    """Processor µs per packet, the best of five rounds."""
    best = float("inf")
    for _ in range(5):
        began_s = time.process_time()
        for item in items:
            call(item)
        best = min(best, time.process_time() - began_s)
    return best / len(items) * 1e6


def gate_us(mode: RecordingMode, items: list[Packet]) -> float:
    gate = RecordingGate(Sink(), RecordingSchedule(RecordingPlan(mode), SiteFacts()))
    return per_call_us(gate.put, items)


def fold_us(boxes: int) -> float:
    """Processor µs per picture with so many boxes that move."""
    rng = np.random.default_rng(1)
    corners = rng.random((boxes, 2)) * (600, 300)
    moved = np.concatenate([corners, corners + np.array([40, 60])], axis=1).astype(np.float32)
    best, pictures = float("inf"), 5000
    for _ in range(5):
        fold = ActivityFold()
        began_s = time.process_time()
        for i in range(pictures):
            fold.saw(moved, (640, 360), START_NS + i * 40 * NS_PER_MS)
        best = min(best, time.process_time() - began_s)
    return best / pictures * 1e6


def main() -> int:
    items, sink = packets(), Sink()
    direct_us = per_call_us(sink.put, items)
    through_us = gate_us(RecordingMode.CONTINUOUS, items)
    waiting_us = gate_us(RecordingMode.MOTION, items)
    folds = {str(n): fold_us(n) for n in (0, 3, 16)}
    print(
        f"a packet: put alone {direct_us:.2f} µs, through the gate of a camera that records "
        f"everything {through_us:.2f} µs, waiting in a ring {waiting_us:.2f} µs"
    )
    for boxes, cost_us in folds.items():
        print(
            f"a picture with {boxes} boxes: {cost_us:.1f} µs, {cost_us / PICTURE_LIMIT_US:.2f} × "
            f"the limit of {PICTURE_LIMIT_US:g} µs"
        )
    RESULT.write_text(
        json.dumps(
            {
                "machine": platform.processor() or platform.machine(),
                "python": platform.python_version(),
                "put_us": direct_us,
                "through_us": through_us,
                "waiting_us": waiting_us,
                "fold_us_by_boxes": folds,
                "picture_limit_us": PICTURE_LIMIT_US,
            },
            indent=2,
        )
        + "\n"
    )
    return 0 if max(folds["0"], folds["3"]) < PICTURE_LIMIT_US else 1


if __name__ == "__main__":
    sys.exit(main())
