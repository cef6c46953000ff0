"""Checks exports without the site that made them: files, manifest, signature, chain."""

import hashlib
import stat
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Protocol

from its_camera_ai.core.errors import InputUnreadable
from its_camera_ai.recorder.exporting.evidence_key import PublicKey
from its_camera_ai.recorder.exporting.manifest import (
    MANIFEST_NAME,
    SIGNATURE_NAME,
    Manifest,
    manifest_hash,
    read_manifest,
)

_CHUNK_BYTES = 1024 * 1024
_MANIFEST_BYTES_MAX = 512 * 1024 * 1024
_SIGNATURE_BYTES = 64


@dataclass(frozen=True, slots=True)
class Findings:
    """What a check found.

    Attributes:
        manifest: None if it could not be read.
        problems: each a reason not to trust the export; none if it is sound.
        notes: what to know besides.
    """

    manifest: Manifest | None
    manifest_hash: str
    problems: tuple[str, ...]
    notes: tuple[str, ...] = ()

    @property
    def sound(self) -> bool:
        return not self.problems


class _Bundle(Protocol):
    """The files of an export, in a folder or a ZIP."""

    def names(self) -> list[str]: ...

    def oddities(self) -> list[str]: ...

    def open(self, name: str) -> IO[bytes]: ...


def check_export(path: Path, key: PublicKey | None = None) -> Findings:
    """Check one export: a folder, or its ZIP.

    Args:
        key: the public key that the site is known by; without it the manifest's own is used, which
            shows any change of the export but not who made it.

    Raises:
        InputUnreadable: there is no export at this path.
    """
    with _opened(path) as bundle:
        if MANIFEST_NAME not in bundle.names():
            raise InputUnreadable(
                f"{path} holds no {MANIFEST_NAME}; name the folder or the ZIP of an export."
            )
        return _checked(bundle, key)


def _checked(bundle: _Bundle, key: PublicKey | None) -> Findings:
    content = _content(bundle, MANIFEST_NAME, _MANIFEST_BYTES_MAX)
    digest = manifest_hash(content)
    try:
        manifest = read_manifest(content)
    except InputUnreadable as error:
        return Findings(None, digest, (str(error),))
    problems = [*bundle.oddities(), *_signature_problems(bundle, content, manifest, key)]
    problems += _file_problems(bundle, manifest)
    notes = []
    if key is None:
        notes.append(
            "The signature was checked with the key in the export itself. Compare its fingerprint "
            "with the one that the site published: " + manifest.key.fingerprint
        )
    notes += [f"{c.camera}: {len(c.gaps)} gap(s) in the span" for c in manifest.cameras if c.gaps]
    notes += [
        f"{camera.camera}: recording {source.id} was {source.verification} and was not used"
        for camera in manifest.cameras
        for source in camera.sources
        if not source.used and source.verification != "sound"
    ]
    return Findings(manifest, digest, tuple(problems), tuple(notes))


def _signature_problems(
    bundle: _Bundle, content: bytes, manifest: Manifest, key: PublicKey | None
) -> Iterator[str]:
    if SIGNATURE_NAME not in bundle.names():
        yield f"{SIGNATURE_NAME} is missing: nothing shows who made this export"
        return
    signature = _content(bundle, SIGNATURE_NAME, _SIGNATURE_BYTES + 1)
    try:
        own = PublicKey.from_hex(manifest.key.public_key)
    except ValueError:
        yield "the manifest holds no usable public key"
        return
    if own.fingerprint != manifest.key.fingerprint or own.hex != manifest.key.public_key:
        yield "the fingerprint in the manifest is not that of its key"
    if key is not None and key.hex != own.hex:
        yield (
            f"it was signed with another key (fingerprint {own.fingerprint}) than the one given "
            f"({key.fingerprint})"
        )
    elif not (key or own).verifies(signature, content):
        yield "the signature does not belong to this manifest: one of the two was changed"


