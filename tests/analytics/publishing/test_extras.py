"""What is said where a package of the extra is missing."""

import sys

import pytest

from its_camera_ai.analytics.publishing.extras import needed
from its_camera_ai.core.errors import ConfigInvalid


def test_a_package_that_is_there_is_imported() -> None:
    assert needed("json", "Files").dumps([1]) == "[1]"


def test_a_missing_package_is_named_with_its_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "absent", None)
    with pytest.raises(ConfigInvalid, match="'absent'") as refused:
        needed("absent.files", "Absent files")
    assert "pip install 'its-camera-ai[reports]'" in str(refused.value)
