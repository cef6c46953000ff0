import json
import random
import re
import threading
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from its_camera_ai.analytics.offline.analysis import Analysed, Job, analyse_video
from its_camera_ai.analytics.offline.files import NAMES, VIDEO
from its_camera_ai.analytics.offline.window import Window
from its_camera_ai.core.errors import ConfigInvalid, InputUnreadable
from its_camera_ai.core.picture_points import Unit
from its_camera_ai.core.scene import Line, Scene, Zone
from its_camera_ai.vision.detector import DetectorModel
from tests.support import damaged_clips
from tests.support.moving_box import BrightBoxes, crossing_boxes, picture, write_video

NS = 1_000_000_000
SCENE = Scene(
    (Line("gate", ((0, 120), (320, 120)), Unit.PX),),
    (Zone("lower", ((20, 140), (180, 140), (180, 235), (20, 235)), Unit.PX),),
)


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_video(tmp_path_factory.mktemp("clip") / "a.mp4", crossing_boxes())


def run(
    video: Path, folder: Path, model: DetectorModel | None = None, **job: Any
) -> tuple[Analysed, dict[str, Any]]:
    done = analyse_video(video, folder, model or BrightBoxes(), Job(**{"scene": SCENE, **job}))
    return done, json.loads((folder / "counts.json").read_text())


def events_in(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines()]


def rows_in(folder: Path) -> np.ndarray:
    return np.loadtxt(folder / "tracks.txt", delimiter=",", ndmin=2)


def times_in(video: Path) -> list[float]:
    with av.open(str(video)) as container:
        return [round(frame.time, 6) for frame in container.decode(video=0)]


def test_counts_say_what_crossed_and_nothing_that_varies(clip: Path, tmp_path: Path) -> None:
    _, counts = run(clip, tmp_path)
    assert counts == {
        "lines": {"gate": {"in": {"total": 1, "car": 1}, "out": {"total": 1, "car": 1}}},
        "zones": {
            "lower": {
                "occupancy": counts["zones"]["lower"]["occupancy"],
                "entered": {"total": 1, "car": 1},
                "left": counts["zones"]["lower"]["left"],
            }
        },
        "frames": {"read": 50, "analysed": 50, "unknown": 0},
        "model": "bright-boxes",
    }
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(NAMES)


def test_events_tell_when_where_and_who(clip: Path, tmp_path: Path) -> None:
    run(clip, tmp_path)
    crossings = [e for e in events_in(tmp_path) if e["kind"] == "line_crossed"]
    down = next(e for e in crossings if e["direction"] == "in")
    # the bottom edge is at 5 i px and passes 120 at picture 24 (0.96 s), the 25th
    assert down["time_s"] == pytest.approx(0.96, abs=0.03)
    assert down["frame"] in (25, 26)
    assert (down["line"], down["class"]) == ("gate", "car")
    assert [e["id"] for e in events_in(tmp_path)] == list(range(1, len(events_in(tmp_path)) + 1))


def test_track_rows_are_boxes_of_numbered_pictures(clip: Path, tmp_path: Path) -> None:
    run(clip, tmp_path)
    rows = rows_in(tmp_path)
    assert rows.shape[1] == 8
    assert set(rows[:, 7]) == {3}
    down = rows[(rows[:, 0] == 21) & (rows[:, 2] < 150)][0]
    assert down[2:6] == pytest.approx([60, 70, 40, 30], abs=2)
    lines = (tmp_path / "tracks.txt").read_text().splitlines()
    assert all(re.fullmatch(r"\d+,\d+(,-?\d+\.\d\d){4},\d\.\d{4},\d", line) for line in lines)


