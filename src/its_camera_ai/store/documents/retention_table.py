"""The table of the retention matrix in ``docs/retention.md``.

``python -m its_camera_ai.store.documents.retention_table docs/retention.md``
"""

import sys
from pathlib import Path

from its_camera_ai.core.retention_matrix import MATRIX, DataClass, MatrixRow, RetentionRule

BEGIN = "<!-- matrix: made by its_camera_ai.store.documents.retention_table -->\n"
END = "<!-- end of the matrix -->\n"
_AS_RAW = (DataClass.OBJECT_VIDEO, DataClass.MOTION_VIDEO, DataClass.QUIET_VIDEO)


def matrix_table() -> str:
    """
    >>> print(matrix_table().splitlines()[2])
    | `raw_video` | Recordings | 90 days, then 180 in the archive | delete | recording files of \
every camera, with their index rows |
    """
    rows = ["| class | data | kept | then | what of it is stored today |", "|---|---|---|---|---|"]
    rows += [_row(row) for row in MATRIX]
    return "\n".join(rows) + "\n"


def _row(row: MatrixRow) -> str:
    kept = _kept(row.data_class, row.default)
    if row.min_days:
        kept += f"; at least {row.min_days:g}"
    then = row.default.then if row.default.keep_days else "–"
    held = row.held or "**nothing**: this product does not store it"
    return f"| `{row.data_class}` | {row.title} | {kept} | {then} | {held} |"


def _kept(data_class: DataClass, rule: RetentionRule) -> str:
    if rule.keep_days is None:
        return "as `raw_video`" if data_class in _AS_RAW else "until somebody deletes it"
    if rule.keep_days == 0:
        return "never"
    text = f"{rule.keep_days:g} day{'s' if rule.keep_days != 1 else ''}"
    return text + (f", then {rule.archive_days:g} in the archive" if rule.archive_first else "")


def with_table(page: str) -> str:
    """The page with the table of today between its marks.

    Raises:
        ValueError: the marks are missing.
    """
    head, begin, rest = page.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not begin or not end:
        raise ValueError("the page has no marks for the table")
    return head + BEGIN + "\n" + matrix_table() + "\n" + END + tail


if __name__ == "__main__":
    path = Path(sys.argv[1])
    path.write_text(with_table(path.read_text(encoding="utf-8")), encoding="utf-8")
