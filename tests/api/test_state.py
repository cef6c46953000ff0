"""The server's picture of the system."""

import threading

import pytest

from its_camera_ai.api.state import STALE_AFTER_S, SystemState
from its_camera_ai.bus.messages import (
    CameraState,
    RoleStatus,
    StreamStatus,
    TracksMessage,
    VisionStatus,
)
from its_camera_ai.core.media import StreamRole
from its_camera_ai.core.tracks import FrameTracks
from tests.api.support import BASE_WALL_NS, TurnedClock, camera


def stream(
    state: CameraState, role: StreamRole = StreamRole.MAIN, camera_id: str = "gate", **more: object
) -> StreamStatus:
    return StreamStatus(camera_id, role, state, since_wall_ns=BASE_WALL_NS, **more)  # type: ignore[arg-type]  # the caller names real fields


def heartbeat(role: str = "ingest", index: int = 0, **more: object) -> RoleStatus:
    return RoleStatus(role, index, pid=1, wall_ns=0, started_wall_ns=0, ready=True, **more)  # type: ignore[arg-type]  # the caller names real fields


def tracks(camera_id: str = "gate", pts_ns: int = 0) -> TracksMessage:
    return TracksMessage.of(camera_id, 1, FrameTracks.nothing(pts_ns, 0, (320, 240)))


@pytest.fixture
def clock() -> TurnedClock:
    return TurnedClock()


@pytest.fixture
def state(clock: TurnedClock) -> SystemState:
    return SystemState(clock)


@pytest.mark.parametrize(
    ("main", "sub", "expected"),
    [
        pytest.param(CameraState.ONLINE, CameraState.ONLINE, "online", id="both online"),
        pytest.param(CameraState.ONLINE, CameraState.RETRYING, "retrying", id="sub retrying"),
        pytest.param(CameraState.REFUSED, CameraState.RETRYING, "refused", id="refused is worst"),
        pytest.param(CameraState.CONNECTING, CameraState.ONLINE, "connecting", id="connecting"),
        pytest.param(CameraState.ENDED, CameraState.ONLINE, "ended", id="file at its end"),
    ],
)
def test_a_camera_is_as_its_worst_stream(
    state: SystemState, main: CameraState, sub: CameraState, expected: str
) -> None:
    streams = [
        stream(main, error="main" if main is not CameraState.ONLINE else ""),
        stream(sub, StreamRole.SUB, error="sub" if sub is not CameraState.ONLINE else ""),
    ]
    state.on_status(heartbeat(streams=streams))
    status = state.camera_status(camera())
    assert status.state == expected
    assert [view.role for view in status.streams] == ["main", "sub"]
    assert status.since == "2026-05-28T20:26:40.000Z"
    assert bool(status.error) is (expected != "online")


def test_silence_is_stale_after_5_s(state: SystemState, clock: TurnedClock) -> None:
    vision = [VisionStatus("gate", "yolox", looks_per_s=5)]
    state.on_status(heartbeat(streams=[stream(CameraState.ONLINE, recording=True)]))
    state.on_status(heartbeat("vision", vision=vision))
    clock.turn(STALE_AFTER_S)
    fresh = state.camera_status(camera())
    assert fresh.state == "online"
    assert fresh.vision is not None
    assert (fresh.vision.stale, fresh.vision.looks_per_s) == (False, 5)
    clock.turn(0.1)
    status = state.camera_status(camera())
    assert (status.state, status.streams[0].state) == ("stale", "stale")
    assert not status.streams[0].recording, "nobody knows whether it records"
    assert "silent" in status.error
    assert status.vision is not None
    assert (status.vision.stale, status.vision.looks_per_s) == (True, 0)
    assert [role.stale for role in state.roles()] == [True, True]


def test_unheard_of_is_stale_and_disabled_is_disabled(state: SystemState) -> None:
    assert state.camera_status(camera()).state == "stale"
    assert state.camera_status(camera()).vision is None
    assert state.camera_status(camera(enabled=False)).state == "disabled"


def test_a_camera_taken_over_is_believed_to_its_new_process(
    state: SystemState, clock: TurnedClock
) -> None:
    state.on_status(heartbeat(index=0, streams=[stream(CameraState.RETRYING)]))
    clock.turn(1)
    state.on_status(heartbeat(index=1, streams=[stream(CameraState.ONLINE)]))
    assert state.camera_status(camera()).state == "online"
    clock.turn(1)
    state.on_status(heartbeat(index=1))
    assert state.camera_status(camera()).state == "retrying", "the other's is the last word left"


def test_counts_rise_in_revision_only_when_they_change(state: SystemState) -> None:
    assert state.counts("gate").revision == 0
    state.on_counts("gate", {"lines": {}, "zones": {}})
    assert state.counts("gate").revision == 0
    state.on_counts("gate", {"lines": {"a": {}}, "zones": {}})
    state.on_counts("gate", {"lines": {"a": {}}, "zones": {}})
    assert state.counts("gate").revision == 1


def test_listeners_hear_their_camera_while_they_listen(state: SystemState) -> None:
    heard: list[int] = []
    with state.listen("gate", lambda m: heard.append(m.pts_ns)):
        state.on_tracks("gate", tracks(pts_ns=1))
        state.on_tracks("yard", tracks("yard", pts_ns=2))
    state.on_tracks("gate", tracks(pts_ns=3))
    assert heard == [1]
    latest = state.tracks("gate")
    assert latest is not None
    assert latest.pts_ns == 3


def test_tables_are_bounded(state: SystemState) -> None:
    for number in range(3000):
        state.on_tracks(f"c{number}", tracks(f"c{number}"))
        state.on_counts(f"c{number}", {"lines": {"a": number}, "zones": {}})
        state.on_status(heartbeat("ingest", number))
    assert len(state.heartbeats()) == 256
    assert state.tracks("c0") is None
    assert state.tracks("c2999") is not None
    assert state.counts("c0").value["lines"] == {}
    assert state.counts("c2999").value["lines"] == {"a": 2999}


def test_many_threads_at_once(state: SystemState) -> None:
    failed: list[BaseException] = []

    def work(number: int) -> None:
        try:
            for turn in range(300):
                with state.listen("gate", lambda _: None):
                    state.on_tracks("gate", tracks(pts_ns=turn))
                state.on_status(heartbeat(index=number, streams=[stream(CameraState.ONLINE)]))
                state.on_counts("gate", {"lines": {"a": turn}, "zones": {}})
                state.camera_status(camera())
        except BaseException as error:  # noqa: BLE001 - told to the test's own thread
            failed.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
