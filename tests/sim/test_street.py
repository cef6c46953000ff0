import hashlib
import subprocess
import sys

import numpy as np
import pytest

from its_camera_ai.core.detections import ObjectClass
from its_camera_ai.core.errors import ConfigInvalid
from its_camera_ai.sim.scenes import SCENES
from its_camera_ai.sim.street import CROSSINGS_MAX, Street, open_street
from its_camera_ai.sim.truth import TruthObject

SMALL_WH = (320, 180)


def digest(street: Street, frames: range) -> str:
    total = hashlib.sha256()
    for index in frames:
        frame = street.frame(index)
        total.update(frame.bgr.tobytes())
        total.update(repr(frame.truth).encode())
    total.update(repr(street.crossings).encode())
    return total.hexdigest()


@pytest.mark.parametrize("scene", SCENES)
def test_the_same_seed_gives_the_same_bytes(scene: str) -> None:
    first = digest(open_street(scene, seed=3, size_wh=SMALL_WH), range(40))
    assert digest(open_street(scene, seed=3, size_wh=SMALL_WH), range(40)) == first
    assert digest(open_street(scene, seed=4, size_wh=SMALL_WH), range(40)) != first


def test_another_process_gives_the_same_bytes() -> None:
    program = (
        "import hashlib\n"
        "from its_camera_ai.sim.street import open_street\n"
        "street = open_street('intersection', seed=9, size_wh=(320, 180))\n"
        "total = hashlib.sha256()\n"
        "for k in range(25): total.update(street.frame(k).bgr.tobytes())\n"
        "print(total.hexdigest())\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    street = open_street("intersection", seed=9, size_wh=SMALL_WH)
    total = hashlib.sha256()
    for k in range(25):
        total.update(street.frame(k).bgr.tobytes())
    assert done.stdout.strip() == total.hexdigest(), done.stderr


@pytest.mark.parametrize("scene", SCENES)
def test_skipping_frames_changes_nothing(scene: str) -> None:
    steady = open_street(scene, size_wh=SMALL_WH)
    for index in range(60):
        last = steady.frame(index)
    hasty = open_street(scene, size_wh=SMALL_WH)
    jumped = hasty.frame(59)
    assert np.array_equal(last.bgr, jumped.bgr)
    assert (last.truth, steady.crossings) == (jumped.truth, hasty.crossings)


@pytest.mark.parametrize("scene", SCENES)
def test_size_and_rate_do_not_change_the_traffic(scene: str) -> None:
    small = open_street(scene, size_wh=(320, 180), fps=10.0)
    large = open_street(scene, size_wh=(640, 360), fps=30.0)
    for second in range(4):
        a, b = small.frame(second * 10), large.frame(second * 30)
        assert a.pts_ns == b.pts_ns
        places = {o.id: o.world_xy_m for o in b.truth}
        assert a.truth
        assert all(places[o.id] == o.world_xy_m for o in a.truth)


def test_frames_come_in_rising_order() -> None:
    street = open_street("courtyard", size_wh=SMALL_WH)
    with pytest.raises(ValueError, match="rising order"):
        street.frame(-1)
    street.frame(5)
    assert street.frame(5).index == 5
    with pytest.raises(ValueError, match="Open the street again"):
        street.frame(4)


def test_pts_follow_the_rate() -> None:
    street = open_street("courtyard", size_wh=SMALL_WH, fps=29.97)
    assert [street.frame(k).pts_ns for k in (0, 1, 2997)] == [0, 33_366_700, 100_000_000_000]


def test_an_unknown_scene_is_named() -> None:
    with pytest.raises(ConfigInvalid, match="choose one of intersection"):
        open_street("harbour")


@pytest.mark.parametrize("scene", SCENES)
def test_no_demand_is_an_empty_street(scene: str) -> None:
    street = open_street(scene, size_wh=SMALL_WH, demand=0.0)
    assert street.frame(100).truth == ()


@pytest.mark.parametrize("scene", SCENES)
@pytest.mark.parametrize("size_wh", [(640, 360), (640, 480), (64, 64), (200, 600)])
def test_scenes_are_valid_and_lie_in_the_picture(scene: str, size_wh: tuple[int, int]) -> None:
    street = open_street(scene, size_wh=size_wh, demand=0.0)
    assert street.scene.lines
    assert street.scene.zones
    for line in street.scene.lines:
        (x1, y1), (x2, y2) = line.points
        assert abs(x2 - x1) + abs(y2 - y1) > 0.02


@pytest.mark.parametrize("scene", SCENES)
def test_the_homography_maps_the_street_to_the_feet(scene: str) -> None:
    street = open_street(scene)
    whole = [o for k in (0, 200, 400) for o in street.frame(k).truth if _whole(o, street.size_wh)]
    assert whole
    for o in whole:
        u, v, w = street.homography @ (*o.world_xy_m, 1.0)
        left, top, right, bottom = o.xyxy
        assert left - 1 <= u / w <= right + 1
        assert top <= v / w <= bottom + 1


def _whole(o: TruthObject, size_wh: tuple[int, int]) -> bool:
    left, top, right, bottom = o.xyxy
    return left > 0 and top > 0 and right < size_wh[0] and bottom < size_wh[1]


@pytest.mark.parametrize(
    ("scene", "classes"),
    [
        ("intersection", {ObjectClass.PERSON, ObjectClass.CAR, ObjectClass.BUS, ObjectClass.TRUCK}),
        ("motorway", {ObjectClass.CAR, ObjectClass.TRUCK}),
        ("carpark", {ObjectClass.PERSON, ObjectClass.CAR}),
        ("courtyard", {ObjectClass.PERSON}),
    ],
)
def test_who_is_there(scene: str, classes: set[ObjectClass]) -> None:
    street = open_street(scene, size_wh=(160, 90), fps=1.0)
    seen = {o.class_id for k in range(90) for o in street.frame(k).truth}
    assert classes <= seen


@pytest.mark.parametrize("scene", SCENES)
def test_nothing_piles_up(scene: str) -> None:
    """Whoever has left is forgotten: after ten minutes a street holds no more than before."""
    street = open_street(scene, size_wh=(64, 64), fps=1.0)
    held: list[int] = []
    for second in range(0, 600, 20):
        street.frame(second)
        held.append(
            len(street._world.agents) + len(street._watch._known) + len(street._renderer._last)
        )
        street.drain_crossings()
    assert 0 < max(held[-10:]) <= max(held[:10]) * 1.6 + 15


def test_crossings_can_be_drained_and_are_bounded() -> None:
    street = open_street("motorway", size_wh=(160, 90), fps=1.0)
    street.frame(30)
    first = street.drain_crossings()
    assert len(first) > 5
    assert street.crossings == ()
    street.frame(60)
    assert street.crossings[0].pts_ns > first[-1].pts_ns - 1
    assert street._crossings.maxlen == CROSSINGS_MAX


def test_start_s_begins_later_in_the_same_traffic() -> None:
    early = open_street("intersection", size_wh=SMALL_WH, fps=10.0)
    late = open_street("intersection", size_wh=SMALL_WH, fps=10.0, start_s=12.0)
    assert late.frame(0).truth == early.frame(120).truth
    assert late.frame(0).pts_ns == 0
