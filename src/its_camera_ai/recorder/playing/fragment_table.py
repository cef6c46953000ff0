"""Where the fragments of a recording file lie, what times they hold, and their sound bytes."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from its_camera_ai.core.disk import ReadableFile
from its_camera_ai.core.errors import RecordingDamaged
from its_camera_ai.recorder.files.segment_format import CHECK_BYTES, check_holds
from its_camera_ai.video.fragments import Run, read_runs
from its_camera_ai.video.movie_head import HEAD_BYTES_MAX, MovieHead, read_head

FRAGMENTS_MAX = 100_000
"""In one file: a day in fragments of a second."""
FRAGMENT_BYTES_MAX = 64 * 1024 * 1024
"""A fragment spans a second; what is larger is none of ours and is not taken into memory."""
MOOF_BYTES_MAX = 4 * 1024 * 1024

_WINDOW_BYTES = 4096
"""What is read around each box head: a fragment's check, the next one's ``moof``."""
_DAMAGED = (
    "The recording is damaged here: 'itscam storage verify' tells more about it. Play what is "
    "before or after."
)


@dataclass(frozen=True, slots=True)
class Fragment:
    """One ``moof`` with its ``mdat``; times in ticks of the picture track.

    Attributes:
        check: payload of the check that follows it; empty in files of before there were checks.
        begin, end: decoding time of its first picture, and the end of its last; equal without one.
        pictures: how many.
        key_pts: when the key frame that it begins with is shown; None if it begins with none.
        key_at, key_bytes: where in the fragment that key frame's bytes lie.
    """

    offset: int
    moof_bytes: int
    size_bytes: int
    check: bytes
    begin: int
    end: int
    pictures: int
    key_pts: int | None = None
    key_at: int = 0
    key_bytes: int = 0


@dataclass(frozen=True, slots=True)
class FragmentTable:
    """The whole fragments of one file, up to the first that is damaged.

    Attributes:
        fragments: at least one; the first begins with a key frame.
    """

    head: MovieHead
    fragments: tuple[Fragment, ...] = field(repr=False)

    @property
    def first_pts(self) -> int:
        """When the first picture is shown, in ticks of the picture track."""
        first = self.fragments[0].key_pts
        assert first is not None  # noqa: S101  read_table saw to it
        return first

    @property
    def keys(self) -> tuple[int, ...]:
        """The numbers of the fragments that begin with a key frame."""
        return tuple(n for n, f in enumerate(self.fragments) if f.key_pts is not None)


def read_table(file: ReadableFile) -> FragmentTable:
    """Walk a file's boxes; of the pictures nothing is read.

    Raises:
        RecordingDamaged: it has no head, or no whole fragment that begins with a key frame.
        OSError: it can't be read.
    """
    walk = _Walk(file)
    try:
        head = _head(walk)
        fragments = tuple(_fragments(walk, head))
    except ValueError as error:
        raise RecordingDamaged(_DAMAGED) from error
    first = next((n for n, f in enumerate(fragments) if f.key_pts is not None), None)
    if first is None:
        raise RecordingDamaged(_DAMAGED)
    return FragmentTable(head, fragments[first:])


def read_fragment(file: ReadableFile, fragment: Fragment) -> bytes:
    """The bytes of ``moof`` and ``mdat``, which hold what was written.

    Raises:
        RecordingDamaged: they are fewer, or others than were written.
        OSError: the file can't be read.
    """
    whole = file.read(fragment.size_bytes, fragment.offset)
    short = len(whole) != fragment.size_bytes
    if short or (fragment.check and not check_holds(fragment.check, [whole])):
        raise RecordingDamaged(_DAMAGED)
    return whole


class _Walk:
    """Box heads of a file, through a small window; never goes back, never beyond the end."""

    def __init__(self, file: ReadableFile) -> None:
        self._file = file
        self._at = 0
        self._window = b""

    def read(self, at: int, size: int) -> bytes:
        """The bytes there; fewer where the file ends.

        Raises:
            OSError: it can't be read.
        """
        start = at - self._at
        if start < 0 or start + size > len(self._window):
            self._window, self._at = self._file.read(max(size, _WINDOW_BYTES), at), at
            start = 0
        return self._window[start : start + size]

    def box(self, at: int) -> tuple[bytes, int] | None:
        """Type and size of the box there; None if it is not whole."""
        head = self.read(at, 8)
        size = int.from_bytes(head[:4], "big")
        if len(head) < 8 or size < 8 or at + size > self._file.size_bytes:
            return None
        return head[4:], size


def _head(walk: _Walk) -> MovieHead:
    init = b""
    at = 0
    while (found := walk.box(at)) is not None:
        kind, size = found
        if kind == b"moof" or at + size > HEAD_BYTES_MAX:
            break
        if kind in (b"ftyp", b"moov"):
            init += walk.read(at, size)
        if kind == b"moov":
            return read_head(init)
        at += size
    raise ValueError("the file has no head")


def _fragments(walk: _Walk, head: MovieHead) -> Iterator[Fragment]:
    at = 0
    for _ in range(4 * FRAGMENTS_MAX):
        found = walk.box(at)
        if found is None:
            return
        kind, size = found
        if kind != b"moof":
            at += size
            continue
        data = walk.box(at + size) if size <= MOOF_BYTES_MAX else None
        if data is None or data[0] != b"mdat" or size + data[1] > FRAGMENT_BYTES_MAX:
            return
        moof, whole_bytes = walk.read(at, size), size + data[1]
        try:
            yield _fragment(moof, at, whole_bytes, _check(walk, at + whole_bytes), head)
        except ValueError:
            return
        at += whole_bytes


def _fragment(moof: bytes, at: int, size_bytes: int, check: bytes, head: MovieHead) -> Fragment:
    runs = read_runs(moof, head.defaults)
    for run in runs:
        for sample in run.samples:
            if not len(moof) + 8 <= sample.offset <= size_bytes - sample.size:
                raise ValueError("a sample lies outside its fragment")
    pictures = next((r for r in runs if r.track == head.video.number and r.samples), None)
    if pictures is None:
        return Fragment(at, len(moof), size_bytes, check, 0, 0, 0)
    first, count = pictures.samples[0], len(pictures.samples)
    place = (at, len(moof), size_bytes, check, first.dts, pictures.end, count)
    if not first.is_key or not first.size:
        return Fragment(*place)
    return Fragment(*place, first.pts, first.offset, first.size)


def _check(walk: _Walk, at: int) -> bytes:
    found = walk.box(at)
    if found is None or found[0] != b"free" or found[1] != CHECK_BYTES:
        return b""
    return walk.read(at + 8, CHECK_BYTES - 8)


def picture_run(moof: bytes, head: MovieHead) -> Run:
    """The pictures of one fragment.

    Raises:
        RecordingDamaged: it is damaged or has none.
    """
    try:
        runs = read_runs(moof, head.defaults)
    except ValueError as error:
        raise RecordingDamaged(_DAMAGED) from error
    found = next((r for r in runs if r.track == head.video.number and r.samples), None)
    if found is None:
        raise RecordingDamaged(_DAMAGED)
    return found
