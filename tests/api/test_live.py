"""The live hub: subscriptions on demand, one stream to many viewers."""

import threading
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from its_camera_ai.api.live import FRESH_S, GOP_BYTES_MAX, LINGER_S, LiveHub
from its_camera_ai.api.problems import Busy
from its_camera_ai.api.viewer import Viewer
from its_camera_ai.bus.local import LocalBus
from its_camera_ai.core.media import MediaKind, Packet, StreamRole
from its_camera_ai.core.time import SystemClock
from tests.api.support import BusTwin, TurnedClock, plain_packets, stream_info
from tests.support.waiting import wait_until

MAIN, SUB = StreamRole.MAIN, StreamRole.SUB


@pytest.fixture
def clock() -> TurnedClock:
    return TurnedClock()


@pytest.fixture
def bus() -> BusTwin:
    return BusTwin()


@pytest.fixture
def hub(bus: BusTwin, clock: TurnedClock) -> Iterator[LiveHub]:
    made = LiveHub(bus.subscriber, clock, viewers_max=3)
    made.start()
    yield made
    made.stop()


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def watch(
    hub: LiveHub, stack: ExitStack, camera_id: str = "gate", role: StreamRole = MAIN
) -> Viewer:
    return stack.enter_context(hub.join(camera_id, role, lambda: None))


def until_subscribed(bus: BusTwin, *keys: tuple[str, StreamRole]) -> None:
    wait_until(lambda: bus.subscribed == set(keys), f"the subscription of {keys}")


def collect(viewer: Viewer, count: int) -> list[Packet]:
    taken: list[Packet] = []

    def enough() -> bool:
        taken.extend(viewer.take())
        return len(taken) >= count

    wait_until(enough, f"{count} packets")
    return taken


def test_nobody_watches_and_nothing_is_subscribed(hub: LiveHub, bus: BusTwin) -> None:
    assert bus.subscribers == []
    assert hub.subscribed() == frozenset()


def test_the_first_viewer_subscribes_its_stream(
    hub: LiveHub, bus: BusTwin, stack: ExitStack
) -> None:
    viewer = watch(hub, stack)
    until_subscribed(bus, ("gate", MAIN))
    packets = plain_packets(7)
    bus.publish(packets)
    assert collect(viewer, 7) == packets
    assert len(bus.subscribers) == 1


def test_a_late_viewer_begins_at_once_with_the_last_key_frame(
    hub: LiveHub, bus: BusTwin, stack: ExitStack
) -> None:
    first = watch(hub, stack)
    until_subscribed(bus, ("gate", MAIN))
    packets = plain_packets(8, gop=5)
    bus.publish(packets)
    collect(first, 8)
    assert watch(hub, stack).take() == packets[5:]


def test_what_is_old_is_not_shown_as_live(
    hub: LiveHub, bus: BusTwin, clock: TurnedClock, stack: ExitStack
) -> None:
    first = watch(hub, stack)
    until_subscribed(bus, ("gate", MAIN))
    bus.publish(plain_packets(8))
    collect(first, 8)
    clock.turn(FRESH_S + 1)
    assert watch(hub, stack).take() == []


def test_streams_are_kept_apart(hub: LiveHub, bus: BusTwin, stack: ExitStack) -> None:
    gate, yard = watch(hub, stack), watch(hub, stack, "yard")
    until_subscribed(bus, ("gate", MAIN), ("yard", MAIN))
    yard_packets = plain_packets(4, info=stream_info(camera_id="yard"))
    bus.publish(yard_packets)
    bus.publish(plain_packets(4))
    assert collect(yard, 4) == yard_packets
    assert [p.info.camera_id for p in collect(gate, 4)] == ["gate"] * 4
    assert hub.viewers_by_camera() == {"gate": 1, "yard": 1}


def test_a_stream_lingers_10_s_after_its_last_viewer(
    hub: LiveHub, bus: BusTwin, clock: TurnedClock, stack: ExitStack
) -> None:
    watch(hub, stack, "yard")  # keeps the hub's thread going round
    with hub.join("gate", MAIN, lambda: None):
        until_subscribed(bus, ("gate", MAIN), ("yard", MAIN))
    clock.turn(LINGER_S - 1)
    with hub.join("gate", MAIN, lambda: None):
        clock.turn(LINGER_S + 1)
        assert ("gate", MAIN) in hub.subscribed()
    clock.turn(LINGER_S + 1)
    until_subscribed(bus, ("yard", MAIN))
    assert hub.viewers_by_camera() == {"yard": 1}


