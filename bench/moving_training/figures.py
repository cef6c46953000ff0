"""What weights of ``moving-objects`` are worth: counts on clips, boxes on pictures, streets."""

from pathlib import Path

from its_camera_ai.evaluation.count_run import count_on_street
from its_camera_ai.evaluation.detect_run import SCORE_MIN as EVERY_SCORE
from its_camera_ai.evaluation.detect_run import detect_on_labels, detect_on_street
from its_camera_ai.evaluation.folder import EvalFolder
from its_camera_ai.evaluation.recording import record_video
from its_camera_ai.evaluation.replay import looks_at_rate, tally
from its_camera_ai.evaluation.truth_boxes import load_labelled_frames
from its_camera_ai.evaluation.truth_counts import load_counted_clips
from its_camera_ai.evaluation.truth_sim import record_street
from its_camera_ai.sim.scenes import SCENES
from its_camera_ai.sim.source import SimSpec
from its_camera_ai.vision.moving import MovingObjectsModel
from its_camera_ai.vision.moving_network import MovingNetwork

STREET_SEED, STREET_S, STREET_FPS = 7, 60.0, 10.0
"""No street of this seed was learned from."""


def measured(
    data: Path, network: MovingNetwork, *, motorway_only: bool = False
) -> dict[str, float]:
    """Print every figure and give it by its name: crossings too many or too few, and AP50.

    Clips at their own rate, with the product's parameters; boxes as ``itscam eval detect``.
    """
    folder = EvalFolder(data)
    told: dict[str, float] = {}
    for clip in load_counted_clips(folder.labels("counts.json")):
        if motorway_only and "motorway" not in clip.name:
            continue
        model = MovingObjectsModel(network=network)
        recording = record_video(folder.media(clip.file), model, workers=1)
        run = tally(clip, recording, looks_at_rate(clip, recording, recording.fps)[0])
        truth = f"{clip.inward} / {clip.outward}"
        print(f"  {clip.name:40s} in / out {run!s:24s} by eye {truth}", flush=True)
        told[f"{clip.name}: crossings off by"] = run.off_by(clip)
    frames = load_labelled_frames(folder.labels("boxes.json"))
    frames = [f for f in frames if not motorway_only or "motorway" in f.file]
    every = MovingObjectsModel(score_min=EVERY_SCORE, network=network)
    for row in detect_on_labels(every, folder, frames):
        print(
            f"  {row.set} {row.label:10s} AP50 {row.ap50:.3f} recall {row.recall:.2f} "
            f"precision {row.precision:.2f} of {row.boxes}; {row.cpu_ms} ms CPU per look"
        )
        told[f"{row.set} {row.label}: AP50"] = row.ap50
    if not motorway_only:
        told |= _on_streets(network)
    return told


def _on_streets(network: MovingNetwork) -> dict[str, float]:
    told: dict[str, float] = {}
    for scene in SCENES:
        spec = SimSpec(scene, seed=STREET_SEED, fps=STREET_FPS)
        every = MovingObjectsModel(score_min=EVERY_SCORE, network=network)
        for row in detect_on_street(every, spec, STREET_S):
            print(f"  {row.set} {row.label:10s} AP50 {row.ap50:.3f} of {row.boxes}", flush=True)
            told[f"{row.set} {row.label}: AP50"] = row.ap50
        detector = MovingObjectsModel(network=network).open(scene)
        street = record_street(
            spec, STREET_S, lambda frame, d=detector: d.detect(frame.bgr, frame.pts_ns)
        )
        (counted,) = count_on_street(street, "moving-objects", [STREET_FPS])
        print(f"  {counted.set} crossings {counted.ours} of {counted.truth}, off by "
              f"{counted.off_by}")  # fmt: skip
        told[f"{counted.set}: crossings off by"] = counted.off_by
    return told
