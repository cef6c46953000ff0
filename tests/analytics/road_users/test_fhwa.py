"""Groups with their probabilities."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from its_camera_ai.analytics.road_users.fhwa import GROUPS, FhwaMix, fhwa_groups
from its_camera_ai.core.detections import ObjectClass
from its_camera_ai.core.errors import ConfigInvalid

MIX = FhwaMix()


@pytest.mark.parametrize(
    ("kind", "length_m", "likeliest"),
    [
        (ObjectClass.MOTORCYCLE, None, 1),
        (ObjectClass.CAR, 4.2, 2),
        (ObjectClass.CAR, 5.7, 3),
        (ObjectClass.TRUCK, 5.4, 3),
        (ObjectClass.TRUCK, 7.6, 5),
        (ObjectClass.TRUCK, 20.0, 9),
        (ObjectClass.TRUCK, 33.0, 13),
        (ObjectClass.BUS, 12.0, 4),
        (ObjectClass.BUS, None, 4),
    ],
    ids=str,
)
def test_the_likeliest_group(kind: ObjectClass, length_m: float | None, likeliest: int) -> None:
    groups = fhwa_groups(kind, 1.0, length_m, None if length_m is None else 0.3, MIX)
    assert max(groups, key=lambda g: groups[g]) == likeliest


def test_a_lorry_without_a_length_gets_no_group() -> None:
    assert fhwa_groups(ObjectClass.TRUCK, 1.0, None, None, MIX) == {}


def test_a_car_without_a_length_gets_no_lorry_group() -> None:
    assert set(fhwa_groups(ObjectClass.CAR, 0.9, None, None, MIX)) <= {1, 2, 3, 4}


@pytest.mark.parametrize("kind", [ObjectClass.PERSON, ObjectClass.BICYCLE, ObjectClass.OTHER])
def test_who_is_not_in_the_scheme(kind: ObjectClass) -> None:
    assert fhwa_groups(kind, 1.0, 4.0, 0.2, MIX) == {}


def test_a_doubtful_vote_spreads() -> None:
    sure = fhwa_groups(ObjectClass.CAR, 1.0, 7.0, 0.5, MIX)
    doubtful = fhwa_groups(ObjectClass.CAR, 0.5, 7.0, 0.5, MIX)
    assert sum(doubtful.get(g, 0) for g in range(5, 14)) > sum(sure.get(g, 0) for g in range(5, 14))


@given(
    st.sampled_from([ObjectClass.MOTORCYCLE, ObjectClass.CAR, ObjectClass.BUS, ObjectClass.TRUCK]),
    st.floats(0.2, 1.0),
    st.none() | st.floats(1.0, 40.0),
)
def test_probabilities_add_up(kind: ObjectClass, share: float, length_m: float | None) -> None:
    groups = fhwa_groups(kind, share, length_m, None if length_m is None else 0.5, MIX)
    assert not groups or sum(groups.values()) == pytest.approx(1)
    assert all(g in GROUPS and 0 < p <= 1 for g, p in groups.items())


@pytest.mark.parametrize(
    "mix",
    [
        {"shares": {1: 1.0}},
        {"shares": dict.fromkeys(GROUPS, 0.0)},
        {"shares": dict.fromkeys(GROUPS, -1.0)},
        {"lengths_m": dict.fromkeys(GROUPS, (5.0, 0.0))},
    ],
    ids=["groups missing", "all 0", "below 0", "no spread"],
)
def test_a_mix_that_makes_no_sense(mix: dict) -> None:
    with pytest.raises(ConfigInvalid, match="FHWA mix"):
        FhwaMix(**mix)
