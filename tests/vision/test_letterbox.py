import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from its_camera_ai.vision.letterbox import Letterbox, Normalisation, Placement

RED = (0, 0, 255)


def test_picture_lies_top_left_and_the_rest_is_filled() -> None:
    letterbox = Letterbox((64, 64), Normalisation(fill=114))
    placement = letterbox.put(np.full((32, 64, 3), 7, np.uint8))
    assert placement == Placement((64, 32), (64, 32))
    assert letterbox.batch(1).shape == (1, 3, 64, 64)
    assert letterbox.batch(1).dtype == np.float32
    assert (letterbox.batch(1)[0, :, :32] == 7).all()
    assert (letterbox.batch(1)[0, :, 32:] == 114).all()


def test_channels_stay_in_the_order_of_the_frame() -> None:
    letterbox = Letterbox((32, 32), Normalisation())
    letterbox.put(np.full((32, 32, 3), RED, np.uint8))
    assert [letterbox.batch(1)[0, c].mean() for c in range(3)] == [0, 0, 255]


def test_red_first_where_the_network_wants_it() -> None:
    letterbox = Letterbox((32, 32), Normalisation(rgb=True, mean=(5, 0, 0)))
    letterbox.put(np.full((32, 32, 3), RED, np.uint8))
    assert [letterbox.batch(1)[0, c].mean() for c in range(3)] == [250, 0, 0]


def test_grey_fills_all_three_channels_and_opacity_is_dropped() -> None:
    letterbox = Letterbox((32, 32), Normalisation())
    letterbox.put(np.full((64, 64), 77, np.uint8))
    assert set(np.unique(letterbox.batch(1))) == {77}
    letterbox.put(np.full((64, 64, 4), (1, 2, 3, 200), np.uint8))
    assert [letterbox.batch(1)[0, c].mean() for c in range(3)] == [1, 2, 3]


@pytest.mark.parametrize("factor", [1, 2, 3, 4, 5, 8, 11])
def test_no_factor_of_scaling_moves_the_picture(factor: int) -> None:
    """A ramp stays the ramp, wherever the scaling averages and wherever it interpolates."""
    ramp = np.linspace(0, 250, 32 * factor)
    frame = np.repeat(np.repeat(ramp[None, :, None], 32 * factor, 0), 3, 2).astype(np.uint8)
    letterbox = Letterbox((32, 32), Normalisation())
    letterbox.put(frame)
    expected = np.linspace(0, 250, 32 * factor).reshape(32, factor).mean(axis=1)
    assert letterbox.batch(1)[0, 0, 7] == pytest.approx(expected, abs=1.5)


def test_much_too_large_pictures_lose_nothing_small() -> None:
    frame = np.zeros((640, 640, 3), np.uint8)
    frame[::20] = 255  # one line in twenty; linear scaling alone would skip it or see nothing else
    letterbox = Letterbox((32, 32), Normalisation())
    letterbox.put(frame)
    assert letterbox.batch(1)[0, 0].mean() == pytest.approx(255 / 20, abs=2)


def test_an_area_is_scaled_alone_and_maps_back() -> None:
    frame = np.zeros((200, 300, 3), np.uint8)
    frame[50:114, 100:228] = 90
    letterbox = Letterbox((64, 64), Normalisation(fill=9))
    placement = letterbox.put(frame, (100, 50, 228, 114))
    assert set(np.unique(letterbox.batch(1)[0, :, :32])) == {90}
    assert set(np.unique(letterbox.batch(1)[0, :, 32:])) == {9}
    assert placement.to_frame(np.array([[0, 0, 64, 32], [16, 8, 99, 99]])).tolist() == [
        [100, 50, 228, 114],
        [132, 66, 228, 114],
    ]


def test_pictures_of_a_batch_do_not_touch_each_other() -> None:
    letterbox = Letterbox((32, 32), Normalisation())
    letterbox.put(np.full((32, 32, 3), 10, np.uint8), slot=0)
    letterbox.put(np.full((32, 32, 3), 20, np.uint8), slot=3)
    letterbox.put(np.full((32, 32, 3), 30, np.uint8), slot=1)
    assert letterbox.batch(4)[:, 0, 5, 5].tolist() == [10, 30, 0, 20]


def test_mean_and_scale_apply_to_picture_and_filling() -> None:
    norm = Normalisation(fill=0, mean=(10, 20, 30), scale=(0.5, 1, 2))
    letterbox = Letterbox((32, 32), norm)
    letterbox.put(np.full((16, 32, 3), 110, np.uint8))
    assert [float(letterbox.batch(1)[0, c, 0, 0]) for c in range(3)] == [50, 90, 160]
    assert [float(letterbox.batch(1)[0, c, 31, 0]) for c in range(3)] == [-5, -20, -60]


def test_a_frame_of_another_shape_leaves_nothing_of_the_one_before() -> None:
    letterbox = Letterbox((64, 64), Normalisation(fill=9))
    letterbox.put(np.full((64, 64, 3), 200, np.uint8))
    letterbox.put(np.full((16, 64, 3), 50, np.uint8))
    assert set(np.unique(letterbox.batch(1))) == {9, 50}


def test_stretching_fills_the_whole_input_and_maps_back_by_side() -> None:
    letterbox = Letterbox((32, 64), Normalisation(keep_aspect=False))
    placement = letterbox.put(np.zeros((20, 200, 3), np.uint8))
    back = placement.to_frame(np.array([[0, 0, 32, 64], [16, 32, 32, 64]]))
    assert back.tolist() == [[0, 0, 200, 20], [100, 10, 200, 20]]


@pytest.mark.parametrize(
    ("box", "expected"),
    [
        pytest.param([0, 0, 64, 36], [0, 0, 1280, 720], id="whole picture"),
        pytest.param([-5, -5, 90, 90], [0, 0, 1280, 720], id="clipped to the frame"),
        pytest.param([32, 18, 64, 36], [640, 360, 1280, 720], id="lower right quarter"),
    ],
)
def test_boxes_map_back_to_the_frame(box: list[float], expected: list[float]) -> None:
    placement = Letterbox((64, 64), Normalisation()).put(np.zeros((720, 1280, 3), np.uint8))
    assert placement.to_frame(np.array([box])).tolist() == [expected]


@settings(deadline=None)  # no assertion about time on a shared machine
@given(
    width=st.integers(1, 700),
    height=st.integers(1, 700),
    input_w=st.integers(1, 20).map(lambda v: v * 32),
    input_h=st.integers(1, 20).map(lambda v: v * 32),
)
def test_the_corner_of_the_picture_is_the_corner_of_the_frame(
    width: int, height: int, input_w: int, input_h: int
) -> None:
    placement = Letterbox((input_w, input_h), Normalisation()).put(
        np.zeros((height, width, 3), np.uint8)
    )
    picture_w, picture_h = placement.picture_wh
    assert 1 <= picture_w <= input_w
    assert 1 <= picture_h <= input_h
    assert picture_w == input_w or picture_h == input_h
    corner = placement.to_frame(np.array([[0, 0, picture_w, picture_h]]))
    assert np.allclose(corner, [[0, 0, width, height]], rtol=1e-5)
