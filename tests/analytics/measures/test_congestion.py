"""Congestion: the tables' bounds, and that a state does not flicker."""

import pytest

from its_camera_ai.analytics.measures.congestion import (
    DENSITY_AND_SPEED,
    LEVEL_OF_SERVICE,
    SPEED_RATIO,
    TABLES,
    Congestion,
    CongestionState,
    CongestionTable,
    Hysteresis,
    step,
)

FREE, DENSE, HEAVY, JAM = Congestion


@pytest.mark.parametrize(
    ("table", "measures", "state"),
    [
        (DENSITY_AND_SPEED, {"density_vpkm": 29.9, "speed_kmh": 40.1}, FREE),
        (DENSITY_AND_SPEED, {"density_vpkm": 30.0, "speed_kmh": 60.0}, DENSE),
        (DENSITY_AND_SPEED, {"density_vpkm": 10.0, "speed_kmh": 39.9}, DENSE),
        (DENSITY_AND_SPEED, {"density_vpkm": 50.0, "speed_kmh": 30.0}, HEAVY),
        (DENSITY_AND_SPEED, {"density_vpkm": 20.0, "speed_kmh": 9.9}, JAM),
        (DENSITY_AND_SPEED, {"density_vpkm": 80.0}, JAM),
        (DENSITY_AND_SPEED, {"speed_kmh": 24.9}, HEAVY),
        (DENSITY_AND_SPEED, {"density_vpkm": 0.0}, FREE),
        (DENSITY_AND_SPEED, {}, None),
        (LEVEL_OF_SERVICE, {"density_vpkm": 16.1}, FREE),
        (LEVEL_OF_SERVICE, {"density_vpkm": 21.7}, HEAVY),
        (LEVEL_OF_SERVICE, {"density_vpkm": 28.0}, JAM),
        (LEVEL_OF_SERVICE, {"speed_kmh": 5.0}, None),
        (SPEED_RATIO, {"speed_kmh": 34.0, "free_flow_kmh": 50.0}, FREE),
        (SPEED_RATIO, {"speed_kmh": 33.0, "free_flow_kmh": 50.0}, DENSE),
        (SPEED_RATIO, {"speed_kmh": 24.0, "free_flow_kmh": 50.0}, HEAVY),
        (SPEED_RATIO, {"speed_kmh": 14.0, "free_flow_kmh": 50.0}, JAM),
        (SPEED_RATIO, {"speed_kmh": 14.0}, None),
    ],
    ids=lambda value: value.name if isinstance(value, CongestionTable) else None,
)
def test_an_instant(
    table: CongestionTable, measures: dict[str, float], state: Congestion | None
) -> None:
    assert table.state(**measures) == state


def play(moments: list[tuple[float, float | None]]) -> list[Congestion | None]:
    """Of (second, km/h) with ``DENSITY_AND_SPEED``, 30 s to get worse, 60 s and 10 % to recover."""
    state, seen = CongestionState(), []
    for now_s, kmh in moments:
        state = step(state, now_s, speed_kmh=kmh)
        seen.append(state.now)
    return seen


def test_it_gets_worse_after_half_a_minute() -> None:
    assert play([(0, 60), (10, 20), (39, 20), (40, 20)]) == [FREE, FREE, FREE, HEAVY]


def test_a_short_dip_is_nothing() -> None:
    assert play([(0, 60), (10, 20), (30, 60), (35, 20), (60, 20)]) == [FREE] * 5


def test_it_recovers_after_a_minute_and_by_the_margin() -> None:
    jam: list[tuple[float, float | None]] = [(0, 5)]
    assert play([*jam, (10, 10.5), (100, 10.5)]) == [JAM] * 3
    assert play([*jam, (10, 30), (69, 30), (70, 30)]) == [JAM, JAM, JAM, DENSE]


def test_what_held_all_along_is_taken() -> None:
    """Called for: heavy, then dense, then heavy. Dense held all the time."""
    assert play([(0, 60), (10, 20), (20, 35), (30, 20), (40, 20)])[-1] == DENSE


def test_unknown_moments_change_nothing() -> None:
    assert play([(0, None), (1, 60), (10, 20), (25, None), (40, 20)]) == [
        None,
        FREE,
        FREE,
        FREE,
        HEAVY,
    ]


def test_since_when_a_state_holds() -> None:
    state = CongestionState()
    for now_s, kmh in [(0.0, 60.0), (10.0, 20.0), (40.0, 20.0)]:
        state = step(state, now_s, speed_kmh=kmh)
    assert state == CongestionState(HEAVY, 10.0)


def test_tables_must_be_ordered() -> None:
    with pytest.raises(ValueError, match="rise"):
        CongestionTable("t", "s", density_vpkm=(30, 20, 10))
    with pytest.raises(ValueError, match="fall"):
        CongestionTable("t", "s", speed_kmh=(10, 20, 30))
    with pytest.raises(ValueError, match="negative"):
        Hysteresis(margin=-0.1)
    assert all(table.source for table in TABLES.values())
