"""Sessions and passwords."""

import json
from pathlib import Path

import httpx
import pytest

from its_camera_ai.api.accounts import Accounts, token_hash
from its_camera_ai.api.passwords import PasswordRefused, Passwords, check_new_password
from its_camera_ai.store.audit import AuditLog
from its_camera_ai.store.database import Database, open_database
from its_camera_ai.store.login_attempts import LoginAttempts
from tests.api.support import PASSWORD, Site, TurnedClock, client_of, make_site, sign_in

HOUR_S = 3600
NEW_PASSWORD = "four quite common words"


async def attempt(client: httpx.AsyncClient, username: str, password: str) -> httpx.Response:
    return await client.post(
        "/api/v1/auth/login", json={"username": username, "password": password}
    )


async def test_login_answers_who_it_is(anonymous: httpx.AsyncClient) -> None:
    response = await attempt(anonymous, "operator", PASSWORD)
    body = response.json()
    assert body["user"] == {"username": "operator", "role": "operator"}
    assert body["must_change_password"] is False
    assert len(body["csrf_token"]) >= 40
    me = await anonymous.get("/api/v1/auth/me")
    assert me.json() == body


@pytest.mark.parametrize(
    ("secure", "name", "attributes"),
    [
        pytest.param(False, "itscam_session", {"httponly", "path=/", "samesite=lax"}, id="plain"),
        pytest.param(
            True,
            "__Host-itscam_session",
            {"httponly", "path=/", "samesite=lax", "secure"},
            id="TLS",
        ),
    ],
)
async def test_cookie(site: Site, secure: bool, name: str, attributes: set[str]) -> None:
    async with client_of(site.app(cookie_secure=secure)) as client:
        response = await attempt(client, "viewer", PASSWORD)
    header = response.headers["set-cookie"]
    assert header.startswith(f"{name}=")
    parts = {part.strip().lower() for part in header.split(";")[1:]}
    assert attributes <= parts
    assert not any(part.startswith("domain") for part in parts)
    assert ("secure" in parts) is secure


async def test_the_token_is_stored_as_its_hash_only(site: Site, tmp_path: Path) -> None:
    async with client_of(site.app()) as client:
        await sign_in(client, "viewer")
        token = client.cookies["itscam_session"]
    assert site.sessions.get(token_hash(token)) is not None
    stored = b"".join(path.read_bytes() for path in tmp_path.glob("site.db*"))
    assert token_hash(token).encode() in stored
    assert token.encode() not in stored
    assert PASSWORD.encode() not in stored


async def test_each_login_makes_a_new_token_and_ends_the_old(site: Site) -> None:
    async with client_of(site.app()) as client:
        await sign_in(client, "viewer")
        first = client.cookies["itscam_session"]
        await sign_in(client, "viewer")
        assert client.cookies["itscam_session"] != first
    assert site.sessions.get(token_hash(first)) is None


async def test_logout_ends_the_session_on_the_server(viewer: httpx.AsyncClient, site: Site) -> None:
    token = viewer.cookies["itscam_session"]
    response = await viewer.post("/api/v1/auth/logout")
    assert response.status_code == 204
    assert "itscam_session" not in viewer.cookies
    viewer.cookies.set("itscam_session", token, domain="testserver.local")
    assert site.deps.accounts.principal(token) is None


@pytest.mark.parametrize(
    "token",
    [
        pytest.param("", id="empty"),
        pytest.param("x" * 43, id="unknown"),
        pytest.param("x" * 100_000, id="huge"),
        pytest.param("ü", id="not ASCII"),
    ],
)
def test_a_token_of_no_session(site: Site, token: str) -> None:
    assert site.deps.accounts.principal(token) is None


def test_idle_timeout(site: Site) -> None:
    token = site.deps.accounts.sign_in("viewer", PASSWORD, "10.0.0.1").token
    site.clock.turn(11.9 * HOUR_S)
    assert site.deps.accounts.principal(token) is not None
    site.clock.turn(11.9 * HOUR_S)
    assert site.deps.accounts.principal(token) is not None, "use prolongs it"
    site.clock.turn(12 * HOUR_S)
    assert site.deps.accounts.principal(token) is None
    assert site.sessions.get(token_hash(token)) is None


def test_absolute_timeout_comes_however_busy(site: Site) -> None:
    token = site.deps.accounts.sign_in("viewer", PASSWORD, "10.0.0.1").token
    for _ in range(7 * 4 - 1):
        site.clock.turn(6 * HOUR_S)
        assert site.deps.accounts.principal(token) is not None
    site.clock.turn(6 * HOUR_S)
    assert site.deps.accounts.principal(token) is None


@pytest.mark.parametrize("how", ["disabled", "deleted"])
def test_an_account_that_is_gone_has_no_session(site: Site, how: str) -> None:
    token = site.deps.accounts.sign_in("viewer", PASSWORD, "10.0.0.1").token
    if how == "disabled":
        site.users.set_disabled("viewer", True)
    else:
        site.users.delete("viewer")
    assert site.deps.accounts.principal(token) is None


