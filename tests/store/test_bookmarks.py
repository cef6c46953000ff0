"""Bookmarks in the database: found by what they share with a span, changed and removed once."""

from dataclasses import replace

import pytest

from its_camera_ai.core.bookmarks import Bookmark
from its_camera_ai.core.errors import ConfigInvalid
from its_camera_ai.store import bookmarks as store
from its_camera_ai.store.bookmarks import BookmarkRepository
from its_camera_ai.store.database import Database

SPAN = Bookmark("b", "gate", 100, 200, "A van", "grey", "op", 1, 2)
MOMENT = replace(SPAN, id="a", since_wall_ns=100, until_wall_ns=100)
YARD = replace(SPAN, id="c", camera_id="yard", since_wall_ns=50, until_wall_ns=60)


@pytest.fixture
def kept(database: Database) -> BookmarkRepository:
    repository = BookmarkRepository(database)
    for bookmark in (SPAN, MOMENT, YARD):
        repository.add(bookmark)
    return repository


def test_given_back_as_they_were(kept: BookmarkRepository) -> None:
    assert kept.get("b") == SPAN
    assert kept.get("x") is None
    assert kept.find() == [YARD, MOMENT, SPAN]
    assert kept.find("gate", limit=1) == [MOMENT]
    assert kept.find("gate", after=MOMENT) == [SPAN]


@pytest.mark.parametrize(
    ("since", "until", "found"),
    [
        pytest.param(None, 100, [], id="ends at its beginning"),
        pytest.param(None, 101, ["a", "b"], id="ends within"),
        pytest.param(100, None, ["a", "b"], id="begins with it"),
        pytest.param(101, None, ["b"], id="begins within"),
        pytest.param(201, None, [], id="begins behind"),
        pytest.param(-(10**30), 10**30, ["a", "b"], id="beyond what a column holds"),
    ],
)
def test_spans(
    kept: BookmarkRepository, since: int | None, until: int | None, found: list[str]
) -> None:
    assert [b.id for b in kept.find("gate", since, until)] == found


def test_change_and_removal_tell_whether_there_was_one(kept: BookmarkRepository) -> None:
    changed = replace(SPAN, title="A lorry", updated_wall_ns=9)
    assert kept.change(changed)
    assert kept.get("b") == changed
    assert not kept.change(replace(SPAN, id="x"))
    assert kept.remove("b")
    assert not kept.remove("b")


def test_their_number_is_bounded(kept: BookmarkRepository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "BOOKMARKS_MAX", 3)
    with pytest.raises(ConfigInvalid, match="remove some"):
        kept.add(replace(SPAN, id="d"))
