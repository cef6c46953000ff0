"""From a box to its frame, end to end: clocks that drift and step, packets, files, playback.

Some minutes here; ``python -m bench.time_base`` has whole days.
"""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from its_camera_ai.store.database import open_database
from its_camera_ai.store.migration import migrate
from tests.support.time_base import Day, Result, live_day, local_text


def lived(day: Day, folder: Path) -> Result:
    print(f"seed {day.seed}")  # noqa: T201  with it a failure is seen again
    (folder / "media").mkdir()
    database = open_database(f"sqlite:///{folder}/site.db")
    migrate(database)
    result = live_day(day, folder / "media", database, boxes=60, around_every=2)
    database.close()
    return result


@pytest.mark.parametrize(
    "step_s", [pytest.param(-0.8, id="set back"), pytest.param(0.8, id="set ahead")]
)
def test_a_box_is_never_more_than_one_frame_off(step_s: float, tmp_path: Path) -> None:
    day = Day(
        begin=datetime(2026, 10, 25, 0, 58, 30, tzinfo=UTC),
        length_s=130,
        fps=10,
        gop=20,
        drift_ppm=400,
        step_s=step_s,
        step_after_s=50,
        segment_s=10,
    )
    result = lived(day, tmp_path)
    assert result.unrecorded == 0
    assert result.files > 10
    assert result.by_stream_time.worst == 0
    for errors in (result.by_wall_time, result.of_sub_stream):
        assert errors.boxes > 90
        assert errors.worst <= 1
        assert errors.not_found == 0
    assert result.by_wall_time.unsettled == 0
    assert result.of_sub_stream.unsettled < day.gop
    if step_s > 0:
        assert result.by_wall_time.twice == 0


def test_a_local_hour_that_comes_twice_is_two_hours() -> None:
    first, second = (
        local_text(round(datetime(2026, 10, 25, hour, 30, tzinfo=UTC).timestamp()) * 10**9)
        for hour in (0, 1)
    )
    assert first == "2026-10-25T02:30:00.000000+02:00"
    assert second == "2026-10-25T02:30:00.000000+01:00"
