"""Were all pictures recorded? Compares the files with what the cameras sent, picture by picture."""

import sqlite3
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import av

from bench.cameras.lookout import ClipIndex


@dataclass(frozen=True, slots=True)
class Kept:
    """One camera's recording.

    Attributes:
        recorded: pictures in all files.
        lost: pictures missing between the first and the last one recorded.
        strange: coded pictures that the camera never sent.
        behind: pictures sent before the stop was asked for and not recorded.
    """

    recorded: int
    lost: int
    strange: int
    behind: int


def check(data_dir: Path, camera_id: str, index: ClipIndex, sent: int) -> Kept:
    """Read all files of a camera's main stream, in the order of the index.

    Args:
        sent: how many pictures the camera had sent when the site was asked to stop.
    """
    places = [index.place(coded) for file in _files(data_dir, camera_id) for coded in _coded(file)]
    known = [place for place in places if place is not None]
    lost = sum((b - a - 1) % index.frames for a, b in pairwise(known))
    return Kept(
        recorded=len(places),
        lost=lost,
        strange=len(places) - len(known),
        behind=max(0, sent - len(known) - lost),
    )


def _files(data_dir: Path, camera_id: str) -> list[Path]:
    connection = sqlite3.connect(f"file:{data_dir / 'itscam.db'}?mode=ro", uri=True)
    rows = connection.execute(
        "SELECT path FROM segments WHERE camera_id = ? AND role = 'main' ORDER BY start_wall_ns",
        (camera_id,),
    ).fetchall()
    connection.close()
    return [data_dir / "media" / path for (path,) in rows]


def _coded(file: Path) -> list[bytes]:
    with av.open(str(file)) as container:
        return [bytes(p) for p in container.demux(video=0) if p.size]
