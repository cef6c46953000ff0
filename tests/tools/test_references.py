"""The reference pages say what the program says."""

import pytest

from tools.references import FOLDER, PAGES


@pytest.mark.parametrize("page", PAGES)
def test_fresh(page: str) -> None:
    assert (FOLDER / page).read_text(encoding="utf-8") == PAGES[page](), (
        "Make the pages anew: python -m tools.references"
    )
