"""Recording depends on the disk only: not one packet is missed while the rest is shot down."""

import itertools
import signal
from pathlib import Path

import pytest

from tests.support.clips import ClipSpec, make_clip, numbers_in
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
        ingest = site.roles()["ingest"]["pid"]
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
        assert site.roles()["ingest"]["pid"] == ingest, "ingest was never touched"
        assert site.stream("a")["unrecorded_packets"] == 0
    for camera in ("a", "b"):
        numbers = recorded_numbers(site, camera)
        assert len(numbers) > 25 * 20
        assert missing(numbers) == 0


def test_a_camera_that_goes_away_comes_back_and_harms_no_other(rtsp_server, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    clip = make_clip(CLIP)
    steady, shaken = rtsp_server(Mount("a", clip)), rtsp_server(Mount("b", clip))
    site = Site(tmp_path / "s", yaml_of(a=steady.url("a"), b=shaken.url("b")))
    with site:
        wait_until(lambda: site.stream("b").get("recording"), "recording to begin")
        shaken.kill()
        wait_until(
            lambda: site.stream("b").get("state") == "retrying", "the loss to be noticed", 30
        )
        shaken.start()
        wait_until(lambda: site.stream("b").get("state") == "online", "the camera to be back", 60)
        assert site.stream("a")["reconnects"] == 0
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
