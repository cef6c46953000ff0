from pathlib import Path

import pytest

from its_camera_ai.core.retention_matrix import DataClass
from its_camera_ai.store.documents.retention_table import matrix_table, with_table

PAGE = Path(__file__).parents[3] / "docs" / "retention.md"


def test_the_page_is_not_stale() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page == with_table(page), (
        "run: python -m its_camera_ai.store.documents.retention_table docs/retention.md"
    )


def test_every_class_stands_in_the_table() -> None:
    for data_class in DataClass:
        assert f"| `{data_class}` |" in matrix_table()


def test_a_page_without_marks_is_refused() -> None:
    with pytest.raises(ValueError, match="marks"):
        with_table("# Retention\n")
