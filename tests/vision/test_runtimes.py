"""Both runtimes behind the one port: equal answers, and the same clear errors."""

import importlib
import threading
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from onnx import TensorProto, helper, numpy_helper

from its_camera_ai.core.errors import ConfigInvalid, ModelInvalid
from its_camera_ai.vision.runtime import Device, RuntimeChoice, RuntimeName, TensorSpec
from its_camera_ai.vision.runtime_onnxruntime import OnnxRuntime, device_for, providers_for
from its_camera_ai.vision.runtime_openvino import SHAPES_MAX
from its_camera_ai.vision.runtimes import open_runtime
from tests.support.tiny_models import batch_model, constant_model, picture_input, saved

CPU, CUDA, TENSORRT = (f"{name}ExecutionProvider" for name in ("CPU", "CUDA", "Tensorrt"))
ORT, OPENVINO = RuntimeName.ONNXRUNTIME, RuntimeName.OPENVINO
both = pytest.mark.parametrize("runtime", [ORT, OPENVINO], ids=str)


def rows() -> np.ndarray:
    return np.arange(12, dtype=np.float32).reshape(1, 4, 3)


@both
def test_a_network_tells_its_shape_and_answers(tmp_path: Path, runtime: RuntimeName) -> None:
    path = constant_model(tmp_path / "m.onnx", {"rows": rows(), "more": rows() * 2})
    opened = open_runtime(path, "tiny", RuntimeChoice(runtime))
    assert opened.inputs == (TensorSpec("images", (1, 3, 64, 64), "float32"),)
    assert opened.output_names == ("rows", "more")
    assert (opened.info.runtime, opened.info.device) == (runtime, "cpu")
    assert (opened.info.threads, opened.info.precision) == (1, "fp32")
    assert opened.info.version[:1].isdigit()
    answer = opened.run({"images": np.zeros((1, 3, 64, 64), np.float32)})
    assert list(answer) == ["rows", "more"]
    assert np.array_equal(answer["rows"], rows())
    opened.close()


@both
def test_free_sides_take_what_comes(tmp_path: Path, runtime: RuntimeName) -> None:
    path = batch_model(tmp_path / "m.onnx", rows(), bright=(1, 1))
    opened = open_runtime(path, "tiny", RuntimeChoice(runtime, batch=8))
    assert opened.inputs == (TensorSpec("images", (None, 3, None, None), "float32"),)
    for count, side in ((1, 32), (3, 32), (2, 64)):
        batch = np.stack([np.full((3, side, side), 51 * i, np.float32) for i in range(count)])
        lit = opened.run({"images": batch})["output"][:, 1, 1]
        assert lit == pytest.approx([4 + 0.2 * i for i in range(count)])


def test_openvino_keeps_few_shapes(tmp_path: Path) -> None:
    path = batch_model(tmp_path / "m.onnx", rows(), bright=(0, 0))
    opened = open_runtime(path, "tiny", RuntimeChoice(OPENVINO))
    for side in [*range(1, SHAPES_MAX + 3), 1]:
        lit = opened.run({"images": np.full((1, 3, side, side), 255, np.float32)})["output"]
        assert lit[0, 0, 0] == pytest.approx(1)
    assert len(opened._compiled) == SHAPES_MAX  # type: ignore[attr-defined]  # what it bounds


@both
def test_answers_are_the_caller_s_own(tmp_path: Path, runtime: RuntimeName) -> None:
    path = constant_model(tmp_path / "m.onnx", {"rows": rows()}, bright=("rows", (0, 0, 0)))
    opened = open_runtime(path, "tiny", RuntimeChoice(runtime, streams=2))
    light = opened.run({"images": np.full((1, 3, 64, 64), 255, np.float32)})["rows"]
    opened.run({"images": np.zeros((1, 3, 64, 64), np.float32)})
    assert light[0, 0, 0] == pytest.approx(1)


