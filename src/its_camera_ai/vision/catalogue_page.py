"""The table in docs/models.md: ``python -m its_camera_ai.vision.catalogue_page docs/models.md``."""

import sys
from collections.abc import Sequence
from pathlib import Path

from its_camera_ai.vision.catalogue import Catalogue, CatalogueEntry

BEGIN = "<!-- catalogue: begin (made from models.json) -->"
END = "<!-- catalogue: end -->"


def table(entries: Sequence[CatalogueEntry]) -> str:
    """The entries as a Markdown table, with what a reader needs to check a file by hand."""
    lines = [
        "| name | what | runs at | licence of the weights | size | SHA-256 | run by us |",
        "|---|---|---|---|---|---|---|",
    ]
    for entry in entries:
        name = f"**{entry.name}** (recommended)" if entry.recommended else entry.name
        sizes = ", ".join(f"{f.input_wh[0]}×{f.input_wh[1]}" for f in entry.files)
        any_size = " (any size)" if entry.any_size is not None else ""
        lines.append(
            f"| {name} | {entry.what} | {sizes}{any_size} | {entry.licence} "
            f"| {entry.bytes / 1e6:.1f} MB | `{entry.sha256[:16]}…` "
            f"| {'yes' if entry.tried else 'no'} |"
        )
    return "\n".join(lines)


def with_table(page: str, entries: Sequence[CatalogueEntry]) -> str:
    """The page with its table made anew.

    Raises:
        ValueError: the page lacks the two marks.
    """
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"The page needs the marks {BEGIN} and {END}; put them back.")
    return f"{before}{BEGIN}\n{table(entries)}\n{END}{after}"


if __name__ == "__main__":
    page = Path(sys.argv[1])
    page.write_text(with_table(page.read_text(), Catalogue.shipped().entries()))
