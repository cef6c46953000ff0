"""Bookmarks over HTTP: who may make, change and remove them, and what is refused."""

from collections.abc import AsyncIterator

import httpx
import pytest

from tests.api.support import Site, camera, client_of, sign_in

BOOKMARKS = "/api/v1/bookmarks"
VAN = {"camera": "gate", "since": "2026-05-28T20:26:40Z", "title": "A van", "note": "grey\nold"}


@pytest.fixture
async def operator(site: Site) -> AsyncIterator[httpx.AsyncClient]:
    site.deps.cameras.put(camera())
    async with client_of(site.app()) as client:
        await sign_in(client, "operator")
        yield client


@pytest.fixture
async def other(site: Site) -> AsyncIterator[httpx.AsyncClient]:
    site.add_user("other", "operator")
    async with client_of(site.app()) as client:
        await sign_in(client, "other")
        yield client


async def test_make_read_change_remove(
    site: Site, operator: httpx.AsyncClient, viewer: httpx.AsyncClient
) -> None:
    made = await operator.post(BOOKMARKS, json=VAN)
    assert made.status_code == 201
    assert made.json() == {
        "id": made.json()["id"],
        "camera": "gate",
        "since": "2026-05-28T20:26:40.000000Z",
        "until": "2026-05-28T20:26:40.000000Z",
        "title": "A van",
        "note": "grey\nold",
        "author": "operator",
        "created": "2026-05-28T20:26:40.000000Z",
        "updated": "2026-05-28T20:26:40.000000Z",
    }
    assert (await viewer.get(BOOKMARKS)).json()["items"] == [made.json()]
    site.clock.turn(60)
    address = f"{BOOKMARKS}/{made.json()['id']}"
    changed = await operator.patch(address, json={"until": "2026-05-28T20:27:00Z", "note": ""})
    assert changed.json() == made.json() | {
        "until": "2026-05-28T20:27:00.000000Z",
        "note": "",
        "updated": "2026-05-28T20:27:40.000000Z",
    }
    assert (await operator.delete(address)).status_code == 204
    assert (await operator.delete(address)).status_code == 404
    assert (await viewer.get(BOOKMARKS)).json()["items"] == []
    entries = [e for e in site.deps.audit.find() if e.action.startswith("bookmark")]
    assert [(e.actor, e.action) for e in entries] == [
        ("operator", "bookmark_removed"),
        ("operator", "bookmark_changed"),
        ("operator", "bookmark_added"),
    ]


async def test_only_the_author_or_an_admin(
    operator: httpx.AsyncClient, other: httpx.AsyncClient, admin: httpx.AsyncClient
) -> None:
    address = f"{BOOKMARKS}/{(await operator.post(BOOKMARKS, json=VAN)).json()['id']}"
    assert (await other.patch(address, json={"note": "mine"})).status_code == 403
    assert (await other.delete(address)).status_code == 403
    assert (await admin.patch(address, json={"note": "seen"})).json()["author"] == "operator"
    assert (await admin.delete(address)).status_code == 204


async def test_a_moment_that_is_moved_stays_one(operator: httpx.AsyncClient) -> None:
    made = (await operator.post(BOOKMARKS, json=VAN)).json()
    changed = await operator.patch(
        f"{BOOKMARKS}/{made['id']}", json={"since": "2026-05-28T21:00:00Z"}
    )
    assert changed.json()["until"] == changed.json()["since"] == "2026-05-28T21:00:00.000000Z"


async def test_pages(operator: httpx.AsyncClient) -> None:
    for second in (30, 10, 20, 10):
        await operator.post(BOOKMARKS, json=VAN | {"since": f"2026-05-28T20:26:{second}Z"})
    seen, cursor = [], None
    while True:
        params = {"limit": 1} | ({} if cursor is None else {"cursor": cursor})
        page = (await operator.get(BOOKMARKS, params=params)).json()
        seen += [item["since"][17:19] for item in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == ["10", "10", "20", "30"]
    assert (await operator.get(BOOKMARKS, params={"cursor": "x"})).status_code == 422


@pytest.mark.parametrize(
    ("query", "found"),
    [
        pytest.param({}, 1, id="all"),
        pytest.param({"camera": "gate"}, 1, id="its camera"),
        pytest.param({"camera": "yard"}, 0, id="another camera"),
        pytest.param({"since": "2026-05-28T20:26:40Z"}, 1, id="from its moment"),
        pytest.param({"since": "2026-05-28T20:26:41Z"}, 0, id="later"),
        pytest.param({"until": "2026-05-28T20:26:40Z"}, 0, id="earlier"),
    ],
)
async def test_found_by(operator: httpx.AsyncClient, query: dict[str, str], found: int) -> None:
    await operator.post(BOOKMARKS, json=VAN)
    assert len((await operator.get(BOOKMARKS, params=query)).json()["items"]) == found


@pytest.mark.parametrize(
    ("change", "status"),
    [
        pytest.param({"camera": "nobody"}, 404, id="a camera of nobody"),
        pytest.param({"title": ""}, 422, id="no title"),
        pytest.param({"title": "   "}, 422, id="a title of spaces"),
        pytest.param({"title": "a\nb"}, 422, id="two lines"),
        pytest.param({"title": "x" * 121}, 422, id="a long title"),
        pytest.param({"title": "\x00"}, 422, id="a control character"),
        pytest.param({"note": "x" * 4001}, 422, id="a long note"),
        pytest.param({"note": "\x1b[2J"}, 422, id="a control character in the note"),
        pytest.param({"since": "today"}, 422, id="no time"),
        pytest.param({"since": "2026-05-28T20:26:40"}, 422, id="no zone"),
        pytest.param({"until": "2026-05-28T20:26:39Z"}, 422, id="ends before it begins"),
        pytest.param({"author": "somebody"}, 422, id="an author of one's choice"),
    ],
)
async def test_refused(operator: httpx.AsyncClient, change: dict[str, str], status: int) -> None:
    response = await operator.post(BOOKMARKS, json=VAN | change)
    assert response.status_code == status
    assert (await operator.get(BOOKMARKS)).json()["items"] == []
