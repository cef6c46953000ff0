"""A report as one HTML file: no scripts, nothing from elsewhere, figures as SVG."""

from collections.abc import Sequence
from html import escape

from its_camera_ai.analytics.reporting.document import (
    Block,
    Heading,
    Picture,
    Report,
    Table,
    Tone,
    Words,
)
from its_camera_ai.analytics.reporting.drawing import svg

_STYLE = """
:root{color-scheme:light}
body{font:15px/1.5 "DejaVu Sans",Verdana,system-ui,sans-serif;color:#1b1f24;background:#fff;
margin:2rem auto;max-width:60rem;padding:0 1rem}
h1{font-size:1.5rem;margin:0 0 .2rem;overflow-wrap:anywhere}
h2{font-size:1.25rem;margin:2.6rem 0 .6rem;border-bottom:2px solid #0072b2;padding-bottom:.2rem}
h3{font-size:1.02rem;margin:1.6rem 0 .4rem}
.wide{overflow-x:auto}
table{border-collapse:collapse;margin:.5rem 0;font-size:.86em}
th,td{padding:.25rem .7rem .25rem 0;border-bottom:1px solid #e3e7eb;text-align:left;
vertical-align:top;overflow-wrap:anywhere}
th{color:#59636e;font-weight:600;vertical-align:bottom}
.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
figure{margin:.8rem 0 1.2rem}figure svg{max-width:100%;height:auto}
figcaption,.quiet{color:#59636e;font-size:.86em}
.warning{background:#fff4d6;padding:.4rem .9rem;border-left:4px solid #e69f00}
@media print{body{margin:0;max-width:none;font-size:10pt}h2,h3{break-after:avoid}
figure,tr{break-inside:avoid}}
"""


def html(report: Report) -> str:
    """The whole page."""
    parts = [
        f"<h1>{escape(report.title)}</h1>",
        f"<p>{escape(report.subtitle)}<br><span class='quiet'>{escape(report.made)}</span></p>",
        *(_block(block, number) for number, block in enumerate(report.blocks)),
    ]
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
        "img-src data:; style-src 'unsafe-inline'\">"
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(report.title)}</title><style>{_STYLE}</style></head><body>\n"
        + "\n".join(parts)
        + "\n</body></html>\n"
    )


def _block(block: Block, number: int) -> str:
    match block:
        case Heading(text, level):
            return f"<h{level + 1}>{escape(text)}</h{level + 1}>"
        case Words(text, tone):
            name = "" if tone is Tone.PLAIN else f' class="{tone}"'
            return f"<p{name}>{escape(text)}</p>"
        case Table():
            return _table(block)
        case Picture():
            caption = escape(block.caption)
            return f"<figure>{svg(block, number)}<figcaption>{caption}</figcaption></figure>"


def _table(table: Table) -> str:
    head = _row(table.head, "th", table)
    body = "".join(_row(row, "td", table) for row in table.rows)
    return f'<div class="wide"><table><thead>{head}</thead><tbody>{body}</tbody></table></div>'


def _row(cells: Sequence[str], tag: str, table: Table) -> str:
    made = (
        f"<{tag}{' class=n' if k in table.numbers else ''}>{escape(text)}</{tag}>"
        for k, text in enumerate(cells)
    )
    return f"<tr>{''.join(made)}</tr>"
