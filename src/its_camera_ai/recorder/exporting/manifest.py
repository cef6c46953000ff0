"""The manifest of an export: what was handed out, made of what, and in which order.

It is written as canonical JSON: keys sorted, no spaces, UTF-8. Whoever reads it refuses any other
form of the same content, so nobody can argue about two of them.
"""

import hashlib
import json
from datetime import UTC, datetime
from typing import Any

import msgspec

from its_camera_ai.core.errors import InputUnreadable
from its_camera_ai.core.time import NS_PER_S

FORMAT = "itscam-evidence/1"
MANIFEST_NAME = "manifest.json"
SIGNATURE_NAME = "manifest.sig"
KEY_NAME = "evidence.pub"
README_NAME = "README.txt"


class SourceEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One recording of the span.

    Attributes:
        start_wall_ns, start_pts_ns, generation: how the camera's own time maps to wall time.
        content_hash: SHA-256 that its seal holds.
        previous_hash: the seal of the recording before it in the same stream; empty if unknown.
        original_hash: of the recording that this one was compressed from; empty for an original.
        verification: sound, unsealed, damaged, missing or archived, when the export was made.
        used: whether a file of the export is made of it.
        detail: more about a recording that was not used.
    """

    id: str
    path: str
    start: str
    start_wall_ns: int
    start_pts_ns: int
    generation: int
    duration_ns: int
    size_bytes: int
    content_hash: str
    previous_hash: str
    original_hash: str
    verification: str
    used: bool
    detail: str = ""


class GapEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A part of the span that no file covers."""

    since: str
    until: str
    length_ms: int


class FileEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One file beside the manifest; ``camera`` and what follows only for video.

    Attributes:
        first_picture, last_picture: when they were taken, RFC 3339 in UTC with nanoseconds.
        treatment: what was done with the pictures.
        remarks: what else is to be known.
    """

    name: str
    size_bytes: int
    sha256: str
    camera: str = ""
    first_picture: str = ""
    last_picture: str = ""
    first_wall_ns: int = 0
    last_wall_ns: int = 0
    pictures: int = 0
    codec: str = ""
    width: int = 0
    height: int = 0
    sound: bool = False
    treatment: str = ""
    remarks: tuple[str, ...] = ()


class CameraEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One camera: its place in the chain, what was used, and what is missing.

    Attributes:
        number: exports that held this camera so far, this one included.
        previous_manifest: SHA-256 of the manifest before it; empty for the first.
    """

    camera: str
    name: str
    number: int
    previous_manifest: str
    sources: tuple[SourceEntry, ...]
    gaps: tuple[GapEntry, ...]


class HoldEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A hold on recordings of the span, when the export was made."""

    id: str
    kind: str
    camera: str
    since: str
    until: str
    reason: str
    author: str


class KeyEntry(msgspec.Struct, frozen=True, kw_only=True):
    """The public key that the signature belongs to."""

    algorithm: str
    public_key: str
    fingerprint: str


class Manifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All that an export says about itself.

    Attributes:
        requested: what was asked for, as it was asked.
    """

    format: str
    product: str
    version: str
    site: str
    export: str
    author: str
    reason: str
    case_number: str
    created: str
    requested: dict[str, Any]
    files: tuple[FileEntry, ...]
    cameras: tuple[CameraEntry, ...]
    holds: tuple[HoldEntry, ...]
    key: KeyEntry
    remarks: tuple[str, ...]


def exact_utc(wall_ns: int) -> str:
    """RFC 3339 in UTC with all nanoseconds.

    >>> exact_utc(1_700_000_000_123_456_789)
    '2023-11-14T22:13:20.123456789Z'
    """
    seconds, rest = divmod(wall_ns, NS_PER_S)
    moment = datetime.fromtimestamp(seconds, tz=UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S") + f".{rest:09d}Z"


def canonical(manifest: Manifest) -> bytes:
    """The one form in which this manifest is written."""
    return _canonical_json(msgspec.to_builtins(manifest))


def _canonical_json(document: Any) -> bytes:
    text = json.dumps(
        document, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )
    return text.encode()


def manifest_hash(content: bytes) -> str:
    """SHA-256 of ``manifest.json``, hex: what the next manifest of a camera refers to."""
    return hashlib.sha256(content).hexdigest()


def read_manifest(content: bytes) -> Manifest:
    """A manifest from its bytes.

    Raises:
        InputUnreadable: it is none, of another version, or not in its one form.
    """
    try:
        manifest = msgspec.json.decode(content, type=Manifest)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InputUnreadable(
            f"{MANIFEST_NAME} can't be read as a manifest of an export ({error}); it was changed, "
            "or it comes from another program."
        ) from None
    if manifest.format != FORMAT:
        raise InputUnreadable(
            f"{MANIFEST_NAME} is of the form {manifest.format!r}, and this version reads {FORMAT}; "
            "use the version of the program that the manifest names."
        )
    if canonical(manifest) != content:
        raise InputUnreadable(
            f"{MANIFEST_NAME} is not written as this program writes it; it was changed."
        )
    return manifest
