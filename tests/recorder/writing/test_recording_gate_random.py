"""The gate under everything at once: changing plans, outages, silence, small rings, other threads.

A failure prints its seed.
"""

import random
import threading
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from its_camera_ai.core.activity import CELLS_BYTES, SecondOfActivity
from its_camera_ai.core.media import MediaKind, Packet
from its_camera_ai.core.recording import RecordingMode
from its_camera_ai.core.time import NS_PER_S
from its_camera_ai.recorder.volumes.volume import Volume
from its_camera_ai.recorder.writing.recorder import Recorder
from its_camera_ai.recorder.writing.recording_gate import RecordingGate
from its_camera_ai.recorder.writing.recording_schedule import RecordingSchedule
from its_camera_ai.store.disk import RealDisk
from tests.recorder.support import WALL_NS, RememberingIndex, packets
from tests.recorder.writing.test_recording_gate import START_NS, UTC, Camera, Rig, plan
from tests.support.clips import ClipSpec, numbers_in

SECONDS = 250
MODES = ["motion", "continuous", "off", "objects", "motion"]


@dataclass
class Story:
    """What happened to one camera.

    Attributes:
        mode_of: of each packet, by its number.
        mode_at: of each second; None where the camera was away.
        told: seconds of which vision spoke.
        moving: of them, those with movement and an object.
    """

    rig: Rig
    pre_s: float
    mode_of: dict[int, str] = field(default_factory=dict)
    mode_at: dict[int, str | None] = field(default_factory=dict)
    told: list[int] = field(default_factory=list)
    moving: set[int] = field(default_factory=set)

    def second(self, packet: Packet) -> float:
        return (packet.wall_ns - START_NS) / NS_PER_S

    def decodable(self) -> set[int]:
        """Packets with a key frame before them, without a change or a time off between."""
        found, generation, has_key = set(), -1, False
        for packet in self.rig.camera.made:
            is_off = self.mode_of[packet.seq] == "off"
            if is_off or packet.info.generation != generation:
                has_key, generation = False, packet.info.generation
            has_key |= packet.is_key and packet.kind is MediaKind.VIDEO and not is_off
            if has_key:
                found.add(packet.seq)
        return found

    def wanted(self, at_s: float) -> bool:
        """Whether a moment belongs to a movement or its pre-roll, all of it outside a time off."""
        return any(
            second - self.pre_s <= at_s < second + 1
            and self.mode_at[second] in ("motion", "objects")
            and "off" not in [self.mode_at[s] for s in range(int(at_s), second + 1)]
            for second in self.moving.intersection(self.told)
        )


def played(seed: int) -> Story:
    rng = random.Random(seed)
    longest_s, pre_s = rng.choice([0.5, 2.0, 10.0]), rng.choice([0.0, 3.0, 15.0])
    lag_s, rolls = (
        rng.choice([1, 2, 4]),
        {"pre_roll_s": pre_s, "post_roll_s": rng.choice([0.0, 4.0])},
    )
    camera = Camera(lambda: rng.uniform(0.2, longest_s), fps=5.0, sound=rng.random() < 0.3)
    mode = rng.choice(MODES)
    rig = Rig(plan(mode, **rolls), camera, ring_bytes_max=rng.choice([10_000, 10**8]))
    story = Story(rig, pre_s, moving={s for s in range(SECONDS) if rng.random() < 0.03})
    begins = rng.randrange(2 * SECONDS)
    silent = range(begins, begins + rng.randrange(1, 40))
    second = 0
    while second < SECONDS:
        if rng.random() < 0.02:
            mode = rng.choice(MODES)
            rig.gate.follow(RecordingSchedule(plan(mode, **rolls), UTC))
        if rng.random() < 0.01:
            rig.gate.end_connection()
            away_s = rng.randrange(1, 20)
            story.mode_at |= dict.fromkeys(range(second, second + away_s))
            second += away_s
            camera.generation, camera._key_at_ns = camera.generation + 1, 0
            camera.wall_ns = START_NS + second * NS_PER_S
        story.mode_at[second] = mode
        for packet in camera.until(START_NS + (second + 1) * NS_PER_S):
            rig.gate.put(packet)
            story.mode_of[packet.seq] = mode
        second += 1
        spoken = second - 1 - lag_s
        if spoken >= 0 and story.mode_at[spoken] is not None and spoken not in silent:
            moved = spoken in story.moving
            rig.say(spoken, moving=moved, objects={"car": 1} if moved else {})
            story.told.append(spoken)
    rig.gate.end_connection()
    rig.gate.close()
    return story


