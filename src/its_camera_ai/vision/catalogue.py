"""The catalogue of detector models: what there is, where it comes from, what is on this machine."""

import hashlib
import json
import re
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from importlib import resources
from pathlib import Path

import msgspec

from its_camera_ai.core.errors import ModelInvalid
from its_camera_ai.vision import openvino_file
from its_camera_ai.vision.download import Opener, Progress, download, open_https
from its_camera_ai.vision.letterbox import Normalisation
from its_camera_ai.vision.model_files import sha256_of, write_durably
from its_camera_ai.vision.onnx_resize import any_size
from its_camera_ai.vision.own_models import (
    OwnModel,
    own_file,
    own_models,
    own_network,
    sidecar_path,
)
from its_camera_ai.vision.runtime import RuntimeChoice

MOVING_OBJECTS = "moving-objects"
"""The name of the detector that comes with the package and needs no file."""

PULL_TIMEOUT_S = 300.0
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


class ModelFile(msgspec.Struct, frozen=True):
    """One exact file. ``input_wh`` is the size it runs at if nobody asks for another."""

    file: str
    bytes: int
    sha256: str
    input_wh: tuple[int, int]


class CatalogueEntry(msgspec.Struct, frozen=True):
    """One model that can be fetched.

    Attributes:
        name: what the configuration and the command line call it.
        what: one line for people.
        family: see ``vision.families``.
        job: what for; ``detect``.
        licence: of the weights, as the publisher states it.
        url, bytes, sha256: the publisher's file, pinned.
        file: its name in the models folder.
        input_wh: the size that this file is fixed to.
        recommended: the one to take if in doubt.
        tried: we have run exactly these bytes; else only size and hash are known.
        any_size: the variant that we make from it after the download.
    """

    name: str
    what: str
    family: str
    job: str
    licence: str
    url: str
    bytes: int
    sha256: str
    file: str
    input_wh: tuple[int, int]
    recommended: bool
    tried: bool
    any_size: ModelFile | None = None

    @property
    def files(self) -> tuple[ModelFile, ...]:
        """The files that serve as this model, the preferred one first."""
        original = ModelFile(self.file, self.bytes, self.sha256, self.input_wh)
        return (original,) if self.any_size is None else (self.any_size, original)


class FileState(StrEnum):
    OK = "ok"
    MISSING = "missing"
    ALTERED = "altered"


@dataclass(frozen=True, slots=True)
class ModelState:
    """What ``verify`` found: the model, its file (None where there is none), and its state."""

    name: str
    path: Path | None
    state: FileState


