import hashlib
import io
import json
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from its_camera_ai.core.errors import DownloadFailed, ModelInvalid
from its_camera_ai.vision.catalogue import (
    Catalogue,
    CatalogueEntry,
    FileState,
    ModelFile,
)
from its_camera_ai.vision.download import Body
from its_camera_ai.vision.families import FAMILIES
from its_camera_ai.vision.onnx_resize import any_size
from tests.support.tiny_models import constant_model, fixed_yolox, yolox_output

DATA = fixed_yolox()
RESIZED = any_size(DATA)


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


ENTRY = CatalogueEntry(
    name="tiny",
    what="for tests",
    family="yolox",
    job="detect",
    licence="Apache-2.0",
    url="https://models.example/tiny.onnx",
    bytes=len(DATA),
    sha256=digest(DATA),
    file="tiny_416.onnx",
    input_wh=(416, 416),
    recommended=True,
    tried=True,
    any_size=ModelFile("tiny_dyn.onnx", len(RESIZED), digest(RESIZED), (640, 384)),
)


class Server:
    """An opener that counts its calls."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.calls = 0

    def __call__(self, url: str, timeout_s: float) -> Body:
        self.calls += 1
        return io.BytesIO(self.data)


def test_the_shipped_catalogue_is_sound() -> None:
    entries = Catalogue.shipped().entries()
    assert [e.name for e in entries if e.recommended] == ["yolox-nano"]
    assert len({e.name for e in entries}) == len(entries)
    files = [f.file for e in entries for f in e.files]
    assert len(set(files)) == len(files)
    for entry in entries:
        assert entry.family in FAMILIES
        assert entry.job == "detect"
        assert entry.licence
        assert urlsplit(entry.url).scheme == "https"
        for file in entry.files:
            assert len(bytes.fromhex(file.sha256)) == 32
            assert file.bytes > 0
            assert all(side % FAMILIES[entry.family].stride == 0 for side in file.input_wh)


def test_an_unknown_name_is_answered_with_the_known_ones() -> None:
    with pytest.raises(ModelInvalid, match=r"yolox-nano.*moving-objects"):
        Catalogue.shipped().find("yolov99")


def test_pull_fetches_once_and_makes_the_any_size_file(tmp_path: Path) -> None:
    server = Server(DATA)
    catalogue = Catalogue([ENTRY], server)
    path = catalogue.pull("tiny", tmp_path)
    assert path == tmp_path / "tiny_dyn.onnx" == catalogue.path("tiny", tmp_path)
    assert path.read_bytes() == RESIZED
    assert catalogue.pull("tiny", tmp_path) == path
    assert server.calls == 1


def test_pull_takes_an_original_that_lies_there(tmp_path: Path) -> None:
    (tmp_path / "tiny_416.onnx").write_bytes(DATA)
    server = Server(b"")
    assert Catalogue([ENTRY], server).pull("tiny", tmp_path).name == "tiny_dyn.onnx"
    assert server.calls == 0


def test_pull_replaces_altered_files(tmp_path: Path) -> None:
    (tmp_path / "tiny_416.onnx").write_bytes(b"x" * len(DATA))
    (tmp_path / "tiny_dyn.onnx").write_bytes(b"x")
    path = Catalogue([ENTRY], Server(DATA)).pull("tiny", tmp_path)
    assert path.read_bytes() == RESIZED


def test_pull_keeps_nothing_of_a_wrong_file(tmp_path: Path) -> None:
    with pytest.raises(ModelInvalid, match="another file than the catalogue names"):
        Catalogue([ENTRY], Server(DATA[:-1] + b"x")).pull("tiny", tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_pull_offline_is_worth_a_retry(tmp_path: Path) -> None:
    def offline(url: str, timeout_s: float) -> Body:
        raise OSError("network is unreachable")

    with pytest.raises(DownloadFailed, match="network is unreachable"):
        Catalogue([ENTRY], offline).pull("tiny", tmp_path, timeout_s=20)


def test_path_of_a_model_that_is_not_here_names_the_command(tmp_path: Path) -> None:
    with pytest.raises(ModelInvalid, match="itscam models pull tiny"):
        Catalogue([ENTRY]).path("tiny", tmp_path)


def test_path_prefers_the_any_size_file(tmp_path: Path) -> None:
    (tmp_path / "tiny_416.onnx").write_bytes(DATA)
    assert Catalogue([ENTRY]).path("tiny", tmp_path).name == "tiny_416.onnx"
    (tmp_path / "tiny_dyn.onnx").write_bytes(RESIZED)
    assert Catalogue([ENTRY]).path("tiny", tmp_path).name == "tiny_dyn.onnx"


@pytest.mark.parametrize(
    ("content", "states"),
    [
        pytest.param(None, [FileState.MISSING], id="missing"),
        pytest.param(DATA, [FileState.OK], id="right"),
        pytest.param(DATA[:-1], [FileState.ALTERED], id="altered"),
    ],
)
def test_verify_tells_the_state_of_each_file(
    tmp_path: Path, content: bytes | None, states: list[FileState]
) -> None:
    if content is not None:
        (tmp_path / "tiny_416.onnx").write_bytes(content)
    assert [s.state for s in Catalogue([ENTRY]).verify(tmp_path)] == states


def test_verify_in_an_absent_folder_finds_all_missing(tmp_path: Path) -> None:
    states = Catalogue.shipped().verify(tmp_path / "none")
    assert {s.state for s in states} == {FileState.MISSING}


def test_an_own_model_is_checked_copied_and_described(tmp_path: Path) -> None:
    source = constant_model(tmp_path / "mine.onnx", {"output": yolox_output(classes=2)})
    models = tmp_path / "models"
    catalogue = Catalogue([ENTRY])
    target = catalogue.add(source, models, "my-model", "yolox", ["car", "-"], licence="MIT")
    assert target.read_bytes() == source.read_bytes()
    sidecar = json.loads((models / "my-model.onnx.json").read_text())
    assert sidecar == {
        "name": "my-model",
        "family": "yolox",
        "classes": ["car", "-"],
        "sha256": digest(source.read_bytes()),
        "licence": "MIT",
    }
    (own,) = catalogue.own(models)
    assert own.name == "my-model"
    assert catalogue.verify(models)[-1].state is FileState.OK
    target.unlink()
    assert catalogue.verify(models)[-1].state is FileState.MISSING


@pytest.mark.parametrize("name", ["tiny", "moving-objects", "", "../up", "Big", "a b", "x" * 65])
def test_names_that_cannot_be_taken(tmp_path: Path, name: str) -> None:
    source = constant_model(tmp_path / "mine.onnx", {"output": yolox_output()})
    with pytest.raises(ModelInvalid, match="can't be the name"):
        Catalogue([ENTRY]).add(source, tmp_path / "models", name, "yolox", ["car"])
    assert not (tmp_path / "models").exists()


def test_an_own_model_that_does_not_fit_is_not_taken(tmp_path: Path) -> None:
    source = constant_model(tmp_path / "mine.onnx", {"output": yolox_output(classes=2)})
    with pytest.raises(ModelInvalid, match=r"expected \(1, 84, 6\)"):
        Catalogue([ENTRY]).add(source, tmp_path / "models", "mine", "yolox", ["car"])
    assert not (tmp_path / "models").exists()


def test_a_broken_sidecar_is_named(tmp_path: Path) -> None:
    (tmp_path / "mine.onnx.json").write_text("{}")
    with pytest.raises(ModelInvalid, match=r"mine\.onnx\.json does not describe a model"):
        Catalogue([ENTRY]).own(tmp_path)
