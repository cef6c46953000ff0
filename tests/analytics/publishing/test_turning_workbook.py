"""The workbook as another program reads it: raw cells, and its formulas worked out."""

import io
import re
import zipfile
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from lxml import etree

from its_camera_ai.analytics.publishing.camera import PublishedCamera
from its_camera_ai.analytics.publishing.export import TrafficSources
from its_camera_ai.analytics.publishing.turning_counts import TurningCounts, turning_counts
from its_camera_ai.analytics.publishing.turning_workbook import ALL, write_workbook
from its_camera_ai.core.errors import ConfigInvalid
from its_camera_ai.core.intervals import PlaceKind
from its_camera_ai.core.local_days import Span
from its_camera_ai.core.scene import Scene
from tests.analytics.publishing.traffic import BEGIN_NS, CAMERA, HOUR_NS, SPAN, ZONE, camera

_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


class _Blank(str):
    """An empty text: in the branch of an IF that is not taken, one may reckon with it."""

    def __truediv__(self, other: object) -> "_Blank":
        return self

    def __rmul__(self, other: object) -> "_Blank":
        return self


class Sheets:
    """Cells by sheet and address, read without the library that wrote them."""

    def __init__(self, data: bytes) -> None:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            book = etree.fromstring(package.read("xl/workbook.xml"))
            names = [s.get("name") or "" for s in book.iter(f"{_MAIN}sheet")]
            self.cells = {
                name: _cells(package.read(f"xl/worksheets/sheet{k}.xml"))
                for k, name in enumerate(names, start=1)
            }

    def value(self, sheet: str, address: str) -> Any:
        """What a spreadsheet would show."""
        value = self.cells[sheet].get(address.replace("$", ""))
        if isinstance(value, str) and value.startswith("\x01"):
            return self._worked_out(sheet, value[1:])
        return value

    def _worked_out(self, sheet: str, formula: str) -> Any:
        def cells(match: re.Match[str]) -> str:
            where, first, last = match.group(1) or sheet, match.group(2), match.group(3)
            if last is None:
                return f"V({where!r}, {first!r})"
            return f"R({where!r}, {first!r}, {last!r})"

        text = re.sub(
            r"(?:'([^']+)'!)?(\$?[A-Z]+\$?[0-9]+)(?::(\$?[A-Z]+\$?[0-9]+))?", cells, formula
        )
        text = re.sub(r"(?<![<>=])=(?!=)", "==", text)
        text = text.replace('""', "BLANK")
        names = {"BLANK": _Blank(), "V": self.value, "R": self._range, **_FUNCTIONS}
        return eval(text, {"__builtins__": {}}, names)  # noqa: S307  formulas that we wrote

    def _range(self, sheet: str, first: str, last: str) -> list[Any]:
        (c1, r1), (c2, r2) = (_place(a.replace("$", "")) for a in (first, last))
        return [
            self.value(sheet, f"{_letters(c)}{r}")
            for r in range(r1, r2 + 1)
            for c in range(c1, c2 + 1)
        ]


def _numbers(values: Any) -> list[float]:
    values = values if isinstance(values, list) else [values]
    return [v for v in values if isinstance(v, int | float)]


_FUNCTIONS = {
    "SUM": lambda v: sum(_numbers(v)),
    "MAX": lambda v: max(_numbers(v), default=0),
    "COUNT": lambda v: len(_numbers(v)),
    "IF": lambda test, yes, no: yes if test else no,
    "INDEX": lambda v, k: v[k - 1] if isinstance(k, int) else None,
    "MATCH": lambda x, v, _: v.index(x) + 1 if x in v else None,
}


def _cells(data: bytes) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for cell in etree.fromstring(data).iter(f"{_MAIN}c"):
        formula, value = cell.findtext(f"{_MAIN}f"), cell.findtext(f"{_MAIN}v")
        address = cell.get("r") or ""
        if formula is not None:
            found[address] = f"\x01{formula}"
        elif cell.get("t") == "inlineStr":
            found[address] = "".join(t.text or "" for t in cell.iter(f"{_MAIN}t"))
        elif value is not None:
            found[address] = float(value)
    return found


def _place(address: str) -> tuple[int, int]:
    letters = address.rstrip("0123456789")
    column = 0
    for letter in letters:
        column = 26 * column + ord(letter) - 64
    return column, int(address[len(letters) :])


def _letters(column: int) -> str:
    text = ""
    while column:
        column, rest = divmod(column - 1, 26)
        text = chr(65 + rest) + text
    return text


@pytest.fixture(scope="module")
def counts(sources: TrafficSources) -> TurningCounts:
    return turning_counts(sources.intervals, camera(), SPAN)


@pytest.fixture(scope="module")
def sheets(counts: TurningCounts) -> Sheets:
    out = io.BytesIO()
    write_workbook(camera(), counts, out)
    return Sheets(out.getvalue())


def test_counts_are_those_of_the_interval_rows(
    sources: TrafficSources, counts: TurningCounts
) -> None:
    tables = sources.intervals.tables(
        CAMERA, 900, SPAN.since_wall_ns, SPAN.until_wall_ns, kinds=[PlaceKind.MOVEMENT]
    )
    for k, movement in enumerate(counts.movements):
        (table,) = [t for t in tables if t.place.id == movement.id]
        assert counts.totals[:, k].tolist() == [row.tally.total for row in table.rows]
    assert [(m.approach, str(m.turn)) for m in counts.movements] == [
        ("north", "T"),
        ("north", "U"),
        ("south", "T"),
        ("south", "U"),
    ]
    assert list(counts.unassigned) == ["unassigned"]


