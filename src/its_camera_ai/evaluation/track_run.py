"""The tracker over sequences with true identities, scored."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from its_camera_ai.core.detections import Detections, ObjectClass
from its_camera_ai.core.errors import ConfigInvalid
from its_camera_ai.core.geometry import box_iou
from its_camera_ai.core.time import NS_PER_S
from its_camera_ai.core.tracks import FrameTracks
from its_camera_ai.evaluation.folder import MotSequence
from its_camera_ai.evaluation.mot_text import MotTable, load_mot
from its_camera_ai.evaluation.recording import Recording
from its_camera_ai.evaluation.replay import tracked
from its_camera_ai.evaluation.results import TrackRow
from its_camera_ai.evaluation.track import Boxes, Ids, TrackedFrame, score_tracks
from its_camera_ai.evaluation.truth_sim import SimRecording, boxes_of, is_wanted

ROAD_USERS = frozenset(ObjectClass) - {ObjectClass.ANIMAL, ObjectClass.OTHER}
_ON_LABELLED_IOU = 0.5


def recording_of(sequence: MotSequence, size_wh: tuple[int, int], fps: float) -> Recording:
    """The public detections of a sequence as a recording; size and rate where it has none."""
    width, height = sequence.size_wh or size_wh
    fps = sequence.fps or fps
    table = load_mot(sequence.detections)
    last = max(table.last_frame, load_mot(sequence.truth, truth=True).last_frame)
    numbers = range(1, last + 1)
    return Recording(
        [round(n * NS_PER_S / fps) for n in numbers],
        [_persons(table, n, (width, height)) for n in numbers],
        (width, height),
        range(last),
    )


def _persons(table: MotTable, frame: int, size_wh: tuple[int, int]) -> Detections:
    rows = table.rows_of(frame)
    boxes = np.clip(table.xyxy[rows], 0, [*size_wh, *size_wh]).astype(np.float32)
    score = np.clip(table.score[rows], 0, 1).astype(np.float32)
    return Detections(boxes, score, np.full(len(boxes), ObjectClass.PERSON, np.int8))


def track_on_table(
    name: str,
    source: str,
    recording: Recording,
    truth: Path,
    rates: Iterable[float],
    *,
    partial: bool = False,
) -> list[TrackRow]:
    """Score the tracks through a recording against a truth file in MOT format.

    Args:
        source: where the boxes came from.
        rates: looks per second.
        partial: only some of the objects are labelled; tracks that never lie on a labelled one
            (IoU 0.5) are left out.

    Raises:
        ConfigInvalid: the truth can't be used, or names frames that the recording lacks.
    """
    table = load_mot(truth, truth=True)
    last = recording.numbers[-1] + recording.widest_step
    if table.last_frame > last:
        raise ConfigInvalid(
            f"{truth} has boxes in frame {table.last_frame}, but the last one of the clip is "
            f"{last}; frames are counted from 1."
        )
    rows = []
    for looks, rate in _looks(recording, rates):
        frames = []
        for k, tracks in tracked(recording, looks):
            ids, boxes = _seen(tracks)
            at = table.rows_of(recording.numbers[k] + 1)
            frames.append(TrackedFrame(table.track_id[at], table.xyxy[at], ids, boxes))
        rows.append(_row(name, source, rate, _on_labelled(frames) if partial else frames))
    return rows


def track_on_street(street: SimRecording, source: str, rates: Iterable[float]) -> list[TrackRow]:
    """Score the tracks through a simulated street; bodies that are mostly hidden or tiny don't
    count either way."""
    rows = []
    for looks, rate in _looks(street.recording, rates):
        frames = []
        for k, tracks in tracked(street.recording, looks):
            wanted = [body for body in street.truth[k] if is_wanted(body)]
            others = [body for body in street.truth[k] if not is_wanted(body)]
            ids = np.array([body.id for body in wanted], np.int64)
            found = _seen(tracks)
            frames.append(TrackedFrame(ids, boxes_of(wanted), *found, boxes_of(others)))
        rows.append(_row(f"sim {street.spec.scene}", source, rate, frames))
    return rows


def _looks(recording: Recording, rates: Iterable[float]) -> list[tuple[range, float]]:
    """Different strides only: rates above the clip's own are its own."""
    strides = dict.fromkeys(recording.stride_of(rate) for rate in rates)
    return [(range(0, len(recording), s), round(recording.fps / s, 1)) for s in strides]


def _seen(tracks: FrameTracks) -> tuple[Ids, Boxes]:
    good = tracks.observed & np.isin(tracks.class_id, [int(c) for c in ROAD_USERS])
    return tracks.track_id[good], tracks.xyxy[good].astype(np.float64)


def _on_labelled(frames: Sequence[TrackedFrame]) -> list[TrackedFrame]:
    """The frames with those tracks only that were on a labelled object at some time."""
    known: set[int] = set()
    for frame in frames:
        if len(frame.truth_id) and len(frame.found_id):
            overlap = box_iou(frame.found_xyxy, frame.truth_xyxy).max(axis=1)
            known.update(frame.found_id[overlap >= _ON_LABELLED_IOU].tolist())
    kept = []
    for frame in frames:
        on = np.isin(frame.found_id, list(known))
        kept.append(replace(frame, found_id=frame.found_id[on], found_xyxy=frame.found_xyxy[on]))
    return kept


def _row(name: str, source: str, rate: float, frames: Sequence[TrackedFrame]) -> TrackRow:
    score = score_tracks(frames)
    return TrackRow(
        set=name,
        detections=source,
        rate=rate,
        hota=round(score.hota, 4),
        det_a=round(score.det_a, 4),
        ass_a=round(score.ass_a, 4),
        mota=round(score.mota, 4),
        idf1=round(score.idf1, 4),
        switches=score.switches,
        ids_true=score.ids_true,
        ids_found=score.ids_found,
    )
