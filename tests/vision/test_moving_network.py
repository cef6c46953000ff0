import hashlib
from importlib import resources
from pathlib import Path

import numpy as np
import pytest

from its_camera_ai.core.detections import ObjectClass
from its_camera_ai.core.errors import ModelInvalid
from its_camera_ai.vision.background import Memory
from its_camera_ai.vision.moving_network import KINDS, MovingNetwork, planes, read, shipped_card

ASSETS_BYTES_MAX = 2 * 1000 * 1000


def cells(*found: tuple[int, int, float, tuple[float, ...], int]) -> np.ndarray:
    """What the network would say: (row, column, logit, edges in px, kind) each."""
    said = np.zeros((10, 16, 24), np.float32)
    said[0] = -9
    for row, column, logit, edges, kind in found:
        said[0, row, column] = logit
        said[1:5, row, column] = np.log(np.array(edges) / 8)
        said[5 + kind, row, column] = 9
    return said


def test_a_cell_tells_the_box_round_its_middle() -> None:
    found = read(cells((5, 10, 3.0, (10, 6, 14, 8), 2)), (96, 64), 0.2)
    assert found.xyxy.tolist() == [pytest.approx((32, 16, 56, 30), abs=1e-3)]
    assert found.class_id.tolist() == [ObjectClass.CAR]
    assert found.score[0] == pytest.approx(1 / (1 + np.exp(-3)), abs=0.01)


def test_nothing_said_is_nothing_found() -> None:
    assert len(read(cells(), (96, 64), 0.2)) == 0


def test_only_the_best_of_neighbouring_cells_tells() -> None:
    box = (12.0, 12.0, 12.0, 12.0)
    said = cells((5, 10, 3.0, box, 0), (5, 11, 2.0, box, 0), (6, 10, 1.0, box, 0))
    assert len(read(said, (96, 64), 0.2)) == 1


def test_two_bodies_side_by_side_are_two() -> None:
    box = (6.0, 10.0, 6.0, 10.0)
    found = read(cells((6, 8, 3.0, box, 0), (6, 11, 2.0, box, 0)), (96, 64), 0.2)
    assert found.xyxy[:, 0].tolist() == pytest.approx([28, 40])


def test_a_part_of_a_body_is_not_told_beside_it() -> None:
    said = cells((6, 8, 3.0, (20, 16, 20, 16), 2), (6, 11, 2.0, (8, 8, 8, 8), 2))
    assert len(read(said, (96, 64), 0.2)) == 1


def test_a_driver_seen_in_a_vehicle_is_told_too() -> None:
    said = cells((6, 8, 3.0, (20, 16, 20, 16), 2), (6, 11, 2.0, (8, 8, 8, 8), 0))
    assert len(read(said, (96, 64), 0.2)) == 2


def test_boxes_end_at_the_picture_and_none_lies_beyond() -> None:
    box = (30.0, 30.0, 30.0, 30.0)
    found = read(cells((1, 1, 3.0, box, 4), (14, 22, 3.0, (2, 2, 2, 2), 4)), (80, 50), 0.2)
    assert found.xyxy.tolist() == [pytest.approx((0, 0, 36, 36), abs=1e-3)]


def test_a_lorry_that_may_be_a_bus_is_surely_a_vehicle() -> None:
    said = cells((5, 10, 3.0, (9, 9, 9, 9), 3))
    said[5 + 4, 5, 10] = 8.9
    assert read(said, (96, 64), 0.2).score[0] > 0.9


@pytest.mark.parametrize(("score_min", "left"), [(0.1, 5), (0.4, 3), (0.99, 0)])
def test_weaker_findings_are_left_out(score_min: float, left: int) -> None:
    said = cells(*((8, 4 * k, k - 3.0, (4, 4, 4, 4), 0) for k in range(1, 6)))
    found = read(said, (96, 64), score_min)
    assert len(found) == left
    assert (found.score >= score_min).all()


def test_the_input_holds_picture_empty_scene_and_what_moved() -> None:
    rng = np.random.default_rng(3)
    picture, empty = rng.integers(0, 255, (2, 45, 70, 3)).astype(np.uint8)
    moved = rng.integers(0, 255, (45, 70)).astype(np.uint8)
    batch = planes(picture, Memory(empty, moved))
    assert batch.shape == (1, 7, 64, 96)
    assert np.array_equal(batch[0, :3, :45, :70].transpose(1, 2, 0), picture)
    assert np.array_equal(batch[0, 3:6, :45, :70].transpose(1, 2, 0), empty)
    assert np.array_equal(batch[0, 6, :45, :70], moved)
    assert not batch[:, :, 45:].any()


def golden_look() -> tuple[np.ndarray, Memory]:
    """Grey asphalt, and a red car on it that was not there before."""
    y, x = np.mgrid[:192, :320]
    empty = np.repeat((110 + 6 * np.sin(x / 9) * np.cos(y / 7))[:, :, None], 3, axis=2)
    picture = empty.copy()
    picture[80:130, 100:190] = (40, 40, 180)
    picture[86:104, 118:172] = (70, 60, 50)
    picture[122:134, 112:128] = picture[122:134, 162:178] = (20, 20, 20)
    moved = np.abs(picture - empty).mean(axis=2)
    return picture.astype(np.uint8), Memory(empty.astype(np.uint8), moved.astype(np.uint8))


def test_the_shipped_weights_find_what_they_found_when_they_were_made() -> None:
    picture, memory = golden_look()
    found = MovingNetwork().find(picture, memory, 0.3)
    assert found.class_id.tolist()[:1] == [ObjectClass.CAR]
    assert found.xyxy[0] == pytest.approx((100, 80, 190, 134), abs=8)
    assert len(found) == 1


def test_card_and_weights_belong_together() -> None:
    assets = resources.files("its_camera_ai.vision") / "assets"
    weights = (assets / "moving_network.onnx").read_bytes()
    card = shipped_card()
    assert hashlib.sha256(weights).hexdigest() == card.sha256
    assert len(weights) + len((assets / "moving_network.json").read_bytes()) <= ASSETS_BYTES_MAX
    assert not set(card.trained_on) & set(card.held_out)
    assert card.figures


def test_a_file_that_is_no_network_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.onnx").write_bytes(b"no network")
    with pytest.raises(ModelInvalid):
        MovingNetwork(tmp_path / "x.onnx")


def test_kinds_are_classes_that_a_tracker_knows() -> None:
    assert len(set(KINDS)) == 5
