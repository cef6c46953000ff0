"""Bringing a database to this program's shape. Apart, because Alembic is heavy to load."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from its_camera_ai.core.errors import ConfigInvalid
from its_camera_ai.store.database import Database

MIGRATIONS = Path(__file__).parent / "migrations"
MIGRATION_WAIT_S = 60.0
"""How long a process waits while another one migrates."""


def migrate(database: Database) -> None:
    """Bring the tables to this program's shape. Any number of processes may call it at once.

    All steps run in one durable transaction: after a crash the database has the old shape or the
    new one.

    Raises:
        ConfigInvalid: the database was written by a newer program.
        DatabaseUnavailable: another process held the lock for more than a minute.
    """
    config = migration_config()
    script = ScriptDirectory.from_config(config)
    head = script.get_current_head()
    with database.read() as connection:
        if MigrationContext.configure(connection).get_current_revision() == head:
            return
    with database.write(durable=True, wait_s=MIGRATION_WAIT_S) as connection:
        current = MigrationContext.configure(connection).get_current_revision()
        known = {step.revision for step in script.walk_revisions()}
        if current is not None and current not in known:
            raise ConfigInvalid(
                f"The database {database.path} has the shape '{current}' of a newer version of "
                f"this program, which knows shapes up to '{head}'. Install that version again, or "
                "restore the backup that was made before the update."
            )
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def migration_config() -> Config:
    """Alembic's configuration for the packaged migrations; no ini file is needed."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    return config
