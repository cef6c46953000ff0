"""The tracks' state on the ground: from sightings to places, motion and lanes."""

import numpy as np
import numpy.typing as npt

from its_camera_ai.analytics.road_users import history
from its_camera_ai.analytics.road_users.bodies import IS_LONG
from its_camera_ai.analytics.road_users.config import RoadUsersConfig
from its_camera_ai.analytics.road_users.fitting import begin_bodies
from its_camera_ai.analytics.road_users.footprint import (
    bottom_centres,
    cut_edges,
    ground_points,
)
from its_camera_ai.analytics.road_users.lanes import NONE, LaneMap
from its_camera_ai.analytics.road_users.motion import Motion
from its_camera_ai.analytics.road_users.roster import Bools, Floats, Ints, Roster, Slots
from its_camera_ai.analytics.road_users.view import View
from its_camera_ai.core.detections import ObjectClass
from its_camera_ai.core.ground import GroundPlane
from its_camera_ai.core.time import NS_PER_S

_WAY_BACK_S = 0.5
_PLACE_SD_M_MAX = 10.0
_FOLLOWS_LENGTHS = 1.5
_TURN_LASTS_S = 1.0


class GroundTracks:
    """Writes what was seen into a roster.

    Args:
        plane, view: both None where nothing is known in metres.
    """

    def __init__(
        self,
        roster: Roster,
        lanes: LaneMap,
        size_wh: tuple[int, int],
        plane: GroundPlane | None,
        view: View | None,
        config: RoadUsersConfig,
    ) -> None:
        self._roster = roster
        self._lanes = lanes
        self._size_wh = size_wh
        self._plane = plane
        self._view = view
        self._config = config

    def see(
        self,
        pts_ns: int,
        track_ids: Ints,
        xyxy: Floats,
        class_id: npt.NDArray[np.int8],
        score: Floats,
        share: Floats | None,
        *,
        measure: bool,
    ) -> Slots:
        """Note what was seen of these tracks at a time; returns their slots.

        Args:
            share: (N,) of the class in the vote; None counts the scores of its own sightings.
            measure: False while the calibration is in doubt.
        """
        roster = self._roster
        slots = roster.slots(track_ids)
        new = slots < 0
        if new.any():
            slots[new] = roster.admit(track_ids[new])
            roster.born_ns[slots[new]] = pts_ns
        roster.class_id[slots] = class_id
        roster.votes[slots, class_id] += np.maximum(score, 1e-3)
        own = roster.votes[slots, class_id] / roster.votes[slots].sum(axis=1)
        roster.class_share[slots] = own if share is None else share
        roster.xyxy[slots] = xyxy
        roster.unseen_s[slots] = 0.0
        begin_bodies(roster, slots)
        cut = cut_edges(xyxy, self._size_wh)
        ok = np.zeros(len(slots), np.bool_)
        if measure and self._plane is not None and self._view is not None and len(slots):
            ok = self._measure(self._plane, self._view, slots, pts_ns, xyxy, cut)
        history.record(roster, slots, pts_ns, xyxy, cut, ok, self._config.sample_s)
        return slots

    def expected(self, slots: Slots, pts_ns: int) -> Motion:
        """The filter's state at a time, not before that of its last sighting."""
        step_s = np.maximum(pts_ns - self._roster.state_ns[slots], 0) / NS_PER_S
        on_foot = self._roster.class_id[slots] == ObjectClass.PERSON
        wander = np.where(on_foot, self._config.wander_on_foot, self._config.wander)
        return self._state(slots).after(step_s, wander)

    def body_heading(self, slots: Slots) -> Floats:
        """(N,) the way a body stands: its own heading, else that of its lane; NaN for neither."""
        heading: Floats = self._roster.heading_rad[slots]
        if not len(self._lanes) or not self._lanes.in_world:
            return heading
        lane = self._roster.lane[slots]
        along = self._lanes.along[lane]
        of_lane = np.where(lane >= 0, np.arctan2(along[:, 1], along[:, 0]), np.nan)
        return np.where(np.isnan(heading), of_lane, heading)

    def settle_lanes(self, slots: Slots, px: Floats, pts_ns: int) -> None:
        """Lanes at these ground points: the first at once, a change after ``lane_s``."""
        if not len(self._lanes) or not len(slots):
            return
        roster = self._roster
        if self._lanes.in_world:
            heading = roster.heading_rad[slots]
            way = np.stack([np.cos(heading), np.sin(heading)], axis=1)
        else:
            way = history.way_px(roster, slots, pts_ns, _WAY_BACK_S)
        now = roster.lane[slots]
        seems = self._lanes.choose(px, way, now, self._config.lane_angle_deg)
        fresh = seems != roster.lane_next[slots]
        roster.lane_next[slots] = seems
        roster.lane_since_ns[slots[fresh]] = pts_ns
        lasted_ns = pts_ns - roster.lane_since_ns[slots]
        first = (now == NONE) & (seems != NONE)
        settled = first | (lasted_ns >= self._config.lane_s * NS_PER_S)
        roster.lane[slots[settled]] = seems[settled]
        history.note_lanes(roster, slots, pts_ns)

    def _measure(
        self,
        plane: GroundPlane,
        view: View,
        slots: Slots,
        pts_ns: int,
        xyxy: Floats,
        cut: Bools,
    ) -> Bools:
        """Move the filter by what was seen; returns (N,) which sightings may be measured on."""
        roster = self._roster
        run = roster.moving[slots]
        expected = self.expected(slots, pts_ns)
        xy, noise = ground_points(
            plane,
            view,
            xyxy,
            cut,
            np.where(run[:, None], expected.xy_m, np.nan),
            self.body_heading(slots),
            roster.dims_m[slots],
        )
        spread = noise[:, 0, 0] + noise[:, 1, 1]
        # near the horizon a pixel is a hundred metres, and noise no longer Gaussian
        good = np.isfinite(xy).all(axis=1) & (spread < _PLACE_SD_M_MAX**2)
        step_s = (pts_ns - roster.state_ns[slots]) / NS_PER_S
        old, new = np.flatnonzero(good & run), np.flatnonzero(good & ~run & ~cut[:, 3])
        moved = expected.take(old).seen(xy[old], noise[old], self._config.gate)
        self._store(slots[old], moved, pts_ns)
        self._store(slots[new], Motion.at(xy[new], noise[new]), pts_ns)
        roster.moving[slots[new]] = True
        self._turn(slots[old], step_s[old])
        return good & plane.is_valid(plane.to_image(xy))

    def _state(self, slots: Slots) -> Motion:
        roster = self._roster
        return Motion(
            roster.xy_m[slots],
            roster.velocity_mps[slots],
            roster.place[slots],
            roster.cross[slots],
            roster.speed[slots],
        )

    def _store(self, slots: Slots, motion: Motion, pts_ns: int) -> None:
        roster = self._roster
        roster.xy_m[slots] = motion.xy_m
        roster.velocity_mps[slots] = motion.velocity_mps
        roster.place[slots] = motion.place
        roster.cross[slots] = motion.cross
        roster.speed[slots] = motion.speed
        roster.state_ns[slots] = pts_ns

    def _turn(self, slots: Slots, step_s: Floats) -> None:
        """Headings follow motion that is clear enough, and stay while there is none."""
        state, config, roster = self._state(slots), self._config, self._roster
        vx, vy = state.velocity_mps.T
        heading, mps = np.arctan2(vy, vx), np.hypot(vx, vy)
        limit = np.maximum(
            config.heading_mps_min, config.heading_sd_factor * state.speed_sd(heading)
        )
        clear = mps > limit
        before = roster.heading_rad[slots]
        known = np.isfinite(before)
        # The place of a long body hangs on its heading, so a heading that followed the motion at
        # once would drive itself; it follows over a way of more than the body's length.
        length = roster.dims_m[slots, 0]
        share = np.minimum(1.0, mps * step_s / (_FOLLOWS_LENGTHS * length))
        share = np.where(IS_LONG[roster.class_id[slots]], share, 1.0)
        rate = roster.turn_rps[slots]
        steady = before + rate * step_s
        turn = (heading - steady + np.pi) % (2 * np.pi) - np.pi
        most = mps * step_s / config.turn_radius_m
        follows = steady + np.where(share < 1, np.clip(share * turn, -most, most), turn)
        heading = np.where(known, follows, heading)
        roster.turn_rps[slots] = rate * np.exp(-step_s / _TURN_LASTS_S)
        roster.heading_rad[slots[clear]] = (heading[clear] + np.pi) % (2 * np.pi) - np.pi


def ground_px(roster: Roster, slots: Slots, xy_m: Floats, plane: GroundPlane | None) -> Floats:
    """(N, 2) where a road user's place is seen: the middle of its footprint, or the middle of its
    box's lower edge where nothing is known in metres."""
    bottom = bottom_centres(roster.xyxy[slots])
    if plane is None:
        return bottom
    px = plane.to_image(xy_m)
    return np.where(np.isfinite(px), px, bottom)
