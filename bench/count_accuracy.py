"""Count the labelled clips and compare with the counts by eye; print the table of docs/counting.md.

    python bench/count_accuracy.py DATA_FOLDER [--json OUT] [--model yolox-nano]

Every frame is detected once; the detections are then played to a fresh tracker and scene at
several rates of looks and from several first frames, always with the same parameters. A count is
*wrong-way* if no road user of the clip goes that way there (on the motorway: in the other half of
the picture).
"""

import argparse
import itertools
import json
import platform
import statistics
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime

from its_camera_ai.analytics.scene import SceneAnalytics
from its_camera_ai.core.detections import Detections
from its_camera_ai.core.events import Event
from its_camera_ai.core.scene import Anchor, Line, Scene, Unit
from its_camera_ai.tracking.tracker import Tracker
from its_camera_ai.video.files import open_video
from its_camera_ai.vision.loading import load_model

RATES = (25.0, 8.3, 5.0, 3.1, 2.5)
PHASES = 3


@dataclass(frozen=True, slots=True)
class Clip:
    """A labelled clip.

    Attributes:
        inward, outward: true crossings by direction (``core.scene.Line``).
        frames: pictures of the clip that belong to the truth.
        split_x: left of it vehicles go out, right of it in; None where one way has no traffic.
    """

    name: str
    file: str
    line: Line
    inward: int
    outward: int
    frames: int
    split_x: float | None = None


def _line(a: tuple[float, float], b: tuple[float, float], anchor: Anchor) -> Line:
    return Line("line", (a, b), Unit.PX, anchor)


_MOTORWAY = _line((150, 430), (1150, 430), Anchor.BOTTOM_CENTRE)
_MIDDLE = 640.0
CLIPS = (
    Clip("motorway, window", "motorway_dvrscan.mp4", _MOTORWAY, 19, 23, 496, _MIDDLE),
    Clip("motorway, whole", "motorway_dvrscan.mp4", _MOTORWAY, 23, 28, 576, _MIDDLE),
    Clip("motorway, VFR", "motorway_dvrscan_vfr.mp4", _MOTORWAY, 23, 28, 576, _MIDDLE),
    Clip(
        "road",
        "road_ozlu.mp4",
        _line((200, 240), (640, 240), Anchor.BOTTOM_CENTRE),
        8,
        0,
        905,
    ),
    Clip(
        "room",
        "room_one_by_one_intel.mp4",
        _line((500, 250), (500, 432), Anchor.BOTTOM_CENTRE),
        0,
        6,
        1394,
    ),
    Clip(
        "walkway",
        "walkway_handheld_ozlu.mp4",
        _line((313, 60), (313, 340), Anchor.CENTRE),
        4,
        0,
        242,
    ),
)


@dataclass(frozen=True, slots=True)
class Recording:
    """A clip's detections, one entry per frame in presentation order.

    Attributes:
        pts_ns: (frames,) stream times.
        found: (frames,) detections.
        size_wh: pixels.
    """

    pts_ns: Sequence[int]
    found: Sequence[Detections]
    size_wh: tuple[int, int]

    @property
    def fps(self) -> float:
        """Frames per second at the beginning of the clip."""
        return 1e9 / statistics.median(np.diff(self.pts_ns[:50]).tolist())


def detect(video: Path, models_dir: Path, model: str = "yolox-nano", every: int = 1) -> Recording:
    """Run the detector over ``every``-th frame of a file."""
    loaded = load_model(model, models_dir=models_dir)
    detector = loaded.open(video.stem)
    clip = open_video(video)
    pts_ns, found, size_wh = [], [], (0, 0)
    try:
        for k, frame in enumerate(clip.frames()):
            if k % every == 0:
                pts_ns.append(frame.pts_ns)
                found.append(detector.detect(frame.bgr(), frame.pts_ns))
                size_wh = frame.size_wh
    finally:
        clip.close()
        loaded.close()
    return Recording(pts_ns, found, size_wh)


