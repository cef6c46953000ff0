"""Where a tier lies, as settings say it."""

import re
from dataclasses import dataclass
from pathlib import Path

_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_PREFIX = re.compile(r"[A-Za-z0-9!_.*'()-]+(/[A-Za-z0-9!_.*'()-]+)*")
_PREFIX_CHARS_MAX = 512


@dataclass(frozen=True, slots=True)
class BucketPlace:
    """``s3://bucket/prefix``; the prefix may be empty."""

    bucket: str
    prefix: str


def parse_place(text: str) -> Path | BucketPlace:
    """
    >>> parse_place("s3://footage/site-1")
    BucketPlace(bucket='footage', prefix='site-1')

    Raises:
        ValueError: neither an absolute folder nor a bucket.
    """
    if text.startswith("s3://"):
        bucket, _, prefix = text.removeprefix("s3://").partition("/")
        prefix = prefix.rstrip("/")
        if not _BUCKET.fullmatch(bucket):
            raise ValueError(
                "names no bucket; write s3://bucket/prefix with 3-63 small letters, digits, dots "
                "and hyphens for the bucket"
            )
        if prefix and (
            not _PREFIX.fullmatch(prefix)
            or len(prefix) > _PREFIX_CHARS_MAX
            or {".", ".."} & set(prefix.split("/"))
        ):
            raise ValueError(
                "has a prefix that can't be used; write s3://bucket/prefix with letters, digits "
                "and - _ . ! * ' ( ) between single slashes"
            )
        return BucketPlace(bucket, prefix)
    path = Path(text)
    if not path.is_absolute() or ".." in path.parts or len(path.parts) < 2 or "\0" in text:
        raise ValueError(
            "must be an absolute folder, such as /mnt/nas/footage, or s3://bucket/prefix"
        )
    return path


def check_endpoint(text: str) -> None:
    """
    Raises:
        ValueError: not ``http(s)://host[:port]``.
    """
    host = r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\]"
    if text and not re.fullmatch(rf"https?://({host})(:\d{{1,5}})?/?", text):
        raise ValueError("must look like https://host or https://host:port, without a user or path")
