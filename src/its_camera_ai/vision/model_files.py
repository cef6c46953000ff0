"""Model files on disk: hashed, and written so that a power cut leaves the old or the new one."""

import contextlib
import hashlib
import os
from collections.abc import Iterable
from pathlib import Path

from its_camera_ai.core.errors import StorageUnavailable

_CHUNK_BYTES = 1 << 20


def sha256_of(path: Path) -> str:
    """Hex digest of a file.

    Raises:
        StorageUnavailable: the file can't be read.
    """
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK_BYTES):
                digest.update(chunk)
    except OSError as error:
        raise StorageUnavailable(
            f"{path} can't be read ({error.strerror}); check the disk and the file's rights."
        ) from error
    return digest.hexdigest()


def write_durably(path: Path, chunks: Iterable[bytes]) -> None:
    """Write a file beside its place, flush it to the disk, then rename it there.

    An error on the way, also one that ``chunks`` raises, leaves nothing behind.

    Raises:
        StorageUnavailable: the folder can't be made or written.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("wb") as file:
            for chunk in chunks:
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        raise StorageUnavailable(
            f"{path} can't be written ({error.strerror}); check that the folder exists, is "
            "writable and has space, then try again."
        ) from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
