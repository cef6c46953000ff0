"""A scene with everything in it survives every way of writing it down."""

import pytest

from its_camera_ai.core.calibration import Calibration, Landmark, Lens, PointPair, WorldFrame
from its_camera_ai.core.errors import ConfigInvalid
from its_camera_ai.core.road import (
    Direction,
    Gate,
    Lane,
    LineSide,
    Movement,
    SignalHead,
    SignalSource,
    Turn,
)
from its_camera_ai.core.scene import Line, Scene, Zone, ZoneUse
from its_camera_ai.store.documents.scene_fields import SceneFields
from its_camera_ai.store.documents.scene_parts import scene_document, scene_of
from its_camera_ai.store.documents.site import export_site, load_site

SQUARE = ((0.1, 0.1), (0.9, 0.1), (0.9, 0.9))
NORTH, SOUTH = LineSide("north", Direction.IN), LineSide("south", Direction.OUT)
FULL = Scene(
    lines=(
        Line("north", ((0.1, 0.2), (0.9, 0.2))),
        Line("south", ((0.1, 0.8), (0.9, 0.8)), name="South arm"),
    ),
    zones=(Zone("kerb", SQUARE, use=ZoneUse.NO_STOPPING, limit_s=30.0),),
    lanes=(
        Lane(
            "left",
            SQUARE,
            ((0.5, 0.9), (0.5, 0.1)),
            approach="south",
            speed_limit_kmh=50.0,
            stop_line="north",
            storage_m=80.0,
        ),
    ),
    gates=(Gate("trap", NORTH, SOUTH, 20.5),),
    movements=(Movement("through", NORTH, SOUTH, Turn.THROUGH, "north"),),
    signals=(
        SignalHead("k1", (NORTH,), SignalSource.PICTURE, SQUARE, grace_s=0.3, lanes=("left",)),
    ),
    calibration=Calibration(
        tuple(
            PointPair((u, v), (13.4 + u / 1e3, 52.5 + v / 1e3), f"corner {u}", check=u == 0.6)
            for u in (0.2, 0.6, 0.7)
            for v in (0.3, 0.9)
        ),
        frame=WorldFrame.WGS84,
        lens=Lens(-0.2, 0.01, 0.9),
        valid=SQUARE,
        landmarks=(Landmark((0.5, 0.05), "sign"),),
        position_sd_px=2.0,
        scale_sd=0.01,
    ),
)
SITE = "cameras: [{id: gate, url: 'rtsp://cam/1'}]"


def test_a_scene_survives_the_document() -> None:
    assert scene_of(SceneFields.model_validate(scene_document(FULL))) == FULL


def test_a_scene_survives_the_site_file() -> None:
    (camera,) = load_site(SITE).cameras
    camera = type(camera)(camera.id, camera.main, scene=FULL)
    assert load_site(export_site([camera])).cameras == [camera]


FAR = "{image: [0, 0], world: [500, 52]}"
LAMPLESS = "signals: [{id: s, governs: ['a:in'], source: picture}]"
WRONG = {
    "line_of_a_movement": (
        "movements: [{id: m, entry: 'a:in', exit: 'b:out', turn: T}]",
        "names the line 'a', which is not there",
    ),
    "side": ("gates: [{id: g, entry: north, exit: 'b:out'}]", "write a line's id, then :in"),
    "few_pairs": (
        "calibration: {pairs: [{image: [0, 0], world: [0, 0]}]}",
        "needs at least 4",
    ),
    "longitude": (
        f"calibration: {{frame: wgs84, pairs: [{', '.join([FAR] * 4)}]}}",
        "longitude first",
    ),
    "heading": (
        "lanes: [{id: l, points: [[0,0],[1,0],[1,1]], heading: [[0,0],[0,0]]}]",
        "heading has no length",
    ),
    "lamps": (
        f"lines: [{{id: a, points: [[0,0],[1,1]]}}], {LAMPLESS}",
        "mark its lamps",
    ),
}


@pytest.mark.parametrize(("part", "told"), WRONG.values(), ids=WRONG)
def test_what_makes_no_sense_is_told_with_its_place(part: str, told: str) -> None:
    with pytest.raises(ConfigInvalid, match=told) as caught:
        load_site(f"cameras: [{{id: gate, url: 'rtsp://cam/1', {part}}}]")
    assert str(caught.value).startswith("site.yaml:1:")
