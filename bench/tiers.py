"""What moving recordings to a slower tier costs, beside the plain ways to copy the same bytes.

1. To a folder: the mover, which reads, compares with the hash, copies, syncs, reads back, switches
   the row durably; and ``cp`` with an fsync of each copy and its folder.
2. To an S3 service (OpenStack Swift on this machine): the mover; and obstore's own put of the same
   files, without any comparison.

Mover and peer take turns in the same run, on the same disk, with the sources in the page cache.

    python -m bench.tiers --write
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

import obstore
from obstore.store import S3Store as Bare

from bench.cameras import report
from bench.cameras.report import table
from its_camera_ai.core.segments import Segment, Tier
from its_camera_ai.core.storage_policy import TierPolicy
from its_camera_ai.store.database import open_database
from its_camera_ai.store.disk import RealDisk
from its_camera_ai.store.files import sync_folder
from its_camera_ai.store.folder_store import FolderStore
from its_camera_ai.store.media_store import MediaStore
from its_camera_ai.store.migration import migrate
from its_camera_ai.store.s3_access import S3Limits
from its_camera_ai.store.s3_store import S3Store
from tests.support.swift import ACCESS_KEY, BUCKET, SECRET_KEY, Swift, lacking
from tests.support.tiers import TieredSite

NAME = "tiers"
UNPACED = TierPolicy(warm_after_days=7, move_bytes_per_s=100_000_000_000)
Take = tuple[float, float]
"""Wall and processor seconds of this process and its ended children."""


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--files", type=int, default=40, help="recordings in each turn")
    parser.add_argument("--mb", type=float, default=10.0, help="megabytes of each")
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--write", action="store_true", help="keep the result in docs/ and bench/")
    options = parser.parse_args()
    if lacking():
        sys.exit(lacking())
    result: dict[str, Any] = {"files": options.files, "mb": options.mb, "turns": options.turns}
    with tempfile.TemporaryDirectory(prefix="itscam-") as name:
        folder = Path(name)
        result["folder"] = _folder(folder, options)
        swift = Swift(folder)
        try:
            result["s3"] = _s3(folder, swift.start(), options)
        finally:
            swift.stop()
    return _tell(result, options)


def _folder(folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    for name in ("nas", "plain"):
        (folder / name).mkdir()
    site = _site(folder / "a", FolderStore(RealDisk(), folder / "nas"))

    def copy(segments: list[Segment]) -> None:
        for segment in segments:
            source, target = site.hot / segment.path, folder / "plain" / segment.path
            target.parent.mkdir(parents=True, exist_ok=True)
            subprocess.run(["cp", source, target], check=True)
            handle = os.open(target, os.O_RDONLY)
            os.fsync(handle)
            os.close(handle)
            sync_folder(target.parent)

    return _turns(site, options, "cp", copy)


def _s3(folder: Path, swift: Swift, options: argparse.Namespace) -> dict[str, Any]:
    limits = S3Limits()
    site = _site(folder / "b", S3Store(swift.access(limits=limits), BUCKET, "mover"))
    bare = Bare(
        BUCKET,
        prefix="bare",
        endpoint=swift.endpoint,
        region="us-east-1",
        access_key_id=ACCESS_KEY,
        secret_access_key=SECRET_KEY,
        client_options={"allow_http": True, "timeout": timedelta(seconds=60)},
    )

    def put(segments: list[Segment]) -> None:
        for segment in segments:
            path = site.hot / segment.path
            obstore.put(bare, segment.path, path, chunk_size=limits.part_bytes, max_concurrency=2)

    return _turns(site, options, "obstore", put)


def _site(folder: Path, warm: MediaStore) -> TieredSite:
    folder.mkdir()
    database = open_database(f"sqlite:///{folder}/site.db")
    migrate(database)
    return TieredSite(database, folder / "hot", {Tier.WARM: warm}, policy=UNPACED)


def _turns(
    site: TieredSite,
    options: argparse.Namespace,
    peer: str,
    work: Callable[[list[Segment]], None],
) -> dict[str, Any]:
    takes: dict[str, list[Take]] = {"mover": [], peer: []}
    for turn in range(options.turns):
        first = turn * options.files
        size_bytes = round(options.mb * 1e6)
        made = [site.record(first + i, 8, size_bytes) for i in range(options.files)]
        os.sync()  # what was just made is not to be written during a take
        peer_first = turn % 2
        if peer_first:
            takes[peer].append(_take(lambda made=made: work(made)))
        takes["mover"].append(_take(lambda: _move(site, options.files)))
        if not peer_first:
            takes[peer].append(_take(lambda made=made: work(made)))
        site.collect()
    total = options.files * options.mb
    return {
        name: {
            "mb_per_s": [round(total / wall, 1) for wall, _ in found],
            "cpu_s_per_gb": [round(1000 * cpu / total, 3) for _, cpu in found],
        }
        for name, found in takes.items()
    }


def _move(site: TieredSite, files: int) -> None:
    moved = site.mover().run(lambda: False).figures["moved_files"]
    assert moved == files, f"{moved} of {files} were moved"


def _take(work: Callable[[], None]) -> Take:
    wall, cpu = time.perf_counter(), _cpu_s()
    work()
    return time.perf_counter() - wall, _cpu_s() - cpu


def _cpu_s() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(u.ru_utime + u.ru_stime for u in used)


def _tell(result: dict[str, Any], options: argparse.Namespace) -> int:
    rows = []
    for place, peer, words in (
        ("folder", "cp", "`cp` + fsync"),
        ("s3", "obstore", "`obstore.put` alone"),
    ):
        mover, other = result[place]["mover"], result[place][peer]
        rates = [m / o for m, o in zip(mover["mb_per_s"], other["mb_per_s"], strict=True)]
        result[place]["rate_ratio"] = round(median(rates), 3)
        rows.append(
            (
                "to a folder" if place == "folder" else "to S3",
                _spread(mover["mb_per_s"]),
                words,
                _spread(other["mb_per_s"]),
                f"{median(rates):.2f} ({min(rates):.2f}-{max(rates):.2f})",
                f"{median(mover['cpu_s_per_gb']):.1f} / {median(other['cpu_s_per_gb']):.1f}",
            )
        )
    result["machine"] = report.machine() | {"obstore": version("obstore"), "load": os.getloadavg()}
    machine = result["machine"]
    text = "\n\n".join(
        (
            "## Moving to slower tiers",
            (
                "Moving recordings to a slower tier: "
                f"{options.turns} turns of {options.files} recordings of {options.mb:g} MB, mover "
                "and peer in turns; median and range. The S3 service is OpenStack Swift on this "
                "machine and takes part of its cores."
            ),
            table(("", "mover, MB/s", "peer", "peer, MB/s", "mover ÷ peer", "CPU-s per GB"), rows),
            (
                f"{machine['cpu']}, {machine['cores']} cores, load {machine['load'][0]:.1f}, Linux "
                f"{machine['kernel']}, Python {machine['python']}, obstore {machine['obstore']}; "
                f"commit {machine['commit']}, {machine['when']}."
            ),
        )
    )
    print("\n" + text)
    if options.write:
        report.save(NAME, result)
        report.update_document(NAME, text)
    return 0


def _spread(values: list[float]) -> str:
    return f"{median(values):.0f} ({min(values):.0f}-{max(values):.0f})"


if __name__ == "__main__":
    sys.exit(main())
