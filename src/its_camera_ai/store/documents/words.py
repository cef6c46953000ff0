"""Names and ids that people write."""

import unicodedata
from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

NAME_CHARS_MAX = 200
ID_CHARS_MAX = 64

_JOINERS = "\u200c\u200d"  # zero-width joiners belong to several scripts and to emoji


def printable(text: str) -> bool:
    """No control, invisible or unassigned characters, which would deceive in a log or a page."""
    return all(unicodedata.category(c)[0] != "C" or c in _JOINERS for c in text) and not any(
        unicodedata.category(c) in ("Zl", "Zp") for c in text
    )


def _printable(text: str) -> str:
    if not printable(text):
        raise PydanticCustomError("printable", "has a character that can't be seen; remove it")
    return text


Name = Annotated[str, Field(max_length=NAME_CHARS_MAX), AfterValidator(_printable)]
SceneId = Annotated[str, Field(min_length=1, max_length=ID_CHARS_MAX), AfterValidator(_printable)]
