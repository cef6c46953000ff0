import threading

import pytest

from its_camera_ai.store.counters import TrackIdCounter
from its_camera_ai.store.database import Database, open_database


def test_blocks_follow_each_other_per_camera(database: Database) -> None:
    counter = TrackIdCounter(database)
    assert [counter.reserve("north", n) for n in (10, 1, 5)] == [1, 11, 12]
    assert counter.reserve("south", 3) == 1
    assert counter.reserve("north", 1) == 17


def test_ids_do_not_return_after_a_restart(database: Database, url: str) -> None:
    TrackIdCounter(database).reserve("north", 100)
    database.close()
    again = open_database(url)
    assert TrackIdCounter(again).reserve("north", 1) == 101
    again.close()


@pytest.mark.parametrize("n", [0, -1])
def test_nothing_to_reserve(database: Database, n: int) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        TrackIdCounter(database).reserve("north", n)


def test_no_two_threads_get_the_same_ids(database: Database, url: str) -> None:
    patient = open_database(url)
    counter = TrackIdCounter(patient)
    firsts: list[int] = []

    def work() -> None:
        firsts.extend(counter.reserve("north", 7) for _ in range(10))

    threads = [threading.Thread(target=work) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    patient.close()
    assert sorted(firsts) == list(range(1, 350, 7))
