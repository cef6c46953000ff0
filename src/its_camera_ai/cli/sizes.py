"""Input sizes on the command line."""

from its_camera_ai.core.errors import ConfigInvalid
from its_camera_ai.ops.settings import parse_size


def size_option(text: str) -> tuple[int, int] | None:
    """``640x384`` → (640, 384); None for an empty text.

    Raises:
        ConfigInvalid: not of that form.
    """
    try:
        return parse_size(text)
    except ValueError as error:
        raise ConfigInvalid(f"--input {error}.") from None
