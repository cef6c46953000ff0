"""How long each kind of data is kept: one table, from which defaults, checks and docs are made."""

from dataclasses import dataclass
from enum import StrEnum

from its_camera_ai.core.activity import SegmentActivity
from its_camera_ai.core.errors import ConfigInvalid

DAYS_MAX = 36_500


class DataClass(StrEnum):
    """The kinds of data that have a rule of their own; the value is the name in files and APIs."""

    RAW_VIDEO = "raw_video"
    OBJECT_VIDEO = "object_video"
    MOTION_VIDEO = "motion_video"
    QUIET_VIDEO = "quiet_video"
    EVENT_CLIPS = "event_clips"
    EXPORTS = "exports"
    DETECTION_METADATA = "detection_metadata"
    ALERTS = "alerts"
    TRAFFIC_TABLES = "traffic_tables"
    AUDIT_LOGS = "audit_logs"
    ACCESS_LOGS = "access_logs"
    SYSTEM_LOGS = "system_logs"
    DELIVERED_MESSAGES = "delivered_messages"
    CONFIG_HISTORY = "config_history"
    TEMP_FILES = "temp_files"
    FAILED_UPLOADS = "failed_uploads"
    BACKUPS = "backups"
    ENROLLED_EMBEDDINGS = "enrolled_embeddings"
    DETECTED_EMBEDDINGS = "detected_embeddings"
    TRAINING_DATA = "training_data"


class EndOfLife(StrEnum):
    """What happens when the time is over."""

    DELETE = "delete"
    ANONYMISE = "anonymise"
    AGGREGATE = "aggregate"


class WithoutArchive(StrEnum):
    """What happens to data that is to be archived first while there is no archive."""

    DELETE = "delete"
    KEEP = "keep"


@dataclass(frozen=True, slots=True)
class RetentionRule:
    """How long one kind of data is kept, and what then.

    Attributes:
        keep_days: None keeps it until somebody deletes it, 0 never stores it. For the video
            classes by activity None means: as ``raw_video``.
        archive_first: it is not deleted after ``keep_days`` but lies in the archive (the cold
            tier, or the archive folder for logs) for ``archive_days`` more.
        archive_days: days in the archive.
        then: what ends it.
        without_archive: what is done after ``keep_days`` where there is no archive.
    """

    keep_days: float | None
    archive_first: bool = False
    archive_days: float = 0.0
    then: EndOfLife = EndOfLife.DELETE
    without_archive: WithoutArchive = WithoutArchive.DELETE

    def __post_init__(self) -> None:
        if self.keep_days is not None and not 0 <= self.keep_days <= DAYS_MAX:
            raise ConfigInvalid(f"keep_days must be from 0 to {DAYS_MAX}, or left out for ever.")
        if not 0 <= self.archive_days <= DAYS_MAX:
            raise ConfigInvalid(f"archive_days must be from 0 to {DAYS_MAX}.")
        if self.archive_days and not self.archive_first:
            raise ConfigInvalid("archive_days needs archive_first: true; set it, or leave it out.")

    @property
    def total_days(self) -> float | None:
        """Days until the end of life; None is never."""
        return None if self.keep_days is None else self.keep_days + self.archive_days


@dataclass(frozen=True, slots=True)
class MatrixRow:
    """One row of the matrix.

    Attributes:
        default: the rule of a site that says nothing.
        title: for people.
        held: what of it this product stores today; empty if nothing.
        min_days: a rule may not end it earlier.
        ends: the ends of life that it can have; the first is the usual one.
        archivable: whether ``archive_first`` means something for it.
    """

    data_class: DataClass
    default: RetentionRule
    title: str
    held: str = ""
    min_days: float = 0.0
    ends: tuple[EndOfLife, ...] = (EndOfLife.DELETE,)
    archivable: bool = False

    def check(self, rule: RetentionRule) -> None:
        """
        Raises:
            ConfigInvalid: the rule is not one that this kind of data can have.
        """
        name = self.data_class
        total = rule.total_days
        if total is not None and total < self.min_days:
            raise ConfigInvalid(
                f"{name}: must be kept for at least {self.min_days:g} days; raise keep_days or "
                "archive_days."
            )
        if rule.then not in self.ends:
            allowed = " or ".join(self.ends)
            raise ConfigInvalid(f"{name}: 'then' must be {allowed}.")
        if rule.archive_first and not self.archivable:
            raise ConfigInvalid(f"{name}: can't be archived first; remove archive_first.")


_YEAR = 365