def play(recording: Recording, line: Line, looks: Iterator[int] | Sequence[int]) -> list[Event]:
    """Crossings of a line where only the frames numbered ``looks`` are looked at."""
    number = itertools.count()
    tracker = Tracker()
    scene = SceneAnalytics("clip", Scene((line,)), lambda _: str(next(number)))
    events: list[Event] = []
    for k in looks:
        pts_ns = int(recording.pts_ns[k])
        tracks = tracker.update(recording.found[k], pts_ns, pts_ns, recording.size_wh)
        events += scene.update(tracks)
    return events + scene.finish()


@dataclass(frozen=True, slots=True)
class Tally:
    """What was counted in one run; ``wrong_way`` is part of the two others."""

    inward: int
    outward: int
    wrong_way: int

    def __str__(self) -> str:
        text = f"{self.outward} / {self.inward}"
        return f"{text} ({self.wrong_way} wrong)" if self.wrong_way else text


def tally(clip: Clip, events: Sequence[Event]) -> Tally:
    inward = [e for e in events if e.detail["direction"] == "in"]
    outward = [e for e in events if e.detail["direction"] == "out"]
    wrong = 0
    for event in events:
        inwards = event.detail["direction"] == "in"
        if clip.split_x is None:
            wrong += (clip.inward if inwards else clip.outward) == 0
        else:
            left, _, right, _ = event.detail["xyxy"]  # type: ignore[misc] # a list of 4 floats
            wrong += inwards == ((left + right) / 2 < clip.split_x)  # type: ignore[has-type] # same
    return Tally(len(inward), len(outward), wrong)


def at_rate(clip: Clip, recording: Recording, rate: float) -> list[Tally]:
    """Runs at about this many looks per second of the clip's original speed."""
    stride = max(1, round(recording.fps / rate))
    frames = min(clip.frames, len(recording.found))
    starts = range(0, stride, max(1, stride // PHASES))
    return [
        tally(clip, play(recording, clip.line, range(first, frames, stride))) for first in starts
    ]


def dropped(clip: Clip, recording: Recording, rate: float, share: float) -> list[Tally]:
    """Runs in which that share of the looks is lost at random (seeds 0–4)."""
    stride = max(1, round(recording.fps / rate))
    looks = np.arange(0, min(clip.frames, len(recording.found)), stride)
    runs = []
    for seed in range(5):
        kept = looks[np.random.default_rng(seed).random(len(looks)) >= share]
        runs.append(tally(clip, play(recording, clip.line, kept.tolist())))
    return runs


def _cell(runs: Sequence[Tally]) -> str:
    return "; ".join(str(run) for run in runs)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("data", type=Path, help="folder with videos/ and models/")
    parser.add_argument("--model", default="yolox-nano")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    options = parser.parse_args()
    print(
        f"{platform.machine()}, Python {platform.python_version()}, NumPy {np.__version__}, "
        f"ONNX Runtime {onnxruntime.__version__}, model {options.model}"
    )
    recordings: dict[str, Recording] = {}
    table: dict[str, dict[str, list[str]]] = {}
    print("| clip (truth out / in) | " + " | ".join(f"{r:g}/s" for r in RATES) + " | half lost |")
    print("|---|" + "---|" * (len(RATES) + 1))
    for clip in CLIPS:
        if clip.file not in recordings:
            print(f"detecting {clip.file} …", file=sys.stderr)
            video = options.data / "videos" / clip.file
            recordings[clip.file] = detect(video, options.data / "models", options.model)
        recording = recordings[clip.file]
        runs = {f"{rate:g}": at_rate(clip, recording, rate) for rate in RATES}
        runs["half lost"] = dropped(clip, recording, 12.5, 0.5)
        table[clip.name] = {name: [str(run) for run in some] for name, some in runs.items()}
        cells = " | ".join(_cell(some) for some in runs.values())
        print(f"| {clip.name} ({clip.outward} / {clip.inward}) | {cells} |")
    if options.json:
        options.json.write_text(json.dumps(table, indent=1))


if __name__ == "__main__":
    main()
