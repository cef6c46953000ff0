"""A recording played to a fresh tracker and scene, as if only some of it had been looked at."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from its_camera_ai.analytics.counting.scene import SceneAnalytics
from its_camera_ai.core.events import Event, EventKind
from its_camera_ai.core.scene import Scene
from its_camera_ai.core.time import NS_PER_S
from its_camera_ai.core.tracks import FrameTracks
from its_camera_ai.evaluation.classes import LABELS, classes_of
from its_camera_ai.evaluation.count import Passage
from its_camera_ai.evaluation.recording import Recording
from its_camera_ai.evaluation.truth_counts import CountedClip
from its_camera_ai.tracking.tracker import Tracker


def tracked(recording: Recording, looks: Sequence[int]) -> Iterator[tuple[int, FrameTracks]]:
    """Follow the road users through the pictures with these indices only.

    Yields:
        The picture's index in the recording and the tracks in it.
    """
    tracker = Tracker()
    for k in looks:
        pts_ns = int(recording.pts_ns[k])
        yield k, tracker.update(recording.found[k], pts_ns, pts_ns, recording.size_wh)


def crossings(recording: Recording, scene: Scene, looks: Sequence[int]) -> list[Event]:
    """Who crosses the scene's lines, where only these pictures are looked at."""
    facts = SceneAnalytics("evaluation", scene, lambda _: "")
    events: list[Event] = []
    for _, tracks in tracked(recording, looks):
        events += facts.update(tracks)
    events += facts.finish()
    return [event for event in events if event.kind is EventKind.LINE_CROSSED]


def passages(events: Sequence[Event], begin_ns: int = 0) -> list[Passage]:
    """Events ``line_crossed`` as passages; times count from ``begin_ns``."""
    return [
        Passage(
            str(event.detail["line"]),
            str(event.detail["direction"]),
            str(event.detail["class"]),
            (event.pts_ns - begin_ns) / NS_PER_S,
        )
        for event in events
    ]


@dataclass(frozen=True, slots=True)
class Tally:
    """What was counted in one run; ``wrong_way`` is part of the two others."""

    inward: int
    outward: int
    wrong_way: int

    def off_by(self, clip: CountedClip) -> int:
        """Missing and too many, both directions added, so that they don't cancel out."""
        return abs(self.inward - clip.inward) + abs(self.outward - clip.outward)

    def __str__(self) -> str:
        text = f"{self.inward} / {self.outward}"
        return f"{text} ({self.wrong_way} wrong way)" if self.wrong_way else text


def tally(clip: CountedClip, recording: Recording, looks: Sequence[int]) -> Tally:
    """Count a clip; classes that nobody counted by eye are left out."""
    members = classes_of(clip.what)
    wanted = {label for label in LABELS if classes_of(label) <= members}
    events = crossings(recording, clip.scene, looks)
    events = [event for event in events if event.detail["class"] in wanted]
    directions = [str(event.detail["direction"]) for event in events]
    wrong = sum(
        clip.is_wrong_way(direction, _middle_px(event))
        for direction, event in zip(directions, events, strict=True)
    )
    return Tally(directions.count("in"), directions.count("out"), wrong)


def _middle_px(event: Event) -> float:
    box = np.asarray(event.detail["xyxy"], np.float64)
    return float(box[0] + box[2]) / 2


def looks_at_rate(
    clip: CountedClip, recording: Recording, rate: float, starts: int = 1
) -> list[range]:
    """Indices of pictures in the clip's window at about this rate, from ``starts`` or a few more
    first ones."""
    stride = recording.stride_of(rate)
    first, end = (int(k) for k in np.searchsorted(recording.numbers, clip.frames))
    offsets = range(0, stride, max(1, stride // starts)) if starts > 1 else (0,)
    return [range(first + offset, end, stride) for offset in offsets]


def looks_with_losses(
    clip: CountedClip, recording: Recording, rate: float, share: float, seed: int
) -> list[int]:
    """The same from the first picture, that share of them lost at random."""
    looks = np.array(looks_at_rate(clip, recording, rate)[0])
    kept = np.random.default_rng(seed).random(len(looks)) >= share
    listed: list[int] = looks[kept].tolist()
    return listed
