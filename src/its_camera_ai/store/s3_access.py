"""How an S3 service is reached."""

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path


class StorageClass(StrEnum):
    """Amazon's names of the classes that recordings may be put into."""

    STANDARD = "STANDARD"
    INTELLIGENT_TIERING = "INTELLIGENT_TIERING"
    GLACIER_IR = "GLACIER_IR"
    GLACIER = "GLACIER"
    DEEP_ARCHIVE = "DEEP_ARCHIVE"

    @property
    def needs_restore(self) -> bool:
        """Whether hours go by before an object can be read."""
        return self in (StorageClass.GLACIER, StorageClass.DEEP_ARCHIVE)


@dataclass(frozen=True, slots=True)
class S3Limits:
    """How long one call may take.

    A request is given up after its time and begun anew while the budget lasts, so a call ends
    after at most ``budget + request`` seconds for each part of ``part_bytes``.

    Attributes:
        read_request_s, read_budget_s: someone waits for a picture.
        write_request_s, write_budget_s: a part has to go through the site's uplink.
        part_bytes: larger files are sent in parts of this size; 5 MiB is Amazon's least.
    """

    connect_s: float = 5.0
    read_request_s: float = 10.0
    read_budget_s: float = 15.0
    write_request_s: float = 60.0
    write_budget_s: float = 120.0
    part_bytes: int = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class S3Access:
    """A service and who we are there.

    Attributes:
        endpoint: ``https://host[:port]`` of a service that is not Amazon's; empty for Amazon.
        region: such as ``eu-central-1``.
        access_key, secret_key: empty leaves it to the usual AWS environment: variables, web
            identity, container or instance role.
        ca_file: certificates (PEM) to trust beside the public ones; for services with a CA of their
            own.
    """

    endpoint: str = ""
    region: str = ""
    access_key: str = field(default="", repr=False)
    secret_key: str = field(default="", repr=False)
    limits: S3Limits = field(default_factory=S3Limits)
    ca_file: Path | None = None
