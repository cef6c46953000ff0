"""Playing recordings: playlists, first bytes, pictures, strips and time lines, over real HTTP.

One camera of eight has a day of recordings in the index; the last minutes of it are real files of
1080p30 at 4 Mb/s. Every request goes through a real server with a signed-in session on the loop
back. Peers, on the same real files: ``ffmpeg -c copy -f hls`` making its playlist of the same span,
plain reads of the same files, ``ffmpeg -ss`` for one picture.

    python -m bench.playback [--files 12] [--folder DIR] [--write]
"""

import argparse
import asyncio
import os
import random
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import numpy as np

from bench.cameras import report
from bench.cameras.report import Limit, table
from its_camera_ai.core.media import Packet, StreamRole
from its_camera_ai.core.segments import Segment
from its_camera_ai.core.time import NS_PER_S, iso_utc
from its_camera_ai.recorder.playing.playlist import PlaylistWish
from its_camera_ai.store.database import open_database
from its_camera_ai.store.migration import migrate
from tests.api.support import BASE_WALL_NS, PASSWORD, Site, camera, make_site, served
from tests.support.clips import BENCH_MAIN
from tests.support.recordings import camera_packets, record

NAME = "playback"
CAMERAS = 8
FILE_NS = 20 * NS_PER_S
DAY_FILES = 4320
DAY_NS = DAY_FILES * FILE_NS
SEED = 3
RUNS = 40

Figures = dict[str, float]


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--files", type=int, default=12, help="real files of 20 s")
    parser.add_argument("--folder", type=Path, help="where the recordings are written")
    parser.add_argument("--write", action="store_true", help="keep the result in docs/ and bench/")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="itscam-", dir=options.folder) as made:
        result = _run(Path(made), options.files)
    limits = _limits(result)
    text = _text(result, limits)
    print(text)
    if options.write:
        print(f"Written to {report.save(NAME, result).relative_to(report.ROOT)}")
        report.update_document(NAME, text)
    return 0 if all(limit.holds for limit in limits) else 1


def _run(folder: Path, files: int) -> dict[str, Any]:
    database = open_database(f"sqlite:///{folder}/site.db")
    migrate(database)
    site = make_site(database, folder)
    site.add_user("viewer", "viewer")
    site.deps.cameras.put(camera())
    print(f"Recording {files} files …", flush=True)
    real = _record(site, files)
    _fill_index(site, real[0].start_wall_ns)
    site.clock.turn(86_400)
    paths = [site.deps.media_root / segment.path for segment in real]
    with _running(site) as client:
        result: dict[str, Any] = {
            "real_files": len(real),
            "real_bytes": sum(segment.size_bytes for segment in real),
            "load_average": round(os.getloadavg()[0], 1),
            "day": _day(client, site, real),
            "first_byte": _first_byte(client, real),
            "media": _media(client, real, paths),
            "pictures": _pictures(client, real, paths),
        }
    result["ffmpeg"] = _ffmpeg(folder, paths)
    database.close()
    return result | {"machine": report.machine() | {"ffmpeg": _ffmpeg_version()}}


def _record(site: Site, files: int) -> list[Segment]:
    """One recording of 1080p30 without a seam, from a clip of 10 s again and again."""
    clip = camera_packets(BENCH_MAIN, start_ns=BASE_WALL_NS)
    length_ns = round(BENCH_MAIN.duration_s * NS_PER_S)

    def again() -> Iterator[Packet]:
        for round_ in range(files * FILE_NS // length_ns):
            for packet in clip:
                shift = round_ * length_ns
                yield Packet(
                    packet.info,
                    packet.kind,
                    packet.seq,
                    packet.pts_ns + shift,
                    packet.dts_ns + shift,
                    packet.duration_ns,
                    0,
                    packet.is_key,
                    packet.data,
                )

    segments = record(site.deps.media_root, again(), segment_s=20)
    site.deps.segments.put_many(segments)
    return segments


def _fill_index(site: Site, end_ns: int) -> None:
    """What of the day came before the real files, and the same for seven more cameras."""
    template = site.deps.segments.find("gate", limit=1)[0]
    for number in range(CAMERAS):
        camera_id = "gate" if number == 0 else f"camera-{number}"
        rows = []
        for back in range(DAY_FILES, 0, -1):
            start_ns = end_ns - back * FILE_NS
            rows.append(
                replace(
                    template,
                    id=f"0190{number:04d}-0000-7000-8000-{back:012d}",
                    camera_id=camera_id,
                    path=f"{camera_id}/main/{back}.mp4",
                    start_wall_ns=start_ns,
                    start_pts_ns=start_ns,
                    duration_ns=FILE_NS,
                    content_hash=f"{back:064x}",
                )
            )
        site.deps.segments.put_many(rows)


@contextmanager
def _running(site: Site) -> Iterator[httpx.Client]:
    """The server in a thread, and a client that is signed in."""
    up, stop, hosts = threading.Event(), asyncio.Event(), []

    async def serve() -> None:
        async with served(site.app()) as host:
            hosts.append(host)
            up.set()
            await stop.wait()

    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()), daemon=True)
    thread.start()
    up.wait()
    with httpx.Client(base_url=f"http://{hosts[0]}", timeout=60) as client:
        login = {"username": "viewer", "password": PASSWORD}
        client.post("/api/v1/auth/login", json=login).raise_for_status()
        yield client
    loop.call_soon_threadsafe(stop.set)
    thread.join()


