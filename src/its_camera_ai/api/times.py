"""Times in queries: RFC 3339, with a zone."""

import re

from its_camera_ai.core.errors import ConfigInvalid
from its_camera_ai.core.time import parse_iso_utc

_RFC_3339 = re.compile(
    r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:[Zz]|[+-]\d\d:\d\d)", re.ASCII
)


def wall_time(name: str, text: str | None) -> int | None:
    """A query parameter as wall time in ns; None where it was not given.

    Raises:
        ConfigInvalid: not RFC 3339, no such day or hour, or outside the years 1970–2199.

    >>> wall_time("since", "1970-01-01T00:00:01Z")
    1000000000
    """
    if text is None:
        return None
    refused = ConfigInvalid(
        f"{name}: not a time as RFC 3339 writes it; write for example 2026-03-01T12:00:00Z "
        "(in a URL, '+' of a zone is %2B)."
    )
    if not _RFC_3339.fullmatch(text) or not "1970" <= text[:4] < "2200":
        raise refused
    try:
        return parse_iso_utc(text.upper())
    except ValueError:
        raise refused from None


def check_span(since_ns: int | None, until_ns: int | None) -> None:
    """Refuse an end before the beginning.

    Raises:
        ConfigInvalid: ``until`` is before ``since``.
    """
    if since_ns is not None and until_ns is not None and until_ns < since_ns:
        raise ConfigInvalid("until: lies before since; exchange the two.")
