from pathlib import Path

import pytest

from its_camera_ai.vision.catalogue import Catalogue
from its_camera_ai.vision.catalogue_page import BEGIN, END, table, with_table

PAGE = Path(__file__).parents[2] / "docs" / "models.md"


def test_the_page_is_fresh() -> None:
    page = PAGE.read_text()
    assert with_table(page, Catalogue.shipped().entries()) == page, (
        "Make the table anew: python -m its_camera_ai.vision.catalogue_page docs/models.md"
    )


def test_every_model_has_its_row() -> None:
    entries = Catalogue.shipped().entries()
    rows = table(entries).splitlines()
    assert len(rows) == len(entries) + 2
    for entry, row in zip(entries, rows[2:], strict=True):
        assert entry.name in row
        assert entry.licence in row


def test_only_the_part_between_the_marks_changes() -> None:
    made = with_table(f"above\n{BEGIN}\nold\n{END}\nbelow", Catalogue.shipped().entries())
    assert made.startswith(f"above\n{BEGIN}\n| name")
    assert made.endswith(f"{END}\nbelow")
    assert "old" not in made


@pytest.mark.parametrize("page", ["", BEGIN, END])
def test_a_page_without_marks_is_refused(page: str) -> None:
    with pytest.raises(ValueError, match="needs the marks"):
        with_table(page, [])
