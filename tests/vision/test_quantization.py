"""8-bit models: what goes to 8 bits, what is refused, what is kept."""

from pathlib import Path

import numpy as np
import onnx
import pytest

from its_camera_ai.core.errors import ConfigInvalid, ModelInvalid
from its_camera_ai.vision import quantization
from its_camera_ai.vision.calibration import SitePicture
from its_camera_ai.vision.catalogue import Catalogue
from its_camera_ai.vision.detector import DetectorModel
from its_camera_ai.vision.loading import load_model
from its_camera_ai.vision.own_models import OwnModel
from its_camera_ai.vision.quantization import Attempt, Verdict, attempts_for_cpu, quantize
from its_camera_ai.vision.quantization_facts import Quantization
from its_camera_ai.vision.quantization_layout import LAYOUTS, kept_in_32_bits, prepared
from its_camera_ai.vision.quantized_files import check_name, keep, network_file
from its_camera_ai.vision.runtime import RuntimeName
from tests.support.tiny_network import CLASSES, bright_squares_network, square_pictures

OWN = OwnModel("squares", "yolox", CLASSES, "", "CC0-1.0")
ALL = [Attempt(0, reduced=False)]


def matched(before: DetectorModel, after: DetectorModel) -> Verdict:
    """Share of the first model's findings whose score the second one gives within 0.1."""
    right = total = 0
    for picture in square_pictures(4, seed=9):
        first = before.open("north").detect(picture.bgr, 0)
        second = after.open("north").detect(picture.bgr, 0)
        first = first.take(first.score >= 0.5)
        total += len(first)
        for box, score in zip(first.xyxy, first.score, strict=True):
            same = np.abs(second.xyxy - box).max(axis=1) < 1
            right += bool(np.any(same & (np.abs(second.score - score) < 0.1)))
    assert total == 20
    return Verdict("agreement", 1 - right / total, {"person": (1.0, right / total)})


@pytest.fixture
def network(tmp_path: Path) -> Path:
    return bright_squares_network(tmp_path / "squares.onnx")


@pytest.mark.parametrize("made_for", [RuntimeName.ONNXRUNTIME, RuntimeName.OPENVINO])
@pytest.mark.parametrize("reduced", [False, True], ids=["8-bit weights", "7-bit weights"])
def test_an_8_bit_model_sees_the_same(network: Path, made_for: RuntimeName, reduced: bool) -> None:
    made = quantize(
        network,
        OWN,
        square_pictures(12),
        matched,
        ap_drop_max=0.0,
        made_for=made_for,
        attempts=[Attempt(0, reduced)],
    )
    assert made.verdict.drop == 0
    assert made.input_wh == (64, 64)
    graph = onnx.load_from_string(made.model).graph
    weights = [t for t in graph.initializer if t.data_type == onnx.TensorProto.INT8 and t.dims]
    assert len([t for t in weights if len(t.dims) == 4]) >= 6
    top = max(int(np.abs(onnx.numpy_helper.to_array(t).astype(int)).max()) for t in weights)
    assert top == (64 if reduced else 127)


