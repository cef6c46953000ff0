"""Train the small network of ``moving-objects`` and write its weights and their card.

    python -m bench.train_moving_network DATA_FOLDER [--kept FOLDER] [--check]

Learned from clips whose rights are clean (``CLIPS``; Intel sample-videos are CC BY 4.0, DVR-Scan's
repository BSD-2, Frigate's MIT), labelled by YOLOX-Nano at 960×544, and from simulated streets in
all weathers with their exact truth. Cut-outs of road users and drawn two-wheelers are put into
both. ``HELD_OUT`` is never learned from.

Two stages: first without the motorway, whose figures by these weights are the honest ones; then on
from there with all clips, which gives the weights that are shipped. Seeded; the same machine gives
the same weights, another one nearly the same. Needs ``pip install torch==2.13.0 onnx`` beside the
package, and about 40 minutes of one core. ``--check`` trains nothing and measures what is shipped.
"""

import argparse
import hashlib
import pickle
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import cv2
import msgspec
import numpy as np

from bench.moving_training import figures
from bench.moving_training.pasting import Cut, all_cut_outs
from bench.moving_training.samples import (
    ClipPlan,
    Sample,
    Teacher,
    samples_of_clip,
    samples_of_streets,
)
from bench.moving_training.variation import Manner, Variation
from its_camera_ai.vision.moving_network import MovingCard, MovingNetwork, shipped_card

SEED = 20_26
MOTORWAY = "motorway_dvrscan"
CLIPS = {
    MOTORWAY: ClipPlan((5, 12.5, 2.8), 0.24),
    "overhead_cars_intel": ClipPlan((4, 12.5), 0.3, "above"),
    "room_one_by_one_intel": ClipPlan((5, 2.5), 0.8),
    "indoor_ir_frigate": ClipPlan((3, 6), 0.6),
    "cctv_brightness_dvrscan": ClipPlan((4, 12), 0.3, "nothing"),
    "lot_person_bicycle_car_intel": ClipPlan((10,), 0.25, to_and_fro=True),
    "faces_pause_intel": ClipPlan((10,), 0.3, to_and_fro=True),
    "store_aisle_intel": ClipPlan((10,), 0.3, to_and_fro=True),
    "worker_zone_intel": ClipPlan((10,), 0.3, to_and_fro=True),
    "room_people_intel": ClipPlan((10,), 0.3, to_and_fro=True),
}
STREETS = ("intersection", "motorway", "carpark", "courtyard")
STREET_SEEDS, STREET_LENGTH_S = range(100, 108), 32.0
HELD_OUT = ("road_ozlu", "walkway_handheld_ozlu", "plaza_supervision", "night_street_rfinf",
            "plates_nz_kosni")  # fmt: skip
SHARES = {
    MOTORWAY: 20,
    "overhead_cars_intel": 6,
    "room_one_by_one_intel": 10,
    "indoor_ir_frigate": 6,
    "cctv_brightness_dvrscan": 3,
    "lot_person_bicycle_car_intel": 6,
    "faces_pause_intel": 2,
    "store_aisle_intel": 4,
    "worker_zone_intel": 5,
    "room_people_intel": 5,
    "intersection": 12,
    "motorway": 9,
    "carpark": 8,
    "courtyard": 11,
}
"""How often each source is drawn."""

LICENCES = {
    "…_intel": "CC BY 4.0 (Intel sample-videos)",
    "…_dvrscan": "BSD-2-Clause (DVR-Scan)",
    "…_frigate": "MIT (Frigate)",
    "sim://…": "Apache-2.0 (this project)",
    "labels": "YOLOX-Nano, Apache-2.0",
}


@dataclass(frozen=True, slots=True)
class Stage:
    """One training, going on from the last one's weights with a rate that begins high again.

    Attributes:
        steps: of each worker.
        motorway: whether it is learned from.
    """

    steps: int
    motorway: bool
    manner: Manner


NEAR, LARGE = Manner((192, 128), 1.6, 110.0), Manner((256, 160), 2.4, 230.0)
STAGES = (
    Stage(600, False, NEAR),
    Stage(900, True, NEAR),
    Stage(1500, True, NEAR),
    Stage(800, True, LARGE),
)
RATE = 3e-3
ASSETS = Path(__file__).parents[1] / "src/its_camera_ai/vision/assets"

Sources = dict[str, Sequence[Sample]]
Cuts = list[list[Cut]]


