from pathlib import Path

import av
import numpy as np
import pytest

from its_camera_ai.analytics.offline.annotated_video import AnnotatedVideo

NS = 1_000_000_000


def write(path: Path, times_ns: list[int], sizes: list[tuple[int, int]] | None = None) -> None:
    video = AnnotatedVideo(path, (64, 48), 25)
    for i, pts_ns in enumerate(times_ns):
        width, height = sizes[i] if sizes else (64, 48)
        video.write(np.full((height, width, 3), 200, np.uint8), pts_ns)
    video.close()


def read(path: Path) -> list[tuple[int, int, float]]:
    with av.open(str(path)) as container:
        assert container.streams.video[0].codec_context.name == "h264"
        return [(f.width, f.height, f.time) for f in container.decode(video=0)]


def test_times_are_those_of_the_pictures(tmp_path: Path) -> None:
    times = [0, 33_366_666, 66_733_333, NS, NS + 7_000_000, 90 * NS]
    write(tmp_path / "a", times)
    assert [t for *_, t in read(tmp_path / "a")] == pytest.approx(
        [t / NS for t in times], abs=1 / 90_000
    )


def test_pictures_that_do_not_come_after_are_left_out(tmp_path: Path) -> None:
    write(tmp_path / "a", [0, NS, NS, NS // 2, 2 * NS])
    assert [t for *_, t in read(tmp_path / "a")] == [0, 1, 2]


def test_pictures_of_another_size_are_fitted_in(tmp_path: Path) -> None:
    write(tmp_path / "a", [0, NS, 2 * NS], [(64, 48), (640, 100), (10, 400)])
    assert {(w, h) for w, h, _ in read(tmp_path / "a")} == {(64, 48)}
