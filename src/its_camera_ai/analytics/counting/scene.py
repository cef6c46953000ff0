"""Tracks → facts about one scene: crossings of its lines and visits of its zones."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from its_camera_ai.analytics.counting.config import AnalyticsConfig
from its_camera_ai.analytics.counting.counts import Counts, LineCounts, ZoneCounts
from its_camera_ai.analytics.counting.lines import Crossing, LineCrossings
from its_camera_ai.analytics.counting.paths import Paths, Rows, Sightings
from its_camera_ai.analytics.counting.stitching import broken_end
from its_camera_ai.analytics.counting.zones import Change, ZoneVisits
from its_camera_ai.core.detections import VEHICLES, ObjectClass
from its_camera_ai.core.events import Event, EventKind
from its_camera_ai.core.scene import Scene
from its_camera_ai.core.time import NS_PER_S
from its_camera_ai.core.tracks import FrameTracks
from its_camera_ai.tracking.timeline import Place, Timeline


class SceneAnalytics:
    """Counts one camera's scene from its tracks.

    Only boxes that were really seen count; predictions and unknown frames change nothing. All
    durations are stream time. Memory holds no more than the tracks of the last few seconds.
    """

    def __init__(
        self,
        camera_id: str,
        scene: Scene,
        new_event_id: Callable[[int], str],
        *,
        config: AnalyticsConfig | None = None,
    ) -> None:
        """
        Args:
            camera_id: goes into every event.
            scene: what to measure.
            new_event_id: makes an event id from a wall time in ns.
            config: margins and durations.
        """
        self._camera_id = camera_id
        self._scene = scene
        self._new_event_id = new_event_id
        self._config = AnalyticsConfig() if config is None else config
        self._timeline = Timeline()
        self._wall_offset_ns = 0
        self._now_ns = 0
        self._counts = _nothing(scene)
        self._size_wh: tuple[int, int] | None = None
        self._joined: list[tuple[int, int]] = []
        self._paths = Paths()
        self._lines = LineCrossings((), (1, 1), self._config)
        self._zones = ZoneVisits((), (1, 1), self._config)

    def update(self, tracks: FrameTracks) -> list[Event]:
        """Take in one frame.

        A frame whose time is not after the one before is ignored. A picture of another size, or
        a stream that begins again, ends every track known so far.

        Returns:
            What was decided now, in order of stream time; a fact may be some seconds old.
        """
        before_ns = self._timeline.last_ns
        place = self._timeline.place(tracks.pts_ns)
        self._joined = []
        if place is Place.STALE:
            return []
        events: list[Event] = []
        if place is Place.RESTARTED or tracks.size_wh != self._size_wh:
            events += self.finish()
            events += self._visits(self._zones.end(self._all_rows(), self._paths))
            self._begin(tracks.size_wh)
        self._wall_offset_ns = tracks.wall_ns - tracks.pts_ns
        self._now_ns = tracks.pts_ns
        if tracks.unknown is None:
            if before_ns is not None:
                step_s = min((tracks.pts_ns - before_ns) / NS_PER_S, self._config.look_gap_s)
                # A track that is still predicted lives on, perhaps where nobody looked.
                predicted = np.isin(self._paths.track_id, tracks.track_id[~tracks.observed])
                self._paths.unseen_s[~predicted] += max(step_s, 0.0)
            self._recall(tracks)
            events += self._look(_sightings(tracks))
            events += self._forget()
        for zone, inside in zip(self._scene.zones, self._zones.occupancy(), strict=True):
            self._counts.zones[zone.id].occupancy = inside
        events.sort(key=lambda event: event.pts_ns)
        return events

    def finish(self) -> list[Event]:
        """End of input: decide the crossings that are still pending. Visits stay open."""
        return self._crossings(self._lines.end(self._all_rows(), self._paths))

    def joined(self) -> list[tuple[int, int]]:
        """Pairs of ids (before, now) that the last frame showed to be one road user, whose track
        had broken; whoever keeps facts by id moves them over."""
        return self._joined

    def count_anew(self) -> None:
        """Totals begin at zero again; tracks and visits go on."""
        self._counts = _nothing(self._scene)

    def counts(self) -> Counts:
        """The totals up to now; a live object, read it or call ``to_json``."""
        return self._counts

    def _begin(self, size_wh: tuple[int, int]) -> None:
        self._size_wh = size_wh
        self._paths = Paths()
        self._lines = LineCrossings(self._scene.lines, size_wh, self._config)
        self._zones = ZoneVisits(self._scene.zones, size_wh, self._config)

    def _all_rows(self) -> Rows:
        return np.flatnonzero(self._paths.track_id >= 0)

    def _recall(self, tracks: FrameTracks) -> None:
        """Let tracks that are shown late begin where and when they were first seen."""
        for first in tracks.firsts:
            row = np.flatnonzero(tracks.track_id == first.track_id)
            if len(row) != 1 or not first.track_id > 0 or first.track_id in self._paths.track_id:
                continue
            self._append(
                Sightings.of(
                    first.pts_ns,
                    tracks.track_id[row],
                    tracks.class_id[row],
                    np.array([first.score], np.float32),
                    np.array([first.xyxy], np.float32),
                )
            )

    def _append(self, fresh: Sightings) -> None:
        self._paths.append(fresh)
        self._lines.append(fresh)
        self._zones.append(fresh)

    def _look(self, seen: Sightings) -> list[Event]:
        events: list[Event] = []
        rows = self._paths.rows_of(seen.track_id)
        known = rows >= 0
        old, moving = rows[known], seen.take(known)
        for k in np.flatnonzero(self._paths.sightings[old] == 1):
            events += self._stitch(old, int(k), moving.take(np.array([k])))
        events += self._advance(old, moving)
        if not known.all():
            self._append(seen.take(~known))
        return events

    def _advance(self, rows: Rows, seen: Sightings) -> list[Event]:
        moves = self._paths.moves(rows, seen)
        crossings = self._lines.step(moves)
        changes = self._zones.step(moves)
        self._paths.advance(rows, seen, self._config.trend_s)
        return self._crossings(crossings) + self._visits(changes)

    def _stitch(self, rows: Rows, k: int, second: Sightings) -> list[Event]:
        """Let row ``rows[k]`` continue the row of the track that it is the continuation of."""
        row = int(rows[k])
        paths = self._paths
        ended = broken_end(paths, row, second, self._config)
        if ended is None:
            return []
        first = Sightings(
            int(paths.seen_ns[row]),
            paths.track_id[[row]],
            paths.class_id[[row]],
            paths.score[[row]],
            paths.xyxy[[row]],
            paths.anchors[[row]],
        )
        self._joined.append((int(paths.track_id[ended]), int(paths.track_id[row])))
        paths.track_id[ended], paths.track_id[row] = paths.track_id[row], -1
        rows[k] = ended
        return self._advance(np.array([ended]), first)

    def _forget(self) -> list[Event]:
        paths = self._paths
        ended = paths.unseen_s > self._config.forget_s
        joined = paths.track_id < 0
        if not (ended.any() or joined.any()):
            return []
        rows = np.flatnonzero(ended & ~joined)
        events = self._crossings(self._lines.end(rows, paths))
        events += self._visits(self._zones.end(rows, paths))
        stay = ~(ended | joined)
        paths.keep(stay)
        self._lines.keep(stay)
        self._zones.keep(stay)
        return events

    def _crossings(self, crossings: list[Crossing]) -> list[Event]:
        events = []
        for crossing in crossings:
            twin = self._is_twin(crossing)
            self._lines.note(crossing)
            if twin:
                continue
            line = self._scene.lines[crossing.line].id
            direction = "in" if crossing.inward else "out"
            label = self._label(crossing.row)
            self._counts.lines[line].of(direction).add(label)
            detail: dict[str, object] = {
                "line": line,
                "direction": direction,
                "class": label,
                "score": round(crossing.score, 3),
                "xyxy": [round(v, 1) for v in crossing.xyxy],
                # how much later the picture came that made it certain
                "decided_after_s": round((self._now_ns - crossing.pts_ns) / NS_PER_S, 3),
            }
            events.append(
                self._event(EventKind.LINE_CROSSED, crossing.row, crossing.pts_ns, detail)
            )
        return events

    def _is_twin(self, crossing: Crossing) -> bool:
        """Whether this body was counted just now, by this track or by another one on it."""
        near = self._lines.counted_near(crossing)
        if not len(near):
            return False
        if crossing.row in near:
            return True
        paths = self._paths
        if ObjectClass(int(paths.class_id[crossing.row])) not in VEHICLES:
            return False
        near = near[np.isin(paths.class_id[near], [int(c) for c in VEHICLES])]
        near = near[paths.seen_ns[near] == paths.seen_ns[crossing.row]]
        share = _shared(paths.xyxy[crossing.row], paths.xyxy[near])
        return bool((share >= self._config.twin_share).any())

    def _visits(self, changes: list[Change]) -> list[Event]:
        events = []
        for change in changes:
            zone = self._scene.zones[change.zone].id
            counts = self._counts.zones[zone]
            label = self._label(change.row)
            detail: dict[str, object] = {"zone": zone, "class": label}
            if change.entered:
                counts.entered.add(label)
                kind = EventKind.ZONE_ENTERED
            else:
                counts.left.add(label)
                kind = EventKind.ZONE_LEFT
                detail["dwell_s"] = round(change.dwell_s, 3)
            detail["score"] = round(float(self._paths.score[change.row]), 3)
            detail["xyxy"] = [round(float(v), 1) for v in self._paths.xyxy[change.row]]
            events.append(self._event(kind, change.row, change.pts_ns, detail))
        return events

    def _label(self, row: int) -> str:
        return ObjectClass(int(self._paths.class_id[row])).label

    def _event(self, kind: EventKind, row: int, pts_ns: int, detail: dict[str, object]) -> Event:
        wall_ns = pts_ns + self._wall_offset_ns
        return Event(
            self._new_event_id(wall_ns),
            kind,
            self._camera_id,
            pts_ns,
            wall_ns,
            int(self._paths.track_id[row]),
            detail,
        )


def _nothing(scene: Scene) -> Counts:
    return Counts(
        {line.id: LineCounts() for line in scene.lines},
        {zone.id: ZoneCounts() for zone in scene.zones},
    )


def _sightings(tracks: FrameTracks) -> Sightings:
    """What was really seen: no predictions, no ids below 1, each id once (its best score)."""
    good = tracks.observed & (tracks.track_id > 0) & np.isfinite(tracks.xyxy).all(axis=1)
    index = np.flatnonzero(good)
    ids = tracks.track_id[index]
    if len(ids) != len(set(ids.tolist())):
        index = index[np.argsort(-tracks.score[index], kind="stable")]
        _, first = np.unique(tracks.track_id[index], return_index=True)
        index = np.sort(index[first])
    return Sightings.of(
        tracks.pts_ns,
        tracks.track_id[index],
        tracks.class_id[index],
        tracks.score[index],
        tracks.xyxy[index],
    )


def _shared(
    box: npt.NDArray[np.float64], others: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """(4,) and (N, 4) → (N,) overlap as a share of the smaller box."""
    wh = np.minimum(box[2:], others[:, 2:]) - np.maximum(box[:2], others[:, :2])
    overlap = np.clip(wh, 0, None).prod(axis=1)
    area = np.minimum((box[2:] - box[:2]).prod(), (others[:, 2:] - others[:, :2]).prod(axis=1))
    share: npt.NDArray[np.float64] = overlap / np.maximum(area, 1e-9)
    return share
