"""From a model's name in the configuration to the model in memory."""

from pathlib import Path

from its_camera_ai.core.errors import ModelInvalid
from its_camera_ai.vision.catalogue import (
    MOVING_OBJECTS,
    Catalogue,
    OwnModel,
    read_sidecar,
    sidecar_path,
)
from its_camera_ai.vision.detector import DetectorModel
from its_camera_ai.vision.families import class_map, family_named
from its_camera_ai.vision.model_files import sha256_of
from its_camera_ai.vision.moving import MovingObjectsModel
from its_camera_ai.vision.onnx_model import SCORE_MIN, OnnxDetectorModel


def load_model(
    name_or_path: str,
    *,
    models_dir: Path,
    input_wh: tuple[int, int] | None = None,
    threads: int = 1,
    score_min: float = SCORE_MIN,
    catalogue: Catalogue | None = None,
) -> DetectorModel:
    """Load a detector.

    Args:
        name_or_path: ``moving-objects``, a name of the catalogue, the name of a model that was
            added, or the path of an ONNX file (known by its hash, or with a sidecar beside it).
        models_dir: where model files lie.
        input_wh: input size in pixels; None takes what suits the model.
        threads: per call; 1 is right unless a core would idle.
        score_min: weaker findings are not reported, 0–1.
        catalogue: None takes the one that comes with the package.

    Raises:
        ModelInvalid: unknown, not on this machine, altered, or of another shape.
    """
    if name_or_path == MOVING_OBJECTS:
        return MovingObjectsModel(score_min=score_min)
    catalogue = catalogue or Catalogue.shipped()
    if "/" in name_or_path or name_or_path.endswith(".onnx"):
        path = Path(name_or_path)
    elif (models_dir / f"{name_or_path}.onnx.json").is_file():
        path = models_dir / f"{name_or_path}.onnx"
    else:
        path = catalogue.path(name_or_path, models_dir)
    if not path.is_file():
        raise ModelInvalid(
            f"There is no model file {path}; correct the path, or use a model of the catalogue: "
            "itscam models list"
        )
    digest = sha256_of(path)
    known = catalogue.by_sha256(digest)
    if known is not None:
        entry, file = known
        any_size = entry.any_size is not None and file == entry.any_size
        return OnnxDetectorModel(
            path,
            name=entry.name,
            family=family_named(entry.family),
            licence=entry.licence,
            sha256=digest,
            input_wh=input_wh or (file.input_wh if any_size else None),
            threads=threads,
            score_min=score_min,
        )
    own = _own(path, digest)
    return OnnxDetectorModel(
        path,
        name=own.name,
        family=family_named(own.family),
        classes=class_map(own.classes),
        licence=own.licence,
        sha256=digest,
        input_wh=input_wh,
        threads=threads,
        score_min=score_min,
    )


def _own(path: Path, digest: str) -> OwnModel:
    sidecar = sidecar_path(path)
    if not sidecar.is_file():
        raise ModelInvalid(
            f"{path} is none of the catalogue's files: it was altered, or it is your own. Fetch it "
            "again with itscam models pull, or describe it with itscam models add."
        )
    own = read_sidecar(sidecar)
    if own.sha256 != digest:
        raise ModelInvalid(
            f"{path} was altered since it was added; if that was you, add it again with: "
            "itscam models add"
        )
    return own
