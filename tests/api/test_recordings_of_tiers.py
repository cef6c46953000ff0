"""Recordings of slower tiers are served like those of the fast disk."""

from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from its_camera_ai.core.errors import StorageUnavailable
from its_camera_ai.core.segments import Segment, Tier
from its_camera_ai.recorder.files.media import Media
from its_camera_ai.store.disk import RealDisk
from its_camera_ai.store.folder_store import FolderStore
from its_camera_ai.store.media_store import MediaStore
from its_camera_ai.store.s3_access import StorageClass
from its_camera_ai.store.s3_store import S3Store
from tests.api.support import Site, client_of, sign_in
from tests.api.test_recordings import SEGMENT
from tests.support.s3_twin import S3Twin
from tests.support.sources import Held, random_bytes
from tests.support.swift import BUCKET, HASTY, Swift

CONTENT = random_bytes(1_500_000)
WARM = replace(SEGMENT, tier=Tier.WARM, size_bytes=len(CONTENT))
URL = f"/api/v1/recordings/{WARM.id}/media"


def with_store(site: Site, tier: Tier, store: MediaStore, segment: Segment) -> None:
    """Let the site have a slower tier with one recording."""
    site.deps.segments.put(segment)
    site.deps = replace(site.deps, media=Media({**site.deps.media.stores, tier: store}))


@pytest.fixture(params=["folder", "s3"])
def warm(request: pytest.FixtureRequest, site: Site, tmp_path: Path) -> Site:
    """A site with one recording, in the warm tier."""
    store: MediaStore
    if request.param == "folder":
        (tmp_path / "nas").mkdir()
        store = FolderStore(RealDisk(), tmp_path / "nas")
    else:
        swift: Swift = request.getfixturevalue("swift")
        store = S3Store(swift.access(), BUCKET, f"api/{tmp_path.name}")
    store.put(WARM.path, Held(CONTENT))
    with_store(site, Tier.WARM, store, WARM)
    return site


async def asked(site: Site, headers: dict[str, str] | None = None) -> httpx.Response:
    async with client_of(site.app()) as client:
        await sign_in(client, "viewer")
        return await client.get(URL, headers=headers)


@pytest.mark.parametrize(
    ("wanted", "status", "first", "last"),
    [
        pytest.param(None, 200, 0, 1_499_999, id="whole"),
        pytest.param("bytes=0-99", 206, 0, 99, id="the beginning"),
        pytest.param("bytes=700000-1300000", 206, 700_000, 1_300_000, id="inside"),
        pytest.param("bytes=-100", 206, 1_499_900, 1_499_999, id="the end"),
        pytest.param("bytes=1400000-9999999", 206, 1_400_000, 1_499_999, id="beyond the end"),
    ],
)
async def test_served(warm: Site, wanted: str | None, status: int, first: int, last: int) -> None:
    response = await asked(warm, {"Range": wanted} if wanted else None)
    assert response.status_code == status
    assert response.content == CONTENT[first : last + 1]
    assert response.headers["content-length"] == str(last - first + 1)


async def test_a_range_outside(warm: Site) -> None:
    response = await asked(warm, {"Range": "bytes=1500000-"})
    assert response.status_code == 416


async def test_one_that_is_gone(warm: Site) -> None:
    warm.deps.media.store(Tier.WARM).delete(WARM.path)
    response = await asked(warm)
    assert response.status_code == 410


async def test_one_in_an_archive_says_so(site: Site) -> None:
    cold = replace(WARM, tier=Tier.COLD)
    with S3Twin() as twin:
        store = S3Store(twin.access(), "footage", storage_class=StorageClass.DEEP_ARCHIVE)
        store.put(cold.path, Held(CONTENT))
        with_store(site, Tier.COLD, store, cold)
        response = await asked(site)
    assert response.status_code == 409
    assert response.json()["type"] == "urn:itscam:problem:archived"
    assert "Restore it there first" in response.json()["detail"]
    assert "footage" not in response.text


async def test_a_tier_that_is_away_tells_nothing_of_itself(site: Site) -> None:
    with S3Twin() as twin:
        access = replace(twin.access(), limits=HASTY)
    with_store(site, Tier.WARM, S3Store(access, "footage"), WARM)
    response = await asked(site)
    assert response.status_code == 503
    for inside in ("footage", "127.0.0.1", "ITSCAM"):
        assert inside not in response.text


async def test_a_tier_without_a_place(site: Site) -> None:
    site.deps.segments.put(WARM)
    assert (await asked(site)).status_code == 503
    with pytest.raises(StorageUnavailable, match="set ITSCAM_WARM_STORE"):
        site.deps.media.open(WARM)