@both
def test_threads_get_their_own_answers(tmp_path: Path, runtime: RuntimeName) -> None:
    path = constant_model(tmp_path / "m.onnx", {"rows": rows()}, bright=("rows", (0, 0, 0)))
    opened = open_runtime(path, "tiny", RuntimeChoice(runtime, streams=2))
    wrong: list[float] = []

    def ask(grey: int) -> None:
        picture = np.full((1, 3, 64, 64), grey, np.float32)
        for _ in range(50):
            lit = float(opened.run({"images": picture})["rows"][0, 0, 0])
            if abs(lit - grey / 255) > 1e-3:
                wrong.append(lit)

    threads = [threading.Thread(target=ask, args=(grey,)) for grey in (50, 100, 150, 200)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert not any(thread.is_alive() for thread in threads)
    assert not wrong


@both
def test_a_wrong_size_is_told_and_harms_nothing(tmp_path: Path, runtime: RuntimeName) -> None:
    path = constant_model(tmp_path / "m.onnx", {"rows": rows()})
    opened = open_runtime(path, "tiny", RuntimeChoice(runtime))
    with pytest.raises(ModelInvalid, match="broke off"):
        opened.run({"images": np.zeros((1, 3, 32, 64), np.float32)})
    assert len(opened.run({"images": np.zeros((1, 3, 64, 64), np.float32)})) == 1


def garbage(path: Path) -> Path:
    path.write_bytes(b"<html>not found</html>")
    return path


def empty(path: Path) -> Path:
    path.write_bytes(b"")
    return path


def cut(path: Path) -> Path:
    whole = constant_model(path, {"rows": rows()}).read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    return path


def unknown_operator(path: Path) -> Path:
    node = helper.make_node("Frobnicate", ["images"], ["rows"])
    out = helper.make_tensor_value_info("rows", TensorProto.FLOAT, (1, 3, 64, 64))
    return saved(path, [node], [picture_input()], [out])


def future_opset(path: Path) -> Path:
    model = onnx.load(constant_model(path, {"rows": rows()}))
    model.opset_import[0].version = 999
    onnx.save(model, path)
    return path


def external_data(path: Path) -> Path:
    model = onnx.load(constant_model(path, {"rows": np.zeros((1, 64, 64))}))
    onnx.save(model, path, save_as_external_data=True, size_threshold=0, location="weights.bin")
    return path


def huge_constant(path: Path) -> Path:
    nodes = [
        helper.make_node("ConstantOfShape", ["shape"], ["huge"]),
        helper.make_node("ReduceSum", ["huge"], ["sum"], keepdims=0),
        helper.make_node("Add", ["images", "sum"], ["rows"]),
    ]
    shape = numpy_helper.from_array(np.array([10**6, 10**6], np.int64), "shape")
    out = helper.make_tensor_value_info("rows", TensorProto.FLOAT, (1, 3, 64, 64))
    return saved(path, nodes, [picture_input()], [out], [shape])


def boastful_constant(path: Path) -> Path:
    """Says that it has 10¹² values, and has four."""
    model = onnx.load(constant_model(path, {"rows": rows()}))
    del model.graph.initializer[0].dims[:]
    model.graph.initializer[0].dims.extend([10**6, 10**6])
    onnx.save(model, path)
    return path


@both
@pytest.mark.parametrize(
    ("make", "says"),
    [
        pytest.param(garbage, "can't be read as an ONNX model", id="no ONNX file"),
        pytest.param(empty, "can't be read as an ONNX model", id="empty"),
        pytest.param(cut, "can't be read as an ONNX model", id="cut off"),
        pytest.param(unknown_operator, "can't be read", id="unknown operator"),
        pytest.param(external_data, "save it as one file", id="weights in a second file"),
        pytest.param(huge_constant, "fill the memory", id="huge constant"),
        pytest.param(boastful_constant, "fill the memory", id="constant of false size"),
    ],
)
def test_files_that_are_refused(tmp_path: Path, runtime: RuntimeName, make: Any, says: str) -> None:
    with pytest.raises(ModelInvalid, match=says):
        open_runtime(make(tmp_path / "m.onnx"), "tiny", RuntimeChoice(runtime))


def test_an_opset_of_the_future_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelInvalid, match=r"can't be read.*opset"):
        open_runtime(future_opset(tmp_path / "m.onnx"), "tiny", RuntimeChoice(ORT))


@both
def test_a_missing_file_names_the_command(tmp_path: Path, runtime: RuntimeName) -> None:
    with pytest.raises(ModelInvalid, match="itscam models pull yolox-nano"):
        open_runtime(tmp_path / "none.onnx", "yolox-nano", RuntimeChoice(runtime))


