import pytest

from its_camera_ai.store.database import Database
from its_camera_ai.store.sessions import Session, SessionRepository
from its_camera_ai.store.users import User, UserRepository


def session(
    name: str, username: str = "ann", created_ns: int = 10, expires_ns: int = 99
) -> Session:
    return Session(name, username, f"csrf-{name}", created_ns, created_ns, expires_ns)


@pytest.fixture
def sessions(database: Database) -> SessionRepository:
    for name in ("ann", "bob"):
        UserRepository(database).add(User(name, "$", "viewer", False, 1))
    made = SessionRepository(database)
    made.add(session("a1"))
    made.add(session("a2", created_ns=20, expires_ns=50))
    made.add(session("b1", "bob"))
    return made


def test_a_session_comes_back_as_it_was(sessions: SessionRepository) -> None:
    assert sessions.get("a1") == session("a1")
    assert sessions.get("nothing") is None
    assert sessions.of("ann") == [session("a2", created_ns=20, expires_ns=50), session("a1")]


def test_touch_only_goes_forward(sessions: SessionRepository) -> None:
    sessions.touch("a1", 30)
    sessions.touch("a1", 25)
    sessions.touch("nothing", 30)
    found = sessions.get("a1")
    assert found is not None
    assert found.seen_ns == 30


def test_ending_one(sessions: SessionRepository) -> None:
    assert sessions.delete("a1")
    assert not sessions.delete("a1")
    assert [s.token_hash for s in sessions.of("ann")] == ["a2"]


@pytest.mark.parametrize(("keep", "ended", "left"), [(None, 2, []), ("a1", 1, ["a1"])])
def test_ending_all_of_an_account(
    sessions: SessionRepository, keep: str | None, ended: int, left: list[str]
) -> None:
    assert sessions.delete_of("ann", keep_token_hash=keep) == ended
    assert [s.token_hash for s in sessions.of("ann")] == left
    assert sessions.get("b1") is not None


def test_pruning_takes_what_has_expired(sessions: SessionRepository) -> None:
    assert sessions.prune(49) == 0
    assert sessions.prune(50) == 1
    assert sessions.get("a2") is None


def test_tokens_do_not_print() -> None:
    shown = repr(Session("CANARY1", "ann", "CANARY2", 1, 1, 1))
    assert "CANARY" not in shown
