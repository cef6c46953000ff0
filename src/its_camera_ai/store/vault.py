"""Secrets at rest: AES-256-GCM under a key in a file that only its owner may read."""

import os
import secrets
import stat
from pathlib import Path
from typing import Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from its_camera_ai.core.errors import ConfigInvalid, StorageUnavailable
from its_camera_ai.store.files import create_private_file

KEY_BYTES = 32
NONCE_BYTES = 12
VERSION = b"\x01"
"""First byte of every sealed value: AES-256-GCM, 12-byte random nonce, 16-byte tag at the end."""


class Vault:
    """Seals small secrets. Every sealed value is bound to the row it belongs to (``aad``), so that
    one moved to another row by hand does not open.

    Args:
        key: 32 random bytes.
        origin: where the key came from, for messages.
    """

    def __init__(self, key: bytes, origin: str = "memory") -> None:
        if len(key) != KEY_BYTES:
            raise ConfigInvalid(
                f"The key in {origin} has {len(key)} bytes instead of {KEY_BYTES}. Put the right "
                "key file back from your backup; without it stored passwords can't be read."
            )
        self._cipher = AESGCM(key)
        self._origin = origin

    @classmethod
    def open(cls, path: Path) -> Self:
        """The vault of a key file, which is made with a random key where there is none.

        Raises:
            ConfigInvalid: others may read the file, or it holds no key.
            StorageUnavailable: the file can't be made or read.
        """
        create_private_file(path, secrets.token_bytes(KEY_BYTES))
        try:
            handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            with os.fdopen(handle, "rb") as file:
                status = os.fstat(file.fileno())
                if not stat.S_ISREG(status.st_mode):
                    raise ConfigInvalid(f"{path} is no file; name a key file of {KEY_BYTES} bytes.")
                if status.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
                    raise ConfigInvalid(
                        f"Other users may open the key file {path}. Close it with: chmod 600 {path}"
                    )
                key = file.read(KEY_BYTES + 1)
        except OSError as error:
            raise StorageUnavailable(
                f"The key file {path} can't be read: {error.strerror}. Make it readable for the "
                "user that runs this program, and for no one else."
            ) from error
        return cls(key, str(path))

    def __repr__(self) -> str:
        return f"Vault({self._origin!r})"

    def seal(self, secret: bytes, aad: bytes) -> bytes:
        """Encrypt. The same secret gives another value each time.

        Args:
            aad: the identity of the row, such as ``b"cameras/north"``.
        """
        nonce = secrets.token_bytes(NONCE_BYTES)
        return VERSION + nonce + self._cipher.encrypt(nonce, secret, VERSION + aad)

    def unseal(self, sealed: bytes, aad: bytes) -> bytes:
        """Decrypt what ``seal`` made for the same ``aad``.

        Raises:
            ConfigInvalid: another key sealed it, it belongs to another row, or it was altered.
        """
        if sealed[:1] != VERSION:
            raise ConfigInvalid(
                "A stored secret has a form that this version does not know; install the newer "
                "version that wrote it, or enter the secret again."
            )
        nonce, body = sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :]
        try:
            return self._cipher.decrypt(nonce, body, VERSION + aad)
        except (InvalidTag, ValueError):
            raise ConfigInvalid(
                f"The stored secret of '{aad.decode(errors='replace')}' does not open with the key "
                f"in {self._origin}. Put back the key file that belongs to this database, or enter "
                "the secret again."
            ) from None
