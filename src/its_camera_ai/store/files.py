"""Files that only their owner may read, made whole or not at all."""

import os
import secrets
from pathlib import Path

from its_camera_ai.core.errors import StorageUnavailable


def create_private_file(path: Path, content: bytes) -> bool:
    """Make ``path`` with mode 0600 and this content, durable when the call returns.

    Two processes may try at once: exactly one wins, and nobody ever sees a half-written file,
    because the name is given by a hard link after the content is on the disk.

    Returns:
        False if the file was there already; it is then left alone and not even opened (closing a
        descriptor of a live SQLite file would drop the locks that this process holds on it).

    Raises:
        StorageUnavailable: the folder is missing, full or can't be written.
    """
    if path.exists():
        return False
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        try:
            handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            try:
                os.link(draft, path)
            except FileExistsError:
                return False
        finally:
            draft.unlink(missing_ok=True)
        sync_folder(path.parent)
    except OSError as error:
        raise folder_unwritable(path.parent, error) from error
    return True


def sync_folder(folder: Path) -> None:
    """Put the names in a folder on the disk."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def folder_unwritable(folder: Path, error: OSError) -> StorageUnavailable:
    """What to tell about a folder in which a file could not be made."""
    reason = error.strerror or type(error).__name__
    return StorageUnavailable(
        f"Can't write in the folder {folder}: {reason}. Create it, free space on it, or give this "
        "user the right to write there; the call can then be repeated."
    )
