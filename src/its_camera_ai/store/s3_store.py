"""A tier in a bucket of an S3 service, through obstore."""

import errno
import hashlib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from its_camera_ai.core.disk import ReadableFile
from its_camera_ai.core.errors import ConfigInvalid, StorageUnavailable
from its_camera_ai.store.media_store import checked_parts, pieces_of, sha256_of
from its_camera_ai.store.s3_access import S3Access, StorageClass
from its_camera_ai.store.s3_errors import code_of, read_error, reason_of, translated
from its_camera_ai.store.s3_reading import FIRST_BYTES, S3Reading

if TYPE_CHECKING:
    from obstore.store import S3Store as Client

_BACKOFF_MAX_S = 5.0
_RETRIES_MAX = 10


class S3Store:
    """``MediaStore`` over objects: the key is the prefix and the path.

    An upload is one request, or a multipart upload for files larger than a part: either way the
    object is there whole or not at all. Each request carries the SHA-256 of its body, which the
    service compares. Afterwards the object's size is asked for, and its entity tag compared with
    our own (MD5, for parts MD5 of MD5s); where the service makes other tags, as with KMS keys, the
    object is read back and its SHA-256 compared. In classes that can't be read at once, and with
    such tags, size and the compared bodies have to do.

    Args:
        bucket, prefix: where; the prefix may be empty.
        storage_class: of new objects.
    """

    def __init__(
        self,
        access: S3Access,
        bucket: str,
        prefix: str = "",
        *,
        storage_class: StorageClass = StorageClass.STANDARD,
    ) -> None:
        self._api = _obstore()
        self._bucket = bucket
        self._prefix = prefix
        self._class = storage_class
        self._place = f"bucket '{bucket}'"
        limits = access.limits
        self._part_bytes = limits.part_bytes
        self._reader = self._client(access, limits.read_request_s, limits.read_budget_s)
        self._writer = self._client(access, limits.write_request_s, limits.write_budget_s)

    def __repr__(self) -> str:
        return f"S3Store('s3://{self._bucket}/{self._prefix}')"

    def _client(self, access: S3Access, request_s: float, budget_s: float) -> "Client":
        given = {
            "endpoint": access.endpoint,
            "region": access.region,
            "access_key_id": access.access_key,
            "secret_access_key": access.secret_key,
        }
        config: dict[str, Any] = {name: value for name, value in given.items() if value}
        options: dict[str, Any] = {
            "connect_timeout": timedelta(seconds=access.limits.connect_s),
            "timeout": timedelta(seconds=request_s),
            "allow_http": access.endpoint.startswith("http://"),
        }
        if access.ca_file is not None:
            options["root_certificate"] = _certificates(access.ca_file)
        made: Client = self._api.store.S3Store(
            self._bucket,
            prefix=self._prefix or None,
            client_options=options,
            retry_config={
                "max_retries": _RETRIES_MAX,
                "retry_timeout": timedelta(seconds=budget_s),
                "backoff": {"max_backoff": timedelta(seconds=_BACKOFF_MAX_S)},
            },
            disable_bulk_delete=True,  # a plain DELETE is known to every service
            **config,
        )
        return made

    @property
    def at_once(self) -> bool:
        return not self._class.needs_restore

    def open(self, path: str) -> S3Reading:
        checked_parts(path)
        try:
            found = self._api.get(self._reader, path, options={"range": (0, FIRST_BYTES)})
            size_bytes, tag = found.meta["size"], found.meta["e_tag"]
            first = bytes(found.bytes())
        except (FileNotFoundError, self._api.exceptions.BaseError) as error:
            if self._is_empty(path, error):
                return S3Reading(0, b"", lambda _start, _end: b"")
            raise read_error(error, self._place, path) from None

        def fetch(start: int, end: int) -> bytes:
            # of the same version: an object that was replaced meanwhile must not be mixed in
            options: dict[str, Any] = {"range": (start, end)}
            if tag is not None:
                options["if_match"] = tag
            try:
                return bytes(self._api.get(self._reader, path, options=options).bytes())
            except self._api.exceptions.PreconditionError:
                raise OSError(errno.ESTALE, "the recording was replaced; open it again") from None
            except FileNotFoundError:
                raise OSError(errno.ENOENT, "the recording was removed") from None
            except self._api.exceptions.BaseError as error:
                raise OSError(errno.EIO, f"the {self._place} failed: {reason_of(error)}") from None

        return S3Reading(size_bytes, first, fetch)

    def _is_empty(self, path: str, error: Exception) -> bool:
        """Whether no range was to be had because there is nothing in it."""
        return code_of(error) == "InvalidRange" and self.size(path) == 0

    def put(self, path: str, source: ReadableFile, *, sha256: str = "") -> None:
        checked_parts(path)
        sha256 = sha256 or sha256_of(source)
        attributes = {"Content-Type": "video/mp4", "sha256": sha256}
        if self._class is not StorageClass.STANDARD:
            attributes["Storage-Class"] = self._class.value
        sent = _Sent(source, sha256, self._part_bytes)
        whole = source.size_bytes <= self._part_bytes
        try:
            done = self._api.put(
                self._writer,
                path,
                b"".join(sent) if whole else sent,
                attributes=attributes,
                use_multipart=not whole,
                chunk_size=self._part_bytes,
                max_concurrency=2,
            )
        except (FileNotFoundError, self._api.exceptions.BaseError) as error:
            raise translated(error, self._place) from None
        self._verify(path, source.size_bytes, sha256, sent.tag == (done["e_tag"] or "").strip('"'))

    def _verify(self, path: str, size_bytes: int, sha256: str, tag_is_right: bool) -> None:
        if self.size(path) == size_bytes:
            if tag_is_right or self._class.needs_restore:
                return
            try:
                if sha256_of(self.open(path)) == sha256:
                    return
            except OSError as error:
                raise StorageUnavailable(
                    f"A recording sent to the {self._place} could not be compared: "
                    f"{error.strerror}. This is tried again."
                ) from None
        self.delete(path)
        raise StorageUnavailable(
            f"A recording in the {self._place} differs from what was sent; it was removed there. "
            "This is tried again; if it goes on, the service or the way to it damages data."
        )

    def delete(self, path: str) -> None:
        checked_parts(path)
        try:
            self._api.delete(self._writer, path)
        except FileNotFoundError as error:
            if code_of(error) == "NoSuchBucket":
                raise translated(error, self._place) from None
        except self._api.exceptions.BaseError as error:
            raise translated(error, self._place) from None

    def size(self, path: str) -> int | None:
        checked_parts(path)
        try:
            size: int = self._api.head(self._reader, path)["size"]
        except FileNotFoundError:
            return None
        except self._api.exceptions.BaseError as error:
            raise translated(error, self._place) from None
        return size

    def paths(self, prefix: str = "") -> Iterator[str]:
        if prefix:
            checked_parts(prefix)
        try:
            for part in self._api.list(self._reader, prefix or None):
                for found in part:
                    yield found["path"]
        except (FileNotFoundError, self._api.exceptions.BaseError) as error:
            raise translated(error, self._place) from None