MATRIX: tuple[MatrixRow, ...] = (
    MatrixRow(
        DataClass.RAW_VIDEO,
        RetentionRule(90, archive_first=True, archive_days=180),
        "Recordings",
        "recording files of every camera, with their index rows",
        archivable=True,
    ),
    MatrixRow(
        DataClass.OBJECT_VIDEO,
        RetentionRule(None),
        "Recordings in which vision saw persons or vehicles",
        "recording files whose every second was seen, with an object",
    ),
    MatrixRow(
        DataClass.MOTION_VIDEO,
        RetentionRule(None),
        "Recordings with motion and no object",
        "recording files whose every second was seen, with motion, looked at, and no object",
    ),
    MatrixRow(
        DataClass.QUIET_VIDEO,
        RetentionRule(None),
        "Recordings in which nothing moved",
        "recording files whose every second was seen, without motion",
    ),
    MatrixRow(
        DataClass.EVENT_CLIPS,
        RetentionRule(365, archive_first=True, archive_days=2 * _YEAR),
        "Clips that are cut by the system when something happens",
        archivable=True,
    ),
    MatrixRow(
        DataClass.EXPORTS,
        RetentionRule(30),
        "Exports that people asked for",
        "export files with their manifests, and their rows; not those that a hold covers",
    ),
    MatrixRow(
        DataClass.DETECTION_METADATA,
        RetentionRule(_YEAR, then=EndOfLife.ANONYMISE),
        "What detectors and trackers found",
        "events of lines and zones; trajectories of road users, which are always deleted",
        ends=(EndOfLife.ANONYMISE, EndOfLife.AGGREGATE, EndOfLife.DELETE),
    ),
    MatrixRow(
        DataClass.ALERTS,
        RetentionRule(2 * _YEAR),
        "Alerts and incidents",
        "all events that are not of lines and zones: cameras, recording, pictures; incidents, from "
        "their end on",
    ),
    MatrixRow(
        DataClass.TRAFFIC_TABLES,
        RetentionRule(90),
        "Traffic counts, speeds and queues by minute",
        "rows of 1 minute; those of 5 and 15 minutes stay 4 and 12 times as long, those of an "
        "hour until somebody deletes them",
        min_days=1,
    ),
    MatrixRow(
        DataClass.AUDIT_LOGS,
        RetentionRule(_YEAR, archive_first=True, archive_days=6 * _YEAR),
        "Who did what",
        "the audit log; older rows go into chained files in the archive folder",
        min_days=_YEAR,
        archivable=True,
    ),
    MatrixRow(
        DataClass.ACCESS_LOGS,
        RetentionRule(90),
        "Who came from where",
        "login attempts with their addresses, and sessions that have ended",
    ),
    MatrixRow(
        DataClass.SYSTEM_LOGS,
        RetentionRule(90),
        "What the programs print",
    ),
    MatrixRow(
        DataClass.DELIVERED_MESSAGES,
        RetentionRule(7),
        "Copies of events that were told to other systems",
        "rows of the outbox that were delivered",
    ),
    MatrixRow(
        DataClass.CONFIG_HISTORY,
        RetentionRule(2 * _YEAR),
        "Earlier configurations",
    ),
    MatrixRow(
        DataClass.TEMP_FILES,
        RetentionRule(1),
        "Temporary files",
        "folders of exports that no row knows",
    ),
    MatrixRow(
        DataClass.FAILED_UPLOADS,
        RetentionRule(7),
        "Exports that failed or were cancelled",
        "their rows and what was written of them",
    ),
    MatrixRow(DataClass.BACKUPS, RetentionRule(7 * _YEAR), "Backups"),
    MatrixRow(
        DataClass.ENROLLED_EMBEDDINGS,
        RetentionRule(None),
        "Features of enrolled persons",
    ),
    MatrixRow(
        DataClass.DETECTED_EMBEDDINGS,
        RetentionRule(0),
        "Features of persons that were not enrolled; never stored",
    ),
    MatrixRow(DataClass.TRAINING_DATA, RetentionRule(None), "Pictures kept for training"),
)
"""Every class once, in the order in which people read them."""

ROWS = {row.data_class: row for row in MATRIX}


def video_class(activity: SegmentActivity | None) -> DataClass:
    """The class of a recording by what vision saw in it; whatever was not seen may be anything."""
    if activity is None or activity.known_s < activity.seconds or activity.unlooked_s:
        return DataClass.RAW_VIDEO
    if activity.objects:
        return DataClass.OBJECT_VIDEO
    return DataClass.MOTION_VIDEO if activity.moving_s else DataClass.QUIET_VIDEO
