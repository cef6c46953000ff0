"""Exports: what may be asked for, and how far one has come."""

from dataclasses import dataclass
from enum import StrEnum
from zoneinfo import ZoneInfo

import msgspec

from its_camera_ai.core.errors import ConfigInvalid
from its_camera_ai.core.ids import camera_id
from its_camera_ai.core.time import NS_PER_S

CAMERAS_MAX = 64
COPY_SPAN_S_MAX = 31 * 86_400
CODED_SPAN_S_MAX = 86_400
"""Of what has to be decoded and coded anew at its own speed."""
SPEED_MIN, SPEED_MAX = 2, 10_000
ZONES_MAX = 64
CORNERS_MAX = 64
WIDTH_MIN_PX, WIDTH_MAX_PX = 160, 7680
TEXT_MAX = 500


class ExportState(StrEnum):
    """``waiting`` is for space on the disk; ``expired`` keeps its row and has no files."""

    QUEUED = "queued"
    RUNNING = "running"
    WAITING = "waiting"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"

    @property
    def is_over(self) -> bool:
        return self in (
            ExportState.DONE,
            ExportState.FAILED,
            ExportState.CANCELLED,
            ExportState.EXPIRED,
        )


class MaskStyle(StrEnum):
    """How a masked area looks: a coarse mosaic, or black."""

    MOSAIC = "mosaic"
    BLACK = "black"


class Sought(StrEnum):
    """What is searched for in each picture, to be masked."""

    FACES = "faces"
    PERSONS = "persons"


class Damaged(StrEnum):
    """What becomes of an export that meets a damaged recording."""

    EXCLUDE = "exclude"
    FAIL = "fail"


class MaskZone(msgspec.Struct, frozen=True):
    """A part of the picture that nobody may see.

    Attributes:
        polygon: three or more corners ``(x, y)``, each 0–1 of width and height.
        camera: None masks every camera of the export.
        since_wall_ns, until_wall_ns: only then; None is from the beginning, to the end.
    """

    polygon: tuple[tuple[float, float], ...]
    camera: str | None = None
    since_wall_ns: int | None = None
    until_wall_ns: int | None = None


class ExportRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What somebody wants to have; ``checked`` says whether it can be.

    Attributes:
        cameras: in the order of the files.
        since_wall_ns, until_wall_ns: ``[since, until)``.
        exact: the first and last picture are exactly those of the span; without, the span begins
            at the key frame before.
        speed: None copies; N shows every Nth of the time (time-lapse).
        width: pixels of the wider side that pictures are scaled down to; None keeps their size.
        burn_in: write camera and time into each picture.
        time_zone: IANA name for the burned-in time; ``UTC``.
        zones, sought, mask_style: what is made unrecognisable, and how.
        keep_sound: None keeps it unless something is masked.
        reason, case_number: why, in the words of whoever asks; both go into the manifest.
        damaged: what to do about damaged recordings.
        lock: also hold the recordings of the span.
    """

    cameras: tuple[str, ...]
    since_wall_ns: int
    until_wall_ns: int
    exact: bool = False
    speed: int | None = None
    width: int | None = None
    burn_in: bool = False
    time_zone: str = "UTC"
    zones: tuple[MaskZone, ...] = ()
    sought: tuple[Sought, ...] = ()
    mask_style: MaskStyle = MaskStyle.MOSAIC
    keep_sound: bool | None = None
    reason: str = ""
    case_number: str = ""
    damaged: Damaged = Damaged.EXCLUDE
    lock: bool = False

    @property
    def masks(self) -> bool:
        return bool(self.zones or self.sought)

    @property
    def coded_anew(self) -> bool:
        """Whether every picture is decoded and coded again."""
        return self.masks or self.burn_in or self.width is not None or self.speed is not None

    @property
    def with_sound(self) -> bool:
        if self.speed is not None:
            return False
        return not self.masks if self.keep_sound is None else self.keep_sound


@dataclass(frozen=True, slots=True)
class Export:
    """One export as the database knows it.

    Attributes:
        progress: 0–1.
        size_bytes: of the files that are ready.
        problem: why it waits or failed, and what to do.
        manifest_hash: SHA-256 of ``manifest.json``, hex; empty before it is done.
        cancelled: somebody wants it to stop.
    """

    id: str
    state: ExportState
    request: ExportRequest
    author: str
    created_wall_ns: int
    updated_wall_ns: int
    finished_wall_ns: int | None = None
    progress: float = 0.0
    size_bytes: int = 0
    problem: str = ""
    manifest_hash: str = ""
    cancelled: bool = False


def checked(request: ExportRequest) -> ExportRequest:
    """The request, if it makes sense and lies within the bounds.

    Raises:
        ConfigInvalid: naming the field and what it may be.
    """
    _check_cameras(request)
    _check_span(request)
    _check_pictures(request)
    for number, zone in enumerate(request.zones):
        _check_zone(f"zones.{number}", zone, request)
    for name in ("reason", "case_number"):
        text = getattr(request, name)
        if len(text) > TEXT_MAX or any(ord(c) < 32 and c != "\n" for c in text):
            raise ConfigInvalid(f"{name}: write up to {TEXT_MAX} characters of plain text.")
    return request


def _check_cameras(request: ExportRequest) -> None:
    if not 1 <= len(request.cameras) <= CAMERAS_MAX:
        raise ConfigInvalid(f"cameras: name 1 to {CAMERAS_MAX} cameras.")
    if len(set(request.cameras)) < len(request.cameras):
        raise ConfigInvalid("cameras: the same camera is named twice; name it once.")
    for name in request.cameras:
        camera_id(name)


def _check_span(request: ExportRequest) -> None:
    span_ns = request.until_wall_ns - request.since_wall_ns
    if span_ns <= 0:
        raise ConfigInvalid("until: must lie after since; exchange the two or correct one.")
    at_speed = request.coded_anew and request.speed is None
    longest_s = CODED_SPAN_S_MAX if at_speed else COPY_SPAN_S_MAX
    if span_ns > longest_s * NS_PER_S:
        kind = "an export that is coded anew" if at_speed else "one export"
        raise ConfigInvalid(
            f"until: {kind} may span {longest_s // 3600} hours; make several of them."
        )
    if not (request.since_wall_ns > -(2**62) and request.until_wall_ns < 2**62):
        raise ConfigInvalid("since, until: choose times between the years 1970 and 2100.")


def _check_pictures(request: ExportRequest) -> None:
    if request.speed is not None and not SPEED_MIN <= request.speed <= SPEED_MAX:
        raise ConfigInvalid(f"speed: choose {SPEED_MIN} to {SPEED_MAX}, or leave it out.")
    if request.speed is not None and request.keep_sound:
        raise ConfigInvalid("keep_sound: a time-lapse has no sound; leave one of the two out.")
    if request.width is not None and not WIDTH_MIN_PX <= request.width <= WIDTH_MAX_PX:
        raise ConfigInvalid(f"width: choose {WIDTH_MIN_PX} to {WIDTH_MAX_PX} pixels.")
    try:
        ZoneInfo(request.time_zone)
    except (ValueError, OSError, KeyError):
        raise ConfigInvalid(
            "time_zone: there is no such zone; write its IANA name, for example Europe/Berlin."
        ) from None


def _check_zone(where: str, zone: MaskZone, request: ExportRequest) -> None:
    if len(request.zones) > ZONES_MAX:
        raise ConfigInvalid(f"zones: at most {ZONES_MAX}.")
    if not 3 <= len(zone.polygon) <= CORNERS_MAX:
        raise ConfigInvalid(f"{where}: a zone has 3 to {CORNERS_MAX} corners.")
    if not all(0 <= value <= 1 for corner in zone.polygon for value in corner):
        raise ConfigInvalid(f"{where}: corners are shares of width and height, each 0 to 1.")
    if _area(zone.polygon) < 1e-6:
        raise ConfigInvalid(f"{where}: the corners enclose nothing; move them apart.")
    if zone.camera is not None and zone.camera not in request.cameras:
        raise ConfigInvalid(f"{where}: its camera is not one of those exported.")
    since = request.since_wall_ns if zone.since_wall_ns is None else zone.since_wall_ns
    until = request.until_wall_ns if zone.until_wall_ns is None else zone.until_wall_ns
    if since >= until:
        raise ConfigInvalid(f"{where}: its end lies before its beginning; exchange the two.")


def _area(polygon: tuple[tuple[float, float], ...]) -> float:
    """Share of the picture that the shoelace formula gives; a figure of eight may cancel out."""
    following = (*polygon[1:], polygon[0])
    return abs(sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(polygon, following, strict=True))) / 2
