"""The same person is nearer than another one; what can't be told is not told."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from its_camera_ai.core.errors import ModelInvalid
from its_camera_ai.video.files import open_video
from its_camera_ai.vision.reidentification import OSNET, RETAIL_0287, Feeding, Reidentification
from its_camera_ai.vision.runtime import Outputs, RuntimeChoice, RuntimeInfo, TensorSpec
from its_camera_ai.vision.runtimes import open_runtime


class MeanColour:
    """Stands in for a network: gives back the mean of each channel it was fed."""

    info = RuntimeInfo("test", "1", "cpu", 1, "fp32")
    inputs = (TensorSpec("images", (1, 3, 256, 128), "float32"),)
    output_names = ("colour",)

    def run(self, feeds: Mapping[str, npt.NDArray[Any]]) -> Outputs:
        return {"colour": feeds["images"].mean(axis=(2, 3))}

    def close(self) -> None: ...


def test_vectors_have_length_one_and_small_boxes_none() -> None:
    frame = np.zeros((100, 200, 3), np.uint8)
    frame[:, 100:] = (0, 0, 200)
    boxes = np.array([[110, 10, 150, 90], [110, 10, 115, 20], [500, 10, 540, 90]], np.float32)
    found = Reidentification(MeanColour(), "test", Feeding()).features(frame, boxes)
    np.testing.assert_allclose(found, [[1, 0, 0], [0, 0, 0], [0, 0, 0]], atol=1e-6)


def test_another_input_is_refused() -> None:
    with pytest.raises(ModelInvalid, match="needs one of"):
        Reidentification(MeanColour(), "test", RETAIL_0287)


@pytest.mark.data
@pytest.mark.parametrize(
    ("file", "feeding"),
    [("osnet_x0_25_msmt17", OSNET), ("person_reid_0287", RETAIL_0287)],
)
def test_the_same_person_is_nearer_than_another(
    data_dir: Path, file: str, feeding: Feeding
) -> None:
    """Persons who come one by one, two looks a second apart each, boxes by eye-checked tracks."""
    runtime = open_runtime(data_dir / "models" / f"{file}.onnx", file, RuntimeChoice())
    look = Reidentification(runtime, file, feeding)
    table = np.loadtxt(data_dir / "labels" / "mot" / "room_one_by_one_intel.txt", delimiter=",")
    wanted: dict[int, list[tuple[int, npt.NDArray[np.float64]]]] = {}
    for track in np.unique(table[:, 1]).astype(int):
        rows = table[table[:, 1] == track]
        middle = len(rows) // 2
        if len(rows) >= 40:
            for row in rows[[middle, middle + 10]]:
                wanted.setdefault(int(row[0]), []).append((track, row[2:6]))
    seen: dict[int, list[npt.NDArray[np.float32]]] = {}
    clip = open_video(data_dir / "videos" / "room_one_by_one_intel.mp4")
    try:
        for number, frame in enumerate(clip.frames(), start=1):
            for track, (left, top, width, height) in wanted.get(number, ()):
                box = np.array([[left, top, left + width, top + height]])
                seen.setdefault(track, []).append(look.features(frame.bgr(), box)[0])
    finally:
        clip.close()
        runtime.close()
    first, later = (np.stack([pair[k] for pair in seen.values()]) for k in (0, 1))
    likeness = first @ later.T
    assert len(likeness) >= 4
    nearer = np.diag(likeness)[:, None] > likeness
    assert nearer.sum() >= 0.9 * len(likeness) * (len(likeness) - 1)
