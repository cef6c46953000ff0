"""Ids, times, scenes, arrays: what they accept and what they say."""

import random

import numpy as np
import pytest

from its_camera_ai.core.backoff import Backoff
from its_camera_ai.core.detections import Detections
from its_camera_ai.core.errors import ConfigInvalid, SceneInvalid
from its_camera_ai.core.ids import camera_id, new_id
from its_camera_ai.core.picture_points import Unit
from its_camera_ai.core.scene import Anchor, Line, Scene, Zone, anchor_points
from its_camera_ai.core.time import iso_utc, parse_iso_utc


@pytest.mark.parametrize("text", ["a", "north-gate_2", "0", "x" * 64])
def test_camera_ids(text: str) -> None:
    assert camera_id(text) == text


@pytest.mark.parametrize("text", ["", "-a", "a/", "../a", "A", "ä", "x" * 65, "a b", "a\n"])
def test_bad_camera_ids(text: str) -> None:
    with pytest.raises(ConfigInvalid, match="not allowed"):
        camera_id(text)


def test_ids_sort_by_time_and_differ() -> None:
    ids = [new_id(t * 1_000_000) for t in range(1, 200)]
    assert ids == sorted(ids)
    assert len({new_id(5) for _ in range(1000)}) == 1000
    assert all(i[14] == "7" and i[19] in "89ab" for i in ids)


def test_times() -> None:
    assert parse_iso_utc(iso_utc(1_700_000_000_123_000_000)) == 1_700_000_000_123_000_000
    assert parse_iso_utc("2026-01-01T01:00:00+01:00") == parse_iso_utc("2026-01-01T00:00:00Z")


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda: Line("a", ((0.1, 0.1), (0.1, 0.1))), id="zero length"),
        pytest.param(lambda: Line("a", ((0.1, 0.1), (1.1, 0.1))), id="outside 0-1"),
        pytest.param(lambda: Line("a", ((float("nan"), 0), (1, 1)), Unit.PX), id="not a number"),
        pytest.param(lambda: Line("a", ((0, 0), (1, 1), (1, 0))), id="three points"),  # type: ignore[arg-type]
        pytest.param(lambda: Zone("a", ((0, 0), (1, 1))), id="two corners"),
        pytest.param(lambda: Zone("a", ((0, 0), (1, 1), (1, 0), (0, 1))), id="crosses itself"),
        pytest.param(
            lambda: Scene((Line("a", ((0, 0), (1, 1))),), (Zone("a", ((0, 0), (1, 0), (1, 1))),)),
            id="same id",
        ),
    ],
)
def test_senseless_scenes_are_refused(make) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(SceneInvalid):
        make()


def test_normalised_points_follow_the_picture() -> None:
    line = Line("a", ((0, 0.5), (1, 0.5)))
    assert line.pixels((1280, 720)).tolist() == [[0, 360], [1280, 360]]


@pytest.mark.parametrize(
    ("anchor", "xy"),
    [(Anchor.BOTTOM_CENTRE, [5, 20]), (Anchor.CENTRE, [5, 10]), (Anchor.TOP_CENTRE, [5, 0])],
)
def test_anchors(anchor: Anchor, xy: list[float]) -> None:
    assert anchor_points(np.array([[0, 0, 10, 20]], np.float32), anchor).tolist() == [xy]


def test_detections_check_their_shapes() -> None:
    with pytest.raises(ValueError, match=r"xyxy \(N, 4\)"):
        Detections(np.zeros((2, 4), np.float32), np.zeros(3, np.float32), np.zeros(2, np.int8))
    both = Detections.concatenate([Detections.of([[0, 0, 1, 1]]), Detections.empty()])
    assert len(both) == 1
    assert len(both.take(np.array([False]))) == 0


def test_backoff_is_at_once_then_jittered_up_to_the_cap() -> None:
    backoff = Backoff(random.Random(1))
    waits = [backoff.next_s() for _ in range(200)]
    assert waits[0] == 0
    ceilings = [min(60.0, 2.0**i) for i in range(199)]
    assert all(0 <= w <= c for w, c in zip(waits[1:], ceilings, strict=True))
    assert max(waits) > 50
    assert np.std(waits[10:]) > 10, "full jitter spreads over the whole range"
    backoff.reset()
    assert backoff.next_s() == 0
