"""The index of a million recordings: asked, made anew from the files, and compared with them.

    python -m bench.segment_index [--files 1000000] [--folder DIR] [--media DIR] [--write]

The files are real and whole (one picture each, about 2 KB, a description, a check, a seal), laid
out as eight cameras lay them out. Beside the range query stand the same query by plain sqlite3 and
a listing of the day's folder with the sizes of its files; beside the rebuild and the start-up
comparison a bare walk over the folders, with and without reading the first 8 KB of each file.
Beside the wall clock stands the processor's time, which a busy machine changes less.
"""

import argparse
import hashlib
import os
import random
import resource
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from bench.cameras import report
from bench.cameras.report import Limit, table
from its_camera_ai.core.ids import new_id
from its_camera_ai.core.media import StreamRole
from its_camera_ai.core.time import NS_PER_S
from its_camera_ai.recorder.checking.rebuild import rebuild
from its_camera_ai.recorder.checking.recovery import reconcile
from its_camera_ai.recorder.files.media_tree import place_of
from its_camera_ai.recorder.files.segment_format import (
    Description,
    Seal,
    description_box,
    seal_head,
)
from its_camera_ai.recorder.files.segment_reading import boxes, read_description
from its_camera_ai.recorder.volumes.volume import Volume
from its_camera_ai.recorder.writing.recorder import Recorder
from its_camera_ai.store.database import Database, open_database
from its_camera_ai.store.disk import RealDisk
from its_camera_ai.store.migration import migrate
from its_camera_ai.store.segment_list import SegmentList
from its_camera_ai.store.segments import SegmentRepository
from its_camera_ai.store.storage_figures import StorageFigures
from tests.recorder.support import RememberingIndex, packets
from tests.support.clips import ClipSpec

NAME = "segment-index"
CAMERAS = 8
SEGMENT_NS = 20 * NS_PER_S
BEGIN_NS = 1_700_006_400 * NS_PER_S
QUERIES = 1000
HOUR_NS = 3600 * NS_PER_S
SEED = 11


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--files", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path, help="where files and database are laid out")
    parser.add_argument("--media", type=Path, help="keep the files here, or take those that are")
    parser.add_argument("--write", action="store_true", help="keep the result in docs/ and bench/")
    parser.add_argument(
        "--cold", action="store_true", help="empty the system's caches before each work (root)"
    )
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="itscam-", dir=options.folder) as folder:
        root = options.media or Path(folder) / "media"
        result = _run(Path(folder), root, options.files, cold=options.cold)
    return _tell(result, options)


def _run(folder: Path, root: Path, files: int, *, cold: bool) -> dict[str, Any]:
    def empty() -> None:
        if cold:
            os.sync()
            Path("/proc/sys/vm/drop_caches").write_text("3")

    if not root.exists():
        print(f"Laying out {files} files …", flush=True)
        _lay_out(root, folder / "template", files)
    print("Walking …", flush=True)
    empty()
    walk = Took(lambda: _walk(root))
    empty()
    read = Took(lambda: _walk(root, read=True))
    database = open_database(f"sqlite:///{folder}/site.db")
    migrate(database)
    volume, repository = Volume(RealDisk(), root), SegmentRepository(database)
    print("Rebuilding …", flush=True)
    empty()
    rebuilt = Took(lambda: _rebuilt(volume, repository, files))
    print("Comparing …", flush=True)
    empty()
    compared = Took(lambda: reconcile(volume, repository))
    print("Asking …", flush=True)
    figures = StorageFigures(database)
    result = {
        "files": files,
        "bytes": sum(held.size_bytes for held in figures.holdings()),
        "caches": "empty" if cold else "full",
        "load": round(os.getloadavg()[0], 1),
        "niceness": os.nice(0),
        "database_bytes": _size_of(database),
        "works": {
            "walk over the folders": walk.facts,
            "the same, reading 8 KB of each file": read.facts,
            "rebuild of the index": rebuilt.facts,
            "start-up comparison": compared.facts,
            "sums by camera and tier": Took(figures.holdings).facts,
            "the next to be verified": Took(lambda: repository.longest_unverified(32)).facts,
            "1,000 segments discarded": Took(lambda: _discard(repository, 1000)).facts,
        },
        "queries": _queries(database, root, files),
        "memory_peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "machine": report.machine() | {"sqlite": sqlite3.sqlite_version},
    }
    database.close()
    return result


