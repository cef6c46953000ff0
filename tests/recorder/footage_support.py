"""Recordings by the dozen without video in them, and a disk of a given size."""

import errno
import hashlib
import os
from pathlib import Path

from its_camera_ai.core.disk import Space
from its_camera_ai.core.media import StreamRole
from its_camera_ai.core.time import NS_PER_S
from its_camera_ai.recorder.files.media_tree import place_of
from its_camera_ai.recorder.files.segment_format import (
    Description,
    Seal,
    description_box,
    seal_head,
)
from its_camera_ai.store.disk import RealDisk, RealFile
from its_camera_ai.video.fmp4 import box

START_NS = 1_700_000_000 * NS_PER_S
STEP_NS = 20 * NS_PER_S


def plant(
    root: Path,
    camera_id: str,
    start_wall_ns: int,
    *,
    size_bytes: int = 1000,
    told_camera: str | None = None,
    told_start_ns: int | None = None,
) -> Path:
    """A closed recording of 20 s; ``told_…`` is what it says itself where its name lies."""
    media_id = f"0190{start_wall_ns:028d}"[-32:]
    description = Description(
        media_id,
        camera_id if told_camera is None else told_camera,
        StreamRole.MAIN,
        1,
        start_wall_ns if told_start_ns is None else told_start_ns,
        0,
        "h264",
        320,
        240,
        False,
    )
    head = seal_head(Seal(STEP_NS, 500))
    body = box(b"ftyp", b"isom") + description_box(description)
    padding = size_bytes - len(body) - len(head) - 32
    body += box(b"free", bytes(max(0, padding - 8))) + head
    path = root / place_of(camera_id, "main", start_wall_ns, media_id)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(body + hashlib.sha256(body).digest())
    return path


class SmallDisk(RealDisk):
    """A real folder that holds so many bytes; what others take is ``taken_bytes``."""

    def __init__(self, root: Path, total_bytes: int) -> None:
        super().__init__()
        self.root, self.total_bytes, self.taken_bytes = root, total_bytes, 0

    def space(self, folder: Path) -> Space:
        used = sum(p.stat().st_size for p in self.root.rglob("*.mp4")) + self.taken_bytes
        return Space(self.total_bytes, max(0, self.total_bytes - used))

    def create(self, path: Path) -> RealFile:
        if path.suffix == ".part" and self.space(path).free_bytes == 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return super().create(path)
