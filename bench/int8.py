"""The recommended detector in 8 bits beside itself in 32: accuracy, speed, and which parts matter.

    python bench/int8.py DATA_FOLDER [--json OUT]

Calibrated with pictures of the clips in DATA_FOLDER/videos, the labelled pictures left out.
AP50 of person and vehicle on DATA_FOLDER/labels/boxes.json, through the product's own path. Speed
is processor time from frame to detections, one thread, least of several rounds in which the
variants take turns: other programs on the machine disturb that least.
"""

import argparse
import contextlib
import json
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt

from its_camera_ai.cli.site_pictures import collect, videos
from its_camera_ai.core.errors import ModelInvalid
from its_camera_ai.evaluation.detect import score_detections
from its_camera_ai.evaluation.folder import EvalFolder
from its_camera_ai.evaluation.truth_boxes import LabelledFrame, load_labelled_frames
from its_camera_ai.video.files import open_video
from its_camera_ai.vision.calibration import SitePicture
from its_camera_ai.vision.catalogue import Catalogue
from its_camera_ai.vision.detector import DetectorModel
from its_camera_ai.vision.own_models import OwnModel
from its_camera_ai.vision.quantization import (
    Attempt,
    Verdict,
    quantize,
)
from its_camera_ai.vision.quantized_files import network_file
from its_camera_ai.vision.runtime import RuntimeName
from its_camera_ai.vision.tuning import machine_fingerprint
from its_camera_ai.vision.tuning_run import Setup, measure

SIZES = ((640, 384), (960, 544))
RUNTIMES = (RuntimeName.ONNXRUNTIME, RuntimeName.OPENVINO)
GROUPS = ("person", "vehicle")
PICTURES = 48
ROUNDS, ROUND_S = 4, 0.4
NEVER = -1.0  # a bound that nothing keeps, so that every way is tried

Picture = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Labelled:
    """The labelled frames with their pictures."""

    truth: list[LabelledFrame]
    pictures: list[Picture]

    def judge(self, before: DetectorModel, after: DetectorModel) -> Verdict:
        first, second = self.ap50(before), self.ap50(after)
        ap50 = {name: (first[name], second[name]) for name in GROUPS}
        return Verdict("labels", max(a - b for a, b in ap50.values()), ap50)

    def ap50(self, model: DetectorModel) -> dict[str, float]:
        detector = model.open("bench")
        scores = score_detections(self.truth, [detector.detect(p, 0) for p in self.pictures])
        return {name: round(scores[name].ap50, 4) for name in GROUPS}


def labelled(data: Path) -> Labelled:
    folder = EvalFolder(data)
    truth = sorted(load_labelled_frames(folder.labels("boxes.json")), key=lambda f: f.file)
    pictures = {}
    for file in dict.fromkeys(frame.file for frame in truth):
        wanted = {frame.frame: frame.name for frame in truth if frame.file == file}
        with open_video(folder.media(file)) as video:
            for index, frame in enumerate(video.frames()):
                if index in wanted:
                    pictures[wanted[index]] = frame.bgr()
                if len(pictures) == len(truth) or index > max(k or 0 for k in wanted):
                    break
    return Labelled(truth, [pictures[frame.name] for frame in truth])


def calibration(data: Path, known: Labelled) -> list[SitePicture]:
    """Pictures of all clips but for those that are labelled."""
    found = collect(videos([data / "videos"], PICTURES), PICTURES, print).split()[0]
    return [p for p in found if not any(_same(p.bgr, other) for other in known.pictures)]


def _same(one: Picture, other: Picture) -> bool:
    return one.shape == other.shape and float(np.abs(one.astype(int) - other).mean()) < 1.0


def by_parts(
    path: Path,
    own: OwnModel,
    pictures: list[SitePicture],
    known: Labelled,
    made_for: RuntimeName,
) -> list[dict[str, object]]:
    """AP50 with so many of the first convolutions in 32 bits, and with weights of 8 and 7 bits."""
    ways = [Attempt(leading, reduced) for leading in (0, 2, 3, 9, 27) for reduced in (False, True)]
    verdicts: list[Verdict] = []

    def judge(before: DetectorModel, after: DetectorModel) -> Verdict:
        verdicts.append(known.judge(before, after))
        return verdicts[-1]

    with contextlib.suppress(ModelInvalid):
        quantize(
            path,
            own,
            pictures,
            judge,
            ap_drop_max=NEVER,
            made_for=made_for,
            input_wh=SIZES[0],
            attempts=ways,
        )
    return [
        {
            "made_for": made_for.value,
            "leading": way.leading,
            "reduced": way.reduced,
            "ap50": {name: after for name, (_, after) in verdict.ap50.items()},
        }
        for way, verdict in zip(ways, verdicts, strict=True)
    ]


