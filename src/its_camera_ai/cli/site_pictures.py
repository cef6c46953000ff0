"""Pictures of the site's own cameras, out of its recordings or out of video files."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from its_camera_ai.core.errors import ConfigInvalid, InputUnreadable
from its_camera_ai.core.media import StreamRole
from its_camera_ai.core.time import NS_PER_S
from its_camera_ai.video.decoder import Frame
from its_camera_ai.video.files import VideoFile, open_video
from its_camera_ai.vision.calibration import SitePicture, SitePictures

_PER_RECORDING = 2
"""Pictures out of one recording file, which is a few seconds long."""
_TRIES = 8
"""A camera of which nothing moves is given up after so many times the pictures wanted of it."""
_SIDE_MAX_PX = 1280
_SUFFIXES = (".mp4", ".mkv", ".mov", ".avi", ".ts", ".webm")


@dataclass(frozen=True, slots=True)
class CameraVideos:
    """The videos of one camera, oldest first, and how many pictures each may give."""

    camera_id: str
    files: tuple[Path, ...]
    per_file: int


def recordings(media: Path, cameras: Sequence[str] = ()) -> list[CameraVideos]:
    """What was recorded: of each camera the stream that is detected on.

    Args:
        media: ``<media>/<camera>/<role>/<date>/<time>_<id>.mp4``.
        cameras: only these; none is all.

    Raises:
        ConfigInvalid: there is no recording, or none of a camera that was named.
    """
    found = []
    for folder in sorted(media.iterdir()) if media.is_dir() else ():
        if folder.name.startswith(".") or (cameras and folder.name not in cameras):
            continue
        for role in (StreamRole.SUB, StreamRole.MAIN):
            files = tuple(sorted((folder / role).glob("*/*.mp4")))
            if files:
                found.append(CameraVideos(folder.name, files, _PER_RECORDING))
                break
    missing = sorted(set(cameras) - {one.camera_id for one in found})
    if missing or not found:
        whose = f" of {', '.join(missing)}" if missing else ""
        raise ConfigInvalid(
            f"There are no recordings{whose} in {media}; let the cameras record first, or name "
            "videos with --video."
        )
    return found


def videos(paths: Sequence[Path], wanted: int) -> list[CameraVideos]:
    """Video files and folders of them, each file taken for a camera of its own.

    Raises:
        ConfigInvalid: a path is not there, or a folder holds no video.
    """
    files: list[Path] = []
    for path in paths:
        inside = sorted(p for p in path.glob("*") if p.suffix.lower() in _SUFFIXES)
        if path.is_file():
            files.append(path)
        elif inside:
            files += inside
        else:
            raise ConfigInvalid(
                f"{path} is no video and no folder with videos ({', '.join(_SUFFIXES)}); correct "
                "the path."
            )
    return [CameraVideos(file.stem, (file,), -(-wanted // len(files))) for file in files]


def collect(
    cameras: Sequence[CameraVideos], wanted: int, note: Callable[[str], None]
) -> SitePictures:
    """Different pictures, as many of each camera, spread over its videos.

    Args:
        wanted: in all.
        note: is told of videos that can't be read; they are passed over.
    """
    pictures = SitePictures(wanted)
    tries = _TRIES * -(-wanted // max(1, len(cameras)))
    turns = {one.camera_id: islice(_candidates(one, note), tries) for one in cameras}
    while turns and not pictures.is_full:
        for camera_id, candidates in list(turns.items()):
            if not _next_different(pictures, camera_id, candidates):
                del turns[camera_id]
    return pictures


def spread(count: int) -> list[int]:
    """0 … count − 1 in an order whose every beginning is spread over the whole.

    >>> spread(5)
    [0, 4, 2, 1, 3]
    """
    bits = max(1, (count - 1).bit_length())
    order = (int(f"{i:0{bits}b}"[::-1], 2) for i in range(1 << bits))
    return [i for i in order if i < count]


def _next_different(
    pictures: SitePictures, camera_id: str, candidates: Iterator[SitePicture]
) -> bool:
    """Take one more picture of a camera; False if it has none left or no more are wanted."""
    return any(pictures.offer(candidate) or pictures.is_full for candidate in candidates)


def _candidates(camera: CameraVideos, note: Callable[[str], None]) -> Iterator[SitePicture]:
    for index in spread(len(camera.files)):
        try:
            yield from _pictures(camera, camera.files[index])
        except InputUnreadable as error:
            note(str(error))


def _pictures(camera: CameraVideos, path: Path) -> Iterator[SitePicture]:
    """Key frames, spread over the file; where it has too few, pictures in between."""
    with open_video(path) as video:
        times_ns = video.key_times_ns()
    with open_video(path) as video:
        if len(times_ns) >= camera.per_file or camera.per_file <= _PER_RECORDING:
            chosen = {times_ns[i] for i in spread(len(times_ns))[: camera.per_file]}
            frames = video.key_frames(chosen)
        else:
            frames = _evenly(video, camera.per_file)
        for frame in frames:
            yield SitePicture(camera.camera_id, frame.bgr(_bounded(frame.size_wh)))


def _evenly(video: VideoFile, count: int) -> Iterator[Frame]:
    step_ns = (video.duration_s or 0.0) * NS_PER_S / count
    due_ns = step_ns / 2
    for frame in video.frames():
        if frame.pts_ns >= due_ns:
            due_ns += step_ns
            yield frame


def _bounded(size_wh: tuple[int, int]) -> tuple[int, int]:
    """The same shape, no wider or higher than the limit: networks look at less."""
    scale = min(1.0, _SIDE_MAX_PX / max(size_wh))
    return max(2, round(size_wh[0] * scale)), max(2, round(size_wh[1] * scale))
