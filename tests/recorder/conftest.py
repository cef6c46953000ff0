"""A site with real recordings."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from its_camera_ai.store.database import Database, open_database
from its_camera_ai.store.migration import migrate
from tests.recorder.recorded import Recorded, recorded_site


@pytest.fixture
def site_database(tmp_path: Path) -> Iterator[Database]:
    made = open_database(f"sqlite:///{tmp_path}/site.db")
    migrate(made)
    yield made
    made.close()


@pytest.fixture
def recorded(tmp_path: Path, site_database: Database) -> Recorded:
    return recorded_site(tmp_path, site_database)
