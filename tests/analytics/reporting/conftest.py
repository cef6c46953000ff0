"""Traffic of two hours, read as a report reads it."""

from collections.abc import Iterator

import pytest

from its_camera_ai.analytics.publishing.export import TrafficSources
from its_camera_ai.analytics.reporting.data import CameraData, read
from its_camera_ai.store.database import open_database
from its_camera_ai.store.migration import migrate
from tests.analytics.publishing.traffic import SPAN, camera, filled


@pytest.fixture(scope="session")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TrafficSources]:
    path = tmp_path_factory.mktemp("traffic") / "site.db"
    database = open_database(f"sqlite:///{path}")
    migrate(database)
    yield filled(database)
    database.close()


@pytest.fixture(scope="session")
def data(sources: TrafficSources) -> CameraData:
    return read(camera(), sources, SPAN)
