"""Figures by matplotlib, the same bytes for the same data; needs the extra ``reports``."""

import io
import re
from contextlib import AbstractContextManager
from typing import Any

from its_camera_ai.analytics.publishing.extras import needed
from its_camera_ai.analytics.reporting.document import Picture

_WHAT = "Reports"
PNG_DPI = 170
_DIGITS = 3
"""Of a place in the figure, as a share of its width and height."""
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#6e5028", "#333333")
"""Okabe and Ito's, which colour-blind people tell apart, and two more."""
GREY, LIGHT = "#59636e", "#e3e7eb"
_RC = {
    "svg.hashsalt": "its-camera-ai",
    "svg.fonttype": "none",
    "font.family": ["DejaVu Sans"],
    "font.size": 8.5,
    "axes.titlesize": 9.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "#8a939c",
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": LIGHT,
    "grid.linewidth": 0.7,
    "legend.frameon": False,
    "legend.fontsize": 8,
    "lines.linewidth": 1.4,
    "hatch.linewidth": 0.6,
    "hatch.color": "#b8bfc6",
    "figure.constrained_layout.use": True,
    "axes.formatter.use_mathtext": False,
    "text.parse_math": False,  # names come from people, and may hold a dollar sign
}
_NAMES = re.compile(r'(\bid="|url\(#|href="#)')


def styled() -> AbstractContextManager[None]:
    """matplotlib as all figures want it; its settings are the process's, so one at a time."""
    context: AbstractContextManager[None] = needed("matplotlib", _WHAT).rc_context(_RC)
    return context


def svg(picture: Picture, number: int) -> str:
    """An ``<svg>`` element to stand in a page with others.

    Args:
        number: of the figure in its page, so that no two have the same name for a part.
    """
    out = io.StringIO()
    with styled():
        figure = _drawn(picture)
        figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None})
    text = out.getvalue()
    element = text[text.index("<svg") :]
    return _NAMES.sub(rf"\g<1>f{number}-", element)


def png(picture: Picture) -> bytes:
    """The same as pixels, for print."""
    out = io.BytesIO()
    with styled():
        _drawn(picture).savefig(out, format="png", dpi=PNG_DPI, metadata={"Software": None})
    return out.getvalue()


def _drawn(picture: Picture) -> Any:
    """Laid out, and then fixed to a grid: the last digits of a layout differ from run to run."""
    figure = needed("matplotlib.figure", _WHAT).Figure(figsize=picture.size_in)
    picture.draw(figure)
    figure.draw_without_rendering()
    figure.set_layout_engine("none")
    for axes in figure.axes:
        place = axes.get_position(original=True)
        edges = (round(v, _DIGITS) for v in (place.x0, place.y0, place.width, place.height))
        axes.set_position(list(edges))
    return figure
