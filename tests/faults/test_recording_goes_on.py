"""Recording depends on the disk only: not one packet is missed while the rest is shot down."""

import itertools
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import av
import pytest
import zmq

from tests.support.clips import ClipSpec, make_clip, numbers_in
from tests.support.fault_size import is_full
from tests.support.rtsp import Mount
from tests.support.site import Site
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.system, pytest.mark.rtsp]
CLIP = ClipSpec(frames=250, gop=25)


def yaml_of(**cameras: str) -> str:
    return "cameras:\n" + "".join(f"  - {{id: {i}, url: '{url}'}}\n" for i, url in cameras.items())


def recorded_numbers(site: Site, camera_id: str) -> list[int]:
    """The picture numbers in all closed files of a camera, in order of time."""
    files = sorted((site.media / camera_id / "main").rglob("*.mp4"))
    found = [n for path in files for n in numbers_in(path)]
    assert None not in found, "an unreadable picture"
    return [n for n in found if n is not None]


def missing(numbers: list[int]) -> int:
    """Pictures that are missing between neighbours of a looped clip."""
    return sum((b - a - 1) % CLIP.frames for a, b in itertools.pairwise(numbers))


def test_vision_and_server_may_die_and_hang(rtsp_server, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    clip = make_clip(CLIP)
    twin = rtsp_server(Mount("a", clip), Mount("b", clip))
    site = Site(tmp_path / "s", yaml_of(a=twin.url("a"), b=twin.url("b")))
    with site:
        wait_until(lambda: site.stream("a").get("recording"), "recording to begin")
        ingest = site.heard_role("ingest")["pid"]
        for role, number in (("vision", signal.SIGKILL), ("server", signal.SIGKILL)):
            pid = site.signal(role, number)
            wait_until(
                lambda role=role, pid=pid: site.roles().get(role, {}).get("pid", pid) != pid,
                f"{role} to be back",
                60,
            )
        stopped = [site.signal(role, signal.SIGSTOP) for role in ("vision", "server")]
        wait_until(
            lambda: (
                not set(stopped) & {b["pid"] for b in site.roles().values()}
                and {"vision", "server"} <= set(site.roles())
            ),
            "the hung processes to be replaced",
            90,
        )
        assert site.heard_role("ingest")["pid"] == ingest, "ingest was never touched"
        assert site.heard_stream("a")["unrecorded_packets"] == 0
    for camera in ("a", "b"):
        numbers = recorded_numbers(site, camera)
        assert len(numbers) > 25 * 20
        assert missing(numbers) == 0


def test_a_camera_that_goes_away_comes_back_and_harms_no_other(rtsp_server, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    clip = make_clip(CLIP)
    steady, shaken = rtsp_server(Mount("a", clip)), rtsp_server(Mount("b", clip))
    site = Site(tmp_path / "s", yaml_of(a=steady.url("a"), b=shaken.url("b")))
    with site:
        wait_until(lambda: site.stream("b").get("recorded_packets", 0) > 25, "some recording")
        shaken.kill()
        wait_until(
            lambda: site.stream("b").get("state") == "retrying", "the loss to be noticed", 60
        )
        shaken.start()
        wait_until(lambda: site.stream("b").get("state") == "online", "the camera to be back", 60)
        before = site.heard_stream("b")["recorded_packets"]
        wait_until(
            lambda: site.stream("b").get("recorded_packets", 0) > before + 25, "recording to go on"
        )
        assert site.heard_stream("a")["reconnects"] == 0
    assert missing(recorded_numbers(site, "a")) == 0
    assert len(recorded_numbers(site, "b")) > 50


def test_a_killed_ingest_loses_seconds_not_files(rtsp_server, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    twin = rtsp_server(Mount("a", make_clip(CLIP)))
    site = Site(tmp_path / "s", yaml_of(a=twin.url("a")))
    with site:
        wait_until(lambda: site.stream("a").get("recorded_packets", 0) > 100, "some recording")
        pid = site.signal("ingest", signal.SIGKILL)
        wait_until(
            lambda: (
                site.roles().get("ingest", {}).get("pid", pid) != pid
                and site.stream("a").get("recording")
            ),
            "ingest to be back",
            60,
        )
        assert not list(site.media.rglob("*.part"))[1:], "only the file in the making is open"
    numbers = recorded_numbers(site, "a")
    assert len(numbers) > 100
    assert missing(numbers) < 25 * 8, "what was lost is the time of the restart"


def test_a_drain_finishes_every_file(rtsp_server, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    twin = rtsp_server(Mount("a", make_clip(CLIP)))
    site = Site(tmp_path / "s", yaml_of(a=twin.url("a")))
    with site:
        wait_until(lambda: site.stream("a").get("recorded_packets", 0) > 60, "some recording")
    assert site.stop() == 0
    assert not list(site.media.rglob("*.part"))
    assert missing(recorded_numbers(site, "a")) == 0


H264_PICTURES = (1, 5)
"""NAL unit types that hold a picture's slices; parameter sets beside them may be repeated."""


def coded_pictures(path: Path) -> list[bytes]:
    """The coded slices of each picture of an H.264 file, byte by byte, in decoding order."""
    pictures = []
    with av.open(str(path)) as container:
        for packet in container.demux(video=0):
            data, slices = bytes(packet), b""
            while data:
                size = 4 + int.from_bytes(data[:4], "big")
                unit, data = data[4:size], data[size:]
                slices += unit if unit[0] & 0x1F in H264_PICTURES else b""
            if slices:
                pictures.append(slices)
    return pictures


@contextmanager
def locked(database: Path) -> Iterator[None]:
    """Another program holds the database exclusively."""
    connection = sqlite3.connect(database, isolation_level=None, timeout=60)
    connection.execute("BEGIN EXCLUSIVE")
    yield
    connection.close()


@contextmanager
def stopped(pid: int) -> Iterator[None]:
    os.kill(pid, signal.SIGSTOP)
    yield
    with suppress(ProcessLookupError):  # it was taken for hung, and another one took its place
        os.kill(pid, signal.SIGCONT)


@contextmanager
def busy_processors() -> Iterator[None]:
    """Something else wants all the processors, as an overloaded detector does."""
    hogs = [
        subprocess.Popen([sys.executable, "-c", "while True: pass"])
        for _ in range(2 * (os.cpu_count() or 1))
    ]
    yield
    for hog in hogs:
        hog.kill()
        hog.wait()


@contextmanager
def deaf_subscribers(run_dir: Path) -> Iterator[None]:
    """They ask the bus for everything and take nothing."""
    with zmq.Context() as context, ExitStack() as sockets:
        for address in run_dir.glob("*.sock"):
            socket = sockets.enter_context(context.socket(zmq.SUB))
            socket.setsockopt(zmq.LINGER, 0)
            socket.subscribe(b"")
            socket.connect(f"ipc://{address}")
        yield


def test_no_packet_is_missed_while_all_else_is_locked_stopped_and_overloaded(
    rtsp_server, tmp_path: Path
) -> None:  # type: ignore[no-untyped-def]
    """What lies in the files is compared byte by byte with what the camera sent. Half a minute of
    stream in the small size, four minutes in the full one."""
    clip = make_clip(CLIP)
    twin = rtsp_server(Mount("a", clip), Mount("b", clip))
    site = Site(tmp_path / "s", yaml_of(a=twin.url("a"), b=twin.url("b")), segment_s=2)
    stages_s = 60 if is_full() else 3

    def let_pass(seconds: float) -> None:
        until = site.heard_stream("a")["recorded_packets"] + 25 * seconds
        wait_until(
            lambda: site.stream("a").get("recorded_packets", 0) >= until,
            f"{seconds} s of recording",
            60 + 3 * seconds,
        )

    def rows_waiting() -> float:
        counters = site.roles().get("ingest", {}).get("counters", {})
        return float(counters.get("index_rows_waiting", 0))

    with site:
        wait_until(lambda: site.stream("a").get("recording"), "recording to begin")
        ingest = site.heard_role("ingest")["pid"]
        with ExitStack() as faults:
            faults.enter_context(locked(site.folder / "itscam.db"))
            wait_until(rows_waiting, "the index to wait for the database")
            faults.enter_context(deaf_subscribers(site.run_dir))
            let_pass(stages_s)
            for role in ("server", "vision"):
                faults.enter_context(stopped(int(site.heard_role(role)["pid"])))
            let_pass(stages_s)
            faults.enter_context(busy_processors())
            let_pass(stages_s)
        wait_until(lambda: rows_waiting() == 0, "the index to catch up", 60)
        assert site.heard_role("ingest")["pid"] == ingest, "ingest was never touched"
        for camera in ("a", "b"):
            assert site.heard_stream(camera)["unrecorded_packets"] == 0
            assert site.heard_stream(camera)["reconnects"] == 0
        sent = {camera: twin.stats(camera)["sent"] for camera in ("a", "b")}
        for camera, packets in sent.items():  # the last of them may still be on their way
            wait_until(
                lambda camera=camera, packets=packets: (
                    site.stream(camera).get("recorded_packets", 0) >= packets
                ),
                "the recording of what was sent",
            )
    coded = coded_pictures(clip)
    place = {picture: i for i, picture in enumerate(coded)}
    assert len(place) == CLIP.frames, "each picture of the clip is told by its bytes"
    for camera in ("a", "b"):
        files = sorted((site.media / camera / "main").rglob("*.mp4"))
        found = [place.get(picture) for path in files for picture in coded_pictures(path)]
        begin = found[0]
        assert begin == 0, "from the first key frame that was sent"
        assert found == [i % CLIP.frames for i in range(len(found))]
        assert len(found) >= sent[camera], "all that was sent until the site was told to stop"
