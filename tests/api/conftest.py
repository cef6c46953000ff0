"""A site on a real SQLite file, with one account per role."""

import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest

from its_camera_ai.store.database import Database, open_database
from its_camera_ai.store.migration import migrate
from tests.api.support import Site, client_of, make_site, sign_in


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database of today's shape, to be copied: migrating takes longer than most tests."""
    path = tmp_path_factory.mktemp("migrated") / "site.db"
    made = open_database(f"sqlite:///{path}")
    migrate(made)
    made.close()
    return path


@pytest.fixture
def database(migrated: Path, tmp_path: Path) -> Iterator[Database]:
    shutil.copy(migrated, tmp_path / "site.db")
    made = open_database(f"sqlite:///{tmp_path}/site.db", busy_timeout_s=0.2)
    yield made
    made.close()


@pytest.fixture
def site(database: Database, tmp_path: Path) -> Site:
    """Accounts ``viewer``, ``operator``, ``admin``, and ``newcomer`` who must change the password
    though an admin."""
    made = make_site(database, tmp_path)
    for role in ("viewer", "operator", "admin"):
        made.add_user(role, role)
    made.add_user("newcomer", "admin", must_change=True)
    return made


@pytest.fixture
async def anonymous(site: Site) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(site.app()) as client:
        yield client


@pytest.fixture
async def viewer(site: Site) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(site.app()) as client:
        await sign_in(client, "viewer")
        yield client


@pytest.fixture
async def admin(site: Site) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(site.app()) as client:
        await sign_in(client, "admin")
        yield client
