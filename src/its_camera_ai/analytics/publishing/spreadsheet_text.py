"""Text from outside in files that spreadsheets open."""

_BEGINS_FORMULA = frozenset("=+-@＝＋－＠")
"""Also the wide forms: some programs take them too."""
_BREAKS_CELL = frozenset("\t\r\n")


def guarded(text: str) -> str:
    """The text with an apostrophe before it where a spreadsheet would run it as a formula.

    Names come from people; a cell that begins with one of ``= + - @`` (also behind blanks), a tab
    or a line break is taken as a formula by common programs (OWASP, *CSV injection*).

    >>> guarded("=1+1")
    "'=1+1"
    >>> guarded("North gate")
    'North gate'
    """
    begins = text.lstrip()[:1]
    dangerous = begins in _BEGINS_FORMULA or text[:1] in _BREAKS_CELL
    return f"'{text}" if text and begins and dangerous else text
