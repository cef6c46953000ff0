"""The state of the recordings over HTTP."""

from dataclasses import replace

import httpx
import pytest

from its_camera_ai.core.holds import Hold, HoldKind
from its_camera_ai.core.segments import SegmentState, Tier
from its_camera_ai.core.time import NS_PER_S
from its_camera_ai.store.disk import RealDisk
from its_camera_ai.store.hold_mirror import HoldMirror
from its_camera_ai.store.holds import HoldRepository
from tests.api.support import BASE_WALL_NS, Site
from tests.api.test_recordings import SEGMENT

URL = "/api/v1/storage"


@pytest.fixture
def kept(site: Site) -> Site:
    """Two minutes of one camera with a gap of a minute between, and one minute in the archive."""
    minute_ns = 60 * NS_PER_S
    for number, tier in enumerate([Tier.COLD, Tier.HOT, Tier.HOT]):
        site.deps.segments.put(
            replace(
                SEGMENT,
                id=f"id-{number}",
                path=f"gate/main/{number}.mp4",
                tier=tier,
                start_wall_ns=BASE_WALL_NS - 600 * NS_PER_S + 2 * number * minute_ns,
            )
        )
    return site


async def test_an_empty_site(site: Site, viewer: httpx.AsyncClient) -> None:
    assert (await viewer.get(URL)).json() == {
        "holdings": [],
        "verified": [],
        "garbage_files": 0,
        "garbage_bytes": 0,
        "gaps": [],
        "problems": [],
    }


async def test_what_is_kept(kept: Site, viewer: httpx.AsyncClient) -> None:
    kept.deps.segments.judge([(kept.deps.segments.find("gate")[1], SegmentState.GOOD)], 10**18)
    body = (await viewer.get(URL)).json()
    cold, hot = body["holdings"]
    assert (cold["tier"], cold["files"], cold["size_bytes"]) == ("cold", 1, 1024)
    assert (hot["tier"], hot["files"], hot["size_bytes"]) == ("hot", 2, 2048)
    assert (hot["oldest"], hot["newest"]) == (
        "2026-05-28T20:18:40.000Z",
        "2026-05-28T20:21:40.000Z",
    )
    assert body["verified"] == [
        {"tier": "hot", "never_files": 1, "oldest": "2001-09-09T01:46:40.000Z"},
        {"tier": "cold", "never_files": 1, "oldest": None},
    ]
    gate = body["gaps"][0]
    assert (gate["camera_id"], len(gate["gaps"]), gate["total_s"]) == ("gate", 2, 120)
    assert gate["gaps"][0] == {
        "start": "2026-05-28T20:17:40.000Z",
        "end": "2026-05-28T20:18:40.000Z",
        "duration_s": 60,
    }


@pytest.mark.parametrize(
    ("query", "gaps"),
    [
        pytest.param("gaps_h=0", 0, id="not asked for"),
        pytest.param("gap_s=59", 1, id="shorter ones too"),
        pytest.param("gap_s=60", 0, id="longer ones only"),
    ],
)
async def test_gaps(kept: Site, viewer: httpx.AsyncClient, query: str, gaps: int) -> None:
    assert len((await viewer.get(f"{URL}?{query}")).json()["gaps"]) == gaps


async def test_missing_counts_as_not_recorded(kept: Site, viewer: httpx.AsyncClient) -> None:
    kept.deps.segments.mark(["id-1"], SegmentState.MISSING)
    body = (await viewer.get(URL)).json()
    assert body["gaps"][0]["total_s"] == 180
    assert body["holdings"][1]["missing_files"] == 1
    assert body["holdings"][1]["size_bytes"] == 1024
    assert "missing recordings of camera gate" in body["problems"][0]


async def test_garbage(kept: Site, viewer: httpx.AsyncClient) -> None:
    kept.deps.segments.discard(["id-1"], reason="quota", now_wall_ns=1)
    body = (await viewer.get(URL)).json()
    assert (body["garbage_files"], body["garbage_bytes"]) == (1, 1024)


async def test_damaged_evidence_comes_first(kept: Site, viewer: httpx.AsyncClient) -> None:
    holds = HoldRepository(kept.database, HoldMirror(RealDisk(), kept.deps.media_root))
    holds.add(Hold("h", HoldKind.LEGAL, None, 0, BASE_WALL_NS, "case 5", "bob", 1))
    kept.deps.segments.mark(["id-2"], SegmentState.DAMAGED)
    problems = (await viewer.get(URL)).json()["problems"]
    assert problems[0].startswith("EVIDENCE IS DAMAGED: 1 held recordings")
    assert problems[1].startswith("1 damaged and 0 missing")


@pytest.mark.parametrize("query", ["gaps_h=169", "gaps_h=-1", "gap_s=0", "gap_s=x"])
async def test_refused(site: Site, viewer: httpx.AsyncClient, query: str) -> None:
    assert (await viewer.get(f"{URL}?{query}")).status_code == 422


async def test_only_for_accounts(site: Site, anonymous: httpx.AsyncClient) -> None:
    assert (await anonymous.get(URL)).status_code == 401
