"""Registered models on disk: a copy under its own hash, which nobody edits, beside its notes."""

from collections.abc import Callable
from pathlib import Path

import msgspec

from its_camera_ai.core.errors import ModelInvalid
from its_camera_ai.core.models import ModelRef
from its_camera_ai.store.model_registry import ModelRegistry, ModelVersion
from its_camera_ai.vision.catalogue import MOVING_OBJECTS, Catalogue
from its_camera_ai.vision.detector import DetectorModel
from its_camera_ai.vision.golden import (
    GoldenFindings,
    golden_difference,
    golden_findings,
    is_comparable,
)
from its_camera_ai.vision.model_entry import NOTHING_TO_COMPARE
from its_camera_ai.vision.model_files import sha256_of, write_durably
from its_camera_ai.vision.own_models import SUFFIXES, own_file, sidecar_path

FOLDER = "registered"
"""Beneath the models folder."""

LoadModel = Callable[[str, tuple[int, int] | None], DetectorModel]
"""``load_model`` of a name or path at an input size, the rest as the settings want it."""


class RegisteredModels:
    """Registers models, and loads what was registered.

    Args:
        load: how a model is loaded on this machine (runtime, threads, thresholds).
    """

    def __init__(self, registry: ModelRegistry, models_dir: Path, load: LoadModel) -> None:
        self._registry = registry
        self._models_dir = models_dir
        self._load = load

    def register(
        self,
        source: str,
        *,
        name: str = "",
        input_wh: tuple[int, int] | None = None,
        notes: str = "",
    ) -> ModelVersion:
        """Run a model over the golden pictures, keep a copy of its file, give it a number.

        Args:
            source: what ``load_model`` takes: a catalogue name, an added model's, or a path.
            name: what to register it as; the model's own name if empty.

        Raises:
            ModelInvalid: it can't be loaded, or fails at a golden picture.
            ConfigInvalid: the name can't be taken, or it is registered already.
            StorageUnavailable: the copy can't be written.
        """
        model = self._load(source, input_wh)
        try:
            info = model.info
            findings = golden_findings(model)
            golden = msgspec.to_builtins(findings) if is_comparable(model) else []
        finally:
            model.close()
        if info.sha256:
            self._keep(self._file_of(source), info.sha256)
        return self._registry.add(
            ModelVersion(
                name=name or info.name,
                version=0,
                source=Path(source).name,
                sha256=info.sha256,
                family=info.family,
                licence=info.licence,
                input_wh=info.input_wh,
                golden=golden,
                notes=notes,
                registered_ns=0,
            )
        )

    def load_source(self, source: str, input_wh: tuple[int, int] | None) -> DetectorModel:
        """A model that is not registered, by what ``load_model`` takes."""
        return self._load(source, input_wh)

    def load(self, ref: ModelRef) -> DetectorModel:
        """The registered model, as it was registered.

        Raises:
            ModelInvalid: its file is missing, altered or can't be used.
            ConfigInvalid: no such version.
        """
        version = self._registry.find(str(ref))
        if not version.sha256:
            return self._load(MOVING_OBJECTS, None)
        path = self._path(version.sha256)
        if not path.is_file() or sha256_of(path) != version.sha256:
            raise ModelInvalid(
                f"The file of {ref} is missing or altered ({path.name} in the folder "
                f"'{FOLDER}' of the models); register the model again."
            )
        return self._load(str(path), version.input_wh)

    def difference(self, ref: ModelRef, model: DetectorModel) -> str:
        """How its findings in the golden pictures differ from those at its registration: empty if
        they don't, ``NOTHING_TO_COMPARE`` for a model of the package."""
        golden = self._registry.find(str(ref)).golden
        if not golden:
            return NOTHING_TO_COMPARE
        expected = msgspec.convert(golden, list[GoldenFindings])
        return golden_difference(expected, golden_findings(model))

    def _path(self, sha256: str) -> Path:
        return self._models_dir / FOLDER / f"{sha256}.onnx"

    def _file_of(self, source: str) -> Path:
        """The file behind what ``load_model`` was given."""
        if "/" in source or source.endswith(SUFFIXES):
            return Path(source)
        added = own_file(self._models_dir, source)
        return added or Catalogue.shipped().path(source, self._models_dir)

    def _keep(self, file: Path, sha256: str) -> None:
        kept = self._path(sha256)
        if not kept.is_file() or sha256_of(kept) != sha256:
            write_durably(kept, [file.read_bytes()])
        if sha256_of(kept) != sha256:
            raise ModelInvalid(f"{file} was changed while it was being registered; try again.")
        if sidecar_path(file).is_file():
            write_durably(sidecar_path(kept), [sidecar_path(file).read_bytes()])
