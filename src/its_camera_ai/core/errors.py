"""The error tree. Two roots: ours to retry, theirs to fix.

ItscamError
├── RetryableError             the world failed us; trying again may help
│   ├── CameraUnreachable      name, route or port: nothing answers
│   ├── CameraTimeout          it answered once and then went silent
│   ├── CameraStreamEnded      the server closed the stream
│   ├── StorageUnavailable     disk full, read-only, unmounted, hung
│   ├── DatabaseUnavailable    locked, gone, or not reachable
│   ├── DownloadFailed         a file from the internet did not come, or not in time
│   └── CallUnanswered         another process of the site did not answer in time
└── UserError                  someone must change something before a retry can help
    ├── ConfigInvalid          a file, setting or request that can't be taken (exit code 2)
    │   ├── SceneInvalid       a line, zone or lane that makes no sense
    │   └── CalibrationInvalid point pairs that can't be, or can't be solved
    ├── MeasureInvalid         a value that can't be true, such as a negative speed
    ├── InputUnreadable        a file or stream that can't be read as video (exit code 3)
    ├── CameraRefused          wrong credentials, or the path is not there
    ├── CameraUnsupported      codec or protocol outside what we handle
    ├── InstanceRunning        another process holds the same data folder
    ├── RecordingGone          an index row whose file is not there
    ├── RecordingDamaged       its content is no longer what was recorded
    ├── RecordingArchived      a file in a storage class that must be restored first
    ├── StateInvalid           saved working state that is damaged or of another version
    └── ModelInvalid           a model file that is missing, altered, or of another shape

Every message says what to do next, and never holds a credential.
"""

from typing import ClassVar


class ItscamError(Exception):
    """Root of all errors raised on purpose by this package."""

    exit_code: ClassVar[int] = 1


class RetryableError(ItscamError):
    """The world failed us; the same call may succeed later."""


class CameraUnreachable(RetryableError):
    """The host name does not resolve, or nothing listens there."""


class CameraTimeout(RetryableError):
    """The camera stopped answering within the read time-out."""


class CameraStreamEnded(RetryableError):
    """The camera's server ended a live stream."""


class StorageUnavailable(RetryableError):
    """A folder can't be written: full, read-only, unmounted or hung."""


class DatabaseUnavailable(RetryableError):
    """The database is locked, gone or unreachable."""


class DownloadFailed(RetryableError):
    """A download did not start, broke off, or took longer than allowed."""


class CallUnanswered(RetryableError):
    """Another process of this site gave no answer in time; it may be starting, busy or gone."""


class UserError(ItscamError):
    """A person has to change something first."""

    exit_code: ClassVar[int] = 2


class ConfigInvalid(UserError):
    """A configuration file, setting or request can't be accepted."""


class SceneInvalid(ConfigInvalid):
    """A line or zone has no sensible meaning (zero length, self-crossing, outside the picture)."""


class CalibrationInvalid(ConfigInvalid):
    """Point pairs that can't be true, or that determine no ground plane."""


class MeasureInvalid(UserError):
    """A measured or given value that no traffic can have; it is refused, never clipped."""


class InputUnreadable(UserError):
    """A file or stream can't be read as video."""

    exit_code: ClassVar[int] = 3


class RecordingGone(UserError):
    """A recording's file is not where the index says."""


class RecordingDamaged(UserError):
    """A recording's content no longer matches its hash; it is kept, and not shown as if it were."""


class RecordingArchived(UserError):
    """A recording's file lies in an archive and must be restored before it can be read."""


class StateInvalid(UserError):
    """Saved working state can't be read; without it the work starts afresh."""


class CameraRefused(UserError):
    """The camera answered and said no: credentials or path."""

    exit_code: ClassVar[int] = 3


class CameraUnsupported(UserError):
    """The camera offers nothing that we can handle (codec, protocol, scheme)."""

    exit_code: ClassVar[int] = 3


class InstanceRunning(UserError):
    """Another process already works on this data folder."""


class ModelInvalid(UserError):
    """A model file is missing, altered, or has an input or output of an unknown shape."""
