"""What a full disk and a dead database cost: a clear word, and nothing that was on disk."""

import itertools
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from its_camera_ai.core.holds import Hold, HoldKind
from its_camera_ai.store.disk import RealDisk
from its_camera_ai.store.hold_mirror import HoldMirror
from tests.support.clips import ClipSpec, make_clip, numbers_in
from tests.support.missing import missing as skip_missing
from tests.support.rtsp import Mount
from tests.support.site import Site
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.system, pytest.mark.rtsp]
CLIP = ClipSpec(frames=250, gop=25)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 4 MiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", folder])
    if made.returncode != 0:
        skip_missing("Mounting a small file system needs root.")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


def test_a_full_disk_is_told_and_recording_resumes(
    rtsp_server, small_disk: Path, tmp_path: Path
) -> None:  # type: ignore[no-untyped-def]
    filler = small_disk / "filler"
    twin = rtsp_server(Mount("a", make_clip(CLIP)))
    yaml = f"cameras: [{{id: a, url: '{twin.url('a')}'}}]"
    with Site(tmp_path / "s", yaml, media_dir=small_disk / "media") as site:
        wait_until(lambda: site.stream("a").get("recording"), "recording to begin")
        # nothing may go to make room
        everything = Hold("h", HoldKind.LEGAL, None, 0, 2**62, "case 12", "ann", 1)
        HoldMirror(RealDisk(), small_disk / "media").write([everything])
        with filler.open("wb") as file:
            while _room(small_disk) > 0:
                try:
                    file.write(bytes(min(_room(small_disk), 65536)))
                    file.flush()
                except OSError:
                    break
        wait_until(lambda: site.stream("a").get("recording_problem"), "the full disk to be told")
        assert "is full" in site.heard_stream("a")["recording_problem"]
        assert str(small_disk) in site.heard_stream("a")["recording_problem"]
        filler.unlink()
        wait_until(lambda: site.stream("a").get("recording"), "recording to resume")
        assert site.heard_stream("a")["unrecorded_packets"] == 0
    files = sorted((small_disk / "media").rglob("*.mp4"))
    numbers = [n for path in files for n in numbers_in(path)]
    gaps = [(b - a) % CLIP.frames for a, b in itertools.pairwise(numbers)]  # type: ignore[operator]
    assert set(gaps) == {1}, "what came while the disk was full is there too"


def _room(folder: Path) -> int:
    return shutil.disk_usage(folder).free


def test_recording_starts_and_goes_on_without_a_database(rtsp_server, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    twin = rtsp_server(Mount("a", make_clip(CLIP)))
    folder = tmp_path / "s"
    with Site(folder, f"cameras: [{{id: a, url: '{twin.url('a')}'}}]") as site:
        wait_until(lambda: site.stream("a").get("recording"), "recording to begin")
    kept = folder / "kept.db"
    database = folder / "itscam.db"
    database.rename(kept)
    for leftover in folder.glob("itscam.db-*"):
        leftover.unlink()
    database.write_bytes(b"this is no database" * 1000)

    broken = Site(folder, None, http_port=site.port)
    broken.launch()
    wait_until(
        lambda: broken.stream("a").get("recorded_packets", 0) > 50, "recording all the same", 60
    )
    assert any("recording only" in line for line in broken.log)
    broken.stop()

    database.unlink()
    kept.rename(database)
    whole = Site(folder, None, http_port=site.port)
    whole.launch()
    wait_until(lambda: whole.stream("a").get("recording"), "recording as ever", 60)
    whole.stop()
    from its_camera_ai.core.media import StreamRole
    from its_camera_ai.store.database import open_database
    from its_camera_ai.store.segments import SegmentRepository

    opened = open_database(f"sqlite:///{database}")
    rows = SegmentRepository(opened).find("a", StreamRole.MAIN, 0, 2**62, 1000)
    opened.close()
    on_disk = {
        p.relative_to(folder / "media").as_posix() for p in (folder / "media").rglob("*.mp4")
    }
    assert {row.path for row in rows} == on_disk, "what was recorded meanwhile is indexed now"