def test_a_changed_role_counts_at_once(site: Site) -> None:
    token = site.deps.accounts.sign_in("viewer", PASSWORD, "10.0.0.1").token
    site.users.set_role("viewer", "operator")
    principal = site.deps.accounts.principal(token)
    assert principal is not None
    assert principal.role.value == "operator"


class TestFailedLogin:
    """A refusal tells nothing about the account."""

    @pytest.mark.parametrize(
        ("username", "password"),
        [
            pytest.param("viewer", "wrong password", id="wrong password"),
            pytest.param("nobody", PASSWORD, id="no such account"),
            pytest.param("locked", PASSWORD, id="disabled account"),
            pytest.param("Viewer", PASSWORD, id="other case"),
        ],
    )
    async def test_all_look_the_same(
        self, site: Site, anonymous: httpx.AsyncClient, username: str, password: str
    ) -> None:
        site.add_user("locked", "viewer")
        site.users.set_disabled("locked", True)
        response = await attempt(anonymous, username, password)
        assert response.status_code == 401
        assert response.json() == {
            "type": "urn:itscam:problem:sign-in-failed",
            "title": "Sign-in failed",
            "status": 401,
            "detail": "The user name or the password is wrong; check both and try again.",
            "instance": "/api/v1/auth/login",
        }
        assert "set-cookie" not in response.headers

    @pytest.mark.parametrize("username", ["viewer", "nobody"])
    def test_an_unknown_account_costs_one_hash_too(
        self, site: Site, monkeypatch: pytest.MonkeyPatch, username: str
    ) -> None:
        verified: list[str] = []
        hasher = site.passwords._hasher
        real = type(hasher).verify

        def counting(self: object, stored: str, password: str) -> bool:
            verified.append(stored)
            return real(hasher, stored, password)

        monkeypatch.setattr(type(hasher), "verify", counting)
        with pytest.raises(Exception, match="wrong"):
            site.deps.accounts.sign_in(username, "wrong password", "10.0.0.1")
        assert len(verified) == 1
        assert verified[0].startswith("$argon2id$v=19$m=8,t=1,p=1$")

    async def test_what_was_typed_as_name_is_not_kept(
        self, site: Site, anonymous: httpx.AsyncClient, tmp_path: Path
    ) -> None:
        await attempt(anonymous, "my secret by mistake", "x")
        stored = b"".join(path.read_bytes() for path in tmp_path.glob("site.db*"))
        assert b"my secret by mistake" not in stored
        assert [e.actor for e in site.deps.audit.find()] == ["unknown"]


class TestBruteForce:
    """Limits per account and per address, kept in the database."""

    async def test_the_account_is_locked_after_20(
        self, site: Site, anonymous: httpx.AsyncClient, viewer: httpx.AsyncClient
    ) -> None:
        for _ in range(20):
            assert (await attempt(anonymous, "viewer", "wrong")).status_code == 401
        refused = await attempt(anonymous, "viewer", PASSWORD)
        assert refused.status_code == 429
        assert 0 < int(refused.headers["retry-after"]) <= HOUR_S
        assert refused.json()["type"] == "urn:itscam:problem:too-many-attempts"
        me = await viewer.get("/api/v1/auth/me")
        assert me.status_code == 200, "a session that is open stays open"
        site.clock.turn(int(refused.headers["retry-after"]))
        assert (await attempt(anonymous, "viewer", PASSWORD)).status_code == 200

    async def test_the_address_is_locked_over_all_accounts(
        self, anonymous: httpx.AsyncClient
    ) -> None:
        statuses = [(await attempt(anonymous, f"guess{i}", "wrong")).status_code for i in range(61)]
        assert statuses == [401] * 60 + [429]

    def test_a_restart_does_not_reset(self, site: Site, database: Database, tmp_path: Path) -> None:
        for _ in range(20):
            with pytest.raises(Exception, match="wrong"):
                site.deps.accounts.sign_in("viewer", "wrong", "10.0.0.1")
        database.close()
        reopened = open_database(f"sqlite:///{tmp_path}/site.db")
        try:
            restarted = make_site(reopened, tmp_path, clock=site.clock)
            with pytest.raises(Exception, match="Too many attempts"):
                restarted.deps.accounts.sign_in("viewer", PASSWORD, "10.0.0.2")
        finally:
            reopened.close()

    async def test_guessing_the_current_password_counts_too(
        self, viewer: httpx.AsyncClient
    ) -> None:
        body = {"current": "wrong", "new": NEW_PASSWORD}
        statuses = [
            (await viewer.post("/api/v1/auth/password", json=body)).status_code for _ in range(21)
        ]
        assert statuses == [401] * 20 + [429]


