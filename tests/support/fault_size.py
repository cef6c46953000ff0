"""How many faults a test tries, and by which seeds: few in ``make test``, all in ``make faults``.

``ITSCAM_TEST_FAULTS=full`` asks for the full size, ``ITSCAM_TEST_SEED=n`` replays one try.
"""

import os
from collections.abc import Iterator


def is_full() -> bool:
    return os.environ.get("ITSCAM_TEST_FAULTS", "") == "full"


def seeds(small: int, full: int) -> Iterator[int]:
    """The seeds of the tries; each is printed before it is tried, so the last one printed is the
    one that failed."""
    asked = os.environ.get("ITSCAM_TEST_SEED", "")
    for seed in [int(asked)] if asked else range(full if is_full() else small):
        print(f"ITSCAM_TEST_SEED={seed}", flush=True)  # noqa: T201  pytest shows it on failure
        yield seed
