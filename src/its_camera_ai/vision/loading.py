"""From a model's name in the configuration to the model in memory."""

from collections.abc import Mapping
from pathlib import Path

from its_camera_ai.core.errors import ModelInvalid
from its_camera_ai.vision.catalogue import MOVING_OBJECTS, Catalogue
from its_camera_ai.vision.detector import DetectorModel
from its_camera_ai.vision.families import family_named
from its_camera_ai.vision.model_files import sha256_of
from its_camera_ai.vision.moving import SCORE_MIN as MOVING_SCORE_MIN
from its_camera_ai.vision.moving import MovingObjectsModel
from its_camera_ai.vision.network import NetworkDetectorModel
from its_camera_ai.vision.own_models import (
    SUFFIXES,
    OwnModel,
    own_file,
    own_network,
    read_sidecar,
    sidecar_path,
)
from its_camera_ai.vision.runtime import RuntimeChoice
from its_camera_ai.vision.runtimes import open_runtime
from its_camera_ai.vision.thresholds import SCORE_MIN, ScoreMin
from its_camera_ai.vision.tuning import as_measured


def load_model(
    name_or_path: str,
    *,
    models_dir: Path,
    input_wh: tuple[int, int] | None = None,
    choice: RuntimeChoice | None = None,
    score_min: ScoreMin | None = None,
    catalogue: Catalogue | None = None,
) -> DetectorModel:
    """Load a detector.

    Args:
        name_or_path: ``moving-objects``, a name of the catalogue, the name of a model that was
            added, or the path of a model file (known by its hash, or with a sidecar beside it).
        models_dir: where model files lie.
        input_wh: input size in pixels; None takes what suits the model.
        choice: how to run it; None, and what it leaves open, is what was measured to be best here
            (``vision.tuning``), else ONNX Runtime with one thread per look.
        score_min: weaker findings are not reported, 0–1, for all classes or class by class; None
            takes what the model's description says, else 0.2.
        catalogue: None takes the one that comes with the package.

    Raises:
        ModelInvalid: unknown, not on this machine, altered, or of another shape.
        ConfigInvalid: the chosen runtime or device isn't there.
    """
    choice = choice or RuntimeChoice()
    if name_or_path == MOVING_OBJECTS:
        return MovingObjectsModel(score_min=_one_score(score_min))
    catalogue = catalogue or Catalogue.shipped()
    if "/" in name_or_path or name_or_path.endswith(SUFFIXES):
        path = Path(name_or_path)
    else:
        own_path = own_file(models_dir, name_or_path)
        path = own_path or catalogue.path(name_or_path, models_dir)
    if not path.is_file():
        raise ModelInvalid(
            f"There is no model file {path}; correct the path, or use a model of the catalogue: "
            "itscam models list"
        )
    digest = sha256_of(path)
    choice = as_measured(choice, models_dir, digest)
    known = catalogue.by_sha256(digest)
    if known is not None:
        entry, file = known
        any_size = entry.any_size is not None and file == entry.any_size
        return NetworkDetectorModel(
            open_runtime(path, entry.name, choice),
            name=entry.name,
            family=family_named(entry.family),
            licence=entry.licence,
            sha256=digest,
            input_wh=input_wh or (file.input_wh if any_size else None),
            batch=choice.batch,
            score_min=SCORE_MIN if score_min is None else score_min,
        )
    own = _own(path, digest)
    return own_network(path, own, choice, input_wh=input_wh, score_min=score_min)


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


def _one_score(score_min: ScoreMin | None) -> float:
    if isinstance(score_min, Mapping):
        raise ModelInvalid(
            f"{MOVING_OBJECTS} takes one score for all classes; give a number, or take a network."
        )
    return MOVING_SCORE_MIN if score_min is None else score_min
