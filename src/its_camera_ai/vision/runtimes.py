"""The runtime that was chosen, opened."""

from pathlib import Path

from its_camera_ai.core.errors import ModelInvalid
from its_camera_ai.vision.runtime import Runtime, RuntimeChoice, RuntimeName
from its_camera_ai.vision.runtime_onnxruntime import OnnxRuntime
from its_camera_ai.vision.runtime_openvino import OpenVinoRuntime

OPENVINO_SUFFIX = ".xml"


def open_runtime(path: Path, name: str, choice: RuntimeChoice) -> Runtime:
    """Compile the network of a file for this machine.

    Args:
        path: an ONNX file, or the ``.xml`` of OpenVINO's own format.
        name: what the model is called, for messages.

    Raises:
        ModelInvalid: the file is missing or can't be read.
        ConfigInvalid: the runtime or device isn't there.
    """
    if not path.is_file():
        raise ModelInvalid(
            f"The model '{name}' is not on this machine ({path}); "
            f"fetch it with: itscam models pull {name}"
        )
    if choice.runtime is RuntimeName.OPENVINO or (
        choice.runtime is RuntimeName.AUTO and path.suffix == OPENVINO_SUFFIX
    ):
        return OpenVinoRuntime(path, choice)
    if path.suffix == OPENVINO_SUFFIX:
        raise ModelInvalid(
            f"{path} is of OpenVINO's own format; set ITSCAM_INFERENCE_RUNTIME=openvino"
        )
    return OnnxRuntime(path, choice)
