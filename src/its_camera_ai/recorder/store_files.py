"""Removes files of slower tiers for the garbage collector."""

from collections.abc import Mapping, Sequence

from its_camera_ai.core.errors import RecordingGone
from its_camera_ai.store.media_store import MediaStore


class StoreFiles:
    """``recorder.garbage.FileRemover`` over a store."""

    def __init__(self, store: MediaStore) -> None:
        self._store = store

    def remove(self, paths: Sequence[str]) -> Mapping[str, str]:
        """See ``FileRemover``.

        Raises:
            StorageUnavailable: the tier can't be reached; some may be removed already.
        """
        reasons = {}
        for path in paths:
            try:
                self._store.delete(path)
            except RecordingGone:
                reasons[path] = "this is no place of a recording"
        return reasons
