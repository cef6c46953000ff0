"""The local bus: bounded, non-blocking, honest about losses."""

from pathlib import Path

import numpy as np
import pytest

from its_camera_ai.bus.local import PACKET_QUEUE, LocalBus
from its_camera_ai.bus.messages import (
    ActivityMessage,
    JudgedMessage,
    RecordRequest,
    RoleStatus,
    TracksMessage,
)
from its_camera_ai.core.activity import SecondOfActivity
from its_camera_ai.core.errors import ConfigInvalid
from its_camera_ai.core.media import MediaKind, Packet, StreamInfo, StreamRole, TrackInfo
from its_camera_ai.core.tracks import FirstSighting, FrameTracks, Unknown
from tests.support.waiting import wait_until

INFO = StreamInfo("cam", StreamRole.MAIN, 7, TrackInfo(MediaKind.VIDEO, "h264", b"sets", 64, 48))


def packet(seq: int, *, key: bool = False, info: StreamInfo = INFO, size: int = 10) -> Packet:
    return Packet(info, MediaKind.VIDEO, seq, seq * 40, seq * 40, 40, 5, key, bytes(size))


@pytest.fixture
def bus(tmp_path: Path):  # type: ignore[no-untyped-def]
    bus = LocalBus(tmp_path / "run")
    yield bus
    bus.close()


def joined(bus: LocalBus, publisher, subscriber) -> int:  # type: ignore[no-untyped-def]
    """Publish key frames until the subscription has reached the publisher; the last number."""
    seq = 0

    def arrived() -> bool:
        nonlocal seq
        seq += 1
        publisher.publish(packet(seq, key=True))
        return subscriber.receive(0.02) is not None

    wait_until(arrived, "the subscription to reach the publisher")
    while subscriber.receive(0.05) is not None:
        pass
    return seq


def test_packets_arrive_as_they_were(bus: LocalBus) -> None:
    publisher = bus.packet_publisher()
    subscriber = bus.packet_subscriber([("cam", StreamRole.MAIN)])
    seq = joined(bus, publisher, subscriber)
    sent = packet(seq + 1, size=100_000)
    publisher.publish(sent)
    assert subscriber.receive(2.0) == sent
    assert subscriber.lost == 0


def test_only_what_was_subscribed(bus: LocalBus) -> None:
    publisher = bus.packet_publisher()
    subscriber = bus.packet_subscriber([("cam", StreamRole.MAIN)])
    seq = joined(bus, publisher, subscriber)
    other = StreamInfo("cam", StreamRole.SUB, 1, INFO.video)
    longer = StreamInfo("cam2", StreamRole.MAIN, 1, INFO.video)
    publisher.publish(packet(1, key=True, info=other))
    publisher.publish(packet(1, key=True, info=longer))
    publisher.publish(packet(seq + 1))
    received = subscriber.receive(2.0)
    assert received is not None
    assert received.info == INFO


def test_a_stream_begins_at_a_key_frame_and_again_after_a_loss(bus: LocalBus) -> None:
    publisher = bus.packet_publisher()
    subscriber = bus.packet_subscriber([("cam", StreamRole.MAIN)])
    seq = joined(bus, publisher, subscriber)
    for number, key in ((1, False), (5, False), (6, False), (7, True), (8, False)):
        publisher.publish(packet(seq + number, key=key))
    got = [subscriber.receive(1.0) for _ in range(3)]
    assert [p.seq - seq for p in got if p] == [1, 7, 8]
    assert subscriber.lost == 3


def test_packets_of_a_generation_whose_start_was_missed_are_not_given(bus: LocalBus) -> None:
    publisher = bus.packet_publisher()
    subscriber = bus.packet_subscriber([("cam", StreamRole.MAIN)])
    seq = joined(bus, publisher, subscriber)
    new = StreamInfo("cam", StreamRole.MAIN, 8, INFO.video)
    publisher.publish(packet(seq + 1, info=new))
    publisher.publish(packet(seq + 2, info=new, key=True))
    received = subscriber.receive(2.0)
    assert received is not None
    assert (received.seq, received.info.generation) == (seq + 2, 8)


