"""The whole way from a file to its counts, on clips that were counted by eye."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bench.accuracy import MOTORWAY, counted_clips
from its_camera_ai.analytics.offline.analysis import Job, analyse_video
from its_camera_ai.analytics.offline.window import Window
from its_camera_ai.evaluation.folder import EvalFolder
from its_camera_ai.evaluation.truth_counts import LINE_ID, CountedClip
from its_camera_ai.vision.catalogue import MOVING_OBJECTS
from its_camera_ai.vision.loading import load_model

pytestmark = pytest.mark.data

NETWORK = "yolox-nano"
MOTORWAY_VFR = f"{MOTORWAY}_vfr"
MOTORWAY_WINDOW = f"{MOTORWAY}, to picture 495"
ROAD = "road_ozlu"
ROOM = "room_one_by_one_intel"
WALKWAY = "walkway_handheld_ozlu"
OVERHEAD = "overhead_cars_intel"
Counted = tuple[int, int]
Clips = dict[str, CountedClip]


class Result:
    """What an analysis left in its folder."""

    def __init__(self, folder: Path) -> None:
        self.counts: dict[str, Any] = json.loads((folder / "counts.json").read_text())
        lines = (folder / "events.jsonl").read_text().splitlines()
        self.events: list[dict[str, Any]] = [json.loads(line) for line in lines]

    @property
    def counted(self) -> Counted:
        """In, out."""
        gate = self.counts["lines"][LINE_ID]
        return gate["in"]["total"], gate["out"]["total"]

    def counted_to(self, end_s: float) -> Counted:
        crossings = [e["direction"] for e in self.events if e["time_s"] < end_s]
        return crossings.count("in"), crossings.count("out")


Analyse = Callable[..., Result]


@pytest.fixture(scope="module")
def clips(data_dir: Path) -> Clips:
    return {clip.name: clip for clip in counted_clips(EvalFolder(data_dir))}


@pytest.fixture(scope="module")
def analyse(data_dir: Path, clips: Clips, tmp_path_factory: pytest.TempPathFactory) -> Analyse:
    """Each clip and model is analysed once."""
    done: dict[object, Result] = {}

    def run(clip_name: str, name: str = NETWORK, fps: float | None = None) -> Result:
        clip = clips[clip_name]
        key = (clip.file, name, fps)
        if key not in done:
            folder = tmp_path_factory.mktemp("out")
            model = load_model(name, models_dir=data_dir / "models")
            job = Job(window=Window(fps=fps), scene=clip.scene, with_video=False, workers=2)
            analyse_video(data_dir / "videos" / clip.file, folder, model, job)
            model.close()
            done[key] = Result(folder)
        return done[key]

    return run


def off_by(clip: CountedClip, counted: Counted) -> int:
    """Missing and too many, both directions added."""
    return abs(counted[0] - clip.inward) + abs(counted[1] - clip.outward)


@pytest.mark.parametrize(
    ("clip", "model", "fps", "off_max"),
    [
        pytest.param(MOTORWAY, NETWORK, None, 2, id="motorway"),
        pytest.param(MOTORWAY_VFR, NETWORK, None, 2, id="motorway, VFR"),
        pytest.param(ROAD, NETWORK, 12, 0, id="road"),
        pytest.param(ROOM, NETWORK, 5, 0, id="room"),
        pytest.param(WALKWAY, NETWORK, None, 0, id="walkway"),
        pytest.param(ROAD, MOVING_OBJECTS, None, 5, id="road, moving objects"),
        pytest.param(ROOM, MOVING_OBJECTS, None, 1, id="room, moving objects"),
        pytest.param(OVERHEAD, MOVING_OBJECTS, None, 1, id="cars from above, moving objects"),
    ],
)
def test_counts_are_near_those_by_eye(
    analyse: Analyse, clips: Clips, clip: str, model: str, fps: float | None, off_max: int
) -> None:
    counted = analyse(clip, model, fps).counted
    assert off_by(clips[clip], counted) <= off_max, f"counted {counted} in and out"


def test_the_motorways_sure_window_is_off_by_one_at_most(analyse: Analyse, clips: Clips) -> None:
    window = clips[MOTORWAY_WINDOW]
    counted = analyse(MOTORWAY).counted_to((window.frames[1] - 0.5) / 25)
    assert off_by(window, counted) <= 1, f"counted {counted} in and out"


def test_nobody_is_counted_the_wrong_way(analyse: Analyse) -> None:
    assert analyse(ROAD, NETWORK, 12).counted[1] == 0
    assert analyse(ROOM, NETWORK, 5).counted[0] == 0
    assert analyse(WALKWAY).counted[1] == 0


def test_a_varying_rate_counts_the_same_pictures_the_same(analyse: Analyse) -> None:
    """The twin holds the same pictures, half of them at half the speed."""
    steady, varying = analyse(MOTORWAY).counted, analyse(MOTORWAY_VFR).counted
    assert abs(steady[0] - varying[0]) + abs(steady[1] - varying[1]) <= 1


def test_times_of_the_varying_twin_are_its_own(analyse: Analyse) -> None:
    """What happens in the slowed half happens later, at the same pictures."""
    steady, varying = analyse(MOTORWAY).events, analyse(MOTORWAY_VFR).events
    late = [e for e in varying if e["frame"] > 400]
    assert late
    assert all(e["time_s"] > e["frame"] / 25 + 1 for e in late)
    same = {e["frame"] for e in steady}
    near = sum(any(abs(e["frame"] - f) <= 2 for f in same) for e in varying)
    assert near >= 0.9 * len(varying)


def test_the_network_gives_equal_bytes_on_any_number_of_threads(
    data_dir: Path, clips: Clips, tmp_path: Path
) -> None:
    scene = clips[WALKWAY].scene
    for workers in (1, 3):
        model = load_model(NETWORK, models_dir=data_dir / "models")
        job = Job(window=Window(end_s=1.5), scene=scene, with_video=False, workers=workers)
        folder = tmp_path / str(workers)
        analyse_video(data_dir / "videos" / f"{WALKWAY}.mp4", folder, model, job)
        model.close()
    for name in ("tracks.txt", "events.jsonl", "counts.json"):
        one, three = ((tmp_path / folder / name).read_bytes() for folder in "13")
        assert one == three
