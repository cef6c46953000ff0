"""How good detection, tracking and counting are: everything that docs/accuracy.md shows.

    python -m bench.accuracy [--data FOLDER] [--only PART …] [--write] [--write-baseline]

Runs over the folder of real clips (``ITSCAM_TEST_DATA``, else ``../shared/data``) and simulated
streets, prints the tables, and ends with code 1 if a figure is worse than
``bench/results/accuracy-baseline.json``. ``--write`` renews docs/accuracy.md and
``bench/results/accuracy.json``; ``--write-baseline`` also stores the figures as the new baseline.

With ``--only`` some parts are measured and the rows of the others are kept. Every picture is
decoded and detected once per model; rates of looks are replays of that.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeVar

from bench.cameras import report
from its_camera_ai import __version__
from its_camera_ai.core.errors import ItscamError, ModelInvalid
from its_camera_ai.evaluation.baseline import compare, write_baseline
from its_camera_ai.evaluation.count_run import count_at_rates, count_on_street, count_with_losses
from its_camera_ai.evaluation.detect_run import SCORE_MIN, detect_on_labels, detect_on_street
from its_camera_ai.evaluation.folder import EvalFolder
from its_camera_ai.evaluation.recording import Recording, record_video
from its_camera_ai.evaluation.result_tables import pages_of
from its_camera_ai.evaluation.results import CountRow, DetectRow, Results, StreetRow, TrackRow
from its_camera_ai.evaluation.tables import renew_page
from its_camera_ai.evaluation.track_run import recording_of, track_on_street, track_on_table
from its_camera_ai.evaluation.truth_boxes import load_labelled_frames
from its_camera_ai.evaluation.truth_counts import CountedClip, OneWay, load_counted_clips
from its_camera_ai.evaluation.truth_sim import degraded_truth, record_street, seen_by
from its_camera_ai.sim.source import SimSpec
from its_camera_ai.vision.catalogue import MOVING_OBJECTS, Catalogue
from its_camera_ai.vision.detector import DetectorModel
from its_camera_ai.vision.loading import load_model

Row = TypeVar("Row", DetectRow, TrackRow, CountRow, StreetRow)

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "accuracy.md"
RESULTS = ROOT / "bench" / "results" / "accuracy.json"
BASELINE = ROOT / "bench" / "results" / "accuracy-baseline.json"

RATES = (25.0, 8.3, 5.0, 3.1, 2.5)
TRACK_RATES = (25.0, 8.3, 5.0)
STREET_RATES = (10.0, 5.0, 2.5)
PUBLIC, TRUTH = "public", "truth"
STREETS = ("intersection", "motorway", "carpark", "courtyard")
STREET_S, STREET_DETECTED_S, STREET_FPS = 120.0, 60.0, 10.0
MOTORWAY = "motorway_dvrscan"
MOTORWAY_MIDDLE_PX = 640.0
PARTLY_LABELLED = ("road_ozlu",)
PACKAGES = ("av", "numpy", "opencv-python-headless", "onnxruntime", "faster-coco-eval", "trackeval")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A model to measure.

    Attributes:
        model: a name of the catalogue; or what to call a ``file`` of the folder of models that is
            brought along with its ``family`` and ``classes``, as a user would.
        counts: clips it counts, by the beginning of their names; all pictures of them, or about
            ``rate`` per second where the model is slow.
        streets: also looks at simulated streets.
    """

    model: str
    input_wh: tuple[int, int] | None = None
    counts: tuple[str, ...] = ()
    rate: float | None = None
    streets: bool = False
    file: str = ""
    family: str = ""
    classes: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        if self.input_wh is None:
            return self.model
        return f"{self.model} {self.input_wh[0]}x{self.input_wh[1]}"


