"""What a test does when the machine lacks a tool or a folder."""

import os
from typing import NoReturn

import pytest


def missing(what: str) -> NoReturn:
    """Skip the test for want of ``what``.

    With ``ITSCAM_REQUIRE_ALL=1`` it fails instead, so that a green run on a build machine means
    that everything was run.
    """
    if os.environ.get("ITSCAM_REQUIRE_ALL") == "1":
        pytest.fail(f"{what} (ITSCAM_REQUIRE_ALL=1: nothing may be skipped)", pytrace=False)
    pytest.skip(what)
