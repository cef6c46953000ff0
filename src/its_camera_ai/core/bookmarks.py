"""Bookmarks: moments and spans of a camera's recordings that somebody gave a name."""

from dataclasses import dataclass

from its_camera_ai.core.errors import ConfigInvalid

TITLE_CHARS_MAX = 120
NOTE_CHARS_MAX = 4000


@dataclass(frozen=True, slots=True)
class Bookmark:
    """One bookmark.

    Attributes:
        since_wall_ns, until_wall_ns: the same for a moment.
        title: one line. note: any number of lines.
        author: the account that made it.

    Raises:
        ConfigInvalid: a text that is empty or too long, or an end before the beginning.
    """

    id: str
    camera_id: str
    since_wall_ns: int
    until_wall_ns: int
    title: str
    note: str
    author: str
    created_wall_ns: int
    updated_wall_ns: int

    def __post_init__(self) -> None:
        if not 1 <= len(self.title.strip()) <= TITLE_CHARS_MAX or not self.title.isprintable():
            raise ConfigInvalid(f"title: write one line of 1 to {TITLE_CHARS_MAX} characters.")
        plain = self.note.replace("\n", "").replace("\t", "").replace("\r", "")
        if len(self.note) > NOTE_CHARS_MAX or not plain.isprintable():
            raise ConfigInvalid(f"note: write plain text of up to {NOTE_CHARS_MAX} characters.")
        if self.until_wall_ns < self.since_wall_ns:
            raise ConfigInvalid("until: lies before since; exchange the two.")
