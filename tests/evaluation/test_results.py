from pathlib import Path

import pytest

from its_camera_ai.core.errors import ConfigInvalid
from its_camera_ai.evaluation.baseline import TOLERANCES
from its_camera_ai.evaluation.result_tables import pages_of, tables_of
from its_camera_ai.evaluation.results import (
    CountRow,
    DetectRow,
    Results,
    Run,
    StreetRow,
    TrackRow,
)


def count_row(asked: float, *runs: tuple[int, int, int], lost: float = 0.0) -> CountRow:
    return CountRow(
        set="road",
        what="vehicle",
        model="m",
        input="8x8",
        asked=asked,
        rate=asked,
        lost=lost,
        inward=8,
        outward=0,
        runs=[Run(inward=i, outward=o, wrong_way=w) for i, o, w in runs],
        off_by=max(abs(i - 8) + o for i, o, _ in runs),
        wrong_way=max(w for _, _, w in runs),
        holds=all((i, o) == (8, 0) for i, o, _ in runs),
        run_share=0.25 if asked == 25 else 0.0,
    )


@pytest.fixture
def results() -> Results:
    return Results(
        made={"when": "2026-01-02T03:04", "cpu": "c"},
        detect=[
            DetectRow(
                set="s",
                model="m",
                input="8x8",
                runtime="r fp32",
                label="person",
                boxes=3,
                ap=0.5,
                ap50=0.75,
                recall=1,
                precision=0.5,
                hits=1,
                cpu_ms=2.5,
            )
        ],
        track=[
            TrackRow(
                set="q",
                detections="public",
                rate=8.3,
                hota=0.5,
                det_a=0.25,
                ass_a=1,
                mota=-0.5,
                idf1=0.75,
                switches=3,
                ids_true=2,
                ids_found=4,
            )
        ],
        count=[
            count_row(25, (8, 0, 0)),
            count_row(5, (8, 0, 0), (7, 1, 1), (8, 0, 0)),
            count_row(5, (8, 0, 0), lost=0.5),
        ],
        streets=[
            StreetRow(
                set="sim a",
                detections="truth",
                rate=10,
                seconds=60,
                effectiveness=0.97,
                ours=9,
                truth=10,
                off_by=1,
                unasked=0,
            )
        ],
    )


def test_what_was_saved_is_loaded(results: Results, tmp_path: Path) -> None:
    path = tmp_path / "r.json"
    results.save(path)
    assert Results.load(path) == results


def test_every_figure_has_a_name_of_its_own(results: Results) -> None:
    figures = results.figures()
    assert figures["detect/s/m/8x8/person/ap50"] == 0.75
    assert figures["track/q/public/8.3/switches"] == 3
    assert figures["count/road/m/8x8/5/off_by"] == 2
    assert figures["count/road/m/8x8/5 50% lost/off_by"] == 0
    assert figures["streets/sim a/truth/10/effectiveness"] == 0.97
    assert {name.rpartition("/")[2] for name in figures} == set(TOLERANCES)


def test_rates_become_columns_and_equal_runs_one_cell(results: Results) -> None:
    head, (row,) = tables_of(results)["count"]
    assert head[4:] == ("by eye in / out", "25/s", "5/s", "5/s, 50% lost", "time / length")
    assert row[4:] == ("8 / 0", "8 / 0", "2 × 8 / 0; 7 / 1 (1 wrong way) ✗", "8 / 0", "0.25")


def test_pages_tell_who_measured(results: Results) -> None:
    pages = pages_of(results)
    assert set(pages) == {"made", "detect", "track", "count", "streets"}
    assert pages["made"].startswith("Measured 2026-01-02 on c")
    assert "| person | 3 " in pages["detect"]
    assert set(pages_of(Results())) == {"made"}


def test_files_that_are_no_results_are_told(tmp_path: Path) -> None:
    path = tmp_path / "r.json"
    path.write_text('{"detect": [{"set": 3}]}')
    with pytest.raises(ConfigInvalid, match="holds no results"):
        Results.load(path)
    with pytest.raises(ConfigInvalid, match="can't be written"):
        Results().save(tmp_path / "no" / "r.json")