def test_the_viewers_are_counted(hub: LiveHub, stack: ExitStack) -> None:
    for _ in range(3):
        watch(hub, stack)
    with pytest.raises(Busy, match="at most 3"):
        watch(hub, stack)
    stack.close()
    watch(hub, stack)
    assert hub.viewers_by_camera() == {"gate": 1}


def test_a_slow_viewer_costs_the_others_nothing(
    hub: LiveHub, bus: BusTwin, stack: ExitStack
) -> None:
    slow, fast = watch(hub, stack), watch(hub, stack)
    until_subscribed(bus, ("gate", MAIN))
    size_bytes, count, got = 1024 * 1024, 60, 0
    for packet in plain_packets(count, gop=10, size_bytes=size_bytes):
        bus.publish([packet])
        got += len(collect(fast, 1))
        assert slow.waiting_bytes <= 16 * size_bytes
    assert got == count
    assert slow.skipped >= count - 16
    rest = slow.take()
    assert rest[0].is_key
    assert rest[-1].seq == count - 1


def test_a_huge_group_of_pictures_is_not_kept(hub: LiveHub, bus: BusTwin, stack: ExitStack) -> None:
    first = watch(hub, stack)
    until_subscribed(bus, ("gate", MAIN))
    packets = plain_packets(12, gop=11, size_bytes=GOP_BYTES_MAX // 8)
    bus.publish(packets[:10])
    collect(first, 10)
    late = watch(hub, stack)
    assert late.take() == []
    bus.publish(packets[10:])
    assert collect(late, 1) == packets[11:], "and begins at the next key frame"


def test_sound_is_left_out(hub: LiveHub, bus: BusTwin, stack: ExitStack) -> None:
    viewer = watch(hub, stack)
    until_subscribed(bus, ("gate", MAIN))
    video = plain_packets(2)
    sound = Packet(video[0].info, MediaKind.AUDIO, 9, 0, 0, 1, 0, True, b"x")
    bus.publish([sound, *video])
    assert collect(viewer, 2) == video


def test_a_broken_bus_is_opened_again(hub: LiveHub, bus: BusTwin, stack: ExitStack) -> None:
    viewer = watch(hub, stack)
    until_subscribed(bus, ("gate", MAIN))
    bus.subscribers[0].broken = True
    wait_until(lambda: len(bus.subscribers) == 2, "a second subscriber")
    until_subscribed(bus, ("gate", MAIN))
    assert bus.subscribers[0].closed
    bus.publish(plain_packets(3))
    collect(viewer, 3)


def test_stopping_closes_the_viewers_and_refuses_new_ones(hub: LiveHub, bus: BusTwin) -> None:
    with hub.join("gate", MAIN, lambda: None) as viewer:
        until_subscribed(bus, ("gate", MAIN))
        hub.stop()
        assert viewer.closed
        assert all(twin.closed for twin in bus.subscribers)
        with pytest.raises(Busy), hub.join("gate", MAIN, lambda: None):
            pass


def test_starting_twice_is_once(hub: LiveHub) -> None:
    before = threading.active_count()
    hub.start()
    assert threading.active_count() == before


def test_over_the_real_bus(tmp_path_factory: pytest.TempPathFactory) -> None:
    bus = LocalBus(tmp_path_factory.mktemp("run"))
    publisher = bus.packet_publisher()
    hub = LiveHub(bus.packet_subscriber, SystemClock())
    hub.start()
    try:
        with (
            hub.join("gate", SUB, lambda: None) as other,
            hub.join("gate", MAIN, lambda: None) as viewer,
        ):
            taken: list[Packet] = []
            packets = iter(plain_packets(100_000))

            def enough() -> bool:
                publisher.publish(next(packets))
                taken.extend(viewer.take())
                return len(taken) >= 20

            wait_until(enough, "20 packets over ZeroMQ")
            assert taken[0].is_key
            assert [p.seq for p in taken] == list(range(taken[0].seq, taken[0].seq + len(taken)))
            assert other.take() == []
    finally:
        hub.stop()
        publisher.close()
        bus.close()
