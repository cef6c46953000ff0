"""How long recording stands still when something else fills the disk.

A real ext4 file system in a file holds the recordings of eight cameras; an outsider takes all that
is left. Measured is the time from the write that fails to the same write, synced: once with the
product making room, once with bare ``unlink`` of just as many of the oldest files, in turns.

    sudo python -m bench.disk_full --write
"""

import argparse
import errno
import functools
import hashlib
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.cameras import report
from bench.cameras.report import Limit, table
from its_camera_ai.core.disk import WritableFile
from its_camera_ai.core.holds import Hold, HoldKind
from its_camera_ai.core.media import StreamRole
from its_camera_ai.core.storage_policy import StoragePolicy
from its_camera_ai.core.time import NS_PER_S, SystemClock
from its_camera_ai.recorder.files.footage import FootageByAge
from its_camera_ai.recorder.files.media_tree import place_of
from its_camera_ai.recorder.files.segment_format import (
    Description,
    Seal,
    description_box,
    seal_head,
)
from its_camera_ai.recorder.volumes.camera_quotas import CameraQuotas
from its_camera_ai.recorder.volumes.camera_usage import CameraUsage
from its_camera_ai.recorder.volumes.eviction import Evictor
from its_camera_ai.recorder.volumes.reserve import Reserve
from its_camera_ai.recorder.volumes.space import SpaceKeeper
from its_camera_ai.store.disk import RealDisk
from its_camera_ai.store.hold_mirror import HoldMirror
from its_camera_ai.video.fmp4 import box

NAME = "disk_full"
CAMERAS = 8
SEGMENT_NS = 20 * NS_PER_S
START_NS = 1_700_000_000 * NS_PER_S
FRAGMENT = bytes(512 * 1024)
CHUNK_BYTES = 1024 * 1024


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--files", type=int, default=20_000)
    parser.add_argument("--file-kb", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=8, help="of each kind")
    parser.add_argument("--write", action="store_true", help="keep the result in docs/ and bench/")
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="itscam-") as folder,
        _disk(Path(folder), options) as root,
    ):
        print(f"Planting {options.files} recordings …", flush=True)
        _plant(root, options.files, options.file_kb * 1000)
        free = _rounds(root, options.rounds, "no holds")
        hold = Hold(
            "h", HoldKind.LEGAL, "cam0", START_NS + 10**15, START_NS + 2 * 10**15, "", "", 1
        )
        HoldMirror(RealDisk(), root).write([hold])
        held = _rounds(root, options.rounds, "a hold, so that each file is asked what it is")
    result = {
        "files": options.files,
        "file_bytes": options.file_kb * 1000,
        "without_holds": free,
        "with_a_hold": held,
        "load": round(os.getloadavg()[0], 1),
        "machine": report.machine(),
    }
    return _tell(result, write=options.write)


@contextmanager
def _disk(folder: Path, options: argparse.Namespace) -> Iterator[Path]:
    image, mount = folder / "image", folder / "disk"
    mount.mkdir()
    size = int(options.files * options.file_kb * 1000 * 1.4) + 200_000_000
    with image.open("wb") as file:
        file.truncate(size)
    subprocess.run(["mkfs.ext4", "-q", "-m", "0", image], check=True)
    subprocess.run(["mount", "-o", "loop", image, mount], check=True)
    try:
        yield mount
    finally:
        subprocess.run(["umount", mount], check=True)


def _plant(root: Path, count: int, size_bytes: int) -> None:
    filler = os.urandom(size_bytes)
    for number in range(count):
        camera_id = f"cam{number % CAMERAS}"
        start_ns = START_NS + number // CAMERAS * SEGMENT_NS + number % CAMERAS
        media_id = f"{number:036x}"
        description = Description(
            media_id, camera_id, StreamRole.MAIN, 1, start_ns, 0, "h264", 1920, 1080, False
        )
        head = seal_head(Seal(SEGMENT_NS, 500))
        body = box(b"ftyp", b"isom") + description_box(description)
        body += box(b"free", filler[: size_bytes - len(body) - len(head) - 40]) + head
        path = root / place_of(camera_id, "main", start_ns, media_id)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body + hashlib.sha256(body).digest())
    os.sync()


class _Nobody:
    def drop(self, paths: list[str]) -> None:
        """The index follows later; it is not measured."""


class _Recording:
    """A file that is appended to, as the recorder does it."""

    def __init__(self, root: Path, name: str) -> None:
        folder = root / "cam0" / "main" / ".open"
        folder.mkdir(exist_ok=True)
        self._file: WritableFile = RealDisk().create(folder / f"{name}.part")
        self._path = folder / f"{name}.part"

    def write(self, make_room: Callable[[], None]) -> float:
        """Seconds from the first failure to the fragment on disk."""
        size, failed_s = self._path.stat().st_size, 0.0
        while True:
            try:
                self._file.write([FRAGMENT])
                self._file.sync()
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise
                failed_s = failed_s or time.perf_counter()
                self._file.truncate(size)
                make_room()
            else:
                return time.perf_counter() - failed_s if failed_s else 0.0

    def close(self) -> None:
        self._file.close()
        self._path.unlink()


