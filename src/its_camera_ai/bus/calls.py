"""Calls between two processes of one machine: a question, its answer, a time limit.

The called process binds one socket, takes one call at a time from a short queue, and answers from a
thread of its own, so that nothing it does for its cameras waits. A caller uses a fresh socket for
each call: an answer that comes too late finds nobody and can't be taken for another's.
"""

import threading
from collections.abc import Callable

import msgspec
import structlog
import zmq

from its_camera_ai.bus.messages import CallFailed, CallReply, CallRequest
from its_camera_ai.bus.ports import CallHandler
from its_camera_ai.core.errors import CallUnanswered, InputUnreadable, ItscamError

log = structlog.get_logger(__name__)

MESSAGE_BYTES_MAX = 11 * 1024 * 1024
"""A picture of 10 MB and what goes with it; whoever sends more is cut off."""
WAITING_MAX = 4
"""Calls that may wait for the one in work; further ones are dropped and time out."""
_POLL_S = 0.2


class ZmqCaller:
    """Asks the processes whose sockets lie in the run folder.

    Args:
        connect: makes a DEALER socket connected to the process of a role and number.
    """

    def __init__(self, connect: Callable[[str, int], "zmq.Socket[bytes]"]) -> None:
        self._connect = connect
        self._decoder: msgspec.msgpack.Decoder[CallReply] = msgspec.msgpack.Decoder(CallReply)

    def call(self, role: str, index: int, request: CallRequest, timeout_s: float) -> CallReply:
        encoded = msgspec.msgpack.encode(request)
        if len(encoded) > MESSAGE_BYTES_MAX:
            raise CallUnanswered(
                f"A call of {len(encoded)} bytes is too long ({MESSAGE_BYTES_MAX} at most); "
                "send a smaller picture."
            )
        socket = self._connect(role, index)
        try:
            socket.send(encoded, zmq.NOBLOCK)
            if socket.poll(max(0, round(timeout_s * 1000))):
                return self._decoder.decode(socket.recv())
        except (zmq.Again, msgspec.MsgspecError) as error:
            log.warning("a call failed", role=role, index=index, error=type(error).__name__)
        finally:
            socket.close()
        raise CallUnanswered(
            f"The process {role}/{index} did not answer within {timeout_s:g} s. It may be starting "
            "or busy: look at 'itscam status' and try again."
        )


class ZmqCallAnswerer:
    """One process's end.

    Args:
        socket: a bound ROUTER; only this object's thread uses it from now on.
        handler: gives the answer. What it raises is told as ``CallFailed``: our own errors in
            their words, others by type only, the rest going to the log.
    """

    def __init__(self, socket: "zmq.Socket[bytes]", handler: CallHandler) -> None:
        self._socket = socket
        self._handler = handler
        self._decoder: msgspec.msgpack.Decoder[CallRequest] = msgspec.msgpack.Decoder(CallRequest)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="calls", daemon=True)
        self._thread.start()

    @property
    def alive(self) -> bool:
        return self._thread.is_alive()

    def close(self) -> None:
        self._stop.set()
        self._thread.join(5.0)

    def _run(self) -> None:
        try:
            while not self._stop.is_set():
                if self._socket.poll(round(_POLL_S * 1000)):
                    self._take(self._socket.recv_multipart())
        finally:
            self._socket.close()

    def _take(self, frames: list[bytes]) -> None:
        caller, encoded = frames[0], frames[-1]
        answer = msgspec.msgpack.encode(self._answer(encoded))
        try:
            self._socket.send_multipart((caller, answer), zmq.NOBLOCK)
        except zmq.ZMQError:  # the caller has given up meanwhile
            log.info("an answer came too late for its caller")

    def _answer(self, encoded: bytes) -> CallReply:
        try:
            return self._handler(self._decoder.decode(encoded))
        except msgspec.MsgspecError:
            return CallFailed("The call can't be read; both processes must be of one version.")
        except ItscamError as error:
            return CallFailed(str(error), bad_input=isinstance(error, InputUnreadable))
        except Exception as error:  # one bad call must not end the thread for all others
            log.exception("a call failed")
            return CallFailed(f"The process failed ({type(error).__name__}); its log says why.")
