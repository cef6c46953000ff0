"""Which detector model serves, which one is on trial, and how far the trial has come."""

import re
from dataclasses import dataclass
from enum import StrEnum

from its_camera_ai.core.errors import ConfigInvalid

STAGES = (10, 50, 100)
"""Per cent of the cameras, in the order in which a trial goes on by itself."""
HOLD_S = 300.0
"""A stage that goes well for so long is followed by the next one."""
LATENCY_RATIO_MAX = 2.0
"""The challenger's 95th percentile may be so many times the champion's."""

_TEXT = re.compile(r"(?P<name>[A-Za-z0-9][A-Za-z0-9._-]{0,63})(?::(?P<version>[1-9]\d{0,8}))?")


@dataclass(frozen=True, slots=True, order=True)
class ModelRef:
    """A registered version. Version 0 is the model that the settings name, registered or not."""

    name: str
    version: int

    def __str__(self) -> str:
        return f"{self.name}:{self.version}" if self.version else self.name


CONFIGURED = ModelRef("configured", 0)
"""Whatever the settings name; champion as long as nothing else was made champion."""


def parse_ref(text: str) -> tuple[str, int | None]:
    """``yolox-nano:2`` → name and version; None where no version is written.

    >>> parse_ref("yolox-nano:2"), parse_ref("yolox-nano")
    (('yolox-nano', 2), ('yolox-nano', None))

    Raises:
        ConfigInvalid: not of that form.
    """
    match = _TEXT.fullmatch(text)
    if match is None:
        raise ConfigInvalid(
            f"{text[:80]!r} names no model version; write NAME or NAME:NUMBER as "
            "'itscam models versions' shows them."
        )
    version = match["version"]
    return match["name"], None if version is None else int(version)


class RolloutState(StrEnum):
    """How the newest trial stands."""

    NONE = "none"
    RUNNING = "running"
    PROMOTED = "promoted"
    ROLLED_BACK = "rolled_back"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Rollout:
    """The newest trial of a model.

    Attributes:
        percent: share of the cameras that the challenger is to look at.
        auto: it goes from stage to stage, and at last becomes champion, by itself.
        hold_s: how long each stage must go well.
        latency_ratio_max: the challenger's p95 may be so many times the champion's.
        reason: why it ended, or what is to be known; empty if nothing is.
        started_ns, stage_ns: wall time of the start and of the last change of ``percent``.
        attempt: number of this trial; what failed in an earlier one may be tried again.
    """

    state: RolloutState = RolloutState.NONE
    percent: int = 0
    auto: bool = False
    hold_s: float = HOLD_S
    latency_ratio_max: float = LATENCY_RATIO_MAX
    reason: str = ""
    started_ns: int = 0
    stage_ns: int = 0
    attempt: int = 0

    @property
    def is_running(self) -> bool:
        return self.state is RolloutState.RUNNING
