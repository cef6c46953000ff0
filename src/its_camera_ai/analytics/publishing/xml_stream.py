"""XML written element by element, with prefixes as given."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import BinaryIO
from xml.sax.saxutils import escape, quoteattr

_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class XmlStream:
    """Writes a document in order; every element is closed by leaving its ``with``."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out
        self._depth = 0
        out.write(b'<?xml version="1.0" encoding="UTF-8"?>\n')

    @contextmanager
    def element(self, name: str, attributes: Mapping[str, str] | None = None) -> Iterator[None]:
        """An element with others inside."""
        self._line(f"<{name}{_attributes(attributes)}>")
        self._depth += 1
        yield
        self._depth -= 1
        self._line(f"</{name}>")

    def text(self, name: str, value: object, attributes: Mapping[str, str] | None = None) -> None:
        """An element that holds only text; characters that XML can't hold become U+FFFD."""
        self._line(f"<{name}{_attributes(attributes)}>{escape(_clean(str(value)))}</{name}>")

    def empty(self, name: str, attributes: Mapping[str, str]) -> None:
        self._line(f"<{name}{_attributes(attributes)}/>")

    def _line(self, text: str) -> None:
        self._out.write(("  " * self._depth + text + "\n").encode())


def _attributes(attributes: Mapping[str, str] | None) -> str:
    if not attributes:
        return ""
    return "".join(f" {name}={quoteattr(_clean(value))}" for name, value in attributes.items())


def _clean(text: str) -> str:
    return _FORBIDDEN.sub("\ufffd", text)
