"""Pictures of recordings over HTTP: the exact frame, steps, thumbnails, strips, gaps, bounds."""

import base64
from dataclasses import replace

import cv2
import httpx
import numpy as np
import pytest

from its_camera_ai.core.segments import Segment, SegmentState
from its_camera_ai.core.time import NS_PER_S, iso_utc
from tests.api.support import BASE_WALL_NS, Site, camera
from tests.support.clips import ClipSpec
from tests.support.pattern import Luma, read_number
from tests.support.recordings import camera_packets, record

SPEC = ClipSpec(frames=150, gop=25, b_frames=2)
CAMERA = "/api/v1/cameras/gate"


def at(after_s: float) -> str:
    return iso_utc(BASE_WALL_NS + round(after_s * NS_PER_S))


def luma_of(jpeg: bytes) -> Luma:
    picture = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_GRAYSCALE)
    assert picture is not None
    return picture.astype(np.uint8)


def keep(site: Site, spec: ClipSpec = SPEC, **options: int) -> list[Segment]:
    options.setdefault("start_ns", BASE_WALL_NS)
    segments = record(site.deps.media_root, camera_packets(spec, **options))
    site.deps.segments.put_many(segments)
    return segments


@pytest.fixture
def recorded(site: Site) -> list[Segment]:
    """Three files of 2 s; their first picture is shown 80 ms after the base."""
    site.deps.cameras.put(camera())
    return keep(site)


@pytest.mark.parametrize(
    ("after_s", "number"),
    [(0.08, 0), (0.119, 0), (0.12, 1), (1.08, 25), (2.07, 49), (2.08, 50), (6.04, 149)],
)
async def test_the_very_frame_of_a_moment(
    recorded: list[Segment], viewer: httpx.AsyncClient, after_s: float, number: int
) -> None:
    response = await viewer.get(f"{CAMERA}/picture", params={"at": at(after_s)})
    assert response.status_code == 200
    picture = luma_of(response.content)
    assert picture.shape == (240, 320)
    assert read_number(picture) == number
    again = await viewer.get(f"{CAMERA}/picture", params={"at": response.headers["x-frame-time"]})
    assert again.content == response.content
    kept = "x-next-time" in response.headers  # the newest picture may soon have a next one
    assert response.headers["cache-control"].startswith("private" if kept else "no-store")


@pytest.mark.parametrize("name", ["X-Next-Time", "X-Previous-Time"])
async def test_steps_lead_over_the_borders_of_files_and_gaps(
    site: Site, recorded: list[Segment], viewer: httpx.AsyncClient, name: str
) -> None:
    keep(site, ClipSpec(frames=50, gop=25), start_ns=BASE_WALL_NS + 60 * NS_PER_S, generation=2)
    forwards = name == "X-Next-Time"
    moment: str | None = at(2.0) if forwards else at(60.05)
    numbers = []
    for _ in range(8):
        response = await viewer.get(f"{CAMERA}/picture", params={"at": moment, "width": 320})
        numbers.append(read_number(luma_of(response.content)))
        moment = response.headers[name]
    assert numbers == (list(range(48, 56)) if forwards else [1, 0, 149, 148, 147, 146, 145, 144])


async def test_key_frames_backwards(recorded: list[Segment], viewer: httpx.AsyncClient) -> None:
    moment: str | None = at(6.0)
    numbers = []
    while moment is not None:
        response = await viewer.get(f"{CAMERA}/thumbnail", params={"at": moment, "width": 320})
        numbers.append(read_number(luma_of(response.content)))
        moment = response.headers.get("X-Previous-Time")
    assert numbers == [125, 100, 75, 50, 25, 0]


@pytest.mark.parametrize("address", ["picture", "thumbnail"])
async def test_widths(recorded: list[Segment], viewer: httpx.AsyncClient, address: str) -> None:
    for width, expected in ((160, (120, 160)), (1000, (240, 320))):
        response = await viewer.get(f"{CAMERA}/{address}", params={"at": at(1), "width": width})
        assert luma_of(response.content).shape == expected


async def test_odd_sizes_and_h265(site: Site, viewer: httpx.AsyncClient) -> None:
    site.deps.cameras.put(camera())
    keep(site, ClipSpec(frames=50, gop=25, codec="hevc", size_wh=(354, 198)))
    full = await viewer.get(f"{CAMERA}/picture", params={"at": at(1.5)})
    assert luma_of(full.content).shape == (198, 354)
    assert read_number(luma_of(full.content)) is not None
    small = await viewer.get(f"{CAMERA}/picture", params={"at": at(1.5), "width": 177})
    assert luma_of(small.content).shape == (99, 177)


