"""A viewer's mailbox."""

from hypothesis import given
from hypothesis import strategies as st

from its_camera_ai.api.viewer import Viewer
from tests.api.support import plain_packets


def viewer(**bounds: int) -> Viewer:
    return Viewer(lambda: None, **bounds)


def test_gives_what_came_in_order() -> None:
    box, packets = viewer(), plain_packets(10)
    box.offer(packets)
    assert box.take(4) == packets[:4]
    assert box.take() == packets[4:]
    assert box.take() == []
    assert box.skipped == 0


def test_begins_at_a_key_frame() -> None:
    box, packets = viewer(), plain_packets(10, gop=5)
    box.offer(packets[2:])
    assert box.take() == packets[5:]
    assert box.skipped == 3


def test_a_slow_one_skips_to_the_newest_key_frame_that_waits() -> None:
    box, packets = viewer(packets_max=8), plain_packets(20, gop=5)
    box.offer(packets[:12])
    assert box.take() == packets[5:12]
    assert box.skipped == 5
    box.offer(packets[12:])
    assert box.take() == packets[12:]


def test_a_slow_one_without_a_later_key_frame_waits_for_the_next() -> None:
    box, packets = viewer(packets_max=4), plain_packets(12, gop=10)
    box.offer(packets[:8])
    assert box.take() == []
    box.offer(packets[8:])
    assert box.take() == packets[10:]
    assert box.skipped == 10


def test_a_key_frame_that_finds_no_room_replaces_all() -> None:
    box, packets = viewer(packets_max=5), plain_packets(6, gop=5)
    box.offer(packets)
    assert box.take() == packets[5:]


def test_a_packet_larger_than_the_bound_is_skipped_alone() -> None:
    box = viewer(bytes_max=50)
    box.offer(plain_packets(1, size_bytes=51))
    assert box.take() == []
    small = plain_packets(2, gop=1, size_bytes=50)
    box.offer(small[:1])
    assert box.take() == small[:1]


def test_wakes_for_packets_and_for_the_end() -> None:
    woken: list[int] = []
    box = Viewer(lambda: woken.append(1))
    box.offer(plain_packets(3))
    assert len(woken) == 1
    box.close()
    assert len(woken) == 2
    assert box.closed


@given(
    sizes=st.lists(st.integers(1, 60), max_size=60),
    gop=st.integers(1, 10),
    takes=st.sets(st.integers(0, 60)),
)
def test_is_bounded_and_every_run_begins_with_a_key_frame(
    sizes: list[int], gop: int, takes: set[int]
) -> None:
    box = viewer(bytes_max=100, packets_max=6)
    taken = []
    for number, size_bytes in enumerate(sizes):
        box.offer(plain_packets(1, gop=gop, size_bytes=size_bytes, first=number))
        assert box.waiting_bytes <= 100
        if number in takes:
            taken += box.take()
    taken += box.take()
    assert len(taken) + box.skipped == len(sizes)
    follows = [None, *taken]
    for before, packet in zip(follows, taken, strict=False):
        assert packet.is_key or (before is not None and packet.seq == before.seq + 1)
