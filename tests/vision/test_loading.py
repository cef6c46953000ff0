import shutil
from pathlib import Path

import numpy as np
import pytest

from its_camera_ai.core.detections import ObjectClass
from its_camera_ai.core.errors import ModelInvalid
from its_camera_ai.vision.catalogue import Catalogue
from its_camera_ai.vision.loading import load_model
from tests.support.tiny_models import constant_model, yolox_output


def own_model(tmp_path: Path) -> Path:
    source = constant_model(tmp_path / "mine.onnx", {"output": yolox_output(classes=2)})
    models = tmp_path / "models"
    Catalogue.shipped().add(source, models, "mine", "yolox", ["bus", "person"], licence="MIT")
    return models


def test_the_embedded_detector_needs_no_folder(tmp_path: Path) -> None:
    model = load_model("moving-objects", models_dir=tmp_path / "none")
    assert model.info.family == "moving"
    assert len(model.open("cam").detect(np.zeros((90, 160, 3), np.uint8), 0)) == 0
    model.close()


def test_an_added_model_is_found_by_name_and_by_path(tmp_path: Path) -> None:
    models = own_model(tmp_path)
    for name in ("mine", str(models / "mine.onnx")):
        info = load_model(name, models_dir=models).info
        assert (info.name, info.family, info.licence) == ("mine", "yolox", "MIT")
        assert info.classes == (ObjectClass.BUS, ObjectClass.PERSON)
        assert len(info.sha256) == 64


def test_an_added_model_that_was_changed_is_refused(tmp_path: Path) -> None:
    models = own_model(tmp_path)
    constant_model(models / "mine.onnx", {"output": yolox_output(classes=2) + 1})
    with pytest.raises(ModelInvalid, match="was altered since it was added"):
        load_model("mine", models_dir=models)


def test_a_file_of_nobody_is_refused(tmp_path: Path) -> None:
    path = constant_model(tmp_path / "mine.onnx", {"output": yolox_output()})
    with pytest.raises(ModelInvalid, match="itscam models add"):
        load_model(str(path), models_dir=tmp_path)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("yolox-nano", "itscam models pull yolox-nano"),
        ("./none.onnx", "There is no model file"),
        ("nonsense", "no model 'nonsense' in the catalogue"),
    ],
)
def test_what_is_not_there_is_said(tmp_path: Path, name: str, says: str) -> None:
    with pytest.raises(ModelInvalid, match=says):
        load_model(name, models_dir=tmp_path)


def test_an_altered_catalogue_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "yolox_nano_416.onnx").write_bytes(b"changed")
    with pytest.raises(ModelInvalid, match="none of the catalogue's files"):
        load_model("yolox-nano", models_dir=tmp_path)


@pytest.mark.data
@pytest.mark.parametrize(
    ("file", "name", "input_wh", "runs_at"),
    [
        ("yolox_nano_dyn.onnx", "yolox-nano", None, (640, 384)),
        ("yolox_nano_dyn.onnx", "yolox-nano", (416, 256), (416, 256)),
        ("yolox_nano_416.onnx", "yolox-nano", None, (416, 416)),
        ("nanodet_m_416.onnx", "nanodet-m", None, (416, 416)),
        ("fastestdet_352.onnx", "fastestdet", None, (352, 352)),
    ],
)
def test_catalogue_files_run_at_their_size(
    data_dir: Path,
    tmp_path: Path,
    file: str,
    name: str,
    input_wh: tuple[int, int] | None,
    runs_at: tuple[int, int],
) -> None:
    shutil.copy(data_dir / "models" / file, tmp_path / file)
    model = load_model(name, models_dir=tmp_path, input_wh=input_wh)
    assert model.info.name == name
    assert model.info.input_wh == runs_at
    assert len(model.open("cam").detect(np.zeros((360, 640, 3), np.uint8), 0)) == 0


@pytest.mark.data
def test_a_catalogue_file_is_known_under_any_name(data_dir: Path, tmp_path: Path) -> None:
    path = tmp_path / "renamed.onnx"
    shutil.copy(data_dir / "models" / "fastestdet_352.onnx", path)
    assert load_model(str(path), models_dir=tmp_path).info.name == "fastestdet"
