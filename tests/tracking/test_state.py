"""Saved and resumed: the same tracks, the same ids, and nothing but good bytes."""

import zlib

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from its_camera_ai.core.detections import Detections
from its_camera_ai.core.errors import StateInvalid
from its_camera_ai.tracking.config import TrackerConfig
from its_camera_ai.tracking.tracker import Tracker

SIZE_WH = (1280, 720)
S = 1_000_000_000


def look(tracker: Tracker, t_s: float, features: bool = False) -> list[int]:
    """Three cars in a row, ever on."""
    found = Detections.of(
        [[k * 300 + 60 * t_s, 300, k * 300 + 60 * t_s + 80, 360] for k in range(3)]
    )
    seen = np.eye(3, 8, dtype=np.float32) if features else None
    tracks = tracker.update(found, round(t_s * S), 0, SIZE_WH, features=seen)
    return [int(v) for v in tracks.track_id]


def running(features: bool = False) -> Tracker:
    tracker = Tracker(next_id=50)
    for k in range(10):
        look(tracker, k / 5, features)
    return tracker


@pytest.mark.parametrize("features", [False, True], ids=["boxes", "features"])
def test_a_resumed_tracker_goes_on_as_the_first_would_have(features: bool) -> None:
    first = running(features)
    second = Tracker.resume(first.save())
    for k in range(10, 20):
        assert look(second, k / 5, features) == look(first, k / 5, features) == [50, 51, 52]
    assert first.save() == second.save()


def test_a_restart_of_some_seconds_keeps_the_ids() -> None:
    resumed = Tracker.resume(running().save())
    assert look(resumed, 3.2) == [50, 51, 52]


def test_ids_are_never_given_twice() -> None:
    saved = running().save()
    assert Tracker.resume(saved).next_id == 53
    assert Tracker.resume(saved, next_id=1000).next_id == 1000
    assert Tracker.resume(saved, next_id=7).next_id == 53


def test_a_flow_field_of_another_grid_is_left_out() -> None:
    resumed = Tracker.resume(running().save(), TrackerConfig(flow_cells=8))
    assert look(resumed, 2.0) == [50, 51, 52]


def test_an_empty_tracker_is_saved_too() -> None:
    assert look(Tracker.resume(Tracker(next_id=9).save()), 0.0) == [9, 10, 11]


def _sealed(body: bytes) -> bytes:
    return running().save()[:8] + zlib.crc32(body).to_bytes(4, "little") + body


@pytest.mark.parametrize(
    "damage",
    [
        lambda _: b"",
        lambda _: b"PNG",
        lambda saved: saved[:-1],
        lambda saved: saved[: len(saved) // 2],
        lambda saved: b"ITSTRK99" + saved[8:],
        lambda saved: saved[:-5] + b"\xff" + saved[-4:],
        lambda _: _sealed(b"nonsense"),
        lambda _: _sealed(msgspec.msgpack.encode([1, None, b"123", b"", b"", 0, b"", 5, [1, 1]])),
        lambda _: _sealed(msgspec.msgpack.encode([1, None, b"", b"", b"", 10**9, b"", 0, [1, 1]])),
    ],
    ids=["empty", "other", "short", "half", "version", "bit", "sealed", "rows", "columns"],
)
def test_damaged_state_is_refused(damage) -> None:  # type: ignore[no-untyped-def] # a table of lambdas
    with pytest.raises(StateInvalid, match="start afresh"):
        Tracker.resume(damage(running().save()))


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_any_changed_byte_is_noticed(data: st.DataObject) -> None:
    saved = bytearray(running().save())
    place = data.draw(st.integers(0, len(saved) - 1))
    saved[place] ^= data.draw(st.integers(1, 255))
    with pytest.raises(StateInvalid):
        Tracker.resume(bytes(saved))
