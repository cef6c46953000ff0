"""The shift of a shaken camera, and what it is worth to the tracker."""

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from its_camera_ai.core.detections import Detections
from its_camera_ai.sim.street import open_street
from its_camera_ai.tracking.tracker import Tracker
from its_camera_ai.vision.camera_motion import CameraMotion

SIZE_WH = (640, 360)


def moved(luma: npt.NDArray[np.uint8], dx: float, dy: float) -> npt.NDArray[np.uint8]:
    affine = np.array([[1, 0, dx], [0, 1, dy]], np.float64)
    shifted = cv2.warpAffine(luma, affine, SIZE_WH, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(shifted, np.uint8)


@pytest.fixture(scope="module")
def street() -> npt.NDArray[np.uint8]:
    backdrop = open_street("intersection", seed=3, size_wh=SIZE_WH).backdrop
    return np.asarray(cv2.cvtColor(backdrop, cv2.COLOR_BGR2GRAY), np.uint8)


@pytest.mark.parametrize(("dx", "dy"), [(6, 0), (-9, 4), (2.5, -12)])
def test_a_shift_is_measured(street: npt.NDArray[np.uint8], dx: float, dy: float) -> None:
    motion = CameraMotion()
    assert motion.update(street) is None
    found = motion.update(moved(street, dx, dy))
    assert found is not None
    np.testing.assert_allclose(found[:, 2], [dx, dy], atol=1.0)
    np.testing.assert_allclose(found[:, :2], np.eye(2))


def test_nothing_is_said_where_the_picture_does_not_tell(street: npt.NDArray[np.uint8]) -> None:
    noise = np.random.default_rng(1).integers(0, 255, (2, 360, 640), dtype=np.uint8)
    for before, now in (
        (street, street),
        (street, moved(street, 200, 0)),
        (noise[0], noise[1]),
        (np.zeros_like(street), np.zeros_like(street)),
        (street, street[::2, ::2]),
    ):
        motion = CameraMotion()
        motion.update(before)
        assert motion.update(now) is None


def breaks(*, hinted: bool) -> int:
    """Ids that more than one road user had, or that a road user had one after another."""
    street = open_street("intersection", seed=5, size_wh=SIZE_WH, fps=5)
    rng = np.random.default_rng(11)
    motion, tracker = CameraMotion(), Tracker()
    ids: dict[int, int] = {}
    broken = 0
    for k in range(60):
        frame = street.frame(k)
        shake = rng.uniform(-24, 24, 2)
        luma = moved(np.asarray(cv2.cvtColor(frame.bgr, cv2.COLOR_BGR2GRAY), np.uint8), *shake)
        known = motion.update(luma)
        seen = [o for o in frame.truth if o.visible > 0.6 and o.xyxy[3] - o.xyxy[1] > 12]
        boxes = [np.add(o.xyxy, [*shake, *shake]).tolist() for o in seen]
        found = Detections.of(boxes, class_id=[o.class_id for o in seen])
        tracks = tracker.update(
            found, frame.pts_ns, 0, SIZE_WH, camera_motion=known if hinted else None
        )
        for thing, box in zip(seen, found.xyxy, strict=True):
            row = np.flatnonzero(tracks.observed & (np.abs(tracks.xyxy - box).max(axis=1) < 0.01))
            if len(row):
                track_id = int(tracks.track_id[row[0]])
                broken += ids.setdefault(thing.id, track_id) != track_id
                ids[thing.id] = track_id
    return broken


def test_ids_hold_on_a_shaken_mast_with_the_hint_and_break_without() -> None:
    with_hint, without = breaks(hinted=True), breaks(hinted=False)
    assert without >= 10
    assert with_hint <= without / 4
