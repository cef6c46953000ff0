"""The bytes of an interval row: all of a tally, in little room; and the same in SQL."""

import re
from collections import Counter
from dataclasses import fields
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from its_camera_ai.core.intervals import Moments, Tally
from its_camera_ai.store.interval_bodies import packed, unpacked, was_looked_at

DESIGN = Path(__file__).parents[2] / "docs" / "design" / "intervals.md"
SUM = st.floats(0, 1e12)
NUMBER = st.integers(0, 2**40)
NAMES = st.dictionaries(st.text(max_size=8), st.integers(1, 2**40), max_size=4)
MOMENTS = st.builds(Moments, st.integers(1, 2**40), SUM, SUM, SUM, NUMBER)


def tallies() -> st.SearchStrategy[Tally]:
    plain = {
        "volume": NAMES.map(Counter),
        "length_classes": NAMES.map(Counter),
        "fhwa": st.dictionaries(st.integers(1, 13), SUM, max_size=4),
        "speed_bins": st.dictionaries(st.integers(0, 300), st.integers(1, 99), max_size=4).map(
            Counter
        ),
    }
    kinds = {"int": NUMBER, "float": SUM, "Moments": st.one_of(st.builds(Moments), MOMENTS)}
    rest = {
        field.name: kinds[field.type.__name__ if isinstance(field.type, type) else str(field.type)]
        for field in fields(Tally)
        if field.name not in plain
    }
    return st.builds(Tally, **plain, **rest)


@given(tallies(), SUM)
def test_whatever_is_in_a_tally_comes_back(tally: Tally, length_m: float) -> None:
    body = packed(tally, length_m)
    assert unpacked(body) == (tally, length_m)
    assert was_looked_at(body) == (tally.looked_s > 0)
    assert packed(*unpacked(body)) == body


def test_a_minute_in_which_nothing_happened_takes_little_room() -> None:
    tally = Tally(looked_s=59.95, rate_s=598.3, wanted_s=600.0)
    assert len(packed(tally, 82.4)) < 60


def test_counts_of_nothing_are_as_none() -> None:
    tally = Tally()
    tally.volume["car"] += 0
    assert packed(tally, 0.0) == packed(Tally(), 0.0)
    assert unpacked(packed(tally, 0.0))[0].volume["bus"] == 0


@pytest.mark.parametrize("field", fields(Tally), ids=lambda field: field.name)
def test_the_statements_for_a_server_hold_every_sum(field: object) -> None:
    name = field.name  # type: ignore[attr-defined]  a dataclass field
    sql = DESIGN.read_text(encoding="utf-8").split("```sql")[1].split("```")[0]
    table, view = sql.split("CREATE MATERIALIZED VIEW interval_5min")
    if isinstance(getattr(Tally(), name), dict):
        assert f"'{name}'" in table
        return
    parts = [f"{name}_{part.name}" for part in msgspec.structs.fields(Moments)]
    for column in parts if isinstance(getattr(Tally(), name), Moments) else [name]:
        assert re.search(rf"^    {column} +(bigint|double precision) NOT NULL", table, re.M)
        assert re.search(rf"(sum|max)\({column}\) AS {column}\b", view)
