from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from its_camera_ai.vision.motion import MotionGate

FRAME_NS = 40_000_000
W, H = 640, 360


class Scene:
    """A textured, noisy, still picture; the same for the same seed."""

    MARGIN = 64  # pixels; the grain of a frame is cut somewhere from a larger one

    def __init__(self, seed: int = 1, noise: float = 2.0) -> None:
        self._rng = np.random.default_rng(seed)
        coarse = self._rng.uniform(40, 200, (H // 20, W // 20)).astype(np.float32)
        self.still = cv2.resize(coarse, (W, H), interpolation=cv2.INTER_CUBIC)
        shape = (H + self.MARGIN, W + self.MARGIN)
        self._grain = noise * self._rng.standard_normal(shape, np.float32)

    def frame(
        self,
        *,
        gain: float | np.ndarray = 1.0,
        offset: float = 0.0,
        block: tuple[int, int, int, int] | None = None,
    ) -> np.ndarray:
        """One luma plane; ``block`` (left, top, width, height) is a thing unlike the scene."""
        picture = self.still.copy()
        if block is not None:
            x, y, w, h = block
            picture[y : y + h, x : x + w] = 255 - picture[y : y + h, x : x + w]
        x, y = self._rng.integers(0, self.MARGIN, 2)
        noisy = picture * np.float32(gain) + np.float32(offset) + self._grain[y : y + H, x : x + W]
        return np.clip(noisy, 0, 255).astype(np.uint8)


def settled(scene: Scene, frames: int = 50) -> tuple[MotionGate, int]:
    gate = MotionGate((W, H))
    for i in range(frames):
        gate.update(scene.frame(), i * FRAME_NS)
    return gate, frames * FRAME_NS


@pytest.mark.parametrize("noise", [0.0, 2.0, 8.0, 16.0])
def test_a_still_picture_has_no_motion_whatever_its_noise(noise: float) -> None:
    scene = Scene(noise=noise)
    gate, now_ns = settled(scene)
    active = [gate.update(scene.frame(), now_ns + i * FRAME_NS).active for i in range(50)]
    assert not any(active)


def test_the_threshold_follows_the_noise() -> None:
    quiet, _ = settled(Scene(noise=1))
    loud, _ = settled(Scene(noise=20))
    assert loud.threshold > 1.5 * quiet.threshold


@pytest.mark.parametrize(
    "block",
    [
        pytest.param((300, 150, 60, 40), id="middle"),
        pytest.param((0, 0, 60, 40), id="upper left corner"),
        pytest.param((580, 320, 60, 40), id="lower right corner"),
    ],
)
def test_a_thing_is_boxed_where_it_is(block: tuple[int, int, int, int]) -> None:
    scene = Scene()
    gate, now_ns = settled(scene)
    motion = gate.update(scene.frame(block=block), now_ns)
    x, y, w, h = block
    assert motion.active
    assert not motion.relit
    assert motion.boxes.dtype == np.float32
    boxes = motion.boxes
    union = [*boxes[:, :2].min(axis=0), *boxes[:, 2:].max(axis=0)]
    assert union == pytest.approx([x, y, x + w, y + h], abs=6)
    assert motion.share == pytest.approx(w * h / (W * H), rel=0.5)


def test_two_things_give_two_boxes_largest_first() -> None:
    scene = Scene()
    scene.still[:] = 90
    gate, now_ns = settled(scene)
    picture = scene.frame(block=(400, 200, 100, 80))
    picture[50:80, 50:80] = 200
    boxes = gate.update(picture, now_ns).boxes
    assert len(boxes) == 2
    assert boxes[0] == pytest.approx([400, 200, 500, 280], abs=12)
    assert boxes[1] == pytest.approx([50, 50, 80, 80], abs=6)


def test_what_stops_becomes_background_after_a_while() -> None:
    scene = Scene()
    gate, now_ns = settled(scene)
    block = (300, 150, 60, 40)
    active = [
        gate.update(scene.frame(block=block), now_ns + i * FRAME_NS).active for i in range(500)
    ]
    assert active[0]
    assert active[10]
    assert not any(active[-25:])


@pytest.mark.parametrize(
    ("gain", "offset"),
    [
        pytest.param(1.6, 0, id="exposure up"),
        pytest.param(0.5, 0, id="exposure down"),
        pytest.param(1.0, 45, id="lightning"),
        pytest.param(0.6, 60, id="infra-red switch, flatter picture"),
        pytest.param(np.linspace(0.8, 1.6, H)[:, None], 0, id="sun on the lower half"),
        pytest.param(0.0, 4, id="lens covered"),
    ],
)
def test_a_jump_of_the_light_is_no_motion(gain: float | np.ndarray, offset: float) -> None:
    scene = Scene()
    gate, now_ns = settled(scene)
    motions = [
        gate.update(scene.frame(gain=gain, offset=offset), now_ns + i * FRAME_NS)
        for i in range(100)
    ]
    assert sum(len(m.boxes) > 0 for m in motions) <= 5
    assert not any(m.active for m in motions[25:])


def test_the_light_may_jump_back_and_forth() -> None:
    scene = Scene()
    gate, now_ns = settled(scene)
    boxed = 0
    for i in range(100):
        lit = i % 10 < 2  # a flash of two frames, again and again
        motion = gate.update(scene.frame(offset=50 if lit else 0), now_ns + i * FRAME_NS)
        boxed += len(motion.boxes) > 0
    assert boxed <= 5


def test_a_thing_that_moves_through_a_jump_of_the_light_is_found_again() -> None:
    scene = Scene()
    gate, now_ns = settled(scene)
    for i in range(10):
        gate.update(scene.frame(block=(100 + 8 * i, 150, 60, 40)), now_ns + i * FRAME_NS)
    jump = gate.update(scene.frame(block=(180, 150, 60, 40), gain=1.5), now_ns + 10 * FRAME_NS)
    after = gate.update(scene.frame(block=(188, 150, 60, 40), gain=1.5), now_ns + 11 * FRAME_NS)
    assert jump.relit
    assert jump.active  # as before the jump: a look is cheaper than a miss
    assert after.active
    assert any(abs(box[0] - 188) < 16 for box in after.boxes)


def test_something_large_is_motion_and_not_light() -> None:
    scene = Scene()
    gate, now_ns = settled(scene)
    motion = gate.update(scene.frame(block=(100, 60, 400, 260)), now_ns)
    assert motion.active
    assert not motion.relit


@pytest.mark.parametrize(
    "size_wh", [(640, 360), (1920, 1080), (352, 288), (178, 100), (960, 1080), (8, 8)]
)
def test_any_size_of_frame(size_wh: tuple[int, int]) -> None:
    width, height = size_wh
    gate = MotionGate(size_wh)
    dark = np.full((height, width), 40, np.uint8)
    assert not gate.update(dark, 0).active
    lit = dark.copy()
    lit[: height // 2, : width // 3] = 200
    boxes = gate.update(lit, FRAME_NS).boxes
    if len(boxes):
        assert boxes[:, 2].max() <= width + 1e-3
        assert boxes[:, 3].max() <= height + 1e-3
    assert len(boxes) > 0 or size_wh == (8, 8)


def test_a_clock_that_jumps_does_no_harm() -> None:
    scene = Scene()
    gate, now_ns = settled(scene)
    for pts_ns in (now_ns, now_ns - 3600 * 10**9, now_ns + 3600 * 10**9, now_ns):
        assert not gate.update(scene.frame(), pts_ns).active
    assert gate.update(scene.frame(block=(300, 150, 60, 40)), now_ns + FRAME_NS).active


def luma(path: Path) -> Iterator[tuple[int, np.ndarray]]:
    capture = cv2.VideoCapture(str(path))
    fps = capture.get(cv2.CAP_PROP_FPS)
    index = 0
    while True:
        read, frame = capture.read()
        if not read:
            return
        yield round(index / fps * 1e9), cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY)
        index += 1


@pytest.mark.data
def test_a_real_brightness_jump_raises_no_lasting_storm(data_dir: Path) -> None:
    gate = MotionGate((960, 1080))
    shares, changed = [], []
    for pts_ns, plane in luma(data_dir / "videos" / "cctv_brightness_dvrscan.mp4"):
        motion = gate.update(plane, pts_ns)
        changed.append(motion.share)
        boxes = motion.boxes
        covered = ((boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])).sum()
        shares.append(float(covered) / (960 * 1080))
    assert max(changed) < 0.1  # though the light of a third of the picture does
    stormy = [share > 0.2 for share in shares]
    runs = "".join("x" if s else " " for s in stormy).split()
    assert max((len(run) for run in runs), default=0) <= 6  # half a second


@pytest.mark.data
def test_real_traffic_is_motion_and_an_empty_corridor_is_not(data_dir: Path) -> None:
    road = MotionGate((1280, 720))
    active = [
        road.update(plane, pts_ns).active
        for pts_ns, plane in luma(data_dir / "videos" / "motorway_dvrscan.mp4")
    ]
    assert np.mean(active) > 0.95
    corridor = MotionGate((178, 100))
    active = [
        corridor.update(plane, pts_ns).active
        for pts_ns, plane in luma(data_dir / "videos" / "indoor_ir_frigate.mp4")
    ]
    man = slice(37 * 6, 57 * 6)
    before = slice(6, 30 * 6)
    assert np.mean(active[man]) > 0.9
    assert np.mean(active[before]) < 0.2
