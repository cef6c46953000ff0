import numpy as np
import pytest

from its_camera_ai.vision.background import Blob
from its_camera_ai.vision.blob_classifier import (
    BlobClassifier,
    BlobKind,
    ClassifierWeights,
    features,
)


def blob(width: int, height: int, left: int = 10, top: int = 10) -> Blob:
    return Blob((left, top, width, height), np.full((height, width), 255, np.uint8))


def picture() -> np.ndarray:
    rng = np.random.default_rng(2)
    return rng.integers(0, 255, (270, 480, 3), dtype=np.uint8)


def test_the_shipped_weights_fit_the_features() -> None:
    classifier = BlobClassifier.shipped()
    row = features(picture(), blob(30, 60))
    assert classifier.mean.shape == classifier.scale.shape == row.shape
    assert classifier.weight.shape == (len(BlobKind), len(row))
    assert classifier.bias.shape == (len(BlobKind),)
    assert (classifier.scale > 0).all()


def test_probabilities_sum_to_one() -> None:
    rows = np.stack([features(picture(), blob(w, 40)) for w in (5, 40, 200)])
    probability = BlobClassifier.shipped().probabilities(rows)
    assert probability.shape == (3, len(BlobKind))
    assert probability.sum(axis=1) == pytest.approx(1)


def test_features_ignore_size_and_place() -> None:
    flat = np.full((270, 480, 3), 120, np.uint8)
    small = features(flat, blob(30, 60))
    large = features(flat, blob(90, 180, left=200, top=50))
    assert small == pytest.approx(large, abs=0.05)


def test_features_tell_upright_from_lying() -> None:
    flat = np.full((270, 480, 3), 120, np.uint8)
    assert np.abs(features(flat, blob(30, 60)) - features(flat, blob(60, 30))).max() > 1


@pytest.mark.parametrize(("width", "height"), [(1, 1), (1, 50), (50, 1), (3, 2)])
def test_tiny_blobs_have_finite_features(width: int, height: int) -> None:
    assert np.isfinite(features(picture(), blob(width, height))).all()


def test_softmax_by_hand() -> None:
    weights = ClassifierWeights(
        mean=[1.0], scale=[2.0], weight=[[0.0], [1.0]], bias=[0.0, 0.5],
        made_by="", trained_on=[], held_out=[],
    )  # fmt: skip
    probability = BlobClassifier.of(weights).probabilities(np.array([[4.0]]))
    assert probability[0, 1] == pytest.approx(1 / (1 + np.exp(-2.0)))
