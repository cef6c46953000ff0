"""Recordings as HLS over HTTP: played by a real player, cached, refused, cut short when damaged."""

import asyncio
import io
import os
import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

import av
import httpx
import pytest

from its_camera_ai.core.segments import Segment, SegmentState
from its_camera_ai.core.time import NS_PER_S, iso_utc
from its_camera_ai.recorder.files.segment_reading import boxes
from its_camera_ai.store.disk import RealDisk
from tests.api.support import BASE_WALL_NS, Site, camera, client_of, served, sign_in
from tests.support.clips import ClipSpec, luma
from tests.support.pattern import read_number
from tests.support.recordings import camera_packets, record

SPEC = ClipSpec(frames=150, gop=25, audio=True)
PLAYLIST = "/api/v1/cameras/gate/playlist.m3u8"


def at(after_s: float) -> str:
    return iso_utc(BASE_WALL_NS + round(after_s * NS_PER_S))


def keep(site: Site, spec: ClipSpec = SPEC, **options: int) -> list[Segment]:
    """Record a clip into the site and its index."""
    options.setdefault("start_ns", BASE_WALL_NS)
    segments = record(site.deps.media_root, camera_packets(spec, **options))
    site.deps.segments.put_many(segments)
    return segments


@pytest.fixture
def recorded(site: Site) -> Iterator[Site]:
    """Three files of 2 s, long ago."""
    site.deps.cameras.put(camera())
    keep(site)
    site.clock.turn(3600)
    return site


def addresses(text: str) -> list[str]:
    """What a playlist names, from the root, heads first."""
    heads = re.findall(r'EXT-X-MAP:URI="\.\./\.\.(.+)"', text)
    media = re.findall(r"^\.\./\.\.(.+)$", text, re.MULTILINE)
    return ["/api/v1" + name for name in (*heads, *media)]


async def ask(
    client: httpx.AsyncClient, since_s: float, until_s: float, **more: str
) -> httpx.Response:
    return await client.get(PLAYLIST, params={"since": at(since_s), "until": at(until_s), **more})


@pytest.mark.parametrize(
    "spec",
    [
        pytest.param(SPEC, id="h264 with sound"),
        pytest.param(ClipSpec(frames=150, gop=25, codec="hevc"), id="h265"),
        pytest.param(ClipSpec(frames=150, gop=25, b_frames=2), id="B-frames"),
    ],
)
@pytest.mark.parametrize("keys_only", [False, True], ids=["all", "keys"])
async def test_a_player_shows_every_frame_once_in_even_time(
    site: Site, spec: ClipSpec, keys_only: bool
) -> None:
    site.deps.cameras.put(camera())
    keep(site, spec)
    site.clock.turn(3600)
    async with served(site.app()) as address:
        async with httpx.AsyncClient(base_url=f"http://{address}") as client:
            await sign_in(client, "viewer")
            cookie = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
        query = f"since={at(0)}&until={at(10)}&keys_only={int(keys_only)}"
        shown = await asyncio.to_thread(play, f"http://{address}{PLAYLIST}?{query}", cookie)
    step = spec.gop if keys_only else 1
    assert [number for number, _ in shown] == list(range(0, spec.frames, step))
    for (_, before_s), (_, after_s) in pairwise(shown):
        assert after_s - before_s == pytest.approx(step / spec.fps, abs=1e-4)


def play(url: str, cookie: str) -> list[tuple[int | None, float]]:
    """Numbers and times of the pictures that FFmpeg's HLS player decodes."""
    options = {"headers": f"Cookie: {cookie}\r\n"}
    with av.open(url, format="hls", options=options) as container:
        return [
            (read_number(luma(frame)), float(frame.pts * frame.time_base))
            for frame in container.decode(video=0)
            if frame.pts is not None and frame.time_base is not None
        ]


async def test_the_range_is_cut_at_key_frames(recorded: Site, viewer: httpx.AsyncClient) -> None:
    text = (await ask(viewer, 1.5, 4.2)).text
    assert re.findall(r"EXTINF:(.+),", text) == ["1.000000", "2.000000", "1.000000"]
    names = addresses(text)
    assert names[1].endswith("&from=90000")
    assert names[3].endswith("&to=90000")
    numbers = []
    for name in names[1:]:
        body = (await viewer.get(names[0])).content + (await viewer.get(name)).content
        numbers += decoded(body)
    assert numbers == list(range(25, 125))


def decoded(data: bytes) -> list[int | None]:
    with av.open(io.BytesIO(data)) as container:
        return [read_number(luma(frame)) for frame in container.decode(video=0)]


