"""Counts of clips and of simulated streets, against what really crossed."""

import time
from collections.abc import Iterable, Sequence

from its_camera_ai.core.errors import InputUnreadable
from its_camera_ai.evaluation.count import LineScore, effectiveness, line_scores
from its_camera_ai.evaluation.recording import Recording
from its_camera_ai.evaluation.replay import (
    Tally,
    crossings,
    looks_at_rate,
    looks_with_losses,
    passages,
    tally,
)
from its_camera_ai.evaluation.results import CountRow, Run, StreetRow
from its_camera_ai.evaluation.truth_counts import LINE_ID, CountedClip
from its_camera_ai.evaluation.truth_sim import SimRecording
from its_camera_ai.vision.detector import ModelInfo

STARTS = 3
LOSS_SEEDS = 5
_MISSING_MAX = 0.01
"""Decoders differ by a picture or two about where a file ends."""


def count_at_rates(
    clip: CountedClip, recording: Recording, model: ModelInfo, rates: Iterable[float]
) -> list[CountRow]:
    """Count a clip at several rates, each from several first pictures, one set of parameters for
    all. A rate above the clip's own is its own.

    Raises:
        InputUnreadable: the clip has fewer pictures than were counted.
    """
    _check_length(clip, recording)
    rows = []
    for asked in rates:
        stride = recording.stride_of(asked)
        began_s = time.perf_counter()
        runs = [
            tally(clip, recording, looks) for looks in looks_at_rate(clip, recording, asked, STARTS)
        ]
        replay_s = (time.perf_counter() - began_s) / len(runs)
        whole = stride == 1 and recording.took_s > 0 and recording.complete
        took_s = recording.took_s + replay_s if whole else 0.0
        rows.append(_row(clip, model, recording, asked, runs, took_s / recording.duration_s))
    return rows


def count_with_losses(
    clip: CountedClip, recording: Recording, model: ModelInfo, rate: float, lost: float
) -> CountRow:
    """Count a clip at a rate of which that share of looks is lost at random, five seeds."""
    runs = [
        tally(clip, recording, looks_with_losses(clip, recording, rate, lost, seed))
        for seed in range(LOSS_SEEDS)
    ]
    return _row(clip, model, recording, rate, runs, 0.0, lost)


def _check_length(clip: CountedClip, recording: Recording) -> None:
    last, end = recording.numbers[-1] + 1, clip.frames[1]
    if last < end * (1 - _MISSING_MAX) - recording.widest_step:
        raise InputUnreadable(
            f"{clip.file} ends after {last} pictures, but was counted up to {end}; correct the "
            "window, or copy the file again."
        )


def _row(
    clip: CountedClip,
    model: ModelInfo,
    recording: Recording,
    asked: float,
    runs: Sequence[Tally],
    run_share: float,
    lost: float = 0.0,
) -> CountRow:
    return CountRow(
        set=clip.name,
        what=clip.what,
        model=model.name,
        input="x".join(str(side) for side in model.input_wh),
        asked=asked,
        rate=round(recording.fps / recording.stride_of(asked), 1),
        lost=lost,
        inward=clip.inward,
        outward=clip.outward,
        runs=[Run(inward=r.inward, outward=r.outward, wrong_way=r.wrong_way) for r in runs],
        off_by=max(run.off_by(clip) for run in runs),
        wrong_way=max(run.wrong_way for run in runs),
        holds=all(_holds(clip, run) for run in runs),
        run_share=round(run_share, 3),
    )


def _holds(clip: CountedClip, run: Tally) -> bool:
    return (
        LineScore(LINE_ID, "in", run.inward, clip.inward).holds
        and LineScore(LINE_ID, "out", run.outward, clip.outward).holds
    )


def count_on_street(street: SimRecording, source: str, rates: Iterable[float]) -> list[StreetRow]:
    """Count a simulated street at several rates; movements are its lines and directions."""
    recording = street.recording
    lines = [line.id for line in street.scene.lines]
    rows = []
    for stride in dict.fromkeys(recording.stride_of(rate) for rate in rates):
        looks = range(0, len(recording), stride)
        ours = passages(crossings(recording, street.scene, looks))
        scores = line_scores(lines, ours, street.passages)
        curve = effectiveness(ours, street.passages, recording.duration_s)
        rows.append(
            StreetRow(
                set=f"sim {street.spec.scene}",
                detections=source,
                rate=round(recording.fps / stride, 1),
                seconds=round(recording.duration_s, 1),
                effectiveness=round(curve.share, 4),
                ours=len(ours),
                truth=len(street.passages),
                off_by=sum(score.off_by for score in scores),
                unasked=curve.unasked,
            )
        )
    return rows