EVERY_CLIP = ("",)
SOME_CLIPS = (MOTORWAY, "road", "room", "walkway")
CANDIDATES = (
    Candidate("yolox-nano", (640, 384), counts=EVERY_CLIP, streets=True),
    Candidate("yolox-nano", (416, 416), counts=(MOTORWAY,)),
    Candidate("yolox-nano", (960, 544), counts=(MOTORWAY,), rate=8.3),
    Candidate("nanodet-m", counts=SOME_CLIPS, rate=8.3),
    Candidate("fastestdet", counts=SOME_CLIPS, rate=8.3),
    Candidate(
        "pvb-1016",
        counts=(MOTORWAY,),
        rate=8.3,
        file="pvb_1016_640x384.onnx",
        family="boxes-scores",
        classes=("-", "car", "person", "bicycle"),
    ),
    Candidate(MOVING_OBJECTS, counts=EVERY_CLIP, streets=True),
)


def counted_clips(folder: EvalFolder) -> list[CountedClip]:
    """The folder's clips, and the motorway's twin of varying rate: the same pictures."""
    ways = (
        OneWay("out", (0.0, MOTORWAY_MIDDLE_PX)),
        OneWay("in", (MOTORWAY_MIDDLE_PX, 2 * MOTORWAY_MIDDLE_PX)),
    )
    clips = [
        replace(clip, one_ways=ways) if clip.file.startswith(MOTORWAY) else clip
        for clip in load_counted_clips(folder.labels("counts.json"))
    ]
    twin = next(clip for clip in clips if clip.name == MOTORWAY)
    return [*clips, replace(twin, name=f"{MOTORWAY}_vfr", file=f"{MOTORWAY}_vfr.mp4")]


def parts() -> dict[str, Candidate | None]:
    """What can be measured by itself: everything by the name in the rows' column of models."""
    return {PUBLIC: None, TRUTH: None, **{candidate.label: candidate for candidate in CANDIDATES}}


def measure(folder: EvalFolder, part: str) -> Results:
    """One part.

    Raises:
        ModelInvalid: its model is not on this machine.
    """
    results = Results()
    candidate = parts()[part]
    if part == PUBLIC:
        track_public(results, folder)
    elif candidate is None:
        for scene in STREETS:
            _say(f"street {scene}")
            spec = SimSpec(scene, fps=STREET_FPS)
            street = record_street(spec, STREET_S, degraded_truth(seed=1))
            results.track += track_on_street(street, TRUTH, STREET_RATES)
            results.streets += count_on_street(street, TRUTH, STREET_RATES)
    else:
        measure_model(results, folder, candidate)
    return results


def merged(before: Results, part: str, now: Results) -> Results:
    """``before`` with the rows of one part replaced, in the order of ``parts``."""
    order = list(parts())

    def place(row: DetectRow | TrackRow | CountRow | StreetRow) -> int:
        name = owner(row)
        return order.index(name) if name in order else len(order)

    def joined(old: list[Row], new: list[Row]) -> list[Row]:
        kept = [row for row in old if owner(row) != part]
        return sorted(kept + new, key=place)

    return Results(
        made=before.made,
        detect=joined(before.detect, now.detect),
        track=joined(before.track, now.track),
        count=joined(before.count, now.count),
        streets=joined(before.streets, now.streets),
    )


def owner(row: DetectRow | TrackRow | CountRow | StreetRow) -> str:
    """Which part a row belongs to."""
    if isinstance(row, TrackRow | StreetRow):
        return row.detections
    label = f"{row.model} {row.input}"
    return label if label in parts() else row.model


def track_public(results: Results, folder: EvalFolder) -> None:
    for sequence in folder.sequences():
        recording = recording_of(sequence, size_wh=(640, 480), fps=25.0)
        results.track += track_on_table(
            sequence.name, PUBLIC, recording, sequence.truth, TRACK_RATES
        )


