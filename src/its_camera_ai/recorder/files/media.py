"""Opens recordings wherever they lie."""

from collections.abc import Mapping

from its_camera_ai.core.disk import ReadableFile
from its_camera_ai.core.errors import StorageUnavailable
from its_camera_ai.core.segments import Segment, Tier
from its_camera_ai.store.media_store import MediaStore


class Media:
    """The stores of all tiers.

    Attributes:
        stores: by tier; the hot one is always there.
    """

    def __init__(self, stores: Mapping[Tier, MediaStore]) -> None:
        self.stores = stores

    def open(self, segment: Segment) -> ReadableFile:
        """The segment's file; its ``read`` raises ``OSError``. Close it.

        Raises:
            RecordingGone: the file is not there, or the row's path leads out of its tier.
            RecordingArchived: it has to be restored before it can be read.
            StorageUnavailable: the tier can't be reached.
        """
        return self.store(segment.tier).open(segment.path)

    def store(self, tier: Tier) -> MediaStore:
        """The store of a tier.

        Raises:
            StorageUnavailable: none is set.
        """
        found = self.stores.get(tier)
        if found is None:
            raise StorageUnavailable(
                f"There are recordings in the {tier} tier, but no place is set for it: set "
                f"ITSCAM_{tier.upper()}_STORE to the folder or bucket that it had."
            )
        return found