def test_cells_hold_the_counts(sheets: Sheets, counts: TurningCounts) -> None:
    for name, numbers in ((ALL, counts.totals), *zip(counts.labels, counts.counts, strict=True)):
        for row in range(8):
            for column in range(4):
                shown = sheets.value(name, f"{_letters(5 + column)}{5 + row}")
                known = counts.missing_share[row] < 1
                assert shown == (numbers[row, column] if known else None)


def test_classes_add_up_to_all(sheets: Sheets, counts: TurningCounts) -> None:
    bottom = f"I{5 + 8}"
    parts = [sheets.value(label, bottom) for label in counts.labels]
    assert sheets.value(ALL, bottom) == sum(parts) == counts.totals.sum()


def test_totals_by_formula_are_ours(sheets: Sheets, counts: TurningCounts) -> None:
    for k, n in enumerate(counts.totals.sum(axis=0)):
        assert sheets.value(ALL, f"{_letters(5 + k)}13") == n
    assert [sheets.value(ALL, f"I{5 + k}") for k in (0, 5)] == [counts.totals[0].sum(), ""]


def summary(sheets: Sheets) -> dict[str, Any]:
    found = sheets.cells["Summary"]
    return {
        str(found[f"A{k}"]): sheets.value("Summary", f"{'D' if k > 15 else 'B'}{k}")
        for k in range(1, 40)
        if isinstance(found.get(f"A{k}"), str)
    }


def test_the_peak_hour_by_formula_is_ours(sheets: Sheets, counts: TurningCounts) -> None:
    peak, told = counts.peak_hour, summary(sheets)
    assert peak is not None
    assert told["Peak hour volume"] == peak.volume
    assert told["Peak-hour factor"] == pytest.approx(peak.factor, abs=1e-12)
    assert told["Peak hour from"] == f"2026-09-29T09:{15 * peak.first:02d}"
    assert told["Total"] == counts.totals.sum()


def test_an_hour_with_an_unknown_quarter_is_no_peak(sheets: Sheets, counts: TurningCounts) -> None:
    assert counts.missing_share.tolist()[5] == 1.0
    assert [sheets.value(ALL, f"J{5 + k}") for k in (2, 3, 4)] == ["", "", ""]


def test_without_a_whole_known_hour_there_is_no_peak(sources: TrafficSources) -> None:
    short = turning_counts(
        sources.intervals, camera(), Span(BEGIN_NS + HOUR_NS, BEGIN_NS + 2 * HOUR_NS)
    )
    assert short.peak_hour is None
    out = io.BytesIO()
    write_workbook(camera(), short, out)
    assert summary(Sheets(out.getvalue()))["Peak hour volume"] == "unknown"


def test_names_stay_text(sources: TrafficSources, counts: TurningCounts) -> None:
    made = camera()
    named = PublishedCamera(
        CAMERA, "=1+1", made.scene, ZoneInfo("Europe/Berlin"), made.size_wh, made.solution
    )
    out = io.BytesIO()
    write_workbook(named, counts, out)
    assert Sheets(out.getvalue()).cells["Summary"]["B2"] == "=1+1 (gate)"


def test_the_same_counts_give_the_same_bytes(counts: TurningCounts) -> None:
    first, second = io.BytesIO(), io.BytesIO()
    write_workbook(camera(), counts, first)
    write_workbook(camera(), counts, second)
    assert first.getvalue() == second.getvalue()


@pytest.mark.parametrize(
    ("span", "words"),
    [
        pytest.param(Span(BEGIN_NS + 1, BEGIN_NS + HOUR_NS), "quarter", id="off the quarter"),
        pytest.param(Span(BEGIN_NS, BEGIN_NS), "31 days", id="empty"),
        pytest.param(Span(BEGIN_NS, BEGIN_NS + 800 * HOUR_NS), "31 days", id="too long"),
    ],
)
def test_a_span_that_does_not_fit(sources: TrafficSources, span: Span, words: str) -> None:
    with pytest.raises(ConfigInvalid, match=words):
        turning_counts(sources.intervals, camera(), span)


def test_a_camera_without_movements_says_so(sources: TrafficSources) -> None:
    bare = PublishedCamera.of(CAMERA, Scene(), ZONE)
    with pytest.raises(ConfigInvalid, match="movements"):
        turning_counts(sources.intervals, bare, SPAN)


def test_times_go_on_over_a_clock_change(sources: TrafficSources) -> None:
    begin = 1_792_886_400 * 10**9  # 2026-10-25 02:00 in Berlin, before clocks go back
    counts = turning_counts(sources.intervals, camera(), Span(begin, begin + 2 * HOUR_NS))
    out = io.BytesIO()
    write_workbook(camera(), counts, out)
    shown = [Sheets(out.getvalue()).cells[ALL][f"A{5 + k}"][11:] for k in (0, 4)]
    assert np.ptp([float(text[:2]) for text in shown]) == 0