def measure_model(results: Results, folder: EvalFolder, candidate: Candidate) -> None:
    """One model over the labelled pictures, the clips and the streets."""
    with_all_scores = _load(folder, candidate, score_min=SCORE_MIN)
    _say(f"{with_all_scores.info.name} {with_all_scores.info.input_wh}: labelled pictures")
    truth = load_labelled_frames(folder.labels("boxes.json"))
    results.detect += detect_on_labels(with_all_scores, folder, truth)
    if candidate.streets:
        spec = SimSpec("intersection", fps=STREET_FPS)
        results.detect += detect_on_street(with_all_scores, spec, STREET_DETECTED_S)
    with_all_scores.close()
    model = _load(folder, candidate)
    recordings = count_clips(results, folder, candidate, model)
    for video, tracks in folder.tracked_clips() if candidate.streets else ():
        results.track += track_on_table(
            tracks.stem,
            candidate.label,
            recordings[video.name],
            tracks,
            TRACK_RATES,
            partial=tracks.stem in PARTLY_LABELLED,
        )
    for scene in ("intersection", "motorway") if candidate.streets else ():
        _say(f"  street {scene}")
        spec = SimSpec(scene, fps=STREET_FPS)
        street = record_street(spec, STREET_DETECTED_S, seen_by(model.open(scene)))
        results.streets += count_on_street(street, candidate.label, STREET_RATES)
    model.close()


def count_clips(
    results: Results, folder: EvalFolder, candidate: Candidate, model: DetectorModel
) -> dict[str, Recording]:
    """Count the candidate's clips; its recordings by file."""
    recordings: dict[str, Recording] = {}
    rates = [rate for rate in RATES if candidate.rate is None or rate <= candidate.rate]
    for clip in counted_clips(folder):
        if not clip.file.startswith(candidate.counts):
            continue
        if candidate.rate is not None and clip.file.endswith("_vfr.mp4"):
            continue
        if clip.file not in recordings:
            _say(f"  {clip.file}")
            recordings[clip.file] = record_video(
                folder.media(clip.file), model, workers=os.cpu_count() or 1, rate=candidate.rate
            )
        recording = recordings[clip.file]
        results.count += count_at_rates(clip, recording, model.info, rates)
        if candidate.counts == EVERY_CLIP:
            results.count.append(count_with_losses(clip, recording, model.info, 12.5, 0.5))
    return recordings


def _load(
    folder: EvalFolder, candidate: Candidate, score_min: float | None = None
) -> DetectorModel:
    models = folder.root / "models"
    with tempfile.TemporaryDirectory() as own:
        if candidate.file:
            file, models = models / candidate.file, Path(own)
            Catalogue.shipped().add(
                file, models, candidate.model, candidate.family, candidate.classes
            )
        return load_model(
            candidate.model,
            models_dir=models,
            input_wh=candidate.input_wh,
            score_min=score_min,
        )


def limits_of(results: Results) -> list[report.Limit]:
    """The figures that were to be reached, each with its bound."""
    found = []
    for row in results.detect:
        bounds = {"640x384": (0.96, 0.91), "960x544": (0.96, 0.95)}.get(row.input)
        if row.model == "yolox-nano" and row.set == "labelled pictures" and bounds:
            bound = bounds[row.label == "vehicle"]
            name = f"AP50 {row.label}, {row.model} {row.input}"
            found.append(report.Limit(name, row.ap50, bound, "", at_most=False))
    for track in results.track:
        bounds = {"TUD-Campus": (0.666, 0.481), "TUD-Stadtmitte": (0.760, 0.530)}.get(track.set)
        if bounds and track.rate == 25.0:
            for what, value, bound in zip(
                ("IDF1", "HOTA"), (track.idf1, track.hota), bounds, strict=True
            ):
                found.append(report.Limit(f"{track.set} {what}", value, bound, "", at_most=False))
    for street in results.streets:
        if (street.set, street.detections) == ("sim intersection", "truth"):
            name = f"effectiveness, {street.set}, {street.rate:g} looks/s"
            found.append(report.Limit(name, street.effectiveness, 0.98, "", at_most=False))
    return found + _motorway_limits(results.count) + _hand_counts(results.count)


