"""The site's key for signing exports (Ed25519, RFC 8032)."""

import hashlib
from pathlib import Path
from typing import Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from its_camera_ai.core.errors import ConfigInvalid, StorageUnavailable
from its_camera_ai.store.files import create_private_file

PRIVATE_NAME = "evidence.key"
PUBLIC_NAME = "evidence.pub"
ALGORITHM = "Ed25519"


class PublicKey:
    """A key to check signatures with."""

    def __init__(self, key: Ed25519PublicKey) -> None:
        self._key = key

    @classmethod
    def from_hex(cls, text: str) -> Self:
        """From the 64 hex digits in a manifest.

        Raises:
            ValueError: they are none.
        """
        return cls(Ed25519PublicKey.from_public_bytes(bytes.fromhex(text)))

    @classmethod
    def from_pem(cls, content: bytes) -> Self:
        """From the content of ``evidence.pub``.

        Raises:
            ValueError: it is no such key.
        """
        key = load_pem_public_key(content)
        if not isinstance(key, Ed25519PublicKey):
            raise ValueError("a key of another kind")  # noqa: TRY004  the content is at fault
        return cls(key)

    @classmethod
    def from_file(cls, path: Path) -> Self:
        """From a PEM file.

        Raises:
            ConfigInvalid: it can't be read as a public key.
        """
        try:
            return cls.from_pem(path.read_bytes())
        except (OSError, ValueError) as error:
            raise ConfigInvalid(
                f"{path} can't be read as an Ed25519 public key; name the site's evidence.pub."
            ) from error

    @property
    def hex(self) -> str:
        return self._raw.hex()

    @property
    def pem(self) -> bytes:
        return self._key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    @property
    def fingerprint(self) -> str:
        """To compare by eye or by telephone: SHA-256 of the 32 bytes of the key, in fours."""
        digest = hashlib.sha256(self._raw).hexdigest()
        return " ".join(digest[at : at + 4] for at in range(0, len(digest), 4))

    @property
    def _raw(self) -> bytes:
        return self._key.public_bytes(Encoding.Raw, PublicFormat.Raw)

    def verifies(self, signature: bytes, content: bytes) -> bool:
        """Whether this key signed exactly this content."""
        try:
            self._key.verify(signature, content)
        except InvalidSignature:
            return False
        return True


class EvidenceKey:
    """The private key. It never leaves its file and this object.

    Attributes:
        public: the other half.
    """

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self.public = PublicKey(key.public_key())

    def __repr__(self) -> str:
        return "EvidenceKey(…)"

    @classmethod
    def open(cls, data_dir: Path) -> Self:
        """The key of this site, made where there is none yet; mode 0600.

        Raises:
            ConfigInvalid: the file is there and holds no such key.
            StorageUnavailable: it can't be read or made.
        """
        path = data_dir / PRIVATE_NAME
        if not path.exists():
            fresh = Ed25519PrivateKey.generate()
            create_private_file(
                path,
                fresh.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
            )
        try:
            key = load_pem_private_key(path.read_bytes(), None)
        except OSError as error:
            raise StorageUnavailable(
                f"The key {path} can't be read ({error.strerror}): give this user the right to."
            ) from error
        except (ValueError, TypeError):
            key = None
        if not isinstance(key, Ed25519PrivateKey):
            raise ConfigInvalid(
                f"{path} holds no Ed25519 key. Put the right file back, or move it away: a new key "
                "is then made, and exports signed with the old one are checked with its public key."
            )
        opened = cls(key)
        opened._publish(data_dir / PUBLIC_NAME)
        return opened

    def sign(self, content: bytes) -> bytes:
        """The 64 bytes of a signature of this content."""
        return self._key.sign(content)

    def _publish(self, path: Path) -> None:
        """Keep the public half beside it, in line with the private one."""
        try:
            if path.exists() and path.read_bytes() == self.public.pem:
                return
            draft = path.with_name(f".{path.name}.draft")
            draft.write_bytes(self.public.pem)
            draft.chmod(0o644)
            draft.replace(path)
        except OSError as error:
            raise StorageUnavailable(
                f"The public key {path} can't be written ({error.strerror}): free space, or "
                "correct the folder's rights."
            ) from error
