"""The examples in docstrings run."""

import doctest
import pkgutil
from importlib import import_module

import pytest

import its_camera_ai

MODULES = [
    module.name
    for module in pkgutil.walk_packages(its_camera_ai.__path__, "its_camera_ai.")
    if ".migrations" not in module.name  # Alembic runs these
]


@pytest.mark.parametrize("name", MODULES)
def test_examples(name: str) -> None:
    result = doctest.testmod(import_module(name), optionflags=doctest.ELLIPSIS)
    assert result.failed == 0


def test_there_are_examples() -> None:
    finder = doctest.DocTestFinder(exclude_empty=True)
    found = [t for name in MODULES for t in finder.find(import_module(name)) if t.examples]
    assert len(found) >= 5
