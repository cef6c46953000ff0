"""docs/accuracy.md shows what bench/results/accuracy.json holds."""

from pathlib import Path

import pytest

from bench.accuracy import BASELINE, PAGE, RESULTS, pages
from its_camera_ai.evaluation.baseline import compare, kept
from its_camera_ai.evaluation.results import Results
from its_camera_ai.evaluation.tables import put_between_markers

RENEW = "run: make bench-accuracy ARGS=--write"


@pytest.fixture(scope="module")
def results() -> Results:
    return Results.load(RESULTS)


@pytest.mark.parametrize("name", ["made", "limits", "detect", "count", "track", "streets"])
def test_the_page_shows_the_stored_results(results: Results, name: str) -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert put_between_markers(page, name, pages(results)[name]) == page, RENEW


def test_the_stored_results_hold_the_baseline(results: Results) -> None:
    compared = compare(results.figures(), BASELINE)
    assert compared.holds, "\n".join(str(change) for change in compared.worse)
    assert compared.unknown == (), "write the baseline anew"


def test_every_figure_has_a_name_of_its_own(results: Results) -> None:
    expected = 2 * len(results.detect) + 4 * len(results.track)
    expected += 2 * len(results.count) + 2 * len(results.streets)
    assert len(kept(results.figures())) == expected


def test_results_name_no_folder() -> None:
    for file in (RESULTS, BASELINE):
        text = Path(file).read_text(encoding="utf-8")
        assert "/home" not in text
        assert "/tmp" not in text  # noqa: S108 (looked for, not used)
        assert str(Path.cwd()) not in text
