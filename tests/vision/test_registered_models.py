"""Registering a model: copied, numbered, and afterwards either the very same or refused."""

import json
from pathlib import Path

import numpy as np
import pytest

from its_camera_ai.core.detections import Detections
from its_camera_ai.core.errors import ConfigInvalid, ModelInvalid
from its_camera_ai.core.models import ModelRef
from its_camera_ai.core.time import SystemClock
from its_camera_ai.store.database import open_database
from its_camera_ai.store.migration import migrate
from its_camera_ai.store.model_registry import ModelRegistry
from its_camera_ai.vision.detector import DetectorModel, ModelInfo
from its_camera_ai.vision.model_entry import NOTHING_TO_COMPARE
from its_camera_ai.vision.model_files import sha256_of
from its_camera_ai.vision.registered_models import RegisteredModels

ONE = ModelRef("mine", 1)


class TextModel:
    """A model whose file says as JSON where it sees a car."""

    areas = None

    def __init__(self, path: Path, input_wh: tuple[int, int] | None) -> None:
        try:
            self._boxes = json.loads(path.read_text())
        except ValueError as error:
            raise ModelInvalid(f"{path} is no model") from error
        self.info = ModelInfo("mine", "text", "MIT", input_wh or (64, 64), (), sha256_of(path))

    def open(self, camera_id: str) -> "TextModel":
        return self

    def detect(self, frame_bgr: np.ndarray, pts_ns: int) -> Detections:
        return Detections.of(self._boxes)

    def close(self) -> None:
        """Nothing to free."""


class Embedded(TextModel):
    def __init__(self) -> None:
        self._boxes = []
        self.info = ModelInfo("moving-objects", "moving", "MIT", (64, 64), ())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "mine.onnx").write_text("[[1, 2, 30, 40]]")
    (tmp_path / "mine.onnx.json").write_text("{}")
    return tmp_path


@pytest.fixture
def registry(tmp_path: Path):  # type: ignore[no-untyped-def]
    database = open_database(f"sqlite:///{tmp_path}/site.db")
    migrate(database)
    yield ModelRegistry(database, SystemClock())
    database.close()


@pytest.fixture
def models(folder: Path, registry: ModelRegistry) -> RegisteredModels:
    def load(source: str, input_wh: tuple[int, int] | None) -> DetectorModel:
        if source == "moving-objects":
            return Embedded()
        path = Path(source) if "/" in source else folder / f"{source}.onnx"
        return TextModel(path, input_wh)

    return RegisteredModels(registry, folder, load)


def test_a_registered_model_outlives_its_source(models: RegisteredModels, folder: Path) -> None:
    version = models.register("mine", input_wh=(96, 64), notes="from the vendor")
    assert (version.ref, version.input_wh, version.notes) == (ONE, (96, 64), "from the vendor")
    (folder / "mine.onnx").write_text("[]")
    model = models.load(ONE)
    assert model.info.input_wh == (96, 64)
    assert models.difference(ONE, model) == ""
    assert (folder / "registered" / f"{version.sha256}.onnx.json").is_file()


def test_another_file_under_the_same_name_is_another_version(
    models: RegisteredModels, folder: Path
) -> None:
    models.register("mine")
    with pytest.raises(ConfigInvalid, match="already, as mine:1"):
        models.register(str(folder / "mine.onnx"))
    (folder / "mine.onnx").write_text("[[5, 5, 90, 90]]")
    assert models.register("mine").ref == ModelRef("mine", 2)
    assert "differ" in models.difference(ONE, models.load(ModelRef("mine", 2)))


@pytest.mark.parametrize("damage", ["altered", "missing"])
def test_a_damaged_copy_is_refused(models: RegisteredModels, folder: Path, damage: str) -> None:
    kept = folder / "registered" / f"{models.register('mine').sha256}.onnx"
    kept.unlink()
    if damage == "altered":
        kept.write_text("[]")
    with pytest.raises(ModelInvalid, match="missing or altered"):
        models.load(ONE)
    with pytest.raises(ConfigInvalid, match="already"):
        models.register("mine")
    assert models.difference(ONE, models.load(ONE)) == "", "registering again mended the copy"


def test_what_is_no_model_is_not_registered(
    models: RegisteredModels, registry: ModelRegistry, folder: Path
) -> None:
    (folder / "mine.onnx").write_text("not a model")
    with pytest.raises(ModelInvalid, match="is no model"):
        models.register("mine")
    assert registry.versions() == []
    assert not (folder / "registered").exists()


def test_the_model_of_the_package_needs_no_file(models: RegisteredModels) -> None:
    ref = models.register("moving-objects").ref
    model = models.load(ref)
    assert models.difference(ref, model) == NOTHING_TO_COMPARE
