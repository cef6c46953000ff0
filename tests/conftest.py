"""What all tests share. The fixtures for cameras and tools come from ``tests.support.fixtures``."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.support.missing import missing

# the machines are shared: how long an example takes says nothing
settings.register_profile(
    "shared-machine",
    deadline=None,
    # how fast and how directly examples come depends on the load and on chance, not on the code
    suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow],
)
settings.load_profile("shared-machine")

pytest_plugins = ["tests.support.fixtures"]

_REPOSITORY = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The real clips, labels and models: ``ITSCAM_TEST_DATA``, else ``../shared/data``."""
    folder = Path(os.environ.get("ITSCAM_TEST_DATA", _REPOSITORY.parent / "shared" / "data"))
    if not (folder / "videos").is_dir():
        missing(f"No test data in {folder}: set ITSCAM_TEST_DATA to a folder with videos/, models/")
    return folder
