"""The camera is found from passing cars, and says how far it may be off."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from its_camera_ai.analytics.calibration.automatic import (
    AutomaticCalibration,
    calibrate_from_vehicles,
)
from its_camera_ai.analytics.calibration.solving import solve
from its_camera_ai.analytics.calibration.vehicle_sightings import SeenVehicles
from its_camera_ai.analytics.calibration.vehicle_sizes import HULL, View
from its_camera_ai.core.detections import ObjectClass
from its_camera_ai.core.errors import CalibrationInvalid
from its_camera_ai.core.tracks import FrameTracks, Unknown
from its_camera_ai.sim.camera import PinholeCamera, Viewpoint
from its_camera_ai.sim.road.straight import straight_road
from its_camera_ai.sim.road.world import RoadSpec, RoadWorld

SIZE_WH = (1280, 720)
VIEWPOINT = Viewpoint(10, 10, 12, -15, 25, 60)
CAMERA = PinholeCamera(VIEWPOINT, SIZE_WH)


@cache
def simulated() -> SeenVehicles:
    """A minute of a road with all kinds of traffic, with a pixel of noise."""
    road = straight_road(lanes=2, lanes_back=2, per_hour_lane=1200, viewpoint=VIEWPOINT)
    world = RoadWorld(RoadSpec(road, SIZE_WH, tick_s=0.2, warm_up_s=25), 3)
    rng = np.random.default_rng(3)
    ids, classes, boxes = [], [], []
    for truth in world.run(45):
        seen = truth.in_picture & (truth.visible > 0.95)
        ids.append(truth.id[seen])
        classes.append(truth.class_id[seen])
        boxes.append(truth.xyxy[seen] + rng.normal(0, 1, (int(seen.sum()), 4)))
    track_id = np.concatenate(ids)
    order = np.argsort(track_id, kind="stable")
    return SeenVehicles(
        track_id[order], np.concatenate(classes)[order], np.concatenate(boxes)[order]
    )


@cache
def found_with(hfov_deg: float | None) -> AutomaticCalibration:
    return calibrate_from_vehicles(simulated(), SIZE_WH, hfov_deg=hfov_deg)


@pytest.mark.parametrize("hfov_deg", [60.0, None], ids=["known lens", "unknown lens"])
def test_lengths_are_as_right_as_it_says(hfov_deg: float | None) -> None:
    found = found_with(hfov_deg)
    plane = solve(found.calibration, SIZE_WH).plane
    assert plane.scale_sd >= found.scale_sd
    near, far = np.array([[0.0, 30]]), np.array([[0.0, 45]])
    px = CAMERA.project(np.array([[0.0, 30, 0], [0.0, 45, 0]]))[:, :2]
    a, b = plane.to_world(px)
    off = float(np.linalg.norm(b - a) / np.linalg.norm(far - near)) - 1
    assert abs(off) < 2.5 * found.scale_sd
    assert found.scale_sd < (0.05 if hfov_deg else 0.2)
    assert abs(off) < (0.05 if hfov_deg else 0.15)
    assert plane.is_valid(px).all()


def test_the_data_sheet_makes_it_surer() -> None:
    known, unknown = found_with(60.0), found_with(None)
    assert known.scale_sd < unknown.scale_sd
    assert known.view.height_m == pytest.approx(12, rel=0.06)
    assert np.degrees(known.view.tilt_rad) == pytest.approx(25, abs=1)


def exact(fleet: float) -> SeenVehicles:
    """Forty cars that are all of one size, without noise."""
    view = View(1000.0, np.radians(20), 9.0, (640.0, 360.0))
    rows = [(k, 14.0 + 2.0 * step) for k in range(40) for step in range(12)]
    xy = np.array([(-6 + 0.3 * k, y + 0.1 * k) for k, y in rows])
    heading = np.array([np.pi / 2 if k % 2 else -np.pi / 2 for k, _ in rows])
    for i in range(0, len(rows), 24):  # every other one comes towards the camera
        xy[i : i + 12, 1] = xy[i : i + 12, 1][::-1]
    dims = np.tile(fleet * np.array([4.4, 1.8, 1.5]), (len(rows), 1))
    boxes = view.boxes(xy, heading, dims, HULL)
    return SeenVehicles(
        np.array([k for k, _ in rows]), np.full(len(rows), ObjectClass.CAR, np.int8), boxes
    )


@pytest.mark.parametrize("fleet", [1.0, 1.1])
def test_typical_cars_give_the_view_and_larger_ones_a_lower_camera(fleet: float) -> None:
    found = calibrate_from_vehicles(exact(fleet), SIZE_WH)
    assert found.view.height_m == pytest.approx(9.0 / fleet, rel=0.01)
    assert found.view.focal_px == pytest.approx(
        1000, rel=0.04
    )  # the way of a box is not quite the body's
    assert found.misfit < 0.01


def test_what_tells_too_little_is_refused() -> None:
    few = simulated()
    rows = np.isin(few.track_id, np.unique(few.track_id)[:5])
    with pytest.raises(CalibrationInvalid, match="vehicles were seen whole; wait for 15"):
        calibrate_from_vehicles(
            SeenVehicles(few.track_id[rows], few.class_id[rows], few.xyxy[rows]), SIZE_WH
        )
    with pytest.raises(CalibrationInvalid, match="hfov_deg"):
        calibrate_from_vehicles(few, SIZE_WH, hfov_deg=0)


def test_boxes_that_no_camera_shows_are_refused() -> None:
    seen = exact(1.0)
    rng = np.random.default_rng(1)
    centre = (seen.xyxy[:, :2] + seen.xyxy[:, 2:]) / 2
    half = rng.uniform(15, 90, centre.shape)
    wild = replace(seen, xyxy=np.concatenate([centre - half, centre + half], axis=1))
    with pytest.raises(CalibrationInvalid, match="no camera over a flat road"):
        calibrate_from_vehicles(wild, SIZE_WH)


def test_sightings_are_gathered_without_guesses() -> None:
    def look(second: int, ids: list[int], observed: list[bool]) -> FrameTracks:
        n = len(ids)
        return FrameTracks(
            second,
            second,
            SIZE_WH,
            np.array(ids, np.int64),
            np.full((n, 4), second, np.float32),
            np.ones(n, np.float32),
            np.full(n, ObjectClass.CAR, np.int8),
            np.array(observed),
        )

    unknown = FrameTracks.nothing(3, 3, SIZE_WH, Unknown.OVERLOAD)
    seen = SeenVehicles.of([look(1, [7, 4], [True, True]), unknown, look(4, [4, 7], [True, False])])
    assert seen.track_id.tolist() == [4, 4, 7]
    assert seen.xyxy[:, 0].tolist() == [1, 4, 1]
    assert len(SeenVehicles.of([unknown]).track_id) == 0