def _timed(work: Callable[[], object], runs: int = RUNS) -> Figures:
    took, used = [], []
    for _ in range(runs):
        begun, before = time.perf_counter(), _processor_s()
        work()
        took.append((time.perf_counter() - begun) * 1000)
        used.append((_processor_s() - before) * 1000)
    return _figures(took, used)


def _processor_s() -> float:
    """What this process (server and client) and its children have used."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def _figures(took_ms: list[float], used_ms: list[float]) -> Figures:
    return {
        "p50_ms": round(float(np.median(took_ms)), 2),
        "p95_ms": round(float(np.percentile(took_ms, 95)), 2),
        "processor_p50_ms": round(float(np.median(used_ms)), 2),
    }


def _span(since_ns: int, until_ns: int) -> str:
    return f"since={iso_utc(since_ns)}&until={iso_utc(until_ns)}"


def _get(client: httpx.Client, address: str) -> httpx.Response:
    answer = client.get(address)
    answer.raise_for_status()
    return answer


def _day(client: httpx.Client, site: Site, real: list[Segment]) -> dict[str, Any]:
    """A whole day's playlist and time line; the day ends with the last real file."""
    end_ns = real[-1].end_wall_ns
    span = _span(end_ns - DAY_NS, end_ns)
    playlist = f"/api/v1/cameras/gate/playlist.m3u8?{span}"
    text = _get(client, playlist).text
    wish = PlaylistWish(end_ns - DAY_NS, end_ns)

    def make() -> None:
        site.deps.playback.playlist("gate", StreamRole.MAIN, wish, now_ns=site.deps.clock.wall_ns())

    return {
        "playlist_made": _timed(make),
        "files": text.count("#EXTINF"),
        "playlist_bytes": len(text),
        "playlist": _timed(lambda: _get(client, playlist)),
        "keys_only": _timed(lambda: _get(client, playlist + "&keys_only=1")),
        "timeline": _timed(lambda: _get(client, f"/api/v1/cameras/gate/timeline?{span}")),
        "smallest_answer": _timed(lambda: _get(client, "/api/v1/cameras")),
    }


def _first_byte(client: httpx.Client, real: list[Segment]) -> Figures:
    """From asking for a playlist to the first byte of its first media segment: any beginning."""
    rng = random.Random(SEED)  # noqa: S311  a benchmark, no secret
    first_ns, last_ns = real[0].start_wall_ns, real[-1].end_wall_ns
    took, used = [], []
    for _ in range(RUNS):
        since_ns = rng.randrange(first_ns, last_ns - 2 * FILE_NS)
        begun, before = time.perf_counter(), _processor_s()
        span = _span(since_ns, since_ns + 3600 * NS_PER_S)
        head, *media = _names(_get(client, f"/api/v1/cameras/gate/playlist.m3u8?{span}").text)
        _get(client, head)
        with client.stream("GET", media[0]) as answer:
            next(answer.iter_raw())
            took.append((time.perf_counter() - begun) * 1000)
            used.append((_processor_s() - before) * 1000)
    return _figures(took, used)


def _names(text: str) -> list[str]:
    """The first head and all media segments of a playlist."""
    heads = re.findall(r'EXT-X-MAP:URI="\.\./\.\.(.+)"', text)
    return [f"/api/v1{n}" for n in (heads[0], *re.findall(r"^\.\./\.\.(.+)$", text, re.MULTILINE))]


def _media(client: httpx.Client, real: list[Segment], paths: list[Path]) -> dict[str, Any]:
    """Whole segments: with stream time, the file as it is, the key frames, and a plain read."""
    text = _get(
        client,
        f"/api/v1/cameras/gate/playlist.m3u8?{_span(real[0].start_wall_ns, real[-1].end_wall_ns)}",
    ).text
    media = _names(text)[1:]
    rng = random.Random(SEED)  # noqa: S311  a benchmark, no secret
    return {
        "hls": _timed(lambda: _get(client, rng.choice(media))),
        "keys": _timed(lambda: _get(client, rng.choice(media).replace("media.m4s", "keys.m4s"))),
        "file": _timed(lambda: _get(client, f"/api/v1/recordings/{rng.choice(real).id}/media")),
        "plain_read": _timed(lambda: rng.choice(paths).read_bytes()),
    }


