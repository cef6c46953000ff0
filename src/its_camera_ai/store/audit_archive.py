"""The old part of the audit log, in files that prove themselves.

``audit-<first seq>-<last seq>.jsonl``: one JSON object per row with its hash and the one before,
and a last line that names the range. The rows are a chain by themselves; each file goes on where
the one before ended, and the log in the database goes on where the last file ended (its anchor).
"""

import hashlib
import os
import re
import secrets
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypeVar

import msgspec

from its_camera_ai.core.errors import StateInvalid
from its_camera_ai.store.audit import AuditEntry, AuditHead, chain_problem
from its_camera_ai.store.files import folder_unwritable, sync_folder

T = TypeVar("T")

_NAME = re.compile(r"audit-([0-9]{12})-([0-9]{12})\.jsonl")


class _Footer(msgspec.Struct, frozen=True):
    """The last line; it shows that the file was written to its end."""

    archived_rows: int
    first_seq: int
    last_seq: int
    previous_hash: str
    hash: str


@dataclass(frozen=True, slots=True)
class AuditFile:
    """One file of the archive."""

    path: Path
    first_seq: int
    last_seq: int

    @property
    def size_bytes(self) -> int:
        return self.path.stat().st_size


class AuditArchive:
    """The folder of files; only whole ones bear their name.

    Args:
        folder: made when the first file is written.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def files(self) -> list[AuditFile]:
        """In the order of their rows."""
        if not self._folder.is_dir():
            return []
        found = []
        for path in self._folder.iterdir():
            match = _NAME.fullmatch(path.name)
            if match is not None:
                found.append(AuditFile(path, int(match[1]), int(match[2])))
        return sorted(found, key=lambda file: file.first_seq)

    def write(self, entries: Iterable[AuditEntry]) -> AuditFile:
        """Write rows that follow each other, at least one; durable when the call returns.

        Raises:
            StorageUnavailable: the folder can't be written; nothing bears a name then.
        """
        draft = self._folder / f".{secrets.token_hex(8)}.draft"
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            for left in self._folder.glob(".*.draft"):  # by a run that was killed
                left.unlink()
            handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            try:
                with os.fdopen(handle, "wb") as file:
                    footer = _Footer(0, 0, 0, "", "")
                    for entry in entries:
                        file.write(msgspec.json.encode(asdict(entry)) + b"\n")
                        footer = _following(footer, entry)
                    file.write(msgspec.json.encode(footer) + b"\n")
                    file.flush()
                    os.fsync(file.fileno())
                name = f"audit-{footer.first_seq:012}-{footer.last_seq:012}.jsonl"
                path = draft.rename(self._folder / name)
            finally:
                draft.unlink(missing_ok=True)
            sync_folder(self._folder)
            sync_folder(self._folder.parent)
        except OSError as error:
            raise folder_unwritable(self._folder, error) from error
        return AuditFile(path, footer.first_seq, footer.last_seq)

    def read(self, file: AuditFile) -> Iterator[AuditEntry]:
        """Its rows, each proved by the chain.

        Raises:
            StateInvalid: it is damaged, cut off or changed; says where.
            StorageUnavailable: it can't be read.
        """
        previous: AuditEntry | None = None
        seen = _Footer(0, 0, 0, "", "")
        for number, line in enumerate(self._lines(file), 1):
            if line.startswith(b'{"archived_rows"'):
                if _decoded(line, _Footer, file, number) != seen:
                    raise _damaged(file, "its last line does not fit to its rows")
                return
            entry = _decoded(line, AuditEntry, file, number)
            after = None if previous is None else AuditHead(previous.seq, previous.hash)
            problem = chain_problem(entry, after)
            if problem is not None:
                raise _damaged(file, problem)
            seen, previous = _following(seen, entry), entry
            yield entry
        raise _damaged(file, "its last line is missing")

    def verify(self, anchor: AuditHead) -> str | None:
        """Read everything: is each file sound, do they follow each other, and does the last one end
        at the anchor of the log in the database?

        Returns:
            None if all is sound, else what is wrong.
        """
        end: AuditHead | None = None
        try:
            for file in self.files():
                for entry in self.read(file):
                    if end is not None and entry.seq <= end.seq:
                        return f"{file.path.name} repeats row {entry.seq}."
                    if end is not None and (entry.seq, entry.previous_hash) != (
                        end.seq + 1,
                        end.hash,
                    ):
                        return f"{file.path.name} does not follow the file before it."
                    end = AuditHead(entry.seq, entry.hash)
        except StateInvalid as error:
            return str(error)
        if end is not None and end != anchor:
            return f"The archive ends at row {end.seq}, but the log goes on after {anchor.seq}."
        return None

    def remove(self, files: Sequence[AuditFile]) -> None:
        """
        Raises:
            StorageUnavailable: they can't be removed.
        """
        try:
            for file in files:
                file.path.unlink(missing_ok=True)
            if files:
                sync_folder(self._folder)
        except OSError as error:
            raise folder_unwritable(self._folder, error) from error

    def last(self, file: AuditFile) -> AuditEntry:
        """Its last row, when all of it is sound.

        Raises:
            StateInvalid, StorageUnavailable: as ``read``.
        """
        newest = deque(self.read(file), maxlen=1)
        if not newest:
            raise _damaged(file, "it has no rows")
        return newest[0]

    def sha256(self, file: AuditFile) -> str:
        """Of the whole file, in hex."""
        digest = hashlib.sha256()
        for line in self._lines(file):
            digest.update(line)
        return digest.hexdigest()

    def _lines(self, file: AuditFile) -> Iterator[bytes]:
        try:
            with file.path.open("rb") as opened:
                yield from opened
        except OSError as error:
            raise folder_unwritable(self._folder, error) from error


def _following(footer: _Footer, entry: AuditEntry) -> _Footer:
    is_first = footer.archived_rows == 0
    return _Footer(
        footer.archived_rows + 1,
        entry.seq if is_first else footer.first_seq,
        entry.seq,
        entry.previous_hash if is_first else footer.previous_hash,
        entry.hash,
    )


def _decoded(line: bytes, kind: type[T], file: AuditFile, number: int) -> T:
    try:
        return msgspec.json.decode(line, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise _damaged(file, f"line {number} can't be read") from None


def _damaged(file: AuditFile, what: str) -> StateInvalid:
    return StateInvalid(
        f"The file {file.path.name} of the audit archive is damaged ({what}); bring it back from a "
        "backup."
    )
