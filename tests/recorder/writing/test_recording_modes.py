"""The gates of a site, and what they hear over the real bus."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from its_camera_ai.bus.local import LocalBus
from its_camera_ai.bus.messages import ActivityMessage, JudgedMessage, RecordRequest
from its_camera_ai.core.activity import CELLS_BYTES, SecondOfActivity
from its_camera_ai.core.camera_url import CameraUrl
from its_camera_ai.core.cameras import Camera
from its_camera_ai.core.recording import DayMoment, RecordingMode, RecordingPlan, RecordingRule
from its_camera_ai.core.site_facts import SiteFacts
from its_camera_ai.core.time import NS_PER_S, SystemClock
from its_camera_ai.recorder.writing.recording_gate import RecordingCause, RecordingGate
from its_camera_ai.recorder.writing.recording_modes import RecordingModes
from tests.recorder.support import RememberingIndex
from tests.recorder.writing.test_recording_gate import START_NS, START_S
from tests.recorder.writing.test_recording_gate import Camera as Packets
from tests.recorder.writing.test_recording_gate import Recorder as Taken
from tests.support.waiting import wait_until

CAMERA = Camera("gate", CameraUrl.parse("/a"), recording=RecordingPlan(RecordingMode.MOTION))
MOVED = b"\x80" + bytes(CELLS_BYTES - 1)


class Rig:
    """The modes of one camera that has run for ten seconds."""

    def __init__(self, folder: Path) -> None:
        self.bus = LocalBus(folder / "r")
        self.modes = RecordingModes(RememberingIndex(), self.bus.ingest_receiver(), SystemClock())
        self.sender = self.bus.ingest_sender()
        self.packets, self.taken = Packets(lambda: 1.0), Taken()

    def begin(self, camera: Camera) -> RecordingGate:
        gate = self.modes.gate(camera, self.taken)
        self.play(gate, 4)
        return gate

    def play(self, gate: RecordingGate, until_s: float) -> None:
        for packet in self.packets.until(START_NS + round(until_s * NS_PER_S)):
            gate.put(packet)

    def close(self) -> None:
        self.modes.close()
        self.sender.close()
        self.bus.close()


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    rig = Rig(tmp_path)
    yield rig
    rig.close()


def test_a_second_of_vision_opens_the_gate_and_is_kept_for_the_file(rig: Rig) -> None:
    rig.begin(CAMERA)
    second = SecondOfActivity((START_S + 2) * NS_PER_S, 10, MOVED, {"car": 1}, {"car": 1})
    rig.sender.send(ActivityMessage("nobody", second))
    rig.sender.send(ActivityMessage("gate", second))
    wait_until(lambda: rig.taken.files, "the gate to open")
    found = rig.modes.activity("gate", START_NS, START_NS + 4 * NS_PER_S)
    assert found is not None
    assert found.objects == {"car": 1}
    assert rig.modes.activity("nobody", START_NS, START_NS + 4 * NS_PER_S) is None


def test_an_event_opens_the_gate_of_a_camera_that_waits_for_events(rig: Rig) -> None:
    plan = RecordingPlan(RecordingMode.EVENTS)
    gate = rig.begin(replace(CAMERA, recording=plan))
    rig.sender.send(JudgedMessage("gate", START_NS + 3 * NS_PER_S))
    rig.sender.send(RecordRequest("gate", START_NS + NS_PER_S, START_NS + NS_PER_S, "test"))
    wait_until(lambda: rig.taken.files, "the gate to open")
    rig.play(gate, 7)
    figures = rig.modes.figures("gate")
    assert figures is not None
    assert figures.cause is RecordingCause.EVENT, "the server has spoken, so it is not silence"


def test_a_new_plan_and_a_new_place_are_followed_without_a_new_gate(rig: Rig) -> None:
    noon = RecordingRule(
        RecordingMode.OFF, start=DayMoment.parse("12:00"), end=DayMoment.parse("13:00")
    )
    gate = rig.begin(CAMERA)
    rig.modes.follow(CAMERA)
    rig.modes.follow(replace(CAMERA, recording=RecordingPlan(RecordingMode.CONTINUOUS, (noon,))))
    rig.play(gate, 6)
    figures = rig.modes.figures("gate")
    assert figures is not None
    assert figures.mode is RecordingMode.CONTINUOUS, "where no time zone is known no rule holds"
    rig.modes.be_at(SiteFacts("UTC"))
    rig.play(gate, 8)
    assert figures.mode is RecordingMode.OFF
    rig.modes.be_at(SiteFacts("Europe/Berlin"))
    rig.play(gate, 10)
    assert figures.mode is RecordingMode.CONTINUOUS, "it is one o'clock there"


def test_a_place_that_is_unknown_here_records_everything(rig: Rig) -> None:
    rig.modes.be_at(SiteFacts("Mars/Base"))
    gate = rig.begin(CAMERA)
    assert len(rig.taken.packets) == len(rig.packets.made)
    rig.play(gate, 6)
    assert len(rig.taken.packets) == len(rig.packets.made)


def test_a_camera_that_ended_is_forgotten(rig: Rig) -> None:
    rig.begin(CAMERA)
    rig.modes.forget("gate")
    assert rig.modes.figures("gate") is None
    rig.modes.forget("gate")


def test_what_cannot_be_read_is_not_said(rig: Rig) -> None:
    rig.begin(CAMERA)
    rig.sender._socket.send(b"\xc1 no message")  # as of another version
    rig.sender.send(ActivityMessage("gate", SecondOfActivity((START_S + 2) * NS_PER_S, 10, MOVED)))
    wait_until(lambda: rig.taken.files, "the next word to be heard")
    assert rig.modes.alive
