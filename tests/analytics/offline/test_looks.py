import random
import threading
from pathlib import Path

import pytest

from its_camera_ai.analytics.offline.looks import Look, Looks
from its_camera_ai.analytics.offline.window import Window
from its_camera_ai.core.detections import Detections
from its_camera_ai.core.errors import ModelInvalid
from its_camera_ai.video.files import open_video
from tests.support.moving_box import BrightBoxes, Picture, crossing_boxes, write_video

NS = 1_000_000_000


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_video(tmp_path_factory.mktemp("clip") / "a.mp4", crossing_boxes(40))


class Unsteady(BrightBoxes):
    """Looks that finish in another order than they began: each odd one waits for its follower."""

    def __init__(self) -> None:
        super().__init__()
        self.done = [threading.Event() for _ in range(41)]

    def detect(self, frame_bgr: Picture, pts_ns: int) -> Detections:
        number = round(pts_ns * 25 / NS)
        if number % 2 == 0 and number < 39:
            assert self.done[number + 1].wait(20)
        found = super().detect(frame_bgr, pts_ns)
        self.done[number].set()
        return found


def looks_of(
    clip: Path, model: BrightBoxes, workers: int, window: Window | None = None
) -> list[Look]:
    with (
        open_video(clip) as video,
        Looks(video, model, window or Window(), workers=workers) as all_,
    ):
        return list(all_)


def test_looks_come_in_order_though_they_finish_in_another(clip: Path) -> None:
    found = looks_of(clip, Unsteady(), workers=2)
    assert [look.number for look in found] == list(range(1, 41))
    assert [look.pts_ns for look in found] == [k * NS // 25 for k in range(40)]


def test_a_model_with_memory_sees_pictures_in_order_one_at_a_time(clip: Path) -> None:
    seen: list[int] = []
    threads: set[str] = set()

    def look(pts_ns: int) -> None:
        seen.append(pts_ns)
        threads.add(threading.current_thread().name)

    looks_of(clip, BrightBoxes("moving", look), workers=8)
    assert seen == sorted(seen)
    assert len(seen) == 40
    assert len(threads) == 1


def test_thinned_pictures_keep_their_numbers(clip: Path) -> None:
    found = looks_of(clip, BrightBoxes(), 2, Window(start_s=0.4, end_s=1.2, fps=5))
    assert [look.number for look in found] == [11, 14, 19, 24, 29]
    assert found[-1].progress.read == 19


def test_the_totals_count_the_window_only(clip: Path) -> None:
    window = Window(start_s=0.4, end_s=1.2)
    with open_video(clip) as video, Looks(video, BrightBoxes(), window, workers=1) as looks:
        assert len(list(looks)) == 20
        assert looks.total.read == 20
        assert len(looks.times_ns) == 30


def test_a_slow_consumer_holds_the_reader_back(clip: Path) -> None:
    with open_video(clip) as video, Looks(video, BrightBoxes(), Window(), workers=1) as looks:
        numbers = iter(looks)
        next(numbers)
        started = looks.times_ns
        # queue of 4, one in the reader's hand, one taken: whatever it does now, no more is read
        threading.Event().wait(0.3)
        assert len(started) <= 6


def test_leaving_early_ends_the_threads(clip: Path) -> None:
    before = set(threading.enumerate())
    with open_video(clip) as video, Looks(video, BrightBoxes(), Window(), workers=2) as looks:
        next(iter(looks))
    assert set(threading.enumerate()) <= before


def test_a_failing_detector_fails_the_iteration(clip: Path) -> None:
    def fail(pts_ns: int) -> None:
        if pts_ns > NS // 2:
            raise ModelInvalid("The model fell over; take another.")

    with pytest.raises(ModelInvalid, match="fell over"):
        looks_of(clip, BrightBoxes(look=fail), workers=2)


def test_damaged_pictures_are_handed_on_without_a_look(clip: Path, tmp_path: Path) -> None:
    data = bytearray(clip.read_bytes())
    body = data.index(b"mdat") + 4
    dice = random.Random(3)
    for _ in range(60):
        data[dice.randrange(body + 3000, data.index(b"moov"))] ^= dice.randrange(1, 256)
    damaged = tmp_path / "damaged.mp4"
    damaged.write_bytes(data)
    found = looks_of(damaged, BrightBoxes(), workers=2)
    missing = [look.number for look in found if look.detections is None]
    assert missing or found[-1].progress.lost
    assert any(look.detections is not None for look in found)
