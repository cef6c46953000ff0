"""A real SQLite file per test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from its_camera_ai.store.database import Database, open_database
from its_camera_ai.store.migration import migrate
from its_camera_ai.store.vault import Vault


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/site.db"


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    """Migrated and empty; gives up on locks quickly."""
    made = open_database(url, busy_timeout_s=0.2)
    migrate(made)
    yield made
    made.close()


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return Vault.open(tmp_path / "vault.key")
