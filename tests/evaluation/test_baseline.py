import json
from pathlib import Path
from typing import Any

import pytest

from its_camera_ai.core.errors import ConfigInvalid
from its_camera_ai.evaluation.baseline import compare, kept, write_baseline

FIGURES = {"detect/a/ap50": 0.9, "count/a/off_by": 2.0, "detect/a/cpu_ms": 30.0}


@pytest.fixture
def baseline(tmp_path: Path) -> Path:
    path = tmp_path / "baseline.json"
    write_baseline(FIGURES, path)
    return path


def test_only_figures_of_quality_are_kept() -> None:
    assert set(kept(FIGURES)) == {"detect/a/ap50", "count/a/off_by"}


def test_the_same_figures_hold(baseline: Path) -> None:
    compared = compare(FIGURES, baseline)
    assert compared.holds
    assert (compared.worse, compared.better, compared.unknown) == ((), (), ())


@pytest.mark.parametrize(
    ("change", "holds"),
    [
        pytest.param({"detect/a/ap50": 0.895}, True, id="within the tolerance"),
        pytest.param({"detect/a/ap50": 0.89}, True, id="at the tolerance"),
        pytest.param({"detect/a/ap50": 0.885}, False, id="beyond it"),
        pytest.param({"count/a/off_by": 3.0}, False, id="more is worse here"),
        pytest.param({"count/a/off_by": 1.0}, True, id="less is better here"),
    ],
)
def test_a_worse_figure_fails(baseline: Path, change: dict[str, float], holds: bool) -> None:
    assert compare({**FIGURES, **change}, baseline).holds is holds


def test_the_worse_figure_is_named(baseline: Path) -> None:
    (change,) = compare({**FIGURES, "detect/a/ap50": 0.8}, baseline).worse
    assert str(change) == "detect/a/ap50 0.9 → 0.8 (tolerance 0.01)"


def test_better_figures_are_listed(baseline: Path) -> None:
    better = compare({**FIGURES, "detect/a/ap50": 0.95, "count/a/off_by": 0.0}, baseline).better
    assert [change.name for change in better] == ["count/a/off_by", "detect/a/ap50"]


def test_a_figure_that_is_not_measured_any_more_fails(baseline: Path) -> None:
    compared = compare({"detect/a/ap50": 0.9}, baseline)
    assert not compared.holds
    assert "is not measured any more" in str(compared.worse[0])


def test_a_new_figure_is_told_and_does_not_fail(baseline: Path) -> None:
    compared = compare({**FIGURES, "track/b/hota": 0.5}, baseline)
    assert compared.holds
    assert compared.unknown == ("track/b/hota",)


@pytest.mark.parametrize(
    ("document", "says"),
    [
        pytest.param("{", "line 1, column 2", id="no JSON"),
        pytest.param({"figures": {}}, "no baseline", id="empty"),
        pytest.param({"figures": {"a/ap": 3}}, "'figures.a/ap' needs", id="a number"),
        pytest.param({"figures": {"a/ap": {"value": 1}}}, "'figures.a/ap' needs", id="tolerance"),
        pytest.param(
            {"figures": {"a/ap": {"value": 1, "tolerance": -1}}}, "needs a value", id="negative"
        ),
        pytest.param(
            {"figures": {"a/speed": {"value": 1, "tolerance": 1}}}, "ends with one of", id="name"
        ),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, document: Any, says: str) -> None:
    path = tmp_path / "b.json"
    path.write_text(document if isinstance(document, str) else json.dumps(document))
    with pytest.raises(ConfigInvalid) as caught:
        compare(FIGURES, path)
    assert says in str(caught.value)


def test_a_missing_baseline_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigInvalid, match="can't be read"):
        compare(FIGURES, tmp_path / "none.json")
    with pytest.raises(ConfigInvalid, match="can't be written"):
        write_baseline(FIGURES, tmp_path / "no" / "folder.json")
