"""Range reads with read-ahead: few requests, bounded memory, right bytes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from its_camera_ai.store.s3_reading import (
    FIRST_BYTES,
    WINDOW_BYTES_MAX,
    WINDOWS_KEPT,
    S3Reading,
)
from tests.support.sources import random_bytes

CONTENT = random_bytes(20 * 1024 * 1024)


class Service:
    """Answers ranges and counts them."""

    def __init__(self, content: bytes = CONTENT) -> None:
        self.content = content
        self.ranges: list[tuple[int, int]] = []

    def fetch(self, start: int, end: int) -> bytes:
        self.ranges.append((start, end))
        return self.content[start:end]

    def reading(self) -> S3Reading:
        return S3Reading(len(self.content), self.content[:FIRST_BYTES], self.fetch)


def test_the_first_bytes_cost_nothing_more() -> None:
    service = Service()
    assert service.reading().read(8192, 0) == CONTENT[:8192]
    assert service.ranges == []


def test_a_seek_costs_one_request() -> None:
    service = Service()
    file = service.reading()
    for step in range(20):  # as a player reads after a seek
        at = 9_000_000 + step * 10_000
        assert file.read(10_000, at) == CONTENT[at : at + 10_000]
    assert len(service.ranges) == 1


def test_reading_on_asks_for_more_each_time() -> None:
    service = Service()
    file = service.reading()
    got = b"".join(file.read(65536, at) for at in range(0, len(CONTENT), 65536))
    assert got == CONTENT
    sizes = [end - start for start, end in service.ranges]
    assert sizes == sorted(sizes[:-1]) + sizes[-1:]
    assert len(sizes) <= 8


def test_each_byte_is_asked_for_once_when_two_places_are_read_in_turns() -> None:
    service = Service()
    file = service.reading()
    for step in range(10):
        for base in (5_000_000, 15_000_000):
            file.read(1000, base + step * 1000)
    assert len(service.ranges) == 2


def test_what_is_kept_is_bounded() -> None:
    service = Service()
    file = service.reading()
    for at in range(0, len(CONTENT), 1_500_000):
        file.read(1, at)
    kept = sum(map(len, file._windows.values()))
    assert len(file._windows) == WINDOWS_KEPT
    assert kept <= WINDOWS_KEPT * WINDOW_BYTES_MAX


@given(
    st.lists(
        st.tuples(st.integers(0, 3_000_000), st.sampled_from([0, 1, 100, 70_000, 900_000])),
        max_size=30,
    )
)
def test_any_reads_give_the_right_bytes(reads: list[tuple[int, int]]) -> None:
    content = CONTENT[:2_500_000]
    service = Service(content)
    file = service.reading()
    for at, size_bytes in reads:
        assert file.read(size_bytes, at) == content[at : at + size_bytes]
    assert all(0 <= start < end <= len(content) for start, end in service.ranges)


def test_an_answer_that_is_too_short_is_an_error() -> None:
    file = S3Reading(1_000_000, CONTENT[:10], lambda start, end: CONTENT[start : end - 1])
    with pytest.raises(OSError, match="fewer bytes"):
        file.read(100, 500)


def test_a_closed_one_reads_no_more() -> None:
    file = Service().reading()
    file.close()
    with pytest.raises(OSError, match="closed"):
        file.read(1, 0)