def _file_problems(bundle: _Bundle, manifest: Manifest) -> Iterator[str]:
    there = set(bundle.names()) - {MANIFEST_NAME, SIGNATURE_NAME}
    listed = {file.name: file for file in manifest.files}
    extra, strays = sorted(there - set(listed)), {}
    for name in extra:
        strays[_hash(bundle, name)[0]] = name
    for name, file in sorted(listed.items()):
        if name not in there:
            other = strays.pop(file.sha256, None)
            if other is None:
                yield f"{name} is missing"
            else:
                yield f"{name} was renamed to {other}"
            continue
        digest, size = _hash(bundle, name)
        if size != file.size_bytes:
            yield f"{name} was changed: it has {size} bytes instead of {file.size_bytes}"
        elif digest != file.sha256:
            yield f"{name} was changed: its content is not what was exported"
    for name in sorted(strays.values()):
        yield f"{name} does not belong to this export"


def _hash(bundle: _Bundle, name: str) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    with bundle.open(name) as file:
        try:
            while piece := file.read(_CHUNK_BYTES):
                digest.update(piece)
                size += len(piece)
        except zipfile.BadZipFile:
            return "", size
    return digest.hexdigest(), size


def _content(bundle: _Bundle, name: str, bytes_max: int) -> bytes:
    with bundle.open(name) as file:
        try:
            return file.read(bytes_max)
        except zipfile.BadZipFile:
            return b""


class _Folder:
    def __init__(self, path: Path) -> None:
        self._path = path
        self._names: list[str] = []
        self._oddities: list[str] = []
        for entry in sorted(path.iterdir()):
            if stat.S_ISREG(entry.lstat().st_mode):
                self._names.append(entry.name)
            else:
                self._oddities.append(f"{entry.name} is no file and does not belong here")

    def names(self) -> list[str]:
        return self._names

    def oddities(self) -> list[str]:
        return self._oddities

    def open(self, name: str) -> IO[bytes]:
        return (self._path / name).open("rb")


class _Zip:
    """A ZIP; a folder that all names begin with is left out."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        listed = [info.filename for info in archive.infolist()]
        tops = {name.partition("/")[0] for name in listed if "/" in name}
        bare = any("/" not in name for name in listed)
        self._prefix = f"{tops.pop()}/" if len(tops) == 1 and not bare else ""
        self._all = [name.removeprefix(self._prefix) for name in listed]

    def names(self) -> list[str]:
        return [name for name in self._all if name]

    def oddities(self) -> list[str]:
        twice = {name for name in self._all if self._all.count(name) > 1}
        return [f"{name} stands in the ZIP more than once" for name in sorted(twice)]

    def open(self, name: str) -> IO[bytes]:
        return self._archive.open(self._prefix + name)


@contextmanager
def _opened(path: Path) -> Iterator[_Bundle]:
    try:
        if path.is_dir():
            yield _Folder(path)
            return
        with zipfile.ZipFile(path) as archive:
            yield _Zip(archive)
    except (OSError, zipfile.BadZipFile, NotImplementedError) as error:
        raise InputUnreadable(
            f"{path} can't be read as an export ({error}); name its folder or its ZIP."
        ) from error


@dataclass(slots=True)
class ChainFindings:
    """What several exports say together.

    Attributes:
        problems: two that exclude each other, or one that does not follow its forerunner.
        notes: numbers that were not given to the check.
    """

    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def check_chain(exports: Sequence[Findings]) -> ChainFindings:
    """Compare the order of exports, camera by camera."""
    found = ChainFindings()
    per_camera: dict[str, dict[int, tuple[str, str, str]]] = {}
    for export in exports:
        if export.manifest is None:
            continue
        for entry in export.manifest.cameras:
            mine = (export.manifest_hash, entry.previous_manifest, export.manifest.export)
            links = per_camera.setdefault(entry.camera, {})
            other = links.setdefault(entry.number, mine)
            if other[0] != mine[0]:
                found.problems.append(
                    f"{entry.camera}: exports {other[2]} and {mine[2]} are different and both "
                    f"claim number {entry.number}"
                )
    for camera, links in sorted(per_camera.items()):
        _follow(camera, links, found)
    return found


def _follow(camera: str, links: Mapping[int, tuple[str, str, str]], found: ChainFindings) -> None:
    for number, (_, previous, export) in sorted(links.items()):
        before = links.get(number - 1)
        if number == 1:
            if previous:
                found.problems.append(f"{camera}: {export} is the first and names one before it")
        elif before is None:
            found.notes.append(f"{camera}: number {number - 1} was not given to this check")
        elif before[0] != previous:
            found.problems.append(
                f"{camera}: {export} (number {number}) does not follow {before[2]}: one of the two "
                "was made anew or changed"
            )
