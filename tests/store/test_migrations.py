import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from its_camera_ai.core.errors import ConfigInvalid
from its_camera_ai.store.database import Database, open_database
from its_camera_ai.store.migration import migrate, migration_config
from its_camera_ai.store.schema import config_revision, metadata
from its_camera_ai.store.traffic_schema import intervals

START = """
import sys
from its_camera_ai.store.database import open_database
from its_camera_ai.store.migration import migrate
print("ready", flush=True)
sys.stdin.readline()
database = open_database(sys.argv[1])
migrate(database)
database.close()
"""


def test_the_migrations_make_the_tables_of_the_schema(database: Database) -> None:
    with database.write(True) as connection:
        context = MigrationContext.configure(connection)
        assert intervals.metadata is metadata
        assert compare_metadata(context, metadata) == []
    with database.read() as connection:
        made = connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'index'")
        names = {row[0] for row in made}
    # partial indexes are not compared by Alembic
    assert {str(index.name) for table in metadata.tables.values() for index in table.indexes} <= (
        names
    )


def test_there_is_one_revision_row(database: Database) -> None:
    with database.read() as connection:
        assert connection.execute(sa.select(config_revision)).all() == [(1, 0)]


def test_processes_that_start_at_once_migrate_once(url: str) -> None:
    children = [
        subprocess.Popen(
            [sys.executable, "-c", START, url],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    for child in children:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
    for child in children:
        assert child.stdin is not None
        child.stdin.write("go\n")
        child.stdin.flush()
    results = [(child.communicate(timeout=90)[1], child.returncode) for child in children]
    assert results == [("", 0)] * 3
    database = open_database(url)
    assert database.check() == []
    with database.read() as connection:
        assert connection.execute(sa.text("SELECT version_num FROM alembic_version")).all() == [
            (head(),)
        ]
    database.close()


def head() -> str | None:
    return ScriptDirectory.from_config(migration_config()).get_current_head()


def test_a_newer_database_is_refused_and_left_alone(database: Database) -> None:
    with database.write(True) as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(ConfigInvalid, match=rf"shape '9999' of a newer version.*up to '{head()}'"):
        migrate(database)
    with database.read() as connection:
        assert connection.scalar(sa.text("SELECT version_num FROM alembic_version")) == "9999"


def test_a_migration_that_fails_leaves_nothing_behind(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("half way")

    database = open_database(url)
    monkeypatch.setattr("alembic.op.bulk_insert", fail)
    with pytest.raises(RuntimeError, match="half way"):
        migrate(database)
    with database.read() as connection:
        assert sa.inspect(connection).get_table_names() == []
    monkeypatch.undo()
    migrate(database)
    database.close()


def test_migrations_can_be_undone(database: Database) -> None:
    config = migration_config()
    with database.write(True) as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "base")
    with database.read() as connection:
        assert sa.inspect(connection).get_table_names() == ["alembic_version"]
    migrate(database)


def test_the_steps_are_one_line_without_branches() -> None:
    script = ScriptDirectory.from_config(migration_config())
    assert len(script.get_heads()) == 1
    for step in script.walk_revisions():
        assert Path(step.path).name.startswith(f"{step.revision}_")
