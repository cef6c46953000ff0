"""Calls between processes: answered, refused, timed out, never mixed up."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import zmq

from its_camera_ai.bus.calls import MESSAGE_BYTES_MAX
from its_camera_ai.bus.local import LocalBus
from its_camera_ai.bus.messages import CallFailed, CallReply, CallRequest, LookTest, LookTestResult
from its_camera_ai.core.errors import CallUnanswered, ModelInvalid
from tests.support.waiting import wait_until

SOON_S = 0.05
LONG_S = 20.0


@pytest.fixture
def bus(tmp_path: Path) -> Iterator[LocalBus]:
    bus = LocalBus(tmp_path / "r")
    yield bus
    bus.close()


def echo(request: CallRequest) -> CallReply:
    """Answers how long the picture was."""
    return LookTestResult(request.alias, "same", (len(request.jpeg or b""), 1), 0.0, [], [], [])


def test_an_answer_comes_back(bus: LocalBus) -> None:
    answerer = bus.answer_calls("vision", 3, echo)
    reply = bus.caller().call("vision", 3, LookTest("champion", bytes(10_000_000)), LONG_S)
    assert isinstance(reply, LookTestResult)
    assert (reply.model, reply.size_wh) == ("champion", (10_000_000, 1))
    answerer.close()
    assert not answerer.alive


def test_a_caller_of_nobody_waits_no_longer_than_it_said(bus: LocalBus) -> None:
    with pytest.raises(CallUnanswered, match=r"vision/0 did not answer within 0\.05 s"):
        bus.caller().call("vision", 0, LookTest("champion"), SOON_S)


def test_a_process_that_died_is_not_waited_for(bus: LocalBus) -> None:
    bus.answer_calls("vision", 0, echo).close()
    with pytest.raises(CallUnanswered):
        bus.caller().call("vision", 0, LookTest("champion"), SOON_S)
    again = bus.answer_calls("vision", 0, echo)
    assert bus.caller().call("vision", 0, LookTest("x"), LONG_S) == echo(LookTest("x"))
    again.close()


def test_what_is_too_long_is_not_sent(bus: LocalBus) -> None:
    with pytest.raises(CallUnanswered, match="too long"):
        bus.caller().call("vision", 0, LookTest("x", bytes(MESSAGE_BYTES_MAX)), SOON_S)


def test_who_sends_too_much_or_rubbish_harms_nobody(bus: LocalBus, tmp_path: Path) -> None:
    answerer = bus.answer_calls("vision", 0, echo)
    context = zmq.Context()
    for rubbish in (bytes(MESSAGE_BYTES_MAX + 1), b"\xc1", b""):
        socket = context.socket(zmq.DEALER)
        socket.setsockopt(zmq.LINGER, 1000)
        socket.connect(f"ipc://{tmp_path / 'r' / 'calls-vision-0'}.sock")
        socket.send(rubbish)
        socket.close()
    context.term()
    reply = bus.caller().call("vision", 0, LookTest("still here"), LONG_S)
    assert isinstance(reply, LookTestResult)
    answerer.close()


def test_a_late_answer_is_not_taken_for_anothers(bus: LocalBus) -> None:
    held, asked = threading.Event(), []

    def slow(request: CallRequest) -> CallReply:
        asked.append(request.alias)
        if request.alias == "slow":
            held.wait(LONG_S)
        return echo(request)

    answerer = bus.answer_calls("vision", 0, slow)
    with pytest.raises(CallUnanswered):
        bus.caller().call("vision", 0, LookTest("slow"), SOON_S)
    wait_until(lambda: asked, "the first call to be in work")
    held.set()
    reply = bus.caller().call("vision", 0, LookTest("quick"), LONG_S)
    assert isinstance(reply, LookTestResult)
    assert reply.model == "quick"
    answerer.close()


@pytest.mark.parametrize(
    ("error", "says"),
    [
        pytest.param(ModelInvalid("no such model"), "no such model", id="ours, in its words"),
        pytest.param(ValueError("a secret"), "ValueError", id="a bug, without them"),
    ],
)
def test_what_the_handler_raises_is_told(bus: LocalBus, error: Exception, says: str) -> None:
    def fail(_: CallRequest) -> CallReply:
        raise error

    answerer = bus.answer_calls("vision", 0, fail)
    for _ in range(2):
        reply = bus.caller().call("vision", 0, LookTest("x"), LONG_S)
        assert isinstance(reply, CallFailed)
        assert says in reply.reason
        assert "secret" not in reply.reason
    answerer.close()
