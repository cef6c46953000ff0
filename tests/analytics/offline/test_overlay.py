import numpy as np

from its_camera_ai.analytics.counting.counts import Counts, LineCounts, ZoneCounts
from its_camera_ai.analytics.offline.overlay import Overlay
from its_camera_ai.analytics.offline.palette import class_rgb
from its_camera_ai.core.detections import ObjectClass
from its_camera_ai.core.picture_points import Unit
from its_camera_ai.core.scene import Line, Scene, Zone
from its_camera_ai.core.tracks import FrameTracks, Unknown

SIZE = (320, 240)
SCENE = Scene(
    (Line("größe", ((0, 200), (320, 200)), Unit.PX),),
    (Zone("plaza", ((200, 20), (300, 20), (300, 100), (200, 100)), Unit.PX),),
)


def tracks(observed: bool) -> FrameTracks:
    return FrameTracks(
        0,
        0,
        SIZE,
        np.array([7], np.int64),
        np.array([[50, 60, 90, 120]], np.float32),
        np.array([0.9], np.float32),
        np.array([ObjectClass.CAR], np.int8),
        np.array([observed]),
    )


def counts() -> Counts:
    return Counts({"größe": LineCounts()}, {"plaza": ZoneCounts()})


def blank() -> np.ndarray:
    return np.full((240, 320, 3), 90, np.uint8)


def test_boxes_lines_and_zones_are_where_they_belong_and_the_picture_stays() -> None:
    given = blank()
    drawn = Overlay(SCENE, SIZE).draw(given, tracks(True), counts())
    assert (given == 90).all()
    red, green, blue = class_rgb(ObjectClass.CAR)
    assert tuple(drawn[119, 70]) == (blue, green, red) or tuple(drawn[120, 70]) == (
        blue,
        green,
        red,
    )
    assert (drawn[200, 10:300:20] != 90).any(axis=1).all()
    assert (drawn[60, 200] != 90).any()
    assert (drawn[150:180, 20:60] == 90).all()


def test_the_arrow_points_to_the_side_called_in() -> None:
    """Along x, ``in`` is towards larger y: below the line."""
    drawn = Overlay(SCENE, SIZE).draw(blank(), FrameTracks.nothing(0, 0, SIZE), counts())
    around = (drawn != 90).any(axis=2)[:, 150:170]
    assert around[204:216].any()
    assert not around[180:195].any()


def test_a_prediction_is_dashed_and_unnamed() -> None:
    drawn = Overlay(Scene(), SIZE).draw(blank(), tracks(False), Counts())
    side = (drawn[60, 50:90] != 90).any(axis=1)
    assert side.any()
    assert not side.all()
    assert (drawn[40:58] == 90).all()


def test_a_count_changes_the_label_and_unknown_is_said() -> None:
    overlay, none = Overlay(SCENE, SIZE), FrameTracks.nothing(0, 0, SIZE)
    counted = counts()
    before = overlay.draw(blank(), none, counted)
    counted.lines["größe"].inward.add("car")
    assert (overlay.draw(blank(), none, counted) != before).any()
    unknown = FrameTracks.nothing(0, 0, SIZE, Unknown.DECODE_ERROR)
    assert (overlay.draw(blank(), unknown, counts())[:20, :100] != before[:20, :100]).any()
