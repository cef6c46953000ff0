"""What can be wrong with a camera's picture or its clock while packets still come."""

from enum import StrEnum


class PictureFault(StrEnum):
    """The value is the name in events, the API and metrics."""

    FROZEN = "frozen"
    BLACK = "black"
    OVEREXPOSED = "overexposed"
    LOW_CONTRAST = "low_contrast"
    BLURRED = "blurred"
    COVERED = "covered"
    MOVED = "moved"
    CLOCK_DRIFT = "clock_drift"