class Catalogue:
    """The models that we know, plus those a user added to a models folder.

    Args:
        entries: names are unique.
        opener: how files are fetched.
    """

    def __init__(self, entries: Sequence[CatalogueEntry], opener: Opener = open_https) -> None:
        self._entries = tuple(entries)
        self._opener = opener

    @classmethod
    def shipped(cls, opener: Opener = open_https) -> "Catalogue":
        """The catalogue that comes with the package."""
        text = (resources.files("its_camera_ai.vision") / "assets" / "models.json").read_bytes()
        table = msgspec.json.decode(text, type=dict[str, list[CatalogueEntry]])
        return cls(table["models"], opener)

    def entries(self) -> tuple[CatalogueEntry, ...]:
        return self._entries

    def find(self, name: str) -> CatalogueEntry:
        """The entry of that name.

        Raises:
            ModelInvalid: there is none.
        """
        for entry in self._entries:
            if entry.name == name:
                return entry
        raise ModelInvalid(
            f"There is no model '{name}' in the catalogue; take one of "
            f"{', '.join(e.name for e in self._entries)} or {MOVING_OBJECTS}, or add your own "
            "file with: itscam models add"
        )

    def by_sha256(self, sha256: str) -> tuple[CatalogueEntry, ModelFile] | None:
        """Whose file this is, whatever it is called."""
        for entry in self._entries:
            for file in entry.files:
                if file.sha256 == sha256:
                    return entry, file
        return None

    def path(self, name: str, models_dir: Path) -> Path:
        """The file on this machine that serves as that model, any-size variant first.

        Raises:
            ModelInvalid: no such model, or its file is not here; the message says how to get it.
        """
        entry = self.find(name)
        for file in entry.files:
            if (models_dir / file.file).is_file():
                return models_dir / file.file
        raise ModelInvalid(
            f"The model '{name}' is not in {models_dir}; fetch it with: itscam models pull {name}"
        )

    def pull(
        self,
        name: str,
        models_dir: Path,
        progress: Progress | None = None,
        timeout_s: float = PULL_TIMEOUT_S,
    ) -> Path:
        """Fetch a model, check it, and make its any-size variant.

        Returns:
            The file that ``path`` gives from now on. A right file already there is kept.

        Raises:
            DownloadFailed: offline, too slow, or broken off; try again.
            ModelInvalid: no such model, or other bytes came than the catalogue names.
            StorageUnavailable: the folder can't be written.
        """
        entry = self.find(name)
        preferred = entry.files[0]
        if _is(models_dir / preferred.file, preferred):
            return models_dir / preferred.file
        original = models_dir / entry.file
        if not _is(original, entry.files[-1]):
            download(
                entry.url,
                original,
                size_bytes=entry.bytes,
                sha256=entry.sha256,
                timeout_s=timeout_s,
                progress=progress,
                opener=self._opener,
            )
        if entry.any_size is not None:
            write_durably(models_dir / entry.any_size.file, [any_size(original.read_bytes())])
        return self.path(name, models_dir)

    def verify(self, models_dir: Path) -> list[ModelState]:
        """Hash every known file in the folder; one row per file, one per model that isn't there."""
        states = []
        for entry in self._entries:
            present = [f for f in entry.files if (models_dir / f.file).is_file()]
            if not present:
                states.append(ModelState(entry.name, None, FileState.MISSING))
            states += [_state(entry.name, models_dir / f.file, f.sha256) for f in present]
        states += [
            _state(own.name, own_file(models_dir, own.name), own.sha256)
            for own in self.own(models_dir)
        ]
        return states

    def own(self, models_dir: Path) -> list[OwnModel]:
        """What users added to this folder, by name."""
        return list(own_models(models_dir))

    def add(
        self,
        path: Path,
        models_dir: Path,
        name: str,
        family: str,
        classes: Sequence[str],
        licence: str = "",
        *,
        score_min: float | dict[str, float] | None = None,
        normalisation: Normalisation | None = None,
    ) -> Path:
        """Take a user's own file into the models folder, after running it once.

        Args:
            path: an ONNX file, or the ``.xml`` of OpenVINO's format with its ``.bin`` beside it.
            name: lower-case letters, digits, ``.``, ``_`` and ``-``; none of the catalogue's.
            family, classes, licence, score_min, normalisation: see ``OwnModel``.

        Raises:
            ModelInvalid: a name that can't be taken, or a file that doesn't fit the family.
            StorageUnavailable: the folder can't be written.
        """
        taken = {MOVING_OBJECTS, *(e.name for e in self._entries)}
        if not _NAME.fullmatch(name) or name in taken:
            raise ModelInvalid(
                f"'{name}' can't be the name of your model; choose lower-case letters, digits, "
                f"dots and dashes, and none of {', '.join(sorted(taken))}."
            )
        if not path.is_file():
            raise ModelInvalid(f"There is no model file {path}; correct the path.")
        own_format = path.suffix == ".xml"
        data = openvino_file.packed(path) if own_format else path.read_bytes()
        target = models_dir / f"{name}{openvino_file.SUFFIX if own_format else '.onnx'}"
        own = OwnModel(
            name,
            family,
            list(classes),
            hashlib.sha256(data).hexdigest(),
            licence,
            score_min,
            normalisation,
        )
        with tempfile.TemporaryDirectory() as folder:
            tried = Path(folder) / target.name
            tried.write_bytes(data)
            own_network(tried, own, RuntimeChoice()).close()
        write_durably(target, [data])
        text = json.dumps(msgspec.to_builtins(own), indent=2) + "\n"
        write_durably(sidecar_path(target), [text.encode()])
        return target


def _is(path: Path, file: ModelFile) -> bool:
    return path.is_file() and path.stat().st_size == file.bytes and sha256_of(path) == file.sha256


def _state(name: str, path: Path | None, sha256: str) -> ModelState:
    if path is None or not path.is_file():
        return ModelState(name, None, FileState.MISSING)
    right = sha256_of(path) == sha256
    return ModelState(name, path, FileState.OK if right else FileState.ALTERED)
