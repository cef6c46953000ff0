"""A mark in the folder of a slower tier, so that nothing is written where its disk is not mounted.

As ``recorder.volume_identity`` does for the disk that is recorded to, without its epochs: who has
an older copy of a slower tier mounted finds files missing, and none is overwritten.
"""

from collections.abc import Callable
from pathlib import Path

import msgspec
import structlog

from its_camera_ai.core.disk import Disk
from its_camera_ai.core.errors import StorageUnavailable
from its_camera_ai.core.segments import Tier
from its_camera_ai.store.small_files import read_small, replace_small

log = structlog.get_logger(__name__)

FOLDER = ".itscam"
MARKER = "tier.json"
_UNUSED = frozenset({"lost+found", FOLDER})


class TierMarker(msgspec.Struct, frozen=True):
    """What ``<root>/.itscam/tier.json`` and the site's own copy of it say."""

    tier_id: str


class TierIdentity:
    """Refuses a folder that is not the one that was this tier before.

    Args:
        disk, root: the tier.
        known: the file of the site that says which folder it is; on a disk of ours.
        new_id: makes the mark of an empty folder that becomes a tier; None in processes that only
            read.
    """

    def __init__(
        self,
        disk: Disk,
        root: Path,
        tier: Tier,
        known: Path,
        *,
        new_id: Callable[[], str] | None = None,
    ) -> None:
        self._disk = disk
        self._root = root
        self._tier = tier
        self._known_path = known
        self._new_id = new_id
        self._known: TierMarker | None = None

    def check(self) -> None:
        """
        Raises:
            StorageUnavailable: missing, another one, or not readable; with what to do.
        """
        try:
            text = read_small(self._disk, self._root / FOLDER / MARKER)
        except OSError as error:
            raise self._unreachable(error) from error
        found = None if text is None else self._parsed(text, self._root / FOLDER / MARKER)
        known = self._load()
        if known is None:
            self._begin(found)
        elif found is None:
            raise StorageUnavailable(
                f"The folder {self._root} of the {self._tier} tier lacks its mark: its disk or "
                f"share is not mounted, or another one is. Mount it. {self._exchange()}"
            )
        elif found != known:
            raise StorageUnavailable(
                f"The folder {self._root} holds another tier ({found.tier_id[:8]}) than the "
                f"{self._tier} one of this site ({known.tier_id[:8]}): mount the right disk or "
                f"share. {self._exchange()}"
            )

    def _exchange(self) -> str:
        return (
            f"If it was exchanged for good, copy its files over, delete {self._known_path} and "
            "restart."
        )

    def _load(self) -> TierMarker | None:
        if self._known is None:
            try:
                text = read_small(self._disk, self._known_path)
            except OSError as error:
                raise StorageUnavailable(
                    f"The file {self._known_path} can't be read ({_reason(error)}): check its disk."
                ) from error
            self._known = None if text is None else self._parsed(text, self._known_path)
        return self._known

    def _begin(self, found: TierMarker | None) -> None:
        """Take a folder for this tier that the site does not know yet."""
        if self._new_id is None:
            raise StorageUnavailable(
                f"The {self._tier} tier in {self._root} is not in use yet; the jobs process begins "
                "with it within minutes."
            )
        try:
            if found is None:
                names = {entry.name for entry in self._disk.entries(self._root)}
                if names - _UNUSED:
                    raise StorageUnavailable(
                        f"The folder {self._root} is not empty and was never a tier of this site: "
                        f"name an empty folder with ITSCAM_{self._tier.upper()}_STORE."
                    )
                found = TierMarker(self._new_id())
                replace_small(self._disk, self._root / FOLDER / MARKER, msgspec.json.encode(found))
            replace_small(self._disk, self._known_path, msgspec.json.encode(found))
        except OSError as error:
            raise self._unreachable(error) from error
        log.info("a folder became a tier", folder=str(self._root), tier=str(self._tier))
        self._known = found

    def _parsed(self, text: bytes, path: Path) -> TierMarker:
        try:
            return msgspec.json.decode(text, type=TierMarker)
        except ValueError as error:  # msgspec's errors, and bytes that are no text
            raise StorageUnavailable(
                f"The mark {path} is damaged: check the disk, then put it back from a backup."
            ) from error

    def _unreachable(self, error: OSError) -> StorageUnavailable:
        return StorageUnavailable(
            f"The folder {self._root} of the {self._tier} tier can't be used ({_reason(error)}): "
            "mount its disk or share, and check its rights."
        )


def _reason(error: OSError) -> str:
    return (error.strerror or "unknown error").lower()
