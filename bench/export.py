"""Measure what an export costs that is copied.

    python -m bench.export [--json OUT] [--minutes 5] [--rounds 3]

A camera's recordings (1080p30, 4 Mb/s, files of 20 s, made by the recorder) become one MP4: first
by the exporter, which also compares each recording with its seal (SHA-256), hashes what it writes
and syncs it; then by ``ffmpeg -f concat -c copy -movflags +faststart`` of the same files, synced;
then by the same ffmpeg with ``sha256sum`` of the recordings and of what came out, which is the same
work. The rounds alternate; medians are told. Processor time is user + system of all processes.
"""

import argparse
import json
import os
import platform
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from msgspec import structs

from its_camera_ai.core.exports import ExportRequest
from its_camera_ai.core.media import Packet
from its_camera_ai.core.segments import Segment
from its_camera_ai.core.time import NS_PER_S
from its_camera_ai.recorder.exporting.folder import ExportFolder
from its_camera_ai.recorder.exporting.parts import PartMaker
from its_camera_ai.store.disk import RealDisk
from tests.recorder.export_support import media_of, record
from tests.recorder.support import packets
from tests.support.clips import BENCH_MAIN

SEGMENT_S = 20.0
TURNS_AT_ONCE = 4
"""Two files: all that the recorder's queue holds."""


def recordings(root: Path, minutes: float) -> list[Segment]:
    """The bench clip over and over."""
    once = packets(BENCH_MAIN)
    length_ns = once[-1].dts_ns + once[-1].duration_ns - once[0].dts_ns
    turns = max(1, round(minutes * 60 * NS_PER_S / length_ns))

    def turn(number: int) -> list[Packet]:
        by = number * length_ns
        return [
            structs.replace(
                p, pts_ns=p.pts_ns + by, dts_ns=p.dts_ns + by, seq=p.seq + number * 1000
            )
            for p in once
        ]

    made: list[Segment] = []
    for first in range(0, turns, TURNS_AT_ONCE):
        batch = [p for n in range(first, min(first + TURNS_AT_ONCE, turns)) for p in turn(n)]
        made += record(root, batch, segment_s=SEGMENT_S)
    if sum(segment.frames for segment in made) != turns * len(once):
        raise SystemExit("the recorder lost pictures: let the machine come to rest")
    return made


def exporter(root: Path, segments: list[Segment], out: Path) -> None:
    request = ExportRequest(
        cameras=("cam",),
        since_wall_ns=segments[0].start_wall_ns,
        until_wall_ns=segments[-1].end_wall_ns,
    )
    folder = ExportFolder(RealDisk(), out, "export", lambda: 0)
    folder.prepare()
    maker = PartMaker(request, ("cam", "Camera"), folder, media_of(root), {}, set())
    made = maker.span_part(segments, lambda share: None)
    frames = sum(segment.frames for segment in segments)
    if [file.pictures for file in made.files] != [frames]:
        raise SystemExit(f"the export is not whole: {made.files}")


def ffmpeg(root: Path, segments: list[Segment], out: Path) -> None:
    out.mkdir()
    listed = out / "list.txt"
    listed.write_text("".join(f"file '{root / s.path}'\n" for s in segments))
    target = out / "out.mp4"
    command = f"ffmpeg -v error -f concat -safe 0 -i {listed} -c copy -movflags +faststart {target}"
    subprocess.run(command.split(), check=True)
    with target.open("rb") as file:
        os.fsync(file.fileno())


def ffmpeg_and_hashes(root: Path, segments: list[Segment], out: Path) -> None:
    sources = [str(root / s.path) for s in segments]
    subprocess.run(["sha256sum", *sources], check=True, stdout=subprocess.DEVNULL)
    ffmpeg(root, segments, out)
    subprocess.run(["sha256sum", str(out / "out.mp4")], check=True, stdout=subprocess.DEVNULL)


WAYS: dict[str, Callable[[Path, list[Segment], Path], None]] = {
    "exporter": exporter,
    "ffmpeg": ffmpeg,
    "ffmpeg_and_hashes": ffmpeg_and_hashes,
}


def cpu_s() -> float:
    own, children = (
        resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    return sum(usage.ru_utime + usage.ru_stime for usage in (own, children))


def measure(folder: Path, minutes: float, rounds: int) -> dict[str, Any]:
    root = folder / "media"
    segments = recordings(root, minutes)
    size = sum(segment.size_bytes for segment in segments)
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in WAYS}
    for _ in range(rounds):
        for name, way in WAYS.items():
            out = folder / name
            os.sync()
            began, cpu = time.perf_counter(), cpu_s()
            way(root, segments, out)
            times[name].append((time.perf_counter() - began, cpu_s() - cpu))
            shutil.rmtree(out)
    told = {
        name: {
            "wall_s": round(statistics.median(wall for wall, _ in found), 3),
            "cpu_s": round(statistics.median(cpu for _, cpu in found), 3),
        }
        for name, found in times.items()
    }
    ours = told["exporter"]
    return {
        "recordings": len(segments),
        "size_mb": round(size / 1e6, 1),
        "rounds": rounds,
        **told,
        "mb_per_s": round(size / 1e6 / ours["wall_s"], 1),
        "cpu_ratio_to_ffmpeg": round(ours["cpu_s"] / told["ffmpeg"]["cpu_s"], 2),
        "wall_ratio_to_ffmpeg": round(ours["wall_s"] / told["ffmpeg"]["wall_s"], 2),
        "cpu_ratio_to_ffmpeg_and_hashes": round(
            ours["cpu_s"] / told["ffmpeg_and_hashes"]["cpu_s"], 2
        ),
    }


def machine() -> dict[str, Any]:
    version = subprocess.run(
        ["ffmpeg", "-version"], check=True, capture_output=True, text=True
    ).stdout
    return {
        "cores": os.cpu_count(),
        "machine": platform.machine(),
        "python": platform.python_version(),
        "ffmpeg": version.split()[2],
        "load_1min": round(os.getloadavg()[0], 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description="What a copied export costs.")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        figures = measure(Path(folder), options.minutes, options.rounds)
    result = {"machine": machine(), **figures}
    text = json.dumps(result, indent=2)
    sys.stdout.write(text + "\n")
    if options.json:
        options.json.write_text(text + "\n")


if __name__ == "__main__":
    main()
