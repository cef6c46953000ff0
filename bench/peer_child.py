"""Runs inside the peers' environment: every peer's tracker at its defaults over one sequence.

    python peer_child.py ASKED.npz ANSWER.npz

Imports nothing of this project.
"""

import importlib.metadata
import json
import sys
import time

import norfair
import numpy as np
import supervision
import trackers


def _supervision(fps):
    tracker = supervision.ByteTrack(frame_rate=round(fps))

    def update(xyxy, score):
        found = tracker.update_with_detections(
            supervision.Detections(xyxy, confidence=score, class_id=np.zeros(len(xyxy), int))
        )
        return found.tracker_id, found.xyxy

    return update


def _trackers(kind):
    def make(fps):
        tracker = getattr(trackers, kind)(frame_rate=fps)

        def update(xyxy, score):
            found = tracker.update(
                supervision.Detections(xyxy, confidence=score, class_id=np.zeros(len(xyxy), int))
            )
            ids = np.asarray(found.tracker_id)
            return ids[ids >= 0], found.xyxy[ids >= 0]

        return update

    return make


def _norfair(fps):
    tracker = norfair.Tracker(distance_function="iou", distance_threshold=0.7)

    def update(xyxy, score):
        found = [
            norfair.Detection(box.reshape(2, 2), scores=np.array([s, s]))
            for box, s in zip(xyxy, score, strict=True)
        ]
        shown = [t for t in tracker.update(detections=found) if t.last_detection in found]
        boxes = [t.last_detection.points.reshape(4) for t in shown]
        return np.array([t.id for t in shown], int), np.array(boxes).reshape(-1, 4)

    return update


PEERS = {
    "supervision ByteTrack": _supervision,
    "trackers ByteTrack": _trackers("ByteTrackTracker"),
    "trackers SORT": _trackers("SORTTracker"),
    "norfair": _norfair,
}


def main(asked, answer):
    with np.load(asked) as data:
        ends = np.cumsum(data["counts"])[:-1]
        boxes, scores = np.split(data["xyxy"], ends), np.split(data["score"], ends)
        fps = float(data["fps"])
    out = {"names": json.dumps(list(PEERS))}
    for k, make in enumerate(PEERS.values()):
        update = make(fps)
        ms, counts, ids, xyxy = [], [], [], []
        for frame, score in zip(boxes, scores, strict=True):
            start = time.process_time()
            found, places = update(frame.astype(np.float64), score)
            ms.append((time.process_time() - start) * 1e3)
            counts.append(len(found))
            ids.append(np.asarray(found, np.int64))
            xyxy.append(np.asarray(places, np.float64).reshape(-1, 4))
        out |= {f"{k}.ms": ms, f"{k}.counts": counts}
        out |= {f"{k}.ids": np.concatenate(ids), f"{k}.xyxy": np.concatenate(xyxy)}
    names = ("supervision", "trackers", "norfair", "numpy", "scipy")
    out["versions"] = json.dumps({name: importlib.metadata.version(name) for name in names})
    np.savez(answer, **out)


if __name__ == "__main__":
    main(*sys.argv[1:])
