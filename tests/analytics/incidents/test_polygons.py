"""Many polygons at once give what each gives alone."""

import numpy as np

from its_camera_ai.analytics.incidents.polygons import Polygons
from its_camera_ai.core.geometry import points_in_polygon


def test_as_one_by_one() -> None:
    rng = np.random.default_rng(11)
    square = np.array([[0, 0], [10, 0], [10, 10], [0, 10]], np.float64)
    arrow = np.array([[2, 2], [9, 5], [2, 8], [4, 5]], np.float64)
    points = np.vstack([rng.uniform(-2, 12, (300, 2)), square, arrow, [[10, 5], [0, 5]]])
    together = Polygons((square, arrow)).hold(points)
    for k, polygon in enumerate((square, arrow)):
        assert (together[:, k] == points_in_polygon(points, polygon)).all()


def test_none() -> None:
    assert Polygons(()).hold(np.zeros((3, 2))).shape == (3, 0)
    square = np.array([[0, 0], [1, 0], [1, 1]], np.float64)
    assert Polygons((square,)).hold(np.zeros((0, 2))).shape == (0, 1)
