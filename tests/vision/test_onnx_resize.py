import hashlib
from pathlib import Path

import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import numpy_helper

from its_camera_ai.core.errors import ModelInvalid
from its_camera_ai.vision.catalogue import Catalogue
from its_camera_ai.vision.onnx_resize import any_size
from tests.support.tiny_models import fixed_yolox


def sides(value: onnx.ValueInfoProto) -> list[int | str]:
    return [d.dim_param or d.dim_value for d in value.type.tensor_type.shape.dim]


def test_input_output_and_constants_become_free_and_the_rest_stays() -> None:
    before = onnx.load_model_from_string(fixed_yolox())
    after = onnx.load_model_from_string(any_size(fixed_yolox()))
    assert sides(after.graph.input[0]) == ["batch", 3, "height", "width"]
    assert sides(after.graph.output[0]) == ["batch", "anchors", 85]
    assert not after.graph.value_info
    for initializer in after.graph.initializer:
        assert numpy_helper.to_array(initializer).tolist() == [0, 85, -1]
    assert list(after.graph.node) == list(before.graph.node)
    assert after.producer_name == "test"
    assert after.opset_import == before.opset_import


@pytest.mark.parametrize("places", [1, 2, 4])
def test_a_file_of_another_build_is_refused(places: int) -> None:
    with pytest.raises(ModelInvalid, match=f"{places} of 3"):
        any_size(fixed_yolox(places))


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_refused_as_no_model(data: bytes) -> None:
    with pytest.raises(ModelInvalid):
        any_size(data)


@settings(max_examples=200, deadline=None)
@given(st.integers(0, len(fixed_yolox()) - 1))
def test_every_cut_is_refused(length: int) -> None:
    with pytest.raises(ModelInvalid):
        any_size(fixed_yolox()[:length])


@pytest.mark.data
def test_the_published_file_becomes_exactly_the_one_in_the_catalogue(data_dir: Path) -> None:
    entry = Catalogue.shipped().find("yolox-nano")
    assert entry.any_size is not None
    made = any_size((data_dir / "models" / entry.file).read_bytes())
    assert len(made) == entry.any_size.bytes
    assert hashlib.sha256(made).hexdigest() == entry.any_size.sha256
