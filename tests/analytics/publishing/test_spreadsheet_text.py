"""Names that a spreadsheet must not run."""

import pytest

from its_camera_ai.analytics.publishing.spreadsheet_text import guarded


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("=1+1", id="equals"),
        pytest.param("+1", id="plus"),
        pytest.param("-2+3", id="minus"),
        pytest.param("@SUM(A1)", id="at"),
        pytest.param("  =1", id="behind blanks"),
        pytest.param("\t=1", id="tab"),
        pytest.param("\rx", id="carriage return"),
        pytest.param("\nx", id="line break"),
        pytest.param("＝1", id="wide"),
    ],
)
def test_a_formula_becomes_text(text: str) -> None:
    assert guarded(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "North", "a=b", "Süd", " x", "3-way", "'=1"])
def test_other_text_stays(text: str) -> None:
    assert guarded(text) == text
