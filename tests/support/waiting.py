"""Waiting for a condition, never for a time."""

import threading
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
_POLL_S = 0.02
TIMEOUT_S = 60.0
"""Long enough for a machine that does much else; only a test that fails waits as long."""


def wait_until(condition: Callable[[], T | None], what: str, timeout_s: float = TIMEOUT_S) -> T:
    """The first truthy value of ``condition``.

    Raises:
        TimeoutError: it never came; ``what`` says what was waited for.
    """
    pause = threading.Event()
    deadline = time.monotonic() + timeout_s
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"Waited {timeout_s:g} s in vain for {what}.")
        pause.wait(_POLL_S)
    return value
