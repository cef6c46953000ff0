"""The runtime that was chosen, opened."""

from pathlib import Path

from its_camera_ai.core.errors import ModelInvalid
from its_camera_ai.vision.openvino_file import is_packed
from its_camera_ai.vision.runtime import Runtime, RuntimeChoice, RuntimeName
from its_camera_ai.vision.runtime_onnxruntime import OnnxRuntime
from its_camera_ai.vision.runtime_openvino import OpenVinoRuntime


def open_runtime(path: Path, name: str, choice: RuntimeChoice) -> Runtime:
    """Compile the network of a file for this machine.

    Args:
        path: an ONNX file, or one of OpenVINO's format (``openvino_file``), which OpenVINO runs.
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
    if choice.runtime is RuntimeName.OPENVINO:
        return OpenVinoRuntime(path, choice)
    if is_packed(path):
        if choice.runtime is RuntimeName.AUTO:
            return OpenVinoRuntime(path, choice)
        raise ModelInvalid(
            f"The model '{name}' is of OpenVINO's own format; set ITSCAM_INFERENCE_RUNTIME to "
            "auto or openvino."
        )
    return OnnxRuntime(path, choice)
