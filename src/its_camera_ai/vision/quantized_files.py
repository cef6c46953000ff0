"""8-bit models in the models folder: what they are made from, and where they are put."""

import json
import re
from pathlib import Path

import msgspec

from its_camera_ai.core.errors import ModelInvalid
from its_camera_ai.vision.catalogue import MOVING_OBJECTS, Catalogue
from its_camera_ai.vision.model_files import sha256_of, write_durably
from its_camera_ai.vision.own_models import OwnModel, own_file, read_sidecar, sidecar_path
from its_camera_ai.vision.quantization_facts import Quantization

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


def network_file(name: str, models_dir: Path, catalogue: Catalogue) -> tuple[Path, OwnModel]:
    """The file that serves as a model, and how it is fed and read.

    Args:
        name: of the catalogue, or of a model that was added.

    Raises:
        ModelInvalid: unknown, not on this machine, altered, or no ONNX network.
    """
    if name == MOVING_OBJECTS:
        raise ModelInvalid(
            f"{MOVING_OBJECTS} is no network; name one of those that 'itscam models list' shows."
        )
    own_path = own_file(models_dir, name)
    if own_path is not None:
        own, path = read_sidecar(sidecar_path(own_path)), own_path
        if path.suffix != ".onnx":
            raise ModelInvalid(
                f"'{name}' is in OpenVINO's own format, not in ONNX; quantise it with OpenVINO's "
                "tools, or add its ONNX file."
            )
        if not path.is_file() or sha256_of(path) != own.sha256:
            raise ModelInvalid(
                f"{path} is not the file that was added; add it again with: itscam models add"
            )
        return path, own
    entry = catalogue.find(name)
    path = catalogue.path(name, models_dir)
    digest = sha256_of(path)
    if digest not in {file.sha256 for file in entry.files}:
        raise ModelInvalid(f"{path} was altered; fetch it again with: itscam models pull {name}")
    return path, OwnModel(name, entry.family, ["coco"], digest, entry.licence)


def check_name(name: str, models_dir: Path, catalogue: Catalogue) -> None:
    """Refuse a name that an 8-bit model can't take.

    Raises:
        ModelInvalid: of another form, the catalogue's, or of a model that was added.
    """
    taken = {MOVING_OBJECTS, *(entry.name for entry in catalogue.entries())}
    path = own_file(models_dir, name)
    if path is not None and read_sidecar(sidecar_path(path)).quantization is None:
        taken.add(name)
    if not _NAME.fullmatch(name) or name in taken:
        raise ModelInvalid(
            f"'{name}' can't be the name of the 8-bit model; give another one with --name: "
            "lower-case letters, digits, dots and dashes, and no other model's."
        )


def keep(model: bytes, name: str, source: OwnModel, facts: Quantization, models_dir: Path) -> Path:
    """Put an 8-bit model and its description into the models folder; replaces an older one.

    Raises:
        StorageUnavailable: the folder can't be written.
    """
    target = models_dir / f"{name}.onnx"
    write_durably(target, [model])
    own = msgspec.structs.replace(source, name=name, sha256=sha256_of(target), quantization=facts)
    text = json.dumps(msgspec.to_builtins(own), indent=2) + "\n"
    write_durably(sidecar_path(target), [text.encode()])
    return target
