"""The recorder: every packet, whole files, honest figures."""

import errno
import os
import threading
from pathlib import Path

import pytest

from its_camera_ai.core.time import NS_PER_S
from its_camera_ai.recorder.files.segment_format import segment_of
from its_camera_ai.recorder.files.segment_reading import (
    content_hash,
    measure,
    read_description,
    read_seal,
)
from its_camera_ai.recorder.volumes.volume import Volume
from its_camera_ai.recorder.writing.recorder import Recorder
from its_camera_ai.store import disk as real_disk
from its_camera_ai.store.disk import RealDisk
from tests.recorder.support import WALL_NS, RememberingIndex, packets
from tests.support.clips import ClipSpec, numbers_in
from tests.support.waiting import wait_until

SPEC = ClipSpec(frames=150, gop=25, audio=True)  # 6 s


def record(root: Path, items, *, segment_s: float = 2.0):  # type: ignore[no-untyped-def]
    index = RememberingIndex()
    recorder = Recorder(Volume(RealDisk(), root), index, segment_s=segment_s)
    for packet in items:
        recorder.put(packet)
    recorder.close()
    return recorder, index


def numbers(root: Path, index: RememberingIndex) -> list[int | None]:
    return [n for s in index.segments for n in numbers_in(root / s.path)]


@pytest.mark.parametrize(
    "spec",
    [
        pytest.param(SPEC, id="h264 with sound"),
        pytest.param(ClipSpec(frames=150, gop=25, codec="hevc"), id="h265"),
        pytest.param(ClipSpec(frames=150, gop=25, b_frames=2), id="B-frames"),
        pytest.param(ClipSpec(frames=150, gop=25, vfr=True), id="variable frame rate"),
    ],
)
def test_every_picture_is_recorded_once_and_in_order(spec: ClipSpec, tmp_path: Path) -> None:
    items = packets(spec)
    recorder, index = record(tmp_path, items)
    assert numbers(tmp_path, index) == list(range(150))
    assert recorder.figures.unrecorded_packets == 0
    assert len(index.segments) >= 3
    assert sum(s.frames for s in index.segments) == 150


