"""Models that a user brings: a file, and a description beside it (``NAME.onnx.json``)."""

from collections.abc import Iterator
from pathlib import Path

import msgspec

from its_camera_ai.core.detections import ObjectClass
from its_camera_ai.core.errors import ModelInvalid
from its_camera_ai.vision import openvino_file
from its_camera_ai.vision.families import class_map, family_named
from its_camera_ai.vision.letterbox import Normalisation
from its_camera_ai.vision.network import NetworkDetectorModel
from its_camera_ai.vision.quantization_facts import Quantization
from its_camera_ai.vision.runtime import RuntimeChoice
from its_camera_ai.vision.runtimes import open_runtime
from its_camera_ai.vision.thresholds import SCORE_MIN, ScoreMin

SUFFIXES = (".onnx", openvino_file.SUFFIX)


class OwnModel(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """What the description says.

    Attributes:
        name: what the configuration calls it.
        family: see ``vision.families``.
        classes: our class names in the order of the network's outputs, ``-`` for none; or the one
            name of a list, ``coco`` or ``coco-91``.
        sha256: of the model file.
        licence: of the weights.
        score_min: weaker findings are not reported: one score, or one per class name; classes that
            are not named have 0.2.
        normalisation: how pixels are fed, where it is not as the family is.
        quantization: of an 8-bit model, how it was made.
    """

    name: str
    family: str
    classes: list[str]
    sha256: str
    licence: str = ""
    score_min: float | dict[str, float] | None = None
    normalisation: Normalisation | None = None
    quantization: Quantization | None = None


def own_network(
    path: Path,
    own: OwnModel,
    choice: RuntimeChoice,
    *,
    input_wh: tuple[int, int] | None = None,
    score_min: ScoreMin | None = None,
) -> NetworkDetectorModel:
    """Load a model by its description.

    Args:
        score_min: None takes the description's.

    Raises:
        ModelInvalid: the file is missing or doesn't fit the description.
        ConfigInvalid: the chosen runtime or device isn't there.
    """
    family, classes = family_named(own.family), class_map(own.classes)
    runtime = open_runtime(path, own.name, choice)
    return NetworkDetectorModel(
        runtime,
        name=own.name,
        family=family,
        classes=classes,
        licence=own.licence,
        sha256=own.sha256,
        input_wh=input_wh,
        batch=choice.batch,
        score_min=_described(own) if score_min is None else score_min,
        normalisation=own.normalisation,
    )


def own_file(models_dir: Path, name: str) -> Path | None:
    """The file of a model that was added under that name, None if there is none."""
    for suffix in SUFFIXES:
        path = models_dir / f"{name}{suffix}"
        if sidecar_path(path).is_file():
            return path
    return None


def own_models(models_dir: Path) -> Iterator[OwnModel]:
    """The descriptions of what was added to a folder, by name.

    Raises:
        ModelInvalid: one of them makes no sense.
    """
    found = [path for suffix in SUFFIXES for path in models_dir.glob(f"*{suffix}.json")]
    return (read_sidecar(path) for path in sorted(found))


def sidecar_path(model: Path) -> Path:
    """Where the description of a model file lies."""
    return model.with_name(model.name + ".json")


def read_sidecar(path: Path) -> OwnModel:
    """Read a description.

    Raises:
        ModelInvalid: it is not there or makes no sense.
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=OwnModel)
    except (OSError, msgspec.MsgspecError) as error:
        raise ModelInvalid(
            f"{path} does not describe a model ({error}); add the file again with: "
            "itscam models add"
        ) from error


def _described(own: OwnModel) -> ScoreMin:
    if not isinstance(own.score_min, dict):
        return SCORE_MIN if own.score_min is None else own.score_min
    known = {c.label: c for c in ObjectClass}
    unknown = [name for name in own.score_min if name not in known]
    if unknown:
        raise ModelInvalid(
            f"The model '{own.name}' has a score for unknown classes {', '.join(unknown)}; use "
            f"{', '.join(known)}."
        )
    return {known[name]: score for name, score in own.score_min.items()}