def test_ranges_that_never_saw_light_are_refused(network: Path) -> None:
    dark = [SitePicture("north", picture.bgr // 8) for picture in square_pictures(4)]
    with pytest.raises(ModelInvalid, match=r"refused.*loss of 1\.000.*nothing was kept"):
        quantize(
            network,
            OWN,
            dark,
            matched,
            ap_drop_max=0.02,
            made_for=RuntimeName.ONNXRUNTIME,
            attempts=ALL,
        )


def test_more_careful_ways_are_tried_until_one_holds(network: Path) -> None:
    drops = iter([0.5, 0.03, 0.01, 0.0])

    def judge(before: DetectorModel, after: DetectorModel) -> Verdict:
        return Verdict("labels", next(drops), {})

    made = quantize(
        network,
        OWN,
        square_pictures(4),
        judge,
        ap_drop_max=0.02,
        made_for=RuntimeName.ONNXRUNTIME,
        attempts=[Attempt(n, reduced=False) for n in (0, 1, 2, 3)],
    )
    assert made.attempt.leading == 2
    assert next(drops) == 0.0


def test_what_stays_in_32_bits(network: Path) -> None:
    graph = prepared(onnx.load(network))
    names = {n.output[0]: n.name for n in graph.graph.node}
    kept = kept_in_32_bits(graph, LAYOUTS[RuntimeName.OPENVINO], leading=1)
    assert names["stem"] in kept  # before the first that may
    assert names["depth"] in kept  # depthwise
    assert names["mix0"] not in kept
    assert {names[n] for n in ("box8", "logit32", "shares8", "flat16", "output")} <= set(kept)
    chain = kept_in_32_bits(graph, LAYOUTS[RuntimeName.ONNXRUNTIME], leading=1)
    assert names["depth"] not in chain
    deeper = kept_in_32_bits(graph, LAYOUTS[RuntimeName.ONNXRUNTIME], leading=3)
    assert names["mix0"] in deeper
    assert names["mix1"] not in deeper


def test_arithmetic_with_shapes_stays_exact(network: Path) -> None:
    model = onnx.load(network)
    at = next(i for i, n in enumerate(model.graph.node) if n.output[0] == "mix3")
    for node in (
        onnx.helper.make_node("Mul", ["real", "real"], ["half"]),
        onnx.helper.make_node("Cast", ["size"], ["real"], to=onnx.TensorProto.FLOAT),
        onnx.helper.make_node("Shape", ["mix2_lit"], ["size"]),
    ):
        model.graph.node.insert(at, node)
    graph = prepared(model)
    names = {n.output[0]: n.name for n in graph.graph.node}
    kept = kept_in_32_bits(graph, LAYOUTS[RuntimeName.ONNXRUNTIME], leading=0)
    assert {names["size"], names["real"], names["half"]} <= set(kept)
    assert names["mix3"] not in kept


def test_an_8_bit_model_that_can_not_be_run_is_told(
    network: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quantization, "_quantized", lambda *_: b"no model")
    with pytest.raises(ModelInvalid, match=r"8-bit model of 'squares' can't be run.*--runtime"):
        quantize(
            network,
            OWN,
            square_pictures(4),
            matched,
            ap_drop_max=0.02,
            made_for=RuntimeName.ONNXRUNTIME,
            attempts=ALL,
        )


def test_the_original_is_left_as_it_is(network: Path) -> None:
    model = onnx.load(network)
    before = model.SerializeToString()
    ready = prepared(model)
    assert model.SerializeToString() == before
    assert ready.opset_import[0].version == 13
    assert len({n.name for n in ready.graph.node}) == len(ready.graph.node)


@pytest.mark.parametrize(
    ("flags", "reduced"),
    [
        pytest.param({"avx2", "fma"}, True, id="AVX2 only"),
        pytest.param({"avx2", "avx512f"}, True, id="AVX-512 without VNNI"),
        pytest.param({"avx2", "avx512_vnni"}, False, id="VNNI"),
        pytest.param({"avx2", "avx_vnni"}, False, id="VNNI of small cores"),
        pytest.param({"avx2", "amx_int8"}, False, id="AMX"),
    ],
)
def test_weights_have_7_bits_where_sums_would_overflow(flags: set[str], reduced: bool) -> None:
    assert {a.reduced for a in attempts_for_cpu(frozenset(flags))} == {reduced}


def test_kept_models_are_listed_loaded_and_verified(network: Path, tmp_path: Path) -> None:
    models, catalogue = tmp_path / "models", Catalogue.shipped()
    catalogue.add(network, models, "squares", "yolox", CLASSES, "CC0-1.0")
    path, own = network_file("squares", models, catalogue)
    made = quantize(
        path,
        own,
        square_pictures(8),
        matched,
        ap_drop_max=0.0,
        made_for=RuntimeName.ONNXRUNTIME,
        attempts=ALL,
    )
    facts = Quantization(
        made_from=own.sha256,
        source="squares",
        made_for="onnxruntime",
        date="2026-11-23",
        frames=8,
        judged=4,
        cameras=["north"],
        input_wh=made.input_wh,
        leading=0,
        reduced=False,
        measure="agreement",
        ap50=dict(made.verdict.ap50),
    )
    check_name("squares-int8", models, catalogue)
    keep(made.model, "squares-int8", own, facts, models)
    check_name("squares-int8", models, catalogue)  # an older one may be replaced
    loaded = load_model("squares-int8", models_dir=models)
    assert loaded.info.runtime is not None
    assert loaded.info.runtime.precision == "int8"
    assert loaded.info.licence == "CC0-1.0"
    listed = {own.name: own for own in catalogue.own(models)}
    assert listed["squares-int8"].quantization == facts
    states = {state.name: state.state for state in catalogue.verify(models)}
    assert states["squares-int8"] == "ok"


@pytest.mark.parametrize("name", ["yolox-nano", "squares", "Big", "", "../x", "moving-objects"])
def test_names_that_are_taken(network: Path, tmp_path: Path, name: str) -> None:
    models, catalogue = tmp_path / "models", Catalogue.shipped()
    catalogue.add(network, models, "squares", "yolox", CLASSES)
    with pytest.raises(ModelInvalid, match="--name"):
        check_name(name, models, catalogue)


def test_altered_sources_are_refused(network: Path, tmp_path: Path) -> None:
    models, catalogue = tmp_path / "models", Catalogue.shipped()
    added = catalogue.add(network, models, "squares", "yolox", CLASSES)
    added.write_bytes(added.read_bytes() + b"\0")
    with pytest.raises(ModelInvalid, match="not the file that was added"):
        network_file("squares", models, catalogue)
    (models / "yolox_nano_416.onnx").write_bytes(b"no model")
    with pytest.raises(ModelInvalid, match="altered"):
        network_file("yolox-nano", models, catalogue)
    with pytest.raises(ModelInvalid, match="no network"):
        network_file("moving-objects", models, catalogue)


def test_a_missing_extra_names_its_install_command() -> None:
    with pytest.raises(ConfigInvalid, match=r"pip install 'its-camera-ai\[quantize\]'"):
        quantization.load_extra("no_such_package_here")
