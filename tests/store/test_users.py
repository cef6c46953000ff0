from dataclasses import replace

import pytest

from its_camera_ai.core.errors import ConfigInvalid
from its_camera_ai.store.database import Database
from its_camera_ai.store.sessions import Session, SessionRepository
from its_camera_ai.store.users import User, UserRepository

ANN = User("ann", "$argon2id$CANARY", "admin", must_change_password=True, created_ns=5)


@pytest.fixture
def users(database: Database) -> UserRepository:
    made = UserRepository(database)
    made.add(ANN)
    return made


def test_an_account_comes_back_as_it_was(users: UserRepository) -> None:
    assert users.get("ann") == ANN
    assert users.get("bob") is None
    assert users.get("Ann") is None
    users.add(replace(ANN, username="bob", role="viewer", disabled=True))
    assert [(user.username, user.disabled) for user in users.all()] == [
        ("ann", False),
        ("bob", True),
    ]


def test_a_name_is_given_once(users: UserRepository) -> None:
    with pytest.raises(ConfigInvalid, match="'ann' already"):
        users.add(replace(ANN, role="viewer"))
    assert users.get("ann") == ANN


def test_changes(users: UserRepository) -> None:
    users.set_password("ann", "$new")
    assert users.get("ann") == replace(ANN, password_hash="$new", must_change_password=False)
    users.set_password("ann", "$newer", must_change=True)
    users.set_role("ann", "viewer")
    users.set_disabled("ann", True)
    assert users.get("ann") == replace(
        ANN, password_hash="$newer", must_change_password=True, role="viewer", disabled=True
    )


@pytest.mark.parametrize("change", ["set_role", "set_password", "set_disabled"])
def test_changing_an_unknown_account(users: UserRepository, change: str) -> None:
    with pytest.raises(ConfigInvalid, match="no user 'bob'"):
        getattr(users, change)("bob", "x" if change != "set_disabled" else True)


def test_a_removed_account_takes_its_sessions_along(
    users: UserRepository, database: Database
) -> None:
    sessions = SessionRepository(database)
    sessions.add(Session("hash", "ann", "csrf", 1, 1, 9))
    assert users.delete("ann")
    assert not users.delete("ann")
    assert sessions.get("hash") is None


def test_hashes_do_not_print(users: UserRepository) -> None:
    assert "CANARY" not in repr(users.all())
