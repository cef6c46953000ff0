"""Tables in Markdown, and their places between markers in a page."""

import re
from collections.abc import Sequence
from pathlib import Path

from its_camera_ai.core.errors import ConfigInvalid


def markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table, padded so that it reads well as text too.

    >>> print(markdown(["a", "b"], [["1", "22"]]))
    | a | b  |
    |---|----|
    | 1 | 22 |
    """
    widths = [max(len(row[k]) for row in (head, *rows)) for k in range(len(head))]
    lines = [
        "| " + " | ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)) + " |"
        for row in (head, *rows)
    ]
    lines.insert(1, "|" + "|".join("-" * (w + 2) for w in widths) + "|")
    return "\n".join(lines)


def put_between_markers(page: str, name: str, text: str) -> str:
    """The page with ``text`` between ``<!-- begin NAME -->`` and ``<!-- end NAME -->``.

    Raises:
        ConfigInvalid: the page has no such markers.
    """
    begin, end = f"<!-- begin {name} -->", f"<!-- end {name} -->"
    if begin not in page or end not in page:
        raise ConfigInvalid(f"The page has lost its markers {begin} and {end}; put them back.")
    block = f"{begin}\n{text.strip()}\n{end}"
    return re.sub(f"{re.escape(begin)}.*?{re.escape(end)}", lambda _: block, page, flags=re.S)


def renew_page(path: Path, blocks: dict[str, str]) -> None:
    """Put every text between its markers in a file."""
    page = path.read_text(encoding="utf-8")
    for name, text in blocks.items():
        page = put_between_markers(page, name, text)
    path.write_text(page, encoding="utf-8")
