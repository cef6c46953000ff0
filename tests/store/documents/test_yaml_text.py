import math

import pytest

from its_camera_ai.store.documents.yaml_text import parse_yaml, quoted


@pytest.mark.parametrize(
    ("scalar", "value"),
    [
        ("5", 5),
        ("-05", -5),
        ("+5", 5),
        ("0o17", 15),
        ("0x1F", 31),
        ("1_000", "1_000"),
        ("5.", 5.0),
        (".5e2", 50.0),
        ("-.inf", -math.inf),
        ("true", True),
        ("False", False),
        ("yes", "yes"),
        ("on", "on"),
        ("~", None),
        ("null", None),
        ("'5'", "5"),
        ('"true"', "true"),
        ("2020-01-01", "2020-01-01"),
        ("12:30:45", "12:30:45"),
        ("<<", "<<"),
        ("|\n  a\n  b", "a\nb\n"),
    ],
)
def test_scalars_follow_the_core_schema(scalar: str, value: object) -> None:
    found = parse_yaml(f"k: {scalar}\n", "f").data["k"]
    assert found == value
    assert type(found) is type(value)


def test_places_of_values_and_keys() -> None:
    text = parse_yaml("a:\n  - b: 1\n    c: [2, {d: 3}]\n", "f")
    assert text.data == {"a": [{"b": 1, "c": [2, {"d": 3}]}]}
    assert text.places["a", 0] == (2, 5)
    assert text.places["a", 0, "c", 1, "d"] == (3, 16)
    assert text.key_places["a", 0, "c"] == (3, 5)


def test_a_repeated_key_keeps_the_first_value() -> None:
    text = parse_yaml("a: {b: 1}\na: {b: 2, c: 3}\n", "f")
    assert text.data == {"a": {"b": 1}}
    assert [problem.line for problem in text.problems] == [2]


@pytest.mark.parametrize("text", ['a "b"', "\x7f\x9b31m", "\u2028\ufeff", "\U000e0001", "ü€😀"])
def test_quoted_text_reads_back_and_hides_nothing(text: str) -> None:
    assert quoted(text).isprintable()
    assert parse_yaml(f"k: {quoted(text)}\n", "f").data == {"k": text}
