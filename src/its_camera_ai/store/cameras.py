"""The cameras of the site, with their credentials sealed."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, delete, select, update

from its_camera_ai.core.camera_url import MASK, CameraUrl
from its_camera_ai.core.cameras import Camera
from its_camera_ai.core.errors import ConfigInvalid
from its_camera_ai.core.site_facts import SiteFacts
from its_camera_ai.core.time import Clock, SystemClock
from its_camera_ai.store import sqlite
from its_camera_ai.store.database import Database
from its_camera_ai.store.schema import cameras, config_revision, site_facts
from its_camera_ai.store.vault import Vault


class _Addresses(msgspec.Struct, frozen=True):
    """What is sealed of a camera."""

    main: CameraUrl
    sub: CameraUrl | None


class CameraRepository:
    """Wanted cameras by id. Every change is durable and raises ``revision``.

    Args:
        vault: seals what is secret in an address: user name, password, and the query, in which
            some cameras want the password.
    """

    def __init__(self, database: Database, vault: Vault, clock: Clock | None = None) -> None:
        self._database = database
        self._vault = vault
        self._clock = clock or SystemClock()

    def all(self) -> list[Camera]:
        """Every camera with its credentials, by id.

        Raises:
            ConfigInvalid: the vault's key is not the one that sealed them.
        """
        with self._database.read() as connection:
            return self._all(connection)

    def get(self, camera_id: str) -> Camera | None:
        with self._database.read() as connection:
            row = connection.execute(select(cameras).where(cameras.c.id == camera_id)).one_or_none()
        return None if row is None else self._camera(row)

    def revision(self) -> int:
        """A number that rises with every change; one indexed row, cheap to poll."""
        with self._database.read() as connection:
            return _revision(connection)

    def site(self) -> SiteFacts:
        """Where the site is, as far as it was said."""
        with self._database.read() as connection:
            return _site(connection)

    def put(self, camera: Camera) -> None:
        """Store one camera; see ``change``."""
        self.change(put=(camera,))

    def delete(self, camera_id: str) -> bool:
        """Forget one camera with its credentials; False if there was none."""
        return self.change(delete_ids=(camera_id,)) > 0

    def change(
        self,
        *,
        put: Sequence[Camera] = (),
        delete_ids: Collection[str] = (),
        site: SiteFacts | None = None,
    ) -> int:
        """Store and forget cameras in one transaction: all or none.

        A password that is ``***`` keeps the stored one of the same stream. A camera that is stored
        already just so is no change.

        Args:
            site: where the site is from now on; None leaves it as it was.

        Returns:
            how many cameras changed, and one for the site; 0 leaves the revision as it is.

        Raises:
            ConfigInvalid: a ``***`` without a stored password to stand for.
        """
        with self._database.write(durable=True) as connection:
            stored = {camera.id: camera for camera in self._all(connection)}
            complete = [with_stored_passwords(camera, stored.get(camera.id)) for camera in put]
            changed = [camera for camera in complete if stored.get(camera.id) != camera]
            gone = [camera_id for camera_id in delete_ids if camera_id in stored]
            moved = site is not None and site != _site(connection)
            if not changed and not gone and not moved:
                return 0
            revision = self._next_revision(connection)
            if gone:
                connection.execute(delete(cameras).where(cameras.c.id.in_(gone)))
            if changed:
                now_ns = self._clock.wall_ns()
                rows = [self._row(camera, revision, now_ns) for camera in changed]
                sqlite.upsert(connection, cameras, rows, key=("id",))
            if moved:
                fact = {"id": 1, "document": msgspec.to_builtins(site)}
                sqlite.upsert(connection, site_facts, [fact], key=("id",))
        return len(changed) + len(gone) + moved

    def _next_revision(self, connection: Connection) -> int:
        connection.execute(update(config_revision).values(revision=config_revision.c.revision + 1))
        return _revision(connection)

    def _all(self, connection: Connection) -> list[Camera]:
        rows = connection.execute(select(cameras).order_by(cameras.c.id))
        return [self._camera(row) for row in rows]

    def _row(self, camera: Camera, revision: int, now_ns: int) -> dict[str, object]:
        shown = replace(
            camera,
            main=_without_secrets(camera.main),
            sub=None if camera.sub is None else _without_secrets(camera.sub),
        )
        sealed = None
        if shown != camera:
            addresses = msgspec.json.encode(_Addresses(camera.main, camera.sub))
            sealed = self._vault.seal(addresses, _identity(camera.id))
        return {
            "id": camera.id,
            "name": camera.name,
            "document": msgspec.to_builtins(shown),
            "credentials": sealed,
            "revision": revision,
            "updated_ns": now_ns,
        }

    def _camera(self, row: Row[Any]) -> Camera:
        camera = msgspec.convert(row.document, Camera)
        if row.credentials is None:
            return camera
        opened = self._vault.unseal(row.credentials, _identity(row.id))
        addresses = msgspec.json.decode(opened, type=_Addresses)
        return replace(camera, main=addresses.main, sub=addresses.sub)


def with_stored_passwords(wanted: Camera, stored: Camera | None) -> Camera:
    """The camera with every password ``***`` replaced by the stored one of the same stream.

    Only for the same user at the same host: else whoever may edit a camera but not see its password
    could have it sent to a host of his own.

    Raises:
        ConfigInvalid: nothing is stored that it could stand for.
    """
    main = _with_stored_password(wanted.id, wanted.main, None if stored is None else stored.main)
    sub = wanted.sub
    if sub is not None:
        # a sub-stream that is new on the same host has the main stream's password
        known = None if stored is None else stored.sub or stored.main
        sub = _with_stored_password(wanted.id, sub, known)
    if main is wanted.main and sub is wanted.sub:
        return wanted
    return replace(wanted, main=main, sub=sub)


def _with_stored_password(camera_id: str, wanted: CameraUrl, stored: CameraUrl | None) -> CameraUrl:
    if not wanted.is_masked:
        return wanted
    known = None if stored is None else wanted.with_secrets_of(stored)
    if stored is None or known is None or (wanted.password == MASK and stored.password is None):
        raise ConfigInvalid(
            f"Camera '{camera_id}': {MASK} stands for the stored password, but none is stored for "
            "this stream; write the password itself."
        )
    if (wanted.host, wanted.username) != (stored.host, stored.username):
        raise ConfigInvalid(
            f"Camera '{camera_id}': {MASK} keeps the stored password only for the same host and "
            "user; write the password itself for the new one."
        )
    return known


def _site(connection: Connection) -> SiteFacts:
    document = connection.scalars(select(site_facts.c.document)).one_or_none()
    return SiteFacts() if document is None else msgspec.convert(document, SiteFacts)


def _revision(connection: Connection) -> int:
    return int(connection.scalars(select(config_revision.c.revision)).one())


def _without_secrets(url: CameraUrl) -> CameraUrl:
    return CameraUrl(url.bare.partition("?")[0])


def _identity(camera_id: str) -> bytes:
    return f"cameras/{camera_id}/addresses".encode()
