"""Alembic's way in. ``store.database.migrate`` hands over a connection inside its transaction."""

from alembic import context

from its_camera_ai.store.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,  # the outer transaction covers DDL on SQLite too, see store/sqlite.py
    render_as_batch=True,  # SQLite can't alter most of a column in place
)
with context.begin_transaction():
    context.run_migrations()
