"""The storage policy in the database."""

import msgspec
from sqlalchemy import Connection, select

from its_camera_ai.core.errors import ConfigInvalid
from its_camera_ai.core.storage_policy import StoragePolicy
from its_camera_ai.core.time import Clock, SystemClock
from its_camera_ai.store import sqlite
from its_camera_ai.store.database import Database
from its_camera_ai.store.schema import storage_policy


class StoragePolicyRepository:
    """The one policy of a site; a site that never set one has the defaults."""

    def __init__(self, database: Database, clock: Clock | None = None) -> None:
        self._database = database
        self._clock = clock or SystemClock()

    def get(self) -> StoragePolicy:
        """
        Raises:
            ConfigInvalid: what is stored can't be read, such as one of a later version.
        """
        with self._database.read() as connection:
            return _stored(connection)[0]

    def revision(self) -> int:
        """A number that rises with every change; 0 before the first."""
        with self._database.read() as connection:
            found = connection.scalars(select(storage_policy.c.updated_ns)).one_or_none()
        return found or 0

    def put(self, policy: StoragePolicy) -> bool:
        """Store it durably; False if it was just so already, which changes nothing."""
        with self._database.write(durable=True) as connection:
            stored, revision = _stored(connection)
            if stored == policy:
                return False
            row = {
                "id": 1,
                "document": policy_document(policy),
                "updated_ns": max(self._clock.wall_ns(), revision + 1),
            }
            sqlite.upsert(connection, storage_policy, [row], key=("id",))
        return True


def _stored(connection: Connection) -> tuple[StoragePolicy, int]:
    row = connection.execute(select(storage_policy)).one_or_none()
    if row is None:
        return StoragePolicy(), 0
    return policy_from(row.document), row.updated_ns


def policy_document(policy: StoragePolicy) -> dict[str, object]:
    """The policy as plain JSON data."""
    document: dict[str, object] = msgspec.json.decode(msgspec.json.encode(policy))
    return document


def policy_from(document: object) -> StoragePolicy:
    """The policy of plain JSON data; what is left out has its default.

    Raises:
        ConfigInvalid: wrong types or values that make no sense; the text names the place.
    """
    try:
        return msgspec.convert(document, StoragePolicy)
    except msgspec.ValidationError as error:
        raise ConfigInvalid(f"The storage policy can't be read: {error}. Set it anew.") from None
