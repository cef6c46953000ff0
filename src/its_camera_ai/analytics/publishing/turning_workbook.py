"""Turning-movement counts as an Excel workbook; needs the extra ``reports``."""

import io
import re
import zipfile
from datetime import UTC, datetime
from typing import Any, BinaryIO

from its_camera_ai.analytics.publishing.camera import PublishedCamera
from its_camera_ai.analytics.publishing.extras import needed
from its_camera_ai.analytics.publishing.moments import iso_local
from its_camera_ai.analytics.publishing.spreadsheet_text import guarded
from its_camera_ai.analytics.publishing.turning_counts import BIN_S, TurningCounts
from its_camera_ai.core.time import NS_PER_S, iso_utc

ALL = "All classes"
FIRST_ROW, FIRST_COLUMN = 5, 5
_WHAT = "Excel workbooks"
_MODIFIED = re.compile(rb"<dcterms:modified[^>]*>[^<]*</dcterms:modified>")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")
_ZIP_TIME = (1980, 1, 1, 0, 0, 0)


def write_workbook(camera: PublishedCamera, counts: TurningCounts, out: BinaryIO) -> int:
    """A sheet of all classes, one for each class, a summary and what is no named movement.

    Counts are numbers; totals, peak hour and peak-hour factor are formulas over them. Cells of an
    unknown quarter are empty, and an hour with one is no candidate for the peak hour. The same
    counts give the same bytes.

    Returns:
        How many quarters of an hour.

    Raises:
        ConfigInvalid: openpyxl is not installed.
    """
    book = _Book(camera, counts)
    book.make()
    made = io.BytesIO()
    book.workbook.save(made)
    _settled(made, out)
    return len(counts.starts_wall_ns)


