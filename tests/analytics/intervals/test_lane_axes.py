"""Lanes as axes on the ground: their measurable part, and the detectors on them."""

from dataclasses import replace

import numpy as np
import pytest

from its_camera_ai.analytics.intervals.lane_axes import LaneAxes, LineLane, lanes_under_lines
from its_camera_ai.core.picture_points import Unit
from its_camera_ai.core.road import Direction, Lane
from its_camera_ai.core.scene import Line, Scene
from tests.analytics.intervals.street import EAST, MIDDLE, PLANE, SCENE, STOP, WEST, box, point


def test_length_direction_and_detectors_of_two_lanes() -> None:
    axes = LaneAxes.of(SCENE, PLANE)
    assert axes.length_m.tolist() == pytest.approx([80, 80])
    assert axes.heading.tolist() == [[1, 0], [-1, 0]]
    assert axes.upstream_xy_m.tolist() == [pytest.approx([10, 6]), pytest.approx([90, 14])]
    told = [(d.lane, d.line, round(d.at_m, 6), round(d.side_m, 6)) for d in axes.detectors]
    assert told == [
        (0, "stop", 75, 0),
        (0, "middle", 40, 0),
        (1, "stop", 5, 0),
        (1, "middle", 40, 0),
    ]
    assert axes.own.tolist() == [0, 2]


def test_a_lane_without_a_line_is_detected_in_its_middle() -> None:
    axes = LaneAxes.of(Scene(lanes=(WEST,)), PLANE)
    (detector,) = axes.detectors
    assert (detector.line, detector.at_m, detector.half_width_m) == ("", 40, pytest.approx(2.3))


def test_only_the_part_in_the_validity_polygon_is_measured() -> None:
    left = replace(PLANE, valid_px=np.array([[0, 0], [500, 0], [500, 200], [0, 200]], np.float64))
    axes = LaneAxes.of(Scene(lanes=(EAST, WEST), lines=(STOP,)), left)
    assert axes.from_m.tolist() == pytest.approx([0, 40], abs=0.81)
    assert axes.to_m.tolist() == pytest.approx([40, 80], abs=0.81)


def test_a_lane_outside_it_or_in_the_sky_has_no_length() -> None:
    nowhere = replace(PLANE, valid_px=np.array([[0, 0], [9, 0], [9, 9]], np.float64))
    assert LaneAxes.of(SCENE, nowhere).length_m.tolist() == [0, 0]
    horizon = replace(PLANE, homography=np.array([[1, 0, 0], [0, 0, 9], [0, 0.01, -1.0]]))
    axes = LaneAxes.of(SCENE, horizon)  # w > 0 only below row 100
    assert axes.length_m[0] == 0
    assert axes.own[0] == -1


def test_a_stop_line_beyond_the_drawn_lane_is_still_its_own() -> None:
    short = replace(EAST, points=box(10, 4, 80, 8))
    axes = LaneAxes.of(Scene((STOP,), lanes=(short,)), PLANE)
    (detector,) = axes.detectors
    assert (detector.line, detector.at_m) == ("stop", pytest.approx(75))


def test_a_slanted_line_meets_the_middle_of_the_lane() -> None:
    slanted = Line("slant", (point(40, 0), point(60, 12)))
    axes = LaneAxes.of(Scene((slanted, STOP), lanes=(EAST,)), PLANE)
    assert {d.line: round(d.at_m, 6) for d in axes.detectors} == {"stop": 75, "slant": 40}


def test_which_lanes_lie_under_which_lines() -> None:
    found = lanes_under_lines(SCENE, None)
    assert found == [
        LineLane("stop", "east", Direction.OUT),
        LineLane("stop", "west", Direction.IN),
        LineLane("middle", "east", Direction.OUT),
        LineLane("middle", "west", Direction.IN),
    ]


def test_without_a_size_lanes_in_pixels_are_compared_with_lines_in_pixels_only() -> None:
    def px(lane: Lane) -> Lane:
        points = tuple((x * 1000, y * 200) for x, y in lane.points)
        ends = tuple((x * 1000, y * 200) for x, y in lane.heading)
        return replace(lane, points=points, heading=(ends[0], ends[1]), unit=Unit.PX)

    scene = Scene((MIDDLE, STOP), lanes=(px(EAST),))
    assert lanes_under_lines(scene, None) == []
    assert [found.line for found in lanes_under_lines(scene, PLANE)] == ["middle", "stop"]