def test_the_index_row_says_what_the_file_says(tmp_path: Path) -> None:
    _, index = record(tmp_path, packets(SPEC))
    for segment in index.segments:
        path = tmp_path / segment.path
        file = RealDisk().open(path)
        description, sealed, length = read_description(file), read_seal(file), measure(file)
        assert description is not None
        assert sealed is not None
        seal, digest = sealed
        told = segment_of(
            description, seal, path=segment.path, size_bytes=file.size_bytes, content_hash=digest
        )
        assert told == segment
        assert content_hash(file) == digest
        assert (length.frames, length.duration_ns) == (
            seal.frames,
            pytest.approx(seal.duration_ns, abs=NS_PER_S // 20),
        )
        file.close()
        assert path.stat().st_size == segment.size_bytes
        assert segment.has_audio
    assert index.segments[0].start_wall_ns == pytest.approx(WALL_NS, abs=NS_PER_S // 10)
    for before, after in zip(index.segments, index.segments[1:], strict=False):
        assert abs(after.start_wall_ns - before.end_wall_ns) < NS_PER_S // 20


def test_segments_begin_at_key_frames_after_the_wanted_length(tmp_path: Path) -> None:
    _, index = record(tmp_path, packets(SPEC), segment_s=2.5)
    assert [round(s.duration_ns / NS_PER_S) for s in index.segments] == [3, 3]


def test_a_new_generation_begins_a_new_file(tmp_path: Path) -> None:
    first = packets(ClipSpec(frames=50))
    second = packets(
        ClipSpec(frames=50, size_wh=(640, 480), first_number=50),
        generation=2,
        start_ns=WALL_NS + 3 * NS_PER_S,
    )
    _, index = record(tmp_path, [*first, *second], segment_s=60)
    assert [(s.width, s.generation) for s in index.segments] == [(320, 1), (640, 2)]
    assert numbers(tmp_path, index) == list(range(100))


def test_nothing_is_taken_before_the_first_key_frame(tmp_path: Path) -> None:
    items = packets(ClipSpec(frames=60, gop=25))
    _, index = record(tmp_path, items[3:])
    assert numbers(tmp_path, index) == list(range(25, 60))


def test_the_end_of_a_connection_closes_the_file(tmp_path: Path) -> None:
    index = RememberingIndex()
    recorder = Recorder(Volume(RealDisk(), tmp_path), index, segment_s=600)
    for packet in packets(ClipSpec(frames=50)):
        recorder.put(packet)
    recorder.end_connection()
    wait_until(lambda: index.segments, "the file to be closed")
    assert index.segments[0].frames == 50
    recorder.close()
    assert len(index.segments) == 1


def test_a_file_in_the_making_is_playable_up_to_the_last_fragment(tmp_path: Path) -> None:
    recorder = Recorder(Volume(RealDisk(), tmp_path), RememberingIndex(), segment_s=600)
    for packet in packets(ClipSpec(frames=100, gop=25)):
        recorder.put(packet)
    part = wait_until(lambda: next(tmp_path.rglob("*.part"), None), "the file to begin")
    wait_until(lambda: recorder.figures.recorded_packets >= 75, "three fragments on disk")
    assert numbers_in(part)[:75] == list(range(75))
    recorder.close()


@pytest.mark.parametrize(
    "code", [errno.ENOSPC, errno.EIO, errno.EROFS], ids=["full", "EIO", "read-only"]
)
@pytest.mark.parametrize("call", ["writev", "fdatasync"])
def test_a_disk_that_fails_for_a_while_costs_nothing(
    code: int, call: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, failing = getattr(os, call), True

    def broken(*args):  # type: ignore[no-untyped-def]
        if failing:
            raise OSError(code, os.strerror(code))
        return real(*args)

    monkeypatch.setattr(real_disk.os, call, broken)
    monkeypatch.setattr("its_camera_ai.recorder.writing.recorder.RETRY_S", 0.01)
    index = RememberingIndex()
    recorder = Recorder(Volume(RealDisk(), tmp_path), index, segment_s=2)
    for packet in packets(SPEC):
        recorder.put(packet)
    wait_until(lambda: recorder.figures.problem, "the problem to be noticed")
    assert str(tmp_path) in recorder.figures.problem
    assert not recorder.figures.recording
    failing = False
    wait_until(lambda: recorder.figures.recording, "recording to go on")
    recorder.close()
    assert recorder.figures.problem == ""
    assert recorder.figures.unrecorded_packets == 0
    assert numbers(tmp_path, index) == list(range(150))
    assert not list(tmp_path.rglob("*.part"))


def test_a_disk_that_fails_in_mid_write_leaves_no_torn_fragment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, calls = os.writev, 0

    def half_once(fd: int, pieces: list[bytes]) -> int:
        nonlocal calls
        calls += 1
        if calls != 4:
            return whole(fd, pieces)
        data = b"".join(pieces)
        return whole(fd, [data[: len(data) // 2]])

    def full(fd: int, data: memoryview) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(real_disk.os, "writev", half_once)
    monkeypatch.setattr(real_disk.os, "write", full)  # only the rest of a short write comes here
    monkeypatch.setattr("its_camera_ai.recorder.writing.recorder.RETRY_S", 0.01)
    _, index = record(tmp_path, packets(SPEC))
    assert calls > 4
    assert numbers(tmp_path, index) == list(range(150))


def test_a_disk_that_stays_away_costs_the_oldest_and_is_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("its_camera_ai.recorder.writing.recorder.QUEUE_BYTES_MAX", 20_000)
    monkeypatch.setattr("its_camera_ai.recorder.writing.recorder.RETRY_S", 0.01)
    blocked = tmp_path / "blocked"
    blocked.write_text("a file where a folder should be")
    index = RememberingIndex()
    recorder = Recorder(Volume(RealDisk(), blocked), index, segment_s=2)
    items = packets(ClipSpec(frames=150, gop=25))
    for packet in items:
        recorder.put(packet)
    wait_until(lambda: recorder.figures.problem, "the problem to be noticed")
    assert recorder.figures.unrecorded_packets > 0
    blocked.unlink()
    blocked.mkdir()
    wait_until(lambda: recorder.figures.recording, "recording to go on")
    recorder.close()
    kept = numbers(blocked, index)
    assert kept == list(range(150 - len(kept), 150)), "what is kept is the newest, unbroken"
    assert recorder.figures.unrecorded_packets == 150 - len(kept)


def test_what_is_being_written_is_not_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk hangs and the queue overflows meanwhile; then the disk goes on."""
    real, hangs, may_go_on = os.fdatasync, threading.Event(), threading.Event()
    calls = 0

    def slow(descriptor: int) -> None:
        nonlocal calls
        calls += 1
        if calls == 3:  # the head, the first fragment, and now the second
            hangs.set()
            may_go_on.wait()
        real(descriptor)

    monkeypatch.setattr(real_disk.os, "fdatasync", slow)
    index = RememberingIndex()
    recorder = Recorder(Volume(RealDisk(), tmp_path), index, segment_s=60)
    items = packets(ClipSpec(frames=250, gop=25))
    for packet in items[:60]:
        recorder.put(packet)
    assert hangs.wait(10)
    monkeypatch.setattr("its_camera_ai.recorder.writing.recorder.QUEUE_BYTES_MAX", 20_000)
    for packet in items[60:]:
        recorder.put(packet)
    assert recorder.figures.unrecorded_packets > 0
    may_go_on.set()
    recorder.close()
    kept = numbers(tmp_path, index)
    lost = recorder.figures.unrecorded_packets
    assert recorder.figures.recorded_packets == len(kept) == 250 - lost
    assert kept == [*range(50), *range(50 + lost, 250)]