async def test_it_grows_until_a_minute_after_its_end(
    recorded: Site, viewer: httpx.AsyncClient
) -> None:
    recorded.clock.turn(10 - 3600)
    growing = await ask(viewer, 0, 30)
    assert "PLAYLIST-TYPE:EVENT" in growing.text
    assert "ENDLIST" not in growing.text
    assert growing.headers["cache-control"] == "no-store"
    assert growing.headers["content-type"] == "application/vnd.apple.mpegurl"
    keep(recorded, ClipSpec(frames=50, gop=25), start_ns=BASE_WALL_NS + 8 * NS_PER_S, generation=2)
    longer = await ask(viewer, 0, 30)
    assert longer.text.startswith(growing.text)
    assert len(addresses(longer.text)) > len(addresses(growing.text))
    recorded.clock.turn(90)
    ended = await ask(viewer, 0, 30)
    assert "PLAYLIST-TYPE:VOD" in ended.text
    assert ended.text.endswith("#EXT-X-ENDLIST\n")


async def test_what_is_recorded_to_the_end_of_the_span_does_not_grow(
    recorded: Site, viewer: httpx.AsyncClient
) -> None:
    recorded.clock.turn(5 - 3600)
    assert "ENDLIST" in (await ask(viewer, 0, 5)).text


async def test_nothing_recorded_then(recorded: Site, viewer: httpx.AsyncClient) -> None:
    response = await ask(viewer, 20, 30)
    assert response.status_code == 404
    problem = response.json()
    assert problem["after"] is None
    assert (
        await viewer.get("/api/v1/cameras/gate/picture", params={"at": problem["before"]})
    ).is_success
    assert (
        await viewer.get(PLAYLIST.replace("gate", "other") + f"?since={at(0)}&until={at(9)}")
    ).status_code == 404


@pytest.mark.parametrize(
    "query",
    [
        pytest.param(f"since={at(0)}", id="no end"),
        pytest.param(f"since={at(9)}&until={at(0)}", id="backwards"),
        pytest.param(f"since={at(0)}&until={at(0)}", id="empty"),
        pytest.param(f"since={at(0)}&until={at(8 * 86400)}", id="more than a week"),
        pytest.param("since=1999-01-01T00:00:00Z&until=2199-01-01T00:00:00Z", id="centuries"),
        pytest.param("since=2026-05-28T20:26:40&until=2026-05-28T20:26:50Z", id="no zone"),
        pytest.param("since=now&until=then", id="words"),
        pytest.param(f"since={at(0)}&until={at(9)}&keys_only=maybe", id="keys"),
        pytest.param(f"since={at(0)}&until={at(9)}&role=third", id="stream"),
    ],
)
async def test_refused(recorded: Site, viewer: httpx.AsyncClient, query: str) -> None:
    response = await viewer.get(f"{PLAYLIST}?{query}")
    assert response.status_code == 422
    assert response.headers["content-type"] == "application/problem+json"


async def test_local_times_on_both_sides_of_a_dst_change(
    site: Site, viewer: httpx.AsyncClient
) -> None:
    site.deps.cameras.put(camera())
    night_ns = (
        1_792_890_000 * NS_PER_S
    )  # 2026-10-25T01:00:00Z, when 03:00+02:00 becomes 02:00+01:00
    keep(site, ClipSpec(frames=50, gop=25), start_ns=night_ns - 30 * 60 * NS_PER_S)
    keep(site, ClipSpec(frames=50, gop=25), start_ns=night_ns + 30 * 60 * NS_PER_S, generation=2)
    for zone, utc in (("+02:00", "2026-10-25T00:30"), ("+01:00", "2026-10-25T01:30")):
        day = "2026-10-25T02:30"
        found = await viewer.get(
            PLAYLIST, params={"since": f"{day}:00{zone}", "until": f"{day}:10{zone}"}
        )
        assert re.findall("DATE-TIME:(.{16})", found.text) == [utc]


async def test_a_browser_may_keep_what_never_changes(
    recorded: Site, viewer: httpx.AsyncClient
) -> None:
    for name in addresses((await ask(viewer, 1.5, 9)).text):
        first = await viewer.get(name)
        assert first.status_code == 200
        assert first.headers["cache-control"] == "private, max-age=86400, immutable"
        assert first.headers["content-length"] == str(len(first.content))
        tag = first.headers["etag"]
        assert tag.startswith('"')
        for given in (tag, f'"other", {tag}', f"W/{tag}"):
            again = await viewer.get(name, headers={"If-None-Match": given})
            assert (again.status_code, again.content) == (304, b"")
        head = await viewer.head(name)
        assert head.headers["content-length"] == first.headers["content-length"]
        assert (await viewer.get(name)).content == first.content


async def test_every_part_has_a_tag_of_its_own(recorded: Site, viewer: httpx.AsyncClient) -> None:
    name = addresses((await ask(viewer, 0, 9)).text)[1]
    tags = {
        (await viewer.head(other)).headers["etag"]
        for other in (name, name + "&from=90000", name + "&to=90000", name.replace("media", "keys"))
    }
    assert len(tags) == 4


async def test_content_that_changed_is_gone(recorded: Site, viewer: httpx.AsyncClient) -> None:
    name = addresses((await ask(viewer, 0, 9)).text)[1]
    response = await viewer.get(re.sub("v=.*", "v=0123", name))
    assert response.status_code == 410
    assert "load the playlist again" in response.json()["detail"]