def _fill(root: Path, number: int) -> None:
    """Take all that is left, to the last block."""
    with (root / f"outsider{number}").open("wb", buffering=0) as file:
        size = CHUNK_BYTES
        at = 0
        while size >= 4096:
            try:
                os.posix_fallocate(file.fileno(), at, size)
                at += size
            except OSError:
                size //= 2
        os.fsync(file.fileno())


def _rounds(root: Path, rounds: int, what: str) -> dict[str, Any]:
    ours, bare, files = [], [], []
    keeper = _keeper(root)
    for number in range(rounds):
        print(f"{what}: {number + 1} of {rounds}", flush=True)
        recording = _Recording(root, f"ours{number}")
        _fill(root, time.monotonic_ns())
        before = keeper.figures().evicted_files
        ours.append(recording.write(functools.partial(_make_room, keeper)))
        removed = keeper.figures().evicted_files - before
        files.append(removed)
        recording.close()

        recording = _Recording(root, f"bare{number}")
        _fill(root, time.monotonic_ns())
        doomed = _oldest(root, removed)
        bare.append(recording.write(functools.partial(_unlink, doomed)))
        recording.close()
        keeper = _keeper(root)  # the queue of the old one knows of files that went
    return {
        "files_removed": statistics.median(files),
        "ours_s": _summary(ours),
        "unlink_s": _summary(bare),
        "ratio": round(statistics.median(ours) / statistics.median(bare), 2),
    }


def _make_room(keeper: SpaceKeeper) -> None:
    assert keeper.make_room(len(FRAGMENT)), "no room was made"


def _oldest(root: Path, count: int) -> list[Path]:
    footage, found = FootageByAge(RealDisk(), root), []
    while len(found) < count and (oldest := footage.oldest()) is not None:
        footage.pass_by(oldest)
        found.append(root / oldest.path)
    return found


def _unlink(paths: list[Path]) -> None:
    for path in paths:
        path.unlink(missing_ok=True)


def _keeper(root: Path) -> SpaceKeeper:
    disk, clock = RealDisk(), SystemClock()
    usage = CameraUsage(disk, root)
    policy = StoragePolicy()
    quotas = CameraQuotas(usage, lambda: policy, clock)
    evictor = Evictor(
        disk,
        root,
        HoldMirror(disk, root),
        check=lambda: None,
        losing_first=quotas.losing_first,
        clock=clock,
    )
    return SpaceKeeper(
        disk,
        root,
        evictor,
        check=lambda: None,
        reserve=Reserve(),
        bytes_per_s=lambda: 0.0,
        dropping=_Nobody(),
        usage=usage,
        quotas=quotas,
        clock=clock,
    )


def _summary(seconds: list[float]) -> dict[str, float]:
    return {
        "median": round(statistics.median(seconds), 4),
        "worst": round(max(seconds), 4),
    }


def _tell(result: dict[str, Any], *, write: bool) -> int:
    kinds = (("no holds", result["without_holds"]), ("with a hold", result["with_a_hold"]))
    worst = max(kind["ours_s"]["worst"] for _, kind in kinds)
    limits = [Limit("recording stands still, at worst", worst, 1.0, "s")]
    rows = [
        (
            name,
            f"{kind['files_removed']:.0f}",
            f"{kind['ours_s']['median']:.3f}",
            f"{kind['ours_s']['worst']:.3f}",
            f"{kind['unlink_s']['median']:.3f}",
            f"{kind['unlink_s']['worst']:.3f}",
            f"{kind['ratio']:.2f}",
        )
        for name, kind in kinds
    ]
    intro = (
        f"ext4 with {result['files']:,} recordings of {result['file_bytes'] // 1000} kB of "
        f"{CAMERAS} cameras (`python -m bench.disk_full`), load {result['load']} on "
        f"{result['machine']['cores']} cores: from the write that failed to the same write on "
        "the disk, beside bare `unlink` of as many files."
    )
    head = ("", "files removed", "ours, s", "worst", "unlink, s", "worst", "ours to unlink")
    text = "\n\n".join(
        [
            "## A disk that something else filled",
            intro,
            table(("figure", "measured", "limit", ""), [limit.row() for limit in limits]),
            table(head, rows),
        ]
    )
    print(text)
    if write:
        print(report.save(NAME, result))
        report.update_document(NAME, text)
    return 0 if all(limit.holds for limit in limits) else 1


if __name__ == "__main__":
    sys.exit(main())