def _motorway_limits(rows: Sequence[CountRow]) -> list[report.Limit]:
    found = []
    for row in rows:
        if row.set != MOTORWAY or row.model != "yolox-nano" or row.lost:
            continue
        if row.input not in ("416x416", "640x384"):
            continue
        totals = [run.inward + run.outward for run in row.runs]
        where = f"motorway {row.input} at {row.asked:g}/s"
        if row.asked >= 5:
            off = max(abs(total - 51) for total in totals)
            found.append(report.Limit(f"{where}: total off 51", off, 1, ""))
        else:
            least = 50 if row.asked > 3 else 48
            found.append(
                report.Limit(f"{where}: least total", min(totals), least, "", at_most=False)
            )
        found.append(report.Limit(f"{where}: wrong way", row.wrong_way, 0, ""))
    return found


def _hand_counts(rows: Sequence[CountRow]) -> list[report.Limit]:
    """Every clip at its own rate with the recommended detector: exact below 20, else 5 %."""
    return [
        report.Limit(f"{row.set}, every picture: off by", row.off_by, _allowed(row), "")
        for row in rows
        if (row.model, row.input, row.asked, row.lost) == ("yolox-nano", "640x384", 25.0, 0.0)
    ]


def _allowed(row: CountRow) -> float:
    """Both directions added."""
    return sum(int(0.05 * n) if n >= 20 else 0 for n in (row.inward, row.outward))


def pages(results: Results) -> dict[str, str]:
    """What stands between the markers of docs/accuracy.md."""
    limits = report.table(
        ("figure", "measured", "to reach", ""), [limit.row() for limit in limits_of(results)]
    )
    return {**pages_of(results), "limits": limits}


def _made(took_s: float) -> dict[str, Any]:
    return {
        **report.machine(),
        "packages": {name: version(name) for name in PACKAGES},
        "version": __version__,
        "load_average": round(os.getloadavg()[0], 1),
        "took_s": round(took_s),
    }


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def run(folder: EvalFolder, wanted: Sequence[str], *, keep: bool) -> Results:
    """Measure the wanted parts on top of what is stored; a model that is not here is named.

    Args:
        keep: store the results after each part, so that nothing is lost if it is stopped.
    """
    results = Results() if len(wanted) == len(parts()) else Results.load(RESULTS)
    for part in wanted:
        _say(f"== {part}")
        began_s = time.perf_counter()
        try:
            now = measure(folder, part)
        except ModelInvalid as error:
            _say(f"left out: {error}")
            continue
        results = merged(results, part, now)
        took = results.made.get("parts", {}) | {part: round(time.perf_counter() - began_s)}
        results.made = {**_made(sum(took.values())), "parts": took}
        if keep:
            results.save(RESULTS)
    return results


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    default = Path(os.environ.get("ITSCAM_TEST_DATA", ROOT.parent / "shared" / "data"))
    parser.add_argument("--data", type=Path, default=default, help="labels, videos, models, mot")
    parser.add_argument("--only", nargs="+", choices=list(parts()), help="and keep the other rows")
    parser.add_argument("--write", action="store_true", help="renew the page and its JSON")
    parser.add_argument("--write-baseline", action="store_true", help="and the baseline")
    options = parser.parse_args()
    keep = options.write or options.write_baseline
    try:
        results = run(EvalFolder(options.data), options.only or list(parts()), keep=keep)
        blocks = pages(results)
        print("\n\n".join(blocks.values()))
        if keep:
            renew_page(PAGE, blocks)
        if options.write_baseline:
            write_baseline(results.figures(), BASELINE)
        compared = compare(results.figures(), BASELINE)
    except ItscamError as error:
        sys.exit(str(error))
    for change in compared.better:
        print(f"better: {change}")
    for name in compared.unknown:
        print(f"not in the baseline: {name}")
    for change in compared.worse:
        print(f"WORSE: {change}")
    return 0 if compared.holds else 1


if __name__ == "__main__":
    sys.exit(main())