@pytest.mark.parametrize(
    ("change", "status"),
    [
        pytest.param(("media.m4s", "secret.db"), 422, id="another name"),
        pytest.param(("v=", "x="), 422, id="no version"),
        pytest.param(("v=", "from=-1&v="), 422, id="negative"),
        pytest.param(("v=", "from=99999999999999999999&v="), 422, id="huge"),
        pytest.param(("v=", "from=900000000&v="), 410, id="beyond the end"),
        pytest.param(("/recordings/0", "/recordings/f"), 404, id="an id of nobody"),
    ],
)
async def test_other_addresses(
    recorded: Site, viewer: httpx.AsyncClient, change: tuple[str, str], status: int
) -> None:
    name = addresses((await ask(viewer, 0, 9)).text)[1]
    response = await viewer.get(name.replace(*change, 1))
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"


async def test_a_file_that_vanished_after_the_playlist(
    recorded: Site, viewer: httpx.AsyncClient
) -> None:
    names = addresses((await ask(viewer, 0, 9)).text)
    (segment, *_) = recorded.deps.segments.find("gate")
    (recorded.deps.media_root / segment.path).unlink()
    response = await viewer.get(names[1])
    assert response.status_code == 410
    assert str(recorded.deps.media_root) not in response.text


async def test_a_file_that_vanished_before_the_playlist_is_a_gap(
    recorded: Site, viewer: httpx.AsyncClient
) -> None:
    (segment, *_) = recorded.deps.segments.find("gate")
    (recorded.deps.media_root / segment.path).unlink()
    text = (await ask(viewer, 0.5, 9)).text
    assert 'X-REASON="missing"' in text
    assert segment.id not in text


async def test_a_damaged_file_is_a_gap(recorded: Site, viewer: httpx.AsyncClient) -> None:
    segments = recorded.deps.segments.find("gate")
    recorded.deps.segments.put(replace(segments[1], state=SegmentState.DAMAGED))
    text = (await ask(viewer, 0, 9)).text
    assert 'X-REASON="damaged"' in text
    assert segments[1].id not in text
    assert text.count("#EXT-X-DISCONTINUITY\n") == 1


@pytest.mark.parametrize("harm", ["bit", "hole"])
async def test_damage_found_while_sending_is_an_error_and_no_garbage(
    recorded: Site, harm: str
) -> None:
    segments = recorded.deps.segments.find("gate")
    recorded.deps.segments.judge([(s, SegmentState.GOOD) for s in segments], BASE_WALL_NS)
    segment = segments[0]
    path = recorded.deps.media_root / segment.path
    async with (
        served(recorded.app()) as address,
        httpx.AsyncClient(base_url=f"http://{address}") as client,
    ):
        await sign_in(client, "viewer")
        name = addresses((await ask(client, 0, 9)).text)[1]
        sound = (await client.get(name)).content
        file = RealDisk().open(path)
        last = [start for kind, start, _ in boxes(file) if kind == b"mdat"][-1]
        file.close()
        data = bytearray(path.read_bytes())
        data[last + 100] ^= 1
        if harm == "hole":
            data[last + 100 :] = bytes(len(data) - last - 100)
        path.write_bytes(data)
        got = bytearray()
        with pytest.raises(httpx.RemoteProtocolError):
            await fetch(client, name, got)
    assert sound.startswith(bytes(got))
    assert len(got) < len(sound)
    (first, *_) = recorded.deps.segments.longest_unverified(1)
    assert first.id == segment.id  # the search for bit rot looks there next


async def test_a_file_that_was_cut_off_is_damaged(
    recorded: Site, viewer: httpx.AsyncClient
) -> None:
    names = addresses((await ask(viewer, 0, 9)).text)
    (segment, *_) = recorded.deps.segments.find("gate")
    os.truncate(recorded.deps.media_root / segment.path, segment.size_bytes - 1000)
    assert (await viewer.get(names[1])).status_code == 409
    assert 'X-REASON="damaged"' in (await ask(viewer, 0.5, 9)).text


async def fetch(client: httpx.AsyncClient, name: str, into: bytearray) -> None:
    """Keeps what came before an error."""
    async with client.stream("GET", name) as response:
        assert response.status_code == 200
        async for piece in response.aiter_bytes():
            into += piece


async def test_only_with_a_session(recorded: Site, viewer: httpx.AsyncClient) -> None:
    names = addresses((await ask(viewer, 0, 9)).text)
    async with client_of(recorded.app()) as nobody:
        for name in names:
            assert (await nobody.get(name)).status_code == 401
    assert not any("token" in name or "session" in name for name in names)


async def test_no_file_stays_open(recorded: Site, viewer: httpx.AsyncClient) -> None:
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208  counts, needs no paths
    for name in addresses((await ask(viewer, 0, 9)).text):
        await viewer.get(name)
        await viewer.head(name)
        await viewer.get(name + "&from=900000000")
    assert len(os.listdir("/proc/self/fd")) <= before  # noqa: PTH208  same
