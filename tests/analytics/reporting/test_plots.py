"""Plots show the numbers; what is looked at here is what was drawn, not how it looks."""

from collections.abc import Callable
from math import pi
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure

from its_camera_ai.analytics.publishing.camera import PublishedCamera
from its_camera_ai.analytics.publishing.export import TrafficSources
from its_camera_ai.analytics.reporting.data import CameraData, read
from its_camera_ai.analytics.reporting.document import Picture
from its_camera_ai.analytics.reporting.drawing import styled, svg
from its_camera_ai.analytics.reporting.movement_plot import (
    arm_angles,
    exit_angle,
    movement_diagram,
)
from its_camera_ai.analytics.reporting.relation_plots import (
    fundamental_diagram,
    speed_distributions,
)
from its_camera_ai.analytics.reporting.road_plots import conflict_map, heat_map, time_space
from its_camera_ai.analytics.reporting.series_plots import line_over_time
from its_camera_ai.core.intervals import PlaceKind
from its_camera_ai.core.road import Direction, LineSide, Movement, Turn
from its_camera_ai.core.scene import Scene
from tests.analytics.publishing.traffic import SPAN, ZONE


def drawn(picture: Picture | None) -> Any:
    assert picture is not None
    assert picture.caption
    figure = Figure(figsize=picture.size_in)
    with styled():
        picture.draw(figure)
    return figure


def test_flow_over_time_is_that_of_the_series(data: CameraData) -> None:
    flow, speed, occupancy = drawn(line_over_time(data, "north")).axes
    item = data.of(PlaceKind.LINE)[0]
    shown = flow.lines[0].get_ydata()
    wanted = [np.nan if m.flow_vph is None else m.flow_vph for m in item.series]
    np.testing.assert_array_equal(shown[:-1], wanted)
    assert len(speed.lines) == 4  # mean and v85, both directions
    assert len(occupancy.lines) == 2  # two lanes


def test_unknown_time_is_hatched(data: CameraData) -> None:
    for axes in drawn(line_over_time(data, "north")).axes:
        assert [patch.get_hatch() for patch in axes.patches].count("////") == 1


def test_the_fundamental_diagram_keeps_q_equal_to_k_times_v(data: CameraData) -> None:
    left, right = drawn(fundamental_diagram(data)).axes
    for low, high in zip(left.collections, right.collections, strict=True):
        density, flow = np.asarray(low.get_offsets()).T
        flow_again, speed = np.asarray(high.get_offsets()).T
        np.testing.assert_allclose(flow, density * speed)
        np.testing.assert_array_equal(flow, flow_again)
    assert len(left.collections) == 2


def test_histograms_hold_every_vehicle(data: CameraData) -> None:
    for axes in drawn(speed_distributions(data)).axes:
        bars = sum(patch.get_height() for patch in axes.patches)
        assert f"n = {bars:.0f}" in axes.get_title(loc="left")


def test_turning_volumes_stand_at_their_arms(data: CameraData) -> None:
    assert data.turning is not None
    (axes,) = drawn(movement_diagram(data.turning)).axes
    texts = [text.get_text() for text in axes.texts]
    volumes = data.turning.totals.sum(axis=0)
    assert f"T {volumes[0]}\nU {volumes[1]}" in texts
    assert {"north", "south"} <= set(texts)


def turning(approach: str, turn: Turn) -> Movement:
    side = LineSide(approach, Direction.IN)
    return Movement(f"{approach}-{turn}", side, LineSide("out", Direction.OUT), turn, approach)


@pytest.mark.parametrize(
    ("turn", "arm"), [(Turn.LEFT, "west"), (Turn.THROUGH, "north"), (Turn.RIGHT, "east")]
)
def test_who_comes_from_the_south_goes(turn: Turn, arm: str) -> None:
    arms = arm_angles(tuple(turning(name, turn) for name in ("north", "east", "south", "west")))
    assert exit_angle(turning("south", turn), arms) == arms[arm]


def test_arms_without_compass_names_stand_evenly() -> None:
    arms = arm_angles(tuple(turning(name, Turn.LEFT) for name in ("a", "b", "c")))
    assert sorted(np.diff(sorted(arms.values()))) == pytest.approx([2 * pi / 3] * 2)


def test_time_and_space_are_in_the_lane(data: CameraData) -> None:
    figure = drawn(time_space(data))
    lanes = [axes for axes in figure.axes if axes.collections and axes.get_ylabel() == "along, m"]
    assert len(lanes) == 2
    for axes in lanes:
        along = np.concatenate([s[:, 1] for s in axes.collections[0].get_segments()])
        assert 0 <= along.min() < along.max() <= 45.5


def test_every_near_miss_is_on_the_map(data: CameraData) -> None:
    (axes,) = drawn(conflict_map(data)).axes
    assert sum(len(c.get_offsets()) for c in axes.collections) == 12
    assert len(axes.get_legend().get_texts()) == 6  # three types in two severities


def test_the_heat_map_holds_the_time_of_all(data: CameraData) -> None:
    figure = drawn(heat_map(data))
    shown = np.nansum(figure.axes[0].images[0].get_array())
    total = sum(np.ptp(t.wall_ns) / 1e9 for t in data.trajectories)
    assert shown == pytest.approx(total)


@pytest.mark.parametrize(
    "plot", [fundamental_diagram, speed_distributions, time_space, conflict_map, heat_map]
)
def test_without_data_there_is_no_plot(
    sources: TrafficSources, plot: Callable[[CameraData], Picture | None]
) -> None:
    nothing = read(PublishedCamera.of("new", Scene(), ZONE), sources, SPAN)
    assert plot(nothing) is None


def test_parts_of_two_figures_have_different_names(data: CameraData) -> None:
    picture = conflict_map(data)
    assert picture is not None
    first, second = svg(picture, 1), svg(picture, 2)
    assert 'id="f1-' in first
    assert first.replace('id="f1-', "").count('id="') == 0
    assert first.replace("f1-", "f2-") == second