def _pictures(client: httpx.Client, real: list[Segment], paths: list[Path]) -> dict[str, Any]:
    rng = random.Random(SEED)  # noqa: S311  a benchmark, no secret
    first_ns, last_ns = real[0].start_wall_ns, real[-1].end_wall_ns

    def moment() -> str:
        return iso_utc(rng.randrange(first_ns, last_ns))

    def ffmpeg_picture() -> None:
        at = f"{rng.uniform(0, 19):.3f}"
        command = ("ffmpeg", "-v", "error", "-ss", at, "-i", str(rng.choice(paths)))
        subprocess.run(
            (*command, "-frames:v", "1", "-f", "mjpeg", "-"), check=True, capture_output=True
        )

    cameras = "/api/v1/cameras/gate"
    strip = f"{cameras}/strip?count=60&width=160&{_span(first_ns, last_ns)}"
    begun = time.perf_counter()
    _get(client, strip)
    cold_ms = (time.perf_counter() - begun) * 1000
    return {
        "picture": _timed(lambda: _get(client, f"{cameras}/picture?at={moment()}"), 20),
        "thumbnail": _timed(lambda: _get(client, f"{cameras}/thumbnail?at={moment()}"), 20),
        "strip_of_60_first_ms": round(cold_ms, 1),
        "strip_of_60_again": _timed(lambda: _get(client, strip), 10),
        "ffmpeg_picture": _timed(ffmpeg_picture, 10),
    }


def _ffmpeg(folder: Path, paths: list[Path]) -> Figures:
    """Its HLS playlist of the real files: all of them are read and written anew."""
    listing = folder / "list.txt"
    listing.write_text("".join(f"file '{path}'\n" for path in paths))
    target = folder / "hls"

    def run() -> None:
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir()
        command = ["ffmpeg", "-v", "error", "-f", "concat", "-safe", "0", "-i", str(listing)]
        command += ["-c", "copy", "-f", "hls", "-hls_segment_type", "fmp4", "-hls_time", "20"]
        command += ["-hls_list_size", "0", str(target / "p.m3u8")]
        subprocess.run(command, check=True, capture_output=True)

    return _timed(run, 3)


def _ffmpeg_version() -> str:
    done = subprocess.run(("ffmpeg", "-version"), capture_output=True, text=True, check=True)
    return done.stdout.split()[2]


def _limits(result: dict[str, Any]) -> list[Limit]:
    day, pictures = result["day"], result["pictures"]
    return [
        Limit("playlist of a day, processor", day["playlist"]["processor_p50_ms"], 50, "ms"),
        Limit("time line of a day, processor", day["timeline"]["processor_p50_ms"], 50, "ms"),
        Limit("playlist to first media byte, p95", result["first_byte"]["p95_ms"], 300, "ms"),
        Limit(
            "segment in stream time / the same file as it is, processor",
            result["media"]["hls"]["processor_p50_ms"]
            / result["media"]["file"]["processor_p50_ms"],
            1.5,
            "×",
        ),
        Limit(
            "exact picture / ffmpeg -ss, processor",
            pictures["picture"]["processor_p50_ms"]
            / pictures["ffmpeg_picture"]["processor_p50_ms"],
            1,
            "×",
        ),
        Limit(
            "playlist of a day / ffmpeg's of the real files alone, processor",
            day["playlist"]["processor_p50_ms"] / result["ffmpeg"]["processor_p50_ms"],
            1,
            "×",
        ),
    ]


def _text(result: dict[str, Any], limits: list[Limit]) -> str:
    day, media, pictures = result["day"], result["media"], result["pictures"]
    named = (
        ("making a day's playlist, without HTTP", day["playlist_made"]),
        (f"playlist of a day, {day['files']} files", day["playlist"]),
        ("the same, key frames alone", day["keys_only"]),
        ("time line of a day", day["timeline"]),
        ("a small answer of the same server", day["smallest_answer"]),
        ("playlist, head, first media byte", result["first_byte"]),
        ("media segment of 20 s, whole", media["hls"]),
        ("its key frames alone", media["keys"]),
        ("the recording's file as it is", media["file"]),
        ("plain read of such a file", media["plain_read"]),
        ("exact picture, 1080p", pictures["picture"]),
        ("ffmpeg -ss, one picture", pictures["ffmpeg_picture"]),
        ("thumbnail", pictures["thumbnail"]),
        ("strip of 60, again", pictures["strip_of_60_again"]),
        (f"ffmpeg -f hls of {result['real_files']} files", result["ffmpeg"]),
    )
    rows = [
        (name, *(f"{f[key]:.1f}" for key in ("processor_p50_ms", "p50_ms", "p95_ms")))
        for name, f in named
    ]
    first = pictures["strip_of_60_first_ms"]
    rows.append(("strip of 60, the first time", "", f"{first:.1f}", ""))
    about = (
        f"{CAMERAS} cameras with a day of files of 20 s in the index; {result['real_files']} real "
        f"files of 1080p30 at 4 Mb/s. Times are the client's, over HTTP on the same machine, with "
        f"sign-in checked at every request; processor time is client, server and children. "
        f"Load average at the beginning: {result['load_average']}."
    )
    figures = table(("figure", "measured", "bound", ""), [limit.row() for limit in limits])
    times = table(("what", "processor, ms", "p50, ms", "p95, ms"), rows)
    return "\n\n".join(["## Playback", about, times, figures])


if __name__ == "__main__":
    sys.exit(main())
