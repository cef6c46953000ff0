"""The parts of the training that need no PyTorch."""

from pathlib import Path

import numpy as np
import pytest

from bench.moving_training.drawn import two_wheeler
from bench.moving_training.pasting import Pasting, all_cut_outs, cut_outs
from bench.moving_training.samples import (
    Labels,
    Sample,
    covered,
    samples_of_streets,
    without_doubt_over_doubtless,
)
from bench.moving_training.variation import Manner, Variation
from bench.train_moving_network import CLIPS, HELD_OUT, SHARES, STREETS, checked

CROP_WH = (192, 128)


@pytest.fixture(scope="module")
def street() -> list[Sample]:
    return samples_of_streets("intersection", [3], 8.0)


def test_the_shipped_weights_are_those_of_their_card() -> None:
    assert checked()


def test_every_source_has_a_share_and_none_is_held_out() -> None:
    assert set(SHARES) == {*CLIPS, *STREETS}
    assert not set(SHARES) & set(HELD_OUT)


def test_streets_give_samples_with_their_truth(street: list[Sample]) -> None:
    assert len(street) >= 4
    for sample in street:
        assert sample.picture.shape == sample.empty.shape == (*sample.moved.shape, 3)
        assert len(sample.labels.xyxy) == len(sample.labels.kind) == len(sample.labels.unsure)


def test_cut_outs_are_as_large_as_their_masks(street: list[Sample]) -> None:
    cuts = [cut for sample in street for _, cut in cut_outs(sample)]
    assert cuts
    assert all(bgr.shape[:2] == mask.shape for bgr, mask in cuts)


def varied(street: list[Sample]) -> Variation:
    rng = np.random.default_rng(4)
    manner = Manner(CROP_WH, 1.6, 110.0)
    return Variation({"street": street}, {"street": 1}, all_cut_outs(street), manner, rng)


def test_variations_keep_their_labels_inside_the_crop(street: list[Sample]) -> None:
    variation = varied(street)
    labelled = 0
    for _ in range(60):
        planes, labels = variation()
        assert planes.shape == (7, CROP_WH[1], CROP_WH[0])
        assert (labels.xyxy >= 0).all()
        assert (labels.xyxy <= np.tile(CROP_WH, 2)).all()
        labelled += len(labels.xyxy)
    assert labelled > 60


def test_pasting_leaves_the_sample_as_it_was(street: list[Sample]) -> None:
    before = street[0].picture.copy()
    pasting = Pasting(all_cut_outs(street), 110.0, np.random.default_rng(2))
    pasted = [pasting(street[0]) for _ in range(5)]
    assert np.array_equal(street[0].picture, before)
    assert any(not np.array_equal(p.picture, before) for p in pasted)


def test_the_same_seed_gives_the_same_variations(street: list[Sample]) -> None:
    def some() -> list[bytes]:
        variation = varied(street)
        return [variation()[0].tobytes() for _ in range(5)]

    assert some() == some()


def test_a_drawn_two_wheeler_fills_its_picture() -> None:
    rng = np.random.default_rng(1)
    for _ in range(20):
        bgr, mask = two_wheeler(rng)
        assert bgr.shape[:2] == mask.shape
        assert 0.1 < (mask > 128).mean() < 0.9


def test_a_weak_box_round_sure_ones_is_dropped() -> None:
    boxes = np.array([[10, 10, 20, 20], [0, 0, 90, 90], [50, 50, 60, 60]], np.float32)
    labels = Labels(boxes, np.array([0, 2, 0], np.int8), np.array([False, True, True]))
    kept = without_doubt_over_doubtless(labels)
    assert kept.xyxy.tolist() == boxes[[0, 2]].tolist()


def test_covered_is_a_share_of_the_other() -> None:
    others = np.array([[0, 0, 10, 10], [5, 0, 15, 10], [40, 40, 50, 50]], np.float32)
    assert covered(np.array([0, 0, 10, 10]), others).tolist() == [1.0, 0.5, 0.0]


@pytest.mark.data
def test_clips_that_are_learned_from_are_there(data_dir: Path) -> None:
    assert not [name for name in CLIPS if not (data_dir / "videos" / f"{name}.mp4").is_file()]
