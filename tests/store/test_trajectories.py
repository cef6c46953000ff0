"""Trajectories: given back to the centimetre, found by when they ended, stored once."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from sqlalchemy import func, select

from its_camera_ai.core.errors import ConfigInvalid, StateInvalid
from its_camera_ai.core.road_users import LengthClass, Trajectory, VehicleFacts
from its_camera_ai.core.time import NS_PER_MS, NS_PER_S
from its_camera_ai.store.database import Database
from its_camera_ai.store.traffic_schema import trajectories
from its_camera_ai.store.trajectories import TrajectoryRepository
from its_camera_ai.store.trajectory_bodies import packed, unpacked

BEGIN_NS = 1_700_000_000 * NS_PER_S
VAN = VehicleFacts("truck", 0.75, 5.9, 0.2, LengthClass.MEDIUM, {3: 0.4, 5: 0.6})


def path(
    track_id: int = 1, end_s: float = 10.0, label: str = "car", points: int = 20
) -> Trajectory:
    share = np.linspace(0, 1, points)
    return Trajectory(
        "cam",
        track_id,
        VehicleFacts(label, 1.0),
        BEGIN_NS + (share * end_s * NS_PER_S).astype(np.int64),
        np.stack([share * 80 - 40, np.sin(share) * 12], axis=1),
        8 + share,
        ("east", "turn"),
    )


def same(one: Trajectory, other: Trajectory) -> bool:
    return (
        (one.camera_id, one.track_id, one.lanes) == (other.camera_id, other.track_id, other.lanes)
        and one.vehicle == other.vehicle
        and bool(np.all(np.abs(one.wall_ns - other.wall_ns) <= NS_PER_MS))
        and np.allclose(one.xy_m, other.xy_m, atol=0.00501, rtol=0, equal_nan=True)
        and np.allclose(one.speed_mps, other.speed_mps, atol=0.00501, rtol=0, equal_nan=True)
    )


@pytest.fixture
def repository(database: Database) -> TrajectoryRepository:
    return TrajectoryRepository(database)


FINITE = st.floats(-1e6, 1e6)
VALUES = st.one_of(FINITE, st.sampled_from([float("nan"), float("inf"), 1e300]))


@given(
    arrays.arrays(np.float64, st.tuples(st.integers(1, 30), st.just(3)), elements=VALUES),
    st.lists(st.integers(0, 10**12), min_size=30, max_size=30),
)
def test_any_path_survives_being_packed(values: np.ndarray, steps: list[int]) -> None:
    n = len(values)
    wall_ns = BEGIN_NS + np.cumsum(np.array(steps[:n], np.int64))
    given_in = Trajectory("cam", 5, VAN, wall_ns, values[:, :2], values[:, 2], ("a",))
    known = np.where(np.abs(values) < 1e9, values, np.nan)
    expected = Trajectory("cam", 5, VAN, wall_ns, known[:, :2], known[:, 2], ("a",))
    assert same(unpacked("cam", 5, packed(given_in)), expected)


def test_a_path_of_two_points_a_second_takes_little_room() -> None:
    assert len(packed(path(points=40))) < 40 * 16 / 2  # half of its time and place as float64


def test_given_back_and_stored_once(repository: TrajectoryRepository, database: Database) -> None:
    repository.add([path(1), path(2, label="bus")])
    repository.add([path(2, label="bus")])
    page = repository.find("cam", BEGIN_NS, BEGIN_NS + 60 * NS_PER_S)
    stored = (path(1), path(2, label="bus"))
    assert all(same(*pair) for pair in zip(page.items, stored, strict=True))
    with database.read() as connection:
        assert connection.scalar(select(func.count()).select_from(trajectories)) == 2


def test_one_without_a_point_is_left_out(repository: TrajectoryRepository) -> None:
    repository.add([path(points=0)])
    assert repository.find("cam", 0, 10**30).items == []


@pytest.mark.parametrize(
    ("since_s", "until_s", "found"),
    [
        pytest.param(0, 100, [1, 2, 3], id="all"),
        pytest.param(10, 20, [1], id="by its end, the last moment left out"),
        pytest.param(11, 100, [2, 3], id="from then on"),
        pytest.param(40, 100, [], id="none"),
    ],
)
def test_found_by_their_end(
    repository: TrajectoryRepository, since_s: int, until_s: int, found: list[int]
) -> None:
    repository.add([path(3, 30.0, "bus"), path(1, 10.0), path(2, 20.0)])
    since, until = BEGIN_NS + since_s * NS_PER_S, BEGIN_NS + until_s * NS_PER_S
    assert [item.track_id for item in repository.find("cam", since, until).items] == found
    assert repository.find("other", since, until).items == []
    buses = [item.track_id for item in repository.find("cam", since, until, labels=["bus"]).items]
    assert buses == [track_id for track_id in found if track_id == 3]


def test_pages_join_also_where_several_end_at_once(repository: TrajectoryRepository) -> None:
    repository.add([path(k, 10.0 + k // 4) for k in range(11)])
    seen: list[int] = []
    cursor = None
    while True:
        page = repository.find("cam", 0, 10**30, limit=3, cursor=cursor)
        seen += [item.track_id for item in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert seen == list(range(11))


@pytest.mark.parametrize(
    ("limit", "cursor"),
    [
        pytest.param(0, None, id="limit"),
        pytest.param(5, "x", id="cursor"),
        pytest.param(5, "WzEsImEiXQ", id="a cursor of another list"),
    ],
)
def test_questions_that_make_no_sense(
    repository: TrajectoryRepository, limit: int, cursor: str | None
) -> None:
    with pytest.raises(ConfigInvalid):
        repository.find("cam", 0, 1, limit=limit, cursor=cursor)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        pytest.param(b"x", "damaged", id="not deflated"),
        pytest.param(packed(path())[:-9], "damaged", id="cut off"),
        pytest.param(b"x\x9cK\xcd\x07\x00\x01h\x00\xe3", "damaged", id="something else"),
    ],
)
def test_a_damaged_body_says_so(body: bytes, words: str) -> None:
    with pytest.raises(StateInvalid, match=words):
        unpacked("cam", 1, body)
