"""Models of OpenVINO's own format: taken in as one file, run by OpenVINO alone."""

import zipfile
from pathlib import Path

import numpy as np
import pytest

from its_camera_ai.core.detections import ObjectClass
from its_camera_ai.core.errors import ModelInvalid
from its_camera_ai.vision.catalogue import Catalogue, FileState
from its_camera_ai.vision.loading import load_model
from its_camera_ai.vision.openvino_file import is_packed, packed, unpacked
from its_camera_ai.vision.runtime import RuntimeChoice, RuntimeName
from tests.support.tiny_models import SIDE, constant_model, ssd_of_openvino

FRAME = np.zeros((SIDE, 2 * SIDE, 3), np.uint8)


@pytest.fixture(scope="module")
def xml(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return ssd_of_openvino(tmp_path_factory.mktemp("ir"))


def test_a_detector_as_intel_publishes_them(xml: Path, tmp_path: Path) -> None:
    catalogue = Catalogue.shipped()
    added = catalogue.add(xml, tmp_path, "crossroad", "ssd", ["-", "car", "person"])
    assert added == tmp_path / "crossroad.openvino"
    assert catalogue.verify(tmp_path)[-1].state is FileState.OK
    for name in ("crossroad", str(added)):
        model = load_model(name, models_dir=tmp_path)
        assert model.info.runtime is not None
        assert (model.info.runtime.runtime, model.info.runtime.precision) == ("openvino", "fp32")
        found = model.open("cam").detect(FRAME, 0)
        assert found.class_id.tolist() == [ObjectClass.CAR, ObjectClass.PERSON]
        assert found.score == pytest.approx([0.9, 0.6])
        assert found.xyxy.tolist() == [[32, 32, 64, 48], [0, 0, 32, 16]]


def test_another_runtime_is_refused(xml: Path, tmp_path: Path) -> None:
    Catalogue.shipped().add(xml, tmp_path, "crossroad", "ssd", ["-", "car", "person"])
    with pytest.raises(ModelInvalid, match="ITSCAM_INFERENCE_RUNTIME"):
        load_model("crossroad", models_dir=tmp_path, choice=RuntimeChoice(RuntimeName.ONNXRUNTIME))


def test_an_altered_file_is_refused(xml: Path, tmp_path: Path) -> None:
    catalogue = Catalogue.shipped()
    added = catalogue.add(xml, tmp_path, "crossroad", "ssd", ["-", "car", "person"])
    added.write_bytes(added.read_bytes() + b"x")
    assert catalogue.verify(tmp_path)[-1].state is FileState.ALTERED
    with pytest.raises(ModelInvalid, match="was altered"):
        load_model("crossroad", models_dir=tmp_path)


def test_equal_models_make_equal_files_and_come_back(xml: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.openvino"
    path.write_bytes(packed(xml))
    assert packed(xml) == path.read_bytes()
    assert is_packed(path)
    assert unpacked(path) == (xml.read_bytes(), xml.with_suffix(".bin").read_bytes())
    assert not is_packed(constant_model(tmp_path / "m.onnx", {"o": np.zeros((1, 4))}))


def test_weights_that_are_missing(xml: Path, tmp_path: Path) -> None:
    alone = tmp_path / "ssd.xml"
    alone.write_bytes(xml.read_bytes())
    with pytest.raises(ModelInvalid, match=r"there is no ssd\.bin"):
        Catalogue.shipped().add(alone, tmp_path / "models", "mine", "ssd", ["-", "car", "person"])


def test_weights_of_another_network(xml: Path, tmp_path: Path) -> None:
    (tmp_path / "ssd.xml").write_bytes(xml.read_bytes())
    (tmp_path / "ssd.bin").write_bytes(b"few")
    with pytest.raises(ModelInvalid, match=r"can't be read by OpenVINO.*Incorrect weights"):
        Catalogue.shipped().add(
            tmp_path / "ssd.xml", tmp_path / "models", "mine", "ssd", ["-", "car", "person"]
        )
    assert not (tmp_path / "models").exists()


def test_archives_that_hold_something_else(xml: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.openvino"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("readme.txt", "hello")
    with pytest.raises(ModelInvalid, match="holds no network"):
        unpacked(path)
    path.write_bytes(packed(xml)[:-40])
    with pytest.raises(ModelInvalid, match="is damaged"):
        unpacked(path)
