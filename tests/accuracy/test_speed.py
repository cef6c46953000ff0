"""Speeds of real people against world places that others measured."""

from pathlib import Path

import pytest

from bench import stadtmitte
from tests.support.missing import missing

pytestmark = pytest.mark.data


def test_walking_speeds_on_stadtmitte(data_dir: Path) -> None:
    truth = data_dir / "mot" / "TUD-Stadtmitte" / "gt.txt"
    if not truth.is_file():
        missing(f"No {truth}: it is part of MOT15.")
    found = stadtmitte.measure(truth)
    assert found["windows"] >= 90
    assert found["ours_slope_mae_kmh"] <= 0.20
    assert found["ours_slope_p95_kmh"] <= 0.59
