"""AV1 as MP4 wants it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from its_camera_ai.core.errors import CameraUnsupported
from its_camera_ai.video.av1 import configuration, obus, without_delimiters

# what SVT-AV1 gives for 960 × 1080 at 12 pictures a second
HEADER = bytes.fromhex("0a0b0000002cd77f0dc02f8004")


def test_the_configuration_of_a_sequence_header() -> None:
    record, name = configuration(HEADER)
    assert record == bytes((0x81, 0x05, 0x0C, 0x00)) + HEADER
    assert name == "av01.0.05M.08"
    assert configuration(record) == (record, name)


def test_delimiters_go_and_all_else_stays() -> None:
    frame = b"\x32\x03abc"
    assert without_delimiters(b"\x12\x00" + HEADER + frame) == HEADER + frame
    assert [kind for kind, _, _ in obus(b"\x12\x00" + HEADER + frame)] == [2, 1, 6]


@pytest.mark.parametrize(
    "data",
    [b"", b"\x12\x00", b"\x0a\x0b\x00", b"\x08\x00", b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff"],
    ids=["nothing", "no header", "cut off", "no length", "endless length"],
)
def test_what_is_no_sequence_header_is_refused(data: bytes) -> None:
    with pytest.raises(CameraUnsupported):
        configuration(data)


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        units = list(obus(data))
    except CameraUnsupported:
        return
    assert b"".join(unit for _, unit, _ in units) == data
