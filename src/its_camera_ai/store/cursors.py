"""Cursors: where the next page of a list begins, as text that a client hands back."""

import base64

import msgspec

from its_camera_ai.core.errors import ConfigInvalid
from its_camera_ai.store.parameters import clamped


def cursor_of(wall_ns: int, item_id: str) -> str:
    """After the item of this time and id.

    >>> place_of(cursor_of(7, "a"), "events")
    (7, 'a')
    """
    place = msgspec.json.encode((wall_ns, item_id))
    return base64.urlsafe_b64encode(place).decode().rstrip("=")


def place_of(cursor: str, what: str) -> tuple[int, str]:
    """The time and id of a cursor.

    Args:
        what: the list's items, in words.

    Raises:
        ConfigInvalid: no page gave it.
    """
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        text = base64.b64decode(padded, altchars=b"-_", validate=True)
        wall_ns, item_id = msgspec.json.decode(text, type=tuple[int, str])
    except ValueError:  # binascii.Error and msgspec's errors are ValueErrors
        raise ConfigInvalid(
            f"The cursor is not one that a page of {what} gave; leave it out to begin at the "
            "newest."
        ) from None
    return clamped(wall_ns), item_id
