"""What was measured of a model on this machine, and what becomes of it at start-up."""

import json
from pathlib import Path

import msgspec
import pytest
from structlog.testing import capture_logs

from its_camera_ai.vision.loading import load_model
from its_camera_ai.vision.own_models import OwnModel
from its_camera_ai.vision.runtime import Device, RuntimeChoice, RuntimeName
from its_camera_ai.vision.tuning import (
    TUNING_FILE,
    Measured,
    Tuned,
    as_measured,
    keep_tuning,
    kept_choice,
    kept_instead,
    machine_fingerprint,
)
from its_camera_ai.vision.tuning_run import Setup, best_of, measure, setups, was_busy
from tests.support.tiny_network import CLASSES, bright_squares_network


def way(**changes: object) -> Measured:
    plain = Measured(RuntimeName.OPENVINO, "fp32", 1, 2, 1, (640, 384), 100.0, 10.0, 12.0, 20.0)
    return msgspec.structs.replace(plain, **changes)


def tuned(**changes: object) -> Tuned:
    best = way(**changes)
    return Tuned("2026-11-23", best, [best])


def test_a_choice_is_found_again(tmp_path: Path) -> None:
    keep_tuning(tmp_path, {"aa": tuned(batch=4)}, "this")
    keep_tuning(tmp_path, {"bb": tuned(threads=2)}, "this")
    keep_tuning(tmp_path, {"aa": tuned(batch=8)}, "another")
    assert kept_choice(tmp_path, "aa", "this") == RuntimeChoice(
        RuntimeName.OPENVINO, Device.AUTO, threads=1, streams=2, batch=4
    )
    assert kept_choice(tmp_path, "bb", "this").threads == 2  # type: ignore[union-attr]  # it is there
    assert kept_choice(tmp_path, "cc", "this") is None


def test_nothing_measured_is_nothing_to_warn_of(tmp_path: Path) -> None:
    with capture_logs() as logs:
        assert kept_choice(tmp_path, "aa", "this") is None
    assert logs == []


def written(tmp_path: Path, **changes: object) -> bytes:
    keep_tuning(tmp_path, {"aa": tuned(**changes)}, "this")
    return (tmp_path / TUNING_FILE).read_bytes()


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda _: b"", id="empty"),
        pytest.param(lambda data: data[:100], id="cut off"),
        pytest.param(lambda _: b"\xff\xfe\x00", id="no text"),
        pytest.param(lambda _: b'{"this": {"aa": 3}}', id="another form"),
        pytest.param(lambda data: data.replace(b'"openvino"', b'"abacus"'), id="runtime unknown"),
        pytest.param(lambda data: data.replace(b'"threads": 1', b'"threads": 0'), id="0 threads"),
        pytest.param(lambda data: data.replace(b'"batch": 1', b'"batch": 9999'), id="batch"),
        pytest.param(lambda _: b" " * (5 << 20), id="huge"),
    ],
)
def test_a_damaged_file_is_passed_over_with_a_warning(damage, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    good = written(tmp_path)
    bad = damage(good)
    assert bad != good
    (tmp_path / TUNING_FILE).write_bytes(bad)
    with capture_logs() as logs:
        assert kept_choice(tmp_path, "aa", "this") is None
    assert [line["log_level"] for line in logs] == ["warning"]
    assert "itscam models bench" in logs[0]["event"]
    keep_tuning(tmp_path, {"aa": tuned()}, "this")
    assert kept_choice(tmp_path, "aa", "this") is not None


def test_another_machines_measurements_are_passed_over_with_a_warning(tmp_path: Path) -> None:
    keep_tuning(tmp_path, {"aa": tuned()}, "another machine")
    with capture_logs() as logs:
        assert kept_choice(tmp_path, "aa") is None
    assert "another machine" in logs[0]["event"]
    assert logs[0]["this_machine"] == machine_fingerprint()


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        pytest.param(
            RuntimeChoice(),
            RuntimeChoice(RuntimeName.OPENVINO, threads=1, streams=2, batch=4),
            id="all open",
        ),
        pytest.param(
            RuntimeChoice(streams=3, batch=1),
            RuntimeChoice(RuntimeName.OPENVINO, threads=1, streams=3, batch=1),
            id="streams and batch fixed",
        ),
        pytest.param(
            RuntimeChoice(RuntimeName.ONNXRUNTIME),
            RuntimeChoice(RuntimeName.ONNXRUNTIME),
            id="runtime fixed",
        ),
        pytest.param(
            RuntimeChoice(device=Device.CUDA), RuntimeChoice(device=Device.CUDA), id="on a GPU"
        ),
    ],
)
def test_what_was_measured_fills_what_is_open(
    choice: RuntimeChoice, expected: RuntimeChoice, tmp_path: Path
) -> None:
    keep_tuning(tmp_path, {"aa": tuned(batch=4)}, machine_fingerprint())
    assert as_measured(choice, tmp_path, "aa") == expected


