"""Fit the road world's detector model on recorded detections without truth.

    python -m bench.fit_detector_noise [--json OUT] [--data FOLDER]

The recording is OpenDataCam's: 437 frames of a busy road at 30 frames per second, boxes as
fractions of the picture, scores of 0.25 and more. The project's own tracker links the boxes; what
one track shows is held against itself:

- **jitter**: what is left of centre and size, in widths and heights, after a parabola through half
  a second. The parabola takes part of the noise away, and more the slower it is; how much, for a
  given correlation time, is found by the same estimator on made-up noise.
- **misses**: frames between a track's first and last sighting without it; logistic regression on
  size and on the share of the box that nearer boxes cover; mean length of the gaps.
- **scores**: the same regression on the logit.
- **second boxes**: those that belong to no track and lie over one that does.
- **false boxes**: the other boxes without a track, joined to chains, of which those of at most a
  tenth of a second count. Some may be real vehicles far away: without truth it is an upper bound.

Cars only: confusion of classes can't be fitted on it.
"""

import argparse
import json
import os
import platform
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from its_camera_ai.core.detections import Detections
from its_camera_ai.core.geometry import box_iou
from its_camera_ai.sim.road.detector_noise import NoiseParameters
from its_camera_ai.tracking.tracker import Tracker

Floats = npt.NDArray[np.float64]
SIZE_WH = (640, 360)
FPS = 30.0
WINDOW = 15
LONG = 10
"""A track of fewer sightings is taken for a false box."""
FLASH = 3
"""A chain of more boxes without a track may well be a vehicle far away."""
BORDER_PX = 3.0
REFERENCE_PX = 40.0


@dataclass
class Linked:
    """One track's sightings."""

    frames: list[int] = field(default_factory=list)
    boxes: list[Floats] = field(default_factory=list)
    scores: list[float] = field(default_factory=list)


def read(path: Path) -> list[Detections]:
    found = []
    for frame in json.loads(path.read_text()):
        boxes = [
            [
                (place := o["relative_coordinates"])["center_x"] - place["width"] / 2,
                place["center_y"] - place["height"] / 2,
                place["center_x"] + place["width"] / 2,
                place["center_y"] + place["height"] / 2,
            ]
            for o in frame["objects"]
        ]
        xyxy = np.array(boxes).reshape(-1, 4) * (*SIZE_WH, *SIZE_WH)
        score = np.array([o["confidence"] for o in frame["objects"]])
        found.append(
            Detections(
                xyxy.astype(np.float32),
                score.astype(np.float32),
                np.full(len(score), 3, np.int8),
            )
        )
    return found


def link(found: list[Detections]) -> tuple[list[Linked], list[list[int]]]:
    """Tracks of at least ``LONG`` sightings, and of every frame the boxes that belong to none."""
    tracker = Tracker()
    tracks: dict[int, Linked] = {}
    owner = [np.zeros(len(d), np.int64) for d in found]
    for k, detections in enumerate(found):
        pts_ns = round(k / FPS * 1e9)
        shown = tracker.update(detections, pts_ns, pts_ns, SIZE_WH)
        rows = np.flatnonzero(shown.observed)
        iou = box_iou(shown.xyxy[rows].astype(np.float64), detections.xyxy.astype(np.float64))
        for i, row in enumerate(rows.tolist()):
            if not len(detections):
                continue
            j = int(iou[i].argmax())
            if iou[i, j] < 0.5 or owner[k][j]:
                continue
            object_id = int(shown.track_id[row])
            owner[k][j] = object_id
            track = tracks.setdefault(object_id, Linked())
            track.frames.append(k)
            track.boxes.append(detections.xyxy[j].astype(np.float64))
            track.scores.append(float(detections.score[j]))
    long = {i for i, t in tracks.items() if len(t.frames) >= LONG}
    alone = [[j for j, i in enumerate(own.tolist()) if i not in long] for own in owner]
    return [tracks[i] for i in sorted(long)], alone


def parabola_rest(values: Floats) -> Floats:
    """(K, WINDOW) → what a parabola through each row leaves."""
    t = np.linspace(-1, 1, WINDOW)
    basis = np.linalg.qr(np.stack([np.ones(WINDOW), t, t * t], axis=1))[0]
    rest: Floats = values - values @ basis @ basis.T
    return rest


