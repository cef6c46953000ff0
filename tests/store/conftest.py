"""A real SQLite file per test."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from its_camera_ai.store.database import Database, open_database
from its_camera_ai.store.migration import migrate
from its_camera_ai.store.vault import Vault


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/site.db"


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file with all tables and nothing in them; copying it is quicker than migrating."""
    path = tmp_path_factory.mktemp("migrated") / "site.db"
    made = open_database(f"sqlite:///{path}")
    migrate(made)
    made.close()
    return path


@pytest.fixture
def database(url: str, tmp_path: Path, migrated: Path) -> Iterator[Database]:
    """Migrated and empty; gives up on locks quickly."""
    shutil.copy(migrated, tmp_path / "site.db")
    made = open_database(url, busy_timeout_s=0.2)
    yield made
    made.close()


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return Vault.open(tmp_path / "vault.key")