class _Sent:
    """The parts of a file on their way, and the checksum of what went.

    Iterating raises ``OSError`` at the end, which gives the upload up, if it was another file.
    """

    def __init__(self, source: ReadableFile, sha256: str, part_bytes: int) -> None:
        self._source = source
        self._sha256 = sha256
        self._part_bytes = part_bytes
        self._tags: list[bytes] = []

    def __iter__(self) -> Iterator[bytes]:
        digest = hashlib.sha256()
        for part in pieces_of(self._source, self._part_bytes):
            digest.update(part)
            # MD5 is what entity tags are made of
            self._tags.append(hashlib.md5(part, usedforsecurity=False).digest())
            yield part
        if digest.hexdigest() != self._sha256:
            raise OSError(errno.EIO, "the file changed while it was read")

    @property
    def tag(self) -> str:
        """The entity tag that S3 gives an object without KMS encryption."""
        if self._source.size_bytes <= self._part_bytes:
            return self._tags[0].hex() if self._tags else _TAG_OF_NOTHING
        joined = hashlib.md5(b"".join(self._tags), usedforsecurity=False)
        return f"{joined.hexdigest()}-{len(self._tags)}"


_TAG_OF_NOTHING = hashlib.md5(b"", usedforsecurity=False).hexdigest()


def _certificates(path: Path) -> bytes:
    try:
        text = path.read_bytes()
    except OSError as error:
        raise ConfigInvalid(
            f"ITSCAM_S3_CA_FILE {path} can't be read ({(error.strerror or 'error').lower()}): name "
            "a file of certificates (PEM)."
        ) from None
    if b"-----BEGIN CERTIFICATE-----" not in text:
        raise ConfigInvalid(f"ITSCAM_S3_CA_FILE {path} holds no certificate in PEM form.")
    return text


def _obstore() -> Any:
    try:
        import obstore  # noqa: PLC0415  an extra
        import obstore.exceptions  # noqa: PLC0415
        import obstore.store  # noqa: PLC0415
    except ImportError:
        raise ConfigInvalid(
            "A tier in an S3 bucket needs a package that is not installed; get it with: "
            "pip install 'its-camera-ai[s3]'"
        ) from None
    return obstore
