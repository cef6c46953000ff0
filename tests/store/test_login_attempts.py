import threading

import pytest

from its_camera_ai.store.database import Database, open_database
from its_camera_ai.store.login_attempts import LoginAttempts

S = 1_000_000_000


@pytest.fixture
def attempts(database: Database) -> LoginAttempts:
    return LoginAttempts(database, window_s=60, account_max=3, address_max=5)


def test_an_account_is_limited_from_anywhere(attempts: LoginAttempts) -> None:
    assert [attempts.admit("ann", f"10.0.0.{i}", i * S) for i in range(3)] == [0, 0, 0]
    assert attempts.admit("Ann", "10.0.0.9", 10 * S) == 50 * S
    assert attempts.admit("bob", "10.0.0.9", 10 * S) == 0


def test_an_address_is_limited_on_any_account(attempts: LoginAttempts) -> None:
    assert [attempts.admit(f"user{i}", "10.0.0.1", 0) for i in range(5)] == [0] * 5
    assert attempts.admit("user9", "10.0.0.1", 20 * S) == 40 * S
    assert attempts.admit("user9", "10.0.0.2", 20 * S) == 0


def test_the_window_slides(attempts: LoginAttempts) -> None:
    for at in (0, 10, 20):
        attempts.admit("ann", "a", at * S)
    assert attempts.admit("ann", "a", 59 * S) == 1 * S
    assert attempts.admit("ann", "a", 60 * S) == 0
    assert attempts.admit("ann", "a", 61 * S) == 9 * S


def test_hammering_does_not_prolong_the_wait(attempts: LoginAttempts) -> None:
    waits = [attempts.admit("ann", "a", i * S) for i in range(60)]
    assert waits[:3] == [0, 0, 0]
    assert waits[3:] == [(60 - i) * S for i in range(3, 60)]


def test_success_forgets_only_the_attempts_from_there(attempts: LoginAttempts) -> None:
    attempts.admit("ann", "home", 0)
    attempts.admit("ann", "guesser", 0)
    attempts.admit("ann", "guesser", 0)
    attempts.succeeded("ann", "home")
    assert attempts.admit("ann", "home", 0) == 0
    assert attempts.admit("ann", "guesser", 0) > 0


def test_limits_survive_a_restart(attempts: LoginAttempts, database: Database, url: str) -> None:
    for _ in range(3):
        attempts.admit("ann", "a", 0)
    database.close()
    again = open_database(url)
    assert LoginAttempts(again, window_s=60, account_max=3).admit("ann", "a", S) > 0
    again.close()


def test_a_burst_of_parallel_guesses_gains_nothing(database: Database, url: str) -> None:
    patient = open_database(url)
    attempts = LoginAttempts(patient, window_s=60, account_max=3)
    waits: list[int] = []

    def guess() -> None:
        waits.extend(attempts.admit("ann", "a", 0) for _ in range(4))

    threads = [threading.Thread(target=guess) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    patient.close()
    assert len(waits) == 24
    assert waits.count(0) == 3


def test_what_was_typed_as_a_name_is_not_stored(
    attempts: LoginAttempts, database: Database
) -> None:
    attempts.admit("CANARY-password-in-the-wrong-field", "a", 0)
    database.close()
    assert b"CANARY" not in database.path.read_bytes()
