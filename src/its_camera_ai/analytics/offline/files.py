"""The files that an analysis leaves behind: whole or not at all. See ``docs/analyze.md``."""

import json
import os
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import TextIO

import av.error
import numpy as np

from its_camera_ai.analytics.measures.derived import measures_of
from its_camera_ai.core.errors import ConfigInvalid
from its_camera_ai.core.events import Event
from its_camera_ai.core.intervals import IntervalRow
from its_camera_ai.core.time import NS_PER_S
from its_camera_ai.core.tracks import FrameTracks
from its_camera_ai.store.files import folder_unwritable, sync_folder

TRACKS, EVENTS, COUNTS = "tracks.txt", "events.jsonl", "counts.json"
INTERVALS = "intervals.csv"
VIDEO, REPORT = "annotated.mp4", "report.html"
NAMES = (TRACKS, EVENTS, INTERVALS, VIDEO, REPORT, COUNTS)
"""All outputs, in the order in which they get their names: who finds the counts, finds the rest."""


class OutputFolder:
    """A folder whose files appear complete, together, at ``publish``; use as a context manager.

    Until then they have hidden names, and leaving the block without ``publish`` removes them.

    Raises:
        ConfigInvalid: the path is a file, or leads through one.
        StorageUnavailable: the folder can't be made or written.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._drafts: dict[str, Path] = {}
        if folder.exists() and not folder.is_dir():
            raise ConfigInvalid(f"{folder} is a file; give the name of a folder with --out.")
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except (NotADirectoryError, FileExistsError):
            raise ConfigInvalid(
                f"{folder} lies below a file, not a folder; give another folder with --out."
            ) from None
        except OSError as error:
            raise folder_unwritable(folder.parent, error) from error
        with self.guarded():
            probe = self.draft(".probe")
            probe.write_bytes(b"1")
            probe.unlink()
        del self._drafts[".probe"]

    def draft(self, name: str) -> Path:
        """Where to write the file that will be called ``name``."""
        return self._drafts.setdefault(
            name, self.folder / f".{name.lstrip('.')}.{secrets.token_hex(4)}.part"
        )

    @contextmanager
    def guarded(self) -> Iterator[None]:
        """Turns what a full or vanished disk raises into ``StorageUnavailable``."""
        try:
            yield
        except (OSError, av.error.FFmpegError) as error:
            reason = OSError(error.errno, error.strerror)
            raise folder_unwritable(self.folder, reason) from error

    def publish(self) -> None:
        """Give every draft its name, after its bytes are on the disk."""
        with self.guarded():
            for draft in self._drafts.values():
                with draft.open("rb") as file:
                    os.fsync(file.fileno())
            for name in sorted(self._drafts, key=NAMES.index):
                self._drafts[name].replace(self.folder / name)
            self._drafts.clear()
            sync_folder(self.folder)

    def __enter__(self) -> "OutputFolder":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for draft in self._drafts.values():
            draft.unlink(missing_ok=True)


def write_tracks(file: TextIO, number: int, tracks: FrameTracks) -> None:
    """Append one picture's rows in MOT format: ``frame,id,left,top,width,height,confidence,class``.

    Only what was seen; predictions are no findings.

    Args:
        number: of the picture in the file, from 1.
    """
    seen = np.flatnonzero(tracks.observed)
    for i in seen[np.argsort(tracks.track_id[seen], kind="stable")]:
        left, top, right, bottom = (float(v) for v in tracks.xyxy[i])
        file.write(
            f"{number},{tracks.track_id[i]},{left:.2f},{top:.2f},{right - left:.2f},"
            f"{bottom - top:.2f},{tracks.score[i]:.4f},{tracks.class_id[i]}\n"
        )


def event_lines(events: Iterable[Event], times_ns: "Iterable[int]") -> list[str]:
    """Events as JSON lines in order of stream time, with running numbers as ids.

    Args:
        times_ns: stream time of every picture of the file, in order.
    """
    times = np.maximum.accumulate(np.fromiter(times_ns, np.int64))  # time may run back
    lines = []
    for number, event in enumerate(sorted(events, key=lambda e: e.pts_ns), start=1):
        record = {
            "id": number,
            "kind": str(event.kind),
            "time_s": round(event.pts_ns / NS_PER_S, 3),
            "pts_ns": event.pts_ns,
            "frame": _frame_at(times, event.pts_ns),
            "track_id": event.track_id,
            **event.detail,
        }
        lines.append(json.dumps(record, ensure_ascii=False))
    return lines


_MEASURES = (
    "volume",
    "flow_vph",
    "time_mean_kmh",
    "space_mean_kmh",
    "v85_kmh",
    "headway_s",
    "density_vpkm",
    "occupancy_pct",
    "queue_max_m",
    "dwell_s",
    "travel_s",
    "missing_share",
)


def interval_lines(rows: Iterable[IntervalRow]) -> Iterator[str]:
    """Interval rows as CSV with a heading, in order of time and place; a measure that is not known
    is empty."""
    head = ("start_s", "length_s", "kind", "place", "direction", "lane", *_MEASURES)
    yield ",".join(head)
    for row in sorted(rows, key=lambda row: (row.start_wall_ns, row.place.kind, str(row.place))):
        measures = measures_of(row)
        values = (getattr(measures, name) for name in _MEASURES)
        place = row.place
        yield ",".join(
            [
                str(row.start_wall_ns // NS_PER_S),
                str(row.length_s),
                place.kind,
                _cell(place.id),
                place.direction or "",
                _cell(place.lane),
                *("" if value is None else f"{value:.6g}" for value in values),
            ]
        )


def _cell(text: str) -> str:
    """Quoted where it must be; a spreadsheet takes nothing for a formula."""
    if text[:1] in ("=", "+", "-", "@", "\t"):
        text = f"'{text}"
    return '"{}"'.format(text.replace('"', '""')) if set(text) & set(',"\n\r') else text


def _frame_at(times_ns: np.ndarray[tuple[int], np.dtype[np.int64]], pts_ns: int) -> int:
    """Number of the first picture at or after a moment (the last one, where none comes)."""
    return min(int(np.searchsorted(times_ns, pts_ns)), len(times_ns) - 1) + 1


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 with plain line ends, whatever the machine's habits."""
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write(text)


def counts_text(counts: dict[str, object]) -> str:
    return json.dumps(counts, ensure_ascii=False, indent=2, sort_keys=True) + "\n"
