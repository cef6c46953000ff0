"""Truth against painted pixels, with everything off that is not a body."""

import numpy as np
import pytest

from its_camera_ai.sim.renderer import Finish
from its_camera_ai.sim.scenes import SCENES
from its_camera_ai.sim.street import open_street
from its_camera_ai.sim.truth import TruthObject

BARE = Finish(shadows=False, lamps=False, light=False, noise=False, caption=False)
FRAMES = (0, 90, 180, 333)


def _overlaps(a: TruthObject, b: TruthObject, margin: float) -> bool:
    return (
        a.xyxy[0] - margin < b.xyxy[2]
        and b.xyxy[0] - margin < a.xyxy[2]
        and a.xyxy[1] - margin < b.xyxy[3]
        and b.xyxy[1] - margin < a.xyxy[3]
    )


@pytest.mark.parametrize("scene", SCENES)
def test_nothing_is_painted_outside_the_boxes(scene: str) -> None:
    street = open_street(scene, finish=BARE)
    backdrop = street.backdrop
    for index in FRAMES:
        frame = street.frame(index)
        changed = (frame.bgr != backdrop).any(axis=2)
        for o in frame.truth:
            left, top, right, bottom = o.xyxy
            # Two pixels: OpenCV's smoothed edges reach beyond the polygon.
            changed[
                max(0, int(top) - 2) : int(np.ceil(bottom)) + 2,
                max(0, int(left) - 2) : int(np.ceil(right)) + 2,
            ] = False
        # Bodies thinner than a pixel, far away, are painted but not told of.
        assert np.count_nonzero(changed) <= 4


@pytest.mark.parametrize("scene", SCENES)
def test_boxes_are_tight_and_in_the_picture(scene: str) -> None:
    street = open_street(scene, finish=BARE)
    backdrop = street.backdrop.astype(int)
    width, height = street.size_wh
    checked = 0
    for index in range(0, 600, 40):
        frame = street.frame(index)
        for o in frame.truth:
            left, top, right, bottom = o.xyxy
            assert 0 <= left < right <= width
            assert 0 <= top < bottom <= height
            assert 0 <= o.visible <= 1
            if o.visible < 0.999 or any(p is not o and _overlaps(o, p, 8.0) for p in frame.truth):
                continue
            x0, y0, x1, y1 = (
                max(0, int(left) - 4),
                max(0, int(top) - 4),
                int(right) + 5,
                int(bottom) + 5,
            )
            part = (
                np.abs(frame.bgr[y0:y1, x0:x1].astype(int) - backdrop[y0:y1, x0:x1]).sum(axis=2) > 6
            )
            rows, columns = np.flatnonzero(part.any(axis=1)), np.flatnonzero(part.any(axis=0))
            painted = (columns[0] + x0, rows[0] + y0, columns[-1] + 1 + x0, rows[-1] + 1 + y0)
            assert np.abs(np.array(painted) - o.xyxy).max() < 2.6, (index, o)
            checked += 1
    assert checked >= 8


@pytest.mark.parametrize("scene", SCENES)
def test_visible_is_the_share_that_is_left(scene: str) -> None:
    """Bodies whole in the picture with no box near theirs are seen whole; some are hidden."""
    street = open_street(scene, size_wh=(640, 360))
    hidden = 0
    for index in range(0, 900, 60):
        truth = street.frame(index).truth
        hidden += sum(o.visible < 0.6 for o in truth)
    assert hidden > 0


def test_the_one_behind_is_the_one_that_is_hidden() -> None:
    """On the motorway, where no mast stands in the way, only someone nearer can hide a vehicle."""
    street = open_street("motorway", fps=2.0, demand=2.0)
    checked = 0
    for index in range(120):
        truth = street.frame(index).truth
        for far in truth:
            if far.visible < 0.8 and 45 < far.world_xy_m[1] < 75:
                nearer = [o for o in truth if o.world_xy_m[1] < far.world_xy_m[1]]
                assert any(_overlaps(o, far, 0) for o in nearer)
                checked += 1
    assert checked


@pytest.mark.parametrize("effect", ["shadows", "lamps", "light", "noise", "caption"])
def test_every_effect_shows(effect: str) -> None:
    plain = open_street("intersection", finish=BARE).frame(40)
    switched = Finish(**{name: name == effect for name in Finish.__slots__})
    with_effect = open_street("intersection", finish=switched).frame(40)
    assert np.count_nonzero(plain.bgr != with_effect.bgr) > 20
    assert plain.truth == with_effect.truth


def test_the_caller_owns_the_picture() -> None:
    street = open_street("courtyard", size_wh=(160, 90))
    first = street.frame(0)
    kept = first.bgr.copy()
    street.frame(1)
    assert np.array_equal(first.bgr, kept)
    first.bgr[:] = 0
    assert street.frame(2).bgr.any()
