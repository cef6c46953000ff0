"""What the commands that look at a video file have in common: the detector, Ctrl-C, the bar."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from its_camera_ai.analytics.offline.window import Window
from its_camera_ai.bootstrap.models import chosen_model, runtime_choice
from its_camera_ai.cli.console import err
from its_camera_ai.core.errors import ConfigInvalid
from its_camera_ai.ops.settings import Settings, parse_size
from its_camera_ai.vision.catalogue import MOVING_OBJECTS
from its_camera_ai.vision.detector import DetectorModel
from its_camera_ai.vision.loading import load_model


def input_size(text: str) -> tuple[int, int] | None:
    """``--input``: None for an empty text.

    Raises:
        ConfigInvalid: not of the form 640x384.
    """
    try:
        return parse_size(text)
    except ValueError as error:
        raise ConfigInvalid(f"--input {text!r} {error}.") from None


def asked_detector(settings: Settings, input_wh: tuple[int, int] | None) -> DetectorModel:
    """The settings' model, loaded; tells which one and why. The caller closes it.

    Raises:
        ConfigInvalid, ModelInvalid: it is not known, not there, or takes no such input.
    """
    name = chosen_model(settings)
    if settings.model == "auto":
        if name == MOVING_OBJECTS:
            why = f"no recommended model is in {settings.models}; see 'itscam models pull'"
            input_wh = None  # a size meant for a network
        else:
            why = f"the recommended model, found in {settings.models}"
    else:
        why = "as asked"
    if name == MOVING_OBJECTS and input_wh is not None:
        raise ConfigInvalid(f"The model {MOVING_OBJECTS} has no input size; leave out --input.")
    detector = load_model(
        name, models_dir=settings.models, input_wh=input_wh, choice=runtime_choice(settings)
    )
    err.print(f"detector: {escape(detector.info.name)} ({escape(why)})", soft_wrap=True)
    return detector


def cores() -> int:
    return len(os.sched_getaffinity(0))


@contextmanager
def interruptible() -> Iterator[threading.Event]:
    """The first Ctrl-C asks to stop and keep what is done; the second one stops at once."""
    stop = threading.Event()

    def ask(number: int, frame: FrameType | None) -> None:
        stop.set()
        signal.signal(signal.SIGINT, signal.default_int_handler)

    before = signal.signal(signal.SIGINT, ask)
    try:
        yield stop
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def progress_bar(
    name: str, window: Window, length_s: float | None
) -> Iterator[Callable[[float], None]]:
    """A progress bar in seconds of the file, on a terminal only."""
    ends = [s for s in (window.end_s, length_s) if s is not None]
    total = min(ends) - window.start_s if ends else None
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
        console=err,
        disable=not err.is_terminal,
    ) as bar:
        task = bar.add_task(escape(name), total=total)
        yield lambda at_s: bar.update(task, completed=at_s - window.start_s)
