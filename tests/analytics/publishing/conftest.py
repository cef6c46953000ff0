"""A database with traffic in it, made once: exports only read."""

from collections.abc import Iterator

import pytest

from its_camera_ai.analytics.publishing.export import TrafficSources
from its_camera_ai.store.database import open_database
from its_camera_ai.store.migration import migrate
from tests.analytics.publishing.traffic import filled


@pytest.fixture(scope="session")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TrafficSources]:
    path = tmp_path_factory.mktemp("traffic") / "site.db"
    database = open_database(f"sqlite:///{path}")
    migrate(database)
    yield filled(database)
    database.close()