class _Book:
    """The workbook while it is made."""

    def __init__(self, camera: PublishedCamera, counts: TurningCounts) -> None:
        self._openpyxl = needed("openpyxl", _WHAT)
        self._styles = needed("openpyxl.styles", _WHAT)
        self._letter = needed("openpyxl.utils", _WHAT).get_column_letter
        self._camera, self._counts = camera, counts
        self.workbook: Any = self._openpyxl.Workbook()
        begin = datetime.fromtimestamp(counts.starts_wall_ns[0] // NS_PER_S, UTC)
        self.workbook.properties.creator = "ITS Camera AI"
        self.workbook.properties.created = begin.replace(tzinfo=None)
        self._last_row = FIRST_ROW + len(counts.starts_wall_ns) - 1
        movements = len(counts.movements)
        self._total = FIRST_COLUMN + movements  # its column; hour, most and factor follow

    def make(self) -> None:
        summary = self.workbook.active
        self._sheet(ALL, self._counts.totals, with_peak=True)
        for k, label in enumerate(self._counts.labels):
            self._sheet(label, self._counts.counts[k], with_peak=False)
        self._others()
        self._summary(summary)

    def _sheet(self, title: str, counts: Any, *, with_peak: bool) -> None:
        sheet = self.workbook.create_sheet(title)
        self._head(sheet, title, with_peak=with_peak)
        for k, start in enumerate(self._counts.starts_wall_ns):
            row = FIRST_ROW + k
            end = start + BIN_S * NS_PER_S
            self._text(sheet.cell(row, 1), iso_local(start, self._camera.zone)[:16])
            self._text(sheet.cell(row, 2), iso_local(end, self._camera.zone)[11:16])
            self._text(sheet.cell(row, 3), iso_utc(start))
            missing = float(self._counts.missing_share[k])
            sheet.cell(row, 4, missing).number_format = "0%"
            for column in range(len(self._counts.movements)):
                cell = sheet.cell(row, FIRST_COLUMN + column)
                if missing < 1:
                    cell.value = int(counts[k, column])
                else:
                    cell.fill = self._styles.PatternFill("lightUp", fgColor="999999")
            self._sums(sheet, row, with_peak=with_peak)
        bottom = self._last_row + 1
        self._bold(sheet.cell(bottom, 1), "Total")
        for column in range(FIRST_COLUMN, self._total + 1):
            letter = self._letter(column)
            formula = f"=SUM({letter}{FIRST_ROW}:{letter}{self._last_row})"
            self._bold(sheet.cell(bottom, column), formula, formula=True)
        sheet.freeze_panes = sheet.cell(FIRST_ROW, FIRST_COLUMN)

    def _head(self, sheet: Any, title: str, *, with_peak: bool) -> None:
        self._bold(sheet.cell(1, 1), f"Turning-movement counts, {title}")
        for column, name in enumerate(("from", "to", "from (UTC)", "not looked at"), start=1):
            self._bold(sheet.cell(FIRST_ROW - 1, column), name)
        for k, movement in enumerate(self._counts.movements):
            column = FIRST_COLUMN + k
            self._bold(sheet.cell(2, column), movement.approach)
            self._bold(sheet.cell(3, column), str(movement.turn))
            self._bold(sheet.cell(FIRST_ROW - 1, column), movement.name or movement.id)
        names = ("total", "hour from here", "highest quarter", "peak-hour factor")
        for k, name in enumerate(names if with_peak else names[:1]):
            self._bold(sheet.cell(FIRST_ROW - 1, self._total + k), name)
        for column in range(1, self._total + len(names)):
            sheet.column_dimensions[self._letter(column)].width = 22 if column in (1, 3) else 13

    def _sums(self, sheet: Any, row: int, *, with_peak: bool) -> None:
        first, last = self._letter(FIRST_COLUMN), self._letter(self._total - 1)
        cells = f"{first}{row}:{last}{row}"
        sheet.cell(row, self._total, f'=IF(COUNT({cells})=0,"",SUM({cells}))')
        if not with_peak or row + 3 > self._last_row:
            return
        total, hour, most = (self._letter(self._total + k) for k in range(3))
        four = f"{total}{row}:{total}{row + 3}"
        sheet.cell(row, self._total + 1, f'=IF(COUNT({four})<4,"",SUM({four}))')
        sheet.cell(row, self._total + 2, f'=IF(COUNT({four})<4,"",MAX({four}))')
        factor = f'=IF(COUNT({most}{row})=0,"",IF({most}{row}=0,"",{hour}{row}/(4*{most}{row})))'
        sheet.cell(row, self._total + 3, factor).number_format = "0.000"

    def _others(self) -> None:
        sheet = self.workbook.create_sheet("No named movement")
        self._bold(sheet.cell(1, 1), "from > to, or unassigned")
        self._bold(sheet.cell(1, 2), "over the whole time")
        for k, (name, n) in enumerate(self._counts.unassigned.items(), start=2):
            self._text(sheet.cell(k, 1), name)
            sheet.cell(k, 2, n)
        sheet.column_dimensions["A"].width = 44

    def _summary(self, sheet: Any) -> None:
        sheet.title = "Summary"
        counts, zone = self._counts, self._camera.zone
        end = counts.starts_wall_ns[-1] + BIN_S * NS_PER_S
        facts = (
            ("Study", "Turning-movement count"),
            ("Camera", self._camera.title),
            ("From", iso_local(counts.starts_wall_ns[0], zone)),
            ("To", iso_local(end, zone)),
            ("Time zone", str(zone)),
            ("Classes", ", ".join(counts.labels) or "none seen"),
            ("Counted by", "video detection and tracking, each road user once"),
        )
        for row, (name, value) in enumerate(facts, start=1):
            self._bold(sheet.cell(row, 1), name)
            self._text(sheet.cell(row, 2), value)
        row = self._peak(sheet, len(facts) + 2)
        for column, name in enumerate(("approach", "turn", "movement", "total"), start=1):
            self._bold(sheet.cell(row, column), name)
        for k, movement in enumerate(counts.movements):
            at = row + 1 + k
            self._text(sheet.cell(at, 1), movement.approach)
            self._text(sheet.cell(at, 2), str(movement.turn))
            self._text(sheet.cell(at, 3), movement.name or movement.id)
            letter = self._letter(FIRST_COLUMN + k)
            sheet.cell(at, 4, f"='{ALL}'!{letter}{self._last_row + 1}")
        at = row + 1 + len(counts.movements)
        self._bold(sheet.cell(at, 1), "Total")
        self._bold(sheet.cell(at, 4), f"=SUM(D{row + 1}:D{at - 1})", formula=True)
        for letter, width in zip("ABCD", (24, 46, 24, 12), strict=True):
            sheet.column_dimensions[letter].width = width

    def _peak(self, sheet: Any, row: int) -> int:
        """The peak hour by formulas; returns where the next table begins."""
        hour = self._letter(self._total + 1)
        hours = f"'{ALL}'!${hour}${FIRST_ROW}:${hour}${self._last_row}"
        at = f"MATCH(MAX({hours}),{hours},0)"

        def picked(column: int) -> str:
            letter = self._letter(column)
            cells = f"'{ALL}'!${letter}${FIRST_ROW}:${letter}${self._last_row}"
            return f'=IF(COUNT({hours})=0,"unknown",INDEX({cells},{at}))'

        self._bold(sheet.cell(row, 1), "Peak hour from")
        sheet.cell(row, 2, picked(1))
        self._bold(sheet.cell(row + 1, 1), "Peak hour volume")
        sheet.cell(row + 1, 2, f'=IF(COUNT({hours})=0,"unknown",MAX({hours}))')
        self._bold(sheet.cell(row + 2, 1), "Peak-hour factor")
        sheet.cell(row + 2, 2, picked(self._total + 3)).number_format = "0.000"
        return row + 4

    def _bold(self, cell: Any, value: str, *, formula: bool = False) -> None:
        cell.font = self._styles.Font(bold=True)
        if formula:
            cell.value = value
        else:
            self._text(cell, value)

    def _text(self, cell: Any, value: str) -> None:
        """As text, whatever it begins with."""
        plain = _CONTROL.sub("\ufffd", value)
        cell.value = plain
        cell.data_type = "s"
        cell.quotePrefix = guarded(plain) != plain


def _settled(made: io.BytesIO, out: BinaryIO) -> None:
    """The same package without the moment at which it was made."""
    with zipfile.ZipFile(made) as package, zipfile.ZipFile(out, "w") as settled:
        for entry in package.infolist():
            content = package.read(entry)
            if entry.filename == "docProps/core.xml":
                content = _MODIFIED.sub(b"", content)
            fresh = zipfile.ZipInfo(entry.filename, _ZIP_TIME)
            fresh.compress_type = zipfile.ZIP_DEFLATED
            settled.writestr(fresh, content)