def _lay_out(root: Path, scratch: Path, files: int) -> None:
    """Whole recordings without syncs: what lies there is what counts."""
    head, fragment, told = _template(scratch)
    rng = random.Random(SEED)  # noqa: S311  a benchmark, no secret
    made = set[Path]()
    for camera in range(CAMERAS):
        previous = ""
        for number in range(files // CAMERAS):
            start_ns = BEGIN_NS + number * SEGMENT_NS
            media_id = new_id(start_ns, rng.randbytes)
            one = Description(
                media_id,
                f"camera-{camera}",
                StreamRole.MAIN,
                1,
                start_ns,
                start_ns,
                told.codec,
                told.width,
                told.height,
                told.has_audio,
            )
            sealed = (
                head + description_box(one) + fragment + seal_head(Seal(SEGMENT_NS, 1, previous))
            )
            digest = hashlib.sha256(sealed)
            previous = digest.hexdigest()
            path = root / place_of(one.camera_id, one.role, start_ns, media_id)
            if path.parent not in made:
                path.parent.mkdir(parents=True)
                made.add(path.parent)
            path.write_bytes(sealed + digest.digest())


def _template(scratch: Path) -> tuple[bytes, bytes, Description]:
    """``ftyp moov``, one fragment with its check, and the description, of a real recording."""
    scratch.mkdir()
    index = RememberingIndex()
    recorder = Recorder(Volume(RealDisk(), scratch), index)
    for packet in packets(ClipSpec(frames=1, gop=1, size_wh=(64, 48))):
        recorder.put(packet)
    recorder.close()
    path = scratch / index.segments[0].path
    content, file = path.read_bytes(), RealDisk().open(path)
    parts = [(kind, content[at : at + size]) for kind, at, size in boxes(file)]
    told = read_description(file)
    file.close()
    if told is None:
        raise RuntimeError("the template is no recording")
    head = b"".join(part for kind, part in parts if kind in (b"ftyp", b"moov"))
    fragment = b"".join(part for kind, part in parts if kind in (b"moof", b"mdat", b"free"))
    return head, fragment, told


def _rebuilt(volume: Volume, repository: SegmentRepository, files: int) -> None:
    done = rebuild(volume, repository)
    if done.files != files:
        raise RuntimeError(f"{done.files} of {files} files were indexed")


def _walk(root: Path, *, read: bool = False) -> int:
    seen = 0
    for folder, _, names in os.walk(root):
        seen += len(names)
        if read:
            for name in names:
                handle = os.open(f"{folder}/{name}", os.O_RDONLY)
                os.read(handle, 8192)
                os.close(handle)
    return seen


def _queries(database: Database, root: Path, files: int) -> dict[str, dict[str, float]]:
    repository, listed = SegmentRepository(database), SegmentList(database)
    plain = sqlite3.connect(f"file:{database.path}?mode=ro", uri=True)
    span_ns = files // CAMERAS * SEGMENT_NS
    main_role = StreamRole.MAIN

    def plainly(camera: str, since: int, until: int) -> int:
        text = (
            "SELECT * FROM segments WHERE camera_id = ? AND role = 'main' AND end_wall_ns > ? "
            "AND start_wall_ns < ? ORDER BY end_wall_ns LIMIT 1000"
        )
        return len(plain.execute(text, (camera, since, until)).fetchall())

    def listing(camera: str, since: int, until: int) -> int:
        first, last = (place_of(camera, main_role, ns, "x" * 12) for ns in (since, until))
        found = 0
        for day in sorted({Path(first).parent, Path(last).parent}):
            if not (root / day).is_dir():
                continue
            with os.scandir(root / day) as entries:
                names = [(f"{day}/{e.name}", e.stat().st_size) for e in entries]
            found += sum(first <= name < last for name, _ in names)
        return found

    ways: dict[str, tuple[int, Callable[[str, int, int], object]]] = {
        "an hour": (
            HOUR_NS,
            lambda camera, since, until: repository.find(camera, main_role, since, until),
        ),
        "an hour, plain sqlite3": (HOUR_NS, plainly),
        "an hour, listing of the folder": (HOUR_NS, listing),
        "a moment": (
            NS_PER_S,
            lambda camera, since, until: repository.find(camera, main_role, since, until),
        ),
        "a day in brief": (
            24 * HOUR_NS,
            lambda camera, since, until: listed.find(camera, main_role, since, until, 10_000),
        ),
    }
    found = {}
    for name, (length_ns, ask) in ways.items():
        rng = random.Random(SEED)  # noqa: S311  the same questions to all
        times = []
        count = QUERIES if length_ns <= HOUR_NS else QUERIES // 10
        for _ in range(count if ask is not plainly else QUERIES // 10):
            since = BEGIN_NS + rng.randrange(max(1, span_ns - length_ns))
            camera = f"camera-{rng.randrange(CAMERAS)}"
            times.append(Took(partial(ask, camera, since, since + length_ns)))
        found[name] = {
            f"{clock[:-2]}_p{percent}_ms": round(
                _nth([getattr(t, clock) for t in times], percent), 3
            )
            for clock in ("wall_s", "cpu_s")
            for percent in (50, 95)
        }
    plain.close()
    return found


def _nth(seconds: list[float], percent: int) -> float:
    return sorted(seconds)[int(len(seconds) * percent / 100)] * 1000


class Took:
    """How long some work took, by the wall clock and of the processor."""

    def __init__(self, work: Callable[[], object]) -> None:
        began, cpu_began = time.perf_counter(), time.process_time()
        work()
        self.wall_s = time.perf_counter() - began
        self.cpu_s = time.process_time() - cpu_began

    @property
    def facts(self) -> dict[str, float]:
        return {"wall_s": round(self.wall_s, 6), "cpu_s": round(self.cpu_s, 6)}


def _size_of(database: Database) -> int:
    """Bytes of the database with what still waits in its log."""
    with database.read() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        return int(pages * connection.exec_driver_sql("PRAGMA page_size").scalar_one())


def _discard(repository: SegmentRepository, count: int) -> None:
    oldest = repository.longest_unverified(count)
    repository.discard([segment.id for segment in oldest], reason="bench", now_wall_ns=1)


def _tell(result: dict[str, Any], options: argparse.Namespace) -> int:
    files, asked, works = result["files"], result["queries"], result["works"]
    compared = works["start-up comparison"]["wall_s"] * 100_000 / files
    limits = [
        Limit("range query of an hour, p95", asked["an hour"]["wall_p95_ms"], 10, "ms"),
        Limit("rebuild of the index", works["rebuild of the index"]["wall_s"], 600, "s"),
        Limit("start-up comparison of 100,000", compared, 3, "s"),
    ]
    ours = asked["an hour"]["wall_p95_ms"]
    questions = [
        (name, *(f"{value:.2f}" for value in q.values()), f"{q['wall_p95_ms'] / ours:.2f}")
        for name, q in asked.items()
    ]
    walked = works["walk over the folders"]["wall_s"]
    done = [
        (name, f"{t['wall_s']:.3g}", f"{t['cpu_s']:.3g}", f"{t['wall_s'] / walked:.2f}")
        for name, t in works.items()
    ]
    intro = (
        f"{files:,} real files of {result['bytes'] / files:.0f} bytes of {CAMERAS} cameras "
        f"(`python -m bench.segment_index`), the system's caches {result['caches']}, load "
        f"{result['load']} on {result['machine']['cores']} cores, niceness {result['niceness']}. "
        f"The database takes {result['database_bytes'] / files:.0f} bytes a file; the run took "
        f"{result['memory_peak_mib']} MiB of memory at its peak."
    )
    head = ("query", "wall p50, ms", "wall p95", "CPU p50", "CPU p95", "wall p95 to ours")
    text = "\n\n".join(
        [
            "## Index of recordings",
            intro,
            table(("figure", "measured", "limit", ""), [limit.row() for limit in limits]),
            table(head, questions),
            table(("work", "wall, s", "CPU, s", "wall to the walk"), done),
        ]
    )
    print(text)
    if options.write:
        print(report.save(NAME, result))
        report.update_document(NAME, text)
    return 0 if all(limit.holds for limit in limits) else 1


if __name__ == "__main__":
    sys.exit(main())