@pytest.mark.parametrize("seed", range(60))
def test_whatever_happens(seed: int) -> None:
    story = played(seed)
    recorder, made = story.rig.recorder, story.rig.camera.made
    recorded = {packet.seq for packet in recorder.packets}
    assert recorder.handed + story.rig.gate.figures.skipped_packets == len(made)
    assert not [q for q in recorded if story.mode_of[q] == "off"], "off is off"
    numbers = [packet.seq for packet in recorder.packets]
    assert numbers == sorted(numbers)
    missing = story.decodable() - recorded
    for packet in made:
        if packet.seq in missing:
            at_s = story.second(packet)
            assert story.mode_of[packet.seq] != "continuous", f"seed {seed}: {at_s} s"
            assert not story.wanted(at_s), f"seed {seed}: {at_s} s"


def test_words_from_other_threads_mix_nothing_up() -> None:
    rig = Rig(plan("motion", post_roll_s=0.0), Camera(lambda: 0.4, fps=20.0))
    ended = threading.Event()

    def speak() -> None:
        rng = random.Random(3)
        while not ended.is_set():
            now_s = (rig.camera.wall_ns - START_NS) // NS_PER_S
            second = max(0, now_s - rng.randrange(1, 12))
            rig.say(second, moving=rng.random() < 0.3, objects={})
            if rng.random() < 0.05:
                mode = rng.choice(["motion", "continuous", "events", "objects"])
                rig.gate.follow(RecordingSchedule(plan(mode), UTC))

    speaker = threading.Thread(target=speak)
    speaker.start()
    for second in range(400):
        for packet in rig.camera.until(START_NS + second * NS_PER_S):
            rig.gate.put(packet)
    ended.set()
    speaker.join()
    rig.gate.close()
    numbers = [packet.seq for packet in rig.recorder.packets]
    assert numbers == sorted(set(numbers))
    assert rig.recorder.handed + rig.gate.figures.skipped_packets == len(rig.camera.made)


def test_real_packets_in_real_files(tmp_path: Path) -> None:
    """Sound and B-frames; the pictures carry their numbers."""
    index = RememberingIndex()
    recorder = Recorder(Volume(RealDisk(), tmp_path), index, segment_s=600)
    schedule = RecordingSchedule(plan("motion", pre_roll_s=1.0, post_roll_s=1.0), UTC)
    gate = RecordingGate(recorder, schedule)
    clip = packets(ClipSpec(frames=500, gop=25, b_frames=2, audio=True))  # 20 s
    told_s = WALL_NS // NS_PER_S
    for packet in clip:
        gate.put(packet)
        while packet.wall_ns > (told_s + 3) * NS_PER_S:
            moved = told_s == WALL_NS // NS_PER_S + 8
            cells = b"\x80" + bytes(CELLS_BYTES - 1) if moved else bytes(CELLS_BYTES)
            gate.saw(SecondOfActivity(told_s * NS_PER_S, 25, cells))
            told_s += 1
    gate.close()
    recorder.close()
    (segment,) = index.segments
    numbers = numbers_in(tmp_path / segment.path)
    assert numbers == list(range(150, 150 + len(numbers))), "from a key frame before 7 s on"
    assert 150 + len(numbers) >= 250, "until 10 s at the least"
    assert len(numbers) < 200
    assert gate.figures.mode is RecordingMode.MOTION