def test_a_model_is_loaded_as_measured(tmp_path: Path) -> None:
    network = bright_squares_network(tmp_path / "squares.onnx")
    from its_camera_ai.vision.catalogue import Catalogue

    models, catalogue = tmp_path / "models", Catalogue.shipped()
    catalogue.add(network, models, "squares", "yolox", CLASSES)
    own = catalogue.own(models)[0]
    before = load_model("squares", models_dir=models)
    assert before.info.runtime is not None
    assert before.info.runtime.runtime == "onnxruntime"
    keep_tuning(models, {own.sha256: tuned()}, machine_fingerprint())
    after = load_model("squares", models_dir=models)
    assert after.info.runtime is not None
    assert after.info.runtime.runtime == "openvino"


def test_an_8_bit_model_is_taken_instead_while_it_is_there(tmp_path: Path) -> None:
    best = way()
    keep_tuning(tmp_path, {"aa": Tuned("2026-11-23", best, [best], "small")}, "this")
    assert kept_instead(tmp_path, "aa", "this") == ""
    (tmp_path / "small.onnx").write_bytes(b"")
    (tmp_path / "small.onnx.json").write_text(json.dumps({}))
    assert kept_instead(tmp_path, "aa", "this") == "small"


@pytest.mark.parametrize(
    ("measured", "best"),
    [
        pytest.param([{"images_per_s": 90}, {"images_per_s": 100}], 1, id="faster"),
        pytest.param([{}, {"batch": 4, "images_per_s": 104}], 0, id="batch gains too little"),
        pytest.param([{}, {"batch": 4, "images_per_s": 106}], 1, id="batch gains"),
        pytest.param([{"batch": 4}, {"batch": 2, "images_per_s": 90}], 0, id="only batches"),
        pytest.param(
            [{"images_per_s": 500, "cpu_ms": 30, "others": 0.5}, {"cpu_ms": 20}],
            1,
            id="busy machine: processor time decides",
        ),
        pytest.param(
            [{"images_per_s": 500, "cpu_ms": 30, "others": 0.1}, {"cpu_ms": 20}],
            0,
            id="calm machine: images per second decide",
        ),
    ],
)
def test_the_best_way(measured: list[dict[str, object]], best: int) -> None:
    ways = [way(**changes) for changes in measured]
    assert best_of(ways) is ways[best]
    assert was_busy(ways) is any(w.others > 0.15 for w in ways)


@pytest.mark.parametrize(("cores", "count"), [(1, 4), (8, 8)])
def test_every_combination_once(cores: int, count: int) -> None:
    runtimes = (RuntimeName.ONNXRUNTIME, RuntimeName.OPENVINO)
    planned = setups(runtimes, cores, (1, 4), (None,))
    assert len(set(planned)) == len(planned) == count
    assert all(s.threads * s.workers == cores for s in planned)


@pytest.mark.parametrize("runtime", [RuntimeName.ONNXRUNTIME, RuntimeName.OPENVINO])
def test_a_network_is_measured(runtime: RuntimeName, tmp_path: Path) -> None:
    network = bright_squares_network(tmp_path / "squares.onnx")
    own = OwnModel("squares", "yolox", CLASSES, "")
    found = measure(network, own, Setup(runtime, 1, 2, 1), 0.05)
    assert found is not None
    assert (found.precision, found.input_wh, found.workers) == ("fp32", (64, 64), 2)
    assert found.images_per_s > 0
    assert 0 < found.p50_ms <= found.p95_ms
    assert found.cpu_ms > 0
    assert 0 <= found.others <= 1


def test_a_fixed_batch_is_not_measured_in_others(tmp_path: Path) -> None:
    network = bright_squares_network(tmp_path / "squares.onnx")
    own = OwnModel("squares", "yolox", CLASSES, "")
    assert measure(network, own, Setup(RuntimeName.ONNXRUNTIME, 1, 1, 4), 0.01) is None
