"""A whole site that records on motion: files come and go with what moves, and are found again."""

import json
import os
import signal
from contextlib import suppress
from pathlib import Path

import av
import pytest

from tests.support.moving_box import picture, write_video
from tests.support.site import Site
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.system]

FPS, LOOP_S, PRE_S = 10, 20, 2
SIZE_WH = (320, 240)


@pytest.fixture
def street(tmp_path: Path) -> Path:
    """Twenty seconds; in three of them a box crosses the picture, in its upper half."""
    pictures = [
        picture(SIZE_WH, [(12 * (i - 50) - 40, 60)] if 50 <= i < 80 else [])
        for i in range(LOOP_S * FPS)
    ]
    return write_video(tmp_path / "street.mp4", pictures, fps=FPS, gop=FPS)


def yaml_of(clip: Path) -> str:
    camera = f"url: {clip}, loop: true, detect_fps: 10"
    return f"""\
site: {{time_zone: Europe/Berlin}}
cameras:
  - id: motion
    {camera.replace(", ", chr(10) + "    ")}
    recording: {{mode: motion, pre_roll_s: {PRE_S}, post_roll_s: 2}}
  - id: events
    {camera.replace(", ", chr(10) + "    ")}
    recording:
      mode: events
      events: [line_crossed]
      lines: [middle]
      pre_roll_s: {PRE_S}
      post_roll_s: 2
    lines:
      - {{id: middle, points: [[0.5, 0], [0.5, 1]], anchor: centre}}
  - id: office
    {camera.replace(", ", chr(10) + "    ")}
    recording:
      mode: "off"
      schedule:
        - {{mode: "off", start: "00:00", end: "24:00"}}
"""


def boxes_in(path: Path) -> list[bool]:
    """Of each picture of a file, whether the box is in it."""
    with av.open(str(path)) as opened:
        return [
            bool((frame.to_ndarray(format="gray") > 200).any()) for frame in opened.decode(video=0)
        ]


def files_of(site: Site, camera_id: str) -> list[Path]:
    return sorted((site.media / camera_id / "main").glob("20*/*.mp4"))


def assert_silence_is_recorded(site: Site) -> None:
    """Hung processes are restarted after a while; until then nobody speaks."""
    for name, role in (("motion", "vision"), ("events", "server")):
        wait_until(
            lambda name=name: site.stream(name).get("recording_cause") == "", f"{name} to rest", 60
        )
        pid = site.signal(role, signal.SIGSTOP)
        wait_until(
            lambda name=name, role=role: (
                site.stream(name).get("recording_cause") == f"{role}_silent"
            ),
            f"{name} to be recorded without {role}",
            30,
        )
        with suppress(ProcessLookupError):  # the supervisor may have replaced it
            os.kill(pid, signal.SIGCONT)
        wait_until(lambda role=role: site.roles().get(role), f"{role} to be there again", 60)


def test_files_come_and_go_with_what_moves(street: Path, tmp_path: Path) -> None:
    site = Site(tmp_path / "s", yaml_of(street), segment_s=60)
    with site:
        for name in ("motion", "events"):
            wait_until(
                lambda name=name: site.stream(name).get("recording_cause") == "",
                f"{name} to rest",
                60,
            )
            cause = {"motion": "motion", "events": "event"}[name]
            wait_until(
                lambda name=name, cause=cause: site.stream(name).get("recording_cause") == cause,
                f"{name} to record",
                6 * LOOP_S,
            )
        before = {name: len(files_of(site, name)) for name in ("motion", "events")}
        wait_until(
            lambda: all(len(files_of(site, name)) > n for name, n in before.items()),
            "one more file of each",
            8 * LOOP_S,
        )
        for name, count in before.items():
            for path in files_of(site, name)[count:]:
                seen = boxes_in(path)
                assert any(seen), f"{path}: nothing moves in it"
                assert seen.index(True) >= PRE_S * FPS, "its pre-roll"
                assert len(seen) < LOOP_S * FPS, "it ended"
                assert seen[::-1].index(True) >= FPS, "its post-roll"
        skipped = site.heard_stream("motion")
        assert skipped["skipped_packets"] > 0
        assert skipped["unrecorded_packets"] == 0
        assert not files_of(site, "office")
        assert site.heard_stream("office")["recording_mode"] == "off"

        newest = files_of(site, "motion")[-1]

        def found() -> list[dict[str, str]]:
            done = site.run(
                "search", "motion", "--camera", "motion", "--area", "0,0 1,0 1,0.6 0,0.6", "--json"
            )
            assert done.code == 0, done.err
            items: list[dict[str, str]] = json.loads(done.out)["items"]
            return items

        day, name = newest.parent.name, newest.name.split("_")[0]
        began = f"{day}T{name[:8].replace('-', ':')}"
        wait_until(
            lambda: any(item["since"] >= began for item in found()), "its activity to be found"
        )
        below = site.run(
            "search", "motion", "--camera", "motion", "--area", "0,0.7 1,0.7 1,1 0,1", "--json"
        )
        assert json.loads(below.out)["items"] == [], "nothing moves in the lower third"
        assert_silence_is_recorded(site)
        assert "recording: {" not in site.run("export").out
        assert 'mode: "motion"' in site.run("export").out