@pytest.mark.parametrize("address", ["picture", "thumbnail"])
async def test_a_gap_tells_the_nearest_moments(
    site: Site, recorded: list[Segment], viewer: httpx.AsyncClient, address: str
) -> None:
    keep(site, ClipSpec(frames=50, gop=25), start_ns=BASE_WALL_NS + 60 * NS_PER_S, generation=2)
    response = await viewer.get(f"{CAMERA}/{address}", params={"at": at(30)})
    assert response.status_code == 404
    problem = response.json()
    assert problem["after"] == "2026-05-28T20:27:40.000000Z"
    for moment, number in ((problem["before"], 149), (problem["after"], 0)):
        found = await viewer.get(f"{CAMERA}/picture", params={"at": moment})
        assert read_number(luma_of(found.content)) == number


@pytest.mark.parametrize(
    ("address", "status"),
    [
        pytest.param("picture", 422, id="no moment"),
        pytest.param("picture?at=noon", 422, id="a word"),
        pytest.param("picture?at=2026-05-28T20:26:40", 422, id="no zone"),
        pytest.param(f"picture?at={at(1)}&width=0", 422, id="no width"),
        pytest.param(f"picture?at={at(1)}&width=99999", 422, id="a huge width"),
        pytest.param(f"thumbnail?at={at(1)}&width=5000", 422, id="a huge thumbnail"),
        pytest.param(f"strip?since={at(0)}&until={at(6)}&count=201", 422, id="too many"),
        pytest.param(f"strip?since={at(0)}&until={at(6)}&count=0", 422, id="none"),
        pytest.param(f"strip?since={at(0)}&until={at(6)}&width=321", 422, id="too wide"),
        pytest.param(f"strip?since={at(6)}&until={at(0)}", 422, id="backwards"),
        pytest.param(f"strip?since={at(0)}&until={at(10**7)}", 422, id="months"),
        pytest.param(f"strip?since={at(100)}&until={at(200)}", 404, id="a span of nothing"),
    ],
)
async def test_refused(
    recorded: list[Segment], viewer: httpx.AsyncClient, address: str, status: int
) -> None:
    response = await viewer.get(f"{CAMERA}/{address}")
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"


async def test_damaged_recordings_show_nothing(
    site: Site, recorded: list[Segment], viewer: httpx.AsyncClient
) -> None:
    site.deps.segments.put(replace(recorded[1], state=SegmentState.DAMAGED))
    assert (await viewer.get(f"{CAMERA}/picture", params={"at": at(3)})).status_code == 409
    path = site.deps.media_root / recorded[2].path
    data = bytearray(path.read_bytes())
    data[len(data) // 3] ^= 1
    path.write_bytes(data)
    response = await viewer.get(f"{CAMERA}/picture", params={"at": at(4.5)})
    assert response.status_code == 409
    strip = (await viewer.get(f"{CAMERA}/strip", params=six())).json()
    assert [tile["frame"] is None for tile in strip["tiles"]][2:4] == [True, True]


def six() -> dict[str, str]:
    return {"since": at(0.08), "until": at(6.08), "count": "6", "width": "96"}


async def test_a_strip_shows_the_frames_that_it_names(
    recorded: list[Segment], viewer: httpx.AsyncClient
) -> None:
    response = await viewer.get(f"{CAMERA}/strip", params=six() | {"until": at(8.08), "count": "8"})
    strip = response.json()
    kind, data = strip["image"].split(",")
    assert kind == "data:image/jpeg;base64"
    sprite = luma_of(base64.b64decode(data))
    width, height, columns = strip["tile_width"], strip["tile_height"], strip["columns"]
    assert (width, height, columns) == (96, 72, 8)
    numbers = []
    for n, tile in enumerate(strip["tiles"]):
        x, y = n % columns * width, n // columns * height
        shown = sprite[y : y + height, x : x + width]
        numbers.append(None if tile["frame"] is None else read_number(shown))
        assert (tile["frame"] is None) == (shown.max() < 10)
    # the middles lie between two key frames: the one before or after may be nearer by a rounding
    assert [n is not None and n % 25 == 0 for n in numbers] == [True] * 6 + [False] * 2
    assert numbers[:6] == sorted(n for n in numbers if n is not None)


async def test_a_strip_is_remembered(
    site: Site, recorded: list[Segment], viewer: httpx.AsyncClient
) -> None:
    first = (await viewer.get(f"{CAMERA}/strip", params=six())).json()
    for segment in recorded:  # its pictures are unreadable now, its tables of fragments are known
        path = site.deps.media_root / segment.path
        path.write_bytes(bytes(path.stat().st_size))
    assert (await viewer.get(f"{CAMERA}/strip", params=six())).json() == first


async def test_many_pictures_break_into_rows(
    recorded: list[Segment], viewer: httpx.AsyncClient
) -> None:
    wish = six() | {"count": "200", "width": "320"}
    strip = (await viewer.get(f"{CAMERA}/strip", params=wish)).json()
    assert strip["columns"] * strip["tile_width"] <= 4096
    sprite = luma_of(base64.b64decode(strip["image"].split(",")[1]))
    assert sprite.shape == (-(-200 // strip["columns"]) * 240, strip["columns"] * 320)
