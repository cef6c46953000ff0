"""Interval rows of simulated traffic against what the road world knows for certain."""

import numpy as np
import pytest

from its_camera_ai.analytics.calibration.solving import solve
from its_camera_ai.analytics.intervals.book import IntervalBook
from its_camera_ai.core.intervals import IntervalRow, Place, PlaceKind, Tally
from its_camera_ai.core.road_users import RoadFrame
from its_camera_ai.core.scene import Scene
from its_camera_ai.core.time import NS_PER_S
from its_camera_ai.sim.road.junction import junction
from its_camera_ai.sim.road.layout import Layout
from its_camera_ai.sim.road.scene import scene_of_road
from its_camera_ai.sim.road.straight import straight_road
from its_camera_ai.sim.road.truth import RoadTruth
from its_camera_ai.sim.road.world import RoadSpec, RoadWorld

Rows = dict[Place, Tally]
MINUTE_NS = 60 * NS_PER_S
BEGIN_NS = 1_790_002_800 * NS_PER_S + 50 * NS_PER_S
SECONDS = 75
"""Ten seconds, a whole minute that is compared, and five more."""


def seen(truth: RoadTruth, scene: Scene) -> RoadFrame:
    """All vehicles exactly where they are; lanes are those of the scene."""
    here = truth.way >= 0
    n = int(here.sum())
    return RoadFrame(
        "cam",
        truth.pts_ns,
        truth.wall_ns,
        None,
        10.0,
        track_id=truth.id[here] + 1,
        class_id=truth.class_id[here],
        class_share=np.ones(n),
        observed=np.ones(n, np.bool_),
        valid=np.ones(n, np.bool_),
        xyxy=np.nan_to_num(truth.xyxy[here]).astype(np.float32),
        xy_m=truth.xy_m[here],
        velocity_mps=truth.velocity_mps[here],
        position_sd_m=np.full(n, 0.1),
        speed_sd_mps=np.full(n, 0.1),
        heading_rad=truth.heading_rad[here],
        length_m=truth.dims_m[here, 0],
        width_m=truth.dims_m[here, 1],
        lane=np.where(truth.lane[here] < len(scene.lanes), truth.lane[here], -1).astype(np.int16),
        along_m=truth.along_m[here],
        seen_s=np.full(n, 100.0),
    )


def measured(layout: Layout, *keep: float, seed: int = 4) -> tuple[list[Rows], Rows]:
    """The whole minute from a random part of the frames, for each part; and what is true."""
    world = RoadWorld(RoadSpec(layout, start_wall_ns=BEGIN_NS), seed)
    assert world.camera is not None
    scene = scene_of_road(layout, world.camera)
    assert scene.calibration is not None
    plane = solve(scene.calibration, world.camera.size_wh).plane
    books = [IntervalBook("cam", scene, plane, writer="w") for _ in keep]
    rng = np.random.default_rng(seed)
    for _ in range(SECONDS * 10):
        frame = seen(world.step(), scene)
        for book, share in zip(books, keep, strict=True):
            if rng.random() < share:
                book.frame(frame, 10.0)
    return [whole_minute(book.due(0, final=True)) for book in books], whole_minute(
        world.tables.rows("cam")
    )


def whole_minute(rows: list[IntervalRow]) -> Rows:
    start = (BEGIN_NS // MINUTE_NS + 1) * MINUTE_NS
    return {row.place: row.tally for row in rows if row.start_wall_ns == start}


def test_lanes_and_detectors_of_a_motorway_at_every_rate() -> None:
    rates, truth = measured(straight_road(per_hour_lane=900), 1.0, 0.5, 0.2)
    for ours, apart in zip(rates, (0.003, 0.02, 0.04), strict=True):
        assert ours[Place(PlaceKind.LANE, "away-1")].looked_s == pytest.approx(60)
        for place in (p for p in ours if p.kind is PlaceKind.LANE):
            assert ours[place].vehicle_s == pytest.approx(truth[place].vehicle_s, rel=apart)
            assert ours[place].vehicle_m == pytest.approx(truth[place].vehicle_m, rel=apart)
        detectors = [p for p in ours if p.kind is PlaceKind.LINE and p.lane and p in truth]
        assert len(detectors) == 6
        mine = np.array([ours[place].present_s for place in detectors])
        true = np.array([truth[place].present_s for place in detectors])
        assert mine.sum() == pytest.approx(true.sum(), rel=apart)
        assert np.abs(mine - true).max() < 10 * apart  # one vehicle that changed lanes unseen


def test_lanes_and_queues_at_a_signal() -> None:
    (ours,), truth = measured(junction(), 0.5)
    waited = 0
    for name in ("east-main", "north-left", "north-main"):  # all of them in the picture
        place = Place(PlaceKind.LANE, name)
        mine, true = ours[place], truth[place]
        assert mine.vehicle_s == pytest.approx(true.vehicle_s, rel=0.02)
        assert mine.vehicle_m == pytest.approx(true.vehicle_m, rel=0.02)
        assert mine.queued_s == pytest.approx(true.queued_s, abs=1.5)
        # the truth counts from the lane's end, the row from the first one's front
        assert mine.queue_max_m == pytest.approx(true.queue_max_m, abs=3)
        waited += true.queued_s > 10
    assert waited
