"""The peers of the tracker benchmarks, in an environment of their own: ``.cache/peers``.

Their requirements clash with ours, so they run as a child process (``bench/peer_child.py``) on the
same detections, which travel in a NumPy file, as do the results.
"""

import json
import subprocess
import sys
import tempfile
import venv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from its_camera_ai.core.detections import Detections

FOLDER = Path(".cache/peers")
PACKAGES = ("supervision<0.28", "trackers", "norfair", "scipy")
"""Later releases of supervision hold no tracker."""


@dataclass(frozen=True, slots=True, eq=False)
class PeerRun:
    """What one peer made of one sequence.

    Attributes:
        name: package and tracker. ms: (frames,) processor time of each update, all threads.
        ids: per frame, the ids that it reports. xyxy: per frame, (N, 4).
    """

    name: str
    ms: npt.NDArray[np.float64]
    ids: Sequence[npt.NDArray[np.int64]]
    xyxy: Sequence[npt.NDArray[np.float64]]


def python() -> Path:
    """The peers' interpreter; made at the first call, from the package index."""
    interpreter = FOLDER / "bin" / "python"
    if not (FOLDER / "installed").is_file():
        print("installing the peers …", file=sys.stderr)
        venv.create(FOLDER, with_pip=True)
        install = [str(interpreter), "-m", "pip", "install", "-qq", *PACKAGES]
        subprocess.run(install, check=True)
        (FOLDER / "installed").touch()
    return interpreter


def run(sequence: Sequence[Detections], fps: float) -> tuple[list[PeerRun], Mapping[str, str]]:
    """Every peer over one sequence, and the versions."""
    counts = [len(found) for found in sequence]
    with tempfile.TemporaryDirectory() as folder:
        asked, answer = Path(folder) / "asked.npz", Path(folder) / "answer.npz"
        np.savez(
            asked,
            counts=counts,
            fps=fps,
            xyxy=np.concatenate([found.xyxy for found in sequence]),
            score=np.concatenate([found.score for found in sequence]),
        )
        child = Path(__file__).with_name("peer_child.py")
        command = [str(python()), "-W", "ignore", *map(str, (child, asked, answer))]
        subprocess.run(command, check=True)
        with np.load(answer) as data:
            names = json.loads(str(data["names"]))
            versions = json.loads(str(data["versions"]))
            runs = [
                PeerRun(
                    name,
                    data[f"{k}.ms"],
                    np.split(data[f"{k}.ids"], np.cumsum(data[f"{k}.counts"])[:-1]),
                    np.split(data[f"{k}.xyxy"], np.cumsum(data[f"{k}.counts"])[:-1]),
                )
                for k, name in enumerate(names)
            ]
    return runs, versions