@pytest.mark.parametrize(
    ("wanted", "available", "device", "providers"),
    [
        pytest.param(Device.AUTO, [CPU], Device.CPU, [CPU], id="auto, CPU build"),
        pytest.param(Device.AUTO, [TENSORRT, CUDA, CPU], Device.CUDA, [CUDA, CPU], id="auto, GPU"),
        pytest.param(Device.CPU, [CUDA, CPU], Device.CPU, [CPU], id="CPU by name"),
        pytest.param(Device.CUDA, [CUDA, CPU], Device.CUDA, [CUDA, CPU], id="CUDA by name"),
        pytest.param(
            Device.TENSORRT,
            [TENSORRT, CUDA, CPU],
            Device.TENSORRT,
            [TENSORRT, CUDA, CPU],
            id="TensorRT falls back to CUDA by operator",
        ),
        pytest.param(
            Device.TENSORRT, [TENSORRT, CPU], Device.TENSORRT, [TENSORRT, CPU], id="no CUDA"
        ),
    ],
)
def test_devices(
    wanted: Device, available: list[str], device: Device, providers: list[str]
) -> None:
    assert device_for(wanted, available) is device
    assert providers_for(device, available) == providers


@pytest.mark.parametrize("device", [Device.CUDA, Device.TENSORRT], ids=str)
@both
def test_a_device_that_is_not_there_is_refused(
    tmp_path: Path, runtime: RuntimeName, device: Device
) -> None:
    path = constant_model(tmp_path / "m.onnx", {"rows": rows()})
    with pytest.raises(ConfigInvalid, match="ITSCAM_INFERENCE_DEVICE=auto"):
        open_runtime(path, "tiny", RuntimeChoice(runtime, device))


@pytest.mark.skipif(CUDA in ort.get_available_providers(), reason="this build can use CUDA")
@pytest.mark.filterwarnings("ignore:Specified provider:UserWarning")
def test_a_gpu_that_does_not_start(tmp_path: Path) -> None:
    """ONNX Runtime only warns and goes on without; whoever asked for the GPU must be told."""
    path = constant_model(tmp_path / "m.onnx", {"rows": rows()})
    auto = OnnxRuntime(path, RuntimeChoice(ORT, Device.AUTO), available=[CUDA, CPU])
    assert auto.info.device == "cpu"
    with pytest.raises(ConfigInvalid, match="check the driver"):
        OnnxRuntime(path, RuntimeChoice(ORT, Device.CUDA), available=[CUDA, CPU])


@pytest.mark.parametrize(
    ("error", "says"),
    [
        pytest.param(
            ModuleNotFoundError("No module named 'openvino'", name="openvino"),
            r"pip install 'its-camera-ai\[openvino\]'",
            id="not installed",
        ),
        pytest.param(
            ImportError("libopenvino.so: undefined symbol", name="openvino._pyopenvino"),
            "does not start.*undefined symbol.*--force-reinstall",
            id="another ABI",
        ),
    ],
)
def test_an_openvino_that_is_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: ImportError, says: str
) -> None:
    def fails(name: str) -> None:
        raise error

    path = constant_model(tmp_path / "m.onnx", {"rows": rows()})
    monkeypatch.setattr(importlib, "import_module", fails)
    with pytest.raises(ConfigInvalid, match=says):
        open_runtime(path, "tiny", RuntimeChoice(OPENVINO))
    assert open_runtime(path, "tiny", RuntimeChoice()).info.runtime == ORT


@pytest.mark.data
def test_both_runtimes_agree_on_a_real_network(data_dir: Path) -> None:
    rng = np.random.default_rng(7)
    picture = rng.integers(0, 255, (1, 3, 192, 320)).astype(np.float32)
    answers = []
    for runtime in (ORT, OPENVINO):
        path = data_dir / "models" / "yolox_nano_dyn.onnx"
        opened = open_runtime(path, "yolox-nano", RuntimeChoice(runtime, streams=1))
        answers.append(opened.run({"images": picture})["output"])
        opened.close()
    assert answers[0].shape == (1, 24 * 40 + 12 * 20 + 6 * 10, 85)
    assert answers[1] == pytest.approx(answers[0], abs=1e-3)
