"""The benchmark of interval tables runs, and what it lays out adds up."""

from pathlib import Path

import pytest

from bench import interval_tables
from its_camera_ai.core.intervals import LENGTHS_S
from its_camera_ai.store.database import open_database
from its_camera_ai.store.intervals import IntervalRepository


def test_a_day_of_two_cameras(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interval_tables, "QUERIES", 2)
    monkeypatch.setattr(interval_tables, "LIVE_PLACES", 2)
    result = interval_tables.run(tmp_path, cameras=2, days=1)
    assert 2860 < result["rows"] <= 2880
    assert set(result["queries"]) >= {"a day of minutes", "a month of hours"}
    database = open_database(f"sqlite:///{tmp_path}/site.db")
    begin, day_ns = interval_tables.BEGIN_NS, interval_tables.DAY_NS
    repository = IntervalRepository(database)
    totals = {
        sum(
            row.tally.total
            for row in repository.table(
                "camera-001", interval_tables.LINE, length_s, begin, begin + day_ns
            ).rows
        )
        for length_s in LENGTHS_S
    }
    assert len(totals) == 1
    assert totals.pop() > 1000
    database.close()
