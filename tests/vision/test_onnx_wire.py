import pytest
from hypothesis import given
from hypothesis import strategies as st

from its_camera_ai.core.errors import ModelInvalid
from its_camera_ai.vision.onnx_wire import (
    BYTES,
    field,
    fields,
    number_field,
    number_of,
    only,
    write,
)


@given(
    st.lists(
        st.one_of(
            st.tuples(st.integers(1, 5000), st.integers(0, 2**63)),
            st.tuples(st.integers(1, 5000), st.binary(max_size=300)),
        )
    )
)
def test_what_was_written_is_read(message: list[tuple[int, int | bytes]]) -> None:
    data = b"".join(
        number_field(n, v) if isinstance(v, int) else field(n, BYTES, v) for n, v in message
    )
    back = [(n, p if wire == BYTES else number_of(p)) for n, wire, p in fields(data)]
    assert back == message
    assert write(fields(data)) == data


@given(st.binary(max_size=200))
def test_garbage_is_told_or_read_and_never_crashes(data: bytes) -> None:
    try:
        assert write(fields(data)) is not None
    except ModelInvalid as error:
        assert "no ONNX file" in str(error)  # noqa: PT017  random bytes may be a message, too


@pytest.mark.parametrize("count", [0, 2])
def test_only_wants_exactly_one(count: int) -> None:
    with pytest.raises(ModelInvalid):
        only([(7, BYTES, b"")] * count, 7)
