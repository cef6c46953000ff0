"""The folder for what is no recording, or can't be read as one [6]."""

from pathlib import Path

import structlog

from its_camera_ai.core.ids import new_id
from its_camera_ai.recorder.files.media_tree import QUARANTINE
from its_camera_ai.recorder.volumes.volume import Volume

log = structlog.get_logger(__name__)

_NAME_CHARS_MAX = 200


def quarantine(volume: Volume, path: Path) -> Path:
    """Put a file aside; it is never deleted. Its new name tells where it lay.

    Raises:
        OSError: it stays where it is.
    """
    folder = volume.root / QUARANTINE
    volume.disk.make_folder(folder)
    origin = path.relative_to(volume.root).as_posix().replace("/", "_")
    target = folder / f"{new_id(0)[-12:]}_{origin[-_NAME_CHARS_MAX:]}"
    volume.disk.rename(path, target)
    volume.disk.sync_folder(folder)
    volume.disk.sync_folder(path.parent)
    # a name may be no text at all
    log.warning("put a file into quarantine", path=ascii(str(path)), now=ascii(str(target)))
    return target
