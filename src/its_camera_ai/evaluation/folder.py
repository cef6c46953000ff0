"""Where things lie in a folder of evaluation data."""

import configparser
from dataclasses import dataclass
from pathlib import Path

from its_camera_ai.core.errors import ConfigInvalid


@dataclass(frozen=True, slots=True)
class MotSequence:
    """Detections and truth in MOTChallenge's text format.

    Attributes:
        size_wh: pixels, None if the folder does not say. fps: the same.
    """

    name: str
    detections: Path
    truth: Path
    size_wh: tuple[int, int] | None = None
    fps: float | None = None


@dataclass(frozen=True, slots=True)
class EvalFolder:
    """A folder with ``labels/`` and ``videos/``, or with the files directly in it."""

    root: Path

    def __post_init__(self) -> None:
        if not self.root.is_dir():
            raise ConfigInvalid(
                f"{self.root} is no folder; give one with labels and videos, as in "
                "docs/evaluation.md."
            )

    def labels(self, name: str) -> Path:
        """``boxes.json`` or ``counts.json``.

        Raises:
            ConfigInvalid: it is in neither place.
        """
        for path in (self.root / "labels" / name, self.root / name):
            if path.is_file():
                return path
        raise ConfigInvalid(
            f"There is no {name} in {self.root} or its folder labels; write one as in "
            "docs/evaluation.md."
        )

    def media(self, name: str) -> Path:
        """A video or picture that labels name.

        Raises:
            ConfigInvalid: it is in none of the places.
        """
        for part in ("videos", "images", "labels/frames", "."):
            path = self.root / part / name
            if path.is_file():
                return path
        raise ConfigInvalid(
            f"{name} is named in the labels but is not in {self.root}/videos, /images or "
            f"{self.root} itself; put it there or correct the name."
        )

    def sequences(self) -> list[MotSequence]:
        """Folders with detections and truth: ``NAME/det.txt`` and ``NAME/gt.txt``, or the layout
        of MOTChallenge, ``NAME/det/det.txt``, ``NAME/gt/gt.txt`` and ``NAME/seqinfo.ini``."""
        found = []
        for part in (self.root / "mot", self.root):
            for folder in sorted(part.iterdir()) if part.is_dir() else ():
                det, gt = (_either(folder, name) for name in ("det", "gt"))
                if det is not None and gt is not None:
                    size_wh, fps = _seqinfo(folder / "seqinfo.ini")
                    found.append(MotSequence(folder.name, det, gt, size_wh, fps))
        return found

    def tracked_clips(self) -> list[tuple[Path, Path]]:
        """Video and truth for each ``labels/mot/NAME.txt`` beside a video of that name."""
        found = []
        folder = self.root / "labels" / "mot"
        for truth in sorted(folder.glob("*.txt")) if folder.is_dir() else ():
            videos = sorted((self.root / "videos").glob(f"{truth.stem}.*"))
            if not videos:
                raise ConfigInvalid(
                    f"{truth} has no video {truth.stem}.* in {self.root / 'videos'}; add it."
                )
            found.append((videos[0], truth))
        return found


def _either(folder: Path, name: str) -> Path | None:
    places = (folder / f"{name}.txt", folder / name / f"{name}.txt")
    return next((path for path in places if path.is_file()), None)


def _seqinfo(path: Path) -> tuple[tuple[int, int] | None, float | None]:
    if not path.is_file():
        return None, None
    parser = configparser.ConfigParser()
    try:
        parser.read_string(path.read_text(encoding="utf-8"))
        section = parser["Sequence"]
        size = (section.getint("imWidth"), section.getint("imHeight"))
        fps = section.getfloat("frameRate")
        if fps is None or fps <= 0 or not all(side and side > 0 for side in size):
            raise ValueError("imWidth, imHeight and frameRate must be above 0")
    except (configparser.Error, KeyError, ValueError) as error:
        raise ConfigInvalid(
            f"{path} can't be used ({error}); it needs imWidth, imHeight and frameRate in "
            "[Sequence]."
        ) from None
    return (size[0] or 0, size[1] or 0), fps
