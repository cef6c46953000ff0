"""Detections → tracks: which box of this look is which road user of the look before."""

from typing import Any, Self

import numpy as np
import numpy.typing as npt

from its_camera_ai.core.detections import Detections
from its_camera_ai.core.time import NS_PER_S
from its_camera_ai.core.tracks import FirstSighting, FrameTracks, Unknown
from its_camera_ai.tracking import kalman, state
from its_camera_ai.tracking.association import associate
from its_camera_ai.tracking.config import TrackerConfig
from its_camera_ai.tracking.flow import FlowField
from its_camera_ai.tracking.lifecycle import begin, class_share, go_on, survivors
from its_camera_ai.tracking.looked import could_be_seen
from its_camera_ai.tracking.sightings import Features, look_at, sightings_of
from its_camera_ai.tracking.table import (
    BOX,
    CLASS,
    EVIDENCE,
    FIRST_BOX,
    FIRST_NS,
    FIRST_SCORE,
    ID,
    SCORE,
    SEEN_NS,
    SIGHTINGS,
    UNSEEN_S,
    Floats,
    Rows,
    TrackTable,
)
from its_camera_ai.tracking.timeline import Place, Timeline


class Tracker:
    """Follows the road users of one camera through looks at any, also irregular, times.

    Time is the frame's stream time and nothing else. A frame whose time is not after the one
    before is ignored and the previous result returned; a stream that goes on from an earlier time
    for a second is taken as a new beginning. See ``docs/design/tracking.md``.

    Attributes:
        config: the parameters, all in seconds and box heights.
        next_id: the id that the next new track will get; store it and pass it in again, so that
            no id is ever used twice for a camera.
    """

    def __init__(self, config: TrackerConfig | None = None, *, next_id: int = 1) -> None:
        self.config = TrackerConfig() if config is None else config
        self.next_id = next_id
        self._table = TrackTable()
        self._flow = FlowField(self.config.flow_cells, layers=2)
        self._timeline = Timeline()
        self._last: FrameTracks | None = None
        self._weak_ns = 0

    @classmethod
    def resume(cls, saved: bytes, config: TrackerConfig | None = None, *, next_id: int = 1) -> Self:
        """Go on where ``save`` was called: tracks, learned flow, stream time and ids.

        Args:
            saved: what ``save`` returned. config: may differ from that of the saved tracker.
            next_id: no new track gets an id below it.

        Raises:
            StateInvalid: the bytes are damaged, or of another version of this package.
        """
        tracker = cls(config)
        kept = state.unpack(saved)
        tracker.next_id = max(next_id, kept.next_id)
        tracker._table = kept.table
        tracker._flow.restore(kept.flow, kept.flow_size_wh)
        tracker._timeline.last_ns = kept.last_ns
        tracker._weak_ns = kept.last_ns or 0
        return tracker

    def save(self) -> bytes:
        """Everything that ``resume`` needs, some 60 kB and a third of a kB per track."""
        flow, size_wh = self._flow.snapshot()
        return state.pack(
            state.TrackerState(self.next_id, self._timeline.last_ns, self._table, flow, size_wh)
        )

    def reset(self) -> None:
        """End every track, as after a camera reconnects. Ids go on; the learned flow stays."""
        self._table = TrackTable()
        self._timeline = Timeline()
        self._last = None
        self._weak_ns = 0

    def update(
        self,
        detections: Detections,
        pts_ns: int,
        wall_ns: int,
        size_wh: tuple[int, int],
        *,
        looks_per_s: float = 0.0,
        looked_xyxy: npt.NDArray[np.floating[Any]] | None = None,
        features: Features | None = None,
        camera_motion: npt.NDArray[np.floating[Any]] | None = None,
    ) -> FrameTracks:
        """One look: what the detector found in the frame at ``pts_ns``.

        Args:
            detections: boxes in pixels of a frame of ``size_wh``; N = 0 means looked at and empty.
            pts_ns: stream time. wall_ns: the same moment in UTC.
            looks_per_s: passed on into the result.
            looked_xyxy: (R, 4) px, the areas that were looked at; None is the whole frame. Tracks
                outside of them are predicted and do not age.
            features: (N, D) what the detections look like (``appearance.Appearance``); a row of
                zeros where it is not known.
            camera_motion: (2, 3) affine map of pixels of the frame before (looked at or not) to
                pixels of this one; None where the camera stood still or nobody knows.

        Returns:
            Tracks seen in this frame, in order of age, and predictions of those that were missed
            lately or not looked at.
        """
        step_s = self._step(pts_ns)
        if step_s is None:
            return self._last or FrameTracks.nothing(pts_ns, wall_ns, size_wh)
        first = self._last is None and not len(self._table)
        cfg, table = self.config, self._table
        weak = first or pts_ns - self._weak_ns >= cfg.weak_birth_s * NS_PER_S
        if weak:
            self._weak_ns = pts_ns
        look = look_at(
            pts_ns, None if first else step_s, size_wh, looked_xyxy, cfg, weak_births=weak
        )
        seen = sightings_of(detections, features, look, cfg)
        self._predict(pts_ns, step_s, camera_motion)
        looked = could_be_seen(table.boxes(), look.areas)
        table.real[looked, UNSEEN_S] += look.dt_s
        rows, columns = associate(table, seen, look, cfg)
        go_on(table, rows, seen.take(columns), look, self._flow, cfg)
        if len(table):
            alive = survivors(table, looked, look, cfg)
            if not alive.all():
                table.keep(alive)
        begin(table, seen, columns, look, self._flow, cfg)
        return self._report(pts_ns, wall_ns, size_wh, None, looks_per_s)

    def skip(
        self,
        pts_ns: int,
        wall_ns: int,
        size_wh: tuple[int, int],
        reason: Unknown,
        *,
        looks_per_s: float = 0.0,
        camera_motion: npt.NDArray[np.floating[Any]] | None = None,
    ) -> FrameTracks:
        """A frame that was not looked at: tracks are predicted, and none ages or ends."""
        step_s = self._step(pts_ns)
        if step_s is None:
            return self._last or FrameTracks.nothing(pts_ns, wall_ns, size_wh, reason)
        self._predict(pts_ns, step_s, camera_motion)
        return self._report(pts_ns, wall_ns, size_wh, reason, looks_per_s)

    def predicted(
        self,
        pts_ns: int,
        wall_ns: int,
        size_wh: tuple[int, int],
        *,
        looks_per_s: float = 0.0,
    ) -> FrameTracks:
        """Where the shown tracks are in a frame between looks; changes nothing.

        It is for display: a frame that nobody looked at says nothing about who was there, so
        hand it to no counter. At a time before the last frame it gives the places in that one.

        Returns:
            Tracks of the last look and predictions shown with it, none of them ``observed``.
        """
        last_ns, real, whole = self._timeline.last_ns, self._table.real, self._table.whole
        if last_ns is None or not len(whole):
            return FrameTracks.nothing(pts_ns, wall_ns, size_wh, looks_per_s=looks_per_s)
        unseen_s = real[:, UNSEEN_S]
        shown = (unseen_s == 0) | (whole[:, SIGHTINGS] > 1) & (unseen_s <= self.config.shown_s)
        ahead = self._table.take(shown & (whole[:, ID] > 0))
        at_ns = max(pts_ns, last_ns)
        self._move(ahead, at_ns, (at_ns - last_ns) / NS_PER_S)
        boxes, n = ahead.boxes(), len(ahead)
        np.clip(boxes, 0, [*size_wh, *size_wh], out=boxes)
        return FrameTracks(
            pts_ns,
            wall_ns,
            size_wh,
            ahead.whole[:, ID].copy(),
            boxes.astype(np.float32),
            np.zeros(n, np.float32),
            ahead.whole[:, CLASS].astype(np.int8),
            np.zeros(n, np.bool_),
            None,
            looks_per_s,
            class_share(ahead.real, ahead.whole[:, CLASS]).astype(np.float32),
        )

    def _step(self, pts_ns: int) -> float | None:
        """Seconds since the frame before; None where this frame must be ignored."""
        before = self._timeline.last_ns
        match self._timeline.place(pts_ns):
            case Place.STALE:
                return None
            case Place.RESTARTED:
                self._table = TrackTable()
                self._weak_ns = pts_ns
                return 0.0
            case Place.NEXT:
                return 0.0 if before is None else (pts_ns - before) / NS_PER_S

    def _predict(
        self, pts_ns: int, dt_s: float, camera_motion: npt.NDArray[np.floating[Any]] | None
    ) -> None:
        if not len(self._table):
            return
        self._move(self._table, pts_ns, dt_s)
        if camera_motion is not None:
            kalman.shift(self._table.real, camera_motion)

    def _move(self, table: TrackTable, pts_ns: int, dt_s: float) -> None:
        """Move tracks ahead; those long unseen slow down and halt after ``coast_s``."""
        cfg = self.config
        unseen_s = (pts_ns - table.whole[:, SEEN_NS]) / NS_PER_S
        step_s = _coasting(unseen_s, cfg.coast_s) - _coasting(unseen_s - dt_s, cfg.coast_s)
        kalman.predict(table.real, step_s, cfg.accel_h, cfg.accel_size)

    def _report(
        self,
        pts_ns: int,
        wall_ns: int,
        size_wh: tuple[int, int],
        unknown: Unknown | None,
        looks_per_s: float,
    ) -> FrameTracks:
        real, whole = self._table.real, self._table.whole
        observed = whole[:, SEEN_NS] == pts_ns
        sure = real[:, EVIDENCE] >= self.config.evidence_shown
        firsts = self._name(np.flatnonzero((whole[:, ID] == 0) & sure & observed))
        coasting = (whole[:, SIGHTINGS] > 1) & (real[:, UNSEEN_S] <= self.config.shown_s)
        shown = np.flatnonzero((whole[:, ID] > 0) & (observed | coasting))
        observed = observed[shown]
        real, whole = real[shown], whole[shown]
        boxes = TrackTable(real, whole).boxes()
        np.clip(boxes, 0, [*size_wh, *size_wh], out=boxes)
        self._last = FrameTracks(
            pts_ns,
            wall_ns,
            size_wh,
            whole[:, ID].copy(),
            np.where(observed[:, None], real[:, BOX], boxes).astype(np.float32),
            np.where(observed, real[:, SCORE], 0).astype(np.float32),
            whole[:, CLASS].astype(np.int8),
            observed,
            unknown,
            looks_per_s,
            class_share(real, whole[:, CLASS]).astype(np.float32),
            firsts,
        )
        return self._last

    def _name(self, rows: Rows) -> tuple[FirstSighting, ...]:
        """Give ids to tracks that are sure now; where those seen before were first seen."""
        if not len(rows):
            return ()
        table = self._table
        table.whole[rows, ID] = np.arange(self.next_id, self.next_id + len(rows))
        self.next_id += len(rows)
        return tuple(
            FirstSighting(
                int(whole[ID]),
                int(whole[FIRST_NS]),
                (float(box[0]), float(box[1]), float(box[2]), float(box[3])),
                float(score),
            )
            for whole, box, score in zip(
                table.whole[rows],
                table.real[rows, FIRST_BOX],
                table.real[rows, FIRST_SCORE],
                strict=True,
            )
            if whole[SIGHTINGS] > 1
        )


def _coasting(unseen_s: Floats, coast_s: float) -> Floats:
    """Time by which a track is thought on: all of it at first, ``coast_s`` in the end."""
    free_s = coast_s / 2
    over_s = np.maximum(unseen_s - free_s, 0.0)
    thought_s: Floats = unseen_s - over_s + free_s * (1 - np.exp(-over_s / free_s))
    return thought_s
