"""What errors of an S3 service mean, told without what the service or the client wrote.

Their texts hold addresses and may hold parts of a signed request; only the service's error code, a
word from a public list, is taken from them.
"""

import re

from its_camera_ai.core.errors import (
    ItscamError,
    RecordingArchived,
    RecordingGone,
    StorageUnavailable,
)
from its_camera_ai.store.media_store import GONE

_CODE = re.compile(r"<Code>([A-Za-z]{1,64})</Code>")
_STATUS = re.compile(r"status code: (\d{3})")

ARCHIVED = (
    "The recording '{path}' lies in an archive class of its bucket and can't be read at once. "
    "Restore it there first (hours to two days; docs/storage-tiers.md says how), then try again."
)
_KEYS = "the keys are wrong; correct ITSCAM_S3_ACCESS_KEY and ITSCAM_S3_SECRET_KEY"
_REASONS = {
    "NoSuchBucket": "there is no such bucket; create it, or correct the setting of the store",
    "InvalidAccessKeyId": "it does not know the access key; correct ITSCAM_S3_ACCESS_KEY",
    "SignatureDoesNotMatch": _KEYS,
    "AccessDenied": "the key may not do this; give it the rights in docs/storage-tiers.md",
    "InvalidStorageClass": "it does not have this storage class; set ITSCAM_COLD_CLASS to STANDARD",
    "RequestTimeTooSkewed": "its clock and ours differ by minutes; set this machine's clock by NTP",
    "AuthorizationHeaderMalformed": "the region is wrong; correct ITSCAM_S3_REGION",
    "PermanentRedirect": "the bucket lies in another region; correct ITSCAM_S3_REGION",
    "QuotaExceeded": "it is full; make room or raise its quota",
    "EntityTooLarge": "the file is too large for it",
    "SlowDown": "it asks for fewer requests; this is tried again later",
}
_BY_STATUS = {
    "301": _REASONS["PermanentRedirect"],
    "401": _KEYS,
    "403": _REASONS["AccessDenied"],
    "404": _REASONS["NoSuchBucket"],
    "507": _REASONS["QuotaExceeded"],
}
_UNREACHED = (
    "it does not answer; check ITSCAM_S3_ENDPOINT, the network and the service. Nothing is lost: "
    "this is tried again"
)


_NO_CREDENTIALS = (
    "there are no credentials; set ITSCAM_S3_ACCESS_KEY and ITSCAM_S3_SECRET_KEY, or what the AWS "
    "tools would find"
)
_CREDENTIALS_SERVICE = "http://169.254.169.254/"
"""Where the client asks last for credentials; it answers on Amazon's own machines."""


def code_of(error: BaseException) -> str:
    """The service's error code, such as ``NoSuchKey``; empty if it gave none."""
    found = _CODE.search(str(error))
    return found.group(1) if found else ""


def reason_of(error: BaseException) -> str:
    """What was wrong and what to do, without a credential or an address."""
    text, code = str(error), code_of(error)
    if code in _REASONS:
        return _REASONS[code]
    if _CREDENTIALS_SERVICE in text:
        return _NO_CREDENTIALS
    status = _STATUS.search(text)
    if status is None:
        return _UNREACHED
    if not code and status.group(1) in _BY_STATUS:
        return _BY_STATUS[status.group(1)]
    return f"it answered {status.group(1)} {code}".rstrip() + "; this is tried again later"


def translated(error: BaseException, place: str) -> StorageUnavailable:
    """The error of ours that an error of the client is.

    Args:
        place: names the store in the message, without its address.
    """
    return StorageUnavailable(f"The {place} can't be used: {reason_of(error)}.")


def read_error(error: BaseException, place: str, path: str) -> ItscamError:
    """The same for a file that was to be read."""
    code = code_of(error)
    if code == "InvalidObjectState":
        return RecordingArchived(ARCHIVED.format(path=path))
    if isinstance(error, FileNotFoundError) and code != "NoSuchBucket":
        return RecordingGone(GONE)
    return translated(error, place)