@pytest.mark.parametrize("family", ["test", "moving"])
def test_two_runs_are_equal_to_the_byte(clip: Path, tmp_path: Path, family: str) -> None:
    for name, workers in (("a", 1), ("b", 4)):
        run(clip, tmp_path / name, BrightBoxes(family), workers=workers, with_video=False)
    for name in ("tracks.txt", "events.jsonl", "counts.json"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_without_a_scene_there_is_nothing_to_count(clip: Path, tmp_path: Path) -> None:
    _, counts = run(clip, tmp_path, scene=Scene())
    assert (counts["lines"], counts["zones"]) == ({}, {})
    assert (tmp_path / "events.jsonl").read_text() == ""
    assert len(rows_in(tmp_path)) > 50


def test_a_clip_of_varying_rate_counts_the_same_and_keeps_its_times(tmp_path: Path) -> None:
    times = [i if i < 25 else 25 + 2 * (i - 25) for i in range(50)]
    video = write_video(tmp_path / "vfr.mp4", crossing_boxes(), times=times)
    _, counts = run(video, tmp_path / "out")
    assert counts["lines"]["gate"] == {"in": {"total": 1, "car": 1}, "out": {"total": 1, "car": 1}}
    assert times_in(tmp_path / "out" / VIDEO) == [round(t / 25, 6) for t in times]


def test_thinning_goes_by_the_pictures_times(tmp_path: Path) -> None:
    times = [i if i < 25 else 25 + 2 * (i - 25) for i in range(50)]
    video = write_video(tmp_path / "vfr.mp4", crossing_boxes(), times=times)
    _, counts = run(video, tmp_path / "out", window=Window(fps=12.5))
    # 1 s at 25 pictures per second gives 13, the slow 2 s keep all their 25
    assert counts["frames"] == {"read": 50, "analysed": 38, "unknown": 0}
    assert len(times_in(tmp_path / "out" / VIDEO)) == 38


def test_a_window_keeps_numbers_and_times_of_the_file(clip: Path, tmp_path: Path) -> None:
    _, counts = run(clip, tmp_path, window=Window(start_s=0.8, end_s=1.2))
    assert counts["frames"] == {"read": 10, "analysed": 10, "unknown": 0}
    assert set(rows_in(tmp_path)[:, 0]) == set(range(21, 31))
    assert times_in(tmp_path / VIDEO)[0] == pytest.approx(0.8)


def test_a_window_behind_the_end_is_refused(clip: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigInvalid, match=r"its last one is at 1\.96 s"):
        run(clip, tmp_path, window=Window(start_s=60))
    assert list(tmp_path.iterdir()) == []


def test_an_interruption_keeps_what_is_done(clip: Path, tmp_path: Path) -> None:
    stop = threading.Event()

    def progress(at_s: float) -> None:
        if at_s >= 1.2:
            stop.set()

    done, counts = run(clip, tmp_path, stop=stop, progress=progress)
    assert counts["frames"] == {"read": 31, "analysed": 31, "unknown": 0}
    assert counts["lines"]["gate"]["in"]["total"] == 1
    assert done.unfinished == ("interrupted at 1.20 s",)
    assert len(times_in(tmp_path / VIDEO)) == 31


@pytest.mark.parametrize(
    ("name", "container", "options"),
    [
        pytest.param("a.mp4", None, {"movflags": "faststart"}, id="mp4, index first"),
        pytest.param("a.mkv", None, {}, id="matroska"),
        pytest.param("a.mp4", None, {"movflags": "frag_keyframe+empty_moov"}, id="fragmented"),
    ],
)
def test_a_file_that_is_cut_off_is_analysed_up_to_there(
    tmp_path: Path, name: str, container: str | None, options: dict[str, str]
) -> None:
    whole = write_video(tmp_path / name, crossing_boxes(150), container=container, options=options)
    data = whole.read_bytes()
    cut = tmp_path / f"cut-{name}"
    cut.write_bytes(data[: len(data) * 2 // 3])
    done, counts = run(cut, tmp_path / "out")
    assert 30 < counts["frames"]["read"] < 150
    assert done.unfinished
    assert re.search(r"\d\.\d\d s", " ".join(done.unfinished))
    assert (tmp_path / "out" / VIDEO).exists()


def test_damage_in_the_middle_is_unknown_and_told(clip: Path, tmp_path: Path) -> None:
    data = bytearray(clip.read_bytes())
    start = data.index(b"mdat") + 4
    length = data.index(b"moov") - start
    dice = random.Random(1)
    for _ in range(40):
        data[start + dice.randrange(length * 2 // 5, length * 3 // 5)] ^= dice.randrange(1, 256)
    damaged = tmp_path / "damaged.mp4"
    damaged.write_bytes(data)
    done, counts = run(damaged, tmp_path / "out")
    frames = counts["frames"]
    assert frames["unknown"] > 0
    assert frames["analysed"] + frames["unknown"] == 50
    assert "could not be read, the first at" in done.unfinished[0]


def test_a_change_of_size_ends_the_tracks_and_fits_the_video(tmp_path: Path) -> None:
    video = tmp_path / "two-sizes.ts"
    parts = []
    for number, size in enumerate(((320, 240), (480, 270))):
        made = write_video(
            tmp_path / f"{number}.ts",
            [picture(size, [(100, 20 + 4 * i)]) for i in range(30)],
            times=[i + 30 * number for i in range(30)],
            options={"muxdelay": "0", "mpegts_copyts": "1"},
        )
        parts.append(made.read_bytes())
    video.write_bytes(b"".join(parts))
    done, counts = run(video, tmp_path / "out", scene=Scene())
    assert counts["frames"]["read"] >= 58
    rows = rows_in(tmp_path / "out")
    first, second = set(rows[rows[:, 0] <= 30][:, 1]), set(rows[rows[:, 0] > 30][:, 1])
    assert first
    assert second
    assert not first & second
    with av.open(str(tmp_path / "out" / VIDEO)) as container:
        assert (container.streams.video[0].width, container.streams.video[0].height) == (320, 240)
    assert done.frames.unknown <= 2


def test_pictures_with_repeated_times_are_unknown(tmp_path: Path) -> None:
    video = damaged_clips.repeating(at=30, count=5)
    done, counts = run(video, tmp_path, scene=Scene())
    assert counts["frames"] == {"read": 75, "analysed": 71, "unknown": 4}
    assert done.unfinished


@pytest.mark.parametrize(
    ("make", "words"),
    [
        pytest.param(damaged_clips.zero_length, "is empty", id="zero length"),
        pytest.param(damaged_clips.not_a_video, "no readable video", id="text"),
        pytest.param(damaged_clips.audio_only, "only audio", id="audio only"),
        pytest.param(damaged_clips.truncated, "no readable video", id="index lost"),
        pytest.param(lambda: Path("/no/such.mp4"), "does not exist", id="missing"),
        pytest.param(lambda: Path("/tmp"), "is a folder", id="folder"),  # noqa: S108  any folder
    ],
)
def test_what_is_no_video_is_told_and_leaves_nothing(tmp_path: Path, make: Any, words: str) -> None:
    with pytest.raises(InputUnreadable, match=words):
        run(make(), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_the_name_of_a_file_does_not_matter(tmp_path: Path) -> None:
    _, counts = run(damaged_clips.wrong_extension(), tmp_path, scene=Scene(), with_video=False)
    assert counts["frames"]["analysed"] == 75


def test_pictures_of_8k_pass(tmp_path: Path) -> None:
    _, counts = run(damaged_clips.eight_k(), tmp_path, scene=Scene())
    assert counts["frames"] == {"read": 1, "analysed": 1, "unknown": 0}
    with av.open(str(tmp_path / VIDEO)) as container:
        assert container.streams.video[0].width == 7680


def test_a_hole_in_time_is_warned_of(tmp_path: Path) -> None:
    times = [i if i < 30 else i + 100 for i in range(50)]
    video = write_video(tmp_path / "hole.mp4", crossing_boxes(), times=times)
    done, _ = run(video, tmp_path / "out")
    assert "no picture between 1.16 s and 5.20 s" in done.warnings[0]


@pytest.mark.parametrize(
    "name", ["a b#1?%41[é]&<x>.mp4", "-c.mp4", "100%.mp4", 'it\'s "so".mp4', "new\nline.mp4"]
)
def test_any_name_can_be_opened(clip: Path, tmp_path: Path, name: str) -> None:
    video = tmp_path / name
    video.write_bytes(clip.read_bytes())
    _, counts = run(video, tmp_path / "out", with_video=False)
    assert counts["frames"]["analysed"] == 50


def test_a_name_that_is_no_text_is_told(clip: Path, tmp_path: Path) -> None:
    video = tmp_path / "\udce9.mp4"
    video.write_bytes(clip.read_bytes())
    with pytest.raises(InputUnreadable, match="rename"):
        run(video, tmp_path / "out")


def test_an_interruption_before_the_window_begins_keeps_nothing(clip: Path, tmp_path: Path) -> None:
    stop = threading.Event()
    stop.set()
    with pytest.raises(KeyboardInterrupt):
        run(clip, tmp_path / "out", stop=stop, window=Window(start_s=1.5))
    assert list((tmp_path / "out").iterdir()) == []


def test_odd_sides_grow_by_one_in_the_video(tmp_path: Path) -> None:
    video = tmp_path / "odd.mkv"
    with av.open(str(video), "w") as made:
        stream = made.add_stream("ffv1", rate=25)
        stream.width, stream.height, stream.pix_fmt = 321, 239, "yuv444p"
        for i in range(5):
            array = picture((321, 239), [(20 + 5 * i, 50)])
            made.mux(stream.encode(av.VideoFrame.from_ndarray(array, format="bgr24")))
        made.mux(stream.encode(None))
    run(video, tmp_path / "out", scene=Scene())
    with av.open(str(tmp_path / "out" / VIDEO)) as container:
        assert (container.streams.video[0].width, container.streams.video[0].height) == (322, 240)


def test_a_result_never_overwrites_the_input(clip: Path, tmp_path: Path) -> None:
    video = tmp_path / VIDEO
    video.write_bytes(clip.read_bytes())
    with pytest.raises(ConfigInvalid, match="would be overwritten"):
        run(video, tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == [VIDEO]
    assert video.read_bytes() == clip.read_bytes()


def test_a_failure_closes_everything_and_leaves_nothing(clip: Path, tmp_path: Path) -> None:
    def fail(pts_ns: int) -> None:
        if pts_ns > NS:
            raise ConfigInvalid("stop here")

    before = set(threading.enumerate())
    with pytest.raises(ConfigInvalid, match="stop here"):
        run(clip, tmp_path, BrightBoxes(look=fail))
    assert list(tmp_path.iterdir()) == []
    assert set(threading.enumerate()) <= before