def seen_part(rho: float, rng: np.random.Generator) -> tuple[float, float]:
    """Of made-up noise with this correlation from frame to frame: the share of its standard
    deviation that is left after the parabola, and the correlation that is seen then."""
    noise = np.empty((4000, WINDOW))
    noise[:, 0] = rng.normal(size=4000)
    for k in range(1, WINDOW):
        noise[:, k] = rho * noise[:, k - 1] + np.sqrt(1 - rho**2) * rng.normal(size=4000)
    rest = parabola_rest(noise)
    return float(rest.std()), float((rest[:, 1:] * rest[:, :-1]).mean() / (rest**2).mean())


def jitter(tracks: list[Linked]) -> tuple[dict[str, float], float]:
    """Relative standard deviations of x, y, width, height; and their correlation time, s."""
    windows = []
    for track in tracks:
        for start in range(0, len(track.frames) - WINDOW + 1, WINDOW):
            frames = track.frames[start : start + WINDOW]
            box = np.array(track.boxes[start : start + WINDOW])
            if frames[-1] - frames[0] != WINDOW - 1:
                continue
            if box[:, :2].min() < BORDER_PX or (box[:, 2:] > np.array(SIZE_WH) - BORDER_PX).any():
                continue
            w, h = box[:, 2] - box[:, 0], box[:, 3] - box[:, 1]
            middle = [
                (box[:, 0] + box[:, 2]) / 2 / w.mean(),
                (box[:, 1] + box[:, 3]) / 2 / h.mean(),
            ]
            windows.append([*middle, np.log(w), np.log(h)])
    rest = parabola_rest(np.array(windows).transpose(1, 0, 2).reshape(-1, WINDOW))
    rest = rest.reshape(4, -1, WINDOW)
    # the median of the windows: a wrong link or a bend is no jitter
    spread = np.sqrt(np.median((rest**2).mean(axis=2), axis=1))
    typical = (rest**2).mean(axis=(0, 2))
    rest = rest[:, typical < np.median(typical)]
    seen = float((rest[..., 1:] * rest[..., :-1]).mean() / (rest**2).mean())
    rng = np.random.default_rng(1)
    table = [(rho, *seen_part(rho, rng)) for rho in np.linspace(0.0, 0.95, 20)]
    rho, share, _ = min(table, key=lambda row: abs(row[2] - seen))
    names = ("x_sd", "y_sd", "width_sd", "height_sd")
    sds = spread / share
    tau = -1 / FPS / np.log(max(rho, 1e-3))
    return dict(zip(names, sds.tolist(), strict=True)), float(tau)


def hidden_share(box: Floats, others: Floats) -> float:
    """How much of a box is covered by the nearest of those that stand lower in the picture."""
    nearer = others[others[:, 3] > box[3] + 1]
    if not len(nearer):
        return 0.0
    wh = np.clip(np.minimum(nearer[:, 2:], box[2:]) - np.maximum(nearer[:, :2], box[:2]), 0, None)
    return float((wh[:, 0] * wh[:, 1]).max() / ((box[2] - box[0]) * (box[3] - box[1])))


def sightings(
    tracks: list[Linked], found: list[Detections]
) -> tuple[Floats, Floats, Floats, list[int]]:
    """Covariates (K, 3): 1, ln(height / 40 px), covered share; whether missed; score (NaN where
    missed); lengths of the gaps in frames."""
    rows, missed, scores, gaps = [], [], [], []
    for track in tracks:
        frames = np.array(track.frames)
        boxes = np.array(track.boxes)
        seen = dict(zip(track.frames, track.scores, strict=True))
        run = 0
        for k in range(track.frames[0], track.frames[-1] + 1):
            box = np.array([np.interp(k, frames, boxes[:, c]) for c in range(4)])
            others = found[k].xyxy.astype(np.float64)
            others = others[box_iou(box[None], others)[0] < 0.6] if len(others) else others
            high = max(box[3] - box[1], 1.0)
            rows.append((1.0, np.log(high / REFERENCE_PX), hidden_share(box, others)))
            missed.append(float(k not in seen))
            scores.append(seen.get(k, np.nan))
            if k in seen and run:
                gaps.append(run)
            run = 0 if k in seen else run + 1
    return np.array(rows), np.array(missed), np.array(scores), gaps


def logistic(x: Floats, y: Floats) -> Floats:
    """Newton's method with a weak ridge."""
    b = np.zeros(x.shape[1])
    for _ in range(30):
        p = 1 / (1 + np.exp(-x @ b))
        hessian = (x * (p * (1 - p))[:, None]).T @ x + 1e-3 * np.eye(len(b))
        b += np.linalg.solve(hessian, x.T @ (y - p) - 1e-3 * b)
    return b


