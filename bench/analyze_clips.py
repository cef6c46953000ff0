"""Analyse the labelled clips as ``itscam analyze`` does, beside the counts by eye.

    python -m bench.analyze_clips [--data FOLDER] [--write]

With ``--write`` the table goes into ``docs/accuracy.md`` between its markers, and the figures into
``bench/results/analyze-clips.json``.
"""

import argparse
import os
import re
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.cameras import report
from its_camera_ai import __version__
from its_camera_ai.analytics.offline import Job, analyse_video
from its_camera_ai.analytics.offline_window import Window
from its_camera_ai.vision.catalogue import MOVING_OBJECTS
from its_camera_ai.vision.detector import DetectorModel
from its_camera_ai.vision.loading import load_model
from tests.accuracy.counted_clips import COUNTED_CLIPS, CountedClip

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "accuracy.md"
BEGIN, END = "<!-- clips: begin -->", "<!-- clips: end -->"
MODELS = ("yolox-nano", MOVING_OBJECTS)


@dataclass(frozen=True, slots=True)
class Counted:
    """One clip by one model.

    Attributes:
        pictures: analysed.
        took_s: wall time; cpu_s: of all threads.
    """

    clip: CountedClip
    model: str
    inward: int
    outward: int
    pictures: int
    took_s: float
    cpu_s: float

    @property
    def error(self) -> int:
        """How many crossings too many and too few, both directions added."""
        return abs(self.inward - self.clip.inward) + abs(self.outward - self.clip.outward)

    def cells(self) -> tuple[str, ...]:
        clip = self.clip
        return (
            clip.name,
            clip.what,
            self.model,
            f"{self.inward} / {clip.inward}",
            f"{self.outward} / {clip.outward}",
            str(self.error),
            f"{self.pictures / self.took_s:.0f}",
            f"{self.cpu_s / self.pictures * 1000:.0f}",
        )

    def to_json(self) -> dict[str, object]:
        return {
            "clip": self.clip.name,
            "file": self.clip.file,
            "model": self.model,
            "in": self.inward,
            "out": self.outward,
            "hand_in": self.clip.inward,
            "hand_out": self.clip.outward,
            "pictures": self.pictures,
            "wall_s": round(self.took_s, 2),
            "cpu_s": round(self.cpu_s, 2),
        }


def count(clip: CountedClip, video: Path, model: DetectorModel) -> Counted:
    """Analyse one clip without writing a video."""
    began, began_cpu = time.perf_counter(), time.process_time()
    job = Job(
        window=Window(end_s=clip.end_s),
        scene=clip.scene,
        with_video=False,
        workers=os.cpu_count() or 1,
    )
    with tempfile.TemporaryDirectory() as folder:
        done = analyse_video(video, Path(folder), model, job)
    lines: Any = done.counts["lines"]
    gate = lines[clip.line.id]
    return Counted(
        clip,
        model.info.name,
        gate["in"]["total"],
        gate["out"]["total"],
        done.frames.analysed,
        time.perf_counter() - began,
        time.process_time() - began_cpu,
    )


def table(rows: list[Counted]) -> str:
    """Markdown, one row per clip and model."""
    head = (
        "clip",
        "who",
        "detector",
        "in: ours / by eye",
        "out: ours / by eye",
        "off by",
        "pictures/s",
        "CPU ms/picture",
    )
    return report.table(head, [row.cells() for row in rows])


def write(rows: list[Counted]) -> None:
    """Renew the page and the JSON file."""
    machine = report.machine()
    load = os.getloadavg()[0]
    packages = ", ".join(f"{name} {number}" for name, number in machine["packages"].items())
    text = (
        f"{BEGIN}\nMeasured {machine['when'][:10]} on {machine['cpu']}, {machine['cores']} cores, "
        f"{machine['memory_gib']} GiB; load average at the end {load:.1f}, so speeds may be lower "
        f"than on a quiet machine. ITS Camera AI {__version__}, Python {machine['python']}, "
        f"{packages}.\n\n{table(rows)}\n{END}"
    )
    page = PAGE.read_text(encoding="utf-8")
    if BEGIN not in page or END not in page:
        sys.exit(f"{PAGE} has lost its markers {BEGIN} and {END}; put them back.")
    page = re.sub(f"{BEGIN}.*{END}", lambda _: text, page, flags=re.DOTALL)
    PAGE.write_text(page, encoding="utf-8")
    clips = [row.to_json() for row in rows]
    report.save("analyze-clips", {"machine": machine, "load_average": load, "clips": clips})


def main() -> int:
    parser = argparse.ArgumentParser(description="Analyse the labelled clips.")
    default = Path(os.environ.get("ITSCAM_TEST_DATA", ROOT.parent / "shared" / "data"))
    parser.add_argument("--data", type=Path, default=default, help="videos/ and models/")
    parser.add_argument("--write", action="store_true", help="renew docs/accuracy.md")
    options = parser.parse_args()
    rows = []
    for clip in COUNTED_CLIPS:
        for name in MODELS:
            model = load_model(name, models_dir=options.data / "models")
            rows.append(count(clip, options.data / "videos" / clip.file, model))
            model.close()
            print(" · ".join(rows[-1].cells()), flush=True)
    print()
    print(table(rows))
    if options.write:
        write(rows)
    return 0


if __name__ == "__main__":
    sys.exit(main())