class TestPasswordChange:
    async def test_a_newcomer_must_and_then_may(self, site: Site) -> None:
        async with client_of(site.app()) as client:
            await sign_in(client, "newcomer")
            blocked = await client.get("/api/v1/cameras")
            assert blocked.status_code == 403
            assert blocked.json()["type"] == "urn:itscam:problem:password-change-required"
            response = await client.post(
                "/api/v1/auth/password", json={"current": PASSWORD, "new": NEW_PASSWORD}
            )
            assert response.status_code == 200
            assert response.json()["must_change_password"] is False
            assert (await client.get("/api/v1/cameras")).status_code == 200

    async def test_ends_all_other_sessions_and_renews_this_one(self, site: Site) -> None:
        async with client_of(site.app()) as here, client_of(site.app()) as there:
            await sign_in(here, "viewer")
            await sign_in(there, "viewer")
            before = here.cookies["itscam_session"]
            response = await here.post(
                "/api/v1/auth/password", json={"current": PASSWORD, "new": NEW_PASSWORD}
            )
            assert response.json()["csrf_token"] != here.headers["X-CSRF-Token"]
            assert here.cookies["itscam_session"] != before
            assert (await here.get("/api/v1/auth/me")).status_code == 200
            assert (await there.get("/api/v1/auth/me")).status_code == 401
            assert (await attempt(there, "viewer", PASSWORD)).status_code == 401
            assert (await attempt(there, "viewer", NEW_PASSWORD)).status_code == 200

    @pytest.mark.parametrize(
        ("new", "words"),
        [
            pytest.param("elevenchars", "at least 12", id="too short"),
            pytest.param("x" * 129, "at most 128", id="too long"),
            pytest.param("viewerviewer", "user name", id="the user name"),
            pytest.param("VIEWERviewer", "user name", id="the user name in other case"),
            pytest.param("abababababab", "repeats", id="two characters"),
            pytest.param(PASSWORD, "current", id="unchanged"),
        ],
    )
    async def test_refused(self, site: Site, new: str, words: str) -> None:
        site.add_user("viewerviewer", "viewer")
        async with client_of(site.app()) as client:
            await sign_in(client, "viewerviewer")
            response = await client.post(
                "/api/v1/auth/password", json={"current": PASSWORD, "new": new}
            )
        assert response.status_code == 422
        assert words in response.json()["detail"]
        assert new not in response.text

    @pytest.mark.parametrize(
        "password",
        [
            pytest.param("twelve chars", id="12, lower case only"),
            pytest.param("x y" * 42, id="126"),
            pytest.param("пароль из слов", id="Cyrillic"),
        ],
    )
    def test_no_rule_about_kinds_of_characters(self, password: str) -> None:
        check_new_password("viewer", password)

    def test_the_name_with_spaces_is_the_name(self) -> None:
        with pytest.raises(PasswordRefused):
            check_new_password("viewerviewer", " viewerviewer ")


def test_hashes_are_renewed_when_the_cost_rises(
    site: Site, database: Database, clock_turned: TurnedClock
) -> None:
    dearer = Accounts(
        site.users,
        site.sessions,
        LoginAttempts(database),
        AuditLog(database),
        clock_turned,
        passwords=Passwords(memory_kib=16, passes=1),
    )
    dearer.sign_in("newcomer", PASSWORD, "10.0.0.1")
    user = site.users.get("newcomer")
    assert user is not None
    assert "m=16" in user.password_hash
    assert user.must_change_password
    dearer.sign_in("newcomer", PASSWORD, "10.0.0.1")


@pytest.fixture
def clock_turned(site: Site) -> TurnedClock:
    return site.clock


def test_a_damaged_hash_lets_nobody_in(site: Site) -> None:
    site.users.set_password("viewer", "not a hash")
    with pytest.raises(Exception, match="wrong"):
        site.deps.accounts.sign_in("viewer", "not a hash", "10.0.0.1")


def test_default_cost_exceeds_the_recommended_minimum() -> None:
    text = Passwords().hash("x")
    assert "$m=65536,t=3,p=1$" in text


async def test_audit_tells_the_story(site: Site) -> None:
    async with client_of(site.app()) as client:
        await attempt(client, "viewer", "wrong")
        await sign_in(client, "viewer")
        await client.post("/api/v1/auth/logout")
    entries = [(e.actor, e.action) for e in reversed(site.deps.audit.find())]
    assert entries == [
        ("viewer", "sign_in_failed"),
        ("viewer", "signed_in"),
        ("viewer", "signed_out"),
    ]
    assert site.deps.audit.verify() is None


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({}, id="nothing"),
        pytest.param({"username": "viewer"}, id="no password"),
        pytest.param({"username": "viewer", "password": "x", "role": "admin"}, id="unknown key"),
        pytest.param({"username": ["viewer"], "password": "x"}, id="wrong type"),
        pytest.param({"username": "v" * 129, "password": "x"}, id="long name"),
        pytest.param({"username": "viewer", "password": "secret-canary" * 11}, id="long password"),
        pytest.param({"username": "\ud800", "password": "x"}, id="lone surrogate"),
    ],
)
async def test_malformed_login(anonymous: httpx.AsyncClient, body: dict[str, object]) -> None:
    response = await anonymous.post(
        "/api/v1/auth/login",
        content=json.dumps(body),
        headers={"Content-Type": "application/json"},
    )
    assert response.status_code == 422
    assert response.json()["errors"]
    assert "secret-canary" not in response.text
