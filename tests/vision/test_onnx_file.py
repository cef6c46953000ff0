from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from its_camera_ai.core.errors import ModelInvalid, StorageUnavailable
from its_camera_ai.vision.onnx_file import FILE_BYTES_MAX, OnnxFacts, onnx_facts
from tests.support.tiny_models import constant_model, picture_input, saved


def quantised(path: Path) -> Path:
    nodes = [
        helper.make_node("QuantizeLinear", ["images", "scale", "zero"], ["small"]),
        helper.make_node("DequantizeLinear", ["small", "scale", "zero"], ["o"]),
    ]
    out = helper.make_tensor_value_info("o", TensorProto.FLOAT, (1, 3, 64, 64))
    constants = [
        numpy_helper.from_array(np.float32(1), "scale"),
        numpy_helper.from_array(np.uint8(0), "zero"),
    ]
    return saved(path, nodes, [picture_input()], [out], constants)


def halved(path: Path) -> Path:
    out = helper.make_tensor_value_info("o", TensorProto.FLOAT16, (1, 3, 64, 64))
    return saved(
        path,
        [helper.make_node("Add", ["images", "w"], ["o"])],
        [picture_input(1, 3, 64, 64, kind=TensorProto.FLOAT16)],
        [out],
        [numpy_helper.from_array(np.ones(64, np.float16), "w")],
    )


@pytest.mark.parametrize(
    ("make", "facts"),
    [
        pytest.param(
            lambda p: constant_model(p, {"o": np.zeros((1, 4))}), OnnxFacts("fp32", 13), id="fp32"
        ),
        pytest.param(quantised, OnnxFacts("int8", 13), id="int8"),
        pytest.param(halved, OnnxFacts("fp16", 13), id="fp16"),
    ],
)
def test_facts(tmp_path: Path, make: object, facts: OnnxFacts) -> None:
    path = make(tmp_path / "m.onnx")  # type: ignore[operator]  # one of the functions above
    assert onnx_facts(path) == facts


def test_operators_of_other_vendors_do_not_count_as_the_opset(tmp_path: Path) -> None:
    path = constant_model(tmp_path / "m.onnx", {"o": np.zeros((1, 4))})
    model = onnx.load(path)
    model.opset_import.append(helper.make_opsetid("com.microsoft", 99))
    onnx.save(model, path)
    assert onnx_facts(path).opset == 13


def test_a_file_larger_than_onnx_can_be(tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    with path.open("wb") as file:
        file.truncate(FILE_BYTES_MAX + 1)  # sparse: takes no room on the disk
    with pytest.raises(ModelInvalid, match=r"2\.1 GB, more than"):
        onnx_facts(path)


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(StorageUnavailable, match="check the disk"):
        onnx_facts(tmp_path / "none.onnx")


@pytest.mark.data
@pytest.mark.parametrize(
    ("file", "facts"),
    [
        ("yolox_nano_dyn.onnx", OnnxFacts("fp32", 11)),
        ("pvb_1016_640x384.onnx", OnnxFacts("fp32", 13)),
    ],
)
def test_real_files(data_dir: Path, file: str, facts: OnnxFacts) -> None:
    assert onnx_facts(data_dir / "models" / file) == facts