def prepared(data: Path, kept: Path) -> Sources:
    """The samples of every source; what was prepared before is read again."""
    sources: Sources = {}
    teacher: Teacher | None = None
    for name in SHARES:
        file = kept / f"{name}.pickle"
        if not file.is_file():
            if name in CLIPS:
                teacher = teacher or Teacher(data)
                clip = data / "videos" / f"{name}.mp4"
                made = samples_of_clip(clip, CLIPS[name], teacher)
            else:
                made = samples_of_streets(name, STREET_SEEDS, STREET_LENGTH_S)
            file.write_bytes(pickle.dumps(made))
        sources[name] = pickle.loads(file.read_bytes())  # noqa: S301 (written above)
        labels = sum(len(sample.labels.xyxy) for sample in sources[name])
        print(f"{name:30s} {len(sources[name]):5d} looks {labels:6d} labels", flush=True)
    return sources


def trained(data: Path, kept: Path) -> tuple[Path, Path]:
    """The weights without the motorway, and those with all clips."""
    import torch  # noqa: PLC0415 (needed for training alone)

    from bench.moving_training import learning  # noqa: PLC0415 (as above)

    sources = prepared(data, kept)
    paths = [kept / f"stage_{stage}.onnx" for stage in range(len(STAGES))]
    begin = None
    for number, (stage, path) in enumerate(zip(STAGES, paths, strict=True)):
        used = {n: s for n, s in sources.items() if stage.motorway or n != MOTORWAY}
        cuts = all_cut_outs(sample for samples in used.values() for sample in samples)

        def variation_of(
            worker: int,
            used: Sources = used,
            cuts: Cuts = cuts,
            manner: Manner = stage.manner,
            seed: int = SEED + 100 * number,
        ) -> Variation:
            return Variation(used, SHARES, cuts, manner, np.random.default_rng(seed + worker))

        print(f"{path.stem}: cut-outs by kind {[len(c) for c in cuts]}", flush=True)
        weights = path.with_suffix(".pt")
        if weights.is_file():
            network = learning.Network()
            network.load_state_dict(torch.load(weights))
        else:
            network = learning.train(variation_of, stage.steps, RATE, SEED + number, begin)
            torch.save(network.state_dict(), weights)
        learning.export(network, path)
        begin = network.state_dict()
    without = max(k for k, stage in enumerate(STAGES) if not stage.motorway)
    return paths[without], paths[-1]


def write(weights: bytes, measured: dict[str, float]) -> None:
    """The shipped weights and the card beside them."""
    card = MovingCard(
        sha256=hashlib.sha256(weights).hexdigest(),
        made_by="bench/train_moving_network.py",
        made_on=datetime.now(UTC).strftime("%Y-%m-%d"),
        seed=SEED,
        trained_on=[*CLIPS, *(f"sim://{scene}" for scene in STREETS)],
        held_out=list(HELD_OUT),
        licences=LICENCES,
        figures=measured,
    )
    (ASSETS / "moving_network.onnx").write_bytes(weights)
    text = msgspec.json.format(msgspec.json.encode(card), indent=1)
    (ASSETS / "moving_network.json").write_bytes(text + b"\n")


def checked() -> bool:
    """Whether the shipped weights are those of their card."""
    weights = (ASSETS / "moving_network.onnx").read_bytes()
    return hashlib.sha256(weights).hexdigest() == shipped_card().sha256


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="videos/, labels/, models/")
    parser.add_argument(
        "--kept",
        type=Path,
        default=Path("moving-training"),
        help="folder for what is prepared; a training that was broken off begins there again",
    )
    parser.add_argument("--check", action="store_true", help="measure what is shipped")
    options = parser.parse_args(arguments)
    cv2.setNumThreads(1)
    if options.check:
        if not checked():
            print("The weights are not those of their card; train again.")
            return 1
        figures.measured(options.data, MovingNetwork())
        return 0
    options.kept.mkdir(parents=True, exist_ok=True)
    without, shipped = trained(options.data, options.kept)
    print("without the motorway in training:")
    honest = figures.measured(options.data, MovingNetwork(without), motorway_only=True)
    print("as shipped (the motorway was trained on):")
    measured = figures.measured(options.data, MovingNetwork(shipped))
    measured |= {f"{name}, not trained on it": value for name, value in honest.items()}
    write(shipped.read_bytes(), measured)
    print(f"wrote {ASSETS / 'moving_network.onnx'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
