import io
import json
from array import array
from pathlib import Path

import numpy as np
import pytest

from its_camera_ai.analytics.offline.files import (
    COUNTS,
    EVENTS,
    OutputFolder,
    counts_text,
    event_lines,
    write_tracks,
)
from its_camera_ai.core.errors import ConfigInvalid, StorageUnavailable
from its_camera_ai.core.events import Event, EventKind
from its_camera_ai.core.tracks import FrameTracks

NS = 1_000_000_000


def tracks_of(
    *rows: tuple[int, tuple[float, float, float, float], float, int, bool],
) -> FrameTracks:
    return FrameTracks(
        0,
        0,
        (320, 240),
        np.array([r[0] for r in rows], np.int64),
        np.array([r[1] for r in rows], np.float32).reshape(-1, 4),
        np.array([r[2] for r in rows], np.float32),
        np.array([r[3] for r in rows], np.int8),
        np.array([r[4] for r in rows], np.bool_),
    )


def test_rows_are_in_mot_format_by_id_and_only_of_what_was_seen() -> None:
    file = io.StringIO()
    write_tracks(
        file,
        7,
        tracks_of(
            (12, (10, 20, 40.5, 60.25), 0.876543, 3, True),
            (4, (1, 2, 3, 4), 0.5, 0, True),
            (9, (1, 2, 3, 4), 0.0, 0, False),
        ),
    )
    assert file.getvalue() == (
        "7,4,1.00,2.00,2.00,2.00,0.5000,0\n7,12,10.00,20.00,30.50,40.25,0.8765,3\n"
    )


def test_events_are_ordered_by_stream_time_and_numbered() -> None:
    events = [
        Event("", EventKind.LINE_CROSSED, "file", 2 * NS, 0, 5, {"line": "größe", "class": "car"}),
        Event("", EventKind.ZONE_LEFT, "file", NS + 1, 0, 4, {"zone": "z"}),
        Event("", EventKind.ZONE_ENTERED, "file", 0, 0, 4, {"zone": "z"}),
        Event("", EventKind.LINE_CROSSED, "file", 9 * NS, 0, 5, {"line": "a"}),
    ]
    lines = event_lines(events, array("q", [0, NS, 2 * NS, 3 * NS]))
    found = [json.loads(line) for line in lines]
    assert [e["id"] for e in found] == [1, 2, 3, 4]
    assert [e["pts_ns"] for e in found] == [0, NS + 1, 2 * NS, 9 * NS]
    assert [e["frame"] for e in found] == [1, 3, 3, 4]
    assert list(found[2]) == [
        "id",
        "kind",
        "time_s",
        "pts_ns",
        "frame",
        "track_id",
        "line",
        "class",
    ]
    assert "größe" in lines[2]


def test_counts_are_sorted_and_readable() -> None:
    text = counts_text({"zones": {}, "lines": {"ü": {"total": 1, "car": 1}}})
    assert text.startswith('{\n  "lines": {\n    "ü": {\n      "car": 1,')
    assert text.endswith("}\n")


def test_files_appear_together_at_the_end(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    with OutputFolder(folder) as output:
        output.draft(COUNTS).write_text("c")
        output.draft(EVENTS).write_text("e")
        assert not any((folder / name).exists() for name in (COUNTS, EVENTS))
        output.publish()
    assert sorted(p.name for p in folder.iterdir()) == [COUNTS, EVENTS]
    assert (folder / COUNTS).read_text() == "c"


def test_a_failure_leaves_the_files_of_the_run_before(tmp_path: Path) -> None:
    (tmp_path / COUNTS).write_text("before")

    def fail() -> None:
        with OutputFolder(tmp_path) as output:
            output.draft(COUNTS).write_text("half")
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert [p.name for p in tmp_path.iterdir()] == [COUNTS]
    assert (tmp_path / COUNTS).read_text() == "before"


@pytest.mark.parametrize("below", [pytest.param("", id="itself"), pytest.param("x/y", id="below")])
def test_a_file_is_no_folder(tmp_path: Path, below: str) -> None:
    file = tmp_path / "file"
    file.write_text("x")
    with pytest.raises(ConfigInvalid, match="--out"):
        OutputFolder(file / below)
    assert file.read_text() == "x"


def test_a_folder_that_can_not_be_made_is_unavailable_storage() -> None:
    with pytest.raises(StorageUnavailable, match="/proc"):
        OutputFolder(Path("/proc/no-such-place"))


def test_a_full_disk_is_unavailable_storage(tmp_path: Path) -> None:
    def overflow() -> None:
        with OutputFolder(tmp_path) as output, output.guarded():
            Path("/dev/full").write_text("x" * 100_000)

    with pytest.raises(StorageUnavailable, match="No space left"):
        overflow()
    assert list(tmp_path.iterdir()) == []
