"""Rows wait for vision's last words, but not for long."""

import pytest

from its_camera_ai.core.activity import CELLS_BYTES, SecondOfActivity
from its_camera_ai.core.media import StreamRole
from its_camera_ai.core.segments import Segment
from its_camera_ai.core.time import NS_PER_S
from its_camera_ai.recorder.writing.activity_book import ActivityBook
from its_camera_ai.recorder.writing.patient_index import WAIT_S, PatientIndex
from its_camera_ai.sim.clock import SimulatedClock
from tests.recorder.support import RememberingIndex


class Rig:
    """A file of ten seconds of which the last two are not told yet."""

    def __init__(self) -> None:
        self.clock, self.book, self.rows = SimulatedClock(), ActivityBook(), RememberingIndex()
        self.index = PatientIndex(self.rows, self.book, self.clock)

    def hear(self, *seconds: int) -> None:
        for at_s in seconds:
            self.book.hear(
                "cam", SecondOfActivity(at_s * NS_PER_S, 10, bytes(CELLS_BYTES), {"car": at_s})
            )

    def close_file(self, name: str = "a", start_s: int = 0) -> None:
        start_ns, length_ns = start_s * NS_PER_S, 10 * NS_PER_S
        told = self.book.of("cam", start_ns, start_ns + length_ns)
        self.index.add(
            Segment(
                name, "cam", StreamRole.MAIN, f"{name}.mp4", start_ns, 0, length_ns, 1, 1, "h264",
                1, 1, False, 1, activity=told,
            )
        )  # fmt: skip

    @property
    def known_s(self) -> list[int | None]:
        return [None if s.activity is None else s.activity.known_s for s in self.rows.segments]


@pytest.fixture
def rig() -> Rig:
    return Rig()


def test_the_row_waits_until_the_last_second_is_told(rig: Rig) -> None:
    rig.hear(*range(8))
    rig.close_file()
    rig.hear(8)
    rig.index.tick()
    assert rig.known_s == []
    rig.hear(9)
    rig.index.tick()
    assert rig.known_s == [10]
    assert rig.rows.segments[0].activity is not None
    assert rig.rows.segments[0].activity.objects == {"car": 9}


def test_it_does_not_wait_for_ever(rig: Rig) -> None:
    rig.hear(*range(8))
    rig.close_file()
    rig.clock.advance(WAIT_S)
    rig.index.tick()
    rig.index.tick()
    assert rig.known_s == [8]


def test_a_camera_that_vision_does_not_speak_of_waits_for_nothing(rig: Rig) -> None:
    rig.close_file()
    assert rig.known_s == [None]


def test_what_is_complete_goes_at_once(rig: Rig) -> None:
    rig.hear(*range(10))
    rig.close_file()
    assert rig.known_s == [10]


def test_at_the_end_all_go(rig: Rig) -> None:
    rig.hear(*range(8))
    rig.close_file()
    rig.hear(8)
    rig.index.close()
    rig.close_file("b")
    assert rig.known_s == [9, 9]
