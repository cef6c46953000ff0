"""Recordings of a camera as they are played: what there is in a span, and the file of a moment."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from its_camera_ai.core.errors import (
    ConfigInvalid,
    RecordingArchived,
    RecordingDamaged,
    RecordingGone,
    StorageUnavailable,
    UserError,
)
from its_camera_ai.core.media import StreamRole
from its_camera_ai.core.segments import Segment, SegmentState
from its_camera_ai.core.time import NS_PER_MS, NS_PER_S
from its_camera_ai.recorder.files.media import Media
from its_camera_ai.recorder.playing.bounded_cache import BoundedCache
from its_camera_ai.recorder.playing.fragment_table import FragmentTable, read_table
from its_camera_ai.recorder.playing.played_file import PlayedFile
from its_camera_ai.recorder.playing.playlist import Edge, PlaylistWish, playlist
from its_camera_ai.recorder.playing.timeline import in_order, unshown
from its_camera_ai.store.segment_list import ListedSegment, SegmentList
from its_camera_ai.store.segments import SegmentRepository

FILES_MAX = 50_000
"""In one playlist; a week of files of 20 s is 30,240."""
SETTLE_NS = 60 * NS_PER_S
"""A file is indexed when it is closed: a span that ended less than this ago may still grow."""
EDGES_MAX = 8
_TABLES_WEIGHT_MAX = 200_000  # fragments
_LAST_NS = 1000  # before its end a recording is still shown; times in URLs have microseconds


class NothingRecorded(UserError):
    """There is no recording of the moment or span that was asked for.

    Attributes:
        before_ns, after_ns: the nearest moments, wall time, at which something is shown; None where
            there is none.
    """

    def __init__(self, text: str, before_ns: int | None, after_ns: int | None) -> None:
        super().__init__(text)
        self.before_ns = before_ns
        self.after_ns = after_ns


@contextmanager
def readable() -> Iterator[None]:
    """Translates what reading a recording raises.

    Raises:
        StorageUnavailable: the file can't be read.
    """
    try:
        yield
    except OSError as error:
        raise StorageUnavailable(
            f"The recording can't be read ({(error.strerror or 'error').lower()}): examine the "
            "disk or network share that it lies on."
        ) from error


INSIDE_NS = 2 * NS_PER_MS
"""So long before its end a picture is asked for, as players round times to milliseconds."""


class Playback:
    """Finds and opens recordings. Where files lie and how they are cut is remembered."""

    def __init__(self, segments: SegmentRepository, listed: SegmentList, media: Media) -> None:
        self._segments = segments
        self._listed = listed
        self._media = media
        self._tables: BoundedCache[tuple[str, str, int], FragmentTable] = BoundedCache(
            _TABLES_WEIGHT_MAX
        )

    def open(self, segment: Segment) -> PlayedFile:
        """One recording; close it.

        Raises:
            RecordingGone, RecordingArchived, StorageUnavailable: it can't be read.
            RecordingDamaged: it is known to be, or from its beginning on.
        """
        if segment.state is SegmentState.DAMAGED:
            raise RecordingDamaged(
                "The content of this recording no longer matches its hash: its disk damaged it, or "
                "someone changed it. It is kept as it is; look for another copy in exports and "
                "backups."
            )
        file = self._media.open(segment)
        try:
            if file.size_bytes < segment.size_bytes:
                raise RecordingDamaged(
                    "The end of this recording is missing: its file became shorter. Run 'itscam "
                    "storage verify', and look for another copy in exports and backups."
                )
            key = segment.id, segment.content_hash, file.size_bytes
            table = self._tables.get(key)
            if table is None:
                with readable():
                    table = read_table(file)
                self._tables.put(key, table, len(table.fragments) + 1)
            return PlayedFile(segment, file, table)
        except BaseException:
            file.close()
            raise

    def files(
        self, camera_id: str, role: StreamRole, since_ns: int, until_ns: int
    ) -> list[ListedSegment]:
        """Recordings that share a moment with the span, in the order of playing.

        Raises:
            ConfigInvalid: they are too many.
        """
        found = self._listed.find(camera_id, role, since_ns, until_ns, FILES_MAX + 1)
        if len(found) > FILES_MAX:
            raise ConfigInvalid(
                f"There are more than {FILES_MAX} recordings in this span; ask for a shorter one."
            )
        return in_order(found)

    def playlist(self, camera_id: str, role: StreamRole, wish: PlaylistWish, *, now_ns: int) -> str:
        """The HLS playlist of a span; it grows while the span has not settled yet.

        Raises:
            NothingRecorded: nothing of the span can be shown.
            ConfigInvalid: it holds too many files.
        """
        ordered = self.files(camera_id, role, wish.since_ns, wish.until_ns)
        ordered, edges = self._edges(ordered, wish)
        shown = [s for s in ordered if unshown(s) is None]
        if not shown:
            raise self.nothing(camera_id, role, wish.since_ns, wish.until_ns)
        newest_ns = max(s.end_wall_ns for s in ordered)
        growing = newest_ns < wish.until_ns and now_ns < wish.until_ns + SETTLE_NS
        return playlist(ordered, edges, replace(wish, growing=growing))

    def _edges(
        self, ordered: Sequence[ListedSegment], wish: PlaylistWish
    ) -> tuple[list[ListedSegment], dict[str, Edge]]:
        """Cuts the files at the ends of the span to key frames. One that is found to be gone or
        damaged is shown as such; one that can't be read now stays whole."""
        edges: dict[str, Edge] = {}
        result = []
        tries = EDGES_MAX
        for listed in ordered:
            inside = wish.since_ns <= listed.start_wall_ns and listed.end_wall_ns <= wish.until_ns
            if not inside and tries and unshown(listed) is None:
                tries -= 1
                try:
                    edges[listed.id] = self._edge(listed.id, wish)
                except RecordingGone:
                    listed = listed._replace(state=SegmentState.MISSING)
                except RecordingDamaged:
                    listed = listed._replace(state=SegmentState.DAMAGED)
                except (RecordingArchived, StorageUnavailable):
                    pass
            result.append(listed)
        return result, edges

    def _edge(self, segment_id: str, wish: PlaylistWish) -> Edge:
        segment = self._segments.get(segment_id)
        if segment is None:
            raise RecordingGone("The recording left the index just now.")
        played = self.open(segment)
        try:
            trim = played.trim(wish.since_ns, wish.until_ns)
            return Edge(trim, *played.extent_ns(trim))
        finally:
            played.close()

    def file_at(self, camera_id: str, role: StreamRole, wall_ns: int) -> Segment:
        """The recording of a moment; where the clock was set back and there are two, the later.

        Raises:
            NothingRecorded: there is none.
        """
        found = self._listed.find(camera_id, role, wall_ns, wall_ns + 1, EDGES_MAX)
        for listed in sorted(found, key=lambda s: s.start_pts_ns, reverse=True):
            segment = self._segments.get(listed.id)
            if segment is not None and segment.state is not SegmentState.MISSING:
                return segment
        raise self.nothing(camera_id, role, wall_ns, wall_ns)

    def nothing(
        self, camera_id: str, role: StreamRole, since_ns: int, until_ns: int
    ) -> NothingRecorded:
        """The error for a span without recordings, with the nearest moments that there are."""
        end_ns = self._listed.before(camera_id, role, since_ns)
        return NothingRecorded(
            "Nothing was recorded then that could be shown; take one of the nearest moments.",
            None if end_ns is None else end_ns - _LAST_NS,
            self._listed.after(camera_id, role, until_ns),
        )

    def before(self, camera_id: str, role: StreamRole, wall_ns: int) -> int | None:
        """A moment at which the last picture before this one is shown; None if there is none."""
        before_ns = wall_ns - INSIDE_NS
        try:
            self.file_at(camera_id, role, before_ns)
        except NothingRecorded as error:
            return error.before_ns
        return before_ns

    def after(self, camera_id: str, role: StreamRole, wall_ns: int) -> int | None:
        """When the first file that begins after a moment begins; None if there is none."""
        return self._listed.after(camera_id, role, wall_ns)
