"""Files of pictures that were coded anew: from what a ``Recoder`` kept to what can be written."""

from collections.abc import Sequence
from dataclasses import dataclass

from its_camera_ai.core.disk import WritableFile
from its_camera_ai.core.exports import ExportRequest
from its_camera_ai.core.time import NS_PER_S
from its_camera_ai.recorder.exporting.clips import Clip, ClipPlan, audio_track
from its_camera_ai.recorder.exporting.mp4 import MOVIE_TIMESCALE, Opener, OutTrack
from its_camera_ai.recorder.exporting.pictures import LAPSE_TICKS, Recoder
from its_camera_ai.recorder.exporting.timeline import Timeline

MAY_HAVE_MISSED = (
    "A program searched each picture for what was to be hidden and may have missed some of it. "
    "Look through the file before you hand it out."
)


def coded_plan(
    request: ExportRequest,
    recoder: Recoder,
    line: Timeline,
    openers: Sequence[Opener],
    errors: int,
) -> ClipPlan | None:
    """Pictures at their own speed, with the sound of the same time.

    Args:
        openers: of the timeline's recordings, and last of what ``recoder`` kept.
        errors: samples that could not be decoded.
    """
    last_duration = max(1, int(line.video.samples.duration[-1]))
    track = recoder.track(len(openers) - 1, last_duration)
    if track is None:
        return None
    tracks = [track]
    if request.with_sound and line.audio is not None:
        begin_s = float(track.pts[0]) / track.timescale
        end_s = float(track.pts[-1] + last_duration) / track.timescale
        audio = audio_track(line.audio, begin_s, end_s)
        tracks += [] if audio is None else [audio]
    clip = _clip(request, recoder, tracks, last_duration, errors)
    return ClipPlan(clip, tracks, list(openers))


@dataclass(slots=True)
class LapseFile:
    """One file of a time-lapse in the making.

    Attributes:
        size_wh: of the recorded pictures.
        errors: samples that could not be decoded.
    """

    recoder: Recoder
    spool: WritableFile
    size_wh: tuple[int, int]
    errors: int = 0

    def plan(self, request: ExportRequest, opener: Opener) -> ClipPlan | None:
        """What is to be written, if there is a picture; ``opener`` opens the spool."""
        self.recoder.close()
        self.spool.close()
        track = self.recoder.track(0, LAPSE_TICKS)
        if track is None:
            return None
        clip = _clip(request, self.recoder, [track], LAPSE_TICKS, self.errors)
        return ClipPlan(clip, [track], [opener])


def _clip(
    request: ExportRequest,
    recoder: Recoder,
    tracks: Sequence[OutTrack],
    last_duration: int,
    errors: int,
) -> Clip:
    walls = recoder.walls
    return Clip(
        walls[0],
        walls[-1],
        walls[-1] + last_duration * NS_PER_S // MOVIE_TIMESCALE,
        len(walls),
        "h264",
        tracks[0].size_wh,
        len(tracks) > 1,
        treatment(request),
        _remarks(request, recoder, errors),
    )


def treatment(request: ExportRequest) -> str:
    """What is done with pictures that are coded anew, in words."""
    done = []
    if request.speed is not None:
        done.append(f"time-lapse {request.speed}×")
    if request.zones:
        done.append(f"zones masked ({request.mask_style})")
    done += [f"{kind} masked ({request.mask_style})" for kind in request.sought]
    if request.width is not None:
        done.append(f"scaled to at most {request.width} pixels")
    if request.burn_in:
        done.append("name and time burned in")
    return "coded anew: " + ", ".join(done)


def _remarks(request: ExportRequest, recoder: Recoder, errors: int) -> tuple[str, ...]:
    remarks = []
    if request.sought:
        remarks.append(f"{recoder.found} places were found and hidden. {MAY_HAVE_MISSED}")
    if request.masks and not request.with_sound and request.speed is None:
        remarks.append("Sound was left out, as pictures were masked.")
    if errors:
        remarks.append(f"{errors} coded pictures could not be decoded and are missing.")
    return tuple(remarks)
