"""Tracks → road users on the ground. See ``docs/road-users.md`` for the exact meaning."""

import numpy as np

from its_camera_ai.analytics.road_users import history, trajectories
from its_camera_ai.analytics.road_users.config import RoadUsersConfig
from its_camera_ai.analytics.road_users.facts import NOTHING_KNOWN, measured, vehicle_facts
from its_camera_ai.analytics.road_users.fitting import Fitter
from its_camera_ai.analytics.road_users.ground_tracks import GroundTracks, ground_px
from its_camera_ai.analytics.road_users.headways import Headways
from its_camera_ai.analytics.road_users.lanes import LaneMap
from its_camera_ai.analytics.road_users.passages import NO_CALIBRATION, Passages
from its_camera_ai.analytics.road_users.roster import Roster, Slots
from its_camera_ai.analytics.road_users.view import View
from its_camera_ai.core.events import Event
from its_camera_ai.core.ground import GroundPlane
from its_camera_ai.core.road_users import Passage, RoadFrame, Trajectory, VehicleFacts
from its_camera_ai.core.scene import Scene
from its_camera_ai.core.time import NS_PER_S
from its_camera_ai.core.tracks import FrameTracks
from its_camera_ai.tracking.timeline import Place, Timeline


class RoadUsers:
    """Follows one camera's tracks on the ground.

    Only boxes that were really seen move anything; predictions and unknown frames change no
    measure and end nothing. All durations are stream time. Memory holds no more than the tracks
    of the last few seconds.

    Without a ground plane, or with one for pictures of another size, everything in metres is NaN
    and no row is valid; classes, lanes and headways still come.
    """

    def __init__(
        self,
        camera_id: str,
        scene: Scene,
        plane: GroundPlane | None,
        *,
        config: RoadUsersConfig | None = None,
    ) -> None:
        """
        Args:
            camera_id: goes into every record.
            scene: its lines and lanes.
            plane: the solved calibration, None without.
            config: durations and limits.
        """
        self._camera_id = camera_id
        self._scene = scene
        self._solved = plane
        self._config = RoadUsersConfig() if config is None else config
        self._timeline = Timeline()
        self._doubt = ""
        self._ended: list[Trajectory] = []
        self._headways = Headways()
        self._size_wh: tuple[int, int] = (0, 0)
        self._wall_offset_ns = 0
        self._looked_ns: int | None = None
        self._frame: RoadFrame | None = None
        self._begin((1, 1))

    def update(self, tracks: FrameTracks) -> RoadFrame:
        """Take in one frame.

        A frame whose time is not after the one before changes nothing, and the frame before is
        returned again. A picture of another size, or a stream that begins again, ends every
        track known so far.
        """
        before_ns = self._timeline.last_ns
        place = self._timeline.place(tracks.pts_ns)
        if place is Place.STALE and self._frame is not None:
            return self._frame
        if place is Place.RESTARTED or tracks.size_wh != self._size_wh:
            self._end(self._roster.used())
            self._begin(tracks.size_wh)
            before_ns = None
        self._wall_offset_ns = tracks.wall_ns - tracks.pts_ns
        rows = _usable_rows(tracks)
        if tracks.unknown is None:
            self._age(tracks, before_ns)
            self._recall(tracks, rows)
            self._look(tracks, rows[tracks.observed[rows]])
        known = self._roster.slots(tracks.track_id[rows])
        self._frame = self._show(tracks, rows[known >= 0], known[known >= 0])
        self._forget()
        return self._frame

    def join(self, before: int, now: int) -> None:
        """Let ``now`` go on as the road user that was tracked as ``before``.

        For the pairs of ``SceneAnalytics.joined``: call it after ``update`` and before the
        passages of the same frame. Unknown ids are no harm.
        """
        roster = self._roster
        old, new = roster.slot(before), roster.slot(now)
        if old is None or new is None or old == new:
            return
        history.join(roster, old, new)
        trajectories.join(roster, old, new)
        roster.born_ns[new] = min(roster.born_ns[old], roster.born_ns[new])
        roster.votes[new] += roster.votes[old]
        known = roster.fit_until_ns[old] > roster.fit_until_ns[new]
        if known and roster.fitted_class[old] == roster.fitted_class[new]:
            for name in ("dims_m", "dims_sd_m", "prior_m", "prior_sd_m"):
                column = getattr(roster, name)
                column[new] = column[old]
            roster.fit_since_ns[new] = roster.fit_since_ns[old]
            roster.fit_until_ns[new] = roster.fit_until_ns[old]
        roster.release(np.array([old]))

    def facts(self, track_id: int) -> VehicleFacts:
        """What is known of a track; class ``other`` with no share where it is not known (any
        more)."""
        slot = self._roster.slot(track_id)
        return NOTHING_KNOWN if slot is None else vehicle_facts(self._roster, slot, self._config)

    def passage(self, event: Event) -> Passage:
        """The per-vehicle record of a crossing; call it in the frame that brought the event, after
        ``update``, once for each.

        Args:
            event: kind ``LINE_CROSSED``, from counting the same frames.
        """
        return self._passages.of(event, self._roster, self._problem())

    def ended(self) -> list[Trajectory]:
        """Every track that ended since the last call; one that was never validly on the ground has
        no points."""
        ended, self._ended = self._ended, []
        return ended

    def finish(self) -> list[Trajectory]:
        """End of input: all tracks end."""
        self._end(self._roster.used())
        return self.ended()

    def doubt(self, reason: str) -> None:
        """From now on nothing is measured, as the calibration may not hold. ``reason``: in words,
        for every passage's ``speed_problem``."""
        self._doubt = reason or "it may not hold"

    def trust(self) -> None:
        """The calibration holds again; motion is measured afresh."""
        if self._doubt:
            self._roster.moving[:] = False
            self._roster.sample_ok[:] = False
            self._roster.fit_due_ns[:] = 0
            self._roster.fit_every_s[:] = 0.0
        self._doubt = ""

    def _problem(self) -> str:
        if self._solved is None:
            return NO_CALIBRATION
        if self._plane is None:
            width, height = self._solved.size_wh
            return f"calibrated for pictures of {width} x {height}"
        return f"calibration in doubt: {self._doubt}" if self._doubt else ""

    def _begin(self, size_wh: tuple[int, int]) -> None:
        self._size_wh = size_wh
        self._roster = Roster()
        self._headways.forget()
        self._looked_ns = None
        fits = self._solved is not None and self._solved.size_wh == size_wh
        plane = self._plane = self._solved if fits else None
        view = None if plane is None else View(plane)
        self._lanes = LaneMap(self._scene.lanes, size_wh, plane)
        self._ground = GroundTracks(self._roster, self._lanes, size_wh, plane, view, self._config)
        self._fitter: Fitter | None = None
        if plane is not None and view is not None:
            self._fitter = Fitter(self._roster, plane, view, self._config)
        self._passages = Passages(
            self._camera_id,
            self._scene,
            size_wh,
            plane,
            self._fitter,
            self._headways,
            self._config,
        )

    def _age(self, tracks: FrameTracks, before_ns: int | None) -> None:
        """Looked-at time goes by for all; a track that is still predicted lives on."""
        now_ns, gap_s = tracks.pts_ns, self._config.look_gap_s
        if before_ns is not None:
            step_s = min((now_ns - before_ns) / NS_PER_S, gap_s)
            predicted = self._roster.slots(tracks.track_id[~tracks.observed])
            ages = np.ones(len(self._roster.track_id), np.bool_)
            ages[predicted[predicted >= 0]] = False
            self._roster.unseen_s[ages] += step_s
        if self._looked_ns is not None and now_ns - self._looked_ns > gap_s * NS_PER_S:
            self._headways.blind(self._looked_ns, now_ns)
        self._looked_ns = now_ns

    def _recall(self, tracks: FrameTracks, rows: Slots) -> None:
        """Let tracks that are shown late begin where and when they were first seen."""
        row_of = {int(tracks.track_id[row]): int(row) for row in rows}
        for first in tracks.firsts:
            row = row_of.get(first.track_id)
            if row is None or self._roster.slot(first.track_id) is not None:
                continue
            self._ground.see(
                first.pts_ns,
                np.array([first.track_id], np.int64),
                np.array([first.xyxy], np.float64),
                tracks.class_id[[row]],
                np.array([first.score], np.float64),
                None,
                measure=not self._doubt,
            )

    def _look(self, tracks: FrameTracks, rows: Slots) -> None:
        share = tracks.class_share
        slots = self._ground.see(
            tracks.pts_ns,
            tracks.track_id[rows],
            tracks.xyxy[rows].astype(np.float64),
            tracks.class_id[rows],
            tracks.score[rows].astype(np.float64),
            None if share is None else share[rows].astype(np.float64),
            measure=not self._doubt,
        )
        if self._fitter is not None and not self._doubt:
            self._fitter.refit(slots[self._roster.moving[slots]], tracks.pts_ns)

    def _show(self, tracks: FrameTracks, rows: Slots, slots: Slots) -> RoadFrame:
        """The frame's record; settles lanes and extends trajectories on the way."""
        roster, plane, pts_ns = self._roster, self._plane, tracks.pts_ns
        state = self._ground.expected(slots, pts_ns)
        px = ground_px(roster, slots, state.xy_m, plane)
        seen = tracks.observed[rows] & (tracks.unknown is None)
        self._ground.settle_lanes(slots[seen], px[seen], pts_ns)
        valid = np.zeros(len(slots), np.bool_)
        if plane is not None and not self._doubt:
            valid = roster.moving[slots] & plane.is_valid(px) & np.isfinite(state.xy_m).all(axis=1)
        heading = roster.heading_rad[slots]
        sized = measured(roster, slots, self._config)
        dims = np.where(sized[:, None], roster.dims_m[slots], np.nan)
        body = self._ground.body_heading(slots)
        ahead = np.stack([np.cos(body), np.sin(body)], axis=1) * roster.dims_m[slots, :1] / 2
        lane = roster.lane[slots]
        seen_s = (pts_ns - roster.born_ns[slots]) / NS_PER_S
        # of a body of unknown length one end is seen; until it was fitted, that also bends motion
        end_sd_m, fitted = roster.dims_sd_m[slots, 0] / 2, roster.fit_until_ns[slots]
        frame = RoadFrame(
            self._camera_id,
            pts_ns,
            tracks.wall_ns,
            tracks.unknown,
            tracks.looks_per_s,
            tracks.track_id[rows],
            tracks.class_id[rows],
            roster.class_share[slots],
            seen,
            valid,
            tracks.xyxy[rows],
            state.xy_m,
            state.velocity_mps,
            np.sqrt((state.place[:, 0, 0] + state.place[:, 1, 1]) / 2 + end_sd_m**2),
            np.hypot(state.speed_sd(heading), end_sd_m * (fitted == 0) / np.maximum(seen_s, 0.2)),
            heading,
            dims[:, 0],
            dims[:, 1],
            lane,
            self._lanes.along_m(state.xy_m + ahead, lane),
            (pts_ns - roster.born_ns[slots]) / NS_PER_S,
            tracks.size_wh,
        )
        drawn = seen & valid
        trajectories.extend(
            roster,
            slots[drawn],
            pts_ns,
            frame.speed_mps[drawn],
            self._config.thin_s,
            self._config.turn_deg,
        )
        return frame

    def _forget(self) -> None:
        used = self._roster.used()
        self._end(used[self._roster.unseen_s[used] > self._config.forget_s])

    def _end(self, slots: Slots) -> None:
        for slot in slots.tolist():
            pts_ns, xy_m, speed_mps = trajectories.points(self._roster, slot)
            lanes = trajectories.lanes_of(self._roster, slot)
            self._ended.append(
                Trajectory(
                    self._camera_id,
                    int(self._roster.track_id[slot]),
                    vehicle_facts(self._roster, slot, self._config),
                    pts_ns + self._wall_offset_ns,
                    xy_m,
                    speed_mps,
                    tuple(self._scene.lanes[lane].id for lane in lanes),
                )
            )
        if len(slots):
            self._roster.release(slots)


def _usable_rows(tracks: FrameTracks) -> Slots:
    """Rows with an id above 0 and a finite box; of an id that is there twice the best-scored."""
    rows = np.flatnonzero((tracks.track_id > 0) & np.isfinite(tracks.xyxy).all(axis=1))
    ids = tracks.track_id[rows]
    if len(ids) != len(set(ids.tolist())):
        rows = rows[np.argsort(-tracks.score[rows], kind="stable")]
        _, first = np.unique(tracks.track_id[rows], return_index=True)
        rows = np.sort(rows[first])
    return rows
