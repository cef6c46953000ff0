"""Lines and areas that no picture shows."""

import pytest

from its_camera_ai.analytics.counting.sight import out_of_sight
from its_camera_ai.core.picture_points import Point, Unit
from its_camera_ai.core.road import Lane
from its_camera_ai.core.scene import Line, Scene, Zone

SIZE_WH = (640, 480)


@pytest.mark.parametrize(
    ("points", "seen"),
    [
        (((10, 10), (600, 400)), True),
        (((-50, 240), (700, 240)), True),
        (((-100, 400), (400, 700)), True),
        (((0, 480), (640, 480)), True),
        (((640, 500), (640, 470)), True),
        (((0, 481), (640, 481)), False),
        (((-10, 0), (-10, 480)), False),
        (((500, 700), (900, 300)), False),
        (((650, 10), (900, 10)), False),
    ],
    ids=[
        "inside",
        "through",
        "over a corner",
        "on the edge",
        "touches a corner",
        "below",
        "left",
        "past a corner",
        "beside",
    ],
)
def test_lines(points: tuple[Point, Point], seen: bool) -> None:
    told = out_of_sight(Scene((Line("a", points, Unit.PX),)), SIZE_WH)
    assert [text for text in told if "lies outside of" in text] == ([] if seen else told)
    assert seen or told


@pytest.mark.parametrize(
    ("corners", "seen"),
    [
        (((10, 10), (20, 10), (20, 20)), True),
        (((-900, -900), (2000, -900), (2000, 2000), (-900, 2000)), True),
        (((600, 400), (900, 400), (900, 700)), True),
        (((700, 0), (900, 0), (900, 400)), False),
        (((0, -10), (640, -10), (640, -90)), False),
    ],
    ids=["inside", "round the whole picture", "partly", "right of it", "above"],
)
def test_areas(corners: tuple[Point, ...], seen: bool) -> None:
    scene = Scene(
        zones=(Zone("z", corners, Unit.PX),),
        lanes=(Lane("l", corners, (corners[0], corners[1]), Unit.PX),),
    )
    outside = [text for text in out_of_sight(scene, SIZE_WH) if "lies outside of" in text]
    assert [text.split()[0] for text in outside] == ([] if seen else ["Zone", "Lane"])


def test_fractions_of_the_picture_are_always_seen() -> None:
    assert out_of_sight(Scene((Line("a", ((0, 0), (1, 0))),)), (1, 1)) == []


@pytest.mark.parametrize(
    ("points", "words"),
    [
        pytest.param(((10, 10), (310, 200)), None, id="inside"),
        pytest.param(((10, 10), (310, 900)), "reaches out of", id="half outside"),
        pytest.param(((500, 400), (900, 400)), "lies outside of", id="outside"),
    ],
)
def test_a_scene_outside_of_the_picture_is_told(
    points: tuple[Point, Point], words: str | None
) -> None:
    found = out_of_sight(Scene((Line("gate", points, Unit.PX),)), (320, 240))
    assert len(found) == (words is not None)
    assert words is None or (words in found[0] and "320x240" in found[0])