def split(found: list[Detections], alone: list[list[int]]) -> tuple[list[float], list[list[int]]]:
    """Scores of second boxes over a tracked one, and the rest of the boxes without a track."""
    second: list[float] = []
    lone = []
    for detections, rows in zip(found, alone, strict=True):
        own = [j for j in range(len(detections)) if j not in rows]
        boxes = detections.xyxy.astype(np.float64)
        ious = box_iou(boxes[rows], boxes[own])
        over = (ious.max(axis=1) > 0.3).tolist() if own else [False] * len(rows)
        second += [
            float(detections.score[j]) for j, is_over in zip(rows, over, strict=True) if is_over
        ]
        lone.append([j for j, is_over in zip(rows, over, strict=True) if not is_over])
    return second, lone


def chains(found: list[Detections], alone: list[list[int]]) -> list[list[tuple[Floats, float]]]:
    """Boxes without a track, joined from frame to frame where they overlap."""
    done: list[list[tuple[Floats, float]]] = []
    live: list[list[tuple[Floats, float]]] = []
    for detections, rows in zip(found, alone, strict=True):
        after = []
        left = [(detections.xyxy[j].astype(np.float64), float(detections.score[j])) for j in rows]
        for chain in live:
            ious = [float(box_iou(chain[-1][0][None], box[None])[0, 0]) for box, _ in left]
            if ious and max(ious) > 0.3:
                chain.append(left.pop(int(np.argmax(ious))))
                after.append(chain)
            else:
                done.append(chain)
        live = after + [[item] for item in left]
    return done + live


def fit(found: list[Detections]) -> tuple[NoiseParameters, dict[str, float]]:
    tracks, alone = link(found)
    sd, tau_s = jitter(tracks)
    x, missed, scores, gaps = sightings(tracks, found)
    miss = logistic(x, missed)
    seen = ~np.isnan(scores)
    logit = np.log(scores[seen] / (1 - np.clip(scores[seen], 0, 0.999)))
    score, *_ = np.linalg.lstsq(x[seen], logit, rcond=None)
    rest = logit - x[seen] @ score
    second, lone = split(found, alone)
    false = [chain for chain in chains(found, lone) if len(chain) <= FLASH]
    first = np.array([chain[0][0] for chain in false])
    high = first[:, 3] - first[:, 1]
    marks = np.array([s for chain in false for _, s in chain])
    seconds = len(found) / FPS
    parameters = NoiseParameters(
        **{name: round(value, 4) for name, value in sd.items()},
        jitter_s=round(tau_s, 3),
        miss=(round(miss[0], 3), round(miss[1], 3), round(miss[2], 3)),
        miss_run_s=round(float(np.mean(gaps)) / FPS, 4),
        score=(round(score[0], 3), round(score[1], 3), round(score[2], 3)),
        score_sd=round(float(rest.std()), 3),
        second_share=round(len(second) / int(seen.sum()), 4),
        second_score=round(float(np.mean(second)), 3),
        false_per_s=round(len(false) / seconds, 3),
        false_run_s=round(float(np.mean([len(c) for c in false])) / FPS, 4),
        false_height=(round(float(np.median(high) / SIZE_WH[1]), 4),
                      round(float(np.log(high).std()), 3)),
        false_score=round(float(marks.mean()), 3),
    )  # fmt: skip
    facts = {
        "frames": len(found),
        "boxes": sum(len(d) for d in found),
        "tracks": len(tracks),
        "missed_share": float(missed.mean()),
        "untracked_share": sum(map(len, alone)) / sum(len(d) for d in found),
        "second_boxes": len(second),
        "false_boxes": len(marks),
    }
    return parameters, facts


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    default = os.environ.get("ITSCAM_TEST_DATA", Path(__file__).parents[2] / "shared" / "data")
    parser.add_argument("--data", type=Path, default=Path(default))
    options = parser.parse_args()
    parameters, facts = fit(read(options.data / "detections" / "opendatacam_road_30fps.json"))
    machine = {"python": platform.python_version(), "numpy": np.__version__}
    result: dict[str, Any] = {"machine": machine, "facts": facts, "parameters": asdict(parameters)}
    print(json.dumps(result, indent=1))
    if options.json:
        options.json.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