def test_a_stalled_subscriber_loses_packets_and_knows_how_many(bus: LocalBus) -> None:
    publisher = bus.packet_publisher()
    stalled = bus.packet_subscriber([("cam", StreamRole.MAIN)])
    seq = joined(bus, publisher, stalled)
    total = 4 * PACKET_QUEUE
    for number in range(1, total + 1):
        publisher.publish(packet(seq + number, key=True))  # never blocks
    received = 0
    last = seq
    while (p := stalled.receive(0.3)) is not None:
        received += 1
        last = p.seq
    assert received < total
    assert stalled.lost == last - seq - received


def test_tracks_survive_the_journey(bus: LocalBus) -> None:
    receiver, sender = bus.tracks_receiver(), bus.tracks_sender()
    tracks = FrameTracks(
        10,
        20,
        (640, 360),
        np.array([1, 1 << 40]),
        np.array([[0, 1, 2, 3], [4, 5, 6, 7]], np.float32),
        np.array([0.5, 0], np.float32),
        np.array([3, 0], np.int8),
        np.array([True, False]),
        Unknown.OVERLOAD,
        4.5,
        np.array([0.9, 1], np.float32),
        (FirstSighting(1, 5, (0.5, 1, 2, 3), 0.25),),
    )
    assert sender.send(TracksMessage.of("cam", 3, tracks))
    message = receiver.receive(2.0)
    assert message is not None
    back = message.tracks()
    assert (message.camera_id, message.generation) == ("cam", 3)
    assert (back.pts_ns, back.wall_ns, back.size_wh) == (10, 20, (640, 360))
    assert (back.unknown, back.looks_per_s) == (Unknown.OVERLOAD, 4.5)
    assert back.firsts == tracks.firsts
    for name in ("track_id", "xyxy", "score", "class_id", "observed", "class_share"):
        np.testing.assert_array_equal(getattr(back, name), getattr(tracks, name))


def test_a_stalled_receiver_is_told_to_the_sender(bus: LocalBus) -> None:
    sender = bus.tracks_sender()  # nobody receives
    message = TracksMessage.of("cam", 1, FrameTracks.nothing(1, 1, (2, 2)))
    sent = 0
    while sender.send(message):
        sent += 1
        assert sent < 1_000_000, "the queue has no bound"
    assert not sender.send(message)


def test_heartbeats_reach_the_supervisor_and_every_listener(bus: LocalBus) -> None:
    hub = bus.status_hub()
    listeners = [bus.status_receiver() for _ in range(2)]
    sender = bus.status_sender()
    status = RoleStatus("ingest", 0, 42, 1, 1, ready=True)
    heard: set[int] = set()

    def all_heard() -> bool:
        sender.send(status)
        while hub.receive(0.02) is not None:
            pass
        heard.update(i for i, one in enumerate(listeners) if one.receive(0.02) == status)
        return len(heard) == 2

    wait_until(all_heard, "both listeners to hear a heartbeat")


def test_a_path_too_long_for_sockets_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ConfigInvalid, match="ITSCAM_RUN_DIR"):
        LocalBus(tmp_path / ("x" * 120))


def test_the_folder_is_closed_to_others(tmp_path: Path) -> None:
    LocalBus(tmp_path / "run").close()
    assert (tmp_path / "run").stat().st_mode & 0o077 == 0


def test_words_for_ingest_wait_for_it_and_never_block(bus: LocalBus) -> None:
    sender = bus.ingest_sender()
    second = SecondOfActivity(5, 10, bytes(72), {"car": 1}, {})
    words = [
        ActivityMessage("cam", second),
        JudgedMessage("cam", 7),
        RecordRequest("cam", 1, 2, "line_crossed"),
    ]
    for word in words:
        assert sender.send(word)
    receiver = bus.ingest_receiver()
    assert [receiver.receive(5.0) for _ in words] == words
    assert receiver.receive(0.0) is None
    receiver.close()
    sent = sum(sender.send(words[0]) for _ in range(20_000))
    assert sent < 20_000, "bounded: the rest was not taken"
