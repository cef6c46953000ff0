"""A report as PDF on A4; needs the extra ``reports``."""

import io
from functools import partial
from html import escape
from pathlib import Path
from typing import Any, BinaryIO

from its_camera_ai.analytics.publishing.extras import needed
from its_camera_ai.analytics.reporting.document import (
    Block,
    Heading,
    Picture,
    Report,
    Table,
    Tone,
    Words,
)
from its_camera_ai.analytics.reporting.drawing import png

_WHAT = "PDF reports"
_INCH = 72.0
_MARGIN_PT = 46.0
_CELL_PAD_PT = 8.0
_ROOM_BELOW_HEADING_PT = 110.0
"""So much of what follows a heading is to stand on its page."""


def write_pdf(report: Report, out: BinaryIO) -> None:
    """The same report gives the same bytes.

    Raises:
        ConfigInvalid: reportlab or matplotlib is not installed.
    """
    _Layout().build(report, out)


class _Layout:
    """Fonts, styles and the way from blocks to what reportlab flows over pages."""

    def __init__(self) -> None:
        self._platypus = needed("reportlab.platypus", _WHAT)
        self._colors = needed("reportlab.lib.colors", _WHAT)
        self._metrics = needed("reportlab.pdfbase.pdfmetrics", _WHAT)
        self._page = needed("reportlab.lib.pagesizes", _WHAT).A4
        self._width = self._page[0] - 2 * _MARGIN_PT
        self._fonts()
        self._styles = self._made_styles()

    def build(self, report: Report, out: BinaryIO) -> None:
        document = self._platypus.SimpleDocTemplate(
            out,
            pagesize=self._page,
            leftMargin=_MARGIN_PT,
            rightMargin=_MARGIN_PT,
            topMargin=_MARGIN_PT,
            bottomMargin=_MARGIN_PT,
            title=report.title,
            author="ITS Camera AI",
            subject=report.subtitle,
            invariant=1,
        )
        flow: list[Any] = [
            self._words(report.title, "title"),
            self._words(report.subtitle, "plain"),
            self._words(report.made, "quiet"),
        ]
        started = False
        above: list[Any] = []  # a heading stays with the figure below it
        for block in report.blocks:
            if isinstance(block, Heading):
                if block.level == 1 and started:
                    flow.append(self._platypus.PageBreak())
                started = started or block.level == 1
                flow += above
                above = self._flowed(block)
            elif isinstance(block, Picture):
                flow.append(self._platypus.KeepTogether([*above[1:], *self._flowed(block)]))
                above = []
            else:
                flow += [*above, *self._flowed(block)]
                above = []
        flow += above
        document.build(
            flow, onFirstPage=partial(self._foot, report), onLaterPages=partial(self._foot, report)
        )

    def _fonts(self) -> None:
        """DejaVu, which matplotlib brings: the standard fonts of PDF lack too many letters."""
        folder = Path(needed("matplotlib", _WHAT).get_data_path()) / "fonts" / "ttf"
        font = needed("reportlab.pdfbase.ttfonts", _WHAT).TTFont
        for name, file in (("Report", "DejaVuSans.ttf"), ("ReportBold", "DejaVuSans-Bold.ttf")):
            self._metrics.registerFont(font(name, str(folder / file)))

    def _made_styles(self) -> dict[str, Any]:
        style = needed("reportlab.lib.styles", _WHAT).ParagraphStyle
        ink, grey = self._colors.HexColor("#1b1f24"), self._colors.HexColor("#59636e")
        blue = self._colors.HexColor("#0072b2")
        plain = style(
            "plain", fontName="Report", fontSize=9, leading=13, textColor=ink, spaceAfter=4
        )
        return {
            "plain": plain,
            "title": style(
                "title", plain, fontName="ReportBold", fontSize=17, leading=22, spaceAfter=4
            ),
            "h1": style(
                "h1", plain, fontName="ReportBold", fontSize=13.5, leading=18, spaceBefore=10,
                spaceAfter=6, textColor=blue,
            ),
            "h2": style(
                "h2", plain, fontName="ReportBold", fontSize=10.5, leading=14, spaceBefore=9,
                spaceAfter=4,
            ),
            "quiet": style("quiet", plain, fontSize=7.8, leading=10.5, textColor=grey),
            "warning": style(
                "warning", plain, backColor=self._colors.HexColor("#fff4d6"), borderPadding=4,
                spaceBefore=6, spaceAfter=8, leftIndent=4,
            ),
            "cell": style("cell", plain, fontSize=7.3, leading=9.3, spaceAfter=0),
            "number": style("number", plain, fontSize=7.3, leading=9.3, spaceAfter=0, alignment=2),
            "head": style(
                "head", plain, fontSize=7, leading=8.8, spaceAfter=0, textColor=grey,
                fontName="ReportBold",
            ),
            "headnumber": style(
                "headnumber", plain, fontSize=7, leading=8.8, spaceAfter=0, textColor=grey,
                fontName="ReportBold", alignment=2,
            ),
        }  # fmt: skip

    def _words(self, text: str, style: str) -> Any:
        return self._platypus.Paragraph(escape(text), self._styles[style])

    def _flowed(self, block: Block) -> list[Any]:
        match block:
            case Heading(text, level):
                room = self._platypus.CondPageBreak(_ROOM_BELOW_HEADING_PT)
                return [room, self._words(text, f"h{min(level, 2)}")]
            case Words(text, tone):
                return [self._words(text, "plain" if tone is Tone.PLAIN else str(tone))]
            case Table():
                return [self._table(block), self._platypus.Spacer(1, 8)]
            case Picture():
                return self._picture(block)

    def _picture(self, picture: Picture) -> list[Any]:
        wide, tall = (edge * _INCH for edge in picture.size_in)
        scale = min(1.0, self._width / wide)
        image = self._platypus.Image(io.BytesIO(png(picture)), wide * scale, tall * scale)
        image.hAlign = "LEFT"
        caption = self._words(picture.caption, "quiet")
        return [image, caption, self._platypus.Spacer(1, 8)]

    def _table(self, table: Table) -> Any:
        cells = [[self._cell(text, k, table, head=True) for k, text in enumerate(table.head)]]
        cells += [
            [self._cell(text, k, table, head=False) for k, text in enumerate(row)]
            for row in table.rows
        ]
        made = self._platypus.Table(
            cells, colWidths=self._widths(table), repeatRows=1, hAlign="LEFT"
        )
        line = self._colors.HexColor("#e3e7eb")
        made.setStyle(
            [
                ("LINEBELOW", (0, 0), (-1, -1), 0.5, line),
                ("VALIGN", (0, 0), (-1, 0), "BOTTOM"),
                ("VALIGN", (0, 1), (-1, -1), "TOP"),
                ("LEFTPADDING", (0, 0), (-1, -1), 0),
                ("RIGHTPADDING", (0, 0), (-1, -1), _CELL_PAD_PT),
                ("TOPPADDING", (0, 0), (-1, -1), 2),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 2.5),
            ]
        )
        return made

    def _cell(self, text: str, column: int, table: Table, *, head: bool) -> Any:
        number = column in table.numbers
        return self._words(
            text, ("head" if head else "") + ("number" if number else ("" if head else "cell"))
        )

    def _widths(self, table: Table) -> list[float]:
        """What the longest cell needs; the wide column takes or gives the rest."""
        natural = [
            max(
                self._wide(table.head[k], bold=True, by_word=True),
                max(
                    (self._wide(row[k], bold=False, by_word=False) for row in table.rows), default=0
                ),
            )
            + _CELL_PAD_PT
            + 1
            for k in range(len(table.head))
        ]
        total = sum(natural)
        if total <= self._width:
            return natural
        if table.wide is not None:
            rest = self._width - (total - natural[table.wide])
            if rest >= 70:
                natural[table.wide] = rest
                return natural
        return [width * self._width / total for width in natural]

    def _wide(self, text: str, *, bold: bool, by_word: bool) -> float:
        font = "ReportBold" if bold else "Report"
        words = text.split() if by_word else [text]
        return float(max((self._metrics.stringWidth(w, font, 7.3) for w in words), default=0.0))

    def _foot(self, report: Report, canvas: Any, document: Any) -> None:
        canvas.saveState()
        canvas.setFont("Report", 7)
        canvas.setFillColor(self._colors.HexColor("#59636e"))
        canvas.drawString(_MARGIN_PT, 26, f"{report.title} – {report.subtitle}"[:120])
        canvas.drawRightString(self._page[0] - _MARGIN_PT, 26, str(document.page))
        canvas.restoreState()
