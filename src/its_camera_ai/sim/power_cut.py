"""What a power cut leaves of files and names that were not synced."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from pathlib import Path

SECTOR_BYTES = (512, 4096)


@dataclass(slots=True)
class Inode:
    """A file without its name.

    Attributes:
        content: what programs read.
        durable: what was on the medium at the last sync.
        changes: what came since, in order: bytes at a place, or None and the size it was cut to.
        locked: someone has it open for writing.
    """

    content: bytearray
    durable: bytearray
    changes: list[tuple[int, bytes | None]] = field(default_factory=list)
    locked: bool = False

    def write(self, data: bytes) -> None:
        """Append."""
        self._change((len(self.content), data))

    def truncate(self, size_bytes: int) -> None:
        self._change((size_bytes, None))

    def _change(self, change: tuple[int, bytes | None]) -> None:
        _apply(self.content, *change)
        self.changes.append(change)

    def sync(self) -> None:
        for change in self.changes:
            _apply(self.durable, *change)
        self.changes.clear()


Node = Inode | None
"""A file, or None for a folder."""


@dataclass(frozen=True, slots=True)
class NameChange:
    """One change of names that happens whole or not at all."""

    added: tuple[tuple[Path, Node], ...] = ()
    removed: tuple[Path, ...] = ()

    @property
    def paths(self) -> set[Path]:
        return {path for path, _ in self.added} | set(self.removed)

    def apply(self, names: dict[Path, Node]) -> None:
        for path in self.removed:
            names.pop(path, None)
        names.update(self.added)


def surviving_names(
    durable: dict[Path, Node], pending: Sequence[NameChange], rng: random.Random
) -> dict[Path, Node]:
    """The names after a power cut. Each unsynced change is kept or lost on its own, but for those
    that stand on another one of the same name; what lies in a lost folder is lost with it."""
    names = dict(durable)
    kept_share = rng.choice((0.0, 0.5, 1.0))
    lost: set[Path] = set()
    for change in pending:
        if lost & change.paths or rng.random() >= kept_share:
            lost |= change.paths
        else:
            change.apply(names)
    top = min(len(path.parts) for path in names)
    whole: dict[Path, Node] = {}
    for path in sorted(names, key=lambda p: len(p.parts)):
        if len(path.parts) == top or whole.get(path.parent, path) is None:
            whole[path] = names[path]
    return whole


class _Fate(Enum):
    """What becomes of the unsynced changes of one file."""

    LOST = auto()
    KEPT = auto()
    TORN_AT_A_BYTE = auto()
    SOME_SECTORS = auto()
    LENGTH_ONLY = auto()
    LAST_ONLY = auto()


def surviving_content(node: Inode, rng: random.Random) -> bytes:
    """The content of a file after a power cut. What was synced is always there, unless a change
    that was not synced had cut it off or overwritten it."""
    if not node.changes:
        return bytes(node.durable)
    data = bytearray(node.durable)
    match rng.choice([*_Fate, _Fate.SOME_SECTORS, _Fate.SOME_SECTORS]):
        case _Fate.LOST:
            pass
        case _Fate.KEPT:
            data = bytearray(node.durable)
            for change in node.changes:
                _apply(data, *change)
        case _Fate.TORN_AT_A_BYTE:
            left = rng.randrange(1 + sum(len(piece or b"") for _, piece in node.changes))
            for at, piece in node.changes:
                _apply(data, at, None if piece is None else piece[:left])
                left -= len(piece or b"")
                if left <= 0:
                    break
        case _Fate.SOME_SECTORS:
            _some_sectors(data, node.changes, rng)
        case _Fate.LENGTH_ONLY:
            _apply(data, rng.randint(len(data), max(len(data), len(node.content))), b"")
        case _Fate.LAST_ONLY:
            _apply(data, *node.changes[-1])
    return bytes(data)


def _some_sectors(
    data: bytearray, changes: Sequence[tuple[int, bytes | None]], rng: random.Random
) -> None:
    """Sectors reach the medium in any order; what is missing between them reads as zeros."""
    sector = rng.choice(SECTOR_BYTES)
    safe = len(data)
    for at, piece in changes:
        if piece is None:
            if rng.random() < 0.5:
                _apply(data, at, None)
                safe = min(safe, at)
            continue
        begin = at
        while begin < at + len(piece):
            end = min(at + len(piece), (begin // sector + 1) * sector)
            if rng.random() < 0.5:
                _apply(data, begin, piece[begin - at : end - at])
            begin = end
    if rng.random() < 0.5:  # the new length is one more thing that may be lost
        del data[max(safe, len(data) - rng.randrange(sector)) :]


def _apply(data: bytearray, at: int, piece: bytes | None) -> None:
    if len(data) < at:
        data.extend(bytes(at - len(data)))
    if piece is None:
        del data[at:]
    else:
        data[at : at + len(piece)] = piece