def speeds(files: dict[str, Path], own: OwnModel) -> list[dict[str, object]]:
    """Processor ms per picture, and the ratio to 32 bits in the same runtime."""
    rows: list[dict[str, object]] = []
    for size in SIZES:
        least: dict[tuple[str, RuntimeName], float] = {}
        for _ in range(ROUNDS):
            for name, path in files.items():
                for runtime in RUNTIMES:
                    found = measure(path, own, Setup(runtime, 1, 1, 1, size), ROUND_S)
                    assert found is not None
                    known = least.get((name, runtime), found.cpu_ms)
                    least[name, runtime] = min(known, found.cpu_ms)
        for (name, runtime), cpu_ms in least.items():
            rows.append(
                {
                    "input": f"{size[0]}x{size[1]}",
                    "file": name,
                    "runtime": runtime.value,
                    "cpu_ms": round(cpu_ms, 2),
                    "times_as_fast": round(least["fp32", runtime] / cpu_ms, 3),
                }
            )
    return rows


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--json", type=Path, help="write the figures there")
    arguments = parser.parse_args()
    catalogue = Catalogue.shipped()
    path, own = network_file("yolox-nano", arguments.data / "models", catalogue)
    known = labelled(arguments.data)
    pictures = calibration(arguments.data, known)
    print(f"{machine_fingerprint()}; calibrated with {len(pictures)} pictures\n")

    accuracy, parts = [], []
    with tempfile.TemporaryDirectory() as scratch:
        files = {"fp32": path}
        for made_for in RUNTIMES:
            for size in SIZES:
                made = quantize(
                    path,
                    own,
                    pictures,
                    known.judge,
                    ap_drop_max=0.02,
                    made_for=made_for,
                    input_wh=size,
                )
                accuracy.append(
                    {
                        "made_for": made_for.value,
                        "input": f"{size[0]}x{size[1]}",
                        "leading": made.attempt.leading,
                        "reduced": made.attempt.reduced,
                        "ap50": made.verdict.ap50,
                    }
                )
                if size == SIZES[0]:
                    files[f"int8 for {made_for}"] = Path(scratch) / f"{made_for}.onnx"
                    files[f"int8 for {made_for}"].write_bytes(made.model)
            parts += by_parts(path, own, pictures, known, made_for)
        speed = speeds(files, own)
    show(accuracy, parts, speed)
    if arguments.json:
        facts = {
            "machine": machine_fingerprint(),
            "date": f"{datetime.now(UTC):%Y-%m-%d}",
            "model": own.name,
            "calibrated_with": len(pictures),
            "accuracy": accuracy,
            "parts": parts,
            "speed": speed,
        }
        arguments.json.write_text(json.dumps(facts, indent=1) + "\n")
    return 0


def show(
    accuracy: list[dict[str, object]],
    parts: list[dict[str, object]],
    speed: list[dict[str, object]],
) -> None:
    print("| made for | input | AP50 person | AP50 vehicle | first convolutions in 32 bits |")
    print("|---|---|---|---|---|")
    for row in accuracy:
        ap50 = row["ap50"]
        assert isinstance(ap50, dict)
        cells = [f"{ap50[g][0]:.3f} → {ap50[g][1]:.3f}" for g in GROUPS]
        print(f"| {row['made_for']} | {row['input']} | {' | '.join(cells)} | {row['leading']} |")
    print("\n| made for | first convolutions in 32 bits | weights | AP50 person | AP50 vehicle |")
    print("|---|---|---|---|---|")
    for row in parts:
        ap50 = row["ap50"]
        assert isinstance(ap50, dict)
        bits = "7 bits" if row["reduced"] else "8 bits"
        print(
            f"| {row['made_for']} | {row['leading']} | {bits} "
            f"| {ap50['person']:.3f} | {ap50['vehicle']:.3f} |"
        )
    print("\n| input | file | runtime | CPU ms per picture | times as fast as 32 bits there |")
    print("|---|---|---|---|---|")
    for row in speed:
        print(
            f"| {row['input']} | {row['file']} | {row['runtime']} | {row['cpu_ms']} "
            f"| {row['times_as_fast']} |"
        )


if __name__ == "__main__":
    raise SystemExit(main())
